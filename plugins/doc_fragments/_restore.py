# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of all restore modules; options that only some clouds have are in sections of their own."""

    DOCUMENTATION = r"""
options:
  snapshot_ids:
    description:
      - IDs of the snapshots to create disks from. A single ID works as well.
      - An empty list does nothing, and is not an error. Repeated IDs count once.
    type: list
    elements: str
    required: true
    aliases: [snapshot_id]
  restore_id:
    description:
      - Name of this restore. It has 1 to 48 letters, digits, and C(. _ -), and starts with a letter or digit.
      - A second run with the same name finds the disks of the first, even if that one failed. A run with another name
        creates other disks.
    type: str
    required: true
  state:
    description:
      - V(present) creates the disks that are missing.
      - V(absent) first detaches the disks that this collection attached to the instance in the option C(attach_to).
        Then it deletes the unattached disks that this collection made from these snapshots with this O(restore_id). It
        keeps attached disks, and RV(failures) names them.
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
      - Size of each disk in GiB, at least that of its snapshot. The default is the size of the snapshot.
    type: int
  encrypted:
    description:
      - Encrypt the disks. Without O(kms_key_id) the cloud uses its default key for the account in that region. A disk
        created from an encrypted snapshot is always encrypted.
    type: bool
    default: false
  kms_key_id:
    description:
      - KMS key for the disks, in the same region; needs O(encrypted=true).
    type: str
  tags:
    description:
      - Tags for the disks, set when a disk is created. On an existing disk the module changes only the tags
        C(dr-restore:expires-at) (see O(expires_after_hours)) and C(dr-restore:attached-to) (see the option
        C(attach_to)).
      - Every disk also gets the tags C(dr-restore:id) and C(dr-restore:snapshot-id). Later runs recognize the disk by
        these tags. With O(expires_after_hours) it also gets C(dr-restore:expires-at).
    type: dict
  expires_after_hours:
    description:
      - Hours from now after which the playbook C(dr_drill) may delete the disk. The module writes that time into the
        tag C(dr-restore:expires-at). V(0) writes no time. A drill never deletes a disk without such a time.
      - If an existing disk has such a time, V(0) removes it. A new time replaces it only if the new time is at least
        one hour later. A run never adds a time to an existing disk that has none.
    type: int
    default: 0
  max_in_flight:
    description:
      - How many disks of this run may be in progress at once. The run respects the cloud's limits, so a higher number
        does no harm.
    type: int
    default: 20
  wait:
    description:
      - V(false) returns when the cloud has accepted every disk.
      - V(true) returns when every disk is available; with O(state=absent), when every disk is gone.
      - If two runs with V(true) create a disk from the same snapshot at the same time, the run that created the later
        disk deletes it.
    type: bool
    default: false
  wait_timeout:
    description:
      - Maximum time for the whole task in seconds, including the time spent waiting for the cloud's limits; at least 1.
      - After that the task fails, and the cloud continues to create the disks. The next run adopts them.
    type: int
    default: 3600
  wait_delay:
    description:
      - Longest pause between two polls, in seconds. The pauses are shorter at first.
    type: int
    default: 15
notes:
  - All calls go to O(region). The module never calls the region that the snapshots came from, so a restore works while
    that region is down.
  - A second run creates no disk, and returns the same IDs with RV(ignore:changed=false). If the response to a call is
    lost, the module looks for the disk before it calls again. If the cloud shows that disk too late, a second one is
    possible. The module then warns, and names it.
  - If an existing disk of this O(restore_id) does not match the request (another zone, type or key, smaller, or
    not encrypted), that is a failure of the kind V(mismatch). The module does not create another disk.
  - Before it creates a disk, the module checks all options, including against the zones, types, sizes and snapshots
    that the cloud reports. One message lists all problems.
  - While it runs, a task shows its progress on stderr every 30 seconds, and when a new phase begins. It shows none over
    SSH, as another user, in check mode, with C(async) or with O(ignore:no_log). To turn it off, set the variable
    C(snapshot_copy_progress=false).
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
      - ID of an instance in O(region) and O(zone). O(state=present) attaches each disk to it. With O(wait=true) it
        waits until the disks are available and attached; with O(wait=false) it attaches only disks that are already
        available. If a disk is attached to another instance, the task fails and names the instance. The module never
        detaches that disk.
      - The disks get the tag C(dr-restore:attached-to) with this ID.
      - O(state=absent) detaches the disks that have this tag and are attached to this instance, waits until they are
        detached, and deletes them. Unmount them first. The module forces nothing.
    type: str
  device:
    description:
      - Name of the device, as the cloud names it. Use this option only with a single snapshot. The default is the
        first free device.
      - Tencent Cloud accepts no device name, so the module refuses this option there.
    type: str
"""

    ZONE = r"""
options:
  zone:
    description:
      - Zone of the disks. Required with O(state=present). O(state=absent) deletes in all zones.
    type: str
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
    details:
      - Makes the same reads and decisions as a real run, and shows what it would make.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: full
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
"""
