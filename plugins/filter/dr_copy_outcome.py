# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_outcome
short_description: Add up what the tasks of the role dr_copy returned
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Takes registered results and decisions, and returns C(dr_copy_result).
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: values, check_mode
options:
  _input:
    description: What the tasks returned.
    type: dict
    required: true
  values:
    description: The normalised variables of the role.
    type: dict
    required: true
  check_mode:
    description: Whether it was a dry run.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Add up nothing
  ansible.builtin.debug:
    msg: "{{ done | multicloud.snapshots.dr_copy_outcome(values, false) }}"
  vars:
    done:
      source: {disks: [], snapshots: [], failures: []}
      share: {}
      disks: []
      snapshots: []
      plan: []
      before: []
      copied: []
      listed: []
      listed_again: []
      expired: []
      deleted: []
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
  description: The role's result.
  type: dict
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.outcome import gathered


class FilterModule:
    def filters(self):
        return {"dr_copy_outcome": as_filter(gathered)}
