# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The newest complete set of each group in each destination, and the disks outside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import SnapshotSet

from .._role.row_keys import DiskAt
from .._role.rows import SnapshotTime
from .copies import Copy
from .groups import Group
from .marked import SetsOfGroups, sets_of_copies


@dataclass(frozen=True)
class TornDisk:
    """A disk whose newest copy is not part of its group's newest complete set; ``newest`` is None if it has no copy."""

    disk_id: str
    newest: datetime | None


@dataclass(frozen=True)
class GroupStatus:
    """A group in a region. ``mark`` is that of its newest complete set, None if it has none.

    ``taken_at`` is when the set's earliest member was taken. ``within_rpo`` is None if there is no RPO, or if the
    region could not be read.
    """

    group: Group
    region: str
    mark: SnapshotSet | None
    taken_at: datetime | None
    age_hours: float | None
    within_rpo: bool | None
    torn: tuple[TornDisk, ...]


def status_of_groups(
    groups: Iterable[Group],
    copies: Sequence[Copy],
    newest: Mapping[DiskAt, SnapshotTime],
    regions: Sequence[str],
    rpo_hours: float,
    now: datetime,
    unread: Collection[str],
    plans: Collection[str],
) -> list[GroupStatus]:
    """Return the state of each group in each region.

    ``plans`` are the current and former names of the groups' plan. ``newest`` is when the source of the newest complete
    copy of a disk in a region was taken, also of a foreign copy. ``unread`` are the regions whose copies could
    not be listed.
    """
    sets_of_groups = SetsOfGroups(sets_of_copies(copies, lambda copy: copy.is_restorable)[0])
    names = {"", *plans}
    rows = []
    for group in groups:
        for region in regions:
            newest_set = sets_of_groups.newest(region, group.group_id, group.disk_ids, names)
            members = {copy.disk_id: copy.source_id for copy in newest_set.members} if newest_set else {}
            of_disks = {disk_id: newest.get(DiskAt(disk_id, region)) for disk_id in sorted(group.disk_ids)}
            torn = tuple(
                TornDisk(disk_id, taken.time if taken else None)
                for disk_id, taken in of_disks.items()
                if not taken or taken.snapshot_id != members.get(disk_id)
            )
            hours = (now - newest_set.taken_at) / timedelta(hours=1) if newest_set else None
            is_judged = bool(rpo_hours) and region not in unread
            rows.append(
                GroupStatus(
                    group,
                    region,
                    newest_set.mark if newest_set else None,
                    newest_set.taken_at if newest_set else None,
                    None if hours is None else round(hours, 2),
                    (hours is not None and hours <= rpo_hours) if is_judged else None,
                    torn,
                )
            )
    return rows
