# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each call of a module gets: the snapshots to copy, the copies to delete, the snapshots to share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

from ...._role.answers import CopyAnswer, SharedRow, SnapshotRow
from ...._role.row_keys import DiskAt, disk_at, planned_at, requested_at
from ...._role.rows import SnapshotTime, parse_time
from ..plan_reasons import THERE
from ..result_type import ExpiredCopy, PlanRow
from ..retention import Retention, counts_for_planning, points_of
from ..step_results import CopyBatch, DeletionBatch


def copy_batches(
    plan_rows: Sequence[PlanRow], shared: Sequence[SharedRow] | None, before: Sequence[CopyAnswer]
) -> list[CopyBatch]:
    """Put the chosen rows of a plan into one copy call for each set of destinations.

    This includes existing copies, so that their tags and expiries are updated. Across accounts, only snapshots that
    were ``shared`` are copied. Disks take turns in the plan's order, which is that of their need, so none starves if
    time is short. Older sources of a disk come first, because the disk's next copy is then incremental. Copies
    that answers of earlier calls (``before``) contain are left out.
    """
    rows = [row for answer in before for row in answer.get("copies") or ()]
    tried = {requested_at(row) for row in rows}
    wanted = [row for row in plan_rows if row["chosen"] or row["reason"] == THERE]
    wanted = [row for row in wanted if planned_at(row) not in tried]
    if shared is not None:
        visible = {share["snapshot_id"] for share in shared}
        wanted = [row for row in wanted if row["snapshot_id"] in visible or not row["chosen"]]
    by_disk: dict[str, dict[str, list[str]]] = {row["disk_id"]: {} for row in wanted}
    for row in sorted(wanted, key=lambda r: (str(r["source_created_at"]), r["snapshot_id"])):
        by_disk[row["disk_id"]].setdefault(str(row["snapshot_id"]), []).append(row["region"])
    turns = zip_longest(*(of_disk.items() for of_disk in by_disk.values()))
    batches: dict[tuple[str, ...], list[str]] = {}
    for snapshot_id, destinations in filter(None, chain.from_iterable(turns)):
        batches.setdefault(tuple(destinations), []).append(snapshot_id)
    return [{"snapshot_ids": ids, "destination_regions": list(wanted)} for wanted, ids in batches.items()]


def without_short_lived_replacements(
    plan_rows: Sequence[PlanRow], copies: Sequence[SnapshotRow], retention: Retention
) -> list[PlanRow]:
    """Return a plan without the existing copies that retention would delete as soon as they were replaced.

    Otherwise each run would replace a held or locked copy, which stays, and delete the replacement.
    """
    points = points_of(copies, counts_for_planning)
    times: dict[DiskAt, set[SnapshotTime]] = {disk: {point.taken for point in found} for disk, found in points.items()}
    for row in plan_rows:
        if (row["chosen"] or row["reason"] == THERE) and (taken := _taken(row)):
            times.setdefault(disk_at(row), set()).add(taken)
    kept = {disk: retention.kept(sorted(found, reverse=True)) for disk, found in times.items()}
    return [row for row in plan_rows if row["reason"] != THERE or _taken(row) in kept.get(disk_at(row), ())]


def _taken(row: PlanRow) -> SnapshotTime | None:
    time = parse_time(row["source_created_at"])
    return SnapshotTime(time, str(row["snapshot_id"])) if time else None


def deletion_batches(expired: Sequence[ExpiredCopy], most: int) -> list[DeletionBatch]:
    """Put expired copies into one batch per region.

    Returns nothing if there are more than ``most`` copies (0: no limit). A batch names the survivor of each copy,
    unless that is only planned, in check mode.
    """
    if most and len(expired) > most:
        return []
    by_region: dict[str, DeletionBatch] = {}
    for copy in expired:
        region, source = copy["region"], copy["source"]
        nothing: DeletionBatch = {"region": region, "copy_ids": [], "snapshot_ids": [], "survivors": {}}
        batch = by_region.setdefault(region, nothing)
        batch["copy_ids"].append(copy["snapshot_id"])
        if copy["survivor"]:
            batch["survivors"][copy["snapshot_id"]] = copy["survivor"]
        if source and source["snapshot_id"] not in batch["snapshot_ids"]:
            batch["snapshot_ids"].append(source["snapshot_id"])
    return list(by_region.values())


def snapshots_to_share(plan_rows: Sequence[PlanRow], replaces: bool, shared: Sequence[SharedRow]) -> list[str]:
    """Return the snapshots that a plan copies and that are not ``shared`` yet, each once and in the plan's order.

    If misfits are replaced, this includes their sources.
    """
    copied = [row for row in plan_rows if row["chosen"] or (replaces and row["reason"] == THERE)]
    visible = {share["snapshot_id"] for share in shared}
    return [i for i in dict.fromkeys(str(row["snapshot_id"]) for row in copied) if i not in visible]
