# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots to copy where, and why others are not copied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import SET_SECONDS

from ...._role.answers import DiskRow, SnapshotRow
from ...._role.parsing import each_once, number
from ...._role.provenance import with_provenance_problems
from ...._role.row_keys import DiskAt, SourceAt, source_at
from ...._role.rows import SnapshotTime, age_in_hours, disk_id_of, is_complete, taken_at
from ...._sets.copies import copies_of
from ...._sets.groups import Group, group_of_each, groups_of
from ...._sets.inputs import sources_of
from ...._sets.set_plan import WantedSet, wanted_sets
from ...._sets.sources import Source
from ..destinations import Destinations
from ..plan_reasons import (
    ALL,
    CHOSEN,
    NEWER_THERE,
    NEWEST,
    NO_SNAPSHOT,
    OF_SET,
    STALE,
    THERE,
    THERE_OF_SET,
    UNFINISHED,
    WITHIN_KEEP,
    WOULD_BE_DELETED,
)
from ..result_type import PlanRow
from ..retention import Retention
from .plan_rules import Rules


def copy_plan(  # noqa: PLR0913  # the arguments of the filter
    snapshots: Sequence[SnapshotRow],
    disks: Sequence[DiskRow],
    copies: Sequence[SnapshotRow],
    destination_regions: Sequence[str],
    select: str = "latest",
    keep: int = 0,
    keep_days: float = 0,
    keep_daily: int = 0,
    keep_weekly: int = 0,
    keep_monthly: int = 0,
    keep_yearly: int = 0,
    timezone: str = "UTC",
    retention_days: float = 0,
    max_snapshot_age_hours: float = 0,
    snapshot_tags: Mapping[str, str] | None = None,
    exclude_snapshot_tags: Mapping[str, str] | None = None,
    now: str | None = None,
    group_tag: str = "",
    set_seconds: float = SET_SECONDS,
) -> list[PlanRow]:
    """Return which snapshots of the disks are to be copied where, and why others are not.

    Rows of disks without any recovery point in a region come first, then those of disks with the oldest newest recovery
    point. Disks of one group come together; of the groups of one day, the one whose newest set lacks the fewest copies
    comes first. Disks of one instance, or with the same value of ``group_tag``, are a group. ``set_seconds`` is the
    maximum time between the snapshots of a set that the cloud does not report.

    With ``select`` "latest" only each disk's newest complete snapshot that is not a copy is considered, with "all"
    every one. With "latest" a group's newest set is copied too, if it is complete and newer than every complete set in
    the region. In addition, older snapshots are considered whose copies lost their tags, so that the copies get them
    and retention recognizes them.

    Snapshots whose copies retention would delete are left out, so that a second run with the same arguments copies
    nothing. The limits of retention are those of ``expired_copies``. ``max_snapshot_age_hours`` of 0 accepts snapshots
    of any age. Only snapshots with all ``snapshot_tags`` and none of ``exclude_snapshot_tags`` are considered; the
    others do not hide older ones. The value "*" means any value. Raises ValueError for invalid arguments.
    """
    rules = Rules(
        select=select,
        retention=Retention.parsed(keep, keep_days, keep_daily, keep_weekly, keep_monthly, keep_yearly, timezone, now),
        retention_days=number("retention_days", retention_days),
        max_age_hours=number("max_snapshot_age_hours", max_snapshot_age_hours),
        tags=snapshot_tags or {},
        excluded_tags=exclude_snapshot_tags or {},
        destination_regions=each_once("destination_regions", destination_regions),
        group_tag=group_tag,
        set_seconds=number("set_seconds", set_seconds),
    )
    return plan_by(rules, snapshots, disks, copies)


def plan_by(
    rules: Rules, snapshots: Sequence[SnapshotRow], disks: Sequence[DiskRow], copies: Sequence[SnapshotRow]
) -> list[PlanRow]:
    """Return the plan by these rules (see copy_plan)."""
    moment = rules.retention.now
    judged = with_provenance_problems(copies, snapshots, moment)
    destinations = Destinations(judged)
    unmarked = {source_at(copy) for copy in copies if _lost_its_tags(copy)}
    groups = groups_of(disks, rules.group_tag) if rules.latest else []
    sources = sources_for_sets(snapshots, rules) if groups else []
    known = copies_of(judged) if groups else []
    sets = wanted_sets(groups, sources, known, destinations.complete, rules.destination_regions, rules.set_seconds)
    of_sets = {
        SourceAt(source_id, wanted_set.region): OF_SET if source_id in wanted_set.lacking else THERE_OF_SET
        for wanted_set in sets
        for source_id in wanted_set.source_set.source_ids
    }
    of_disk = grouped(snapshots, disk_id_of)
    rows = []
    for disk in _in_order(disks, groups, sets, destinations, rules.destination_regions):
        own = sorted(of_disk.get(str(disk["disk_id"]), ()), key=_newest_first, reverse=True)
        considered = _considered(own, rules)
        usable = [(snapshot, taken) for snapshot, _why, taken in considered if taken]
        for region in rules.destination_regions:
            reasons = _reasons(DiskAt(str(disk["disk_id"]), region), usable, destinations, rules)
            for snapshot, why, _taken in considered:
                reason = why or reasons[str(snapshot["snapshot_id"])]
                if reason == NEWER_THERE:
                    reason = of_sets.get(SourceAt(str(snapshot["snapshot_id"]), region), reason)
                rows.append(_plan_row(disk, region, snapshot, reason, moment))
            for snapshot in own[len(considered) :]:
                source = SourceAt(str(snapshot["snapshot_id"]), region)
                if source in of_sets or source in unmarked:
                    rows.append(_plan_row(disk, region, snapshot, of_sets.get(source, THERE), moment))
            if not usable and not any(why == STALE for _s, why, _taken in considered):
                rows.append(_plan_row(disk, region, None, NO_SNAPSHOT, moment))
    return rows


