# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copies to lock, and which locks must be known before a deletion."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ..model import Resource, State
from ..pacing import FRESH_SECONDS
from .desired import DesiredState
from .memory import Memory
from .writes import WriteKind


class LockNeed(Enum):
    """Whether a copy is to be locked: not, now, once its lock was read, or once it is complete."""

    NONE = "none"
    NOW = "now"
    UNKNOWN = "unknown"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class LockDrift:
    """``warning``: for a run that ends before the copy is complete."""

    need: LockNeed = LockNeed.NONE
    warning: str | None = None

    @property
    def is_now(self) -> bool:
        return self.need is LockNeed.NOW

    @property
    def is_later(self) -> bool:
        return self.need is LockNeed.LATER


NO_LOCK = LockDrift()


def lock_drift(desired: DesiredState, memory: Memory, copy: Resource, now: float) -> LockDrift:
    """Return whether a copy lacks its lock: it is ours, and as far as known was never locked (promises: locks)."""
    if desired.request.lock is None or not desired.cloud.lock_modes or not copy.certainly_ours:
        return NO_LOCK
    if copy.state is State.PENDING:
        waits = "copies are still in progress, and only complete copies can be locked; the next run locks them"
        return LockDrift(LockNeed.LATER, None if desired.policy.wait else f"{copy.region}: {waits}")
    was_locked = copy.is_locked or memory.locks.found.get(copy.id) is not None
    if was_locked or copy.state is not State.COMPLETED or memory.writes.is_given_up(copy.id, WriteKind.LOCK):
        return NO_LOCK
    # During the pause after a refused lock, nothing is read for it.
    pauses = memory.writes.may_be_sent_at(copy.id, WriteKind.LOCK) > now
    is_known = pauses or is_known_unlocked(desired, memory, copy, now)
    return LockDrift(LockNeed.NOW if is_known else LockNeed.UNKNOWN)


def unknown_locks(desired: DesiredState, memory: Memory, copies: Iterable[Resource]) -> tuple[str, ...]:
    """Return the copies whose locks must be read before anything is written to them.

    A copy of this run has no lock, unless the answer to its lock call was lost. If locks may not be read, the cloud
    itself refuses to delete a locked copy.
    """
    if not desired.cloud.lock_modes or memory.locks.unread:
        return ()
    ids = [copy.id for copy in copies]
    return tuple(
        i for i in ids if i not in memory.locks and (i not in memory.own_copies or _lock_is_in_doubt(memory, i))
    )


def is_known_unlocked(desired: DesiredState, memory: Memory, copy: Resource, now: float) -> bool:
    """Whether a recent listing of locks showed none for the copy, or this run has just made it.

    Then a new lock changes no lock that somebody has set (promises: locks).
    """
    if unknown_locks(desired, memory, [copy]):
        return False
    own = memory.own_copies.get(copy.id)
    known_at = memory.locks.at if copy.id in memory.locks else own.made_at if own else -math.inf
    return now - known_at <= FRESH_SECONDS


def _lock_is_in_doubt(memory: Memory, copy_id: str) -> bool:
    return memory.writes.is_in_doubt(copy_id, WriteKind.LOCK, -math.inf)
