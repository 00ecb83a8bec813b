# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The newest recovery point of each disk in each destination, compared with the RPO."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped

from ...._role.answers import DiskRow, SnapshotRow
from ...._role.parsing import each_once, number
from ...._role.provenance import with_provenance_problems
from ...._role.row_keys import DiskAt, source_disk_at
from ...._role.rows import counting_key, hours_since, is_archived, is_complete, taken_at, time_or_now
from ..result_type import RecoveryPoint


def recovery_points(
    disks: Sequence[DiskRow],
    copies: Sequence[SnapshotRow],
    destination_regions: Sequence[str],
    rpo_hours: float = 0,
    now: str | None = None,
) -> list[RecoveryPoint]:
    """Return each disk's newest complete copy in each destination; disks without one are included.

    The age in hours counts from the time when the source was taken. ``within_rpo`` is None if ``rpo_hours`` is 0, or if
    it could not be checked; ``unknown`` then says why. A copy with a source time ahead of now is not a recovery point.
    Raises ValueError for a ``now`` that is not a time.
    """
    moment, rpo_hours = time_or_now(now), number("rpo_hours", rpo_hours)
    regions = each_once("destination_regions", destination_regions)
    copies = [copy for copy in with_provenance_problems(copies, (), moment) if not copy.get("provenance_problem")]
    with_source = (copy for copy in copies if copy.get("source"))
    by_disk_and_region = grouped(with_source, source_disk_at)
    return [
        _recovery_row(disk, region, by_disk_and_region.get(DiskAt(str(disk["disk_id"]), region), ()), rpo_hours, moment)
        for disk in disks
        for region in regions
    ]


def _recovery_row(
    disk: DiskRow, region: str, own: Sequence[SnapshotRow], rpo_hours: float, now: datetime
) -> RecoveryPoint:
    complete = sorted((copy for copy in own if is_complete(copy)), key=counting_key)
    # Archived copies cannot be restored now, so the newest copy of the standard tier is judged, if there is one.
    standard = [copy for copy in complete if not is_archived(copy)]
    newest = max(standard or complete, key=_age_key, default=None)
    archived = bool(complete) and not standard
    source = newest["source"] if newest else None
    taken = source["created_at"] if source else None
    age = hours_since(taken, now)
    pending = any(copy["state"] == "pending" for copy in own)
    undated = bool(rpo_hours) and newest is not None and age is None and not archived
    return {
        "disk_id": disk["disk_id"],
        "disk_name": disk["name"],
        "region": region,
        "snapshot_id": (newest["snapshot_id"] or None) if newest else None,
        "source_snapshot_id": source["snapshot_id"] if source else None,
        "source_created_at": taken,
        "locked_until": newest.get("locked_until") if newest else None,
        "age_hours": None if age is None else round(age, 2),
        "state": "archived" if archived else "completed" if newest else "pending" if pending else "absent",
        "within_rpo": _is_within(rpo_hours, age, undated, archived),
        "unknown": f"{newest['snapshot_id']} does not show when its source was taken" if newest and undated else None,
    }


def _is_within(rpo_hours: float, age: float | None, undated: bool, archived: bool) -> bool | None:
    """Whether a recovery point is within the RPO; None if there is none, or if that is unknown.

    An archived copy cannot be restored now, whatever the RPO is (promises: keys).
    """
    if archived:
        return False
    return None if undated or not rpo_hours else age is not None and age <= rpo_hours


def _age_key(copy: SnapshotRow) -> tuple[bool, Any]:
    """Sort by the time when the source was taken; a copy with an unknown source time comes first."""
    taken = taken_at(copy)
    return (taken is not None, taken or ())
