# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sets among the snapshots of a group's disks: as reported by the cloud, else by their times."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped_pairs
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import Consistency, SnapshotSet, weakest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from .groups import Group


@dataclass(frozen=True)
class Source:
    """A snapshot that may be copied. ``time`` is aware; ``listed_set`` is its set as the cloud reports it.

    ``is_ready``: it is complete and can be copied.
    """

    disk_id: str
    snapshot_id: str
    time: datetime
    listed_set: SnapshotSet | None = None
    is_ready: bool = True


@dataclass(frozen=True)
class SourceSet:
    """One snapshot of each disk of a group, taken together."""

    group: Group
    mark: SnapshotSet
    members: tuple[Source, ...]

    @property
    def taken_at(self) -> datetime:
        return min(member.time for member in self.members)

    @property
    def is_ready(self) -> bool:
        return all(member.is_ready for member in self.members)

    @property
    def source_ids(self) -> frozenset[str]:
        return frozenset(member.snapshot_id for member in self.members)


def sets_of_sources(group: Group, sources: Iterable[Source], seconds: float) -> list[SourceSet]:
    """Return the sets of a group, the newest first.

    A set has a snapshot of every disk that is in the group now. Snapshots of a set that the cloud reports belong to no
    other set. The others form a set if they were taken within ``seconds`` of the earliest one.
    """
    own = sorted((s for s in sources if s.disk_id in group.disk_ids), key=lambda s: (s.time, s.snapshot_id))
    found = _listed_sets(group, own)
    used = {source_id for source_set in found for source_id in source_set.source_ids}
    found += _near_sets(group, [source for source in own if source.snapshot_id not in used], seconds)
    return sorted(found, key=lambda source_set: (source_set.taken_at, source_set.mark.set_id), reverse=True)


def _listed_sets(group: Group, sources: Sequence[Source]) -> list[SourceSet]:
    by_id = grouped_pairs((source.listed_set.set_id, source) for source in sources if source.listed_set)
    found = []
    for set_id, members in by_id.items():
        is_whole = len(members) == len(group.disk_ids) == len({member.disk_id for member in members})
        if is_whole:
            consistency = weakest(member.listed_set.consistency for member in members if member.listed_set)
            found.append(_set_of(group, set_id, consistency, members))
    return found


def _near_sets(group: Group, sources: Sequence[Source], seconds: float) -> list[SourceSet]:
    """Return the disjoint sets of snapshots taken within ``seconds``; ``sources`` are sorted by time."""
    of_disks: dict[str, list[Source]] = {disk_id: [] for disk_id in group.disk_ids}
    for source in sources:
        of_disks[source.disk_id].append(source)
    found: list[SourceSet] = []
    free_after: datetime | None = None
    for first in sources:
        if free_after and first.time <= free_after:
            continue
        others = [_at_or_after(of_disks[disk_id], first) for disk_id in group.disk_ids if disk_id != first.disk_id]
        members = [first, *(other for other in others if other)]
        last = max(member.time for member in members)
        # If the same disk has a later snapshot before the last member, the set that begins with it is closer.
        later = _after(of_disks[first.disk_id], first)
        is_closest = later is None or later.time > last
        if len(members) == len(group.disk_ids) and (last - first.time).total_seconds() <= seconds and is_closest:
            set_id = iso_utc(first.time)
            found.append(_set_of(group, set_id, Consistency.NEAR, members))
            free_after = last
    return found


def _at_or_after(sources: Sequence[Source], first: Source) -> Source | None:
    place = bisect_left(sources, first.time, key=lambda source: source.time)
    return sources[place] if place < len(sources) else None


def _after(sources: Sequence[Source], first: Source) -> Source | None:
    place = bisect_right(sources, first.time, key=lambda source: source.time)
    return sources[place] if place < len(sources) else None


def _set_of(group: Group, set_id: str, consistency: Consistency, members: Sequence[Source]) -> SourceSet:
    mark = SnapshotSet(set_id, len(members), consistency)
    return SourceSet(group, mark, tuple(sorted(members, key=lambda member: member.disk_id)))
