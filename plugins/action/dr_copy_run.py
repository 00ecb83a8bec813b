# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a plan of the role dr_copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.variables import (
    VARIABLES,
    part_of_plan,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.plan_run import PlanRun
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.reporting import PlanContext
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.action import RoleAction, utc
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.naming import printable
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.progress import host_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.table import ByName


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
            earlier_with_plan=self._earlier_with_plan(raw_variables, hosts),
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

    def _earlier_with_plan(self, raw_variables: ByName, hosts: Iterable[str]) -> tuple[str, ...]:
        """Return the hosts before this one in the play that have the same plan and shard."""
        host = host_of(self._vars)
        earlier = list(takewhile(lambda name: name != host, hosts))
        theirs = {name: self._vars["hostvars"][name] for name in earlier}
        this = part_of_plan(raw_variables.get("plan"), raw_variables.get("shard"), host)
        return tuple(
            name
            for name, their in theirs.items()
            if part_of_plan(their.get("dr_copy_plan"), their.get("dr_copy_shard"), name) == this
        )