def sources_for_sets(snapshots: Sequence[SnapshotRow], rules: Rules) -> list[Source]:
    """Return the possible members of sets: the snapshots that are copied, or will be once they are complete."""
    return sources_of(snapshots, rules.why_unusable, (UNFINISHED,))


def _in_order(
    disks: Sequence[DiskRow],
    groups: Sequence[Group],
    sets: Sequence[WantedSet],
    destinations: Destinations,
    regions: Sequence[str],
) -> list[DiskRow]:
    """Return disks sorted by their need of a copy; disks of a group come together.

    A group's need is that of its neediest disk. Of the groups of one day, the one whose set lacks the fewest copies
    comes first. So more sets become complete if time is short, and no group starves.
    """
    needs = {str(disk["disk_id"]): destinations.need_of(str(disk["disk_id"]), regions) for disk in disks}
    of_disks = group_of_each(groups)
    lacking: Counter[str] = Counter()
    for wanted_set in sets:
        lacking[wanted_set.source_set.group.group_id] += len(wanted_set.lacking)

    def key(disk: DiskRow) -> tuple[Any, ...]:
        own = needs[str(disk["disk_id"])]
        group = of_disks.get(str(disk["disk_id"]))
        need = min(needs[disk_id] for disk_id in group.disk_ids) if group else own
        group_id = group.group_id if group else ""
        return [moment[:10] for moment in need], lacking[group_id], need, group_id, own

    return sorted(disks, key=key)


def _lost_its_tags(copy: SnapshotRow) -> bool:
    """Whether the name shows that a copy lacks its tags because its run ended early; the copy module sets them."""
    source = copy.get("source")
    if not source or (source.get("managed") and source.get("region")):
        return False
    return source["snapshot_id"] in str(copy.get("name")) and is_complete(copy)


def _considered(own: Sequence[SnapshotRow], rules: Rules) -> list[tuple[SnapshotRow, str | None, SnapshotTime | None]]:
    """Return a disk's snapshots, newest first, each with why it is unusable or with when it was taken.

    With "latest", no snapshot is considered after the newest one that can be copied.
    """
    considered: list[tuple[SnapshotRow, str | None, SnapshotTime | None]] = []
    for snapshot in own:
        why = rules.why_unusable(snapshot)
        considered.append((snapshot, why, None if why else taken_at(snapshot)))
        if rules.latest and why in (None, STALE):
            break
    return considered


def _reasons(
    disk: DiskAt,
    usable: Sequence[tuple[SnapshotRow, SnapshotTime]],
    destinations: Destinations,
    rules: Rules,
) -> dict[str, str]:
    """Return for each usable snapshot of a disk, newest first, why it is copied to a region or not.

    Snapshots without a copy there are ranked together with the existing recovery points, so that each is judged as
    retention would judge its copy.
    """
    absent = {
        taken
        for snapshot, taken in usable
        if SourceAt(str(snapshot["snapshot_id"]), disk.region) not in destinations.complete
    }
    points = destinations.points.get(disk, ())
    ranking = sorted(absent | {point.taken for point in points}, reverse=True)
    kept = rules.retention.kept(ranking)
    reasons = {}
    for snapshot, taken in usable:
        newer_is_there = destinations.is_safe(disk, taken)
        if taken not in absent:
            reason = THERE
        elif taken == usable[0][1] and not newer_is_there:
            reason = NEWEST
        elif rules.latest:
            reason = NEWER_THERE
        elif taken not in kept or rules.expiry_passed(taken):
            reason = WOULD_BE_DELETED
        else:
            reason = WITHIN_KEEP if rules.retention.is_set else ALL
        reasons[str(snapshot["snapshot_id"])] = reason
    return reasons


def _newest_first(snapshot: SnapshotRow) -> tuple[bool, str, str]:
    taken = taken_at({**snapshot, "source": None})
    return (taken is not None, taken.time.isoformat() if taken else "", str(snapshot["snapshot_id"]))


def _plan_row(disk: DiskRow, region: str, snapshot: SnapshotRow | None, reason: str, now: datetime) -> PlanRow:
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
