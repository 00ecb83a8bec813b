# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The newest recovery point of each disk in each destination, and how it stands to the RPO. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from .retention import Row, age_in_hours, disk_of, is_complete, present, rank_of


def recovery_points(
    disks: Sequence[Row],
    copies: Sequence[Row],
    destination_regions: Sequence[str],
    rpo_hours: float = 0,
    now: str | None = None,
) -> list[dict[str, Any]]:
    """Return each disk's newest complete copy in each destination; disks without one are included.

    The age in hours goes by when the source was taken. ``within_rpo`` is None where ``rpo_hours`` is 0. Raises
    ValueError for a ``now`` that is no time.
    """
    moment, rpo_hours = present(now), float(rpo_hours)
    there: dict[tuple[str | None, str], list[Row]] = {}
    for copy in copies:
        if copy.get("source"):
            there.setdefault((disk_of(copy), str(copy["region"])), []).append(copy)
    return [
        _recovery_row(disk, region, there.get((str(disk["disk_id"]), region), ()), rpo_hours, moment)
        for disk in disks
        for region in destination_regions
    ]


def _recovery_row(disk: Row, region: str, own: Sequence[Row], rpo_hours: float, now: datetime) -> dict[str, Any]:
    complete = [copy for copy in own if is_complete(copy)]
    newest = max(complete, key=_age_key, default=None)
    source = newest["source"] if newest else {}
    age = age_in_hours(source.get("created_at"), now)
    pending = any(copy["state"] == "pending" for copy in own)
    return {
        "disk_id": disk["disk_id"],
        "disk_name": disk["name"],
        "region": region,
        "snapshot_id": newest["snapshot_id"] if newest else None,
        "source_snapshot_id": source.get("snapshot_id"),
        "source_created_at": source.get("created_at"),
        "age_hours": age,
        "state": "completed" if newest else "pending" if pending else "absent",
        "within_rpo": None if not rpo_hours else age is not None and age <= rpo_hours,
    }


def _age_key(copy: Row) -> tuple[bool, Any, str]:
    """Sort by when the source was taken; a copy whose source time is unknown comes before all others."""
    rank = rank_of(copy)
    return (rank is not None, rank or (), str(copy["snapshot_id"]))


def with_known_sources(copies: Sequence[Row], snapshots: Sequence[Row]) -> list[dict[str, Any]]:
    """Fill in disk and time of copies that tell only their source's ID, from sources that were read.

    A copy that needed it no longer counts as managed: retention never goes by what was filled in.
    """
    sources = {str(s["snapshot_id"]): s for s in snapshots}
    filled = []
    for copy in copies:
        told = dict(copy["source"]) if copy.get("source") else None
        read: Mapping[str, Any] | None = sources.get(str(told["snapshot_id"])) if told else None
        if told and read and not (told["disk_id"] and told["created_at"]):
            told["disk_id"] = told["disk_id"] or read["disk_id"]
            told["created_at"] = told["created_at"] or read["created_at"]
            told["managed"] = False
        filled.append({**copy, "source": told})
    return filled
