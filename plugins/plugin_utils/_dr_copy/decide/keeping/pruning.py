# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copies a run may delete, which it has deleted, and which belong to no disk of the plan."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import is_first_shard

from ...._role.answers import CopyAnswer, DiskRow, InfoAnswer, SnapshotRow, SourceRow
from ...._role.failures import failures_of, has_failed
from ...._role.marks import DISK_NAME, is_of_plans, plan_of
from ...._role.row_keys import (
    DiskAt,
    SourceAt,
    copy_at,
    disk_at,
    planned_at,
    requested_at,
    source_at,
    source_disk_at,
)
from ...._role.rows import SnapshotTime, disk_id_of, is_complete, is_restorable, parse_time, taken_at
from ...._sets.copies import copies_of
from ...._sets.keeping import possible_set_members
from ...input.variables import Variables
from ..destinations import Destinations, listed_copies, managed_copies
from ..judging.server_sets import kept_for_sets
from ..plan_reasons import OF_SET, THERE_OF_SET, USABLE
from ..result_type import ExpiredCopy, KeptCopy, Orphan, PlanCopy, PlanRow
from ..retention import expired_by, retention_of
from ..run_state import RunState
from ..selection import plans_of, shard_disks_by_marks, wanted_disks
from ..step_results import StepResults


class Prunable(NamedTuple):
    """The copies that a run may delete, and the expired copies that another plan made."""

    to_delete: list[ExpiredCopy]
    kept_for_others: list[KeptCopy]


def prunes(values: Variables) -> bool:
    """Whether the plan has limits of retention."""
    return retention_of(values).is_set


def prunable(steps: StepResults, values: Variables, check_mode: bool) -> Prunable:
    """Return the copies that a run may delete after copying, and those that it leaves to another ``plan``.

    These are only copies of disks that this run selected. Their region must have a complete copy of the disk's newest
    usable snapshot, or a newer recovery point, and no copy of the disk may have failed there. The copies are used as
    listed: facts that the role fills in for foreign copies never justify a deletion.
    """
    if not prunes(values):
        return Prunable([], [])
    state = RunState(steps, values, check_mode)
    # Sets are determined from all copies, whichever disks this run may prune.
    of_sets = kept_for_sets(state, values)
    expired = [
        copy
        for copy in _expired(state.copies, steps.plan_rows, steps.disks, values, _failed_copies(state.copied))
        if copy_at(copy) not in of_sets
    ]
    own = [copy for copy in expired if is_of_plans(copy, plans_of(values))]
    others = [copy for copy in expired if not is_of_plans(copy, plans_of(values))]
    kept: list[KeptCopy] = [
        {"snapshot_id": c["snapshot_id"], "region": c["region"], "plan": plan_of(c)} for c in others
    ]
    return Prunable(with_survivors(own, state.copies), kept)


def may_be_of_sets(to_delete: Sequence[ExpiredCopy], listed: Sequence[InfoAnswer], values: Variables) -> bool:
    """Whether a copy to delete may be in its group's newest complete set, as not all copies were ``listed``."""
    perhaps = possible_set_members(copies_of(listed_copies(listed, values)))
    return any(copy_at(copy) in perhaps for copy in to_delete)


def _expired(
    copies: Sequence[SnapshotRow],
    plan_rows: Sequence[PlanRow],
    disks: Sequence[DiskRow],
    values: Variables,
    failed: Collection[SourceAt],
) -> list[SnapshotRow]:
    safe = _safe_disks(copies, plan_rows, failed)
    chosen = {disk["disk_id"] for disk in disks}
    looked_at = [
        copy for copy in managed_copies(copies, values) if disk_id_of(copy) in chosen and source_disk_at(copy) in safe
    ]
    expired = expired_by(retention_of(values), looked_at)
    # Members of an unfinished set stay until it is complete, even if newer points would count instead.
    rows = [row for row in plan_rows if row["reason"] in (OF_SET, THERE_OF_SET)]
    of_sets = {planned_at(row) for row in rows}
    return [copy for copy in expired if source_at(copy) not in of_sets]


