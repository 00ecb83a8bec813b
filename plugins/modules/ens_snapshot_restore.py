#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ens_snapshot_restore
short_description: Create Alibaba Cloud Edge Node Service disks from snapshots
version_added: 1.0.0
description:
  - Creates a pay-as-you-go disk from each of many snapshots on one node.
  - Finds the disks that an earlier run with the same O(restore_id) made, and does not create them again. The service
    has no client token, and a second order is billed. So if the response to an order is lost, the module looks for the
    disk for two minutes before it orders again.
  - With O(state=absent) the module deletes only these disks.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  disk_type:
    description:
      - Category of the disks. The module first checks that the node offers it now.
    type: str
    default: cloud_efficiency
  instance_billing_cycle:
    description:
      - How new disks are billed. Existing disks are not changed.
      - Without it the service decides. It is not documented which cycle it chooses, or whether it charges a started
        cycle in full. So use V(Hour) for disks that you will soon delete.
    type: str
    choices: [Hour, Day, Month]
notes:
  - O(region) is a node, such as C(cn-hangzhou-26).
  - The name of each disk is the ID of its snapshot, a colon, and O(restore_id). The module recognizes the disk by this
    name if its tags are missing.
  - ENS cannot change the tags of a disk. If O(expires_after_hours) would change C(dr-restore:expires-at) of an existing
    disk, the run fails.
  - This module does not attach disks; it has no option C(attach_to).
  - Before the first order of an account, you may have to ask Alibaba Cloud's support to allow orders.
extends_documentation_fragment:
  - multicloud.snapshots._restore
  - multicloud.snapshots._restore.region
  - multicloud.snapshots._restore.attributes
  - multicloud.snapshots._alibaba
requirements:
  - python >= 3.10
  - aliyun-python-sdk-ens >= 3.0.19
  - aliyun-python-sdk-core >= 2.14.0
  - alibabacloud_credentials >= 1.0.9, for credentials other than a key pair or a token
seealso:
  - module: multicloud.snapshots.ens_snapshot_copy
  - module: multicloud.snapshots.ens_snapshot_info
"""

EXAMPLES = r"""
- name: Create a disk from each of two snapshots, and wait until they are available
  multicloud.snapshots.ens_snapshot_restore:
    snapshot_ids:
      - sp-5nnqx3qsr4lx9cqm5aa1
      - sp-5nnqx3qsr4lx9cqm6bb2
    region: cn-chengdu-26
    restore_id: flood-2026-11
    wait: true

- name: Create a disk for a test, billed by the hour, that a drill may delete after four hours
  multicloud.snapshots.ens_snapshot_restore:
    snapshot_id: sp-5nnqx3qsr4lx9cqm5aa1
    region: cn-chengdu-26
    restore_id: test-2026-11
    instance_billing_cycle: Hour
    expires_after_hours: 4
    wait: true

- name: Show what would be created
  multicloud.snapshots.ens_snapshot_restore:
    snapshot_id: sp-5nnqx3qsr4lx9cqm5aa1
    region: cn-chengdu-26
    restore_id: flood-2026-11
    disk_type: cloud_efficiency
  check_mode: true

- name: Delete the disks of a restore that nobody needs any more
  multicloud.snapshots.ens_snapshot_restore:
    snapshot_ids: [sp-5nnqx3qsr4lx9cqm5aa1, sp-5nnqx3qsr4lx9cqm6bb2]
    region: cn-chengdu-26
    restore_id: flood-2026-11
    state: absent
    wait: true
