#!/usr/bin/python
# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ebs_snapshot_info
short_description: List EBS volumes by tag, and their snapshots and copies
version_added: 1.0.0
description:
  - Lists volumes and snapshots of one AWS region, in the form that the info modules of all clouds share.
  - Shows the source of each copy, if it is known.
author:
  - multicloud.snapshots contributors (!UNKNOWN)
options:
  set_tag:
    description:
      - Key of a snapshot tag. With O(sets=true), snapshots of one server that share a value of this tag are a set. Give
        each set its own value, such as the time.
      - Snapshots without the tag are a set if their descriptions (C(Created by CreateImage)) name the same image.
    type: str
    version_added: 1.0.0
  check_keys:
    description:
      - Ask KMS for the state of each snapshot's key, once for each key, and return it in RV(snapshots[].key).
      - Needs C(kms:DescribeKey) on the keys. If a key cannot be read, its state is unknown, and the module warns once.
    type: bool
    default: false
    version_added: 1.0.0
extends_documentation_fragment:
  - multicloud.snapshots._info
  - multicloud.snapshots._aws
seealso:
  - module: multicloud.snapshots.ebs_snapshot_copy
"""

EXAMPLES = r"""
- name: Find the newest snapshot of every volume with the tag dr-copy
  multicloud.snapshots.ebs_snapshot_info:
    region: us-east-1
    disk_tags:
      dr-copy: "*"
    latest: true
  register: newest

- name: List the copies that came from another region
  multicloud.snapshots.ebs_snapshot_info:
    region: eu-west-1
    copies_from: [us-east-1]

- name: Find the copies whose key is disabled or pending deletion
  multicloud.snapshots.ebs_snapshot_info:
    region: eu-west-1
    copies_from: [us-east-1]
    check_keys: true
  register: copies

- name: Name them
  ansible.builtin.debug:
    msg: "{{ copies.snapshots | selectattr('key') | selectattr('key.enabled', 'false') }}"
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
      sample: vol-0aa11bb22cc33dd44
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
      sample: i-0aa11bb22cc33dd44
    device:
      description: Name of the device on the instance; null if it is not attached, or the cloud does not show it.
      type: str
      sample: /dev/sdf
    region:
      description: Region of the disk.
      type: str
      sample: us-east-1
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
      sample: snap-0aa11bb22cc33dd44
    disk_id:
      description: ID of its disk; null for a copy, see RV(snapshots[].source.disk_id).
      type: str
      sample: vol-0aa11bb22cc33dd44
    region:
      description: Region of the snapshot.
      type: str
      sample: us-east-1
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
      sample: arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-1111-2222-3333-444455556666
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
          sample: snap-0bb22cc33dd44ee55
        region:
          description: Region of the source.
          type: str
          sample: us-east-1
        disk_id:
          description: Disk of the source; null if unknown.
          type: str
          sample: vol-0aa11bb22cc33dd44
        created_at:
          description: When the source was taken, ISO 8601 in UTC; null if unknown.
          type: str
          sample: "2026-11-20T23:00:00Z"
        managed:
          description: Whether the copy was made by this collection.
          type: bool
          sample: true
    place:
      description: The Outpost or Local Zone that holds it; null for the region itself.
      type: str
      sample: null
    obstacle:
      description: >-
        Why a complete snapshot cannot be copied; null if it can. For an archived copy it says that the copy is
        archived.
      type: str
      sample: null
    locked_until:
      description: >-
        When the lock of a copy of this collection ends, ISO 8601 in UTC; null if it has none.
      type: str
      sample: null
    full_size_bytes:
      description: >-
        Size of all used blocks of the disk in bytes, including those in earlier snapshots; null if AWS does not return
        it.
      type: int
      sample: 5368709120
    completed_at:
      description: When it became complete, ISO 8601 in UTC; null if AWS does not return it.
      type: str
      sample: "2026-11-21T02:16:02Z"
    traits:
      description: >-
        Other facts about the snapshot. V(archived): it is in the archive tier, so it cannot be restored or copied
        now. V(locked): it has a lock whose end the cloud does not show.
      type: list
      elements: str
      sample: []
    set:
      description: >-
        The set that it was taken in, with one snapshot of each disk; null if there is none. For a snapshot that is not
        a copy, this needs O(sets=true); its tag O(set_tag) or its description from CreateImage shows the set. For a
        copy, the tags from the role P(multicloud.snapshots.dr_copy#role) show it.
      type: dict
      contains:
        id:
          description: What the members of the set have in common, such as the ID of a group or of an image.
          type: str
          sample: ami-0aa11bb22cc33dd44
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
      description: >-
        The KMS key of an encrypted snapshot, if O(check_keys=true); else null.
      type: dict
      contains:
        arn:
          description: ARN of the key; null if the snapshot shows none.
          type: str
          sample: arn:aws:kms:eu-west-1:123456789012:key/66666666-7777-8888-9999-000000000000
        state:
          description: State of the key as KMS names it, such as V(Enabled), V(PendingDeletion); null if unknown.
          type: str
          sample: Enabled
        enabled:
          description: >-
            Whether the key can be used; null if unknown. A snapshot whose key is not enabled cannot be restored.
          type: bool
          sample: true
        deletion_date:
          description: When KMS will delete the key, ISO 8601 in UTC; null if it will not.
          type: str
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
  sample: ["region: 'us-esat-1' is not a region that the installed boto3 knows (did you mean us-east-1?)"]
account:
  description: ID of the account that owns the snapshots; null if AWS did not return it.
  returned: success
  type: str
  sample: "123456789012"
api_calls:
  description: Number of API calls, by operation.
  returned: always
  type: dict
  sample: {"DescribeSnapshots": 1, "DescribeVolumes": 1}
"""

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.client import AwsModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs import EbsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.info_run import show_snapshots
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import INFO_OPTIONS

OPTIONS = {**INFO_OPTIONS, "set_tag": {"type": "str"}, "check_keys": {"type": "bool", "default": False}}


def main() -> None:
    show_snapshots(AwsModule(argument_spec=OPTIONS, supports_check_mode=True), EbsCloud)


if __name__ == "__main__":
    main()
