# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_index
short_description: Write one page over the reports of several plans
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - One line a plan, worst first.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: silent
options:
  _input:
    description: Reports.
    type: list
    required: true
  silent:
    description: Why plans have no report, by host.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Write a page about one plan that could not be looked at
  ansible.builtin.copy:
    content: "{{ [] | multicloud.snapshots.dr_copy_index({'orders': 'no credentials'}) }}"
    dest: /var/lib/dr/index.html
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.report import index_of


class FilterModule:
    def filters(self):
        return {"dr_copy_index": as_filter(index_of)}
