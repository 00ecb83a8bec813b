#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_snapshot_info
short_description: List Alibaba Cloud ECS disks by tag, and their snapshots and copies
version_added: 1.0.0
description:
  - Lists disks and snapshots of one region, in the form that the info modules of all clouds share.
  - Shows the source of each copy, as the cloud or the tags of the copy record it.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
extends_documentation_fragment:
  - multicloud.snapshots._info
  - multicloud.snapshots._info.region
  - multicloud.snapshots._alibaba
requirements:
  - python >= 3.10
  - aliyun-python-sdk-ecs >= 4.24.83
  - aliyun-python-sdk-core >= 2.14.0
  - alibabacloud_credentials >= 1.0.9, for credentials other than a key pair or a token
seealso:
  - module: multicloud.snapshots.ecs_snapshot_copy
"""

EXAMPLES = r"""
- name: Find the newest snapshot of every disk with the tag dr-copy
  multicloud.snapshots.ecs_snapshot_info:
    region: cn-hangzhou
    disk_tags:
      dr-copy: "*"
    latest: true
  register: newest

- name: List the copies that came from another region
  multicloud.snapshots.ecs_snapshot_info:
    region: cn-beijing
    copies_from: [cn-hangzhou]
"""

RETURN = r"""
disks:
  description: Disks, sorted by their ID.
  returned: if not O(packed=true)
  type: list
  elements: dict
  contains:
    disk_id:
      description: ID of the disk.
      type: str
      sample: d-bp1aa11bb22cc33dd44
    name:
      description: Name of the disk; empty if it has none.
      type: str
      sample: database
    size_gib:
      description: Size, in GiB.
      type: int
      sample: 100
    tags:
      description: Tags of the disk.
      type: dict
      sample: {"dr-copy": "true"}
    attached_to:
      description: ID of the instance that the disk is attached to; null if the disk is not attached.
      type: str
      sample: i-bp1aa11bb22cc33dd44
    device:
      description: Name of the device on the instance; null if it is not attached, or the cloud does not show it.
      type: str
      sample: /dev/xvdb
    region:
      description: Region of the disk.
      type: str
      sample: cn-hangzhou
    encrypted:
      description: Whether the disk is encrypted.
      type: bool
      sample: false
other_disks:
  description: Disks of the region, or of O(disk_ids), that O(disk_tags) does not select. The same form as RV(disks).
  returned: if O(other_disks=true) and not O(packed=true)
  type: list
  elements: dict
  sample: []
