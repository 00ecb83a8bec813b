# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sets among copies, by their marks. A mark is no truth: sets that contradict themselves are none. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    GROUP,
    SET,
    SnapshotSet,
    set_of_mark,
)

from .._role.marks import ATTACHED_TO
from .._role.rows import Row, is_complete, taken_at

#: The trait of a copy of which no disk can be made now.
ARCHIVED = "archived"
#: The smallest set; a disk alone is in none.
SMALLEST = 2


@dataclass(frozen=True)
class Copy:
    """A complete copy of ours, whose source's disk and time are known; ``time`` is when the source was taken.

    ``group_id`` and ``instance_id`` are what its marks say, empty if nothing.
    """

    region: str
    snapshot_id: str
    source_id: str
    disk_id: str
    time: datetime
    group_id: str = ""
    mark: SnapshotSet | None = None
    instance_id: str = ""
    is_archived: bool = False


@dataclass(frozen=True)
class CopySet:
    """The copies in a region that bear the mark of one set. A disk has several if its source was copied twice."""

    region: str
    group_id: str
    mark: SnapshotSet
    members: tuple[Copy, ...]

    @property
    def disk_ids(self) -> frozenset[str]:
        return frozenset(copy.disk_id for copy in self.members)

    @property
    def taken_at(self) -> datetime:
        return min(copy.time for copy in self.members)

    @property
    def is_whole(self) -> bool:
        """Whether it has as many members as it had when it was taken."""
        return len(self.disk_ids) == self.mark.size


@dataclass(frozen=True)
class Contradiction:
    """Copies whose marks name one set, but cannot all be true; ``reason`` is the rest of a sentence about them."""

    region: str
    group_id: str
    set_id: str
    reason: str
    members: tuple[Copy, ...]

    @property
    def snapshot_ids(self) -> list[str]:
        return sorted(copy.snapshot_id for copy in self.members)

    @property
    def disk_ids(self) -> frozenset[str]:
        return frozenset(copy.disk_id for copy in self.members)

    def __str__(self) -> str:
        return (
            f"the copies {', '.join(self.snapshot_ids)} in {self.region} are marked as the set {self.set_id} of "
            f"{self.group_id}, but {self.reason}; they count as no set"
        )


def copies_of(rows: Iterable[Row]) -> list[Copy]:
    """Return the complete copies of ours among the rows of an info module, as far as disk and time are known."""
    return [copy for row in rows if (copy := _copy_of(row))]


def _copy_of(row: Row) -> Copy | None:
    """Return a row as a copy; None unless it is complete, managed, and its disk and time are known."""
    source, tags, taken = row.get("source") or {}, row.get("tags") or {}, taken_at(row)
    if not (source.get("managed") and source.get("disk_id") and is_complete(row) and taken):
        return None
    return Copy(
        str(row["region"]),
        str(row["snapshot_id"]),
        taken.snapshot_id,
        str(source["disk_id"]),
        taken.time,
        str(tags.get(GROUP) or ""),
        _mark_of(tags),
        str(tags.get(ATTACHED_TO) or "").partition(" ")[0],
        ARCHIVED in (row.get("traits") or ()),
    )


def _mark_of(tags: Row) -> SnapshotSet | None:
    mark = set_of_mark(tags.get(SET)) if tags.get(GROUP) else None
    return mark if mark and mark.size >= SMALLEST else None


def _all(_copy: Copy) -> bool:
    return True


def sets_of_copies(
    copies: Iterable[Copy], counts: Callable[[Copy], bool] = _all
) -> tuple[list[CopySet], list[Contradiction]]:
    """Return the sets that copies are marked with, whole or not, the newest first; and those that are none.

    Only copies that ``counts`` accepts are members; the others tell contradictions too.
    """
    marked: dict[tuple[str, str, str], list[Copy]] = {}
    for copy in copies:
        if copy.mark:
            marked.setdefault((copy.region, copy.group_id, copy.mark.set_id), []).append(copy)
    sets, contradictions = [], []
    for (region, group_id, set_id), members in sorted(marked.items()):
        if reason := _contradiction(group_id, members):
            contradictions.append(Contradiction(region, group_id, set_id, reason, tuple(members)))
        elif (counted := sorted(filter(counts, members), key=lambda c: (c.disk_id, c.snapshot_id))) and counted[0].mark:
            sets.append(CopySet(region, group_id, counted[0].mark, tuple(counted)))
    sets.sort(key=lambda one: (one.taken_at, one.mark.set_id), reverse=True)
    return sets, contradictions


def _contradiction(group_id: str, members: Sequence[Copy]) -> str:
    """Say why marks cannot all be true, as the rest of a sentence; empty where they can."""
    marks = sorted({copy.mark.mark for copy in members if copy.mark})
    if len(marks) > 1:
        return f"their marks differ ({', '.join(marks)})"
    sources: dict[str, set[str]] = {}
    for copy in members:
        sources.setdefault(copy.disk_id, set()).add(copy.source_id)
    for disk_id, of_disk in sorted(sources.items()):
        if len(of_disk) > 1:
            return f"it has {len(of_disk)} snapshots of the disk {disk_id}"
    size = members[0].mark.size if members[0].mark else 0
    if len(sources) > size:
        return f"it has {len(sources)} disks instead of {size}"
    instances = sorted({copy.instance_id for copy in members if copy.instance_id})
    if group_id in instances and len(instances) > 1:
        return f"they were attached to {', '.join(instances)}"
    return ""


def newest_whole(sets: Iterable[CopySet]) -> dict[tuple[str, str], CopySet]:
    """Return the newest whole set of each region and group; ``sets`` in the order of ``sets_of_copies``."""
    found: dict[tuple[str, str], CopySet] = {}
    for one in sets:
        if one.is_whole:
            found.setdefault((one.region, one.group_id), one)
    return found


def is_restorable(copy: Copy) -> bool:
    """Whether a disk can be made of a copy now."""
    return not copy.is_archived


def perhaps_of_sets(copies: Sequence[Copy]) -> set[tuple[str, str]]:
    """Return region and ID of the copies of sets that lack members and are newer than each whole one of their group:
    with copies that are not among these, they may be the newest whole ones."""
    perhaps = set()
    for counts in (_all, is_restorable):
        sets, _contradictions = sets_of_copies(copies, counts)
        whole = newest_whole(sets)
        for one in sets:
            newest = whole.get((one.region, one.group_id))
            if newest is None or one.taken_at > newest.taken_at:
                perhaps |= {(copy.region, copy.snapshot_id) for copy in one.members}
    return perhaps


def kept_by_sets(copies: Sequence[Copy]) -> set[tuple[str, str]]:
    """Return region and ID of the copies that are members of a group's newest whole set in their region.

    If a member of that is archived, the newest set that can be restored now counts too.
    """
    kept = set()
    for counts in (_all, is_restorable):
        for one in newest_whole(sets_of_copies(copies, counts)[0]).values():
            kept |= {(copy.region, copy.snapshot_id) for copy in one.members}
    return kept
