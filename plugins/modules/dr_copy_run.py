# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dr_copy_run
short_description: Private to the role dr_copy
version_added: 1.0.0
author:
  - multicloud.snapshots contributors (!UNKNOWN)
description:
  - Runs one protection plan with the variables of the role P(multicloud.snapshots.dr_copy#role).
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
  reads_only:
    description: Only reads the recovery points; copies, deletes and tags nothing.
    type: bool
    default: false
  stopped:
    description: What failed before the role could start. The run then only writes a report that says so.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Protect the tagged disks
  ansible.builtin.include_role:
    name: multicloud.snapshots.dr_copy
  vars:
    dr_copy_cloud: ebs
    dr_copy_source_region: us-east-1
    dr_copy_destination_regions: [eu-west-1]
"""

RETURN = r"""
dr_copy_result:
  description: The result of the role.
  returned: always
  type: dict
  sample: {"copies": [], "failures": []}
report:
  description: What the playbooks of the collection show.
  returned: always
  type: dict
  sample: {"host": "orders", "lines": ["done: no changes; 0 disks, 0 of 0 recovery points complete"]}
message:
  description: Why the run fails, empty if it does not.
  returned: always
  type: str
  sample: ""
ran:
  description: The plans that the play has run for this host.
  returned: always
  type: dict
  sample: {"orders": "[\"ebs\", \"us-east-1\", [\"eu-west-1\"]]"}
"""
