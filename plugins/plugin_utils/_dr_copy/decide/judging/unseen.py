# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies that a run saw complete, and that the listing afterwards does not show as complete.

Either the listing is stale, or somebody has deleted the copy in the meantime. A look at the copy by its ID decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import FailedCopy

from ...._role.answers import CopyAnswer, CopyRow, Failure
from ...._role.failures import failure_row, failures_of
from ...._role.row_keys import CopyAt, copy_at, returned_copy_at
from ...._role.rows import is_complete
from ..step_results import ListedRegion, LookAnswer, LookTarget


def unseen_copies(answers: Sequence[CopyAnswer], listed: Sequence[ListedRegion]) -> list[LookTarget]:
    """Return ``region`` and ``snapshot_ids`` of copies that calls saw complete and no listing shows complete.

    Regions that could not be listed are skipped.
    """
    regions = {answer["region"] for answer in listed if not failures_of(answer)}
    complete = {copy_at(copy) for answer in listed for copy in answer.get("snapshots") or () if is_complete(copy)}
    unseen: dict[str, dict[str, None]] = {}
    for row in (row for answer in answers for row in _complete(answer)):
        if row["region"] in regions and returned_copy_at(row) not in complete:
            unseen.setdefault(row["region"], {})[str(row["snapshot_id"])] = None
    return [{"region": region, "snapshot_ids": list(ids)} for region, ids in unseen.items()]


def without_missing(answers: Sequence[CopyAnswer], seen: Sequence[LookAnswer]) -> list[CopyAnswer]:
    """Return the answers of copy calls; a copy that a look by its ID did not show counts as failed in them."""
    shown = {copy_at(copy) for look in seen for copy in look.get("snapshots") or ()}
    looked_at = [look["target"] for look in seen if not failures_of(look)]
    missing = {CopyAt(i, target["region"]) for target in looked_at for i in target["snapshot_ids"]} - shown
    return [_with_failures(answer, missing) if missing else answer for answer in answers]


def _with_failures(answer: CopyAnswer, missing: set[CopyAt]) -> CopyAnswer:
    gone = [row for row in _complete(answer) if returned_copy_at(row) in missing]
    if not gone:
        return answer
    failures = {returned_copy_at(row): _failure(row) for row in gone}

    def as_failed(row: CopyRow) -> CopyRow:
        return {**row, "state": "absent", "error": failures[returned_copy_at(row)]}

    rows = [as_failed(row) if returned_copy_at(row) in failures else row for row in answer["copies"]]
    counts = dict(answer["counts"])
    changes = {"failed": len(gone), "completed": -len(gone), "unchanged": -sum(row["action"] == "none" for row in gone)}
    for key, change in changes.items():
        counts[key] = max(0, counts.get(key, 0) + change)
    return {**answer, "copies": rows, "failures": [*failures_of(answer), *failures.values()], "counts": counts}


def _failure(row: CopyRow) -> Failure:
    message = f"The copy {row['snapshot_id']} was complete, but it can no longer be found by its ID"
    hint = "Find out who has deleted it. The next run copies the snapshot again."
    return failure_row(FailedCopy(message, hint=hint), row["source_snapshot_id"], row["region"], row["snapshot_id"])


def _complete(answer: CopyAnswer) -> Iterable[CopyRow]:
    return [row for row in answer.get("copies") or () if row["snapshot_id"] and is_complete(row) and not row["error"]]