snapshots:
  description: Snapshots and copies that the account owns, sorted by RV(snapshots[].created_at), then by their ID.
  returned: if not O(packed=true)
  type: list
  elements: dict
  contains:
    snapshot_id:
      description: ID of the snapshot.
      type: str
      sample: s-bp1aa11bb22cc33dd44
    disk_id:
      description: ID of the disk of the snapshot, or of the copy's source.
      type: str
      sample: d-bp1aa11bb22cc33dd44
    region:
      description: Region of the snapshot.
      type: str
      sample: cn-hangzhou
    state:
      description: One of V(pending), V(completed), V(error).
      type: str
      sample: completed
    provider_state:
      description: The cloud's own name for the state.
      type: str
      sample: completed
    progress:
      description: Percent complete.
      type: int
      sample: 100
    size_gib:
      description: Size of the disk, in GiB.
      type: int
      sample: 100
    encrypted:
      description: Whether the snapshot is encrypted.
      type: bool
      sample: false
    kms_key_id:
      description: Key that encrypts it; null if it is not encrypted, or the cloud does not show the key.
      type: str
      sample: 0a1b2c3d-1111-2222-3333-444455556666
    expires_at:
      description: When the cloud will delete it; null if the cloud keeps it, or does not report the time.
      type: str
      sample: null
    created_at:
      description: When the snapshot was taken, as an ISO 8601 time in UTC.
      type: str
      sample: "2026-11-21T02:06:37Z"
    name:
      description: Name of the snapshot; empty if it has none.
      type: str
      sample: nightly
    description:
      description: Description of the snapshot.
      type: str
      sample: nightly snapshot
    tags:
      description: Tags of the snapshot.
      type: dict
      sample: {"env": "prod"}
    source:
      description: The source of a copy; null for a snapshot that is not a copy.
      type: dict
      contains:
        snapshot_id:
          description: ID of the source.
          type: str
          sample: s-bp1bb22cc33dd44ee55
        region:
          description: Region of the source.
          type: str
          sample: cn-hangzhou
        disk_id:
          description: Disk of the source; null if unknown.
          type: str
          sample: d-bp1aa11bb22cc33dd44
        created_at:
          description: When the source was taken, ISO 8601 in UTC; null if unknown.
          type: str
          sample: "2026-11-20T23:00:00Z"
        managed:
          description: Whether the copy was made by this collection.
          type: bool
          sample: true
    place:
      description: Always null, because only EBS has Outposts and Local Zones.
      type: str
      sample: null
    obstacle:
      description: Why a complete snapshot cannot be copied; null if it can.
      type: str
      sample: null
    locked_until:
      description: >-
        When the lock of a copy of this collection ends, ISO 8601 in UTC; null if it has none.
      type: str
      sample: null
    full_size_bytes:
      description: Always null; only EBS reports it.
      type: int
      sample: null
    completed_at:
      description: Always null; only EBS reports it.
      type: str
      sample: null
    traits:
      description: >-
        Other facts about it. V(locked): its lock shows no end.
      type: list
      elements: str
      sample: []
    set:
      description: >-
        The set that it was taken in, with one snapshot of each disk; null if there is none. For a snapshot that is not
        a copy, this needs O(sets=true); the set is its snapshot-consistent group. For a copy, the tags from the role
        P(multicloud.snapshots.dr_copy#role) show it.
      type: dict
      contains:
        id:
          description: What the members of the set have in common, such as the ID of a group or of an image.
          type: str
          sample: ssg-bp1aa11bb22cc33dd44
        size:
          description: >-
            For a copy, the number of snapshots in the set when it was taken. Otherwise the number that the cloud
            lists.
          type: int
          sample: 2
        consistency:
          description: >-
            V(crash): all snapshots were taken at one moment. V(application): applications had also written everything
            to disk.
            On copies also V(near): taken within a few minutes.
          type: str
          sample: crash
    locked:
      description: Whether it is known to be locked. RV(snapshots[].locked_until) is null if the lock shows no end.
      type: bool
      sample: false
    key:
      description: Always null; only EBS reports keys.
      type: dict
      sample: null
also:
  description: The results of O(also), in the same order, each in the form of this module's result.
  returned: if O(also) is given
  type: list
  elements: dict
  sample: [{"disks": [], "snapshots": [], "account": null}]
packed:
  description: The lists as one text, for the roles of this collection; its form may change.
  returned: if O(packed=true)
  type: str
  sample: eJyrVkrJLM4uVrKKjtVRKs5LLCjOyC8Bc2sBg/MJkg==
invalid_options:
  description: Why options of this query are invalid, one text for each of them.
  returned: if options are invalid
  type: list
  elements: str
  sample: ["region: 'Hangzhou' is not a valid region (example: cn-hangzhou)"]
account:
  description: Always null; only EBS reports it.
  returned: success
  type: str
  sample: null
api_calls:
  description: Number of API calls, by operation.
  returned: always
  type: dict
  sample: {"DescribeSnapshots": 1, "DescribeDisks": 1}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.client import CONNECTION_OPTIONS
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs import EcsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.info_run import show_snapshots
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import INFO_OPTIONS

OPTIONS = {**INFO_OPTIONS, **CONNECTION_OPTIONS, "region": {"type": "str", "required": True}}


def main() -> None:
    show_snapshots(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), EcsCloud)


if __name__ == "__main__":
    main()
