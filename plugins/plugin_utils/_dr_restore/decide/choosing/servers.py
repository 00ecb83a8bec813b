# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that belong together in a restore: which set each of them is restored from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import SnapshotSet
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import MAX_NAMED

from ...._role.answers import SnapshotRow
from ...._sets.copies import Contradiction, Copy, copies_of
from ...._sets.groups import groups_by_ids
from ...._sets.inputs import sources_of_copies, with_marks
from ...._sets.set_choice import Choice, choices_of
from ...._sets.set_plan import marks_of_sources
from ...input.expected import Expected
from .points import NewerCopy, Point, ServerOfDisk


@dataclass(frozen=True)
class Servers:
    """The choice for each wanted disk of a server with several disks, and the complete copies of ours by ID.

    ``contradictions`` are the contradictory sets of these disks, ``former_groups`` the group that a disk has left,
    by the ID of the disk.
    """

    choices: Mapping[str, Choice]
    copies: Mapping[str, Copy]
    contradictions: Sequence[Contradiction]
    former_groups: Mapping[str, str]

    def source_of(self, disk_id: str | None) -> str | None:
        """Return the snapshot from whose copy a disk must be restored for its server's set; None for any."""
        choice = self.choices.get(str(disk_id))
        return choice.source_id if choice else None


def servers_of(
    rows: Iterable[SnapshotRow],
    at: datetime,
    wanted: Collection[str],
    used: Collection[str],
    unusable: Collection[str],
    reported: Sequence[Expected],
    are_named: bool,
) -> Servers:
    """Choose the set of each server.

    ``rows`` are copies, ``used`` those from which this restore has made disks, ``unusable`` those from which no disk
    can be made. ``reported`` are the disks of a plan's report, which divide copies without marks into sets.
    ``are_named``: the wanted disks are named individually.
    """
    copies = _with_reported(copies_of(rows), reported)
    sources = {copy.source_id for copy in copies if copy.snapshot_id in used}
    found = choices_of(copies, at, wanted, sources, unusable, are_named)
    by_id = {copy.snapshot_id: copy for copy in copies}
    return Servers(found.of_disks, by_id, found.contradictions, found.former_groups)


def _with_reported(copies: Sequence[Copy], reported: Sequence[Expected]) -> list[Copy]:
    groups = groups_by_ids({disk.disk_id: disk.group_id for disk in reported})
    seconds = max((disk.set_seconds or 0.0 for disk in reported), default=0.0)
    return with_marks(copies, marks_of_sources(groups, sources_of_copies(copies), [], seconds))


def with_sets(points: Sequence[Point], servers: Servers, by_set: bool) -> list[Point]:
    """Return the points with their group and set.

    A disk is torn if no usable set of its server includes it; without ``by_set`` also if the points of its set's disks
    do not all belong to one set.
    """
    copies = {str(point.disk_id): servers.copies.get(str(point.copy_id)) for point in points}
    return [_with_set(point, servers, copies, by_set) for point in points]


def _with_set(point: Point, servers: Servers, copies: Mapping[str, Copy | None], by_set: bool) -> Point:
    return replace(point, server=_server_of(point, servers, copies, by_set))


def _server_of(point: Point, servers: Servers, copies: Mapping[str, Copy | None], by_set: bool) -> ServerOfDisk:
    copy, choice = copies[str(point.disk_id)], servers.choices.get(str(point.disk_id))
    if group := servers.former_groups.get(str(point.disk_id)):
        return ServerOfDisk(former_group=group)
    if choice is None:
        group_id = copy.group_id if copy else ""
        return _marked(ServerOfDisk(group=group_id or None), copy.mark if copy else None)
    server = ServerOfDisk(group=choice.group_id)
    if by_set:
        is_torn = choice.is_torn or (copy is not None and copy.source_id != choice.source_id)
    else:
        ids = {_set_id(copies.get(disk_id)) for disk_id in choice.together}
        is_torn = choice.is_torn or None in ids or len(ids) > 1
    if is_torn:
        return replace(server, torn=True)
    newer = choice.newer if by_set else None
    passed = NewerCopy(copy_id=newer.snapshot_id, taken_at=iso_utc(newer.time)) if newer else None
    return replace(_marked(server, choice.mark if by_set or not copy else copy.mark), newer=passed)


def _set_id(copy: Copy | None) -> str | None:
    return copy.mark.set_id if copy and copy.mark else None


def _marked(server: ServerOfDisk, mark: SnapshotSet | None) -> ServerOfDisk:
    return replace(server, set=mark.set_id, consistency=mark.consistency.value) if mark else server


def warnings_of_contradictions(contradictions: Sequence[Contradiction]) -> list[str]:
    """Return warnings that say which sets are contradictory, and why."""
    warnings = [
        f"The tags of copies contradict each other: {contradiction}" for contradiction in contradictions[:MAX_NAMED]
    ]
    if len(contradictions) > MAX_NAMED:
        warnings.append(f"The tags of {len(contradictions) - MAX_NAMED} more sets contradict each other")
    return warnings
