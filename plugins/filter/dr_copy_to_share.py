# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_to_share
short_description: Return the snapshots that the role dr_copy shares with the account that copies
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Those that a plan copies, each once.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: replaces
options:
  _input:
    description: A plan of P(multicloud.snapshots.copy_plan#filter).
    type: list
    required: true
  replaces:
    description: Whether copies that do not fit are replaced, so that those of copies that are there are shared as well.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Share nothing
  ansible.builtin.debug:
    msg: "{{ [] | multicloud.snapshots.dr_copy_to_share }}"
"""

RETURN = r"""
_value:
  description: The IDs.
  type: list
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.sharing import wanted


class FilterModule:
    def filters(self):
        return {"dr_copy_to_share": as_filter(wanted)}
