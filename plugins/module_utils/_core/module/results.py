# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of the copy modules: one function makes the rows of a run, of check mode and of the diff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import CopyError, FailedCopy
from ..model import Action, CopyOrder, Resource, State
from ..times import iso_utc
from .messages import COPY_COUNTS, pluralize

if TYPE_CHECKING:  # the controller loads this file but needs no engine
    from ..act.attempt import Attempt


def result_of(attempts: Sequence[Attempt], planned: bool = False) -> dict[str, Any]:
    """Return the keys of the result about the copies; ``planned`` in check mode."""
    rows = [_row(attempt, planned) for attempt in attempts]
    result: dict[str, Any] = {
        "changed": any(is_changed(attempt, planned) for attempt in attempts),
        "copies": rows,
        "failures": [failure for attempt in attempts for failure in failures_of_attempt(attempt)],
        "duplicates": [
            {"source_snapshot_id": a.request.snapshot_id, "region": a.request.region, "snapshot_id": snapshot_id}
            for a in attempts
            for snapshot_id in _duplicate_ids(a, planned)
        ],
        "deleted_ids": [snapshot_id for attempt in attempts for snapshot_id in deleted_ids(attempt, planned)],
        "counts": counts_of(rows, attempts, planned, COPY_COUNTS),
    }
    if len(rows) == 1:
        result["snapshot_id"] = rows[0]["snapshot_id"]
    return result


def empty_result() -> dict[str, Any]:
    return result_of([])


def diff_of(attempts: Sequence[Attempt], planned: bool) -> dict[str, Any]:
    """Return, for ``--diff``, the copies that a run changes, before and after."""
    changed = [a for a in attempts if is_changed(a, planned)]
    return {
        "before": {"copies": [_before(a) for a in changed]},
        "after": {"copies": [_after(a, planned) for a in changed]},
    }


def lock_messages(attempts: Sequence[Attempt]) -> list[str]:
    """Return messages about the writes of a dry run that nobody can undo: locks in compliance mode."""
    new = [a for a in attempts if a.waits_to_begin or a.decision.drift.lock.due or a.decision.drift.lock.later]
    days = [a.request.lock.days for a in new if a.request.lock and a.request.lock.mode == "compliance"]
    if not days:
        return []
    return [
        f"This cannot be undone: {pluralize(len(days), 'copy', 'copies')} would be locked in compliance mode for "
        f"{days[0]} days. During that time nobody can delete them or end their locks, and the cloud bills them"
    ]


def deleted_ids(attempt: Attempt, planned: bool = False) -> list[str]:
    """Return the IDs of copies that were deleted or, in check mode, would be."""
    if planned:
        return [] if attempt.error else [c.id for c in attempt.decision.deletions.to_delete]
    return list(attempt.memory.deleted)


def is_changed(attempt: Attempt, planned: bool) -> bool:
    """Whether something was written for a request or, in check mode, would be."""
    if not planned:
        return attempt.memory.changed
    decision, drift = attempt.decision, attempt.decision.drift
    later = (drift.expiry.later or drift.lock.later) and attempt.desired.policy.wait
    will = decision.begins or decision.deletions.to_delete or drift.due or later
    return attempt.error is None and decision.error is None and bool(will)


def _duplicate_ids(attempt: Attempt, planned: bool) -> list[str]:
    """Return the IDs of copies in the last look besides the one that counts.

    In check mode, the copies that the run would delete are left out.
    """
    seen = attempt.memory.seen
    to_delete = deleted_ids(attempt, planned) if planned else []
    ids = [c.id for c in attempt.duplicates if c.id not in to_delete]
    return [i for i in ids if i in seen and not seen[i].misses]


def _before(attempt: Attempt) -> dict[str, Any]:
    copy = attempt.first_decision.copy if attempt.first_decision else None
    row = {**_empty_row(attempt), **({} if copy is None else _facts(copy))}
    return _brief(row, attempt.memory.initially_there)


