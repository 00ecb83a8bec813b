# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to copy if a chosen snapshot of a disk was deleted before it could be copied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import NotFound
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped

from ...._role.answers import Answer, CopyAnswer, Failure, InfoAnswer, ShareAnswer
from ...._role.failures import failures_of, has_failed
from ...._role.row_keys import SourceAt, disk_at, planned_at, requested_at
from ...._role.rows import disk_id_of
from ...input.variables import Variables
from ..plan_reasons import ALL, GONE, NEWEST, NEXT_NEWEST, USABLE, WITHIN_KEEP
from ..result_type import PlanRow
from ..run_decision import plan_snapshots
from ..selection import selected_snapshots
from ..step_results import StepResults

#: Reasons of chosen snapshots that another snapshot of the disk can replace. A member of a set has no replacement.
REPLACEABLE = (NEWEST, WITHIN_KEEP, ALL)


def disks_to_fall_back(plan_rows: Sequence[PlanRow], answers: Sequence[Answer], values: Variables) -> list[str]:
    """Return the disks with a chosen snapshot that was gone, according to these answers to copying and sharing."""
    gone = _gone(plan_rows, answers, values)
    return list(dict.fromkeys(str(row["disk_id"]) for row in plan_rows if planned_at(row) in gone))


def fall_back(steps: StepResults, answers: Sequence[Answer], again: InfoAnswer, values: Variables) -> list[PlanRow]:
    """Return a plan in which other snapshots of a disk replace those that are gone, the next newest first.

    ``steps`` has the first plan, and the listings and disks that it is based on. ``again`` is what the source region
    now shows of the disks whose snapshots ``answers`` call gone. A snapshot that it shows is not gone, whatever a copy
    call answered. A snapshot that it no longer shows is not chosen.
    """
    plan_rows = steps.plan_rows
    shown = None if has_failed(again) else {s["snapshot_id"] for s in again["snapshots"]}
    gone = {one for one in _gone(plan_rows, answers, values) if shown is None or one.source_id not in shown}
    affected = {disk_at(row) for row in plan_rows if planned_at(row) in gone}
    disks = {at.disk_id for at in affected}
    left = [
        snapshot
        for snapshot in selected_snapshots(steps.source, values)
        if snapshot["snapshot_id"] not in {one.source_id for one in gone}
        and (shown is None or disk_id_of(snapshot) not in disks or snapshot["snapshot_id"] in shown)
    ]
    newest = {planned_at(row) for row in plan_rows if row["reason"] == NEWEST}
    # With the other disks of a server, so that the members of its sets are known.
    chosen: list[PlanRow] = [
        {**row, "reason": NEXT_NEWEST} if row["reason"] == NEWEST and planned_at(row) not in newest else row
        for row in plan_snapshots(left, steps.disks, steps.before, values)
    ]
    replacements = grouped(chosen, disk_at)
    rows: list[PlanRow] = []
    for row in plan_rows:
        if planned_at(row) in gone:
            rows += [{**row, "chosen": False, "reason": GONE}, *replacements.pop(disk_at(row), ())]
        elif disk_at(row) not in affected:
            rows.append(row)
    return rows


def without_gone(answers: Sequence[CopyAnswer], plan_rows: Sequence[PlanRow]) -> list[CopyAnswer]:
    """Return the answers of copy calls without the failures of gone snapshots that a copied one replaces."""
    gone = _replaced(plan_rows)
    return [
        _without(answer, gone) if gone and "failures" in answer and "copies" in answer else answer for answer in answers
    ]


def share_without_gone(answer: ShareAnswer, plan_rows: Sequence[PlanRow]) -> ShareAnswer:
    """Return the answer of a call to share in the same way; its failures concern the source region."""
    ids = {one.source_id for one in _replaced(plan_rows)}
    if not ids or "failures" not in answer:
        return answer
    failures = [f for f in failures_of(answer) if not _is_of_gone(f) or f["source_snapshot_id"] not in ids]
    return {**answer, "failures": failures, "failed": bool(failures)}


def both_shares(first: ShareAnswer | None, second: ShareAnswer) -> ShareAnswer:
    """Return the answers of the calls to share, before falling back (None: there was no such call) and now, as one."""
    if first is None:
        return second
    both = (first, second)
    api_calls: Counter[str] = Counter()
    for answer in both:
        api_calls.update(answer.get("api_calls") or {})
    return {
        "shared": [share for answer in both for share in answer.get("shared") or ()],
        "failures": [failure for answer in both for failure in failures_of(answer)],
        "api_calls": dict(api_calls),
    }


def _replaced(plan_rows: Sequence[PlanRow]) -> set[SourceAt]:
    usable = {disk_at(row) for row in plan_rows if row["reason"] in USABLE}
    return {planned_at(row) for row in plan_rows if row["reason"] == GONE and disk_at(row) in usable}


def _without(answer: CopyAnswer, gone: set[SourceAt]) -> CopyAnswer:
    copies = answer["copies"]
    failures = [f for f in failures_of(answer) if not _is_of_gone(f) or requested_at(f) not in gone]
    left = [row for row in copies if requested_at(row) not in gone]
    counts = {**answer["counts"], "failed": answer["counts"]["failed"] - (len(copies) - len(left))}
    return {**answer, "copies": left, "failures": failures, "failed": bool(failures), "counts": counts}


def _gone(plan_rows: Sequence[PlanRow], answers: Sequence[Answer], values: Variables) -> set[SourceAt]:
    missing = [failure for answer in answers for failure in failures_of(answer) if _is_of_gone(failure)]
    # The failures of a call to share, and of a copy within the region, concern the source region.
    missing_there = {f["source_snapshot_id"] for f in missing if f["region"] == values.source_region}
    missing_at = {requested_at(failure) for failure in missing}
    return {
        planned_at(row)
        for row in plan_rows
        if row["reason"] in REPLACEABLE and (planned_at(row) in missing_at or row["snapshot_id"] in missing_there)
    }


def _is_of_gone(failure: Failure) -> bool:
    return bool(failure["kind"] == NotFound.kind and failure["source_snapshot_id"])
