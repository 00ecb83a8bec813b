# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_problems
short_description: Say in one message for what the role dr_copy fails at its end
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Takes a report; an empty text is returned where all is well.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
options:
  _input:
    description: The report.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say that nothing failed
  ansible.builtin.debug:
    msg: "{{ {'failures': [], 'breaches': []} | multicloud.snapshots.dr_copy_problems }}"
"""

RETURN = r"""
_value:
  description: The message.
  type: str
"""

from ansible_collections.multicloud.snapshots.plugins.plugin_utils.filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.verdict import problems_of


class FilterModule:
    def filters(self):
        return {"dr_copy_problems": as_filter(problems_of)}
