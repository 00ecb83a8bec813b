#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cbs_snapshot_restore
short_description: Create Tencent Cloud CBS disks from snapshots
version_added: 1.0.0
description:
  - Creates a data disk, billed by the hour, from each of many snapshots in one region. If the service
    throttles calls or limits disks in progress, the module waits.
  - Finds the disks that an earlier run with the same O(restore_id) made, and does not create them again. CBS does not
    record from which snapshot a disk was created, so only the tags of the disk identify it.
  - With O(state=absent) the module deletes only these disks.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  disk_type:
    description:
      - Type of the disks. The module first checks that the zone offers it now.
    type: str
    default: CLOUD_PREMIUM
  encrypt_type:
    description:
      - Generation of the encryption; needs O(encrypted=true).
      - The two generations are not compatible with each other. Tencent Cloud recommends V(ENCRYPT_V2); only some older
        types of instances need V(ENCRYPT_V1).
      - Without it the service decides, for new disks and for snapshots of encrypted disks. Its choice is not
        documented. So set this option for disks that you attach to older types of instances. Existing disks are not
        changed.
    type: str
    choices: [ENCRYPT_V1, ENCRYPT_V2]
notes:
  - CBS shows a disk only when it is complete. A disk that does not appear within ten minutes counts as failed. Until it
    appears, O(state=absent) cannot find it, and reports it as absent. A second run calls CBS again with the same client
    token. This creates no second disk. So use O(wait=true), or wait ten minutes before O(state=absent).
  - The CBS API cannot create a disk from a snapshot of a system disk. For such a snapshot, the module reports a
    failure and sends no call. It creates the other disks.
  - A deleted disk may go to the recycle bin first. With O(wait=true) the module deletes it there too.
extends_documentation_fragment:
  - multicloud.snapshots._restore
  - multicloud.snapshots._restore.region
  - multicloud.snapshots._restore.attach
  - multicloud.snapshots._restore.zone
  - multicloud.snapshots._restore.attributes
  - multicloud.snapshots._tencent
requirements:
  - python >= 3.10
  - tencentcloud-sdk-python-cbs >= 3.1.25, or the whole tencentcloud-sdk-python
  - tencentcloud-sdk-python-common >= 3.1.25, which comes with it
seealso:
  - module: multicloud.snapshots.cbs_snapshot_copy
  - module: multicloud.snapshots.cbs_snapshot_info
"""

EXAMPLES = r"""
- name: Create a disk from each of two snapshots, and wait until they are available
  multicloud.snapshots.cbs_snapshot_restore:
    snapshot_ids:
      - snap-ckgjwkqh
      - snap-d7bc06yi
    region: ap-beijing
    zone: ap-beijing-3
    restore_id: flood-2026-11
    wait: true

- name: Create an encrypted disk for an instance of a newer type
  multicloud.snapshots.cbs_snapshot_restore:
    snapshot_id: snap-ckgjwkqh
    region: ap-beijing
    zone: ap-beijing-3
    restore_id: vault-2026-11
    encrypted: true
    encrypt_type: ENCRYPT_V2
    wait: true

- name: Show what would be created
  multicloud.snapshots.cbs_snapshot_restore:
    snapshot_id: snap-ckgjwkqh
    region: ap-beijing
    zone: ap-beijing-3
    restore_id: flood-2026-11
    disk_type: CLOUD_PREMIUM
  check_mode: true

- name: Delete the disks of a restore that nobody needs any more
  multicloud.snapshots.cbs_snapshot_restore:
    snapshot_ids: [snap-ckgjwkqh, snap-d7bc06yi]
    region: ap-beijing
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
      sample: snap-ckgjwkqh
    region:
      description: Region of snapshot and disk.
      type: str
      sample: ap-beijing
    zone:
      description: Zone of the disk; null if the cloud has no zones.
      type: str
      sample: ap-beijing-3
    disk_id:
      description: ID of the disk; null if there is none.
      type: str
      sample: disk-6rz0ilvu
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
      sample: ATTACHED
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
      sample: CLOUD_PREMIUM
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
      sample: ins-hdh1y4za
    device:
      description: The cloud's name of the device; null if the disk is not attached, or the cloud reports none.
      type: str
      sample: null
    guest_device:
      description: >-
        Path of the disk in a Linux instance, derived from its ID or serial number; null if the disk is not attached, or
        the cloud reports no serial number. The module does not wait for the path to appear.
      type: str
      sample: /dev/disk/by-id/virtio-disk-6rz0ilvu
    warm_at:
      description: >-
        When this run saw that all data of the disk was loaded, ISO 8601 in UTC. Null until then, without O(wait=true),
        and on all clouds but AWS.
      type: str
      sample: null
    tags:
      description: Tags of the disk.
      type: dict
      sample: {"dr-restore:id": "flood-2026-11", "dr-restore:snapshot-id": "snap-ckgjwkqh"}
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
      sample: snap-ckgjwkqh
    disk_id:
      description: ID of the affected disk; null if there is none.
      type: str
      sample: disk-6rz0ilvu
    region:
      description: Region of the disk.
      type: str
      sample: ap-beijing
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
      sample: "The disk disk-6rz0ilvu in ap-beijing is attached to ins-hdh1y4za, so it is not deleted"
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
  sample: [disk-6rz0ilvu]
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
  sample: {"CreateDisks": 2, "DescribeDiskConfigQuota": 1, "DescribeDisks": 4, "DescribeSnapshots": 1}
disk_id:
  description: ID of the disk, if exactly one was requested.
  returned: when one snapshot is given
  type: str
  sample: disk-6rz0ilvu
diff:
  description: The disks that are created or deleted, before and after.
  returned: with C(--diff)
  type: dict
  sample: {"before": {"disks": []}, "after": {"disks": []}}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs_disks import CbsDisks
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.client import CONNECTION_OPTIONS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore import restore_disks
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.restore_options import ATTACHING_OPTIONS

OPTIONS = {
    **ATTACHING_OPTIONS,
    **CONNECTION_OPTIONS,
    "region": {"type": "str", "required": True},
    "zone": {"type": "str"},
    "disk_type": {"type": "str", "default": "CLOUD_PREMIUM"},
    "encrypt_type": {"type": "str", "choices": ["ENCRYPT_V1", "ENCRYPT_V2"]},
}


def main() -> None:
    restore_disks(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), CbsDisks)


if __name__ == "__main__":
    main()
