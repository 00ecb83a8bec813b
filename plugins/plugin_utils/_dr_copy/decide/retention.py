# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copies count as recovery points, and which of them retention keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tag_matching import is_hold

from ..._role.answers import SnapshotRow
from ..._role.calendar import PERIODS, zone_of
from ..._role.marks import is_of_plans
from ..._role.parsing import InvalidValue, as_bool, each_once, number
from ..._role.provenance import with_provenance_problems
from ..._role.row_keys import DiskAt, copy_at
from ..._role.rows import SnapshotTime, is_complete, is_restorable, taken_at, time_or_now
from ..._sets.copies import copies_of
from ..._sets.keeping import kept_by_sets

if TYPE_CHECKING:  # filters load this file but need no variables
    from ..input.variables import Variables


class PointInTime(NamedTuple):
    """A recovery point: one or more copies of one source in one region."""

    taken: SnapshotTime
    copies: tuple[SnapshotRow, ...]

    @property
    def is_restorable(self) -> bool:
        """Whether a disk can be made from one of its copies now."""
        return any(map(is_restorable, self.copies))


def counts_for_retention(copy: SnapshotRow) -> bool:
    """Whether retention considers a copy: it is complete, managed and not held, and its disk and time are known."""
    return counts_for_planning(copy) and not is_locked(copy)


def counts_for_planning(copy: SnapshotRow) -> bool:
    """Whether a copy is sorted with the sources.

    This includes locked copies, because no other copy is made in their place.
    """
    source = copy.get("source")
    if not (source and source.get("managed") and source.get("disk_id")):
        return False
    held = any(map(is_hold, copy.get("tags") or {}))
    return is_complete(copy) and taken_at(copy) is not None and not held


def is_locked(copy: SnapshotRow) -> bool:
    return bool(copy.get("locked") or copy.get("locked_until")) or "locked" in (copy.get("traits") or ())


def points_of(
    copies: Iterable[SnapshotRow], counts: Callable[[SnapshotRow], bool] = counts_for_retention
) -> dict[DiskAt, list[PointInTime]]:
    """Return the recovery points of each disk and region from the copies that count, newest first.

    If copies of one source show different times, the latest one counts, so the point is kept longer.
    """
    found: dict[DiskAt, dict[str, list[SnapshotRow]]] = {}
    for copy in copies:
        source = copy.get("source")
        if source and counts(copy):
            key = DiskAt(str(source["disk_id"]), copy["region"])
            found.setdefault(key, {}).setdefault(source["snapshot_id"], []).append(copy)
    return {
        key: sorted((_point(of_source) for of_source in by_source.values()), reverse=True, key=lambda p: p.taken)
        for key, by_source in found.items()
    }


def _point(copies: Sequence[SnapshotRow]) -> PointInTime:
    newest = max(taken for taken in map(taken_at, copies) if taken)
    return PointInTime(newest, tuple(sorted(copies, key=lambda c: str(c["snapshot_id"]))))


