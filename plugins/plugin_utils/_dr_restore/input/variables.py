# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role dr_restore: checked and normalised, all problems in one message."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS

from ..._role.marks import LEVELS
from ..._role.parsing import InvalidValue, as_bool, as_dict, as_list, as_tags, as_text, as_whole_number, one_of
from ..._role.rows import parse_time
from ..._role.table import To, Variable
from .contradictions import OF_DRILLS, contradictions
from .expected import as_expected
from .usable import NOTHING_AROUND, Around


def as_moment(value: Any) -> str:
    """Take an ISO 8601 time, and leave it a text in UTC; a date alone is its midnight."""
    time = parse_time(as_text(value))
    if time is None:
        raise InvalidValue(f"must be an ISO 8601 time (example: 2026-11-21T02:00:00Z), not {value!r}")
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_minutes(value: Any) -> float:
    """Take minutes; half of one is taken too."""
    try:
        minutes = float(as_text(value))
    except ValueError:
        minutes = -1.0
    if isinstance(value, bool) or not 0 <= minutes < math.inf:
        raise InvalidValue(f"must be a number of minutes, 0 or more, not {value!r}")
    return minutes


def as_waves(value: Any) -> list[dict[str, str]]:
    """Take a list of tag matches, a JSON list, or a text with one wave a line and its tags with commas."""
    if isinstance(value, str):
        is_json = value.strip().startswith("[")
        lines = [line.replace(",", "\n") for line in value.splitlines() if line.strip()]
        value = _parsed(value) if is_json else lines
    if not isinstance(value, (list, tuple)):
        raise InvalidValue("must be a list of tags, as [{tier: database}, {tier: app}]")
    waves = [as_tags(entry) for entry in value]
    if not all(waves):
        raise InvalidValue("has a wave without tags; what matches no wave comes last by itself")
    return waves


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidValue(f"is not valid JSON ({error})") from None


#: Those of every cloud that has any; the module refuses what its own does not know.
BILLING_CYCLES = tuple(dict.fromkeys(cycle for cloud in CLOUDS.values() for cycle in cloud.billing_cycles))
#: Every variable of the role. A row says how it is parsed, its default, and which arguments it reaches of the modules
#: that the steps call (see steps.STEPS), or which modules of the role decide by it.
VARIABLES: dict[str, Variable] = {
    "cloud": Variable(one_of(CLOUDS), None, used_by=("calls",)),
    "region": Variable(
        as_text,
        None,
        to=(
            *(To(step, "region") for step in ("list", "look", "make", "delete", "compare")),
            To("mark", "destination_regions", lambda region: [region]),
        ),
        used_by=("decide.choosing",),
    ),
    "zone": Variable(as_text, "", to=(To("make", "zone"),), used_by=("decide.choosing",), needs="zones"),
    "id": Variable(as_text, "", to=(To("make", "restore_id"),), used_by=("decide.choosing", "decide.reaping")),
    "source_region": Variable(
        as_text, "", to=(To("list", "copies_from", lambda region: [region]),), used_by=("decide.choosing",)
    ),
    "disk_tags": Variable(as_tags, {}, used_by=("decide.choosing",), needs="tags"),
    "disk_ids": Variable(as_list, [], used_by=("decide.choosing",)),
    "disk_names": Variable(as_list, [], used_by=("decide.choosing",), needs="tags"),
    "expected": Variable(as_expected, [], used_by=("decide.choosing", "output.manifest")),
    "at": Variable(as_moment, "", used_by=("decide.choosing",)),
    "consistency": Variable(one_of(("set", "disk")), "set", used_by=("decide.choosing",)),
    "disk_type": Variable(as_text, "", to=(To("make", "disk_type"),)),
    "instance_billing_cycle": Variable(
        one_of(BILLING_CYCLES), "", to=(To("make", "instance_billing_cycle"),), needs="billing cycles"
    ),
    "initialization_rate": Variable(
        as_whole_number, 0, to=(To("make", "initialization_rate"),), needs="initialization rates"
    ),
    "tags": Variable(as_tags, {}, to=(To("make", "tags"),)),
    "expires_after_hours": Variable(as_whole_number, 0, to=(To("make", "expires_after_hours"),)),
    "wait": Variable(as_bool, True, to=(To("make", "wait"),)),
    "wait_timeout": Variable(
        as_whole_number, 10800, to=tuple(To(step, "wait_timeout") for step in ("make", "delete", "compare"))
    ),
    "manifest_dir": Variable(as_text, ".", used_by=("input.last_drill",)),
    "count": Variable(as_whole_number, 3, used_by=("decide.drill",)),
    "max_gib": Variable(as_whole_number, 0, used_by=("decide.drill",), needs="sizes"),
    "level": Variable(one_of(LEVELS), LEVELS[0], used_by=("decide.drill", "drilling")),
    "blocks": Variable(as_whole_number, 16, to=(To("compare", "blocks"),)),
    "test_instance": Variable(as_text, "", to=(To("attach", "attach_to"),), needs="attaching"),
    "test_host": Variable(as_text, "", used_by=("output.drill_report",), needs="attaching"),
    "checks": Variable(as_text, "", used_by=("drilling",), needs="attaching"),
    "max_age_days": Variable(as_whole_number, 0, used_by=("decide.drill",)),
    "report_dir": Variable(as_text, "", used_by=("output.files",)),
    "metrics_dir": Variable(as_text, "", used_by=("output.files",)),
    "waves": Variable(as_waves, [], used_by=("decide.waves",), needs="tags"),
    "rto_minutes": Variable(as_minutes, 0, used_by=("decide.waves",)),
    "kubernetes": Variable(as_bool, False, used_by=("decide.claims",), needs="clusters"),
    "kubernetes_class": Variable(as_text, "", used_by=("output.kubernetes",), needs="clusters"),
    "kubernetes_storage_class": Variable(as_text, "", used_by=("output.kubernetes",), needs="clusters"),
    "connection": Variable(as_dict, {}, used_by=("running",)),
}
#: Names of the role's prefix that are no variables of it: what the playbooks take, and what a run sets.
NOT_ITS_OWN = ("hosts", "result", "set")
#: Of a restore_id: so many characters of the host's name find room beside "drill-" and a time.
LONGEST_HOST = 26


