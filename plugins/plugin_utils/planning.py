# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots are to be copied where, and why others are not. Pure functions on rows of the info modules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from .retention import Rank, Retention, Row, age_in_hours, disk_of, is_complete, points_of, present, rank_of

#: Why a snapshot was chosen or left out; nothing else stands in a plan's ``reason``.
NEWEST = "newest"
WITHIN_KEEP = "within keep"
ALL = "all are selected"
STALE = "stale"
UNFINISHED = "unfinished"
FAILED = "failed"
IS_A_COPY = "is a copy"
OBSTACLE = "cannot be copied"
WOULD_GO = "retention would delete it"
THERE = "already there"
NEWER_THERE = "a newer recovery point is already there"
NO_SNAPSHOT = "no snapshot"
CHOSEN = (NEWEST, WITHIN_KEEP, ALL)
#: Reasons of snapshots that could be copied, chosen or not.
USABLE = (*CHOSEN, WOULD_GO, THERE, NEWER_THERE)
REASONS = (*USABLE, STALE, UNFINISHED, FAILED, IS_A_COPY, OBSTACLE, NO_SNAPSHOT)


class There:
    """What is at the destinations, by disk and region."""

    def __init__(self, copies: Sequence[Row]):
        self.complete = {(_source_of(c), str(c["region"])) for c in copies if c.get("source") and is_complete(c)}
        self.newest: dict[tuple[str | None, str], Rank] = {}
        for copy in copies:
            rank = rank_of(copy) if copy.get("source") and is_complete(copy) else None
            place = (disk_of(copy), str(copy["region"]))
            if rank and (place not in self.newest or rank > self.newest[place]):
                self.newest[place] = rank
        self.points = points_of(copies)

    def is_safe(self, disk_id: str, region: str, newest: Rank) -> bool:
        """Whether a complete copy of a disk's newest usable snapshot, or of a newer one, is in the region."""
        there = self.newest.get((disk_id, region))
        return there is not None and there >= newest


def _source_of(copy: Row) -> str:
    return str(copy["source"]["snapshot_id"])


class _Rules:
    def __init__(self, select: str, retention: Retention, retention_days: float, oldest: float):
        if select not in ("latest", "all"):
            raise ValueError(f"select must be latest or all, not {select!r}")
        self.latest = select == "latest"
        self.retention = retention
        self.retention_days = retention_days
        self.oldest = oldest

    def unusable(self, snapshot: Row) -> str | None:
        """Say why a snapshot cannot be copied, or None where it can."""
        if snapshot.get("source"):
            return IS_A_COPY
        if not is_complete(snapshot):
            return UNFINISHED if snapshot["state"] == "pending" else FAILED
        if snapshot.get("obstacle"):
            return OBSTACLE
        age = age_in_hours(snapshot["created_at"], self.retention.now)
        return STALE if age is None or (self.oldest and age > self.oldest) else None

    def deadline_passed(self, rank: Rank) -> bool:
        """Whether the cloud's own deadline would already have taken a copy made when the snapshot was."""
        age = (self.retention.now - rank.taken) / timedelta(days=1)
        return not self.latest and bool(self.retention_days) and age >= self.retention_days


def copy_plan(
    snapshots: Sequence[Row],
    disks: Sequence[Row],
    copies: Sequence[Row],
    destination_regions: Sequence[str],
    select: str = "latest",
    keep: int = 0,
    keep_days: float = 0,
    retention_days: float = 0,
    max_snapshot_age_hours: float = 0,
    now: str | None = None,
) -> list[dict[str, Any]]:
    """Say which snapshots of the disks are to be copied where, and why others are not.

    With ``select`` "latest" each disk's newest complete snapshot that is no copy is considered, with "all" every one.
    What retention would delete there is left out, so that a second run with the same arguments copies nothing.
    ``max_snapshot_age_hours`` of 0 takes snapshots of any age. Raises ValueError for arguments that make no sense.
    """
    moment = present(now)
    rules = _Rules(
        select, Retention.checked(keep, keep_days, moment), float(retention_days), float(max_snapshot_age_hours)
    )
    there = There(copies)
    of_disk: dict[str | None, list[Row]] = {}
    for snapshot in snapshots:
        of_disk.setdefault(disk_of(snapshot), []).append(snapshot)
    rows = []
    for disk in disks:
        own = sorted(of_disk.get(str(disk["disk_id"]), ()), key=_newest_first, reverse=True)
        considered = _considered(own, rules)
        usable = [(snapshot, rank) for snapshot, _why, rank in considered if rank]
        for region in destination_regions:
            reasons = _reasons(str(disk["disk_id"]), region, usable, there, rules)
            for snapshot, why, _rank in considered:
                reason = why or reasons[str(snapshot["snapshot_id"])]
                rows.append(_plan_row(disk, region, snapshot, reason, moment))
            if not usable and not any(why == STALE for _s, why, _rank in considered):
                rows.append(_plan_row(disk, region, None, NO_SNAPSHOT, moment))
    return rows


def _considered(own: Sequence[Row], rules: _Rules) -> list[tuple[Row, str | None, Rank | None]]:
    """Judge a disk's snapshots, newest first: each with why it is unusable, or its rank. After the newest one that could
    be copied, "latest" considers none."""
    judged: list[tuple[Row, str | None, Rank | None]] = []
    for snapshot in own:
        why = rules.unusable(snapshot)
        judged.append((snapshot, why, None if why else rank_of(snapshot)))
        if rules.latest and why in (None, STALE):
            break
    return judged


def _reasons(
    disk_id: str, region: str, usable: Sequence[tuple[Row, Rank]], there: There, rules: _Rules
) -> dict[str, str]:
    """Say for each usable snapshot of a disk, newest first, why it is copied to a region or not.

    Those that are not there yet are ranked together with the recovery points that are: so each is judged as retention
    would judge its copy.
    """
    absent = {rank for snapshot, rank in usable if (str(snapshot["snapshot_id"]), region) not in there.complete}
    ranking = sorted(absent | {point.rank for point in there.points.get((disk_id, region), ())}, reverse=True)
    going = {rank for place, rank in enumerate(ranking) if rules.retention.lets_go(place, rank)}
    reasons = {}
    for snapshot, rank in usable:
        newer_is_there = there.is_safe(disk_id, region, rank)
        if rank not in absent:
            reason = THERE
        elif rank == usable[0][1] and not newer_is_there:
            reason = NEWEST
        elif rules.latest:
            reason = NEWER_THERE
        elif rank in going or rules.deadline_passed(rank):
            reason = WOULD_GO
        else:
            reason = WITHIN_KEEP if rules.retention.is_set else ALL
        reasons[str(snapshot["snapshot_id"])] = reason
    return reasons


def _newest_first(snapshot: Row) -> tuple[bool, str, str]:
    rank = rank_of({**snapshot, "source": None})
    return (rank is not None, rank.taken.isoformat() if rank else "", str(snapshot["snapshot_id"]))


def _plan_row(disk: Row, region: str, snapshot: Row | None, reason: str, now: datetime) -> dict[str, Any]:
    return {
        "disk_id": disk["disk_id"],
        "disk_name": disk["name"],
        "region": region,
        "snapshot_id": snapshot["snapshot_id"] if snapshot else None,
        "source_created_at": snapshot["created_at"] if snapshot else None,
        "age_hours": age_in_hours(snapshot["created_at"], now) if snapshot else None,
        "chosen": reason in CHOSEN,
        "reason": reason,
    }
