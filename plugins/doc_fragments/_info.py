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
  latest:
    description:
      - Only each disk's newest completed snapshot that is no copy.
    type: bool
    default: false
  copies_from:
    description:
      - Only copies of snapshots in these regions.
    type: list
    elements: str
notes:
  - All filters that are given must match.
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