@dataclass(frozen=True)
class Retention:
    """The rules that say which recovery points may be deleted: those that no limit keeps, and never the newest.

    ``counts`` are the limits of ``COUNT_LIMITS`` by their names; ``zone`` is that of the calendar; ``now`` is aware.
    """

    counts: Mapping[str, int]
    keep_days: float
    zone: tzinfo
    now: datetime

    @classmethod
    def parsed(  # the limits of the filters
        cls,
        keep: int,
        keep_days: float,
        keep_daily: int,
        keep_weekly: int,
        keep_monthly: int,
        keep_yearly: int,
        timezone: str,
        now: str | None,
    ) -> Retention:
        """Return the rules for a user's limits. Raises ValueError for counts below 0, and for an unknown time zone."""
        counts = {
            "keep": keep,
            "keep_daily": keep_daily,
            "keep_weekly": keep_weekly,
            "keep_monthly": keep_monthly,
            "keep_yearly": keep_yearly,
        }
        bad = [f"{name} must be a whole number, 0 or more, not {v!r}" for name, v in counts.items() if not _is_count(v)]
        if bad:
            raise ValueError("; ".join(bad))
        days = number("keep_days", keep_days)
        try:
            zone = zone_of(timezone)
        except ValueError as error:
            raise ValueError(f"timezone {error}") from None
        return cls({name: int(float(count)) for name, count in counts.items()}, days, zone, time_or_now(now))

    @property
    def is_set(self) -> bool:
        return bool(self.keep_days or any(self.counts.values()))

    def kept(self, newest_first: Sequence[SnapshotTime]) -> set[SnapshotTime]:
        """Return the recovery points that stay; ``newest_first`` are all recovery points of a disk in a region.

        Calendar limits skip periods without a recovery point: the last seven days are the last seven days that have
        one. A deletion never changes which points are kept, so a second run deletes nothing more.
        """
        if not self.is_set:
            return set(newest_first)
        kept = set(newest_first[: max(self.counts["keep"], 1)])
        if self.keep_days:
            kept.update(t for t in newest_first if (self.now - t.time) / timedelta(days=1) <= self.keep_days)
        for name, period in PERIODS.items():
            if self.counts[name]:
                newest: dict[object, SnapshotTime] = {}
                for taken in newest_first:
                    newest.setdefault(period(taken.time.astimezone(self.zone)), taken)
                kept.update(list(newest.values())[: self.counts[name]])
        return kept


def retention_of(values: Variables) -> Retention:
    """Return the rules among the role's variables."""
    return Retention.parsed(
        keep=values.keep,
        keep_days=values.keep_days,
        keep_daily=values.keep_daily,
        keep_weekly=values.keep_weekly,
        keep_monthly=values.keep_monthly,
        keep_yearly=values.keep_yearly,
        timezone=values.timezone,
        now=values.started_at,
    )


def _is_count(value: Any) -> bool:
    try:
        return float(value) >= 0 and float(value).is_integer()
    except (TypeError, ValueError):
        return False


def expired_copies(  # noqa: PLR0913  # the arguments of the filter
    copies: Iterable[SnapshotRow],
    keep: int = 0,  # recovery points of a disk in a region
    keep_days: float = 0,  # since the source was taken
    keep_daily: int = 0,  # days of which the newest point stays
    keep_weekly: int = 0,  # ISO weeks
    keep_monthly: int = 0,
    keep_yearly: int = 0,
    timezone: str = "UTC",  # of these days, weeks, months and years
    plans: Sequence[str] = (),
    sets: bool = True,
    now: str | None = None,
) -> list[SnapshotRow]:
    """Return the copies that may be deleted, those of the oldest sources first. Raises ValueError for invalid limits.

    If all limits are 0, all points stay. All copies count. With ``plans``, only copies with the mark of one of them or
    without a mark are returned. With ``sets``, no member of a group's newest complete set is returned. The newest point
    that can be restored now always stays.
    """
    retention = Retention.parsed(keep, keep_days, keep_daily, keep_weekly, keep_monthly, keep_yearly, timezone, now)
    plans = each_once("plans", plans or ())
    try:
        whole_sets_stay = as_bool(sets)
    except InvalidValue as error:
        raise ValueError(f"sets {error}") from None
    return expired_by(retention, copies, plans, whole_sets_stay)


def expired_by(
    retention: Retention, copies: Iterable[SnapshotRow], plans: Sequence[str] = (), whole_sets_stay: bool = False
) -> list[SnapshotRow]:
    """Return the copies that rules of retention allow to delete (see expired_copies)."""
    judged = with_provenance_problems(copies, (), retention.now)
    of_sets = kept_by_sets(copies_of(judged, is_restorable)) if whole_sets_stay else set()
    expired = []
    for points in points_of(judged).values():
        kept = retention.kept([point.taken for point in points])
        # Besides points that are archived or have an unusable key, the newest one that can be restored stays.
        kept.update([point.taken for point in points if point.is_restorable][:1])
        expired += [(point.taken, copy) for point in points if point.taken not in kept for copy in point.copies]
    expired.sort(key=lambda pair: (pair[0], str(pair[1]["region"]), str(pair[1]["snapshot_id"])))
    return [
        {**copy} for _taken, copy in expired if copy_at(copy) not in of_sets and (not plans or is_of_plans(copy, plans))
    ]
