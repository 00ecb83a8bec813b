# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parses and checks the variables of the role: all problems in one message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import NamedTuple

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from ..._role.files import absolute_path
from ..._role.parsing import RawVariables
from ..._role.table import parse_variables, table_of, unknown_variables, unsupported
from .contradictions import contradictions, place_of, risks
from .variables import VARIABLES, Connections, Variables

#: What to set instead of a variable that a cloud does not support.
_INSTEAD = {"retention_days": "; use dr_copy_keep_days or another retention rule"}
#: Names with the role's prefix that are not variables of the role: the playbooks use them, or a run sets them.
NOT_ITS_OWN = ("hosts", "result", "summary")


class CheckedVariables(NamedTuple):
    """The variables of a run. ``problems`` names each invalid one, ``warnings`` each setting that may do harm."""

    values: Variables
    connections: Connections
    problems: list[str]
    warnings: list[str]


def checked_variables(
    raw_variables: RawVariables,
    names: Sequence[str] = (),
    selections: Mapping[str, str] | None = None,
    started: datetime | None = None,
) -> CheckedVariables:
    """Return the role's parsed variables; ``raw_variables`` are those of the user, without their prefix.

    ``names`` are those that the user has set; a name that the role does not have is a problem. ``started`` is the start
    of the run (aware), by default now. ``selections`` are those of the plans that the play has run for this host, by
    plan and shard; another selection under the same name is a problem.
    """
    own, problems = parse_variables(VARIABLES, raw_variables, "dr_copy_")
    if cloud := CLOUDS.get(own.get("cloud", "")):
        problems += [
            f"dr_copy_{name} is not supported on {own['cloud']}{_INSTEAD.get(name, '')}"
            for name in unsupported(VARIABLES, own, cloud)
        ]
    connections = Connections(**{name: own.pop(name) for name in table_of(Connections)})
    started = started or datetime.now(timezone.utc)
    values = Variables(
        **own,
        started_at=iso_utc(started),
        ends_at=int(started.timestamp()) + own["wait_timeout"],
        across_accounts=bool(connections.source_connection),
        login=_login(connections.connection),
        place=place_of(own["copy_options"]),
    )
    problems += [
        *contradictions(values),
        *unknown_variables(VARIABLES, "dr_copy_", names, NOT_ITS_OWN),
        *_same_name(values, selections or {}),
    ]
    values = replace(values, report_dir=absolute_path(values.report_dir), metrics_dir=absolute_path(values.metrics_dir))
    return CheckedVariables(values, connections, list(dict.fromkeys(problems)), risks(values))


def _login(connection: RawVariables) -> str:
    """Return the part of a connection that names the account and is not secret: the role to assume, or the profile."""
    if connection.get("assume_role_arn"):
        return str(connection["assume_role_arn"])
    return f"profile {connection['profile']}" if connection.get("profile") else ""


def _same_name(values: Variables, selections: Mapping[str, str]) -> list[str]:
    if selections.get(values.plan_and_shard, values.selection) == values.selection:
        return []
    return [
        f"dr_copy_plan: this play has already run the plan {values.plan} for this host with another login, other disks "
        "or other regions; give each a dr_copy_plan of its own"
    ]
