# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role dr_restore, with their parsers, their defaults and what they are used for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from ..._role.marks import LEVELS
from ..._role.parsing import (
    InvalidValue,
    RawVariables,
    as_bool,
    as_dict,
    as_list,
    as_tags,
    as_text,
    as_whole_number,
    one_of,
    parsed_json,
)
from ..._role.rows import parse_time
from ..._role.table import Argument, ByName, table_of, variable
from .expected import Expected, as_expected


def as_moment(value: Any) -> str:
    """Parse an ISO 8601 time and return it as a string in UTC; a date without a time means midnight."""
    time = parse_time(as_text(value))
    if time is None:
        raise InvalidValue(f"must be an ISO 8601 time (example: 2026-11-21T02:00:00Z), not {value!r}")
    return iso_utc(time)


def as_minutes(value: Any) -> float:
    """Parse minutes, which may be a fraction."""
    try:
        minutes = float(as_text(value))
    except ValueError:
        minutes = -1.0
    if isinstance(value, bool) or not 0 <= minutes < math.inf:
        raise InvalidValue(f"must be a number of minutes, 0 or more, not {value!r}")
    return minutes


def as_waves(value: Any) -> list[dict[str, str]]:
    """Parse a list of tag matches, a JSON list, or a string with one wave per line and its tags separated by commas."""
    if isinstance(value, str):
        entries = parsed_json(value, list)
        lines = [line.replace(",", "\n") for line in value.splitlines() if line.strip()]
        value = lines if entries is None else entries
    if not isinstance(value, (list, tuple)):
        raise InvalidValue("must be a list of tags, as [{tier: database}, {tier: app}]")
    waves = [as_tags(entry) for entry in value]
    if not all(waves):
        raise InvalidValue("has a wave without tags; disks that match no wave come last anyway")
    return waves


#: The billing cycles of all clouds; the module refuses those that its cloud does not have.
BILLING_CYCLES = tuple(dict.fromkeys(cycle for cloud in CLOUDS.values() for cycle in cloud.billing_cycles))


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """The role's variables.

    Each is a row of the table: its type, its parser, its default, and the arguments that it sets of the modules that
    the steps call (see input.steps), or the Python modules of the role that use it for decisions. Fields that are
    derived from them and from the run come last.
    """

    cloud: str = variable(one_of(CLOUDS), "", required=True, used_by=("calls",))
    region: str = variable(
        as_text,
        "",
        required=True,
        sets=(
            *(Argument(step, "region") for step in ("list", "look", "make", "delete", "compare")),
            Argument("mark", "destination_regions", lambda region: [region]),
        ),
        used_by=("decide.choosing.missing_disks",),
    )
    zone: str = variable(
        as_text, "", sets=(Argument("make", "zone"),), used_by=("decide.choosing.listed_copies",), needs="zones"
    )
    id: str = variable(
        as_text,
        "",
        sets=(Argument("make", "restore_id"),),
        used_by=("decide.choosing.choosing", "decide.proving.reaping"),
    )
    source_region: str = variable(
        as_text,
        "",
        sets=(Argument("list", "copies_from", lambda region: [region]),),
        used_by=("decide.choosing.listed_copies",),
    )
    disk_tags: Mapping[str, str] = variable(as_tags, {}, used_by=("decide.choosing.disk_selection",), needs="tags")
    disk_ids: Sequence[str] = variable(as_list, [], used_by=("decide.choosing.disk_selection",))
    disk_names: Sequence[str] = variable(as_list, [], used_by=("decide.choosing.disk_selection",), needs="tags")
    expected: Sequence[Expected] = variable(as_expected, [], used_by=("decide.choosing.choosing", "output.manifest"))
    at: str = variable(as_moment, "", used_by=("decide.choosing.made_before",))
    consistency: str = variable(one_of(("set", "disk")), "set", used_by=("decide.choosing.choosing",))
    disk_type: str = variable(as_text, "", sets=(Argument("make", "disk_type"),))
    instance_billing_cycle: str = variable(
        one_of(BILLING_CYCLES), "", sets=(Argument("make", "instance_billing_cycle"),), needs="billing cycles"
    )
    initialization_rate: int = variable(
        as_whole_number, 0, sets=(Argument("make", "initialization_rate"),), needs="initialization rates"
    )
    tags: Mapping[str, str] = variable(as_tags, {}, sets=(Argument("make", "tags"),))
    expires_after_hours: int = variable(as_whole_number, 0, sets=(Argument("make", "expires_after_hours"),))
    wait: bool = variable(as_bool, True, sets=(Argument("make", "wait"),))
    wait_timeout: int = variable(
        as_whole_number, 10800, sets=tuple(Argument(step, "wait_timeout") for step in ("make", "delete", "compare"))
    )
    manifest_dir: str = variable(as_text, ".", used_by=("input.last_manifest",))
    count: int = variable(as_whole_number, 3, used_by=("decide.proving.candidates",))
    max_gib: int = variable(as_whole_number, 0, used_by=("decide.proving.candidates",), needs="sizes")
    level: str = variable(one_of(LEVELS), LEVELS[0], used_by=("decide.proving.candidates", "drilling"))
    blocks: int = variable(as_whole_number, 16, sets=(Argument("compare", "blocks"),))
    test_instance: str = variable(as_text, "", sets=(Argument("attach", "attach_to"),), needs="attaching")
    test_host: str = variable(as_text, "", used_by=("output.drill_report",), needs="attaching")
    checks: str = variable(as_text, "", used_by=("drilling",), needs="attaching")
    max_age_days: int = variable(as_whole_number, 0, used_by=("decide.proving.candidates",))
    report_dir: str = variable(as_text, "", used_by=("output.files",))
    metrics_dir: str = variable(as_text, "", used_by=("output.files",))
    waves: Sequence[Mapping[str, str]] = variable(as_waves, [], used_by=("decide.choosing.waves",), needs="tags")
    rto_minutes: float = variable(as_minutes, 0.0, used_by=("decide.choosing.waves",))
    kubernetes: bool = variable(as_bool, False, used_by=("decide.choosing.claims",), needs="clusters")
    kubernetes_class: str = variable(as_text, "", used_by=("output.kubernetes",), needs="clusters")
    kubernetes_storage_class: str = variable(as_text, "", used_by=("output.kubernetes",), needs="clusters")

    #: When the run began (ISO 8601).
    started_at: str
    host: str
    is_drill: bool


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Connection:
    """The variable that holds credentials. Reports and results repeat the others."""

    connection: RawVariables = variable(as_dict, {}, used_by=("running",))


#: Every variable of the role.
VARIABLES = {**table_of(Variables), **table_of(Connection)}


def variables_from_record(values: ByName) -> Variables:
    """Return the variables of a run that continues, from its record (see table.as_mapping)."""
    return Variables(**{**values, "expected": [Expected(*disk) for disk in values["expected"]]})


def generated_id(now: datetime) -> str:
    """Return the ID of a restore that the user has not named."""
    return f"restore-{now:%Y-%m-%d}"


def without_time(restore_id: str) -> str:
    """Return the ID of a drill without the time that the role adds."""
    return re.sub(r"-\d{8}T\d{6}$", "", restore_id)
