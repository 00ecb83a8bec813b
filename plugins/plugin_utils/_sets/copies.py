# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies and their marks, as values for the decisions about sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    GROUP,
    SET,
    SET_DISKS,
    SnapshotSet,
    set_of_mark,
)

from .._role.answers import SnapshotRow
from .._role.marks import ATTACHED_TO, plan_of
from .._role.row_keys import CopyAt
from .._role.rows import is_archived, is_complete, taken_at

#: The size of the smallest set; a single disk is in no set.
MIN_SET_SIZE = 2


@dataclass(frozen=True)
class Copy:
    """A complete copy of ours with a known disk and time of its source. ``time`` is when the source was taken.

    ``group_id``, ``instance_id``, ``plan`` and ``disks_mark`` are from its marks, and empty if it has no such mark.
    """

    region: str
    snapshot_id: str
    source_id: str
    disk_id: str
    time: datetime
    group_id: str = ""
    mark: SnapshotSet | None = None
    instance_id: str = ""
    #: Whether a disk can be made from it now.
    is_restorable: bool = True
    plan: str = ""
    disks_mark: str = ""


@dataclass(frozen=True)
class CopySet:
    """The copies in a region that have a plan's mark of one set. A disk has several if its source was copied twice.

    If the plan's own copies lack members, these may include copies of other plans.
    """

    region: str
    group_id: str
    mark: SnapshotSet
    members: tuple[Copy, ...]
    plan: str = ""

    @property
    def disk_ids(self) -> frozenset[str]:
        return frozenset(copy.disk_id for copy in self.members)

    @property
    def keys(self) -> frozenset[CopyAt]:
        """The key of each member."""
        return frozenset(CopyAt(copy.snapshot_id, copy.region) for copy in self.members)

    @property
    def taken_at(self) -> datetime:
        return min(copy.time for copy in self.members)

    @property
    def is_whole(self) -> bool:
        """Whether the set is complete: it has as many disks as when it was taken."""
        return len(self.disk_ids) == self.mark.size


@dataclass(frozen=True)
class Contradiction:
    """Copies with marks of one set that cannot all be true; ``reason`` is the end of a sentence about them."""

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
            f"the copies {', '.join(self.snapshot_ids)} in {self.region} are tagged as the set {self.set_id} of "
            f"{self.group_id}, but {self.reason}; they do not count as a set"
        )


def copies_of(
    rows: Iterable[SnapshotRow], is_restorable: Callable[[SnapshotRow], bool] = lambda row: not is_archived(row)
) -> list[Copy]:
    """Return the complete copies of ours among the rows of an info module, if their disk and time are known.

    By default archived copies are the only ones that are not restorable. A drill must not leave out those whose key
    cannot be used.
    """
    return [copy for row in rows if (copy := _copy_of(row, is_restorable))]


def _copy_of(row: SnapshotRow, is_restorable: Callable[[SnapshotRow], bool]) -> Copy | None:
    """Return a row as a copy; None unless it is complete and managed and its disk and time are known."""
    source, tags, taken = row.get("source"), row.get("tags") or {}, taken_at(row)
    if not (source and source.get("managed") and source.get("disk_id") and is_complete(row) and taken):
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
        is_restorable(row),
        plan_of(row) or "",
        str(tags.get(SET_DISKS) or ""),
    )


def _mark_of(tags: Mapping[str, str]) -> SnapshotSet | None:
    mark = set_of_mark(tags.get(SET)) if tags.get(GROUP) else None
    return mark if mark and mark.size >= MIN_SET_SIZE else None
