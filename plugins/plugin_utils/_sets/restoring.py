# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which set each group is restored from, by the marks of the copies in one region. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import SnapshotSet

from .copies import Contradiction, Copy, CopySet
from .marked import disks_that_left, sets_of_copies


@dataclass(frozen=True)
class Choice:
    """What a disk of a group is restored from.

    ``source_id`` is the snapshot whose copy is taken: of a set, or the newest. ``is_torn``: the group has no set that
    this disk is of. ``newer`` is the newest copy that is passed over for the set. ``together`` are the wanted disks
    that are restored from the same set; for a torn disk, those that should be.
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
    """The choice of each wanted disk of a group, by the disk's ID; the sets that are none; and what each wanted disk
    that has left its group belonged to."""

    of_disks: Mapping[str, Choice]
    contradictions: Sequence[Contradiction]
    left: Mapping[str, str]


def choices_of(
    copies: Sequence[Copy],
    at: datetime,
    wanted: Collection[str],
    used: Collection[str] = (),
    unusable: Collection[str] = (),
    are_named: bool = False,
) -> Choices:
    """Return what each wanted disk of a group is restored from.

    Only copies of which a disk can be made now, or has been made, count, so none whose ID is ``unusable``, and only
    those whose source was taken at ``at`` or before. ``used`` are the snapshots of which disks have been made already:
    a set with such a member comes first, since a restore that was begun is finished.
    ``are_named``: the wanted disks are named one by one, so that a set which has those is whole.
    A wanted disk that is alone, that has left its group, or of whose group no other disk is wanted, has no choice.
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
    of_groups: dict[str, list[CopySet]] = {}
    for one in sets:
        of_groups.setdefault(one.group_id, []).append(one)
    chosen: dict[str, Choice] = {}
    for group_id, disk_ids in _groups(newest, left).items():
        named = disk_ids & asked
        if len(named) > 1:
            taken = _taken(of_groups.get(group_id, ()), named, named != disk_ids or are_named, used)
            chosen.update(_choices(group_id, named, taken, newest))
    return Choices(
        chosen,
        [one for one in contradictions if not one.disk_ids.isdisjoint(asked)],
        {disk_id: newest[disk_id].group_id for disk_id in sorted(left & asked)},
    )


def _groups(newest: Mapping[str, Copy], left: Collection[str]) -> dict[str, set[str]]:
    """Return the disks of each group; a disk is of the group that its newest copy names, unless it has left that."""
    groups: dict[str, set[str]] = {}
    for disk_id, copy in newest.items():
        if copy.group_id and disk_id not in left:
            groups.setdefault(copy.group_id, set()).add(disk_id)
    return dict(sorted(groups.items()))


def _taken(sets: Sequence[CopySet], wanted: set[str], are_some: bool, used: Collection[str]) -> list[CopySet]:
    """Return the sets to take, out of a group's sets, newest first: one, or several of different disks.

    Each plan has a newest one that is whole. If only some disks are wanted, a set is whole that has those. Else it is
    by its mark: a disk that has joined since is not of it, and one without a copy is lacking. Of several plans' sets
    the one with most of the wanted disks comes first, then the newest. Then each set is taken that shares no disk with
    those.
    """
    whole = _newest_of_plans(one for one in sets if one.is_whole)
    fitting = [one for one in sets if wanted <= one.disk_ids] if are_some else []
    started = [one for one in sets if (one.is_whole or one in fitting) and _is_used(one, used)]
    by_size = sorted([*fitting[:1], *whole], key=lambda one: len(one.disk_ids & wanted), reverse=True)
    taken: list[CopySet] = []
    for one in (*started, *by_size):
        if one.disk_ids & wanted and all(one.disk_ids.isdisjoint(other.disk_ids) for other in taken):
            taken.append(one)
    return taken


def _newest_of_plans(whole: Iterable[CopySet]) -> list[CopySet]:
    found: dict[str, CopySet] = {}
    for one in whole:
        found.setdefault(one.plan, one)
    return [*found.values()]


def _is_used(one: CopySet, used: Collection[str]) -> bool:
    return any(copy.source_id in used for copy in one.members)


def _choices(
    group_id: str, wanted: set[str], taken: Sequence[CopySet], newest: Mapping[str, Copy]
) -> Iterable[tuple[str, Choice]]:
    torn = wanted.difference(*(one.disk_ids for one in taken))
    for disk_id in torn:
        # It should be of the set beside which it is taken.
        yield disk_id, Choice(disk_id, group_id, newest[disk_id].source_id, frozenset(wanted), is_torn=True)
    for one in taken:
        together = frozenset(wanted & one.disk_ids)
        for copy in one.members:
            if copy.disk_id in together:
                newer = newest[copy.disk_id] if newest[copy.disk_id].source_id != copy.source_id else None
                yield copy.disk_id, Choice(copy.disk_id, group_id, copy.source_id, together, one.mark, newer=newer)
