#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_snapshot_copy
short_description: Copy snapshots of Alibaba Cloud ECS disks to other regions
version_added: 1.0.0
description:
  - Copies many snapshots of ECS disks to many regions in one task.
  - Uses an existing copy instead of making another one, no matter who made it, if the cloud records its source.
  - Alibaba Cloud allows one unfinished copy per disk and destination region. So snapshots of one disk are copied one
    after the other, the oldest first, while other disks continue.
  - A copy of an encrypted source is always encrypted, even with O(encrypted=false).
  - A key belongs to one region, so O(kms_key_id) allows only one destination. Existing copies are compared by the key's
    ID, which is the last part of an ARN; an alias is not compared.
  - Tag keys that differ only in case are one key.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  name:
    description:
      - Name of each copy. 2 to 128 characters; a letter first, then letters, digits, and C(:) C(_) C(.) C(-).
    default: copy-of-{snapshot_id}
  lock_days:
    description:
      - Lock copies for this many days, counted from the moment of locking; 1 to 36500, and no more than
        O(retention_days). For each source and region the module locks one copy, the one in RV(copies), once it is
        complete. It locks only a copy that this collection made and that has no lock. The module does not try to delete
        a locked copy, and never changes or removes a lock.
      - B(Nobody) can end a lock of ECS early, not even right after it was set. Run in check mode first.
    type: int
  lock_mode:
    description:
      - The mode of the lock. ECS has only this one.
    type: str
    choices: [compliance]
    default: compliance
extends_documentation_fragment:
  - multicloud.snapshots._copy
  - multicloud.snapshots._copy.source
  - multicloud.snapshots._copy.destinations
  - multicloud.snapshots._copy.retention
  - multicloud.snapshots._copy.encryption
  - multicloud.snapshots._copy.description
  - multicloud.snapshots._copy.tags
  - multicloud.snapshots._copy.attributes
  - multicloud.snapshots._alibaba
requirements:
  - python >= 3.10
  - aliyun-python-sdk-ecs >= 4.24.83
  - aliyun-python-sdk-core >= 2.14.0
  - alibabacloud_credentials >= 1.0.9, for credentials other than a key pair or a token
seealso:
  - module: multicloud.snapshots.ecs_snapshot_info
"""

EXAMPLES = r"""
- name: Copy one snapshot to a second region and wait until it is complete
  multicloud.snapshots.ecs_snapshot_copy:
    snapshot_id: s-bp1aa11bb22cc33dd44
    source_region: cn-hangzhou
    destination_regions: cn-beijing
    wait: true

- name: Copy several snapshots to two regions, kept for 30 days there
  multicloud.snapshots.ecs_snapshot_copy:
    snapshot_ids:
      - s-bp1aa11bb22cc33dd44
      - s-bp1bb22cc33dd44ee55
    source_region: cn-hangzhou
    destination_regions: [cn-shanghai, cn-shenzhen]
    name: "dr-{snapshot_id}"
    retention_days: 30
    tags:
      purpose: disaster-recovery
    wait: true

