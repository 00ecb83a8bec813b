# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes on existing copies: those that the cloud refused, and those that it accepted.

Times are seconds on the monotonic clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
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
class WriteFailure:
    """Why a write failed, and when it may be sent again (never if ``until`` is infinite)."""

    error: CopyError
    since: float
    #: When it last failed.
    at: float = -math.inf
    until: float = 0.0
    #: How often it was sent, and how often it failed for another reason than a busy cloud.
    sent: int = 0
    attempts: int = 0
    #: Whether an answer to it was ever lost, so that it may have taken effect.
    was_lost: bool = False

    @property
    def is_final(self) -> bool:
        return self.until == math.inf

    @property
    def is_of_keys(self) -> bool:
        """Whether a quota refused some keys of a change of tags. They are left out, so what is left was not refused."""
        return isinstance(self.error, TagsFull)

    def is_in_doubt(self, shown_at: float) -> bool:
        """Whether it may have taken effect, given that the copy last showed at ``shown_at``."""
        return self.error.retry is Retry.LOOK_FIRST and shown_at <= self.at

    def again(self, kind: WriteKind, error: CopyError, now: float) -> WriteFailure:
        """Return the failure after the write was sent again and failed again."""
        sent, attempts = self.sent + 1, self.attempts + (not isinstance(error, Busy))
        gives_up = attempts >= WRITE_TRIES and now - self.since >= WRITE_SECONDS
        # Another service may not know a new copy yet (api-facts: read-lag).
        may_be_known_later = isinstance(error, NotFound) and kind not in (
            WriteKind.DELETE,
            WriteKind.ATTACH,
            WriteKind.DETACH,
        )
        never = error.retry is Retry.NEVER and not may_be_known_later
        until = math.inf if never or gives_up else now + write_pause(sent)
        return WriteFailure(
            error, self.since, now, until, sent, attempts, self.was_lost or isinstance(error, Ambiguous)
        )


@dataclass(eq=False, slots=True)
class Writes:
    """The writes of one request, each by copy and kind."""

    failures: dict[tuple[str, WriteKind], WriteFailure] = field(default_factory=dict)
    #: When the cloud accepted them; for deletions see ``Memory.deleted``.
    accepted: dict[tuple[str, WriteKind], float] = field(default_factory=dict)
    #: The accepted changes of tags, by copy.
    tags: dict[str, TagChange] = field(default_factory=dict)

    def failure_of(self, copy_id: str, kind: WriteKind) -> WriteFailure | None:
        return self.failures.get((copy_id, kind))

    def accepted_at(self, copy_id: str, kind: WriteKind) -> float | None:
        return self.accepted.get((copy_id, kind))

    def is_given_up(self, copy_id: str, kind: WriteKind) -> bool:
        """Whether a write failed for good."""
        failure = self.failure_of(copy_id, kind)
        return failure is not None and failure.is_final

    def is_over(self, copy_id: str, kind: WriteKind) -> bool:
        """Whether the cloud accepted a write, or it failed for good."""
        return (copy_id, kind) in self.accepted or self.is_given_up(copy_id, kind)

    def last_failed(self, *kinds: WriteKind) -> float:
        """Return when a write of these kinds last failed; minus infinity if none did."""
        return max((failure.at for (_id, kind), failure in self.failures.items() if kind in kinds), default=-math.inf)

    def accept(self, copy_id: str, kind: WriteKind, now: float) -> None:
        self.accepted[copy_id, kind] = now
        self.end(copy_id, kind)

    def accept_tags(self, copy_id: str, change: TagChange, now: float) -> None:
        sent = self.tags.get(copy_id, TagChange())
        self.tags[copy_id] = TagChange({**sent.set, **change.set}, (*sent.remove, *change.remove))
        self.accept(copy_id, WriteKind.TAGS, now)

    def record_failure(self, copy_id: str, kind: WriteKind, error: CopyError, now: float) -> None:
        failure = self.failures.get((copy_id, kind), WriteFailure(error, since=now))
        self.failures[copy_id, kind] = failure.again(kind, error, now)

    def postpone(self, copy_id: str, kind: WriteKind, error: CopyError, until: float) -> None:
        failure = self.failures.get((copy_id, kind), WriteFailure(error, since=until))
        self.failures[copy_id, kind] = replace(failure, until=until)

    def end(self, copy_id: str, kind: WriteKind) -> WriteFailure | None:
        """Remove and return a failure, because the write took effect or is no longer needed."""
        return self.failures.pop((copy_id, kind), None)
