# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows if a copy fits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from ..model import Resource, State
from .attachments import Attaching
from .copies import SortedCopies, deletable_duplicates
from .decision import NO_STEPS, Continue, Decision, Done, Look, PlannedDeletions
from .desired import DesiredState
from .drift import Drift, drift_of
from .due_writes import NO_WAIT, Wait, deletions_now, when_to_write
from .locking import LockUnread, unknown_locks
from .memory import Memory
from .replacing import failed_to_replace, misfits_to_replace
from .tag_drift import SourceNeeded, TagsNotShown
from .timing import look_until_shown, next_look, next_search
from .updates import AddLock, AttachDisk, Update
from .withdrawal import Withdrawal, withdrawal_of
from .writes import WriteKind


def with_copy(desired: DesiredState, memory: Memory, copies: SortedCopies, now: float, utc_now: datetime) -> Decision:
    """Decide for a request with a copy that fits: wait for it, add what it lacks, and delete what it replaces.

    ``now`` is monotonic, ``utc_now`` the current time (aware). If this run made the copy, it looks once more at all
    copies when this one is complete, and takes it back if another run made an earlier one.
    """
    copy = _counting(copies, memory)
    drift = drift_of(desired, memory, copy, now, utc_now)
    if _is_settled(desired, memory, copies, copy, drift):
        return Decision(Done(), copy, drift)  # the usual case
    withdrawal = withdrawal_of(desired, memory, copies) if desired.policy.wait else Withdrawal()
    deletions = _deletions(desired, memory, copies, copy, withdrawal)
    writes = _writes(desired, memory, copy, drift, deletions, withdrawal, now)
    follows = withdrawal.waits or (desired.policy.wait and not _is_shown_complete(memory, copy))
    in_progress = follows or copy.state is not State.COMPLETED
    poll_at = next_look(memory, copy, copies, desired.policy.wait_delay) if in_progress else math.inf
    look_at = min(writes.wait.look_at, _look_at_drift(desired, memory, copy, drift), poll_at if follows else math.inf)
    steps = Continue(
        look=_look(desired, memory, copy, withdrawal, writes.unsure, look_at),
        needs_source=isinstance(drift.tags.next, SourceNeeded),
        needs_locks=writes.need_locks,
        update=writes.update,
        delete=writes.delete,
        retry_at=writes.wait.retry_at,
    )
    following = steps if follows or steps != NO_STEPS else Done()
    return Decision(following, copy, drift, deletions.planned, poll_at)


def _is_settled(desired: DesiredState, memory: Memory, copies: SortedCopies, copy: Resource, drift: Drift) -> bool:
    """Whether a copy is complete and lacks nothing, and this run has neither made nor to delete one."""
    if not _is_shown_complete(memory, copy) or not drift.is_none or memory.own_copies or memory.copy_call.lost_spans:
        return False
    return not (copies.misfits or copies.failed or (desired.policy.remove_duplicates and copies.duplicates))


def _is_shown_complete(memory: Memory, copy: Resource) -> bool:
    return copy.state is State.COMPLETED and not memory.seen[copy.id].misses


def _look(
    desired: DesiredState, memory: Memory, copy: Resource, withdrawal: Withdrawal, unsure: bool, look_at: float
) -> Look:
    """Return when to look again: at ``look_at`` for writes or for a copy in progress, or earlier."""
    # The copy of a lost call may still appear in addition to this one.
    search_at = next_search(desired, memory) if desired.policy.wait else None
    looks = [look_at]
    if search_at is not None:
        looks.append(search_at)
    if unsure:
        looks.append(-math.inf)
    at = min(looks)
    return Look(
        at,
        list_all=at < math.inf and (search_at is not None or unsure or memory.seen[copy.id].misses > 0),
        compare=withdrawal.compare,
        recheck=withdrawal.recheck,
        unsure=unsure,
    )


class _Deletions(NamedTuple):
    """The copies to delete in the end, and by ID those that may be deleted now, each with its survivor.

    Copies that are taken back are only among the latter.
    """

    to_delete: tuple[Resource, ...]
    now: Mapping[str, tuple[Resource, Resource]]

    @property
    def planned(self) -> PlannedDeletions:
        survivor_of = {copy_id: survivor.id for copy_id, (_copy, survivor) in self.now.items()}
        return PlannedDeletions(self.to_delete, survivor_of)


