# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_outcome
short_description: Add up what the tasks of the role dr_copy returned
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Takes the results of the copy calls, and returns C(dr_copy_result).
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: lists, plan, recovery
options:
  _input:
    description: Results of the copy calls.
    type: list
    required: true
  lists:
    description: Results of the info modules at the destinations.
    type: list
    required: true
  plan:
    description: The plan.
    type: list
    required: true
  recovery:
    description: The recovery points.
    type: list
    required: true
"""

EXAMPLES = r"""
- name: Add up nothing
  ansible.builtin.debug:
    msg: "{{ [] | multicloud.snapshots.dr_copy_outcome([], [], []) }}"
"""

RETURN = r"""
_value:
  description: The role's result.
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.multicloud.snapshots.plugins.plugin_utils import outcome


def dr_copy_outcome(calls, lists, plan, recovery):
    try:
        return outcome.gathered(calls, lists, plan, recovery)
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self):
        return {"dr_copy_outcome": dr_copy_outcome}