- name: Delete the copies of a snapshot
  multicloud.snapshots.ecs_snapshot_copy:
    snapshot_id: s-bp1bb22cc33dd44ee55
    source_region: cn-hangzhou
    destination_region: cn-shenzhen
    state: absent
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
      sample: s-bp1aa11bb22cc33dd44
    source_region:
      description: Region of the source.
      type: str
      sample: cn-hangzhou
    region:
      description: Region of the copy.
      type: str
      sample: cn-beijing
    snapshot_id:
      description: ID of the copy; null if there is none.
      type: str
      sample: s-2zeff99ee88dd77cc66
    action:
      description: >-
        What the run did. V(none): the run changed nothing. The copy was complete or could not be started; with
        O(state=absent), it did not exist or was kept. V(adopted): it used a copy in progress that another run or a
        person had started. V(created): it started a copy. V(replaced): it started a copy in place of a failed or
        mismatched one. V(updated): it changed the tags or lock of a copy. V(deleted): it deleted the copy.
      type: str
      sample: created
    state:
      description: One of V(pending), V(completed), V(error), V(absent), and in check mode V(planned).
      type: str
      sample: completed
    provider_state:
      description: The cloud's own name for the state.
      type: str
      sample: completed
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
      sample: true
    created_at:
      description: When the copy was started, ISO 8601 in UTC; null until the cloud shows it.
      type: str
      sample: "2026-11-21T02:06:37Z"
    locked_until:
      description: >-
        When the lock of the copy ends, ISO 8601 in UTC; null if it has none, or this run did not read it. In check mode
        also the end of the lock that the run would set.
      type: str
      sample: null
    name:
      description: Name of the copy.
      type: str
      sample: copy-of-s-bp1aa11bb22cc33dd44
    description:
      description: Description of the copy.
      type: str
      sample: Copied from s-bp1aa11bb22cc33dd44 in cn-hangzhou
    tags:
      description: Tags of the copy.
      type: dict
      sample: {"dr-copy:source-snapshot-id": "s-bp1aa11bb22cc33dd44", "dr-copy:source-region": "cn-hangzhou"}
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
      sample: s-bp1aa11bb22cc33dd44
    region:
      description: Region of the copy.
      type: str
      sample: cn-beijing
    snapshot_id:
      description: ID of the copy that failed; null if there is none.
      type: str
      sample: null
    kind:
      description: >-
        One of V(refused), V(not_found), V(not_ready), V(failed_copy), V(timeout), V(ambiguous), V(mismatch), V(busy),
        V(credentials), V(connection).
      type: str
      sample: credentials
    code:
      description: The cloud's own code; null if it gave none.
      type: str
      sample: InvalidSecurityToken.Expired
    message:
      description: What was tried, on which ID and region, with the cloud's own message.
      type: str
      sample: "Copying s-bp1aa11bb22cc33dd44 from cn-hangzhou to cn-beijing: Specified SecurityToken is expired."
    request_id:
      description: The cloud's ID of the request. The cloud's support asks for it.
      type: str
      sample: 8ab6b0ae-4b8f-4b2e-9d0c-7f1d8e1f0d11
    hint:
      description: What to do next.
      type: str
      sample: "Check access_key, secret_key and security_token (or the profile), and this machine's clock."
duplicates:
  description: >-
    Other copies of the same source in the same region, with the same encryption and key. A warning names them.
  returned: always
  type: list
  elements: dict
  contains:
    source_snapshot_id:
      description: ID of the source.
      type: str
      sample: s-bp1aa11bb22cc33dd44
    region:
      description: Region of the copy.
      type: str
      sample: cn-beijing
    snapshot_id:
      description: ID of the duplicate.
      type: str
      sample: s-2zeee88dd77cc66bb55
deleted_ids:
  description: >-
    IDs of all copies that this run deleted; in check mode, of those that it would delete. They include copies that
    this run made and then deleted, because another run had started an earlier copy.
  returned: always
  type: list
  elements: str
  sample: [s-2zeee88dd77cc66bb55]
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
  sample: {"CopySnapshot": 3, "DescribeSnapshots": 4}
snapshot_id:
  description: ID of the copy, if exactly one was requested.
  returned: when one source and one destination are given
  type: str
  sample: s-2zeff99ee88dd77cc66
diff:
  description: The copies that change, before and after.
  returned: with C(--diff)
  type: dict
  sample: {"before": {"copies": []}, "after": {"copies": []}}
"""


from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.client import CONNECTION_OPTIONS
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs import EcsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.copying import copy_snapshots
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import (
    COPY_OPTIONS,
    DESCRIPTION_OPTION,
    TAG_OPTIONS,
)

OPTIONS = {
    **COPY_OPTIONS,
    **DESCRIPTION_OPTION,
    **TAG_OPTIONS,
    **CONNECTION_OPTIONS,
    "name": {"type": "str", "default": "copy-of-{snapshot_id}"},
    "encrypted": {"type": "bool", "default": False},
    "kms_key_id": {"type": "str", "no_log": False},
    "retention_days": {"type": "int"},
    "lock_days": {"type": "int"},
    "lock_mode": {"type": "str", "choices": ["compliance"], "default": "compliance"},
}


def main() -> None:
    copy_snapshots(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), EcsCloud)


if __name__ == "__main__":
    main()
