#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ens_snapshot_restore
short_description: Make disks of snapshots of Alibaba Cloud Edge Node Service, once and only once
version_added: 1.0.0
description:
  - Makes a pay-as-you-go disk of each of many snapshots of one node.
  - Finds the disks that an earlier run with the same O(restore_id) has made, and makes none beside them. The service
    knows no token against doubles, and a second order is billed, so a disk whose answer was lost is looked for during
    two minutes.
  - Deletes them again, where asked to, and nothing else.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  disk_type:
    description:
      - Category of the disks. What the node sells now is asked before anything is made.
    type: str
    default: cloud_efficiency
  instance_billing_cycle:
    description:
      - How the disks are billed. A disk that is there already stays as it is.
      - Without it the service decides. Which cycle that is, and whether a cycle that a disk does not live through is
        charged in full, is not documented. So use V(Hour) for disks that are soon deleted.
    type: str
    choices: [Hour, Day, Month]
notes:
  - O(region) is a node, such as C(cn-hangzhou-26).
  - A disk is named C(snapshot:restore), by which it is known should its tags be missing.
  - The first order of an account may need the support's permission.
extends_documentation_fragment:
  - multicloud.snapshots._restore
  - multicloud.snapshots._restore.region
  - multicloud.snapshots._restore.attributes
  - multicloud.snapshots._alibaba
requirements:
  - python >= 3.10
  - aliyun-python-sdk-ens >= 3.0.19
  - aliyun-python-sdk-core >= 2.14.0
  - alibabacloud_credentials >= 1.0.9, where other credentials than a key pair or a token are used
seealso:
  - module: multicloud.snapshots.ens_snapshot_copy
  - module: multicloud.snapshots.ens_snapshot_info
"""

EXAMPLES = r"""
- name: Make a disk of each of two snapshots, and wait until they are available
  multicloud.snapshots.ens_snapshot_restore:
    snapshot_ids:
      - sp-5nnqx3qsr4lx9cqm5****
      - sp-5nnqx3qsr4lx9cqm6****
    region: cn-chengdu-26
    restore_id: flood-2026-11
    wait: true

- name: Make a disk for a test, billed by the hour, that a drill may delete after four hours
  multicloud.snapshots.ens_snapshot_restore:
    snapshot_id: sp-5nnqx3qsr4lx9cqm5****
    region: cn-chengdu-26
    restore_id: test-2026-11
    instance_billing_cycle: Hour
    expires_after_hours: 4
    wait: true

- name: Show what would be made
  multicloud.snapshots.ens_snapshot_restore:
    snapshot_id: sp-5nnqx3qsr4lx9cqm5****
    region: cn-chengdu-26
    restore_id: flood-2026-11
    disk_type: cloud_efficiency
  check_mode: true

- name: Delete the disks of a restore that nobody needs any more
  multicloud.snapshots.ens_snapshot_restore:
    snapshot_ids: [sp-5nnqx3qsr4lx9cqm5****, sp-5nnqx3qsr4lx9cqm6****]
    region: cn-chengdu-26
    restore_id: flood-2026-11
    state: absent
    wait: true
