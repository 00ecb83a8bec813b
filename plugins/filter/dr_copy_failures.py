# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_failures
short_description: Say in one message what failed in the role dr_copy
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Takes C(dr_copy_result).
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
options:
  _input:
    description: The role's result.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say that nothing failed
  ansible.builtin.debug:
    msg: "{{ {'failures': []} | multicloud.snapshots.dr_copy_failures }}"
"""

RETURN = r"""
_value:
  description: The message.
  type: str
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.multicloud.snapshots.plugins.plugin_utils import outcome


def dr_copy_failures(result):
    try:
        return outcome.failure_text(result)
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self):
        return {"dr_copy_failures": dr_copy_failures}
