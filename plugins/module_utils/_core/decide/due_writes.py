# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which writes may be sent now, and when to go on with the others. Times are seconds on the monotonic clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..model import Resource
from .memory import Memory
from .timing import look_after, look_again
from .writes import WriteKind


@dataclass(frozen=True)
class Wait:
    """When (monotonic) to go on with what cannot be done now: ``look_at`` with a look, ``retry_at`` without one."""

    look_at: float = math.inf
    retry_at: float = math.inf

    def __or__(self, other: Wait) -> Wait:
        return Wait(min(self.look_at, other.look_at), min(self.retry_at, other.retry_at))


NO_WAIT = Wait()


def deletions_now(
    memory: Memory, pairs: list[tuple[Resource, Resource]], now: float
) -> tuple[tuple[Resource, ...], Wait]:
    """Return the deletions that may be sent now, and when to go on with the others.

    ``pairs`` are copies with their survivors.
    """
    delete, wait = [], NO_WAIT
    for copy, survivor in pairs:
        if memory.writes.is_given_up(copy.id, WriteKind.DELETE):
            continue
        may_be_sent_at = memory.writes.may_be_sent_at(copy.id, WriteKind.DELETE)
        failure = memory.writes.failure_of(copy.id, WriteKind.DELETE)
        if may_be_sent_at > now:
            wait |= Wait(retry_at=may_be_sent_at)
        elif memory.may_delete(copy.id, survivor.id, now):
            delete.append(copy)
        elif failure and failure.tries.was_lost and memory.seen[copy.id].looked_at <= failure.tries.at:
            wait |= Wait(-math.inf)
        else:
            wait |= Wait(min(look_again(memory, c.id, now) for c in (copy, survivor)))
    return tuple(delete), wait


def when_to_write(memory: Memory, copy_id: str, kind: WriteKind, now: float) -> Wait | None:
    """Return when to go on with a write, or None if it may be sent now."""
    may_be_sent_at = memory.writes.may_be_sent_at(copy_id, kind)
    if may_be_sent_at > now:
        return Wait(retry_at=may_be_sent_at)
    if memory.writes.is_in_doubt(copy_id, kind, memory.seen[copy_id].shown_at):
        return Wait(look_after(memory, copy_id))
    if not memory.seen[copy_id].is_known(now):
        return Wait(look_again(memory, copy_id, now))
    return None
