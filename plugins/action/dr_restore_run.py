# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a restore or a drill of the role dr_restore."""

from __future__ import annotations

from typing import Any

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.drilling import Drill
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.variables import VARIABLES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.restoring import Restore
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.running import Setting
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.action import RoleAction, utc


class ActionModule(RoleAction):
    """Gives a restore or drill the role's variables, the modules of the collection, the clock and the screen."""

    _VALID_ARGS = frozenset(("drill",))
    prefix = "dr_restore_"

    def run_role(self) -> dict[str, Any]:
        program = Drill if self.is_true("drill") else Restore
        outside = {"call": self.call, "clock": utc, "say": self.say}
        setting = Setting(**self.facts_of_run())
        ended = program(self.variables(VARIABLES), setting, **outside, names=self.names()).run()
        return {"dr_restore_result": ended.result, "lines": ended.lines, "message": ended.message}
