# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copies to lock, and which locks must be known before a deletion."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from ..model import Resource, State
from ..pacing import FRESH_SECONDS
from .desired import DesiredState
from .memory import Memory
from .updates import AddLock
from .writes import WriteKind


@dataclass(frozen=True, slots=True)
class LockUnread:
    """The copy is locked once a listing of locks shows that it has none."""

    update: AddLock


@dataclass(frozen=True, slots=True)
class LockLater:
    """The copy is locked once it is complete. ``warning``: for a run that ends before that."""

    warning: str | None


LockDrift: TypeAlias = "AddLock | LockUnread | LockLater"


def lock_drift(desired: DesiredState, memory: Memory, copy: Resource, now: float) -> LockDrift | None:
    """Return whether a copy lacks its lock: it is ours, and as far as known was never locked (promises: locks)."""
    lock = desired.request.lock
    if lock is None or not desired.cloud.lock_modes or not copy.certainly_ours:
        return None
    if copy.state is State.PENDING:
        waits = "copies are still in progress, and only complete copies can be locked; the next run locks them"
        return LockLater(None if desired.policy.wait else f"{copy.region}: {waits}")
    was_locked = copy.is_locked or memory.locks.found.get(copy.id) is not None
    if was_locked or copy.state is not State.COMPLETED or memory.writes.is_given_up(copy.id, WriteKind.LOCK):
        return None
    # During the pause after a refused lock, nothing is read for it.
    pauses = memory.writes.may_be_sent_at(copy.id, WriteKind.LOCK) > now
    is_known = pauses or is_known_unlocked(desired, memory, copy, now)
    return AddLock(lock) if is_known else LockUnread(AddLock(lock))


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
