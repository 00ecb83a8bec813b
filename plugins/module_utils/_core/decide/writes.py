# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of each write on an existing copy.

.. code-block:: text

    state           meaning                                                        becomes
    (none)          it was not sent yet, or is no longer needed                    any other
    Postponed       it was not sent, because its service pauses                    any other
    FailedWrite     it failed, and may be sent again later                         any other
    GivenUp         it is not sent again; a change of tags only without the keys   any other, if it is of tags; (none),
                    that a quota refused (TagsFull)                                once a lock shows
    AcceptedWrite   the cloud accepted it                                          any other, if another change of tags
                                                                                   follows

An accepted deletion is a fact about the copy (``Memory.deleted``). Times are seconds on the monotonic clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum

from ..errors import Ambiguous, Busy, CopyError, NotFound, Retry, TagsFull
from ..model import TagChange
from ..pacing import WRITE_SECONDS, WRITE_TRIES, write_pause


class WriteKind(Enum):
    """The kinds of writes on existing copies and disks."""

    DELETE = "delete"
    TAGS = "tags"
    EXPIRY = "expiry"
    LOCK = "lock"
    ATTACH = "attach"
    DETACH = "detach"


@dataclass(frozen=True, slots=True)
class Tries:
    """The tries of a write that failed: when the first and the last one did.

    ``sent``: how many there were; ``counted``: without those that failed because the cloud was busy. ``was_lost``:
    whether an answer was ever lost, so that the write may have taken effect.
    """

    since: float
    at: float = -math.inf
    sent: int = 0
    counted: int = 0
    was_lost: bool = False

    def and_one(self, error: CopyError, now: float) -> Tries:
        """Return the tries after one more failed."""
        return Tries(
            self.since,
            now,
            self.sent + 1,
            self.counted + (not isinstance(error, Busy)),
            self.was_lost or isinstance(error, Ambiguous),
        )


@dataclass(frozen=True, slots=True)
class FailedWrite:
    """It failed and is sent again. ``error``: of the last try; ``until``: when it may be sent."""

    error: CopyError
    tries: Tries
    until: float


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It failed for good. ``error``: of the last try."""

    error: CopyError
    tries: Tries

    @property
    def is_of_keys(self) -> bool:
        """Whether a quota refused some keys of a change of tags. They are left out, so what is left was not refused."""
        return isinstance(self.error, TagsFull)


@dataclass(frozen=True, slots=True)
class Postponed:
    """It waits for its service. ``why``: why that pauses; ``until``: until when; ``before``: how it last failed."""

    why: CopyError
    until: float
    before: FailedWrite | GivenUp | None = None

    @property
    def error(self) -> CopyError:
        return self.before.error if self.before else self.why


@dataclass(frozen=True, slots=True)
class AcceptedWrite:
    """The cloud accepted it, ``at`` this time."""

    at: float


@dataclass(frozen=True, slots=True)
class AcceptedTags:
    """All changes of a copy's tags that the cloud accepted, and when it accepted the last one."""

    change: TagChange
    at: float


