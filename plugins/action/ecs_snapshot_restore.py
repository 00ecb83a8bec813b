# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the progress of ecs_snapshot_restore."""

from __future__ import annotations

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._action.progress_action import RestoreAction


class ActionModule(RestoreAction):
    """See RestoreAction."""
