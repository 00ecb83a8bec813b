# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of the copy modules: one function makes the rows of a run, of check mode and of the diff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..decide.updates import AddLock, ChangeTags, SetExpiry
from ..model import Action, CopyOrder, Resource, State
from ..times import iso_utc
from ..words import pluralize
from .messages import COPY_COUNTS
from .outcome import PLANNED, Outcome, counts_of

if TYPE_CHECKING:  # the controller loads this file but needs no engine
    from ..act.attempt import Attempt


def result_of(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the keys of the result about the copies."""
    rows = [_row(outcome) for outcome in outcomes]
    result: dict[str, Any] = {
        "changed": any(outcome.is_changed for outcome in outcomes),
        "copies": rows,
        "failures": [failure for outcome in outcomes for failure in outcome.failures],
        "duplicates": [duplicate for outcome in outcomes for duplicate in _duplicates(outcome)],
        "deleted_ids": [snapshot_id for outcome in outcomes for snapshot_id in outcome.deleted_ids],
        "counts": counts_of(rows, outcomes, COPY_COUNTS),
    }
    if len(rows) == 1:
        result["snapshot_id"] = rows[0]["snapshot_id"]
    return result


def empty_result() -> dict[str, Any]:
    return result_of([])


def diff_of(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return, for ``--diff``, the copies that a run changes, before and after."""
    changed = [outcome for outcome in outcomes if outcome.is_changed]
    return {
        "before": {"copies": [_before(outcome) for outcome in changed]},
        "after": {"copies": [_after(outcome) for outcome in changed]},
    }


def lock_messages(attempts: Sequence[Attempt]) -> list[str]:
    """Return messages about the writes of a dry run that nobody can undo: locks in compliance mode."""
    drifts = [(a, a.decision.drift) for a in attempts]
    new = [a for a, drift in drifts if a.waits_to_begin or isinstance(drift.lock, AddLock) or drift.locks_later]
    days = [a.request.lock.days for a in new if a.request.lock and a.request.lock.mode == "compliance"]
    if not days:
        return []
    return [
        f"This cannot be undone: {pluralize(len(days), 'copy', 'copies')} would be locked in compliance mode for "
        f"{days[0]} days. During that time nobody can delete them or end their locks, and the cloud bills them."
    ]


def _duplicates(outcome: Outcome) -> list[dict[str, str]]:
    """Return the copies in the last look besides the primary one.

    In check mode, the copies that the run would delete are left out.
    """
    request, seen = outcome.attempt.request, outcome.attempt.memory.seen
    to_delete = outcome.deleted_ids if outcome.is_planned else []
    ids = [copy.id for copy in outcome.attempt.duplicates if copy.id not in to_delete]
    return [
        {"source_snapshot_id": request.snapshot_id, "region": request.region, "snapshot_id": snapshot_id}
        for snapshot_id in ids
        if snapshot_id in seen and not seen[snapshot_id].misses
    ]


def _before(outcome: Outcome) -> dict[str, Any]:
    attempt = outcome.attempt
    copy = attempt.first_decision.copy if attempt.first_decision else None
    row = {**_empty_row(outcome), **({} if copy is None else _facts(copy))}
    return _brief(row, attempt.memory.initially_there)


def _after(outcome: Outcome) -> dict[str, Any]:
    attempt = outcome.attempt
    known_ids = {*attempt.memory.initially_there, *attempt.memory.own_copies} - set(outcome.deleted_ids)
    brief = _brief(_row(outcome), known_ids)
    drift = attempt.decision.drift
    if isinstance(drift.expiry, SetExpiry):
        brief["expires_at"] = iso_utc(drift.expiry.at)
    elif attempt.copy and attempt.copy.expires_at:
        brief["expires_at"] = iso_utc(attempt.copy.expires_at)
    if attempt.copy and attempt.copy.locked_until:
        brief["locked_until"] = iso_utc(attempt.copy.locked_until)
    elif isinstance(drift.lock, AddLock):
        brief["lock_days"] = drift.lock.lock.days
    return brief


def _brief(row: dict[str, Any], known: Iterable[str]) -> dict[str, Any]:
    keys = ("source_snapshot_id", "region", "snapshot_id", "state", "name", "tags")
    return {**{key: row[key] for key in keys}, "other_copies": sorted(set(known) - {row["snapshot_id"]})}


def _row(outcome: Outcome) -> dict[str, Any]:
    attempt, copy = outcome.attempt, outcome.copy
    row = _empty_row(outcome)
    row.update(action=outcome.action.value, error=outcome.failure_of_row)
    if copy is not None:
        row.update(_facts(copy))
        missing = attempt.decision.drift.tags.next
        if outcome.is_planned and isinstance(missing, ChangeTags):
            row["tags"] = missing.change.applied_to(copy.tags)
        elif attempt.desired.cloud.tags_in_copy_call and copy.id in attempt.memory.writes.tags:
            row["tags"] = attempt.memory.writes.tags[copy.id].change.applied_to(copy.tags)
        if copy.id in outcome.deleted_ids:
            row.update(state=State.ABSENT.value, provider_state=None, progress=0)
    elif outcome.will_begin:
        order = attempt.order
        row.update(
            state=PLANNED,
            size_gib=order.source.size_gib,
            name=order.name,
            description=order.description,
            tags=dict(order.tags),
            encrypted=attempt.desired.cloud.expected_encryption(order),
        )
    if outcome.locked_until:
        row["locked_until"] = iso_utc(outcome.locked_until)
    return row


def _empty_row(outcome: Outcome) -> dict[str, Any]:
    request = outcome.attempt.request
    return {
        "source_snapshot_id": request.snapshot_id,
        "source_region": _source_region(outcome),
        "region": request.region,
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


def _source_region(outcome: Outcome) -> str | None:
    """Return the region of the source: as given, as looked up, or as the copy shows it."""
    order, copy = outcome.attempt.desired.order, outcome.copy
    if isinstance(order, CopyOrder):
        found: str | None = order.source.region
    else:
        found = copy.source.region if copy and copy.source else None
    return outcome.attempt.request.source_region or found


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