def _after(attempt: Attempt, planned: bool) -> dict[str, Any]:
    known_ids = {*attempt.memory.initially_there, *attempt.memory.own_copies} - set(deleted_ids(attempt, planned))
    brief = _brief(_row(attempt, planned), known_ids)
    expiry = attempt.decision.drift.expiry.at or (attempt.copy.expires_at if attempt.copy else None)
    if expiry:
        brief["expires_at"] = iso_utc(expiry)
    if attempt.copy and attempt.copy.locked_until:
        brief["locked_until"] = iso_utc(attempt.copy.locked_until)
    elif attempt.decision.drift.lock.due and attempt.request.lock:
        brief["lock_days"] = attempt.request.lock.days
    return brief


def _brief(row: dict[str, Any], known: Iterable[str]) -> dict[str, Any]:
    keys = ("source_snapshot_id", "region", "snapshot_id", "state", "name", "tags")
    return {**{key: row[key] for key in keys}, "other_copies": sorted(set(known) - {row["snapshot_id"]})}


def _row(attempt: Attempt, planned: bool) -> dict[str, Any]:
    decision, copy = attempt.decision, copy_shown(attempt)
    error = error_of(attempt)
    row = _empty_row(attempt)
    row.update(action=action_of(attempt, copy, planned).value, error=failure_of_row(attempt, copy, writes=True))
    if copy is not None:
        row.update(_facts(copy))
        if planned and decision.drift.tags.change:
            row["tags"] = decision.drift.tags.change.applied_to(copy.tags)
        elif attempt.desired.cloud.tags_in_copy_call and copy.id in attempt.memory.writes.tags:
            row["tags"] = attempt.memory.writes.tags[copy.id].applied_to(copy.tags)
        if copy.id in deleted_ids(attempt, planned):
            row.update(state=State.ABSENT.value, provider_state=None, progress=0)
    elif planned and decision.begins and error is None:
        order = attempt.order
        row.update(
            state=State.PLANNED.value,
            size_gib=order.source.size_gib,
            name=order.name,
            description=order.description,
            tags=dict(order.tags),
            encrypted=attempt.desired.cloud.expected_encryption(order),
        )
    return row


def _empty_row(attempt: Attempt) -> dict[str, Any]:
    return {
        "source_snapshot_id": attempt.request.snapshot_id,
        "source_region": _source_region(attempt),
        "region": attempt.request.region,
        "snapshot_id": None,
        "action": Action.NONE.value,
        "state": State.ABSENT.value,
        "provider_state": None,
        "progress": 0,
        "size_gib": None,
        "encrypted": None,
        "created_at": None,
        "locked_until": None,
        "name": None,
        "description": None,
        "tags": {},
        "error": None,
    }


def copy_shown(attempt: Attempt) -> Resource | None:
    """Return the copy of a row: the one that counts or, if none is wanted, the first deleted one, else a remaining one.

    The row of a failed copy that is not to be replaced shows that copy.
    """
    memory, policy = attempt.memory, attempt.desired.policy
    if policy.absent and memory.deleted:
        first = next(iter(memory.deleted))  # a disk in a recycle bin shows again
        return memory.gone[first] if first in memory.gone else memory.seen[first].copy
    if policy.absent and attempt.copy is None:
        refused = [copy for copy, _why in attempt.decision.deletions.refused]
        # Copies that copy_ids does not name remain.
        named = policy.copy_ids or ()
        remaining = [] if policy.copy_ids is None else sorted(memory.copies, key=lambda c: c.id not in named)
        return next(iter([*refused, *remaining]), None)
    if isinstance(attempt.decision.error, FailedCopy) and attempt.decision.cause in memory.seen:
        return memory.seen[attempt.decision.cause].copy
    return attempt.copy


