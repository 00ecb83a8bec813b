# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers of several disks: the state of their sets in each destination."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from ...._role.answers import SnapshotRow
from ...._role.failures import has_failed
from ...._role.row_keys import CopyAt, SourceAt
from ...._role.rows import is_restorable, parse_time
from ...._sets.copies import Contradiction, Copy, copies_of
from ...._sets.groups import Group, groups_by_ids
from ...._sets.inputs import with_marks
from ...._sets.keeping import kept_by_sets
from ...._sets.marked import sets_of_copies
from ...._sets.status import GroupStatus, status_of_groups
from ...input.variables import Variables
from ..destinations import Destinations
from ..result_type import SetStatus
from ..run_state import RunState
from ..selection import group_ids_by_marks, plans_of
from ..set_marks import groups_in, marks_by_source
from ..step_results import StepResults

#: The value of dr_copy_consistency with which a torn or late set misses the RPO. With "disk" it is only a warning.
BY_SET = "set"


def sets_of(
    state: RunState, copies: Sequence[SnapshotRow], values: Variables
) -> tuple[list[SetStatus], list[Contradiction]]:
    """Return a row for each group and destination, and the contradictions among the tags of their copies.

    ``copies`` are those at the destinations, with disk and time also for foreign copies. If the source region
    was not listed, the groups come from the marks of the newest copies, else from the last report.
    """
    groups, known = _groups_and_copies(state, values)
    found = status_of_groups(
        groups,
        known,
        Destinations(copies).newest_of_disks,
        values.destination_regions,
        values.rpo_hours,
        values.judged_at,
        state.unread,
        plans_of(values),
    )
    disks = {disk_id for group in groups for disk_id in group.disk_ids}
    contradictions = sets_of_copies([copy for copy in known if copy.disk_id in disks])[1]
    return [_row(status, state.unread.get(status.region)) for status in found], list(contradictions)


def late_sets(sets: Sequence[SetStatus], consistency: str) -> list[SetStatus]:
    """Return the servers that miss the RPO because of their set, worst first; none if the RPO applies to disks."""
    late = [row for row in sets if row["within_rpo"] is False and consistency == BY_SET]
    return sorted(late, key=worst_set_first)


def worst_set_first(row: SetStatus) -> tuple[int, float, str, str]:
    """Sort rows of servers: without a set, late, unchecked, torn, the others; within each kind by age, then by name."""
    if row["unknown"]:
        group = 2
    elif row["set"] is None:
        group = 0
    else:
        group = 1 if row["within_rpo"] is False else 3 if row["torn"] else 4
    return group, -(row["age_hours"] or 0), str(row["group"]), str(row["region"])


def lagging_disks(row: SetStatus, seconds: float) -> dict[str, str | None]:
    """Return the disks of a server that lag behind another disk, with the time of their newest copy or None.

    A disk lags if its newest copy is more than ``seconds`` older than that of another disk.
    """
    times = dict.fromkeys(row["disks"], row["source_created_at"])
    times |= {disk["disk_id"]: disk["source_created_at"] for disk in row["torn"]}
    newest = max(filter(None, map(parse_time, times.values())), default=None)

    def lags(moment: str | None) -> bool:
        time = parse_time(moment)
        return time is None or newest is None or (newest - time).total_seconds() > seconds

    return {disk_id: moment for disk_id, moment in sorted(times.items()) if lags(moment)}


def kept_for_sets(state: RunState, values: Variables) -> set[CopyAt]:
    """Return the members of each group's newest complete set, from all copies in the region."""
    groups, known = _groups_and_copies(state, values)
    return kept_by_sets(known, groups, values.destination_regions, plans_of(values))


def _groups_and_copies(state: RunState, values: Variables) -> tuple[list[Group], list[Copy]]:
    """Return the groups of the run's disks, and the copies with their marks.

    Copies without marks that are planned, or whose cloud has no tags, get the marks that they would have.
    """
    cloud = CLOUDS.get(values.cloud)
    has_tags = cloud is None or cloud.tag_rules is not None
    copies = copies_of(state.copies, is_restorable)
    groups = _groups(copies, state.steps, values)
    bare = [c for c in copies if not has_tags or SourceAt(c.source_id, c.region) in state.planned]
    marks = marks_by_source(groups, state.steps.source, copies, values, () if has_tags else bare) if bare else {}
    of_bare = {copy.snapshot_id for copy in bare}
    return groups, [*(c for c in copies if c.snapshot_id not in of_bare), *with_marks(bare, marks, values.plan)]


def _groups(copies: Sequence[Copy], steps: StepResults, values: Variables) -> list[Group]:
    """Return the groups of the run's disks.

    If the source region could not be listed, the marks of the newest copies name the group of a disk, and the last
    report that of a disk without such marks.
    """
    if not has_failed(steps.source):
        return groups_in(steps.source, values)
    chosen = {disk["disk_id"] for disk in steps.disks}
    known = {**(steps.last.get("groups") or {}), **group_ids_by_marks(copies)}
    return groups_by_ids({disk_id: group_id for disk_id, group_id in known.items() if disk_id in chosen})


def _row(status: GroupStatus, unread: str | None) -> SetStatus:
    return {
        "group": status.group.group_id,
        "region": status.region,
        "disks": sorted(status.group.disk_ids),
        "set": status.mark.set_id if status.mark else None,
        "consistency": status.mark.consistency.value if status.mark else None,
        "source_created_at": iso_utc(status.taken_at),
        "age_hours": status.age_hours,
        "within_rpo": status.within_rpo,
        "torn": [{"disk_id": disk.disk_id, "source_created_at": iso_utc(disk.newest)} for disk in status.torn],
        "unknown": f"the region could not be listed: {unread}" if unread else None,
    }
