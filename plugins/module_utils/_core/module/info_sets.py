# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sets to which snapshots belong, for the info modules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import partial
from typing import Any

from ..cloud import SnapshotCloud
from ..errors import CopyError
from ..model import Disk, Snapshot
from ..safe_calls import read_safely
from ..sets import SET, set_of_mark, sets_of_snapshots
from ..words import pluralize


def listed_sets(
    cloud: SnapshotCloud, region: str, snapshots: Collection[Snapshot], disks: Sequence[Disk], group_tag: str
) -> dict[str, dict[str, Any]]:
    """Return by ID the set of each source that is in one, in the form of results.

    This calls the cloud only if two of the disks may belong together. If it does not answer, no set is known: there is
    a warning, and nothing counts as consistent.
    """
    sources = [s for s in snapshots if not s.is_copy and s.source is None and s.disk_id]
    groups = groups_of(disks, group_tag)
    disks_of_groups = Counter(groups.get(disk_id) for disk_id in {s.disk_id for s in sources if s.disk_id})
    if cloud.lists_snapshot_groups and all(number < 2 for number in disks_of_groups.values()):
        return {}
    try:
        listed = read_safely(partial(cloud.list_sets, region, sources))
    except CopyError as error:
        cloud.warnings.append(
            f"The snapshot groups in {region} could not be read, so it is unknown which snapshots were taken together: "
            f"{error}"
        )
        return {}
    sets, repeated = sets_of_snapshots(listed, groups, by_instance=not group_tag)
    if repeated:
        first = repeated[0]
        more = f" The same applies to {pluralize(len(repeated) - 1, 'more set')}." if len(repeated) > 1 else ""
        cloud.warnings.append(
            f"The set {first.set_id} in {region} is not used, because it has {len(first.snapshot_ids)} snapshots of "
            f"the disk {first.disk_id} ({', '.join(first.snapshot_ids[:3])}).{more} Each set needs an ID of its own."
        )
    return {snapshot_id: found.row for snapshot_id, found in sets.items()}


def marked_set(copy: Snapshot) -> dict[str, Any] | None:
    """Return the set that the mark of a copy names; None if there is no mark or it is malformed."""
    found = set_of_mark(copy.tags.get(SET)) if copy.source else None
    return found.row if found else None


def groups_of(disks: Iterable[Disk], group_tag: str) -> dict[str, str | None]:
    """Return the group of each disk by ID, None if it has none."""
    return {disk.disk_id: _group_of(disk, group_tag) for disk in disks}


def _group_of(disk: Disk, group_tag: str) -> str | None:
    """Return the group of a disk: the value of the group tag, or without a group tag its instance.

    A disk that lacks the group tag is a group of its own.
    """
    if group_tag:
        return f"tag {disk.tags[group_tag]}" if disk.tags.get(group_tag) else f"disk {disk.disk_id}"
    return disk.attached_to
