# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_table
short_description: Write recovery points as a table for a screen
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Takes C(dr_copy_result), and returns one line a disk and destination.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
options:
  _input:
    description: The role's result.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Write an empty table
  ansible.builtin.debug:
    msg: "{{ {'recovery_points': []} | multicloud.snapshots.dr_copy_table }}"
"""

RETURN = r"""
_value:
  description: The table.
  type: str
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.verdict import table_of


class FilterModule:
    def filters(self):
        return {"dr_copy_table": as_filter(table_of)}