def normalise(
    given: Mapping[str, Any],
    host: str,
    names: Sequence[str] = (),
    is_drill: bool = False,
    started: datetime | None = None,
    around: Around = NOTHING_AROUND,
) -> dict[str, Any]:
    """Return the role's variables, without their prefix, as their types, and every problem with them.

    - ``values`` holds them, but for the connection, and beside them ``now`` (ISO 8601), ``host`` and ``is_drill``. An
      ``id`` that is not given is made: of a restore by the date, so that a second run finds its disks; of a drill by
      host and second, so that no two drills share disks.
    - ``connection`` holds the options of that name, which are secret.
    - ``problems`` names each wrong variable, and each of ``names`` (set by the user) that the role does not have.

    ``started`` is the time of the run (aware), by default now; ``around`` is what is around it in the play.
    """
    values: dict[str, Any] = {}
    problems = []
    for name, variable in VARIABLES.items():
        text, default = given.get(name), variable.default
        is_empty = text is None or (isinstance(text, str) and not text.strip())
        if is_empty and default is None:
            problems.append(f"dr_restore_{name} is required")
        try:
            values[name] = default if is_empty else variable.take(text)
        except InvalidValue as error:
            values[name] = default
            problems.append(f"dr_restore_{name} {error}")
    now = started or datetime.now(timezone.utc)
    values.update(now=now.strftime("%Y-%m-%dT%H:%M:%SZ"), host=host, is_drill=is_drill)
    if is_drill and not values["id"].startswith(OF_DRILLS):
        # An inventory may serve restores and drills, and a drill deletes what bears its id.
        values["id"] = ""
    if not values["id"]:
        plan = re.sub(r"[^A-Za-z0-9._-]", "-", host)[:LONGEST_HOST]
        values["id"] = f"{OF_DRILLS}{plan}-{now:%Y%m%dT%H%M%S}" if is_drill else f"restore-{now:%Y-%m-%d}"
    if is_drill and not values["expires_after_hours"]:
        # Making and deleting may each take the whole of wait_timeout.
        values["expires_after_hours"] = math.ceil(2 * values["wait_timeout"] / 3600) + 1
    cycles = CLOUDS[values["cloud"]].billing_cycles if values["cloud"] else ()
    if is_drill and cycles:
        values["instance_billing_cycle"] = cycles[0]  # a drill's disks are there for minutes
    for name in ("manifest_dir", "report_dir", "metrics_dir", "checks"):
        values[name] = os.path.abspath(os.path.expanduser(values[name])) if values[name] else ""
    problems += [*contradictions(values, VARIABLES, around), *_unknown(names)]
    if is_drill:
        values["initialization_rate"] = 0  # it is billed, by the whole size of a copy, and a drill's disks go at once
    connection = values.pop("connection")
    return {"values": values, "connection": connection, "problems": list(dict.fromkeys(problems))}


def _unknown(names: Sequence[str]) -> list[str]:
    known = [f"dr_restore_{name}" for name in VARIABLES]
    others = [f"dr_restore_{name}" for name in NOT_ITS_OWN]
    unknown = [name for name in names if name not in known and name not in others]
    return [
        f"{name} is not a variable of the role; the nearest is {get_close_matches(name, known, 1, 0)[0]}"
        for name in unknown
    ]
