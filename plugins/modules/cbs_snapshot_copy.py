#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cbs_snapshot_copy
short_description: Copy snapshots of Tencent Cloud CBS disks to other regions
version_added: 1.0.0
description:
  - Copies many snapshots of CBS disks to many regions, with one call for all regions of a snapshot.
  - Uses an existing copy instead of making another one, no matter who made it, if its tags or its name show the
    source.
  - CBS records no source on a copy and takes no tags in the copy call. So the module identifies a copy first by its
    name, and then by the tags that it sets right after the call. If a run is interrupted in between, the next run sets
    the tags.
  - CBS cannot cancel a copy, and shows no failed copies. A copy that disappears counts as failed.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  name:
    description:
      - Name of each copy, at most 60 characters.
      - If your part of the name has up to 13 characters, the module appends the source, its disk and the time when it
        was taken, such as C([snap-... disk-... 20261124T020405Z]). With 14 to 44 characters it appends the source
        alone, such as C([snap-...]). The module refuses a longer part.
      - The ending identifies the copy until the tags are set, or permanently if the account's tag quota prevents them.
    default: copy
notes:
  - The module sets O(retention_days) once a copy is complete, if the copy has no expiry yet. With O(wait=false) the
    next run sets it. If the expiry would be less than a day ahead, the module does not set it, and warns. So with
    O(retention_days=1) the module never sets an expiry. The module never changes an expiry.
  - CBS does not say whether instant snapshots (C(INSTANT_SNAPSHOT)) can be copied; such a source gives a warning. A
    copy of a system disk's snapshot can become an image, but not a disk.
  - CBS responds before a deletion takes effect, so it may still show a deleted copy for a while.
  - The tags of each copy have new values, which count toward the account's tag quota. If the quota is used up, the
    module still makes the copy and recognizes it by its name. It sets the other tags, and a warning names the quota and
    what to do. The task fails only if the quota refuses a tag of O(tags).
  - With O(state=absent) the module also deletes unused values of its own tags, if the caller may call
    C(tag:DeleteTags). If the cloud refuses that, the task does not fail. Without O(wait=true) a deleted copy may still
    have its tags, so their values remain.
extends_documentation_fragment:
  - multicloud.snapshots._copy
  - multicloud.snapshots._copy.source
  - multicloud.snapshots._copy.destinations
  - multicloud.snapshots._copy.retention
  - multicloud.snapshots._copy.tags
  - multicloud.snapshots._copy.attributes
  - multicloud.snapshots._tencent
requirements:
  - python >= 3.10
  - tencentcloud-sdk-python-cbs >= 3.1.25, or the whole tencentcloud-sdk-python
  - tencentcloud-sdk-python-common >= 3.1.25, which comes with it
seealso:
  - module: multicloud.snapshots.cbs_snapshot_info
"""

EXAMPLES = r"""
- name: Copy one snapshot to a second region and wait until it is complete
  multicloud.snapshots.cbs_snapshot_copy:
    snapshot_id: snap-ckgjwkqh
    source_region: ap-guangzhou
    destination_regions: ap-beijing
    wait: true

- name: Copy several snapshots to two regions, kept for 30 days there
  multicloud.snapshots.cbs_snapshot_copy:
    snapshot_ids:
      - snap-ckgjwkqh
      - snap-6z1cbtrc
    source_region: ap-guangzhou
    destination_regions: [ap-beijing, ap-shanghai]
    name: "dr-{snapshot_id}"
    retention_days: 30
    tags:
      purpose: disaster-recovery
    wait: true

- name: Delete the copies of a snapshot
  multicloud.snapshots.cbs_snapshot_copy:
    snapshot_id: snap-6z1cbtrc
    source_region: ap-guangzhou
    destination_region: ap-shanghai
    state: absent
    wait: true
