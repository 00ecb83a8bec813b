# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is at the destinations: the copies as they were listed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..._role.doubts import with_doubts
from ..._role.rows import Row, Taken, disk_id_of, is_complete, plain, taken_at, time_or_now
from ..input.variables import Variables
from .retention import counts_for_planning, points_of


def copies_in(listed: Sequence[Row], values: Variables) -> list[Row]:
    """Return the copies in the destinations' listings at the plan's place: a region, or a site in it.

    Where two listings show a copy, the later one counts.
    """
    copies = [copy for call in listed for copy in plain(call.get("snapshots") or ())]
    there = [copy for copy in copies if copy.get("place") == values.place]
    return list({(str(copy["region"]), str(copy["snapshot_id"])): copy for copy in there}.values())


def copies_there(listed: Sequence[Row], snapshots: Sequence[Row], values: Variables) -> list[Row]:
    """Return the copies at the destinations; somebody else's get disk and time from the sources that were read."""
    copies = with_doubts(copies_in(listed, values), snapshots, time_or_now(values.judged_at or values.now))
    return with_known_sources(copies, snapshots)


def copies_of_plan(copies: Sequence[Row], values: Variables) -> list[Row]:
    """Return the copies that this collection made of disks in the plan's source region."""
    own = [copy for copy in copies if copy.get("source") and copy["source"]["managed"]]
    # A name can tell a copy's source and disk without the region; IDs of disks are unique.
    return [copy for copy in own if copy["source"]["region"] in (values.source_region, None)]


def with_known_sources(copies: Sequence[Row], snapshots: Sequence[Row]) -> list[Row]:
    """Fill in disk and time of copies that show only their source's ID, from sources that were read.

    A copy that needs this no longer counts as managed: retention never uses filled-in facts.
    """
    sources = {str(s["snapshot_id"]): s for s in snapshots}
    return [_with_known_source(copy, sources) for copy in copies]


def _with_known_source(copy: Row, sources: Mapping[str, Row]) -> Row:
    parts = copy.get("source")
    if not parts or copy.get("doubt") or (parts["disk_id"] and parts["created_at"]):
        return copy
    read = sources.get(str(parts["snapshot_id"]))
    if read is None:
        return copy
    known = {key: parts[key] or read[key] for key in ("disk_id", "created_at")}
    return {**copy, "source": {**parts, **known, "managed": False}}


class Destinations:
    """What is at the destinations, by disk and region."""

    def __init__(self, copies: Sequence[Row]):
        self.complete = {(_source_of(c), str(c["region"])) for c in copies if c.get("source") and is_complete(c)}
        self.newest: dict[tuple[str | None, str], Taken] = {}
        for copy in copies:
            taken = taken_at(copy) if copy.get("source") and is_complete(copy) else None
            key = (disk_id_of(copy), str(copy["region"]))
            if taken and (key not in self.newest or taken > self.newest[key]):
                self.newest[key] = taken
        self.points = points_of(copies, counts_for_planning)

    @property
    def newest_of_disks(self) -> dict[tuple[str, str], Taken]:
        """When the newest complete copy of each known disk in each region was taken."""
        return {(disk_id, region): taken for (disk_id, region), taken in self.newest.items() if disk_id}

    def is_safe(self, disk_id: str, region: str, newest: Taken) -> bool:
        """Whether the region has a complete copy of a disk's newest usable snapshot, or of a newer one."""
        there = self.newest.get((disk_id, region))
        return there is not None and there >= newest

    def need_of(self, disk_id: str, regions: Sequence[str]) -> list[str]:
        """Return the sort key by a disk's need of a copy: without one in a region first, then by age of the newest."""
        newest = (self.newest.get((disk_id, region)) for region in regions)
        return sorted(taken.time.isoformat() if taken else "" for taken in newest)


def _source_of(copy: Row) -> str:
    return str(copy["source"]["snapshot_id"])
