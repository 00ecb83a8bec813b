# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decisions if no copy fits. Pure."""

from __future__ import annotations

from dataclasses import replace

from ..errors import Accepted
from ..model import Resource, State
from . import failures
from .copies import SortedCopies, begin_order, deletable_duplicates, misfit
from .decision import LIST_NOW, Decision, Deletions, Failed, Look, NextStep
from .desired import DesiredState
from .memory import Memory
from .timing import next_search


def without_copy(desired: DesiredState, memory: Memory, copies: SortedCopies) -> Decision:
    """Decide for a request without a copy that fits: start one, unless there is an obstacle."""
    in_the_way = (
        _lost(desired, memory, copies) or _cannot_begin_yet(desired, memory) or _may_not_begin(desired, memory, copies)
    )
    if in_the_way:
        return in_the_way
    policy = desired.policy
    if desired.problem:
        return Decision(next=Failed(desired.problem))
    if desired.order is None:
        return Decision(needs_source=True)
    to_delete = initially_failed(desired, memory, copies) + (
        initial_misfits(desired, memory, copies) if policy.wait else ()
    )
    if policy.remove_duplicates:
        to_delete += tuple(c for c, _survivor in deletable_duplicates(copies, desired.cloud) if c not in to_delete)
    return Decision(next=NextStep.BEGIN, deletions=Deletions(to_delete=to_delete))


def _cannot_begin_yet(desired: DesiredState, memory: Memory) -> Decision | None:
    """Decide if the last call failed for good, or if its copy or another one may still show."""
    call = memory.copy_call
    if call.final_error:
        return Decision(next=Failed(call.final_error))
    if not memory.listings.is_confirmed:  # the listing may have missed one
        return Decision(look=replace(LIST_NOW, unsure=True))
    search_at = next_search(desired, memory)
    if search_at is not None:
        return Decision(look=Look(search_at, at_all=True))
    error = call.error
    return Decision(next=Failed(error)) if isinstance(error, Accepted) else None


def _may_not_begin(desired: DesiredState, memory: Memory, copies: SortedCopies) -> Decision | None:
    """Decide if an existing copy may not be replaced, or if no copy may be made."""
    request, policy = desired.request, desired.policy
    mine = [c for c in copies.misfits if c.id in memory.own_copies]
    if mine:  # another attempt would have the same result
        return Decision(mine[0], Failed(failures.mismatch(request, mine[0], desired.cloud)))
    if copies.misfits and not (policy.replace_mismatched and policy.create):
        first = copies.misfits[0]
        return Decision(next=Failed(failures.mismatch(request, first, desired.cloud), first.id))
    if copies.failed and not (policy.replace_failed and policy.create):
        first = copies.failed[0]
        hint = failures.REPLACE if policy.create else failures.CREATE
        return Decision(next=Failed(failures.failed_copy(first, hint), first.id))
    if policy.create:
        return None
    nothing_shown = memory.listings.nothing_shown
    if nothing_shown.is_certain:
        return Decision(next=Failed(failures.no_copy(request)))
    return Decision(look=Look(nothing_shown.next_look, at_all=True, unsure=True))


def _lost(desired: DesiredState, memory: Memory, copies: SortedCopies) -> Decision | None:
    """Return a followed copy that failed or is gone: an own copy of this run, or one that existed at first."""
    for copy in copies.failed:
        if copy.id in memory.own_copies or (
            copy.id not in memory.initially_failed and _existed_initially(memory, copy)
        ):
            return Decision(copy, Failed(failures.failed_copy(copy, desired.cloud.failure_hint(copy))))
    for copy in memory.gone.values() if desired.policy.create else ():
        if copy.id in memory.deleted or _may_name_gone_copy(desired, memory, copy):
            continue
        fits = copy.id not in memory.initially_failed and misfit(desired.request, copy, desired.cloud) is None
        if copy.id in memory.own_copies or (fits and _existed_initially(memory, copy)):
            return Decision(copy, Failed(failures.missing_copy(desired.request, copy, desired.cloud.loss_hint)))
    return None


def _may_name_gone_copy(desired: DesiredState, memory: Memory, copy: Resource) -> bool:
    """Whether the cloud once returned an ID that never showed and that may belong to a copy of an earlier run."""
    return desired.cloud.may_answer_with_gone and len(memory.own_copies) == 1 and copy.id in memory.never_shown


def _existed_initially(memory: Memory, copy: Resource) -> bool:
    """Whether a copy existed when the run started and is the only one that this run followed."""
    return copy.id in memory.known and not (memory.own_copies or memory.copy_call.lost)


def initially_failed(desired: DesiredState, memory: Memory, copies: SortedCopies) -> tuple[Resource, ...]:
    """Return the copies to delete because they had failed at first."""
    if not (desired.policy.replace_failed and desired.policy.create):
        return ()
    return tuple(c for c in copies.failed if c.id in memory.initially_failed and c.deletable and not c.held)


def initial_misfits(
    desired: DesiredState, memory: Memory, copies: SortedCopies, copy: Resource | None = None
) -> tuple[Resource, ...]:
    """Return the misfits that an existing or planned copy replaces: those that existed at first and rank before it.

    For another run, which requests another key, this copy may be the misfit. Both runs rank in the same way, so the
    last copy stays. A copy that existed at first ranks before a copy of this run, even if both were started in the same
    second.
    """
    if not (desired.policy.replace_mismatched and desired.policy.create):
        return ()
    first = [c for c in copies.misfits if c.state is not State.PENDING and c.id in memory.known]
    is_last = copy is None or copy.id in memory.own_copies
    before = [c for c in first if is_last or (copy and begin_order(c) < begin_order(copy))]
    return tuple(c for c in before if c.deletable and not c.held)