"""

RETURN = r"""
copies:
  description: >-
    One entry for each source and destination, in the order of the request. Also returned when the task fails.
  returned: always
  type: list
  elements: dict
  contains:
    source_snapshot_id:
      description: ID of the source.
      type: str
      sample: snap-ckgjwkqh
    source_region:
      description: Region of the source.
      type: str
      sample: ap-guangzhou
    region:
      description: Region of the copy.
      type: str
      sample: ap-beijing
    snapshot_id:
      description: ID of the copy; null if there is none.
      type: str
      sample: snap-d012rm6t
    action:
      description: >-
        What the run did. V(none): the run changed nothing. The copy was complete or could not be started; with
        O(state=absent), it did not exist or was kept. V(adopted): it used a copy in progress that another run or a
        person had started. V(created): it started a copy. V(replaced): it started a copy in place of a failed one.
        V(updated): it changed the tags or expiry of a copy. V(deleted): it deleted the copy.
      type: str
      sample: created
    state:
      description: One of V(pending), V(completed), V(error), V(absent), and in check mode V(planned).
      type: str
      sample: completed
    provider_state:
      description: The cloud's own name for the state.
      type: str
      sample: NORMAL
    progress:
      description: Progress of the copy in percent. If the cloud reports no progress, 0 until the copy is complete.
      type: int
      sample: 100
    size_gib:
      description: Size of the disk, in GiB.
      type: int
      sample: 100
    encrypted:
      description: Whether the copy is encrypted.
      type: bool
      sample: false
    created_at:
      description: When the copy was started, ISO 8601 in UTC; null until the cloud shows it.
      type: str
      sample: "2026-11-21T02:06:37Z"
    locked_until:
      description: Always null, because CBS shows no end of a lock.
      type: str
      sample: null
    name:
      description: Name of the copy.
      type: str
      sample: copy [snap-ckgjwkqh disk-hdh1y4za 20261121T010000Z]
    description:
      description: Always empty, because CBS has no descriptions.
      type: str
      sample: ""
    tags:
      description: Tags of the copy.
      type: dict
      sample: {"dr-copy:source-snapshot-id": "snap-ckgjwkqh", "dr-copy:source-region": "ap-guangzhou"}
    error:
      description: What went wrong with this copy, in the form of RV(failures); null if nothing went wrong.
      type: dict
      sample: null
failures:
  description: What went wrong, one entry for each failure.
  returned: always
  type: list
  elements: dict
  contains:
    source_snapshot_id:
      description: ID of the source.
      type: str
      sample: snap-ckgjwkqh
    region:
      description: Region of the copy.
      type: str
      sample: ap-beijing
    snapshot_id:
      description: ID of the copy that failed; null if there is none.
      type: str
      sample: snap-d012rm6t
    kind:
      description: >-
        One of V(refused), V(not_found), V(not_ready), V(failed_copy), V(timeout), V(ambiguous), V(mismatch), V(busy),
        V(credentials), V(connection).
      type: str
      sample: refused
    code:
      description: The cloud's own code; null if it gave none.
      type: str
      sample: UnsupportedOperation.SnapshotNotSupportCopy
    message:
      description: What was tried, on which ID and region, with the cloud's own message.
      type: str
      sample: "Copying snap-ckgjwkqh from ap-guangzhou to ap-beijing: The snapshot does not support cross-region
        replication."
    request_id:
      description: The cloud's ID of the request. The cloud's support asks for it.
      type: str
      sample: 8ab6b0ae-4b8f-4b2e-9d0c-7f1d8e1f0d11
    hint:
      description: What to do next.
      type: str
      sample: This snapshot cannot be copied to another region; take a new one of its disk.
duplicates:
  description: >-
    Other copies of the same source in the same region. A warning names them.
  returned: always
  type: list
  elements: dict
  contains:
    source_snapshot_id:
      description: ID of the source.
      type: str
      sample: snap-ckgjwkqh
    region:
      description: Region of the copy.
      type: str
      sample: ap-beijing
    snapshot_id:
      description: ID of the duplicate.
      type: str
      sample: snap-e5f6g7h8
deleted_ids:
  description: >-
    IDs of all copies that this run deleted; in check mode, of those that it would delete. They include copies that
    this run made and then deleted, because another run had started an earlier copy.
  returned: always
  type: list
  elements: str
  sample: [snap-e5f6g7h8]
counts:
  description: >-
    Number of copies by action (C(created), C(adopted), C(replaced), C(updated), C(unchanged)), of snapshots deleted for
    any reason (C(deleted)), and of copies by outcome (C(completed), C(pending), C(failed)).
  returned: always
  type: dict
  sample:
    {created: 2, adopted: 0, replaced: 0, updated: 0, deleted: 0, unchanged: 38, completed: 40, pending: 0, failed: 0}
api_calls:
  description: Number of API calls, by operation.
  returned: always
  type: dict
  sample: {"CopySnapshotCrossRegions": 3, "DescribeSnapshots": 4, "TagResources": 3}
snapshot_id:
  description: ID of the copy, if exactly one was requested.
  returned: when one source and one destination are given
  type: str
  sample: snap-d012rm6t
diff:
  description: The copies that change, before and after.
  returned: with C(--diff)
  type: dict
  sample: {"before": {"copies": []}, "after": {"copies": []}}
"""


from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs import CbsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.client import CONNECTION_OPTIONS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.copying import copy_snapshots
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import COPY_OPTIONS, TAG_OPTIONS

OPTIONS = {
    **COPY_OPTIONS,
    **TAG_OPTIONS,
    **CONNECTION_OPTIONS,
    "name": {"type": "str", "default": "copy"},
    "retention_days": {"type": "int"},
}


def main() -> None:
    copy_snapshots(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), CbsCloud)


if __name__ == "__main__":
    main()
