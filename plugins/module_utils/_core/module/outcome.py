# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run did for one request or, in check mode, would do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from ..decide.updates import AddLock
from ..errors import CopyError, FailedCopy
from ..model import Action, Resource

if TYPE_CHECKING:  # the controller loads this file but needs no engine
    from ..act.attempt import Attempt

#: The state in a row of a copy or disk that the run itself would start, in check mode.
PLANNED = "planned"


@dataclass(frozen=True)
class Outcome:
    """A request as its run left it."""

    attempt: Attempt
    #: Whether this is what the run itself would do, because this is check mode.
    is_planned: ClassVar[bool] = False

    @property
    def error(self) -> CopyError | None:
        """Why the request has failed, or None."""
        return self.attempt.error

    @property
    def copy(self) -> Resource | None:
        """The copy of the row: the primary copy or, if none is wanted, the first deleted one, else a remaining one.

        The row of a failed copy that is not to be replaced shows that copy.
        """
        attempt, memory, policy = self.attempt, self.attempt.memory, self.attempt.desired.policy
        if policy.deletion and memory.deleted:
            first = next(iter(memory.deleted))  # a disk in a recycle bin shows again
            return memory.gone[first] if first in memory.gone else memory.seen[first].copy
        if policy.deletion and attempt.copy is None:
            refused = [copy for copy, _why in attempt.decision.deletions.refused]
            # Copies that copy_ids does not name remain.
            named = policy.deletion.copy_ids
            remaining = [] if named is None else sorted(memory.copies, key=lambda copy: copy.id not in named)
            return next(iter([*refused, *remaining]), None)
        if isinstance(attempt.error, FailedCopy) and attempt.decision.cause in memory.seen:
            return memory.seen[attempt.decision.cause].copy
        return attempt.copy

    @property
    def will_begin(self) -> bool:
        """Whether the run itself would begin a copy."""
        return False

    @property
    def locked_until(self) -> datetime | None:
        """When the lock would end (aware) that the run itself would set, or None."""
        return None

    @property
    def deleted_ids(self) -> list[str]:
        """The IDs of the copies that were deleted or would be."""
        return list(self.attempt.memory.deleted)

    @property
    def is_updated(self) -> bool:
        """Whether an existing copy was changed or would be."""
        return self.attempt.memory.updated

    @property
    def is_changed(self) -> bool:
        """Whether something was written or would be."""
        return self.attempt.memory.changed

    @property
    def action(self) -> Action:
        """What was done for the request or would be."""
        memory, copy = self.attempt.memory, self.copy
        created = Action.REPLACED if memory.initially_there else Action.CREATED
        if self.attempt.desired.policy.deletion:
            return Action.DELETED if self.deleted_ids else Action.NONE
        if copy is None:
            return created if self.will_begin else Action.NONE
        if copy.id in memory.own_copies:
            return created
        if any(i in memory.own_copies for i in self.deleted_ids):
            return Action.ADOPTED
        if copy.id in memory.found_in_progress:
            return Action.ADOPTED
        return Action.UPDATED if self.is_updated else Action.NONE

    @property
    def failures(self) -> list[dict[str, Any]]:
        """All failures of the request, including those of writes on copies."""
        attempt, error = self.attempt, self.error
        snapshot_id, region = attempt.request.snapshot_id, attempt.request.region
        cause = attempt.copy.id if attempt.copy else attempt.decision.cause
        failures = [error.as_result(snapshot_id, region, cause)] if error else []
        others = [(copy.id, why) for copy, why in attempt.decision.deletions.refused] + attempt.failures
        never = attempt.decision.drift.refused
        if never and attempt.copy and error is None:
            others.append((attempt.copy.id, never))
        return failures + [why.as_result(snapshot_id, region, copy_id) for copy_id, why in others]

    @property
    def failure_of_row(self) -> dict[str, Any] | None:
        """Why the request has failed, why its copy remains although none is wanted, or why a write on it has failed."""
        failures, copy = self.failures, self.copy
        if self.error:
            return failures[0]
        return next((failure for failure in failures if copy is not None and failure["snapshot_id"] == copy.id), None)


@dataclass(frozen=True)
class PlannedOutcome(Outcome):
    """A request in check mode, as the run itself would leave it."""

    #: The time by the cloud's clock (aware).
    utc_now: datetime
    is_planned: ClassVar[bool] = True

    @property
    def will_begin(self) -> bool:
        return self.attempt.decision.begins and self.error is None

    @property
    def locked_until(self) -> datetime | None:
        drift, wanted = self.attempt.decision.drift, self.attempt.request.lock
        later = (drift.locks_later or self.will_begin) and self.attempt.desired.policy.wait
        if wanted is None or self.error or not (isinstance(drift.lock, AddLock) or later):
            return None
        return self.utc_now + timedelta(days=wanted.days)

    @property
    def deleted_ids(self) -> list[str]:
        return [] if self.attempt.error else [copy.id for copy in self.attempt.decision.deletions.to_delete]

    @property
    def is_updated(self) -> bool:
        return bool(self.attempt.decision.drift.due)

    @property
    def is_changed(self) -> bool:
        decision, drift = self.attempt.decision, self.attempt.decision.drift
        later = drift.is_later and self.attempt.desired.policy.wait
        return self.error is None and bool(decision.begins or decision.deletions.to_delete or drift.due or later)


def outcomes_of(attempts: Iterable[Attempt], planned: bool, utc_now: datetime) -> list[Outcome]:
    return [PlannedOutcome(attempt, utc_now) if planned else Outcome(attempt) for attempt in attempts]


def counts_of(rows: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome], names: Iterable[str]) -> dict[str, int]:
    """Count rows by what was done and by their state, for these names."""
    counts: Counter[str] = Counter()
    for row, outcome in zip(rows, outcomes):
        failed = bool(outcome.failures)
        counts["failed"] += failed
        counts["deleted"] += len(outcome.deleted_ids)
        counts[row["state"]] += 1
        if row["action"] not in ("none", "deleted"):
            counts[row["action"]] += 1
        elif row["action"] == "none" and not failed:
            counts["unchanged"] += 1
    return {key: counts[key] for key in names}
