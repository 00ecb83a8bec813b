# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sets to copy besides the newest snapshot of each disk, and how to mark their copies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    GROUP,
    SET,
    SET_DISKS,
    SnapshotSet,
    disks_mark,
)

from .._role.row_keys import SourceAt
from .copies import Copy
from .groups import Group
from .marked import SetsOfGroups, sets_of_copies
from .sources import Source, SourceSet, sets_of_sources


@dataclass(frozen=True)
class WantedSet:
    """A set that a region lacks copies of; ``lacking`` are the snapshots to copy there."""

    region: str
    source_set: SourceSet
    lacking: frozenset[str]


def wanted_sets(
    groups: Iterable[Group],
    sources: Sequence[Source],
    copies: Sequence[Copy],
    complete: Collection[SourceAt],
    regions: Sequence[str],
    seconds: float,
) -> list[WantedSet]:
    """Return the newest ready set of each group, for each region that lacks it and has no newer complete set.

    ``complete`` has the source and region of each complete copy, also of foreign ones; these are not copied again.
    """
    sets_of_groups, of_disks = SetsOfGroups(sets_of_copies(copies)[0]), grouped(sources, lambda source: source.disk_id)
    wanted = []
    for group in groups:
        own = _of_group(group, of_disks)
        newest = next((source_set for source_set in sets_of_sources(group, own, seconds) if source_set.is_ready), None)
        if newest is None:
            continue
        for region in regions:
            newest_set = sets_of_groups.newest(region, group.group_id, group.disk_ids)
            lacking = frozenset(i for i in newest.source_ids if SourceAt(i, region) not in complete)
            if lacking and not (newest_set and newest_set.taken_at >= newest.taken_at):
                wanted.append(WantedSet(region, newest, lacking))
    return wanted


def marks_of_sources(
    groups: Iterable[Group],
    sources: Sequence[Source],
    copies: Sequence[Copy],
    seconds: float,
    plans: Sequence[str] = (),
) -> dict[str, dict[str, str]]:
    """Return the marks that copies of each snapshot get, by the snapshot's ID; a single disk gets none.

    ``copies`` are those in all regions, ``plans`` the current name of the groups' plan and then its former ones. If
    some copies of the plan already have a mark of a set, the set keeps that mark and thus its size. If another plan has
    marked some members, the set gets the ID in these marks. If another plan has copied disks of the group, at any
    time, its sets get a mark of their disks, so that the copies of both plans count as one set.
    """
    own_plans = {"", *plans}
    of_disk = grouped(sources, lambda source: source.disk_id)
    of_groups = grouped((copy for copy in copies if copy.mark), lambda copy: copy.group_id)
    of_other_plans = {copy.disk_id for copy in copies if copy.plan not in ("", *plans[:1])}
    marks: dict[str, dict[str, str]] = {}
    for group in groups:
        own, of_group = _of_group(group, of_disk), of_groups.get(group.group_id, [])
        marked = [copy for copy in of_group if copy.plan in own_plans]
        by_source = grouped(marked, lambda copy: copy.source_id)
        by_set = grouped(marked, lambda copy: copy.mark.set_id if copy.mark else "")
        ids = {copy.source_id: copy.mark.set_id for copy in of_group if copy.plan not in own_plans and copy.mark}
        marks.update((source.snapshot_id, {GROUP: group.group_id}) for source in own)
        for source_set in sets_of_sources(group, own, seconds):
            if mark := _mark_of(_with_id(source_set, ids), by_source, by_set):
                of_set = disks_mark(member.disk_id for member in source_set.members)
                named = {SET_DISKS: of_set} if of_set and of_other_plans & group.disk_ids else {}
                given = {GROUP: group.group_id, SET: mark.tag_value, **named}
                marks.update((source_id, given) for source_id in source_set.source_ids)
    return marks


def _of_group(group: Group, of_disks: Mapping[str, Sequence[Source]]) -> list[Source]:
    return [source for disk_id in sorted(group.disk_ids) for source in of_disks.get(disk_id, ())]


def _with_id(source_set: SourceSet, ids: Mapping[str, str]) -> SourceSet:
    """Return a set with the ID that other plans have given its members (``ids``); unchanged if these IDs differ."""
    given = {ids[source_id] for source_id in source_set.source_ids if source_id in ids}
    return replace(source_set, mark=replace(source_set.mark, set_id=given.pop())) if len(given) == 1 else source_set


def _mark_of(
    source_set: SourceSet, by_source: Mapping[str, Sequence[Copy]], by_set: Mapping[str, Sequence[Copy]]
) -> SnapshotSet | None:
    """Return the mark of a set: its own, or the one that its copies already have; None if these do not agree.

    No mark is returned that would make an older set contradictory. The mappings hold the marked copies of its group by
    source and by set ID.
    """
    marked = [copy for source_id in source_set.source_ids for copy in by_source.get(source_id, ())]
    given = {copy.mark for copy in (*marked, *by_set.get(source_set.mark.set_id, ())) if copy.mark}
    if not given:
        return source_set.mark
    mark = given.pop()
    of_mark = by_set[mark.set_id]
    members = {(c.disk_id, c.source_id) for c in of_mark} | {(m.disk_id, m.snapshot_id) for m in source_set.members}
    is_possible = len({disk_id for disk_id, _source in members}) == len(members) <= mark.size
    return mark if is_possible and not given else None
