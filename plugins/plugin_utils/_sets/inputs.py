# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of info modules and reports as the values that decisions about sets take. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    GROUP,
    SET,
    Consistency,
    SnapshotSet,
    set_of_mark,
)

from .._role.answers import SnapshotRow
from .._role.rows import disk_id_of, taken_at
from .copies import Copy
from .sources import Source


def sources_of(
    snapshots: Iterable[SnapshotRow], unusable: Callable[[SnapshotRow], str | None], unfinished: Iterable[str] = ()
) -> list[Source]:
    """Return the snapshots that are copied, or will be once they are complete.

    ``unusable`` says why a snapshot cannot be copied, None where it can; ``unfinished`` are those of its reasons that
    time mends.
    """
    found = []
    for row in snapshots:
        why, taken, disk_id = unusable(row), taken_at({**row, "source": None}), disk_id_of(row)
        if taken and disk_id and (why is None or why in unfinished):
            source = Source(disk_id, str(row["snapshot_id"]), taken.time, listed_set_of(row), is_ready=why is None)
            found.append(source)
    return found


def sources_of_copies(copies: Iterable[Copy]) -> list[Source]:
    """Return the snapshots that copies were made of, which may be gone, or not listed."""
    found = {copy.source_id: Source(copy.disk_id, copy.source_id, copy.time) for copy in copies}
    return [*found.values()]


def listed_set_of(row: SnapshotRow) -> SnapshotSet | None:
    """Return the set that the info module returned of a snapshot; None where it returned none, or an odd one."""
    found = row.get("set")
    words = {one.value for one in Consistency}
    if not isinstance(found, Mapping) or not found.get("id") or found.get("consistency") not in words:
        return None
    return SnapshotSet(str(found["id"]), int(found.get("size") or 0), Consistency(found["consistency"]))


def with_marks(copies: Iterable[Copy], marks: Mapping[str, Mapping[str, str]], plan: str = "") -> list[Copy]:
    """Return copies that bear no marks with those that they would bear, where a cloud has no tags; ``marks`` by source.

    So groups are known there while the source region answers. The marks are those that the ``plan`` gives.
    """

    def marked(copy: Copy) -> Copy:
        own = marks[copy.source_id]
        return replace(copy, group_id=own[GROUP], mark=set_of_mark(own.get(SET)), plan=plan)

    return [marked(copy) if not copy.group_id and copy.source_id in marks else copy for copy in copies]


def groups_of_report(sets: Any) -> dict[str, str]:
    """Return what each disk belongs to by ``sets`` of a plan's report, whose form is not certain."""
    rows = [row for row in sets if isinstance(row, Mapping)] if isinstance(sets, list) else []
    rows = [row for row in rows if isinstance(row.get("disks"), list)]
    return {str(disk_id): str(row.get("group") or "") for row in rows for disk_id in row["disks"]}
