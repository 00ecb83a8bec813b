# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a dry run would see at the destinations if it had made its copies and shared the snapshots."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import NotFound

from ..._role.answers import CopyAnswer, CopyRow, Failure, SharedRow, SnapshotRow, SourceRow
from ..._role.row_keys import CopyAt, copy_at, returned_copy_at, source_at


def with_planned(
    copies: Sequence[SnapshotRow], answers: Sequence[CopyAnswer], snapshots: Sequence[SnapshotRow]
) -> list[SnapshotRow]:
    """Add the copies and locks that a dry run would make, as if they existed and the copies were complete."""
    sources = {str(snapshot["snapshot_id"]): snapshot for snapshot in snapshots}
    shown: dict[CopyAt | None, SnapshotRow] = {copy_at(copy): copy for copy in copies}
    planned = [
        _as_if_complete(row, sources[str(row["source_snapshot_id"])], shown.get(returned_copy_at(row)))
        for answer in answers
        for row in answer.get("copies") or ()
        if row["state"] in ("planned", "pending") and not row["error"] and str(row["source_snapshot_id"]) in sources
    ]
    made = {source_at(copy) for copy in planned}
    rows = (row for answer in answers for row in answer.get("copies") or ())
    locked = {returned_copy_at(row): row["locked_until"] for row in rows if row["locked_until"]}
    others = [copy for copy in copies if copy["state"] != "pending" or source_at(copy) not in made]
    return [*(_with_lock(copy, locked.get(copy_at(copy))) for copy in others), *planned]


def _with_lock(copy: SnapshotRow, until: str | None) -> SnapshotRow:
    return {**copy, "locked_until": until} if until else copy


def _as_if_complete(row: CopyRow, source: SnapshotRow, shown: SnapshotRow | None) -> SnapshotRow:
    """Return the copy of a row as if it were complete. One in progress keeps its tags and its owner (``shown``)."""
    shown_source = shown.get("source") if shown else None
    provenance: SourceRow = {
        "snapshot_id": source["snapshot_id"],
        "region": source["region"],
        "disk_id": source["disk_id"],
        "created_at": source["created_at"],
        "managed": shown_source is None or bool(shown_source["managed"]),
    }
    return {
        "snapshot_id": row["snapshot_id"] or "",
        "region": row["region"],
        "state": "completed",
        "planned": True,
        "locked_until": row["locked_until"],
        "tags": (shown.get("tags") if shown else None) or {},
        "source": provenance,
    }


def as_if_shared(answers: Sequence[CopyAnswer], shared: Sequence[SharedRow]) -> list[CopyAnswer]:
    """Return the answers of a dry run as if these snapshots, which are not visible yet, were shared."""
    ids = {share["snapshot_id"] for share in shared}
    return [_seen(answer, ids) if "copies" in answer else answer for answer in answers]


def _seen(answer: CopyAnswer, ids: set[str]) -> CopyAnswer:
    def is_unseen(failure: Failure | None) -> bool:
        return failure is not None and failure["kind"] == NotFound.kind and failure["source_snapshot_id"] in ids

    def as_created(row: CopyRow) -> CopyRow:
        return {**row, "action": "created", "state": "planned", "error": None}

    copies = [as_created(row) if is_unseen(row["error"]) else row for row in answer["copies"]]
    number = sum(is_unseen(row["error"]) for row in answer["copies"])
    counts = {**answer["counts"]}
    counts.update(created=counts["created"] + number, failed=counts["failed"] - number)
    failures = [failure for failure in answer["failures"] if not is_unseen(failure)]
    return {**answer, "copies": copies, "failures": failures, "failed": bool(failures), "counts": counts}