@dataclass(eq=False, slots=True)
class Writes:
    """The writes of one request, each by copy and kind."""

    states: dict[tuple[str, WriteKind], Postponed | FailedWrite | GivenUp | AcceptedWrite] = field(default_factory=dict)
    tags: dict[str, AcceptedTags] = field(default_factory=dict)

    def failure_of(self, copy_id: str, kind: WriteKind) -> FailedWrite | GivenUp | None:
        """Return how a write last failed; None if it was never sent, or took effect since."""
        match self.states.get((copy_id, kind)):
            case FailedWrite() | GivenUp() as failure:
                return failure
            case Postponed(before=before):
                return before
        return None

    def may_be_sent_at(self, copy_id: str, kind: WriteKind) -> float:
        """Return from when on a write may be sent: minus infinity if nothing delays it, infinity if never."""
        match self.states.get((copy_id, kind)):
            case FailedWrite(until=until) | Postponed(until=until):
                return until
            case GivenUp() as failure if not failure.is_of_keys:
                return math.inf
        return -math.inf

    def accepted_at(self, copy_id: str, kind: WriteKind) -> float | None:
        state = self.states.get((copy_id, kind))
        return state.at if isinstance(state, AcceptedWrite) else None

    def was_lost(self, copy_id: str, kind: WriteKind) -> bool:
        """Whether an answer to a write was lost, unless the failure is forgotten."""
        failure = self.failure_of(copy_id, kind)
        return failure is not None and failure.tries.was_lost

    def is_in_doubt(self, copy_id: str, kind: WriteKind, shown_at: float) -> bool:
        """Whether the last try may have taken effect, given that the copy last showed at ``shown_at``."""
        failure = self.failure_of(copy_id, kind)
        return failure is not None and failure.error.retry is Retry.LOOK_FIRST and shown_at <= failure.tries.at

    def is_given_up(self, copy_id: str, kind: WriteKind) -> bool:
        """Whether a write failed for good."""
        return isinstance(self.states.get((copy_id, kind)), GivenUp)

    def is_refused(self, copy_id: str, kind: WriteKind) -> bool:
        """Whether a write failed for good, with all that it should change."""
        state = self.states.get((copy_id, kind))
        return isinstance(state, GivenUp) and not state.is_of_keys

    def is_over(self, copy_id: str, kind: WriteKind) -> bool:
        """Whether the cloud accepted a write, or it failed for good."""
        return isinstance(self.states.get((copy_id, kind)), (AcceptedWrite, GivenUp))

    def last_failed(self, *kinds: WriteKind) -> float:
        """Return when a write of these kinds last failed; minus infinity if none did."""
        failures = [self.failure_of(copy_id, kind) for copy_id, kind in self.states if kind in kinds]
        return max((failure.tries.at for failure in failures if failure), default=-math.inf)

    def most_sent(self) -> int:
        """Return how often the most refused write was sent."""
        return max((failure.tries.sent for key in self.states if (failure := self.failure_of(*key))), default=0)

    def accept(self, copy_id: str, kind: WriteKind, now: float) -> None:
        self.states[copy_id, kind] = AcceptedWrite(now)

    def accept_tags(self, copy_id: str, change: TagChange, now: float) -> None:
        sent = self.tags[copy_id].change if copy_id in self.tags else TagChange()
        both = TagChange({**sent.set, **change.set}, (*sent.remove, *change.remove))
        self.tags[copy_id] = AcceptedTags(both, now)
        self.accept(copy_id, WriteKind.TAGS, now)

    def record_failure(self, copy_id: str, kind: WriteKind, error: CopyError, now: float) -> None:
        """Record that a write was sent and failed: it is sent again after a pause, or given up."""
        before = self.failure_of(copy_id, kind)
        tries = (before.tries if before else Tries(since=now)).and_one(error, now)
        # Another service may not know a new copy yet (api-facts: read-lag).
        may_be_known_later = isinstance(error, NotFound) and kind not in (
            WriteKind.DELETE,
            WriteKind.ATTACH,
            WriteKind.DETACH,
        )
        never = error.retry is Retry.NEVER and not may_be_known_later
        if never or (tries.counted >= WRITE_TRIES and now - tries.since >= WRITE_SECONDS):
            self.states[copy_id, kind] = GivenUp(error, tries)
        else:
            self.states[copy_id, kind] = FailedWrite(error, tries, now + write_pause(tries.sent))

    def give_up(self, copy_id: str, kind: WriteKind, error: CopyError, now: float) -> None:
        """Record that a write is never sent, because what it needs cannot be read."""
        before = self.failure_of(copy_id, kind)
        self.states[copy_id, kind] = GivenUp(error, before.tries if before else Tries(since=now, at=now))

    def postpone(self, copy_id: str, kind: WriteKind, why: CopyError, until: float) -> None:
        """Record that a write was not sent, and when it may be."""
        self.states[copy_id, kind] = Postponed(why, until, self.failure_of(copy_id, kind))

    def forget_failure(self, copy_id: str, kind: WriteKind) -> bool:
        """Forget that a write failed, because it took effect or is no longer needed. Returns ``was_lost``."""
        was_lost = self.was_lost(copy_id, kind)
        if self.accepted_at(copy_id, kind) is None:
            self.states.pop((copy_id, kind), None)
        return was_lost
