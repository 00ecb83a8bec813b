# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns rows of info modules and reports into values for the decisions about sets."""

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

    ``unusable`` returns the reason why a snapshot cannot be copied, or None if it can. ``unfinished`` are the temporary
    ones among these reasons.
    """
    found = []
    for row in snapshots:
        why, taken, disk_id = unusable(row), taken_at({**row, "source": None}), disk_id_of(row)
        if taken and disk_id and (why is None or why in unfinished):
            source = Source(disk_id, str(row["snapshot_id"]), taken.time, listed_set_of(row), is_ready=why is None)
            found.append(source)
    return found


def sources_of_copies(copies: Iterable[Copy]) -> list[Source]:
    """Return the snapshots that copies were made from, which may be gone or not listed."""
    found = {copy.source_id: Source(copy.disk_id, copy.source_id, copy.time) for copy in copies}
    return [*found.values()]


def listed_set_of(row: SnapshotRow) -> SnapshotSet | None:
    """Return the set that the info module returned for a snapshot; None if it returned none, or an invalid one."""
    found = row.get("set")
    words = {consistency.value for consistency in Consistency}
    if not isinstance(found, Mapping) or not found.get("id") or found.get("consistency") not in words:
        return None
    return SnapshotSet(str(found["id"]), int(found.get("size") or 0), Consistency(found["consistency"]))


def with_marks(copies: Iterable[Copy], marks: Mapping[str, Mapping[str, str]], plan: str = "") -> list[Copy]:
    """Return copies of a cloud without tags, each with the marks that it would have; ``marks`` are by source.

    So the groups are known as long as the source region answers. The marks are those of the ``plan``.
    """

    def marked(copy: Copy) -> Copy:
        own = marks[copy.source_id]
        return replace(copy, group_id=own[GROUP], mark=set_of_mark(own.get(SET)), plan=plan)

    return [marked(copy) if not copy.group_id and copy.source_id in marks else copy for copy in copies]


def groups_of_report(sets: Any) -> dict[str, str]:
    """Return by disk ID what each disk belongs to, according to ``sets`` of a plan's report.

    Their form is not certain.
    """
    rows = [row for row in sets if isinstance(row, Mapping)] if isinstance(sets, list) else []
    rows = [row for row in rows if isinstance(row.get("disks"), list)]
    return {str(disk_id): str(row.get("group") or "") for row in rows for disk_id in row["disks"]}
