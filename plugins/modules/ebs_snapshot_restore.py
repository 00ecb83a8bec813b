#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ebs_snapshot_restore
short_description: Create EBS volumes from snapshots
version_added: 1.0.0
description:
  - Creates a volume from each of many EBS snapshots in one region. If AWS throttles calls or limits disks in
    progress, the module waits.
  - Finds the volumes that an earlier run with the same O(restore_id) made, and does not create them again.
  - With O(state=absent) the module deletes only these volumes.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  disk_type:
    description:
      - Type of the volumes. Types that require an IOPS value (V(io1), V(io2)) are not supported.
    type: str
    default: gp3
  initialization_rate:
    description:
      - Rate in MiB/s, V(100) to V(300), at which AWS loads the data of each new volume from its snapshot. AWS bills
        this by the full size of the snapshot. V(0) is AWS's default rate, which costs nothing extra.
      - It applies when a volume is created, and does not change existing volumes.
    type: int
    default: 0
notes:
  - If AWS is not allowed to use the key, it first accepts the volume, then removes it without giving a reason. The
    module reports such a volume as failed after two minutes.
  - A volume becomes available before all its data is loaded, and the first read of a block is slow until then.
    RV(disks[].warm_at) shows when loading had finished. AWS may report this five minutes late.
extends_documentation_fragment:
  - multicloud.snapshots._restore
  - multicloud.snapshots._restore.attach
  - multicloud.snapshots._restore.zone
  - multicloud.snapshots._restore.attributes
  - multicloud.snapshots._aws
seealso:
  - module: multicloud.snapshots.ebs_snapshot_copy
  - module: multicloud.snapshots.ebs_snapshot_info
"""

EXAMPLES = r"""
- name: Create a disk from each of two snapshots, and wait until they are available
  multicloud.snapshots.ebs_snapshot_restore:
    snapshot_ids:
      - snap-0aa11bb22cc33dd44
      - snap-0bb22cc33dd44ee55
    region: eu-west-1
    zone: eu-west-1a
    restore_id: flood-2026-11
    wait: true

- name: Show what would be created
  multicloud.snapshots.ebs_snapshot_restore:
    snapshot_id: snap-0aa11bb22cc33dd44
    region: eu-west-1
    zone: eu-west-1a
    restore_id: flood-2026-11
    disk_type: gp3
  check_mode: true

- name: Create a disk and attach it to an instance in the same zone
  multicloud.snapshots.ebs_snapshot_restore:
    snapshot_id: snap-0aa11bb22cc33dd44
    region: eu-west-1
    zone: eu-west-1a
    restore_id: look-at-it
    attach_to: i-0cc33dd44ee55ff66
    wait: true

- name: Delete the disks of a restore that nobody needs any more
  multicloud.snapshots.ebs_snapshot_restore:
    snapshot_ids: [snap-0aa11bb22cc33dd44, snap-0bb22cc33dd44ee55]
    region: eu-west-1
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
      sample: snap-0aa11bb22cc33dd44
    region:
      description: Region of snapshot and disk.
      type: str
      sample: eu-west-1
    zone:
      description: Zone of the disk; null if the cloud has no zones.
      type: str
      sample: eu-west-1a
    disk_id:
      description: ID of the disk; null if there is none.
      type: str
      sample: vol-0ff99ee88dd77cc66
    action:
      description: >-
        What the run did. V(none): the disk existed, or could not be created. V(adopted): the disk was already
        being created. V(created): the run created the disk. V(deleted): it deleted the disk.
      type: str
      sample: created
    state:
      description: One of V(creating), V(available), V(in_use), V(error), V(absent), and in check mode V(planned).
      type: str
      sample: in_use
    provider_state:
      description: The cloud's own name for the state.
      type: str
      sample: in-use
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
      sample: gp3
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
      sample: i-0cc33dd44ee55ff66
    device:
      description: The cloud's name of the device; null if the disk is not attached, or the cloud reports none.
      type: str
      sample: /dev/sdf
    guest_device:
      description: >-
        Path of the disk in a Linux instance, derived from its ID or serial number; null if the disk is not attached, or
        the cloud reports no serial number. The module does not wait for the path to appear.
      type: str
      sample: /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0ff99ee88dd77cc66
    warm_at:
      description: >-
        When this run saw that all data of the disk was loaded, ISO 8601 in UTC. Null until then, without O(wait=true),
        and on all clouds but AWS.
      type: str
      sample: "2026-11-21T02:41:10Z"
    tags:
      description: Tags of the disk.
      type: dict
      sample: {"dr-restore:id": "flood-2026-11", "dr-restore:snapshot-id": "snap-0aa11bb22cc33dd44"}
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
      sample: snap-0aa11bb22cc33dd44
    disk_id:
      description: ID of the affected disk; null if there is none.
      type: str
      sample: vol-0ff99ee88dd77cc66
    region:
      description: Region of the disk.
      type: str
      sample: eu-west-1
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
      sample: "The disk vol-0ff99ee88dd77cc66 in eu-west-1 is attached to i-0cc33dd44ee55ff66, so it is not deleted"
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
  sample: [vol-0ff99ee88dd77cc66]
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
  sample: {"CreateVolume": 2, "DescribeAvailabilityZones": 1, "DescribeSnapshots": 1, "DescribeVolumes": 4}
disk_id:
  description: ID of the disk, if exactly one was requested.
  returned: when one snapshot is given
  type: str
  sample: vol-0ff99ee88dd77cc66
diff:
  description: The disks that are created or deleted, before and after.
  returned: with C(--diff)
  type: dict
  sample: {"before": {"disks": []}, "after": {"disks": []}}
"""

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.client import AwsModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_disks import EbsDisks
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore import restore_disks
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore_options import ATTACHING_OPTIONS

OPTIONS = {
    **ATTACHING_OPTIONS,
    "zone": {"type": "str"},
    "disk_type": {"type": "str", "default": "gp3"},
    "initialization_rate": {"type": "int", "default": 0},
}


def main() -> None:
    restore_disks(AwsModule(argument_spec=OPTIONS, supports_check_mode=True), EbsDisks)


if __name__ == "__main__":
    main()
