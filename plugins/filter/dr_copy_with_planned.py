# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_with_planned
short_description: Add the copies that a dry run would make
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - They count as there and complete, so that a dry run of the role prunes what a real run would.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: calls, snapshots
options:
  _input:
    description: Copies at the destinations.
    type: list
    required: true
  calls:
    description: Results of the copy calls in check mode.
    type: list
    required: true
  snapshots:
    description: Snapshots of the source region.
    type: list
    required: true
"""

EXAMPLES = r"""
- name: Add nothing
  ansible.builtin.debug:
    msg: "{{ [] | multicloud.snapshots.dr_copy_with_planned([], []) }}"
"""

RETURN = r"""
_value:
  description: The copies.
  type: list
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.selection import with_planned


class FilterModule:
    def filters(self):
        return {"dr_copy_with_planned": as_filter(with_planned)}
