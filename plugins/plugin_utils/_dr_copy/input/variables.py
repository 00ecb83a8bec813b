# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's variables, with their parsers, their defaults and what they are used for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import SET_SECONDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import parse_shard

from ..._role.naming import label
from ..._role.parsing import (
    InvalidValue,
    RawVariables,
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
from ..._role.rows import time_or_now
from ..._role.table import Argument, table_of, variable

#: Tags of the snapshots that disk scanners take and delete within hours. Each would be the newest of its disk, and
#: would be gone before it is copied (api-facts: ebs-scanners).
TAGS_OF_SCANNERS = {
    "CreatedBy": "Microsoft Defender for Cloud",
    "DatadogAgentlessScanner": "true",
    "GuardDutyScanId": "*",
    "InspectorScan": "*",
    "LWTAG_SIDEKICK": "*",
    "Orca": "*",
    "wiz": "auto-gen-snapshot",
}


#: Options of the copy modules for the login. Reports repeat copy_options, but nothing of dr_copy_connection.
OPTIONS_THAT_LOG_IN = (
    *("access_key", "aws_access_key", "aws_access_key_id", "secret_key", "aws_secret_key", "aws_secret_access_key"),
    *("session_token", "aws_session_token", "security_token", "secret_id", "token"),
    # Names that older versions of a vendor collection accept, too.
    *("ec2_access_key", "ec2_secret_key", "access_token", "aws_security_token"),
)


def as_shard(value: Any) -> str:
    text = as_text(value)
    try:
        part, parts = parse_shard(text)
    except ValueError as error:
        raise InvalidValue(str(error)) from None
    return f"{part}/{parts}" if text else ""


def as_copy_options(value: Any) -> RawVariables:
    """Parse options of the copy module. Refuses secrets by name, without showing their values."""
    options = as_dict(value)
    secrets = [name for name in options if name in OPTIONS_THAT_LOG_IN]
    if secrets:
        raise InvalidValue(
            f"must not contain {', '.join(secrets)}, since reports show it; set dr_copy_connection instead"
        )
    return options


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """The role's variables.

    Each is a row of the table: its type, its parser, its default, and the arguments that it sets of the modules that
    the steps of a run call (see input.steps), or the decisions that use it. Fields that are derived from them and from
    the run come last.
    """

    cloud: str = variable(one_of(CLOUDS), "", required=True, used_by=("calls",))
    source_region: str = variable(
        as_text,
        "",
        required=True,
        sets=(
            Argument("find", "region"),
            Argument("list", "copies_from", lambda region: [region]),
            Argument("share", "region"),
            Argument("copy", "source_region"),
            Argument("find again", "region"),
            Argument("delete", "source_region"),
        ),
        used_by=("decide.destinations",),
    )
    destination_regions: Sequence[str] = variable(
        as_list, [], required=True, used_by=("calls", "decide.copying.plan_rules")
    )
    disk_tags: Mapping[str, str] = variable(
        as_tags, {"dr-copy": "true"}, sets=(Argument("find", "disk_tags"),), used_by=("decide.judging.coverage",)
    )
    disk_ids: Sequence[str] = variable(as_list, [], sets=(Argument("find", "disk_ids"),), used_by=("decide.selection",))
    snapshot_tags: Mapping[str, str] = variable(as_tag_filter, {}, used_by=("decide.copying.plan_rules",), needs="tags")
    exclude_snapshot_tags: Mapping[str, str] = variable(
        as_tag_filter, TAGS_OF_SCANNERS, used_by=("decide.copying.plan_rules",), needs="tags"
    )
    exclude_tags: Mapping[str, str] = variable(as_tags, {"dr-copy-exclude": "true"}, used_by=("decide.selection",))
    select: str = variable(one_of(("latest", "all")), "latest", used_by=("decide.copying.plan_rules",))
    max_snapshot_age_hours: int = variable(as_whole_number, 0, used_by=("decide.copying.plan_rules",))
    name: str = variable(as_text, "", sets=(Argument("copy", "name"),))
    description: str = variable(as_text, "", sets=(Argument("copy", "description"),), needs="descriptions")
    tags: Mapping[str, str] = variable(as_tags, {}, sets=(Argument("copy", "tags"),), needs="tags")
    copy_tags: bool = variable(as_bool, True, used_by=("decide.copying.copy_marks",), needs="tags", is_ignorable=True)
    copy_disk_tags: bool = variable(as_bool, False, used_by=("decide.copying.copy_marks",), needs="tags")
    encrypted: bool = variable(as_bool, False, sets=(Argument("copy", "encrypted"),), needs="encryption")
    kms_key_id: str = variable(as_text, "", sets=(Argument("copy", "kms_key_id"),), needs="encryption")
    retention_days: int = variable(
        as_whole_number,
        0,
        sets=(Argument("copy", "retention_days"),),
        used_by=("decide.copying.plan_rules",),
        needs="expiry",
    )
    copy_options: RawVariables = variable(as_copy_options, {}, used_by=("calls",))
    keep: int = variable(as_whole_number, 0, used_by=("decide.retention",))
    keep_days: int = variable(as_whole_number, 0, used_by=("decide.retention",))
    keep_daily: int = variable(as_whole_number, 0, used_by=("decide.retention",))
    keep_weekly: int = variable(as_whole_number, 0, used_by=("decide.retention",))
    keep_monthly: int = variable(as_whole_number, 0, used_by=("decide.retention",))
    keep_yearly: int = variable(as_whole_number, 0, used_by=("decide.retention",))
    timezone: str = variable(as_time_zone, "UTC", used_by=("decide.retention",))
    lock_days: int = variable(as_whole_number, 0, sets=(Argument("copy", "lock_days"),), needs="locks")
    lock_mode: str = variable(
        one_of(("governance", "compliance")), "", sets=(Argument("copy", "lock_mode"),), needs="locks"
    )
    max_in_flight: int = variable(as_whole_number, 20, sets=(Argument("copy", "max_in_flight"),))
    wait: bool = variable(as_bool, True, sets=(Argument("copy", "wait"),), used_by=("decide.run_state",))
    wait_timeout: int = variable(as_whole_number, 10800, used_by=("input.checked",))
    wait_delay: int = variable(as_whole_number, 15, sets=(Argument("copy", "wait_delay"),))
    plan: str = variable(as_text, "", used_by=("decide.copying.copy_marks",))
    former_plans: Sequence[str] = variable(as_list, [], used_by=("decide.selection",))
    allow_empty: bool = variable(as_bool, False, used_by=("decide.selection",))
    min_disks: int = variable(as_whole_number, 0, used_by=("decide.selection",))
    max_deletions: int = variable(as_whole_number, 0, used_by=("plan_run", "decide.run_failures"))
    check_keys: bool = variable(
        as_bool, True, sets=(Argument("keys", "check_keys"),), used_by=("plan_run",), needs="keys", is_ignorable=True
    )
    group_tag: str = variable(
        as_text,
        "",
        sets=(Argument("find", "group_tag"),),
        used_by=("decide.set_marks", "decide.copying.plan_rules"),
    )
    set_tag: str = variable(as_text, "", sets=(Argument("find", "set_tag"),), needs="set_tags")
    consistency: str = variable(one_of(("disk", "set")), "disk", used_by=("output.report",))
    set_seconds: int = variable(as_whole_number, SET_SECONDS, used_by=("decide.set_marks", "decide.copying.plan_rules"))
    remove_duplicates: bool = variable(as_bool, False, sets=(Argument("copy", "remove_duplicates"),))
    rpo_hours: int = variable(as_whole_number, 0, used_by=("decide.result",))
    log: str = variable(one_of(("brief", "full")), "brief", used_by=("reporting",))
    report_dir: str = variable(as_text, "", used_by=("output.report_files",))
    metrics_dir: str = variable(as_text, "", used_by=("output.report_files",))
    history_days: int = variable(as_whole_number, 400, used_by=("output.history",))
    shard: str = variable(as_shard, "", sets=(Argument("find", "shard"),), used_by=("decide.selection",))

    #: When the run began, and when it ended, once known (ISO 8601).
    started_at: str
    ended_at: str = ""
    #: When ``wait_timeout`` is over, in seconds since 1970.
    ends_at: int
    across_accounts: bool
    #: The part of the connection that identifies the account, if the cloud does not name it.
    login: str
    #: The site within each region that holds the copies, None for the region itself.
    place: str | None
    #: Whether the run only reads.
    reads_only: bool = False

    @property
    def judged_at(self) -> datetime:
        """The time (aware) at which ages are measured: the end of the run, once known."""
        return time_or_now(self.ended_at or self.started_at)

    @property
    def plan_and_shard(self) -> str:
        """The plan and its shard, in words."""
        return label(self.plan, self.shard)

    @property
    def selection(self) -> str:
        """The variables in which two plans differ, as a string."""
        return json.dumps([getattr(self, name) for name in SELECTION], sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Connections:
    """The variables that hold credentials. Reports and results repeat the others."""

    connection: RawVariables = variable(as_dict, {}, used_by=("calls",))
    source_connection: RawVariables = variable(as_dict, {}, used_by=("calls",), needs="sharing")


#: Every variable of the role.
VARIABLES = {**table_of(Variables), **table_of(Connections)}
#: The variables in which two plans differ.
SELECTION = ("cloud", "login", "source_region", "destination_regions", "disk_tags", "disk_ids", "exclude_tags", "shard")


def is_unnamed(plan: object) -> bool:
    """Whether ``dr_copy_plan`` names no plan, so that its host does."""
    return plan is None or not str(plan).strip()


def part_of_plan(plan: object, shard: object, host: str) -> tuple[str, str]:
    """Return the name of a host's plan and its shard, from its variables as the user set them."""
    return host if is_unnamed(plan) else _parsed(as_text, plan), _parsed(as_shard, shard or "")


def _parsed(parse: Callable[[Any], str], value: object) -> str:
    """Return a value in the form in which the run uses it; as the user set it if it is invalid, which ends the run."""
    try:
        return parse(value)
    except InvalidValue:
        return str(value)
