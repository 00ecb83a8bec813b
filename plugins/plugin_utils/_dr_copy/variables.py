# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables: checked and normalised, all problems in one message."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any

from .contradictions import contradictions, risks
from .destinations import place_of
from .parsing import (
    InvalidValue,
    as_bool,
    as_dict,
    as_list,
    as_tag_filter,
    as_tags,
    as_text,
    as_time_zone,
    as_whole_number,
    one_of,
)

#: Tags of the snapshots that disk scanners make and delete within hours: each would be the newest of its disk, and
#: gone before it is copied. (api-facts: ebs-scanners)
TAGS_OF_SCANNERS = {
    "CreatedBy": "Microsoft Defender for Cloud",
    "DatadogAgentlessScanner": "true",
    "GuardDutyScanId": "*",
    "InspectorScan": "*",
    "LWTAG_SIDEKICK": "*",
    "Orca": "*",
    "wiz": "auto-gen-snapshot",
}
#: Every variable of the role: how it is parsed, and its default. None as default: required.
VARIABLES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "cloud": (one_of("ebs", "ecs", "ens", "cbs"), None),
    "source_region": (as_text, None),
    "destination_regions": (as_list, None),
    "disk_tags": (as_tags, {"dr-copy": "true"}),
    "disk_ids": (as_list, []),
    "snapshot_tags": (as_tag_filter, {}),
    "exclude_snapshot_tags": (as_tag_filter, TAGS_OF_SCANNERS),
    "exclude_tags": (as_tags, {"dr-copy-exclude": "true"}),
    "select": (one_of("latest", "all"), "latest"),
    "max_snapshot_age_hours": (as_whole_number, 0),
    "name": (as_text, ""),
    "description": (as_text, ""),
    "tags": (as_tags, {}),
    "copy_tags": (as_bool, True),
    "copy_disk_tags": (as_bool, False),
    "encrypted": (as_bool, False),
    "kms_key_id": (as_text, ""),
    "retention_days": (as_whole_number, 0),
    "copy_options": (as_dict, {}),
    "keep": (as_whole_number, 0),
    "keep_days": (as_whole_number, 0),
    "keep_daily": (as_whole_number, 0),
    "keep_weekly": (as_whole_number, 0),
    "keep_monthly": (as_whole_number, 0),
    "keep_yearly": (as_whole_number, 0),
    "timezone": (as_time_zone, "UTC"),
    "lock_days": (as_whole_number, 0),
    "lock_mode": (one_of("governance", "compliance"), ""),
    "max_in_flight": (as_whole_number, 20),
    "wait": (as_bool, True),
    "wait_timeout": (as_whole_number, 10800),
    "wait_delay": (as_whole_number, 15),
    "plan": (as_text, ""),
    "allow_empty": (as_bool, True),
    "min_disks": (as_whole_number, 0),
    "max_deletions": (as_whole_number, 0),
    "remove_duplicates": (as_bool, False),
    "rpo_hours": (as_whole_number, 0),
    "log": (one_of("brief", "full"), "brief"),
    "report_dir": (as_text, ""),
    "metrics_dir": (as_text, ""),
    "history_days": (as_whole_number, 400),
    "shard": (as_text, ""),
    "connection": (as_dict, {}),
    "source_connection": (as_dict, {}),
}
#: The variables in which two plans differ.
SELECTION = ("cloud", "source_region", "destination_regions", "disk_tags", "disk_ids", "exclude_tags", "shard")
DEFAULTS = {name: default for name, (_take, default) in VARIABLES.items()}
#: Names with the role's prefix that are not its variables: the playbooks take them, or a run sets them.
NOT_ITS_OWN = ("hosts", "result", "summary")
#: They hold credentials, so they are checked here but never become facts.
SECRET = ("connection", "source_connection")


def normalise(
    given: Mapping[str, Any], names: Sequence[str] = (), ran: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the role's variables, without their prefix, as their types, and every problem with them.

    - ``values`` holds them. It also holds ``now`` (ISO 8601), ``ends_at`` (seconds since 1970), when wait_timeout is
      over, ``across_accounts``, the ``login``, which names the account if the cloud does not, and the ``place`` within
      each region, None for the region itself.
    - ``problems`` names each wrong variable, and each of ``names`` (set by the user) that the role does not have.
    - ``warnings`` names what is allowed but may do harm.

    ``ran`` are the plans that the play has run for this host, each with its ``selection``: another selection under the
    same name is a problem.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, (take, default) in VARIABLES.items():
        value = given.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if default is None:
                problems.append(f"dr_copy_{name} is required")
            values[name] = default
            continue
        try:
            values[name] = take(value)
        except InvalidValue as error:
            problems.append(f"dr_copy_{name} {error}")
            values[name] = default
    values["selection"] = json.dumps([values[name] for name in SELECTION], sort_keys=True)
    problems += [*contradictions(values, DEFAULTS), *_unknown(names), *_same_name(values, ran or {})]
    if any(problem.startswith("dr_copy_shard ") for problem in problems):
        values["shard"] = DEFAULTS["shard"]  # the report of a refused run needs a valid one
    started = datetime.now(timezone.utc)
    values["now"] = started.strftime("%Y-%m-%dT%H:%M:%SZ")
    values["ends_at"] = int(started.timestamp()) + values["wait_timeout"]
    values["across_accounts"] = bool(values["source_connection"])
    values["login"] = _login(values["connection"])
    values["place"] = place_of(values["copy_options"])
    for name in ("report_dir", "metrics_dir"):
        values[name] = os.path.abspath(os.path.expanduser(values[name])) if values[name] else ""
    return {
        "values": {name: value for name, value in values.items() if name not in SECRET},
        "problems": list(dict.fromkeys(problems)),
        "warnings": risks(values),
    }


def _login(connection: Mapping[str, Any]) -> str:
    """Return the part of a connection that names the account and is no secret: the role to assume, or the profile."""
    if connection.get("assume_role_arn"):
        return str(connection["assume_role_arn"])
    return f"profile {connection['profile']}" if connection.get("profile") else ""


def _same_name(values: Mapping[str, Any], ran: Mapping[str, str]) -> list[str]:
    if ran.get(values["plan"], values["selection"]) == values["selection"]:
        return []
    risk = (
        f"dr_copy_plan: this play has already run the plan {values['plan']} for this host with other disks or regions"
    )
    return [f"{risk}; give each a dr_copy_plan of its own"]


def _unknown(names: Sequence[str]) -> list[str]:
    """Name the unknown variables with the role's prefix, each with the nearest known one."""
    known = [f"dr_copy_{name}" for name in VARIABLES]
    unknown = [name for name in names if name not in known and name.removeprefix("dr_copy_") not in NOT_ITS_OWN]
    near = {name: get_close_matches(name, known, 1, 0) for name in unknown}
    return [f"{name} is not a variable of the role; the nearest is {match[0]}" for name, match in near.items()]
