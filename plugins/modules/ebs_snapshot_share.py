#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ebs_snapshot_share
short_description: Let another AWS account use EBS snapshots
version_added: 1.0.0
description:
  - Allows another account to make volumes and copies from snapshots that this account owns.
  - The role P(multicloud.snapshots.dr_copy#role) uses it to copy from one account to another.
  - The module only adds permissions. It never removes one, because another plan may still use it.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  snapshot_ids:
    description:
      - IDs of the snapshots to share. An empty list changes nothing.
    type: list
    elements: str
    required: true
    aliases: [snapshot_id]
  account_id:
    description:
      - ID of the account that may use the snapshots; it has 12 digits.
    type: str
    required: true
  wait_timeout:
    description:
      - Seconds to wait for throttling, for all snapshots together. AWS allows five such changes a second.
    type: int
    default: 300
extends_documentation_fragment:
  - multicloud.snapshots._aws
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: none
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
notes:
  - A snapshot that is encrypted with the AWS managed key for EBS cannot be shared. If it is encrypted with a key of
    your own, the other account must be allowed to use that key as well.
  - Public snapshots count as shared.
seealso:
  - module: multicloud.snapshots.ebs_snapshot_copy
  - module: amazon.aws.ec2_snapshot
"""

EXAMPLES = r"""
- name: Let the disaster-recovery account copy a snapshot
  multicloud.snapshots.ebs_snapshot_share:
    region: us-east-1
    snapshot_ids: [snap-0aa11bb22cc33dd44]
    account_id: "210987654321"
"""

RETURN = r"""
shared:
  description: The snapshots that the account may use now.
  returned: always
  type: list
  elements: dict
  contains:
    snapshot_id:
      description: ID of the snapshot.
      type: str
      sample: snap-0aa11bb22cc33dd44
    region:
      description: Its region.
      type: str
      sample: us-east-1
    account:
      description: The account that may use it.
      type: str
      sample: "210987654321"
    changed:
      description: Whether the permission was added by this task, or in check mode would be.
      type: bool
      sample: true
failures:
  description: What went wrong, in the form of the copy modules.
  returned: always
  type: list
  elements: dict
  sample: []
api_calls:
  description: Number of API calls, by operation.
  returned: always
  type: dict
  sample: {"DescribeSnapshots": 1, "ModifySnapshotAttribute": 1}
"""

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.client import AwsModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_share_run import (
    OPTIONS,
    share_snapshots,
)


def main() -> None:
    share_snapshots(AwsModule(argument_spec=OPTIONS, supports_check_mode=True))


if __name__ == "__main__":
    main()