def _safe_disks(
    copies: Sequence[SnapshotRow], plan_rows: Sequence[PlanRow], failed: Collection[SourceAt]
) -> set[DiskAt]:
    """Return the disks whose older copies may be deleted in a region.

    The region has a complete copy of the disk's newest usable snapshot, or a newer one, and no copy of the disk has
    failed there.
    """
    newest: dict[DiskAt, SnapshotTime] = {}
    for row in plan_rows:
        time = parse_time(row["source_created_at"]) if row["reason"] in USABLE else None
        if time:
            disk, taken = disk_at(row), SnapshotTime(time, str(row["snapshot_id"]))
            newest[disk] = max(taken, newest.get(disk, taken))
    known = Destinations(copies)
    broken = {disk_at(row) for row in plan_rows if planned_at(row) in failed}
    return {disk for disk, taken in newest.items() if known.is_safe(disk, taken)} - broken


def with_survivors(expired: Sequence[SnapshotRow], copies: Sequence[SnapshotRow]) -> list[ExpiredCopy]:
    """Return expired copies, each with its ``survivor``: the newest complete copy of the disk in the region that stays.

    A copy that is archived or whose key cannot be used is a survivor only if there is no other. The survivor is None if
    it is only planned, in check mode. If no copy would survive, none is deleted.
    """
    to_delete = {copy_at(copy) for copy in expired}
    newest: dict[DiskAt, tuple[tuple[bool, SnapshotTime], str | None]] = {}
    for copy in copies:
        taken = taken_at(copy)
        if not copy.get("source") or not taken or not is_complete(copy) or copy_at(copy) in to_delete:
            continue
        key, order = source_disk_at(copy), (is_restorable(copy), taken)
        if key not in newest or newest[key][0] < order:
            newest[key] = (order, None if copy.get("planned") else copy["snapshot_id"])
    keys = [(copy, source_disk_at(copy)) for copy in expired]
    return [{**copy, "survivor": newest[key][1]} for copy, key in keys if key in newest]


def _failed_copies(answers: Sequence[CopyAnswer]) -> set[SourceAt]:
    """Return source and region of each copy that failed in any way in these calls."""
    return {requested_at(f) for answer in answers for f in failures_of(answer)}


def deleted_copies(expired: Sequence[ExpiredCopy], answers: Sequence[CopyAnswer]) -> list[PlanCopy]:
    """Return the expired copies that the calls have deleted and that no longer show."""
    shown = {str(failure["snapshot_id"]) for answer in answers for failure in failures_of(answer)}
    gone = {snapshot_id for answer in answers for snapshot_id in answer.get("deleted_ids") or ()} - shown
    return [_as_result(copy, source) for copy in expired if (source := copy["source"]) and copy["snapshot_id"] in gone]


def orphans(
    copies: Sequence[SnapshotRow], disks: Sequence[DiskRow], values: Variables, source: InfoAnswer
) -> list[Orphan]:
    """Return the copies with the plan's mark whose disk this run has not selected.

    ``kind`` is "gone" if the disk is no longer in the source region, "unselected" if it still is, and None if the
    region's disks were not listed. If the plan names disk IDs, copies of other disks are ignored. The first shard
    returns the orphans of all shards, because only the first shard lists all copies.
    """
    if not is_first_shard(values.shard):
        return []
    chosen = {disk["disk_id"] for disk in [*disks, *wanted_disks(source, values)]}
    existing = {disk["disk_id"] for disk in [*(source.get("disks") or ()), *(source.get("other_disks") or ())]}
    gone = "gone" if not has_failed(source) and "other_disks" in source else None
    # Without a listing of the source region, the disks of other shards are unknown.
    part = shard_disks_by_marks(copies, values) if has_failed(source) else None
    return [
        {
            **_as_result(copy, made_from),
            "disk_name": (copy.get("tags") or {}).get(DISK_NAME),
            "kind": "unselected" if disk_id_of(copy) in existing else gone,
        }
        for copy in managed_copies(copies, values)
        if (made_from := copy["source"])
        and plan_of(copy) in plans_of(values)
        and disk_id_of(copy) not in chosen
        and (not values.disk_ids or disk_id_of(copy) in values.disk_ids)
        and (part is None or disk_id_of(copy) in part)
    ]


def _as_result(copy: SnapshotRow, source: SourceRow) -> PlanCopy:
    """Return a copy in the form of the role's result."""
    return {
        "snapshot_id": copy["snapshot_id"],
        "region": copy["region"],
        "state": copy["state"],
        "disk_id": source["disk_id"],
        "source_snapshot_id": source["snapshot_id"],
        "source_created_at": source["created_at"],
    }