"""

RETURN = r"""
disks:
  description: One entry for each snapshot, in the order asked. Also returned when the task fails.
  returned: always
  type: list
  elements: dict
  contains:
    snapshot_id:
      description: ID of the snapshot.
      type: str
      sample: sp-5nnqx3qsr4lx9cqm5****
    region:
      description: Region of snapshot and disk.
      type: str
      sample: cn-chengdu-26
    zone:
      description: Zone of the disk; null where the cloud has none.
      type: str
      sample: null
    disk_id:
      description: ID of the disk; null where none is there.
      type: str
      sample: d-5nnqx3qsr4lx9cqm7****
    action:
      description: >-
        What was done. V(none): the disk was there, or none could be made. V(adopted): one in the making was found.
        V(created), V(deleted).
      type: str
      sample: created
    state:
      description: One of V(creating), V(available), V(in_use), V(error), V(absent), and in check mode V(planned).
      type: str
      sample: available
    provider_state:
      description: The cloud's own word for the state.
      type: str
      sample: Available
    size_gib:
      description: Size of the disk, in GiB.
      type: int
      sample: 100
    encrypted:
      description: Whether the disk is encrypted; null while that is unknown.
      type: bool
      sample: true
    kms_key_id:
      description: KMS key of the disk, as the cloud tells it; null where it has none, or none is told.
      type: str
      sample: null
    disk_type:
      description: Type of the disk, in the cloud's own word.
      type: str
      sample: cloud_efficiency
    created_at:
      description: When the disk was made, ISO 8601 in UTC; null until the cloud shows it.
      type: str
      sample: "2026-11-21T02:06:37Z"
    seconds:
      description: How long it took from the call until the disk was available, where this run has seen both; else null.
      type: float
      sample: 12.5
    attached_to:
      description: ID of the instance that the disk is attached to; null where there is none.
      type: str
      sample: null
    device:
      description: The cloud's name of the device; null where the disk is not attached, or the cloud tells none.
      type: str
      sample: null
    guest_device:
      description: >-
        The path at which a Linux instance has the disk, by the disk's ID or serial number; null where it is attached to
        nothing, or the cloud tells no serial number. It is told by rule, and not waited for.
      type: str
      sample: null
    warm_at:
      description: >-
        By when this run has seen that all data of the disk is loaded, ISO 8601 in UTC. Null while it is loaded, without
        O(wait=true), and on clouds that do not tell it (all but AWS).
      type: str
      sample: null
    tags:
      description: Tags of the disk.
      type: dict
      sample: {"dr-restore:id": "flood-2026-11", "dr-restore:snapshot-id": "sp-5nnqx3qsr4lx9cqm5****"}
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
      sample: sp-5nnqx3qsr4lx9cqm5****
    disk_id:
      description: ID of the disk that it is about; null where there is none.
      type: str
      sample: d-5nnqx3qsr4lx9cqm7****
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
      description: The cloud's own code; null where it gave none.
      type: str
      sample: InvalidDiskId
    message:
      description: What was tried, on which ID and region, in the cloud's own words.
      type: str
      sample: "The disk d-5nnqx3qsr4lx9cqm7**** in cn-chengdu-26 is attached to i-5nnqx3qsr4lx9cqm8****, so it is not
        deleted"
    request_id:
      description: The cloud's ID of the request, for its support.
      type: str
      sample: 8ab6b0ae-4b8f-4b2e-9d0c-7f1d8e1f0d11
    hint:
      description: What to do next.
      type: str
      sample: Detach it first, if nobody needs it, then run again.
deleted_ids:
  description: IDs of all disks that were deleted; one that is still shown at O(wait_timeout) is in RV(failures) too.
  returned: always
  type: list
  elements: str
  sample: [d-5nnqx3qsr4lx9cqm7****]
counts:
  description: >-
    Numbers of disks by what was done (C(created), C(adopted), C(deleted), C(unchanged)), and by what became of them
    (C(available), C(in_use), C(creating), C(failed)).
  returned: always
  type: dict
  sample:
    created: 2
    adopted: 0
    deleted: 0
    unchanged: 38
    available: 40
    in_use: 0
    creating: 0
    failed: 0
api_calls:
  description: Calls made, by operation.
  returned: always
  type: dict
  sample: {"CreateDisk": 2, "DescribeCloudDiskAvailableResourceInfo": 1, "DescribeDisks": 4, "DescribeSnapshots": 1}
disk_id:
  description: ID of the disk, where exactly one was asked for.
  returned: when one snapshot is given
  type: str
  sample: d-5nnqx3qsr4lx9cqm7****
diff:
  description: The disks that are made or deleted, before and after.
  returned: with C(--diff)
  type: dict
  sample: {"before": {"disks": []}, "after": {"disks": []}}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.client import CONNECTION_OPTIONS
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens_disks import EnsDisks
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore import (
    RESTORE_OPTIONS,
    restore_disks,
)

OPTIONS = {
    **RESTORE_OPTIONS,
    **CONNECTION_OPTIONS,
    "region": {"type": "str", "required": True},
    "disk_type": {"type": "str", "default": "cloud_efficiency"},
    "instance_billing_cycle": {"type": "str", "choices": ["Hour", "Day", "Month"]},
}


def main():
    restore_disks(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), EnsDisks)


if __name__ == "__main__":
    main()
