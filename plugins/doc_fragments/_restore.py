# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of all restore modules; those that only some clouds have stand apart."""

    DOCUMENTATION = r"""
options:
  snapshot_ids:
    description:
      - IDs of the snapshots that the disks are made of. A single ID works as well.
      - An empty list is no error and does nothing. An ID that is given twice counts once.
    type: list
    elements: str
    required: true
    aliases: [snapshot_id]
  restore_id:
    description:
      - The name of this restore, of 1 to 48 letters, digits, and C(. _ -), a letter or digit first.
      - A second run with it finds its disks, whatever became of the first; another name makes other disks.
    type: str
    required: true
  state:
    description:
      - V(present) makes the disks that are missing.
      - V(absent) deletes the disks of this O(restore_id) that were made of these snapshots by this collection, and that
        are attached to nothing. A disk that is attached is left and named in RV(failures), unless this collection has
        attached it to the instance that the option C(attach_to) names.
    type: str
    choices: [present, absent]
    default: present
  disk_ids:
    description:
      - Delete only these disks.
      - Only with O(state=absent).
    type: list
    elements: str
  size_gib:
    description:
      - Size of each disk in GiB, at least its snapshot's. Without it each disk is as large as its snapshot.
    type: int
  encrypted:
    description:
      - Encrypt the disks. One of an encrypted snapshot is encrypted in any case.
    type: bool
    default: false
  kms_key_id:
    description:
      - KMS key of the region for the disks; needs O(encrypted=true).
    type: str
  tags:
    description:
      - Tags of the disks, given when a disk is made. Those of an existing disk are never changed, except
        C(dr-restore:expires-at), see O(expires_after_hours), and C(dr-restore:attached-to), which the option
        C(attach_to) sets.
      - Every disk gets the tags C(dr-restore:id) and C(dr-restore:snapshot-id), by which later runs know it, and with
        O(expires_after_hours) C(dr-restore:expires-at).
    type: dict
  expires_after_hours:
    description:
      - Write a time, so many hours from now, into the tag C(dr-restore:expires-at), after which the playbook of drills
        may delete the disk. Nothing else deletes it. V(0) writes none.
      - A run that finds a disk with such a time takes it off with V(0), and moves it on where the new one is an hour or
        more later. It never moves it nearer, and gives none to a disk that has none.
    type: int
    default: 0
  max_in_flight:
    description:
      - How many disks of this run may be in the making at once. What the cloud allows is followed, so a number above
        its limit does no harm.
    type: int
    default: 20
  wait:
    description:
      - V(false) returns when the cloud has accepted every disk.
      - V(true) returns when every disk is available; with O(state=absent), when every disk is gone.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds for the whole call, the time spent waiting for the cloud's limits included; at least 1.
      - When they are over the task fails, and the disks go on being made in the cloud. The next run adopts them.
    type: int
    default: 3600
  wait_delay:
    description:
      - Longest pause between two polls, in seconds. While disks are young the pauses are shorter.
    type: int
    default: 15
notes:
  - All calls go to O(region). Where the snapshots came from is never asked, so a restore works while that region is
    down.
  - A second run makes no disk, and returns the same IDs with RV(ignore:changed=false). A call whose answer is lost is
    looked for before it is made again, so that no second disk is made.
  - A disk of this O(restore_id) that does not fit what is asked (another zone, another type, smaller, not encrypted) is
    a failure of the kind V(mismatch); no other disk is made beside it.
  - What is wrong with the options is reported in one message before anything is made. That takes in what the cloud says
    of its zones, types and sizes, and of the snapshots.
"""

    REGION = r"""
options:
  region:
    description:
      - Region of the snapshots and of the disks.
    type: str
    required: true
"""

    ATTACH = r"""
options:
  attach_to:
    description:
      - ID of an instance in O(region) and O(zone). V(present) attaches each disk to it, once the disk is available, and
        with O(wait=true) waits until it is attached. With O(wait=false) only disks that are available already are
        attached. A disk that is attached to another instance is a failure that names it; it is never detached.
      - The disks get the tag C(dr-restore:attached-to) with this ID.
      - O(state=absent) detaches the disks that have this tag and are attached to this very instance, waits until they
        are free, and deletes them. Unmount them first. Nothing is forced.
    type: str
  device:
    description:
      - The cloud's name for the device, for a single disk. The default is the first free one.
      - Tencent Cloud takes none, so there it is refused.
    type: str
"""

    ZONE = r"""
options:
  zone:
    description:
      - Zone of the disks. Needed with O(state=present); O(state=absent) deletes in all zones.
    type: str
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
    details:
      - Takes the same decisions as a real run, by the same reads, and shows what would be made.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: full
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
"""
