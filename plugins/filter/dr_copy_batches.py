# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_batches
short_description: Put the chosen rows of a copy plan into copy calls
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Returns as few calls as there are different sets of destinations.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: shared
options:
  _input:
    description: A plan of P(multicloud.snapshots.copy_plan#filter).
    type: list
    required: true
  shared:
    description: What was shared with the account that copies; the rest of what was chosen is left out.
    type: list
"""

EXAMPLES = r"""
- name: Show the copy calls of an empty plan
  ansible.builtin.debug:
    msg: "{{ [] | multicloud.snapshots.dr_copy_batches }}"
"""

RETURN = r"""
_value:
  description: For each call, snapshot_ids and destination_regions.
  type: list
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.outcome import batches_of


class FilterModule:
    def filters(self):
        return {"dr_copy_batches": as_filter(batches_of)}
