# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_deletions
short_description: Put copies that are to go into one call a region
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Each call has C(region), C(snapshot_ids) and C(copy_ids).
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
options:
  _input:
    description: Copies.
    type: list
    required: true
"""

EXAMPLES = r"""
- name: Delete nothing
  ansible.builtin.debug:
    msg: "{{ [] | multicloud.snapshots.dr_copy_deletions }}"
"""

RETURN = r"""
_value:
  description: The calls.
  type: list
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.selection import calls_for


class FilterModule:
    def filters(self):
        return {"dr_copy_deletions": as_filter(calls_for)}
