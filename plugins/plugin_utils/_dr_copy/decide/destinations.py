# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copies at the destinations, as listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..._role.answers import InfoAnswer, SnapshotRow
from ..._role.provenance import with_provenance_problems
from ..._role.row_keys import DiskAt, copy_at, source_at, source_disk_at
from ..._role.rows import SnapshotTime, is_complete, taken_at
from .retention import counts_for_planning, points_of

if TYPE_CHECKING:  # filters load this file but need no variables
    from ..input.variables import Variables


def listed_copies(listed: Sequence[InfoAnswer], values: Variables) -> list[SnapshotRow]:
    """Return the copies in the destinations' listings at the plan's place: the region, or a site in it.

    If two listings show a copy, the later one counts.
    """
    copies = [copy for answer in listed for copy in answer.get("snapshots") or ()]
    there = [copy for copy in copies if copy.get("place") == values.place]
    return list({copy_at(copy): copy for copy in there}.values())


def copies_with_known_sources(
    listed: Sequence[InfoAnswer], snapshots: Sequence[SnapshotRow], values: Variables
) -> list[SnapshotRow]:
    """Return the copies at the destinations; foreign ones get disk and time from the sources."""
    copies = with_provenance_problems(listed_copies(listed, values), snapshots, values.judged_at)
    return with_known_sources(copies, snapshots)


def managed_copies(copies: Sequence[SnapshotRow], values: Variables) -> list[SnapshotRow]:
    """Return the copies that this collection made of disks in the plan's source region."""
    # A name may show a copy's source and disk but not the region; disk IDs are unique.
    regions = (values.source_region, None)
    return [
        copy for copy in copies if (source := copy.get("source")) and source["managed"] and source["region"] in regions
    ]


def with_known_sources(copies: Sequence[SnapshotRow], snapshots: Sequence[SnapshotRow]) -> list[SnapshotRow]:
    """Fill in disk and time of copies that show only their source's ID, from sources that were read.

    Such a copy no longer counts as managed, so that retention never uses filled-in facts.
    """
    sources = {str(s["snapshot_id"]): s for s in snapshots}
    return [_with_known_source(copy, sources) for copy in copies]


def _with_known_source(copy: SnapshotRow, sources: Mapping[str, SnapshotRow]) -> SnapshotRow:
    source = copy.get("source")
    if not source or copy.get("provenance_problem") or (source["disk_id"] and source["created_at"]):
        return copy
    read = sources.get(str(source["snapshot_id"]))
    if read is None:
        return copy
    disk_id, created_at = source["disk_id"] or read["disk_id"], source["created_at"] or read["created_at"]
    return {**copy, "source": {**source, "disk_id": disk_id, "created_at": created_at, "managed": False}}


class Destinations:
    """The copies at the destinations, by disk and region."""

    def __init__(self, copies: Sequence[SnapshotRow]):
        own = [(copy, source) for copy in copies if (source := source_at(copy)) and is_complete(copy)]
        self.complete = {source for _copy, source in own}
        self.newest: dict[DiskAt, SnapshotTime] = {}
        for copy, _source in own:
            taken, key = taken_at(copy), source_disk_at(copy)
            if taken and (key not in self.newest or taken > self.newest[key]):
                self.newest[key] = taken
        self.points = points_of(copies, counts_for_planning)

    @property
    def newest_of_disks(self) -> dict[DiskAt, SnapshotTime]:
        """When the source of the newest complete copy of each known disk in each region was taken."""
        return {key: taken for key, taken in self.newest.items() if key.disk_id}

    def is_safe(self, disk: DiskAt, newest: SnapshotTime) -> bool:
        """Whether the region has a complete copy of the disk's newest usable snapshot, or of a newer one."""
        there = self.newest.get(disk)
        return there is not None and there >= newest

    def need_of(self, disk_id: str, regions: Sequence[str]) -> list[str]:
        """Return the sort key by need of a copy: disks without one in a region, then by age of the newest."""
        newest = (self.newest.get(DiskAt(disk_id, region)) for region in regions)
        return sorted(taken.time.isoformat() if taken else "" for taken in newest)
