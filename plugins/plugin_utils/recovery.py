# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as a snapshot to copy and as a recovery point. Pure functions on rows of the info modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

Row = Mapping[str, Any]

#: Why a snapshot was chosen or left out; nothing else stands in a plan's ``reason``.
CHOSEN_NEWEST = "newest"
CHOSEN_ALL = "all are selected"
NOT_NEWEST = "not the newest"
STALE = "stale"
UNFINISHED = "unfinished"
FAILED = "failed"
IS_A_COPY = "is a copy"
ALREADY_THERE = "a newer recovery point is already there"
NO_SNAPSHOT = "no snapshot"
REASONS = (CHOSEN_NEWEST, CHOSEN_ALL, NOT_NEWEST, STALE, UNFINISHED, FAILED, IS_A_COPY, ALREADY_THERE, NO_SNAPSHOT)


def moment_of(text: str | None) -> datetime | None:
    """Read an ISO 8601 text as an aware datetime; without a zone it is UTC, a bad one is None."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def age_in_hours(created_at: str | None, now: str | None) -> float | None:
    """Return the age in hours, with two decimals, or None where the time is unknown."""
    created = moment_of(created_at)
    if created is None:
        return None
    current = moment_of(now) or datetime.now(timezone.utc)
    return round((current - created).total_seconds() / 3600, 2)


def copy_plan(
    snapshots: Sequence[Row],
    disks: Sequence[Row],
    copies: Sequence[Row],
    destination_regions: Sequence[str],
    select: str = "latest",
    max_snapshot_age_hours: float = 0,
    now: str | None = None,
) -> list[dict[str, Any]]:
    """Say which snapshots of the disks are to be copied where, and why others are not.

    With ``select`` "latest" each disk's newest complete snapshot that is no copy, with "all" every one.
    ``max_snapshot_age_hours`` of 0 takes snapshots of any age. Raises ValueError for another ``select``.
    """
    if select not in ("latest", "all"):
        raise ValueError(f"select must be latest or all, not {select!r}")
    rows = []
    for disk in disks:
        own = sorted((s for s in snapshots if _disk_of(s) == disk["disk_id"]), key=_age_key, reverse=True)
        verdicts = _verdicts(own, select, max_snapshot_age_hours, now)
        for region in destination_regions:
            newest_there = _newest_source_time(copies, disk["disk_id"], region)
            for snapshot, reason in verdicts:
                if reason == CHOSEN_NEWEST and newest_there and str(snapshot["created_at"]) < newest_there:
                    reason = ALREADY_THERE
                rows.append(_plan_row(disk, region, snapshot, reason, now))
            if not any(reason in (CHOSEN_NEWEST, CHOSEN_ALL, STALE) for _s, reason in verdicts):
                rows.append(_plan_row(disk, region, None, NO_SNAPSHOT, now))
    return rows


def _verdicts(own: Sequence[Row], select: str, oldest: float, now: str | None) -> list[tuple[Row, str]]:
    """Judge a disk's snapshots, newest first. With "latest" those older than the newest usable are not mentioned."""
    verdicts: list[tuple[Row, str]] = []
    for snapshot in own:
        reason = _unusable(snapshot)
        if reason is None:
            age = age_in_hours(snapshot["created_at"], now)
            stale = bool(oldest) and (age is None or age > oldest)
            reason = STALE if stale else CHOSEN_NEWEST if select == "latest" else CHOSEN_ALL
        verdicts.append((snapshot, reason))
        if select == "latest" and reason in (CHOSEN_NEWEST, STALE):
            break
    return verdicts


def _unusable(snapshot: Row) -> str | None:
    if snapshot.get("source"):
        return IS_A_COPY
    return {"completed": None, "pending": UNFINISHED}.get(snapshot["state"], FAILED)


def _disk_of(snapshot: Row) -> str | None:
    """Return the disk that a snapshot, or the source of a copy, was taken of."""
    source = snapshot.get("source") or {}
    disk = snapshot.get("disk_id") or source.get("disk_id")
    return None if disk is None else str(disk)


def _age_key(snapshot: Row) -> tuple[str, str]:
    return (str(snapshot["created_at"]), str(snapshot["snapshot_id"]))


def _newest_source_time(copies: Sequence[Row], disk_id: str, region: str) -> str | None:
    times = [
        str(c["source"]["created_at"])
        for c in copies
        if c.get("source")
        and c["state"] == "completed"
        and c["region"] == region
        and _disk_of(c) == disk_id
        and c["source"]["created_at"]
    ]
    return max(times, default=None)


def _plan_row(disk: Row, region: str, snapshot: Row | None, reason: str, now: str | None) -> dict[str, Any]:
    return {
        "disk_id": disk["disk_id"],
        "disk_name": disk["name"],
        "region": region,
        "snapshot_id": snapshot["snapshot_id"] if snapshot else None,
        "source_created_at": snapshot["created_at"] if snapshot else None,
        "age_hours": age_in_hours(snapshot["created_at"], now) if snapshot else None,
        "chosen": reason in (CHOSEN_NEWEST, CHOSEN_ALL),
        "reason": reason,
    }


def recovery_points(
    disks: Sequence[Row],
    copies: Sequence[Row],
    destination_regions: Sequence[str],
    rpo_hours: float = 0,
    now: str | None = None,
) -> list[dict[str, Any]]:
    """Return each disk's newest complete copy in each destination; disks without one are included.

    The age goes by when the source was taken. ``within_rpo`` is None where ``rpo_hours`` is 0.
    """
    rows = []
    for disk in disks:
        for region in destination_regions:
            own = [c for c in copies if c.get("source") and c["region"] == region and _disk_of(c) == disk["disk_id"]]
            complete = [c for c in own if c["state"] == "completed" and c["source"]["created_at"]]
            newest = max(complete, key=lambda c: (str(c["source"]["created_at"]), str(c["snapshot_id"])), default=None)
            rows.append(_recovery_row(disk, region, newest, own, rpo_hours, now))
    return rows


def _recovery_row(
    disk: Row, region: str, newest: Row | None, own: Sequence[Row], rpo_hours: float, now: str | None
) -> dict[str, Any]:
    source = newest["source"] if newest else {}
    age = age_in_hours(source.get("created_at"), now)
    pending = any(c["state"] == "pending" for c in own)
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


def with_known_sources(copies: Sequence[Row], snapshots: Sequence[Row]) -> list[dict[str, Any]]:
    """Fill in disk and time of copies that tell only their source's ID, from sources that were read."""
    sources = {str(s["snapshot_id"]): s for s in snapshots}
    filled = []
    for copy in copies:
        told = dict(copy["source"]) if copy.get("source") else None
        read = sources.get(str(told["snapshot_id"])) if told else None
        if told and read:
            told["disk_id"] = told["disk_id"] or read["disk_id"]
            told["created_at"] = told["created_at"] or read["created_at"]
        filled.append({**copy, "source": told})
    return filled
