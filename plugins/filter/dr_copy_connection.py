# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dr_copy_connection
short_description: Take connection options of the role dr_copy as a dict
version_added: 0.1.0
author:
  - multicloud.snapshots contributors (@multicloud-snapshots)
description:
  - Takes a dict, a JSON object, or a text of one key=value a line.
  - Private to the role P(multicloud.snapshots.dr_copy#role); it may change without notice.
options:
  _input:
    description: The connection options.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Take connection options as a survey gives them
  ansible.builtin.debug:
    msg: "{{ 'profile=dr' | multicloud.snapshots.dr_copy_connection }}"
"""

RETURN = r"""
_value:
  description: The connection options.
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.multicloud.snapshots.plugins.plugin_utils import variables


def dr_copy_connection(given):
    try:
        return variables.mapping(given or {})
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self):
        return {"dr_copy_connection": dr_copy_connection}
