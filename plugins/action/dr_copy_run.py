# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a plan of the role dr_copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._action.action import RoleAction, utc
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._action.progress_action import host_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.variables import (
    VARIABLES,
    part_of_plan,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.plan_run import PlanRun
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.reporting import PlanContext
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.naming import printable
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.table import ByName


class ActionModule(RoleAction):
    """Passes the role's variables, the modules of the collection, the clock and the screen to a run."""

    _VALID_ARGS = frozenset(("reads_only", "stopped"))
    prefix = "dr_copy_"

    def run_role(self) -> Mapping[str, object]:
        unread: list[str] = []
        raw_variables = self.variables(VARIABLES, unread)
        context = self.context(
            PlanContext,
            reads_only=self.is_true("reads_only"),
            hosts_of_plan=lambda: self._hosts_of_plan(raw_variables),
            defaults=self.defaults,
        )
        ended = PlanRun(
            raw_variables,
            context,
            call=self.call,
            clock=utc,
            say=self.say,
            names=self.names(),
            selections=self.variable("_dr_copy_ran") or {},
            stopped=self.stopped_by(unread),
        ).run()
        self.warnings += ended.warnings
        return {
            "dr_copy_result": ended.result,
            "report": {**ended.brief, "lines": [printable(line) for line in ended.brief["lines"]]},
            "message": printable(ended.message),
            "ran": ended.selections,
            "ansible_stats": {"data": {"dr_copy_summary": ended.summary}, "per_host": False, "aggregate": True},
        }

    def _hosts_of_plan(self, raw_variables: ByName) -> Sequence[str]:
        """Return the hosts of the play, in order, that have the plan and shard of this host.

        This evaluates the variables of every host, which takes long in a play of hundreds of plans.
        """
        host = host_of(self._vars)
        this = part_of_plan(raw_variables.get("plan"), raw_variables.get("shard"), host)
        found = []
        for name in self._vars.get("ansible_play_hosts_all") or ():
            theirs = self.variables_of(name, ("plan", "shard"))
            if name == host or (theirs is not None and part_of_plan(theirs["plan"], theirs["shard"], name) == this):
                found.append(name)
        return found
