# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which part of the disks belongs to a shard."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping


def parse_shard(shard: str) -> tuple[int, int]:
    """Parse ``2/8`` as the second of eight parts; an empty string means all disks. Raises ValueError."""
    if not shard:
        return 1, 1
    match = re.fullmatch(r"\s*([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*", shard)
    part, parts = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= part <= parts:
        raise ValueError(f"must be a part and the number of parts (example: 2/8), not {shard!r}")
    return part, parts


def is_first_shard(shard: str) -> bool:
    """Whether a part is the first one, which also covers what belongs to no part. All disks are one part."""
    return parse_shard(shard)[0] == 1


def is_in_shard(disk_id: str | None, shard: str) -> bool:
    """Whether a disk belongs to a part, by a hash of its ID, so that all runs divide in the same way."""
    part, parts = parse_shard(shard)
    number = int.from_bytes(hashlib.sha256(str(disk_id or "").encode()).digest()[:8], "big")
    return number % parts == part - 1


def disks_in_shard(groups: Mapping[str, str | None], shard: str) -> frozenset[str]:
    """Return the disks of a part. ``groups`` has the group of each disk by ID; None or empty if it has none.

    Disks of one group are in one part, that of the first of them, so that their sets are not torn.
    """
    first: dict[str, str] = {}
    for disk_id in sorted(groups):
        if group := groups[disk_id]:
            first.setdefault(group, disk_id)
    return frozenset(
        disk_id for disk_id, group in groups.items() if is_in_shard(first.get(group or "", disk_id), shard)
    )
