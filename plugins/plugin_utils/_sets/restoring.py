# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which set each group is restored from, by the marks of the copies in one region. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import SnapshotSet

from .copies import Contradiction, Copy, CopySet, is_restorable, sets_of_copies


@dataclass(frozen=True)
class Choice:
    """What a disk of a group is restored from.

    ``source_id`` is the snapshot whose copy is taken: of a set, or the newest. ``is_torn``: the group has no set that
    this disk is of. ``newer`` is the newest copy that is passed over for the set.
    """

    disk_id: str
    group_id: str
    source_id: str
    mark: SnapshotSet | None = None
    is_torn: bool = False
    newer: Copy | None = None


def choices_of(
    copies: Sequence[Copy],
    at: datetime,
    wanted: Collection[str],
    used: Collection[str] = (),
    unusable: Collection[str] = (),
    are_named: bool = False,
) -> tuple[dict[str, Choice], list[Contradiction]]:
    """Return what each wanted disk of a group is restored from, by the disk's ID; and the sets that are none.

    Only copies of which a disk can be made now count, so none whose ID is ``unusable``, and only those whose source was
    taken at ``at`` or before. ``used`` are the snapshots of which disks have been made already: a set with such a
    member comes first, since a restore that was begun is finished.
    ``are_named``: the wanted disks are named one by one, so that a set which has those is whole.
    A wanted disk that is alone, or of whose group no other disk is wanted, has no choice here.
    """

    def counts(copy: Copy) -> bool:
        return is_restorable(copy) and copy.time <= at and copy.snapshot_id not in unusable

    sets, contradictions = sets_of_copies(copies, counts)
    newest: dict[str, Copy] = {}
    for copy in sorted(filter(counts, copies), key=lambda c: (c.time, c.source_id)):
        newest[copy.disk_id] = copy
    chosen: dict[str, Choice] = {}
    for group_id, disk_ids in _groups(newest).items():
        own, named = [one for one in sets if one.group_id == group_id], disk_ids & set(wanted)
        if len(named) > 1:
            best = _best(own, named, named != disk_ids or are_named, used)
            chosen.update((disk_id, _choice(newest[disk_id], group_id, best)) for disk_id in named)
    of_wanted = [one for one in contradictions if not one.disk_ids.isdisjoint(wanted)]
    return chosen, of_wanted


def _groups(newest: Mapping[str, Copy]) -> dict[str, set[str]]:
    """Return the disks of each group; a disk is of the group that its newest copy names."""
    groups: dict[str, set[str]] = {}
    for disk_id, copy in newest.items():
        if copy.group_id:
            groups.setdefault(copy.group_id, set()).add(disk_id)
    return dict(sorted(groups.items()))


def _best(sets: Sequence[CopySet], wanted: set[str], are_some: bool, used: Collection[str]) -> CopySet | None:
    """Return the set to take, out of a group's sets, newest first.

    If only some disks are wanted, a set is whole that has those. Else it is by its mark: a disk that has joined since,
    or left before, is not of it, and one without a copy is lacking.
    """
    whole = [one for one in sets if one.is_whole and not wanted.isdisjoint(one.disk_ids)]
    fitting = [one for one in sets if wanted <= one.disk_ids] if are_some else whole
    started = [one for one in fitting if any(copy.source_id in used for copy in one.members)]
    return next(iter([*started, *fitting, *whole]), None)


def _choice(newest: Copy, group_id: str, best: CopySet | None) -> Choice:
    member = next((c for c in best.members if c.disk_id == newest.disk_id), None) if best else None
    if best is None or member is None:
        return Choice(newest.disk_id, group_id, newest.source_id, is_torn=True)
    newer = newest if newest.source_id != member.source_id else None
    return Choice(newest.disk_id, group_id, member.source_id, best.mark, newer=newer)
