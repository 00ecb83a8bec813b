# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_report
short_description: Make the report of a run of the role dr_copy
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - The keys are described by the schema beside the role.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: done, values, run
options:
  _input:
    description: The role's result.
    type: dict
    required: true
  done:
    description: What the tasks returned.
    type: dict
    required: true
  values:
    description: The normalised variables of the role.
    type: dict
    required: true
  run:
    description: The keys C(host), C(check_mode) and C(ansible).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the verdict of a run
  ansible.builtin.debug:
    msg: "{{ (dr_copy_result | multicloud.snapshots.dr_copy_report(done, values, run)).within_rpo }}"
"""

RETURN = r"""
_value:
  description: The report.
  type: dict
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.report import report_of


class FilterModule:
    def filters(self):
        return {"dr_copy_report": as_filter(report_of)}
