# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merges module arguments with the user's ``module_defaults``, for an action plugin that runs modules.

The core applies these defaults only to the task's own action. Its action ``package`` uses the same functions as this
file. They are private to the core and differ between versions.
"""

from __future__ import annotations

from typing import Any

from ansible.executor import module_common

from .._role.call import Arguments


def with_defaults(module: str, arguments: Arguments, task: Any, templar: Any) -> Arguments:
    """Return arguments merged over the user's defaults for a module, set by its full name or by a group."""
    if hasattr(module_common, "_apply_action_arg_defaults"):  # ansible-core 2.19 and newer
        found = module_common._apply_action_arg_defaults(module, task, dict(arguments), templar)
    else:
        groups = task._parent._play._action_groups
        found = module_common.get_action_args_with_defaults(
            module, dict(arguments), task.module_defaults, templar, action_groups=groups
        )
    return dict(found)
