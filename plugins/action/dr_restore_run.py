# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a restore or a drill of the role dr_restore."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._action.action import RoleAction, utc
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._action.progress_action import host_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.drilling import Drill
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.inventory import Inventory
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.variables import VARIABLES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.record import Record
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.restoring import Restore
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.running import Pause, RestoreContext
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.naming import printable
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.rows import unwrapped
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.table import ByName


class ActionModule(RoleAction):
    """Passes the role's variables, the modules of the collection, the clock and the screen to a restore or drill.

    A drill that paused for checks continues with the ``record`` that it returned and the results in ``checked``.
    """

    _VALID_ARGS = frozenset(("drill", "record", "checked", "stopped"))
    prefix = "dr_restore_"

    def run_role(self) -> Mapping[str, object]:
        program = Drill if self.is_true("drill") else Restore
        unread: list[str] = []
        raw_variables = self.variables(VARIABLES, unread)
        context = self.context(RestoreContext, inventory=self._inventory(raw_variables))
        text = str(self._task.args.get("record") or "")
        record = Record(text, unwrapped(self._task.args.get("checked"))) if text else None
        ended = program(
            raw_variables,
            context,
            names=self.names(),
            record=record,
            stopped=self.stopped_by(unread),
            call=self.call,
            clock=utc,
            say=self.say,
        ).run()
        if isinstance(ended, Pause):
            return {
                "dr_restore_result": {},
                "lines": [],
                "message": "",
                "pause": dict(ended.what),
                "record": ended.record,
            }
        return {
            "dr_restore_result": ended.result,
            "lines": [printable(line) for line in ended.lines],
            "message": printable(ended.message),
            "pause": {},
            "record": ended.record,
        }

    def _inventory(self, raw_variables: ByName) -> Inventory:
        """Return the hosts of the inventory, and the test instances of the other drills of the play's batch."""
        hosts = (self._vars.get("groups") or {}).get("all")
        batch = (self._vars.get("ansible_play_batch") or ()) if raw_variables.get("test_instance") else ()
        others = [name for name in batch if name != host_of(self._vars)]
        variables = {name: self.variables_of(name, ("level", "test_instance")) for name in others}
        instances = {
            name: str(theirs["test_instance"] or "")
            for name, theirs in variables.items()
            if theirs is not None and theirs["level"] == "usable"
        }
        return Inventory(None if hosts is None else list(hosts), instances)
