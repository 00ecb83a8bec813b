# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role dr_restore: checked and normalised, all faults in one message."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore import LONGEST_HOURS, RESTORE_ID

from .._role import metrics
from .._role.parsing import InvalidValue, as_bool, as_dict, as_list, as_tags, as_text, as_whole_number, one_of
from .._role.rows import parse_time


def as_moment(value: Any) -> str:
    """Take an ISO 8601 time, and leave it a text in UTC; a date alone is its midnight."""
    time = parse_time(as_text(value))
    if time is None:
        raise InvalidValue(f"must be an ISO 8601 time (example: 2026-11-21T02:00:00Z), not {value!r}")
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


#: Every variable of the role: how it is taken, and its default. None as default: required.
VARIABLES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "cloud": (one_of("ebs", "ecs", "ens", "cbs"), None),
    "region": (as_text, None),
    "zone": (as_text, ""),
    "id": (as_text, ""),
    "source_region": (as_text, ""),
    "disk_tags": (as_tags, {}),
    "disk_ids": (as_list, []),
    "disk_names": (as_list, []),
    "at": (as_moment, ""),
    "disk_type": (as_text, ""),
    "tags": (as_tags, {}),
    "expires_after_hours": (as_whole_number, 0),
    "wait": (as_bool, True),
    "wait_timeout": (as_whole_number, 10800),
    "manifest_dir": (as_text, "."),
    "count": (as_whole_number, 3),
    "max_gib": (as_whole_number, 0),
    "level": (one_of("creatable", "readable"), "creatable"),
    "blocks": (as_whole_number, 16),
    "max_age_days": (as_whole_number, 0),
    "report_dir": (as_text, ""),
    "metrics_dir": (as_text, ""),
    "connection": (as_dict, {}),
}
#: Names of the role's prefix that are no variables of it: what the playbooks take, and what a run sets.
NOT_ITS_OWN = ("hosts", "result")
#: Of one copy, as the module that compares takes them.
MOST_BLOCKS = 1000
#: The ids of drills begin so, and those of restores never do.
OF_DRILLS = "drill-"
#: Of a restore_id: so many characters of the host's name find room beside "drill-" and a time.
LONGEST_HOST = 26


def normalise(given: Mapping[str, Any], host: str, names: Sequence[str] = (), is_drill: bool = False) -> dict[str, Any]:
    """Return the role's variables, without their prefix, as their types, and every problem with them.

    ``values`` holds them, but for the connection, and beside them ``now`` (ISO 8601), ``host`` and ``is_drill``. An
    ``id`` that is not given is made: of a restore by the date, so that a second run finds its disks; of a drill by host
    and second, so that no two drills share disks. ``names`` are the names that the user has set, of which the unknown
    are problems.
    """
    values: dict[str, Any] = {}
    problems = []
    for name, (take, default) in VARIABLES.items():
        text = given.get(name)
        is_empty = text is None or (isinstance(text, str) and not text.strip())
        if is_empty and default is None:
            problems.append(f"dr_restore_{name} is required")
        try:
            values[name] = default if is_empty else take(text)
        except InvalidValue as error:
            values[name] = default
            problems.append(f"dr_restore_{name} {error}")
    now = datetime.now(timezone.utc)
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
    for name in ("manifest_dir", "report_dir", "metrics_dir"):
        values[name] = os.path.abspath(os.path.expanduser(values[name])) if values[name] else ""
    problems += [*_contradictions(values), *_unknown(names)]
    del values["connection"]
    return {"values": values, "problems": list(dict.fromkeys(problems))}


def _unknown(names: Sequence[str]) -> list[str]:
    known = [f"dr_restore_{name}" for name in VARIABLES]
    others = [f"dr_restore_{name}" for name in NOT_ITS_OWN]
    unknown = [name for name in names if name not in known and name not in others]
    return [
        f"{name} is not a variable of the role; the nearest is {get_close_matches(name, known, 1, 0)[0]}"
        for name in unknown
    ]


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    faults = []
    cloud, now = values["cloud"], parse_time(values["now"])
    if cloud == "ens" and values["zone"]:
        faults.append("dr_restore_zone: ens has no zones; the node is dr_restore_region")
    if cloud in ("ebs", "ecs", "cbs") and not values["zone"]:
        faults.append("dr_restore_zone is required: the zone of the disks")
    if not RESTORE_ID.fullmatch(values["id"]):
        faults.append(
            f"dr_restore_id must be 1 to 48 letters, digits, and . _ -, a letter or digit first, not {values['id']!r}"
        )
    if values["id"].startswith(OF_DRILLS) and not values["is_drill"]:
        faults.append(f"dr_restore_id must not begin with {OF_DRILLS}, as those of drills do, which delete their disks")
    if cloud == "ens" and (values["disk_tags"] or values["disk_names"]):
        faults.append("dr_restore_disk_tags, dr_restore_disk_names: copies on ens tell neither; name disks by their ID")
    at = parse_time(values["at"])
    if at and now and at > now:
        faults.append(f"dr_restore_at ({values['at']}) is in the future")
    if values["expires_after_hours"] > LONGEST_HOURS:
        faults.append(f"dr_restore_expires_after_hours must be at most {LONGEST_HOURS}")
    if values["wait_timeout"] == 0:
        faults.append("dr_restore_wait_timeout must be at least 1")
    return faults + (_drill_faults(values) if values["is_drill"] else [])


def _drill_faults(values: Mapping[str, Any]) -> list[str]:
    faults = []
    if values["level"] == "readable" and values["cloud"] != "ebs":
        faults.append(
            f"dr_restore_level: readable can be proven on ebs alone, since {values['cloud']} lets nobody read blocks; "
            "set creatable"
        )
    if values["level"] == "readable" and not 1 <= values["blocks"] <= MOST_BLOCKS:
        faults.append(f"dr_restore_blocks must be 1 to {MOST_BLOCKS}, not {values['blocks']}")
    if values["count"] == 0:
        faults.append("dr_restore_count must be at least 1")
    if values["cloud"] == "ens" and values["max_gib"]:
        faults.append("dr_restore_max_gib: ens does not tell the size of a snapshot; bound a drill by dr_restore_count")
    if not values["wait"]:
        faults.append("dr_restore_wait: a drill waits until its disks are available, else it would prove nothing")
    if 2 * values["wait_timeout"] > 3600 * values["expires_after_hours"]:
        faults.append("dr_restore_expires_after_hours must be at least twice dr_restore_wait_timeout")
    if values["metrics_dir"] and metrics.MISSING:
        faults.append(f"dr_restore_metrics_dir needs {metrics.MISSING}")
    return faults
