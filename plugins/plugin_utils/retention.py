# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as a snapshot to copy, as a copy and as a recovery point: the one understanding that all filters share.

Rows are dicts as the info modules return them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

Row = Mapping[str, Any]

#: A copy with this tag, whatever its value, is never deleted by retention (interface, section 4).
HOLD = "dr-copy:hold"


class Rank(NamedTuple):
    """Where a snapshot stands among those of its disk: by when it was taken, then by its ID."""

    taken: datetime
    snapshot_id: str


class Point(NamedTuple):
    """A recovery point: what one source is restored from in one region, be it one copy or several."""

    rank: Rank
    copies: tuple[Row, ...]


def moment_of(text: str | None) -> datetime | None:
    """Read an ISO 8601 text as an aware datetime; without a zone it is UTC, a bad one is None."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def present(now: str | None) -> datetime:
    """Return the time to reckon from. Raises ValueError for a text that is no time."""
    moment = moment_of(now) if now else datetime.now(timezone.utc)
    if moment is None:
        raise ValueError(f"now must be an ISO 8601 time, not {now!r}")
    return moment


def age_in_hours(created_at: str | None, now: datetime) -> float | None:
    """Return the age in hours, with two decimals, or None where the time is unknown."""
    created = moment_of(created_at)
    return None if created is None else round((now - created) / timedelta(hours=1), 2)


def is_complete(snapshot: Row) -> bool:
    return bool(snapshot["state"] == "completed")


def disk_of(snapshot: Row) -> str | None:
    """Return the disk that a snapshot, or the source of a copy, was taken of."""
    source = snapshot.get("source") or {}
    disk = source.get("disk_id") or snapshot.get("disk_id")
    return None if disk is None else str(disk)


def rank_of(snapshot: Row) -> Rank | None:
    """Rank a snapshot, or for a copy its source; None where the time is unknown."""
    told = snapshot.get("source") or {"created_at": snapshot.get("created_at"), "snapshot_id": snapshot["snapshot_id"]}
    taken = moment_of(told["created_at"])
    return None if taken is None else Rank(taken, str(told["snapshot_id"]))


def counts(copy: Row) -> bool:
    """Whether retention looks at a copy at all: complete, made by this collection, not held, disk and time known."""
    source = copy.get("source") or {}
    held = HOLD in (copy.get("tags") or {})
    return bool(source.get("managed") and source.get("disk_id") and is_complete(copy) and rank_of(copy) and not held)


def points_of(copies: Iterable[Row]) -> dict[tuple[str, str], list[Point]]:
    """Return the recovery points of each disk and region out of the copies that count, newest first.

    Where copies of one source tell different times, the youngest holds: so the point is kept longer.
    """
    found: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for copy in copies:
        if counts(copy):
            place = (str(copy["source"]["disk_id"]), str(copy["region"]))
            found.setdefault(place, {}).setdefault(str(copy["source"]["snapshot_id"]), []).append(copy)
    return {
        place: sorted((_point(of_source) for of_source in by_source.values()), reverse=True, key=lambda p: p.rank)
        for place, by_source in found.items()
    }


def _point(copies: Sequence[Row]) -> Point:
    newest = max(rank for rank in map(rank_of, copies) if rank)
    return Point(newest, tuple(sorted(copies, key=lambda c: str(c["snapshot_id"]))))


class Retention(NamedTuple):
    """Which recovery points may go: those that every limit that is set lets go, and never the newest."""

    keep: int
    keep_days: float
    now: datetime

    @classmethod
    def checked(cls, keep: Any, keep_days: Any, now: datetime) -> Retention:
        """Raises ValueError for limits that are no numbers from 0."""
        most, days = int(keep), float(keep_days)
        if most != float(keep) or most < 0 or not 0 <= days < float("inf"):
            raise ValueError(f"keep and keep_days must be numbers from 0, not {keep!r} and {keep_days!r}")
        return cls(most, days, now)

    @property
    def is_set(self) -> bool:
        return bool(self.keep or self.keep_days)

    def lets_go(self, place: int, rank: Rank) -> bool:
        """Whether the recovery point at ``place``, counted from 0 for the newest, may go."""
        if not self.is_set or place == 0 or (self.keep and place < self.keep):
            return False
        return not self.keep_days or (self.now - rank.taken) / timedelta(days=1) > self.keep_days


def expired_copies(
    copies: Iterable[Row], keep: int = 0, keep_days: float = 0, now: str | None = None
) -> list[dict[str, Any]]:
    """Return the copies that may go, those of the oldest sources first. Raises ValueError for bad limits.

    ``keep`` counts recovery points of a disk in a region, ``keep_days`` is days since the source was taken; what is 0
    does not limit, and with both 0 nothing goes.
    """
    retention = Retention.checked(keep, keep_days, present(now))
    going = [
        (point.rank, copy)
        for points in points_of(copies).values()
        for place, point in enumerate(points)
        if retention.lets_go(place, point.rank)
        for copy in point.copies
    ]
    going.sort(key=lambda pair: (pair[0], str(pair[1]["region"]), str(pair[1]["snapshot_id"])))
    return [dict(copy) for _rank, copy in going]
