# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows from what is wanted, what is shown, and what this run did: the one place where a state changes.

Pure.

.. code-block:: text

    state of a request            becomes, at a look or an answer
    nothing looked at yet         -> look at all copies
    no copy that fits             -> failed, where a misfit or a failed copy may not be replaced
                                  -> read the source; failed, where it cannot be copied
                                  -> begin, where the look is fresh and there is room
    copy call refused             -> failed; or begin again later (quota, throttled, busy)
    copy call in doubt            -> look, until a copy shows or the time of doubt is over; then begin again
    copy in progress              -> wait for it; taken back, if this run made it and another run an earlier one
    copy complete                 -> tags, expiry, deletions that it allows; then settled
    copy of this run failed, gone -> failed; no second attempt in this run, unless a token returned a copy that is gone
    another's failed, gone        -> failed if it was there at first; else begin
    to be absent                  -> deleted; once complete, where the cloud cannot cancel; refused, where it is held

A deletion needs a look, not older than 15 seconds, that shows what goes and what stays.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from ..model import Snapshot, State, TagChange
from . import failures
from .absent import decide_absent
from .copies import Sorted, are_alike, begin_order, misfit, sort_out, surplus
from .decision import Decision
from .drift import Drift, drift_of
from .locks import unknown_locks
from .memory import Memory
from .sightings import DELETE, EXPIRY, LOCK, TAGS
from .timing import doubt_ends, growing, look_after, look_again, next_look, next_search, now_or_later
from .wanted import Wanted

#: How long (seconds) after a copy was started to look for copies of other runs.
COMPARE_AFTER = 3.0


def decide(wanted: Wanted, memory: Memory, now: float, today: datetime) -> Decision:
    """Decide for one request. ``now`` is monotonic, ``today`` the time of day (aware)."""
    if memory.known is None:
        return Decision(look_at=-math.inf, at_all=True, error=memory.fatal, settled=memory.fatal is not None)
    if memory.under_way:
        return Decision()
    if wanted.policy.absent:
        return decide_absent(wanted, memory, now)
    copies = sort_out(wanted.request, [c for c in memory.copies if c.is_copy], wanted.cloud)
    if copies.fitting:
        return _with_copy(wanted, memory, copies, now, today)
    decision = _without_copy(wanted, memory, copies, now)
    return replace(decision, duplicates=copies.duplicates) if copies.duplicates else decision


# -- no copy that fits -------------------------------------------------------------------------------------


def _without_copy(wanted: Wanted, memory: Memory, copies: Sorted, now: float) -> Decision:
    request, policy = wanted.request, wanted.policy
    lost = _lost(wanted, memory, copies)
    if lost:
        return lost
    if memory.fatal:
        return Decision(error=memory.fatal, settled=True)
    if doubt_ends(wanted, memory) is not None:
        return Decision(look_at=next_search(wanted, memory), at_all=True)
    mine = next((c for c in copies.misfits if c.snapshot_id in memory.own), None)
    if mine:  # another attempt would end the same way
        return Decision(copy=mine, error=failures.mismatch(request, mine, wanted.cloud), settled=True)
    if copies.misfits and not policy.replace_mismatched:
        first = copies.misfits[0]
        return Decision(error=failures.mismatch(request, first, wanted.cloud), culprit=first.snapshot_id, settled=True)
    if copies.failed and not policy.replace_failed:
        first = copies.failed[0]
        return Decision(error=failures.failed_copy(first, failures.REPLACE), culprit=first.snapshot_id, settled=True)
    if wanted.order is None and wanted.problem is None:
        return Decision(needs_source=True)
    if wanted.problem:
        return Decision(error=wanted.problem, settled=True)
    replaced = _replaced(wanted, memory, copies, complete=policy.wait)
    doubles = surplus(copies, wanted.cloud) if policy.remove_duplicates else ()
    return Decision(begin=True, doomed=(*replaced, *(c for c, _stays in doubles if c not in replaced)))


