# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses and checks the variables of the role dr_restore: all problems in one message."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import NamedTuple

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from ..._role.files import absolute_path
from ..._role.parsing import RawVariables
from ..._role.table import parse_variables, unknown_variables
from .contradictions import OF_DRILLS, contradictions
from .inventory import EMPTY_INVENTORY, Inventory
from .variables import VARIABLES, Variables, generated_id

#: Names with the role's prefix that are not variables of the role: the playbooks use them, or a run sets them.
NOT_ITS_OWN = ("hosts", "result", "set")
#: The most characters of the host's name in a restore_id, besides "drill-" and a time.
MAX_HOST = 26


class CheckedVariables(NamedTuple):
    """The variables of a run. ``problems`` names each invalid one."""

    values: Variables
    connection: RawVariables
    problems: list[str]


def checked_variables(
    raw_variables: RawVariables,
    host: str,
    names: Sequence[str] = (),
    is_drill: bool = False,
    started: datetime | None = None,
    inventory: Inventory = EMPTY_INVENTORY,
) -> CheckedVariables:
    """Return the role's parsed variables; ``raw_variables`` are those of the user, without their prefix.

    If no ``id`` is given, it is generated: for a restore from the date, so that a second run finds its disks; for a
    drill from host and second, so that no two drills share disks. ``names`` are those that the user has set; a name
    that the role does not have is a problem. ``started`` is the start of the run (aware), by default now; ``inventory``
    are its surroundings in the play.
    """
    own, problems = parse_variables(VARIABLES, raw_variables, "dr_restore_")
    connection, now = own.pop("connection"), started or datetime.now(timezone.utc)
    values = Variables(**own, started_at=iso_utc(now), host=host, is_drill=is_drill)
    values = replace(
        values,
        id=_id_of(values, now),
        manifest_dir=absolute_path(values.manifest_dir),
        report_dir=absolute_path(values.report_dir),
        metrics_dir=absolute_path(values.metrics_dir),
        checks=absolute_path(values.checks),
    )
    values = _as_drill(values) if is_drill else values
    problems += [
        *contradictions(values, inventory),
        *unknown_variables(VARIABLES, "dr_restore_", names, NOT_ITS_OWN),
    ]
    if is_drill:  # the rate is billed by the full size of a copy, and a drill deletes its disks immediately
        values = replace(values, initialization_rate=0)
    return CheckedVariables(values, connection, list(dict.fromkeys(problems)))


def _id_of(values: Variables, now: datetime) -> str:
    # An inventory may be used for restores and drills, and a drill deletes disks with its ID.
    if values.id and (values.id.startswith(OF_DRILLS) or not values.is_drill):
        return values.id
    if not values.is_drill:
        return generated_id(now)
    return f"{OF_DRILLS}{_host_in_id(values.host)}-{now:%Y%m%dT%H%M%S}"


def _host_in_id(host: str) -> str:
    """Return a host's name as a part of an ID; one that must be changed gets a code, so that no two hosts share one."""
    readable = re.sub(r"[^A-Za-z0-9._-]", "-", host)
    if readable == host and len(host) <= MAX_HOST:
        return host
    code = hashlib.sha256(host.encode()).hexdigest()[:8]
    return f"{readable[: MAX_HOST - len(code) - 1]}-{code}"


def _as_drill(values: Variables) -> Variables:
    """Return the variables with those that a drill sets itself."""
    # Creating disks and deleting them may each take all of wait_timeout.
    hours = values.expires_after_hours or math.ceil(2 * values.wait_timeout / 3600) + 1
    cycles = CLOUDS[values.cloud].billing_cycles if values.cloud else ()
    cycle = cycles[0] if cycles else values.instance_billing_cycle  # a drill's disks exist only for minutes
    return replace(values, expires_after_hours=hours, instance_billing_cycle=cycle)
