# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which set each group is restored from, by the marks of the copies in one region."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import SnapshotSet

from .copies import Contradiction, Copy, CopySet
from .marked import disks_that_left, sets_of_copies


@dataclass(frozen=True)
class Choice:
    """What a disk of a group is restored from.

    ``source_id`` is the snapshot whose copy is used: one of a set, or the newest. ``is_torn``: the group has no set
    that includes this disk. ``newer`` is the newest copy, if it is not used in favor of the set. ``together`` are the
    wanted disks that are restored from the same set; for a torn disk, those that should be.
    """

    disk_id: str
    group_id: str
    source_id: str
    together: frozenset[str]
    mark: SnapshotSet | None = None
    is_torn: bool = False
    newer: Copy | None = None


@dataclass(frozen=True)
class Choices:
    """The choice for each wanted disk of a group, by disk ID.

    Also the contradictory sets, and the former group of each wanted disk that has left it.
    """

    of_disks: Mapping[str, Choice]
    contradictions: Sequence[Contradiction]
    former_groups: Mapping[str, str]


def choices_of(
    copies: Sequence[Copy],
    at: datetime,
    wanted: Collection[str],
    used: Collection[str] = (),
    unusable: Collection[str] = (),
    are_named: bool = False,
) -> Choices:
    """Return what each wanted disk of a group is restored from.

    A copy counts only if a disk can be made from it now or has been made from it, and if its source was taken at ``at``
    or before. Copies whose ID is ``unusable`` do not count. ``used`` are the snapshots from which disks have been made
    already: a set with such a member comes first, so that a restore finishes what it has started. ``are_named``: the
    wanted disks are named individually, so a set with these disks is complete. A wanted disk has no choice if it is
    single, has left its group, or is the only wanted disk of its group and of its set.
    """

    def counts(copy: Copy) -> bool:
        can_be_one = copy.is_restorable or copy.source_id in used
        return can_be_one and copy.time <= at and copy.snapshot_id not in unusable

    asked = set(wanted)
    sets, contradictions = sets_of_copies(copies, counts)
    newest: dict[str, Copy] = {}
    for copy in sorted(filter(counts, copies), key=lambda c: (c.time, c.source_id)):
        newest[copy.disk_id] = copy
    left = set() if are_named else disks_that_left(newest.values(), sets)
    of_groups = grouped(sets, lambda copy_set: copy_set.group_id)
    chosen: dict[str, Choice] = {}
    for group_id, disk_ids in _groups(newest, left).items():
        named = disk_ids & asked
        are_some = are_named or named != disk_ids
        # A disk may be the only one whose copy names the group, although its set has more disks.
        lacks_others = not are_some and any(newest[disk_id].mark for disk_id in named)
        if len(named) > 1 or lacks_others:
            chosen_sets = _chosen_sets(of_groups.get(group_id, ()), named, are_some, used)
            chosen.update(_choices(group_id, named, chosen_sets, newest))
    return Choices(
        chosen,
        [found for found in contradictions if not found.disk_ids.isdisjoint(asked)],
        {disk_id: newest[disk_id].group_id for disk_id in sorted(left & asked)},
    )


def _groups(newest: Mapping[str, Copy], left: Collection[str]) -> dict[str, set[str]]:
    """Return the disks of each group. A disk belongs to the group that its newest copy names, unless it has left it."""
    groups: dict[str, set[str]] = {}
    for disk_id, copy in newest.items():
        if copy.group_id and disk_id not in left:
            groups.setdefault(copy.group_id, set()).add(disk_id)
    return dict(sorted(groups.items()))


def _chosen_sets(sets: Sequence[CopySet], wanted: set[str], are_some: bool, used: Collection[str]) -> list[CopySet]:
    """Return the sets of a group to use, newest first: one set, or several sets of different disks.

    Each plan has a newest complete set. If only some disks are wanted, a set with those is complete. Otherwise its mark
    decides: a disk that joined later does not belong to it, and a disk without a copy is missing. Of the sets of
    several plans, the one with most of the wanted disks comes first, then the newest. Then each set is added that
    shares no disk with these.
    """
    whole_sets = _newest_of_plans(copy_set for copy_set in sets if copy_set.is_whole)
    fitting = [copy_set for copy_set in sets if wanted <= copy_set.disk_ids] if are_some else []
    started = [copy_set for copy_set in sets if (copy_set.is_whole or copy_set in fitting) and _is_used(copy_set, used)]
    by_size = sorted([*fitting[:1], *whole_sets], key=lambda copy_set: len(copy_set.disk_ids & wanted), reverse=True)
    chosen_sets: list[CopySet] = []
    for copy_set in (*started, *by_size):
        if copy_set.disk_ids & wanted and all(copy_set.disk_ids.isdisjoint(other.disk_ids) for other in chosen_sets):
            chosen_sets.append(copy_set)
    return chosen_sets


def _newest_of_plans(whole_sets: Iterable[CopySet]) -> list[CopySet]:
    found: dict[str, CopySet] = {}
    for copy_set in whole_sets:
        found.setdefault(copy_set.plan, copy_set)
    return [*found.values()]


def _is_used(copy_set: CopySet, used: Collection[str]) -> bool:
    return any(copy.source_id in used for copy in copy_set.members)


def _choices(
    group_id: str, wanted: set[str], chosen_sets: Sequence[CopySet], newest: Mapping[str, Copy]
) -> Iterable[tuple[str, Choice]]:
    torn = wanted.difference(*(copy_set.disk_ids for copy_set in chosen_sets))
    for disk_id in torn:
        # It should be from the set that the other disks are restored from.
        yield disk_id, Choice(disk_id, group_id, newest[disk_id].source_id, frozenset(wanted), is_torn=True)
    for copy_set in chosen_sets:
        together = frozenset(wanted & copy_set.disk_ids)
        for copy in copy_set.members:
            if copy.disk_id in together:
                newer = newest[copy.disk_id] if newest[copy.disk_id].source_id != copy.source_id else None
                yield copy.disk_id, Choice(copy.disk_id, group_id, copy.source_id, together, copy_set.mark, newer=newer)
