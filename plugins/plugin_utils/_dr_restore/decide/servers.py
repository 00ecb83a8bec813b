# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that belong together in a restore: from which set each of them is restored. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ..._role.rows import Row
from ..._sets.copies import Contradiction, Copy, copies_of
from ..._sets.groups import groups_by_ids
from ..._sets.inputs import sources_of_copies, with_marks
from ..._sets.planning import marks_of_sources
from ..._sets.restoring import Choice, choices_of
from ..input.expected import Expected
from .points import Newer, Point

#: Sets that warnings name.
NAMED = 10


@dataclass(frozen=True)
class Servers:
    """The choice of each wanted disk of a server of several, and the complete copies of ours by their ID.

    ``contradictions`` are the sets of these disks that are none.
    """

    choices: Mapping[str, Choice]
    copies: Mapping[str, Copy]
    contradictions: Sequence[Contradiction] = ()

    def source_of(self, disk_id: str | None) -> str | None:
        """Return the snapshot whose copy a disk is restored from for its server's sake; None where that is free."""
        choice = self.choices.get(str(disk_id))
        return choice.source_id if choice else None


def servers_of(
    rows: Iterable[Row],
    at: datetime,
    wanted: Collection[str],
    used: Collection[str],
    unusable: Collection[str],
    reported: Sequence[Expected] = (),
    are_named: bool = False,
) -> Servers:
    """Choose the set of each server.

    ``rows`` are copies, ``used`` those of which this restore has made disks, ``unusable`` those of which none can be.
    ``reported`` are the disks of a plan's report, by which copies that can bear no marks are divided into sets.
    ``are_named``: the wanted disks are named one by one.
    """
    copies = _with_reported(copies_of(rows), reported)
    sources = {copy.source_id for copy in copies if copy.snapshot_id in used}
    choices, contradictions = choices_of(copies, at, wanted, sources, unusable, are_named)
    return Servers(choices, {copy.snapshot_id: copy for copy in copies}, contradictions)


def _with_reported(copies: Sequence[Copy], reported: Sequence[Expected]) -> list[Copy]:
    groups = groups_by_ids({disk.disk_id: disk.group_id for disk in reported})
    seconds = max((disk.set_seconds or 0.0 for disk in reported), default=0.0)
    return with_marks(copies, marks_of_sources(groups, sources_of_copies(copies), [], seconds))


def with_sets(points: Sequence[Point], servers: Servers, by_set: bool) -> list[Point]:
    """Return the points with their group and set. Without ``by_set`` a server is torn if its points are of no one set.

    With it, a disk is torn if no set of its server that could be taken has it.
    """
    copies = {str(point.disk_id): servers.copies.get(str(point.copy_id)) for point in points}
    return [_with_set(point, servers, copies, by_set) for point in points]


def _with_set(point: Point, servers: Servers, copies: Mapping[str, Copy | None], by_set: bool) -> Point:
    copy, choice = copies[str(point.disk_id)], servers.choices.get(str(point.disk_id))
    mark = copy.mark if copy else None
    if choice is None:
        group = copy.group_id if copy else ""
        return replace(point, group=group or None) if not mark else _marked(replace(point, group=group), copy)
    point = replace(point, group=choice.group_id)
    if by_set:
        is_torn = choice.is_torn or (copy is not None and copy.source_id != choice.source_id)
    else:
        group_disks = [disk_id for disk_id, one in servers.choices.items() if one.group_id == choice.group_id]
        marks = {one.mark if one else None for one in (copies.get(disk_id) for disk_id in group_disks)}
        is_torn = mark is None or marks != {mark}
    if is_torn:
        return replace(point, torn=True)
    newer = choice.newer if by_set else None
    passed = Newer(newer.snapshot_id, newer.time.strftime("%Y-%m-%dT%H:%M:%SZ")) if newer else None
    return replace(_marked(point, copy), newer=passed)


def _marked(point: Point, copy: Copy | None) -> Point:
    mark = copy.mark if copy else None
    return replace(point, set=mark.set_id, consistency=mark.consistency.value) if mark else point


def warnings_of(contradictions: Sequence[Contradiction]) -> list[str]:
    """Say which sets are none, and why."""
    warnings = [f"Marks contradict each other: {one}" for one in contradictions[:NAMED]]
    if len(contradictions) > NAMED:
        warnings.append(f"The marks of {len(contradictions) - NAMED} more sets contradict each other")
    return warnings
