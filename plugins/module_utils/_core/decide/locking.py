# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copies to lock, and which locks must be known before a deletion."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..model import Resource, State
from ..waiting import FRESH_SECONDS
from .desired import DesiredState
from .memory import Memory
from .writes import WriteKind


def lock_due(desired: DesiredState, memory: Memory, copy: Resource) -> bool:
    """Whether a copy is to be locked: it is complete, ours, and as far as known was never locked (promises: locks)."""
    return (
        _wants_lock(desired, copy)
        and copy.state is State.COMPLETED
        and not memory.writes.is_given_up(copy.id, WriteKind.LOCK)
        and not copy.is_locked
        and memory.locks.found.get(copy.id) is None
    )


def locks_later(desired: DesiredState, copy: Resource) -> bool:
    """Whether a copy is to be locked once it is complete."""
    return _wants_lock(desired, copy) and copy.state is State.PENDING


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
    mine = memory.own_copies.get(copy.id)
    known_at = memory.locks.at if copy.id in memory.locks else mine.made_at if mine else -math.inf
    return now - known_at <= FRESH_SECONDS


def _lock_is_in_doubt(memory: Memory, copy_id: str) -> bool:
    return memory.writes.is_in_doubt(copy_id, WriteKind.LOCK, -math.inf)


def _wants_lock(desired: DesiredState, copy: Resource) -> bool:
    return desired.request.lock is not None and bool(desired.cloud.lock_modes) and copy.certainly_ours
