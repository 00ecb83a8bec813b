# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decisions if a copy fits. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from ..model import Resource, State
from .copies import SortedCopies, begin_order, deletable_duplicates, same_encryption
from .decision import Decision, Deletions, Look, NextStep
from .desired import DesiredState
from .drift import Drift, drift_of
from .locking import unknown_locks
from .memory import Memory
from .timing import deletions_now, look_until_shown, next_look, next_search, when_to_write
from .without_copy import initial_misfits, initially_failed
from .writes import ATTACH, DELETE, EXPIRY, LOCK, TAGS


def with_copy(desired: DesiredState, memory: Memory, copies: SortedCopies, now: float, utc_now: datetime) -> Decision:
    """Decide for a request with a copy that fits. ``now`` is monotonic, ``utc_now`` the current time (aware)."""
    policy = desired.policy
    copy = _counting(copies, memory)
    complete = copy.state is State.COMPLETED
    drift = drift_of(desired, memory, copy, now, utc_now)
    sighting = memory.seen[copy.id]
    duplicates = _duplicates(copies, copy)
    quiet = complete and drift.is_none and not (memory.own_copies or memory.copy_call.lost or sighting.unseen)
    if quiet and not (copies.misfits or copies.failed or (policy.remove_duplicates and copies.duplicates)):
        return Decision(copy, NextStep.NOTHING, drift=drift, duplicates=duplicates)  # the usual case
    withdrawn = _withdrawn(desired, memory, copies) if policy.wait else _Withdrawn()
    to_delete, pairs = _to_delete(desired, memory, copies, copy, withdrawn)
    unknown = unknown_locks(desired, memory, [c for c, _survivor in pairs.values()])
    ready = [pair for i, pair in pairs.items() if i not in unknown]
    delete, look_at, retry_at = deletions_now(memory, ready, now)
    # A locked copy cannot be taken back, and a listing with a seam may lack the copy that counts.
    cannot_be_undone = drift.lock.due or drift.lock.unknown or drift.disk.is_due
    unsure = cannot_be_undone and not memory.listings.is_confirmed
    may_lock = not (withdrawn.may_take(copy) or copy.id in pairs or unsure)
    update, look_too, retry_too = _update_now(memory, copy, drift, now, may_lock)
    needs_locks = bool(unknown) or (drift.lock.unknown and may_lock)
    follows = (policy.wait and (not complete or sighting.unseen > 0)) or withdrawn.waits
    poll_at = math.inf if complete and not follows else next_look(memory, copy, copies, policy.wait_delay)
    # The copy of a lost call may still appear in addition to this one.
    search_at = next_search(desired, memory) if policy.wait else None
    look = Look(
        at=min(
            look_at,
            look_too,
            poll_at if follows else math.inf,
            math.inf if search_at is None else search_at,
            _look_at_drift(desired, memory, copy, drift),
            -math.inf if unsure else math.inf,
        ),
        at_all=search_at is not None or unsure or sighting.unseen > 0,
        poll_at=poll_at,
        compare=withdrawn.compare,
        recheck=withdrawn.recheck,
        unsure=unsure,
    )
    retry_at = min(retry_at, retry_too)
    waits = min(look.at, retry_at) < math.inf or look.compare or look.recheck or follows
    is_open = waits or delete or update or needs_locks or drift.tags.needs_source
    return Decision(
        copy,
        NextStep.GO_ON if is_open else NextStep.NOTHING,
        look,
        Deletions(to_delete, delete, {copy_id: survivor.id for copy_id, (_copy, survivor) in pairs.items()}),
        drift,
        update,
        needs_locks=needs_locks,
        needs_source=drift.tags.needs_source,
        retry_at=retry_at,
        duplicates=duplicates,
    )


def _to_delete(
    desired: DesiredState, memory: Memory, copies: SortedCopies, copy: Resource, withdrawn: _Withdrawn
) -> tuple[tuple[Resource, ...], dict[str, tuple[Resource, Resource]]]:
    """Return the copies to delete in the end, and by ID those that may be deleted now, each with its survivor.

    Copies that are taken back are only among the latter.
    """
    policy, complete = desired.policy, copy.state is State.COMPLETED
    pairs = {c.id: (c, copy) for c in initially_failed(desired, memory, copies)}
    misfits = initial_misfits(desired, memory, copies, copy)
    if complete and not withdrawn.may_take(copy):
        pairs |= {c.id: (c, copy) for c in misfits}
    if policy.remove_duplicates:
        pairs |= {c.id: (c, survivor) for c, survivor in deletable_duplicates(copies, desired.cloud) if c is not copy}
    later = [c for c in misfits if c.id not in pairs] if policy.wait or complete else []
    to_delete = (*(c for c, _survivor in pairs.values()), *later)
    return to_delete, pairs | {mine.id: (mine, first) for mine, first in withdrawn.ready}


