# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of all info modules."""

    DOCUMENTATION = r"""
options:
  disk_tags:
    description:
      - Return only disks that have all of these tags, and their snapshots. The value V(*) means any value.
    type: dict
  disk_ids:
    description:
      - Return only these disks, and their snapshots.
    type: list
    elements: str
  snapshot_ids:
    description:
      - Return only these snapshots.
    type: list
    elements: str
    aliases: [snapshot_id]
  latest:
    description:
      - Return only the newest completed snapshot of each disk, not counting copies.
    type: bool
    default: false
  copies_from:
    description:
      - Return only copies of snapshots in these regions, and managed copies whose source's region is unknown. Disks are
        then listed only if O(disk_tags) or O(disk_ids) is set.
    type: list
    elements: str
  source_disk_ids:
    description:
      - Return only copies of snapshots of these disks, and copies whose source disk is unknown. Disks are listed as
        with O(copies_from).
      - On EBS, a copy whose tags name its source but not the disk is left out, because AWS cannot search for it.
    type: list
    elements: str
  shard:
    description:
      - Return only snapshots of this part of the disks, such as V(2/8) for the second of eight. All disks are listed.
      - Disks of one instance are always in the same part. With O(group_tag), disks that share a value of that tag stay
        together instead.
      - Needs O(disk_tags) or O(disk_ids).
    type: str
  other_disks:
    description:
      - Also return, in RV(other_disks), the disks that O(disk_tags) does not select. For this, the module lists all
        disks of the region. With O(disk_ids) it lists only those disks.
    type: bool
    default: false
  sets:
    description:
      - Return in RV(snapshots[].set) the set that a snapshot was taken in, if the cloud shows it. A set has one
        snapshot of each disk of a server. On ECS and CBS this needs one more listing, but only if two of the listed
        disks may belong to one server. On EBS the snapshots themselves show it. ENS shows no sets.
      - If the groups cannot be listed, for example because a permission is missing, the module warns and returns no
        sets. Nothing then counts as consistent.
      - The module does not use a set that has two snapshots of one disk. A warning names the set.
    type: bool
    default: false
    version_added: 1.0.0
  group_tag:
    description:
      - Key of a disk tag. With O(sets=true), disks that share a value of this tag belong together, instead of the disks
        of one instance.
    type: str
    version_added: 1.0.0
  packed:
    description:
      - Return the lists as one text in RV(packed) instead. The role P(multicloud.snapshots.dr_copy#role) uses this,
        because Ansible takes minutes to pass on the rows of a large account.
      - The text is JSON, compressed with zlib and encoded in Base64. Its form may change without notice.
    type: bool
    default: false
  also:
    description:
      - Run further queries with the same connection. Their results are in RV(also), in the same order. If a query
        fails, its result has C(failures), and the other queries continue.
      - Each entry has C(region), and may have C(snapshot_ids), C(copies_from) and C(source_disk_ids), with the same
        meaning as the options.
      - The role P(multicloud.snapshots.dr_copy#role) uses this to read the source region and its destinations in one
        task.
    type: list
    elements: dict
    version_added: 1.0.0
notes:
  - All given filters must match. If the cloud supports a filter, the module requests only what matches.
attributes:
  check_mode:
    description: Can run in check mode and return the changed status prediction without modifying the target.
    support: full
    details:
      - This module only reads.
  diff_mode:
    description: Returns details on what has changed (or possibly needs changing in check mode), when in diff mode.
    support: N/A
    details:
      - This module only reads.
  idempotent:
    description: When run twice in a row with the same arguments, the second run changes nothing.
    support: full
"""

    REGION = r"""
options:
  region:
    description:
      - Region to read.
    type: str
    required: true
"""