"""

RETURN = r"""
disks:
  description: One entry for each snapshot, in the order of the request. Also returned when the task fails.
  returned: always
  type: list
  elements: dict
  contains:
    snapshot_id:
      description: ID of the snapshot.
      type: str
      sample: sp-5nnqx3qsr4lx9cqm5aa1
    region:
      description: Region of snapshot and disk.
      type: str
      sample: cn-chengdu-26
    zone:
      description: Zone of the disk; null if the cloud has no zones.
      type: str
      sample: null
    disk_id:
      description: ID of the disk; null if there is none.
      type: str
      sample: d-5nnqx3qsr4lx9cqm7cc3
    action:
      description: >-
        What the run did. V(none): the disk existed, or could not be created. V(adopted): the disk was already
        being created. V(created): the run created the disk. V(deleted): it deleted the disk.
      type: str
      sample: created
    state:
      description: One of V(creating), V(available), V(in_use), V(error), V(absent), and in check mode V(planned).
      type: str
      sample: available
    provider_state:
      description: The cloud's own name for the state.
      type: str
      sample: Available
    size_gib:
      description: Size of the disk, in GiB.
      type: int
      sample: 100
    encrypted:
      description: Whether the disk is encrypted; null if unknown.
      type: bool
      sample: true
    kms_key_id:
      description: KMS key of the disk, as reported by the cloud; null if there is none or it is not reported.
      type: str
      sample: null
    disk_type:
      description: Type of the disk, as the cloud names it.
      type: str
      sample: cloud_efficiency
    created_at:
      description: When the disk was created, ISO 8601 in UTC; null until the cloud shows it.
      type: str
      sample: "2026-11-21T02:06:37Z"
    seconds:
      description: Seconds from the call until the disk was available; null if this run did not see both times.
      type: float
      sample: 12.5
    attached_to:
      description: ID of the instance that the disk is attached to; null if there is none.
      type: str
      sample: null
    device:
      description: The cloud's name of the device; null if the disk is not attached, or the cloud reports none.
      type: str
      sample: null
    guest_device:
      description: >-
        Path of the disk in a Linux instance, derived from its ID or serial number; null if the disk is not attached, or
        the cloud reports no serial number. The module does not wait for the path to appear.
      type: str
      sample: null
    warm_at:
      description: >-
        When this run saw that all data of the disk was loaded, ISO 8601 in UTC. Null until then, without O(wait=true),
        and on all clouds but AWS.
      type: str
      sample: null
    tags:
      description: Tags of the disk.
      type: dict
      sample: {"dr-restore:id": "flood-2026-11", "dr-restore:snapshot-id": "sp-5nnqx3qsr4lx9cqm5aa1"}
    error:
      description: Null, or what went wrong with this disk, as in RV(failures).
      type: dict
      sample: null
failures:
  description: What went wrong, one entry for each failure.
  returned: always
  type: list
  elements: dict
  contains:
    snapshot_id:
      description: ID of the snapshot.
      type: str
      sample: sp-5nnqx3qsr4lx9cqm5aa1
    disk_id:
      description: ID of the affected disk; null if there is none.
      type: str
      sample: d-5nnqx3qsr4lx9cqm7cc3
    region:
      description: Region of the disk.
      type: str
      sample: cn-chengdu-26
    kind:
      description: >-
        One of V(refused), V(not_found), V(not_ready), V(failed_copy) (the disk has failed), V(timeout), V(ambiguous),
        V(mismatch), V(busy), V(credentials), V(connection).
      type: str
      sample: refused
    code:
      description: The cloud's own code; null if it gave none.
      type: str
      sample: null
    message:
      description: What was tried, on which ID and region, with the cloud's own message.
      type: str
      sample: "The disk d-5nnqx3qsr4lx9cqm7cc3 in cn-chengdu-26 is attached to i-5nnqx3qsr4lx9cqm8dd4, so it is not
        deleted"
    request_id:
      description: The cloud's ID of the request. The cloud's support asks for it.
      type: str
      sample: null
    hint:
      description: What to do next.
      type: str
      sample: Detach it first if it is no longer needed, then run again.
deleted_ids:
  description: IDs of all deleted disks. If the cloud still shows one at O(wait_timeout), RV(failures) names it too.
  returned: always
  type: list
  elements: str
  sample: [d-5nnqx3qsr4lx9cqm7cc3]
counts:
  description: >-
    Number of disks by action (C(created), C(adopted), C(deleted), C(unchanged)), and by outcome (C(available),
    C(in_use), C(creating), C(failed)).
  returned: always
  type: dict
  sample: {created: 2, adopted: 0, deleted: 0, unchanged: 38, available: 40, in_use: 0, creating: 0, failed: 0}
api_calls:
  description: Number of API calls, by operation.
  returned: always
  type: dict
  sample: {"CreateDisk": 2, "DescribeCloudDiskAvailableResourceInfo": 1, "DescribeDisks": 4, "DescribeSnapshots": 1}
disk_id:
  description: ID of the disk, if exactly one was requested.
  returned: when one snapshot is given
  type: str
  sample: d-5nnqx3qsr4lx9cqm7cc3
diff:
  description: The disks that are created or deleted, before and after.
  returned: with C(--diff)
  type: dict
  sample: {"before": {"disks": []}, "after": {"disks": []}}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.client import CONNECTION_OPTIONS
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens_disks import EnsDisks
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore import restore_disks
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore_options import RESTORE_OPTIONS

OPTIONS = {
    **RESTORE_OPTIONS,
    **CONNECTION_OPTIONS,
    "region": {"type": "str", "required": True},
    "disk_type": {"type": "str", "default": "cloud_efficiency"},
    "instance_billing_cycle": {"type": "str", "choices": ["Hour", "Day", "Month"]},
}


def main() -> None:
    restore_disks(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), EnsDisks)


if __name__ == "__main__":
    main()