def _lost(wanted: Wanted, memory: Memory, copies: Sorted) -> Decision | None:
    """Return a followed copy that failed or is gone: one of this run's own, or one that was there at first."""
    for copy in copies.failed:
        if copy.snapshot_id in memory.own or (copy.snapshot_id not in memory.failed_first and _was_first(memory, copy)):
            error = failures.failed_copy(copy, wanted.cloud.failure_hint(copy))
            return Decision(copy=copy, error=error, settled=True)
    for copy in memory.gone.values():
        if copy.snapshot_id in memory.deleted or _is_asked_for_once_more(wanted, memory, copy):
            continue
        fits = copy.snapshot_id not in memory.failed_first and misfit(wanted.request, copy, wanted.cloud) is None
        if copy.snapshot_id in memory.own or (fits and _was_first(memory, copy)):
            return Decision(
                copy=copy, error=failures.missing_copy(wanted.request, copy, wanted.cloud.loss_hint), settled=True
            )
    return None


def _is_asked_for_once_more(wanted: Wanted, memory: Memory, copy: Snapshot) -> bool:
    """Whether the cloud returned an ID once that never showed, and that may be of a copy of an earlier run."""
    return wanted.cloud.may_answer_with_gone and len(memory.own) == 1 and copy.snapshot_id in memory.never_shown


def _was_first(memory: Memory, copy: Snapshot) -> bool:
    """Whether a copy was there when the run started, and is the only one that this run followed."""
    return bool(memory.known) and copy.snapshot_id in (memory.known or ()) and not memory.own and not memory.lost_calls


def _replaced(wanted: Wanted, memory: Memory, copies: Sorted, complete: bool) -> tuple[Snapshot, ...]:
    """Return what a copy that fits replaces: the copies that had failed at first; once it is complete, also the
    complete misfits of then.

    A later misfit is another run's, which may replace ours likewise: none would be left.
    """
    policy, first = wanted.policy, memory.known or ()
    failed = [c for c in copies.failed if policy.replace_failed and c.snapshot_id in memory.failed_first]
    others = copies.misfits if policy.replace_mismatched and complete else ()
    misfits = [c for c in others if c.state is not State.PENDING and c.snapshot_id in first]
    return tuple(c for c in (*failed, *misfits) if c.deletable and not c.held)


# -- a copy that fits --------------------------------------------------------------------------------------


def _with_copy(wanted: Wanted, memory: Memory, copies: Sorted, now: float, today: datetime) -> Decision:
    policy = wanted.policy
    copy = _counting(copies, memory)
    complete = copy.state is State.COMPLETED
    drift = drift_of(wanted, memory, copy, now, today)
    sighting = memory.seen[copy.snapshot_id]
    quiet = complete and drift.is_none and not (memory.own or memory.lost_calls or sighting.unseen)
    if quiet and not (copies.misfits or copies.failed or (policy.remove_duplicates and copies.duplicates)):
        return Decision(copy=copy, settled=True, drift=drift, duplicates=_duplicates(copies, copy))  # nearly always
    pairs = {c.snapshot_id: (c, copy) for c in _replaced(wanted, memory, copies, complete)}
    if policy.remove_duplicates:
        pairs |= {c.snapshot_id: (c, stays) for c, stays in surplus(copies, wanted.cloud) if c is not copy}
    later = [c for c in _replaced(wanted, memory, copies, policy.wait) if c.snapshot_id not in pairs]
    doomed = (*(c for c, _stays in pairs.values()), *later)
    ready, waits, compare = _taken_back(wanted, memory, copies) if policy.wait else ([], False, False)
    pairs |= {taken.snapshot_id: (taken, first) for taken, first in ready}
    unknown = unknown_locks(wanted, memory, [c for c, _stays in pairs.values()])
    delete, look, retry = now_or_later(memory, [pair for i, pair in pairs.items() if i not in unknown], now)
    may_lock = not (waits or compare or copy.snapshot_id in pairs)  # a locked copy could not be taken back
    due, look_too, retry_too = _drift_now(memory, copy, drift, now, may_lock)
    needs_locks = bool(unknown) or (drift.needs_locks and may_lock)
    look_at, retry_at = min(look, look_too), min(retry, retry_too)
    follows = (policy.wait and (not complete or sighting.unseen > 0)) or waits
    poll_at = math.inf if complete and not follows else next_look(memory, copy, copies, policy.wait_delay)
    if follows:
        look_at = min(look_at, poll_at)
    in_doubt = policy.wait and doubt_ends(wanted, memory) is not None
    if in_doubt:  # the copy of a lost call may still show beside this one
        look_at = min(look_at, next_search(wanted, memory))
    if drift.unshown:
        sent_at = memory.tags_sent_at[copy.snapshot_id]
        look_at = min(look_at, max(memory.looked_at, sent_at) + growing(memory.looked_at - sent_at))
    settled = (
        not (follows or compare or in_doubt or delete or needs_locks or drift.needs_source or drift.unshown)
        and min(look_at, retry_at) == math.inf
    )
    return Decision(
        copy=copy,
        delete=delete,
        stays={goes: stays.snapshot_id for goes, (_c, stays) in pairs.items()},
        change=drift.first_change if due == TAGS else TagChange(),
        expiry=drift.expiry if due == EXPIRY else None,
        lock=due == LOCK,
        needs_locks=needs_locks,
        needs_source=drift.needs_source,
        settled=settled and due is None,
        look_at=look_at,
        poll_at=poll_at,
        at_all=in_doubt or sighting.unseen > 0,
        compare=compare,
        retry_at=retry_at,
        duplicates=_duplicates(copies, copy),
        doomed=doomed,
        drift=drift,
    )