class _Writes(NamedTuple):
    """The writes that may be sent now, and when to go on with the others.

    ``need_locks``: the locks must be read first. ``unsure``: a write that cannot be undone must wait for a listing that
    confirms the copy.
    """

    update: Update | None
    delete: tuple[Resource, ...]
    wait: Wait
    need_locks: bool
    unsure: bool


def _writes(
    desired: DesiredState,
    memory: Memory,
    copy: Resource,
    drift: Drift,
    deletions: _Deletions,
    withdrawal: Withdrawal,
    now: float,
) -> _Writes:
    # Check mode also predicts what is deleted once this copy is complete.
    read = deletions.to_delete if desired.policy.check_mode else [c for c, _survivor in deletions.now.values()]
    unread = unknown_locks(desired, memory, read)
    delete, deletions_wait = deletions_now(memory, [pair for i, pair in deletions.now.items() if i not in unread], now)
    # A locked copy cannot be taken back, and an incomplete listing may lack the primary copy.
    cannot_be_undone = any(isinstance(update, (AddLock, AttachDisk)) for update in drift.due)
    unsure = cannot_be_undone and not memory.listings.is_confirmed
    may_lock = not (withdrawal.may_take_back(copy) or copy.id in deletions.now or unsure)
    update, update_wait = _update_now(memory, copy, drift, now, may_lock)
    need_locks = bool(unread) or (isinstance(drift.lock, LockUnread) and may_lock)
    return _Writes(update, delete, deletions_wait | update_wait, need_locks, unsure)


def _deletions(
    desired: DesiredState, memory: Memory, copies: SortedCopies, copy: Resource, withdrawal: Withdrawal
) -> _Deletions:
    policy, complete = desired.policy, copy.state is State.COMPLETED
    pairs = {c.id: (c, copy) for c in failed_to_replace(desired, memory, copies)}
    misfits = misfits_to_replace(desired, memory, copies, copy)
    if complete and not withdrawal.may_take_back(copy):
        pairs |= {c.id: (c, copy) for c in misfits}
    if policy.remove_duplicates:
        pairs |= {c.id: (c, survivor) for c, survivor in deletable_duplicates(copies, desired.cloud) if c is not copy}
    later = [c for c in misfits if c.id not in pairs] if policy.wait or complete else []
    to_delete = (*(c for c, _survivor in pairs.values()), *later)
    return _Deletions(to_delete, pairs | {own.id: (own, first) for own, first in withdrawal.ready})


def _look_at_drift(desired: DesiredState, memory: Memory, copy: Resource, drift: Drift) -> float:
    """Return when to look for changes that the cloud accepted or that another run may have made."""
    known_at, looks = memory.seen[copy.id].known_at, []
    if isinstance(drift.tags.next, TagsNotShown):
        looks.append(memory.writes.tags[copy.id].at)
    if drift.tags.may_show:
        looks.append(known_at)
    if desired.policy.wait and isinstance(drift.attachment, Attaching):
        accepted_at = memory.writes.accepted_at(copy.id, WriteKind.ATTACH)
        looks.append(known_at if accepted_at is None else accepted_at)
    return min((look_until_shown(memory, since) for since in looks), default=math.inf)


def _counting(copies: SortedCopies, memory: Memory) -> Resource:
    """Return the primary copy.

    That is this run's own copy until it is taken back, preferably one that the last look showed.
    """
    own = [c for c in copies.fitting if c.id in memory.own_copies]
    shown = [c for c in own or copies.fitting if not memory.seen[c.id].misses]
    return (shown or own or list(copies.fitting))[0]


def _update_now(memory: Memory, copy: Resource, drift: Drift, now: float, may_lock: bool) -> tuple[Update | None, Wait]:
    """Return which write may be sent now, else when to go on."""
    update = drift.next_update(may_lock)
    wait = when_to_write(memory, copy.id, update.kind, now) if update else None
    return (None, wait) if wait else (update, NO_WAIT)
