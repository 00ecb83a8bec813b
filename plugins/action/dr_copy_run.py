# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a plan of the role dr_copy."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.variables import VARIABLES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.plan_run import PlanRun
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.reporting import PlanContext
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.action import RoleAction, utc
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.progress import host_of


class ActionModule(RoleAction):
    """Passes the role's variables, the modules of the collection, the clock and the screen to a run."""

    _VALID_ARGS = frozenset(("reads_only", "stopped"))
    prefix = "dr_copy_"

    def run_role(self) -> Mapping[str, object]:
        unread: list[str] = []
        raw_variables = self.variables(VARIABLES, unread)
        host, hosts = host_of(self._vars), self._vars.get("ansible_play_hosts_all") or ()
        context = self.context(
            PlanContext,
            reads_only=self.is_true("reads_only"),
            others=tuple(name for name in hosts if name != host),
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
            "report": ended.brief,
            "message": ended.message,
            "ran": ended.selections,
            "ansible_stats": {"data": {"dr_copy_summary": ended.summary}, "per_host": False, "aggregate": True},
        }