def _counting(copies: Sorted, memory: Memory) -> Snapshot:
    """Return the copy that counts: this run's own until it is taken back, and rather one that the last look showed."""
    own = [c for c in copies.fitting if c.snapshot_id in memory.own]
    shown = [c for c in own or copies.fitting if not memory.seen[c.snapshot_id].unseen]
    return (shown or own or list(copies.fitting))[0]


def _duplicates(copies: Sorted, copy: Snapshot) -> tuple[Snapshot, ...]:
    """Return the copies beyond the one that counts; if that is a duplicate itself, the first copy is among them."""
    first = [c for c in copies.fitting[:1] if copy in copies.duplicates]
    return (*first, *(c for c in copies.duplicates if c is not copy))


def _taken_back(wanted: Wanted, memory: Memory, copies: Sorted) -> tuple[list[tuple[Snapshot, Snapshot]], bool, bool]:
    """Say which copies of this run go, since another run made an earlier one; all runs decide alike.

    Returns pairs of what goes and what stays, whether to wait for another state, and whether for a listing.
    """
    ready, waits, compare = [], False, False
    for mine in (c for c in copies.fitting if c.snapshot_id in memory.own):
        refusal = memory.refusal_of(mine.snapshot_id, DELETE)
        if mine.snapshot_id not in memory.compared:
            compare = True
            continue
        earlier = [
            c
            for c in copies.fitting
            if c.ours and begin_order(c) < begin_order(mine) and are_alike(c, mine, wanted.cloud)
        ]
        if not earlier or not mine.deletable or mine.held or (refusal and refusal.is_final):
            continue
        first = min(earlier, key=begin_order)
        if (mine.state is State.PENDING and wanted.cloud.cancels_by_deletion) or (
            mine.state is first.state is State.COMPLETED
        ):
            ready.append((mine, first))
        else:
            waits = True
    return ready, waits, compare


def _drift_now(
    memory: Memory, copy: Snapshot, drift: Drift, now: float, may_lock: bool
) -> tuple[str | None, float, float]:
    """Say which of tags, expiry and lock may be sent now, in this order; else when to look, or to send again."""
    for what, wanted in ((TAGS, drift.change), (EXPIRY, drift.expiry), (LOCK, drift.lock and may_lock)):
        if not wanted:
            continue
        refusal = memory.refusal_of(copy.snapshot_id, what)
        if refusal and refusal.until > now:
            return None, math.inf, refusal.until
        if refusal and refusal.is_in_doubt(memory.seen[copy.snapshot_id]):
            return None, look_after(memory, copy.snapshot_id), math.inf
        if not memory.seen[copy.snapshot_id].is_known(now):
            return None, look_again(memory, copy.snapshot_id, now), math.inf
        return what, math.inf, math.inf
    return None, math.inf, math.inf
