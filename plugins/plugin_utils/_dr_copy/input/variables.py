# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables: checked and normalised, all problems in one message."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from difflib import get_close_matches
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS

from ..._role.parsing import (
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
from ..._role.table import To, Variable
from .contradictions import contradictions, place_of, risks

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
#: Every variable of the role. A row says how it is parsed, its default, and which arguments it reaches of the modules
#: that the steps of a night call (see calls.STEPS), or which decisions use it.
VARIABLES: dict[str, Variable] = {
    "cloud": Variable(one_of(CLOUDS), None, used_by=("calls",)),
    "source_region": Variable(
        as_text,
        None,
        to=(
            To("find", "region"),
            To("list", "copies_from", lambda region: [region]),
            To("share", "region"),
            To("copy", "source_region"),
            To("find again", "region"),
            To("delete", "source_region"),
        ),
        used_by=("decide.destinations",),
    ),
    "destination_regions": Variable(as_list, None, used_by=("calls", "decide.decision")),
    "disk_tags": Variable(as_tags, {"dr-copy": "true"}, to=(To("find", "disk_tags"),), used_by=("decide.coverage",)),
    "disk_ids": Variable(as_list, [], to=(To("find", "disk_ids"),), used_by=("decide.selection",)),
    "snapshot_tags": Variable(as_tag_filter, {}, used_by=("decide.decision",), needs="tags"),
    "exclude_snapshot_tags": Variable(as_tag_filter, TAGS_OF_SCANNERS, used_by=("decide.decision",), needs="tags"),
    "exclude_tags": Variable(as_tags, {"dr-copy-exclude": "true"}, used_by=("decide.selection",)),
    "select": Variable(one_of(("latest", "all")), "latest", used_by=("decide.decision",)),
    "max_snapshot_age_hours": Variable(as_whole_number, 0, used_by=("decide.decision",)),
    "name": Variable(as_text, "", to=(To("copy", "name"),)),
    "description": Variable(as_text, "", to=(To("copy", "description"),), needs="descriptions"),
    "tags": Variable(as_tags, {}, to=(To("copy", "tags"),), needs="tags"),
    "copy_tags": Variable(as_bool, True, used_by=("decide.marks",), needs="tags", passed_over=True),
    "copy_disk_tags": Variable(as_bool, False, used_by=("decide.marks",), needs="tags"),
    "encrypted": Variable(as_bool, False, to=(To("copy", "encrypted"),), needs="encryption"),
    "kms_key_id": Variable(as_text, "", to=(To("copy", "kms_key_id"),), needs="encryption"),
    "retention_days": Variable(
        as_whole_number, 0, to=(To("copy", "retention_days"),), used_by=("decide.decision",), needs="expiry"
    ),
    "copy_options": Variable(as_dict, {}, used_by=("calls",)),
    "keep": Variable(as_whole_number, 0, used_by=("decide.decision",)),
    "keep_days": Variable(as_whole_number, 0, used_by=("decide.decision",)),
    "keep_daily": Variable(as_whole_number, 0, used_by=("decide.decision",)),
    "keep_weekly": Variable(as_whole_number, 0, used_by=("decide.decision",)),
    "keep_monthly": Variable(as_whole_number, 0, used_by=("decide.decision",)),
    "keep_yearly": Variable(as_whole_number, 0, used_by=("decide.decision",)),
    "timezone": Variable(as_time_zone, "UTC", used_by=("decide.decision",)),
    "lock_days": Variable(as_whole_number, 0, to=(To("copy", "lock_days"),), needs="locks"),
    "lock_mode": Variable(one_of(("governance", "compliance")), "", to=(To("copy", "lock_mode"),), needs="locks"),
    "max_in_flight": Variable(as_whole_number, 20, to=(To("copy", "max_in_flight"),)),
    "wait": Variable(as_bool, True, to=(To("copy", "wait"),), used_by=("decide.run_state",)),
    "wait_timeout": Variable(as_whole_number, 10800, used_by=("input.variables",)),
    "wait_delay": Variable(as_whole_number, 15, to=(To("copy", "wait_delay"),)),
    "plan": Variable(as_text, "", used_by=("decide.marks",)),
    "former_plans": Variable(as_list, [], used_by=("decide.selection",)),
    "allow_empty": Variable(as_bool, False, used_by=("decide.selection",)),
    "min_disks": Variable(as_whole_number, 0, used_by=("decide.selection",)),
    "max_deletions": Variable(as_whole_number, 0, used_by=("night", "decide.failures")),
    "check_keys": Variable(
        as_bool, True, to=(To("keys", "check_keys"),), used_by=("night",), needs="keys", passed_over=True
    ),
    "group_tag": Variable(as_text, "", to=(To("find", "group_tag"),), used_by=("decide.set_marks", "decide.decision")),
    "set_tag": Variable(as_text, "", to=(To("find", "set_tag"),), needs="set_tags"),
    "consistency": Variable(one_of(("disk", "set")), "disk", used_by=("output.report",)),
    "set_seconds": Variable(as_whole_number, 300, used_by=("decide.set_marks", "decide.decision")),
    "remove_duplicates": Variable(as_bool, False, to=(To("copy", "remove_duplicates"),)),
    "rpo_hours": Variable(as_whole_number, 0, used_by=("decide.outcome",)),
    "log": Variable(one_of(("brief", "full")), "brief", used_by=("results",)),
    "report_dir": Variable(as_text, "", used_by=("output.report_files",)),
    "metrics_dir": Variable(as_text, "", used_by=("output.report_files",)),
    "history_days": Variable(as_whole_number, 400, used_by=("output.history",)),
    "shard": Variable(as_text, "", to=(To("find", "shard"),), used_by=("decide.selection",)),
    "connection": Variable(as_dict, {}, used_by=("calls",)),
    "source_connection": Variable(as_dict, {}, used_by=("calls",), needs="sharing"),
}
#: The variables in which two plans differ.
SELECTION = ("cloud", "source_region", "destination_regions", "disk_tags", "disk_ids", "exclude_tags", "shard")
DEFAULTS = {name: variable.default for name, variable in VARIABLES.items()}
#: Names with the role's prefix that are not its variables: the playbooks take them, or a run sets them.
NOT_ITS_OWN = ("hosts", "result", "summary")
#: They hold credentials, so they are apart from the others, which reports and results repeat.
SECRET = ("connection", "source_connection")


def normalise(
    given: Mapping[str, Any],
    names: Sequence[str] = (),
    ran: Mapping[str, str] | None = None,
    started: datetime | None = None,
) -> dict[str, Any]:
    """Return the role's variables, without their prefix, as their types, and every problem with them.

    ``started`` is the time of the run (aware), by default now.

    - ``values`` holds them. It also holds ``now`` (ISO 8601), ``ends_at`` (seconds since 1970), when wait_timeout is
      over, ``across_accounts``, the ``login``, which names the account if the cloud does not, and the ``place`` within
      each region, None for the region itself.
    - ``connections`` holds those that are secret.
    - ``problems`` names each wrong variable, and each of ``names`` (set by the user) that the role does not have.
    - ``warnings`` names what is allowed but may do harm.

    ``ran`` are the plans that the play has run for this host, each with its ``selection``: another selection under the
    same name is a problem.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, variable in VARIABLES.items():
        value, default = given.get(name), variable.default
        if value is None or (isinstance(value, str) and not value.strip()):
            if default is None:
                problems.append(f"dr_copy_{name} is required")
            values[name] = default
            continue
        try:
            values[name] = variable.take(value)
        except InvalidValue as error:
            problems.append(f"dr_copy_{name} {error}")
            values[name] = default
    values["selection"] = json.dumps([values[name] for name in SELECTION], sort_keys=True)
    problems += [*contradictions(values, VARIABLES), *_unknown(names), *_same_name(values, ran or {})]
    if any(problem.startswith("dr_copy_shard ") for problem in problems):
        values["shard"] = DEFAULTS["shard"]  # the report of a refused run needs a valid one
    started = started or datetime.now(timezone.utc)
    values["now"] = started.strftime("%Y-%m-%dT%H:%M:%SZ")
    values["ends_at"] = int(started.timestamp()) + values["wait_timeout"]
    values["across_accounts"] = bool(values["source_connection"])
    values["login"] = _login(values["connection"])
    values["place"] = place_of(values["copy_options"])
    for name in ("report_dir", "metrics_dir"):
        values[name] = os.path.abspath(os.path.expanduser(values[name])) if values[name] else ""
    return {
        "values": {name: value for name, value in values.items() if name not in SECRET},
        "connections": {name: values[name] for name in SECRET},
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
