# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_page
short_description: Write a report of the role dr_copy as a page
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - One self-contained HTML page; all that comes from a cloud is escaped.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
options:
  _input:
    description: The report.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Write a page
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', '/var/lib/dr/orders.json') | from_json | multicloud.snapshots.dr_copy_page }}"
    dest: /var/lib/dr/orders.html
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The page.
  type: str
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.report import page_of


class FilterModule:
    def filters(self):
        return {"dr_copy_page": as_filter(page_of)}
