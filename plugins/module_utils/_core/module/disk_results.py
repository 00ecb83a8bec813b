# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of the restore modules: the rows of a run, of check mode and of the diff."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..model import Action, Resource, State, disk_of
from ..times import iso_utc
from .outcome import PLANNED, Outcome, counts_of

if TYPE_CHECKING:  # the controller loads this file but needs no engine
    from ..act.attempt import Attempt

DISK_COUNTS = ("created", "adopted", "deleted", "unchanged", "available", "in_use", "creating", "failed")
STATES = {State.PENDING: "creating", State.COMPLETED: "available", State.ERROR: "error", State.ABSENT: "absent"}
#: For the engine, a disk that is made after a failed one replaces it.
ACTIONS = {Action.REPLACED: Action.CREATED, Action.UPDATED: Action.NONE}


def disk_result(outcomes: Sequence[Outcome], warm: Mapping[str, datetime] = MappingProxyType({})) -> dict[str, Any]:
    """Return the keys of the result about the disks.

    ``warm``: when (UTC) a look first showed that all data of a disk is loaded.
    """
    rows = [_result_row(outcome) for outcome in outcomes]
    for row in rows:
        row["warm_at"] = iso_utc(warm.get(row["disk_id"]))
    result: dict[str, Any] = {
        "changed": any(outcome.is_changed for outcome in outcomes),
        "disks": rows,
        "failures": [disk_failure(failure) for outcome in outcomes for failure in outcome.failures],
        "deleted_ids": [disk_id for outcome in outcomes for disk_id in outcome.deleted_ids],
        "counts": counts_of(rows, outcomes, DISK_COUNTS),
    }
    if len(rows) == 1:
        result["disk_id"] = rows[0]["disk_id"]
    return result


def disk_failure(failure: dict[str, Any]) -> dict[str, Any]:
    """Return a failure in the form of the restore modules, with a snapshot and a disk."""
    named = {"snapshot_id": failure["source_snapshot_id"], "disk_id": failure["snapshot_id"]}
    return {
        **named,
        **{key: value for key, value in failure.items() if key not in ("source_snapshot_id", "snapshot_id")},
    }


def disk_diff(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return, for ``--diff``, the disks that a run makes or deletes, before and after."""
    changed = [outcome for outcome in outcomes if outcome.is_changed]
    return {
        "before": {"disks": [_brief_disk(_first_row(outcome.attempt)) for outcome in changed]},
        "after": {"disks": [_brief_disk(_result_row(outcome)) for outcome in changed]},
    }


def _first_row(attempt: Attempt) -> dict[str, Any]:
    return _disk_facts(attempt, attempt.first_decision.copy if attempt.first_decision else None)


def second_disks(attempts: Sequence[Attempt]) -> list[str]:
    """Return messages that name the disks besides the primary one, each with its snapshot."""
    return [f"{c.id} (of {a.request.snapshot_id})" for a in attempts for c in a.duplicates]


def unattached_disks(attempts: Sequence[Attempt]) -> list[str]:
    """Return the IDs of the disks that a run was to attach, and that it leaves while they are being created."""
    wanted = [a.copy for a in attempts if a.request.instance and not a.desired.policy.deletion]
    return [disk.id for disk in wanted if disk and disk.state is State.PENDING]


def _brief_disk(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("snapshot_id", "region", "zone", "disk_id", "state", "tags")}


def _result_row(outcome: Outcome) -> dict[str, Any]:
    attempt, copy = outcome.attempt, outcome.copy
    row = _disk_facts(attempt, copy)
    row["action"] = ACTIONS.get(outcome.action, outcome.action).value
    if failure := outcome.failure_of_row:
        row["error"] = disk_failure(failure)
    if copy is not None and copy.id in outcome.deleted_ids:
        row.update(state="absent", provider_state=None)
    elif copy is None and outcome.will_begin:
        request, source = attempt.request, attempt.order.source
        row.update(
            state=PLANNED,
            zone=request.disk.zone,
            size_gib=request.disk.size_gib or source.size_gib,
            disk_type=request.disk.disk_type,
            encrypted=attempt.desired.cloud.expected_encryption(attempt.order),
            tags=dict(request.tags or {}),
        )
    return row


def _disk_facts(attempt: Attempt, copy: Resource | None) -> dict[str, Any]:
    disk = disk_of(copy)
    return {
        "snapshot_id": attempt.request.snapshot_id,
        "region": attempt.request.region,
        "zone": disk.zone if disk else attempt.request.disk.zone,
        "disk_id": copy.id if copy else None,
        "action": Action.NONE.value,
        "state": "absent" if copy is None else "in_use" if disk and disk.in_use else STATES[copy.state],
        "provider_state": copy.provider_state if copy else None,
        "size_gib": copy.size_gib if copy else None,
        "encrypted": copy.encrypted if copy else None,
        "kms_key_id": copy.kms_key if copy else None,
        "disk_type": disk.disk_type if disk else None,
        "created_at": iso_utc(copy.created_at) if copy else None,
        "seconds": _seconds(attempt, copy),
        "attached_to": disk.attached_to if disk else None,
        "device": disk.device if disk else None,
        "guest_device": disk.guest_device if disk and disk.attached_to else None,
        "tags": dict(copy.tags) if copy else {},
        "error": None,
    }


def _seconds(attempt: Attempt, copy: Resource | None) -> float | None:
    """Return how long a disk took from the call until it was available, if this run made it and saw it available."""
    memory = attempt.memory
    if copy is None or copy.id not in memory.own_copies or copy.id not in memory.seen:
        return None
    seconds = memory.seen[copy.id].complete_at - memory.own_copies[copy.id].made_at
    return round(seconds, 1) if math.isfinite(seconds) else None
