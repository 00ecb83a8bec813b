# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_variables
short_description: Judge and normalise the variables of the role dr_copy
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Takes the role's variables without their prefix, also as texts.
  - Returns C(values) as their types, C(problems) that name every wrong one, and C(warnings).
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
positional: names
options:
  _input:
    description: The variables.
    type: dict
    required: true
  names:
    description: Names of all variables that the user has set, to find misspelt ones.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Take variables as a survey gives them
  ansible.builtin.debug:
    msg: "{{ answers | multicloud.snapshots.dr_copy_variables }}"
  vars:
    answers:
      cloud: ebs
      source_region: us-east-1
      destination_regions: eu-west-1
      wait: "false"
"""

RETURN = r"""
_value:
  description: C(values), C(problems) and C(warnings).
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display
from ansible_collections.multicloud.snapshots.plugins.plugin_utils import variables


def dr_copy_variables(given, names=()):
    try:
        judged = variables.judged(given, names)
        for warning in judged["warnings"]:
            Display().warning(warning)
        return judged
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self):
        return {"dr_copy_variables": dr_copy_variables}
