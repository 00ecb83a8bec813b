# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What users get back: one function makes the rows of a plan, of a run and of the diff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .decision import Decision, removable_at_once
from .job import Job
from .model import Action, Snapshot, State, iso_utc
from .plan import Plan

COUNTED = ("created", "adopted", "replaced", "updated", "deleted", "unchanged", "completed", "pending", "failed")


def predicted(plan: Plan, wait: bool) -> list[Job]:
    """Return the jobs as they end if everything that the plan decides goes well."""
    jobs = []
    for decision in plan.decisions:
        job = Job(decision, copy=decision.copy, error=decision.error)
        gone = removable_at_once(decision) + decision.unfinished
        if decision.order:
            gone += decision.failed
        if wait and decision.action is not Action.DELETED:
            gone += decision.misfits
        job.deleted = list(dict.fromkeys(copy.snapshot_id for copy in gone))
        job.changed = bool(decision.order or decision.change or decision.expiry or gone)
        job.changed = job.changed or (wait and decision.expires_when_complete)
        jobs.append(job)
    return jobs


def result_of(jobs: Sequence[Job], planned: bool = False) -> dict[str, Any]:
    """Return the keys of the result that tell of the copies."""
    rows = [_row(job, planned) for job in jobs]
    failures = [failure for job in jobs for failure in _failures(job)]
    duplicates = [
        {"source_snapshot_id": d.request.snapshot_id, "region": d.request.region, "snapshot_id": copy.snapshot_id}
        for d in (job.decision for job in jobs)
        for copy in d.duplicates
    ] + [
        {"source_snapshot_id": d.request.snapshot_id, "region": d.request.region, "snapshot_id": snapshot_id}
        for d, job in ((job.decision, job) for job in jobs)
        for snapshot_id in job.rivals
    ]
    result: dict[str, Any] = {
        "changed": any(job.changed for job in jobs),
        "copies": rows,
        "failures": failures,
        "duplicates": duplicates,
        "counts": _counts(rows, jobs),
    }
    if len(rows) == 1:
        result["snapshot_id"] = rows[0]["snapshot_id"]
    return result


def empty_result() -> dict[str, Any]:
    """Return the keys of the result where nothing was looked at yet."""
    return result_of([])


def diff_of(plan: Plan, jobs: Sequence[Job], planned: bool) -> dict[str, Any]:
    """Return, for ``--diff``, the copies that a run changes, before and after."""
    pairs = [(decision, job) for decision, job in zip(plan.decisions, jobs) if job.changed]
    return {
        "before": {"copies": [_brief(_row(Job(d, copy=d.copy), False), _existing(d)) for d, _job in pairs]},
        "after": {"copies": [_after(d, job, planned) for d, job in pairs]},
    }


def _after(decision: Decision, job: Job, planned: bool) -> dict[str, Any]:
    brief = _brief(_row(job, planned), set(_existing(decision)) - set(job.deleted))
    expiry = decision.expiry or (job.copy.expires_at if job.copy else None)
    return {**brief, "expires_at": iso_utc(expiry)} if expiry else brief


def _existing(decision: Decision) -> list[str]:
    return sorted(decision.known)


def _brief(row: dict[str, Any], known: Iterable[str]) -> dict[str, Any]:
    keys = ("source_snapshot_id", "region", "snapshot_id", "state", "name", "tags")
    return {**{key: row[key] for key in keys}, "other_copies": sorted(set(known) - {row["snapshot_id"]})}


def _row(job: Job, planned: bool) -> dict[str, Any]:
    decision, request, copy = job.decision, job.decision.request, job.copy
    error = job.error.told(request.snapshot_id, request.region, _culprit(job)) if job.error else None
    row = {
        "source_snapshot_id": request.snapshot_id,
        "source_region": _source_region(job),
        "region": request.region,
        "snapshot_id": None,
        "action": _action(job, planned).value,
        "state": State.ABSENT.value,
        "provider_state": None,
        "progress": 0,
        "size_gib": None,
        "encrypted": None,
        "created_at": None,
        "name": None,
        "description": None,
        "tags": {},
        "error": error,
    }
    if copy is not None:
        row.update(_facts(copy))
        if planned and decision.change:
            row["tags"] = decision.change.applied_to(copy.tags)
        if copy.snapshot_id in job.deleted:
            row.update(state=State.ABSENT.value, provider_state=None, progress=0)
    elif planned and decision.order is not None and job.error is None:
        order = decision.order
        row.update(
            state=State.PLANNED.value,
            size_gib=order.source.size_gib,
            name=order.name,
            description=order.description,
            tags=dict(order.tags),
            encrypted=bool(order.source.encrypted or request.encrypted),
        )
    return row


def _source_region(job: Job) -> str | None:
    """Return where the source is; where it was not given, it was looked up, or the copy tells it."""
    asked, order, copy = job.decision.request.source_region, job.decision.order, job.copy
    found = order.source.region if order else copy.source.region if copy and copy.source else None
    return asked or found


def _facts(copy: Snapshot) -> dict[str, Any]:
    return {
        "snapshot_id": copy.snapshot_id,
        "state": copy.state.value,
        "provider_state": copy.provider_state,
        "progress": copy.progress,
        "size_gib": copy.size_gib,
        "encrypted": copy.encrypted,
        "created_at": iso_utc(copy.created_at),
        "name": copy.name,
        "description": copy.description,
        "tags": dict(copy.tags),
    }


def _action(job: Job, planned: bool) -> Action:
    decision, begun = job.decision, job.copy is not None or planned
    if decision.lacks_copy and job.adopted:
        return Action.ADOPTED
    if decision.lacks_copy:
        return decision.action if begun and (job.error is None or job.copy is not None) else Action.NONE
    if decision.action is Action.DELETED:
        return Action.DELETED if job.deleted else Action.NONE
    if decision.action is Action.REPLACED and not job.deleted:
        return Action.ADOPTED if job.copy and job.copy.state is State.PENDING else Action.NONE
    if decision.action is Action.NONE and (decision.change or decision.expiry) and job.changed:
        return Action.UPDATED
    return decision.action


def _culprit(job: Job) -> str | None:
    return job.copy.snapshot_id if job.copy else job.decision.culprit


def _failures(job: Job) -> list[dict[str, Any]]:
    request = job.decision.request
    told = [] if job.error is None else [job.error.told(request.snapshot_id, request.region, _culprit(job))]
    told += [error.told(request.snapshot_id, request.region, copy.snapshot_id) for copy, error in job.decision.leftover]
    return told + [error.told(request.snapshot_id, request.region, snapshot) for snapshot, error in job.further_errors]


def _counts(rows: Sequence[dict[str, Any]], jobs: Sequence[Job]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row, job in zip(rows, jobs):
        failed = bool(_failures(job))
        counts["failed"] += failed
        counts["deleted"] += len(job.deleted)
        if row["action"] in ("created", "adopted", "replaced", "updated"):
            counts[row["action"]] += 1
        elif row["action"] == "none" and not failed:
            counts["unchanged"] += 1
        if row["state"] in ("completed", "pending"):
            counts[row["state"]] += 1
    return {key: counts[key] for key in COUNTED}