def _look_at_drift(desired: DesiredState, memory: Memory, copy: Resource, drift: Drift) -> float:
    """Return when to look for changes that the cloud accepted or that another run may have made."""
    known_at, looks = memory.seen[copy.id].known_at, []
    if drift.tags.unshown:
        looks.append(memory.writes.accepted[copy.id, TAGS])
    if drift.tags.may_show:
        looks.append(known_at)
    if desired.policy.wait and drift.disk.waits:
        looks.append(memory.writes.accepted.get((copy.id, ATTACH), known_at))
    return min((look_until_shown(memory, since) for since in looks), default=math.inf)


def _counting(copies: SortedCopies, memory: Memory) -> Resource:
    """Return the copy that counts.

    That is this run's own copy until it is taken back, preferably one that the last look showed.
    """
    own = [c for c in copies.fitting if c.id in memory.own_copies]
    shown = [c for c in own or copies.fitting if not memory.seen[c.id].unseen]
    return (shown or own or list(copies.fitting))[0]


def _duplicates(copies: SortedCopies, copy: Resource) -> tuple[Resource, ...]:
    """Return the copies besides the one that counts; if that is a duplicate itself, they include the first copy."""
    first = [c for c in copies.fitting[:1] if copy in copies.duplicates and c is not copy]
    return (*first, *(c for c in copies.duplicates if c is not copy))


@dataclass(frozen=True)
class _Withdrawn:
    """Which copies of this run are taken back because another run made an earlier one.

    ``ready``: pairs of a copy to delete now and its survivor. ``waits``: a copy must reach another state first.
    ``compare``: a listing must show what others have started. ``recheck``: a listing must be made after the copy is
    complete.
    """

    ready: tuple[tuple[Resource, Resource], ...] = ()
    waits: bool = False
    compare: bool = False
    recheck: bool = False

    def may_take(self, copy: Resource) -> bool:
        """Whether a copy may still be taken back."""
        return self.waits or self.compare or self.recheck or any(mine is copy for mine, _first in self.ready)


def _withdrawn(desired: DesiredState, memory: Memory, copies: SortedCopies) -> _Withdrawn:
    """Return which copies of this run are taken back; all runs decide in the same way."""
    ready, waits, compare, recheck = [], False, False, False
    for mine in (c for c in copies.fitting if c.id in memory.own_copies):
        if not memory.own_copies[mine.id].compared:
            compare = True
            continue
        earlier = [
            c
            for c in copies.fitting
            if c.ours and begin_order(c) < begin_order(mine) and same_encryption(c, mine, desired.cloud)
        ]
        if not earlier or not mine.deletable or mine.held or memory.writes.is_refused(mine.id, DELETE):
            recheck = recheck or (mine.state is State.COMPLETED and not memory.own_copies[mine.id].rechecked)
            continue
        first = min(earlier, key=begin_order)
        if (mine.state is State.PENDING and desired.cloud.cancels_by_deletion) or (
            mine.state is first.state is State.COMPLETED
        ):
            ready.append((mine, first))
        else:
            waits = True
    return _Withdrawn(tuple(ready), waits, compare, recheck)


def _update_now(
    memory: Memory, copy: Resource, drift: Drift, now: float, may_lock: bool
) -> tuple[str | None, float, float]:
    """Return which of tags, expiry, lock and attachment may be sent now, in this order.

    If none may, return when to look, or when to send again.
    """
    kinds = {
        TAGS: drift.tags.change,
        EXPIRY: drift.expiry.at,
        LOCK: drift.lock.due and may_lock,
        ATTACH: drift.disk.is_due and may_lock,
    }
    what = next((kind for kind, is_missing in kinds.items() if is_missing), None)
    if what is None:
        return None, math.inf, math.inf
    is_due, look_at, retry_at = when_to_write(memory, copy.id, what, now)
    return what if is_due else None, look_at, retry_at
