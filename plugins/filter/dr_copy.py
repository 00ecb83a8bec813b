# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy
short_description: Functions of the playbooks of the role dr_copy, private to them
version_added: 1.0.0
author:
  - multicloud.snapshots contributors (!UNKNOWN)
description:
  - Private to the playbooks beside the role P(multicloud.snapshots.dr_copy#role). It may change without notice.
  - The public filters are P(multicloud.snapshots.copy_plan#filter), P(multicloud.snapshots.expired_copies#filter) and
    P(multicloud.snapshots.recovery_points#filter).
positional: what
options:
  _input:
    description: The input from the tasks of the role.
    type: raw
    required: true
  what:
    description: Which of its functions to call. The arguments of that function follow.
    type: str
    required: true
"""

RETURN = r"""
_value:
  description: The output for the tasks of the role.
  type: raw
"""

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output import history, screen
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._filters import Filter, as_filter

FUNCTIONS = {
    "index": as_filter(history.index_over, "dr_copy index"),
    "others": as_filter(history.other_plans, "dr_copy others"),
    "table": as_filter(screen.recovery_table, "dr_copy table"),
}


def dr_copy(value: Any, what: Any, *args: Any) -> Any:
    if what not in FUNCTIONS:
        raise AnsibleFilterError(f"dr_copy: there is no {what!r}; this filter is private to the role dr_copy")
    return FUNCTIONS[what](value, *args)


class FilterModule:
    """One filter for all private functions, because Galaxy and the documentation site list each filter by name."""

    def filters(self) -> dict[str, Filter]:
        return {"dr_copy": dr_copy}
