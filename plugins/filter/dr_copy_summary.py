# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_summary
short_description: Return what a run of the role dr_copy hands on to the jobs that follow
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Totals and breaches of a report, and what is needed to know whose they are.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
options:
  _input:
    description: The report.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the verdict of a report
  ansible.builtin.debug:
    msg: "{{ (lookup('ansible.builtin.file', '/var/lib/dr/orders.json') | from_json | multicloud.snapshots.dr_copy_summary).within_rpo }}"
"""

RETURN = r"""
_value:
  description: The summary.
  type: dict
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.verdict import summary_of


class FilterModule:
    def filters(self):
        return {"dr_copy_summary": as_filter(summary_of)}
