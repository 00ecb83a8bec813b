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
      - Only disks that bear all these tags, and their snapshots. The value V(*) means any value.
    type: dict
  disk_ids:
    description:
      - Only these disks, and their snapshots.
    type: list
    elements: str
  snapshot_ids:
    description:
      - Only these snapshots.
    type: list
    elements: str
    aliases: [snapshot_id]
  latest:
    description:
      - Only each disk's newest completed snapshot that is not a copy.
    type: bool
    default: false
  copies_from:
    description:
      - Only copies of snapshots in these regions, and managed copies whose source's region is unknown. Disks are then
        listed only if O(disk_tags) or O(disk_ids) select some.
    type: list
    elements: str
  source_disk_ids:
    description:
      - Only copies of snapshots of these disks, and copies whose source disk is unknown. Disks are listed as with
        O(copies_from).
      - On EBS, a copy whose tags name its source but not the disk is left out, since AWS cannot search for it.
    type: list
    elements: str
  shard:
    description:
      - Only snapshots of this part of the disks, such as V(2/8) for the second of eight. The disks themselves are
        listed whole.
      - Needs O(disk_tags) or O(disk_ids).
    type: str
  other_disks:
    description:
      - Return in RV(other_disks) the region's disks that O(disk_tags) and O(disk_ids) leave out. All disks of the
        region are then listed.
    type: bool
    default: false
  sets:
    description:
      - Return in RV(snapshots[].set) which set of snapshots, one of each disk of a server, a snapshot was taken in, as
        far as the cloud tells it. On ECS and CBS this takes one listing more, and only where two of the listed disks
        may be of one server. On EBS the snapshots themselves tell it. ENS tells nothing.
      - If the groups cannot be listed, for example because a permission is missing, a warning says so, and no set is
        known. Nothing then counts as consistent.
      - A set that has two snapshots of one disk is not used. A warning names it.
    type: bool
    default: false
    version_added: 1.0.0
  group_tag:
    description:
      - Key of a tag of disks. With it, disks that bear one value of it belong together for O(sets=true), instead of
        those of one instance.
    type: str
    version_added: 1.0.0
  packed:
    description:
      - Return the lists as one text, RV(packed), instead. The role P(multicloud.snapshots.dr_copy#role) uses it, since
        Ansible takes minutes to hand on the rows of a large account.
      - The text is JSON, compressed by zlib, in Base64. Its form may change without notice.
    type: bool
    default: false
  also:
    description:
      - Further queries with the same connection. Their answers are in RV(also), in the same order. A query that fails
        has C(failures) there, and fails no other.
      - Each entry has C(region), and may have C(snapshot_ids), C(copies_from) and C(source_disk_ids), which mean what
        the options of these names mean.
      - The role P(multicloud.snapshots.dr_copy#role) reads the source region and its destinations by one task.
    type: list
    elements: dict
    version_added: 1.0.0
notes:
  - All filters that are given must match. If the cloud has such filters, the module requests only what matches.
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
      - Region to look at.
    type: str
    required: true
"""