def _source_region(attempt: Attempt) -> str | None:
    """Return the region of the source: as given, as looked up, or as the copy shows it."""
    order, copy = attempt.desired.order, copy_shown(attempt)
    if isinstance(order, CopyOrder):
        found: str | None = order.source.region
    else:
        found = copy.source.region if copy and copy.source else None
    return attempt.request.source_region or found


def _facts(copy: Resource) -> dict[str, Any]:
    return {
        "snapshot_id": copy.id,
        "state": copy.state.value,
        "provider_state": copy.provider_state,
        "progress": copy.progress,
        "size_gib": copy.size_gib,
        "encrypted": copy.encrypted,
        "created_at": iso_utc(copy.created_at),
        "locked_until": iso_utc(copy.locked_until),
        "name": copy.name,
        "description": copy.description,
        "tags": dict(copy.tags),
    }


def action_of(attempt: Attempt, copy: Resource | None, planned: bool) -> Action:
    """Return what was done for a request or, in check mode, would be."""
    memory, decision, desired = attempt.memory, attempt.decision, attempt.desired
    deleted = deleted_ids(attempt, planned)
    if desired.policy.absent:
        return Action.DELETED if deleted else Action.NONE
    if copy is None:
        will_be = planned and decision.begins and error_of(attempt) is None
        return (Action.REPLACED if memory.initially_there else Action.CREATED) if will_be else Action.NONE
    if copy.id in memory.own_copies:
        return Action.REPLACED if memory.initially_there else Action.CREATED
    if any(i in memory.own_copies for i in deleted):
        return Action.ADOPTED
    sighting = memory.seen.get(copy.id)
    if sighting and sighting.first_state is State.PENDING:
        return Action.ADOPTED
    updated = bool(decision.drift.due) if planned else memory.updated
    return Action.UPDATED if updated else Action.NONE


def error_of(attempt: Attempt) -> CopyError | None:
    """Return why a request has failed, or None."""
    return attempt.error or attempt.decision.error


def failures_of_attempt(attempt: Attempt) -> list[dict[str, Any]]:
    """Return all failures of a request, including those of writes on copies."""
    snapshot_id, region = attempt.request.snapshot_id, attempt.request.region
    error = error_of(attempt)
    cause = attempt.copy.id if attempt.copy else attempt.decision.cause
    failures = [error.as_result(snapshot_id, region, cause)] if error else []
    others = [(copy.id, why) for copy, why in attempt.decision.deletions.refused] + attempt.failures
    never = attempt.decision.drift.refused
    if never and attempt.copy and error is None:
        others.append((attempt.copy.id, never))
    return failures + [why.as_result(snapshot_id, region, copy_id) for copy_id, why in others]


def failure_of_row(attempt: Attempt, copy: Resource | None, writes: bool = False) -> dict[str, Any] | None:
    """Return why a request has failed, or why its copy remains although none is wanted.

    With ``writes`` also why a write on this copy has failed.
    """
    failures = failures_of_attempt(attempt)
    if error_of(attempt):
        return failures[0]
    left = copy is not None and any(one.id == copy.id for one, _why in attempt.decision.deletions.refused)
    of_copy = [failure for failure in failures if copy is not None and failure["snapshot_id"] == copy.id]
    return of_copy[0] if of_copy and (left or writes) else None


def counts_of(
    rows: Sequence[dict[str, Any]], attempts: Sequence[Attempt], planned: bool, names: Sequence[str]
) -> dict[str, int]:
    """Count rows by what was done and by their state, for these names."""
    counts: Counter[str] = Counter()
    for row, attempt in zip(rows, attempts):
        failed = bool(failures_of_attempt(attempt))
        counts["failed"] += failed
        counts["deleted"] += len(deleted_ids(attempt, planned))
        counts[row["state"]] += 1
        if row["action"] not in ("none", "deleted"):
            counts[row["action"]] += 1
        elif row["action"] == "none" and not failed:
            counts["unchanged"] += 1
    return {key: counts[key] for key in names}
