# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_prunable
short_description: Return the copies that the role dr_copy may delete
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - What P(multicloud.snapshots.expired_copies#filter) lets go, of the disks that the run selected, where their newest usable snapshot is safely there.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: plan, disks, values
options:
  _input:
    description: Copies at the destinations.
    type: list
    required: true
  plan:
    description: The plan.
    type: list
    required: true
  disks:
    description: The disks that the run selected.
    type: list
    required: true
  values:
    description: The normalised variables of the role.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Prune nothing
  ansible.builtin.debug:
    msg: "{{ [] | multicloud.snapshots.dr_copy_prunable([], [], values) }}"
  vars:
    values:
      source_region: us-east-1
      destination_regions: []
      disk_ids: []
      shard: ""
      keep: 3
      keep_days: 0
      now: "2026-11-21T12:00:00Z"
      wait: true
      rpo_hours: 0
      reads_only: false
      across_accounts: false
"""

RETURN = r"""
_value:
  description: The copies, those of the oldest sources first.
  type: list
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.selection import prunable


class FilterModule:
    def filters(self):
        return {"dr_copy_prunable": as_filter(prunable)}
