# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_there
short_description: Return the copies that the destinations' listings tell
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Only those at the place to which the plan copies. A copy that the console made tells only its source's ID; what is known
    of the source is added.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: snapshots, values
options:
  _input:
    description: Registered results of listing the destinations.
    type: list
    required: true
  snapshots:
    description: Snapshots of the source region.
    type: list
    required: true
  values:
    description: The normalised variables of the role.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Fill in nothing
  ansible.builtin.debug:
    msg: "{{ [] | multicloud.snapshots.dr_copy_there([], {'place': none}) }}"
"""

RETURN = r"""
_value:
  description: The copies.
  type: list
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.selection import there


class FilterModule:
    def filters(self):
        return {"dr_copy_there": as_filter(there)}
