# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sets are to be copied besides the newest snapshot of each disk, and how their copies are marked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import GROUP, SET, SnapshotSet

from .copies import Copy, newest_whole, sets_of_copies
from .groups import Group
from .sources import Source, SourceSet, sets_of_sources


@dataclass(frozen=True)
class WantedSet:
    """A set of which a region lacks copies; ``lacking`` are the snapshots that are to be copied there."""

    region: str
    source_set: SourceSet
    lacking: frozenset[str]


def wanted_sets(
    groups: Iterable[Group],
    sources: Sequence[Source],
    copies: Sequence[Copy],
    complete: Collection[tuple[str, str]],
    regions: Sequence[str],
    seconds: float,
) -> list[WantedSet]:
    """Return the newest set of each group that is ready, for each region that lacks it and has no newer whole one.

    ``complete`` are source and region of each complete copy, also of somebody else's: it is not made again.
    """
    there = newest_whole(sets_of_copies(copies)[0])
    wanted = []
    for group in groups:
        newest = next((one for one in sets_of_sources(group, sources, seconds) if one.is_ready), None)
        for region in regions if newest else ():
            assert newest is not None
            whole = there.get((region, group.group_id))
            lacking = frozenset(i for i in newest.source_ids if (i, region) not in complete)
            if lacking and not (whole and whole.taken_at >= newest.taken_at):
                wanted.append(WantedSet(region, newest, lacking))
    return wanted


def marks_of_sources(
    groups: Iterable[Group], sources: Sequence[Source], copies: Sequence[Copy], seconds: float
) -> dict[str, dict[str, str]]:
    """Return the marks that copies of each snapshot get, by the snapshot's ID; a disk alone gets none.

    ``copies`` are those in all regions. A set that some of them are marked with keeps that mark, and so its size.
    """
    marks: dict[str, dict[str, str]] = {}
    for group in groups:
        of_set: dict[str, str] = {}
        for one in sets_of_sources(group, sources, seconds):
            mark = _mark_of(one, [copy for copy in copies if copy.group_id == group.group_id])
            of_set.update(dict.fromkeys(one.source_ids, mark.mark) if mark else {})
        for source in sources:
            if source.disk_id in group.disk_ids:
                set_mark = of_set.get(source.snapshot_id)
                marks[source.snapshot_id] = {GROUP: group.group_id, **({SET: set_mark} if set_mark else {})}
    return marks


def _mark_of(one: SourceSet, copies: Sequence[Copy]) -> SnapshotSet | None:
    """Return the mark of a set: its own, or the one that it has already been given; None where these do not agree.

    A mark that would make an older set contradict itself is not given.
    """
    marked = [c for c in copies if c.mark and (c.source_id in one.source_ids or c.mark.set_id == one.mark.set_id)]
    if not marked:
        return one.mark
    given = {copy.mark for copy in marked if copy.mark}
    mark = given.pop()
    of_mark = [copy for copy in copies if copy.mark and copy.mark.set_id == mark.set_id]
    members = {(c.disk_id, c.source_id) for c in of_mark} | {(m.disk_id, m.snapshot_id) for m in one.members}
    is_possible = len({disk_id for disk_id, _source in members}) == len(members) <= mark.size
    return mark if is_possible and not given else None
