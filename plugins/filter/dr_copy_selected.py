# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_selected
short_description: Return the disks and snapshots that a run of the role dr_copy looks at
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Those that the listing of the source region tells; where that did not answer, the disks that the copies name. With a shard, its part of them.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: copies, values
options:
  _input:
    description: The registered result of listing the source region.
    type: dict
    required: true
  copies:
    description: Copies at the destinations.
    type: list
    required: true
  values:
    description: The normalised variables of the role.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Select none
  ansible.builtin.debug:
    msg: "{{ {'disks': [], 'snapshots': [], 'failures': []} | multicloud.snapshots.dr_copy_selected([], values) }}"
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
      place: null
"""

RETURN = r"""
_value:
  description: The keys C(disks) and C(snapshots).
  type: dict
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.selection import selected


class FilterModule:
    def filters(self):
        return {"dr_copy_selected": as_filter(selected)}
