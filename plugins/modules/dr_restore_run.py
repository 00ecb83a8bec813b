# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dr_restore_run
short_description: Private to the role dr_restore
version_added: 1.0.0
author:
  - multicloud.snapshots contributors (!UNKNOWN)
description:
  - Runs one restore or drill with the variables of the role P(multicloud.snapshots.dr_restore#role).
  - Private to that role. It may change without notice. Use the role.
  - It runs on the controller, as an action plugin.
attributes:
  check_mode:
    description: Makes the same decisions and writes nothing.
    support: full
  diff_mode:
    description: Returns the differences that the modules return.
    support: full
options:
  drill:
    description: Prove that copies can be restored, and leave no disk behind.
    type: bool
    default: false
  record:
    description:
      - The answers that a paused run has got, which it returned as RV(record). The run continues after them.
      - Empty for a new run.
    type: str
    default: ""
  checked:
    description: The result of the tasks for which the run has paused (see RV(pause)).
    type: dict
  stopped:
    description: What failed before the role could start. A drill then only writes a page that says so.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Restore disks from their copies
  ansible.builtin.include_role:
    name: multicloud.snapshots.dr_restore
  vars:
    dr_restore_cloud: ebs
    dr_restore_region: eu-west-1
    dr_restore_zone: eu-west-1a
"""

RETURN = r"""
dr_restore_result:
  description: The result of the role.
  returned: always
  type: dict
  sample: {"kind": "restore", "disks": [], "failures": []}
lines:
  description: What the screen shows.
  returned: always
  type: list
  elements: str
  sample: ["flood in eu-west-1a: 2 of 2 disks restored"]
pause:
  description: What the tasks of the role do before the run continues. Empty if the run has ended.
  returned: always
  type: dict
  sample: {"set": {"group": "i-0aa11bb22cc33dd44", "disks": []}, "sets": 1, "host": "testhost", "checks": "checks.yml"}
record:
  description: The answers that a paused run has got. Pass it on as O(record).
  returned: always
  type: str
  sample: ""
message:
  description: Why the run fails, empty if it does not.
  returned: always
  type: str
  sample: ""
"""
