# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows if no copy fits."""

from __future__ import annotations

from dataclasses import replace

from ..errors import AcceptedWithoutId, CopyError
from ..model import Resource
from . import failures
from .copies import SortedCopies, deletable_duplicates, misfit
from .copy_call import Found, InDoubt
from .decision import BEGIN, LIST_NOW, Continue, Decision, Look, PlannedDeletions, failed
from .desired import DesiredState
from .locking import unknown_locks
from .memory import Memory
from .replacing import failed_to_replace, misfits_to_replace
from .timing import next_search


def without_copy(desired: DesiredState, memory: Memory, copies: SortedCopies) -> Decision:
    """Decide for a request without a copy that fits: start one, unless there is an obstacle."""
    call = memory.copy_call
    if lost := _failed_or_gone(desired, memory, copies):
        return lost
    if call.final_error:
        return failed(call.final_error)
    if not memory.listings.is_confirmed:  # the listing may lack a copy
        return Decision(Continue(replace(LIST_NOW, unsure=True)))
    search_at = next_search(desired, memory)
    if search_at is not None:
        return Decision(Continue(Look(search_at, list_all=True)))
    match call.state:
        case InDoubt(error=AcceptedWithoutId() as why) | Found(error=AcceptedWithoutId() as why):
            return failed(why)
    if must_stay := _must_stay(desired, memory, copies):
        return must_stay
    if not desired.policy.create:
        return _none_exists(desired, memory)
    match desired.order:
        case None:
            return Decision(Continue(needs_source=True))
        case CopyError() as error:
            return failed(error)
    return _begin(desired, memory, copies)


def _failed_or_gone(desired: DesiredState, memory: Memory, copies: SortedCopies) -> Decision | None:
    """Fail if an own copy, or the one that existed at first, failed or is gone: this run makes no second attempt."""
    for copy in copies.failed:
        if copy.id in memory.own_copies or (
            copy.id not in memory.initially_failed and _existed_initially(memory, copy)
        ):
            return failed(failures.failed_copy(copy, desired.cloud.failure_hint(copy)), copy)
    for copy in memory.gone.values() if desired.policy.create else ():
        if copy.id in memory.deleted or _may_name_gone_copy(desired, memory, copy):
            continue
        fits = copy.id not in memory.initially_failed and misfit(desired.request, copy, desired.cloud) is None
        if copy.id in memory.own_copies or (fits and _existed_initially(memory, copy)):
            return failed(failures.missing_copy(desired.request, copy, desired.cloud.gone_hint), copy)
    return None


def _must_stay(desired: DesiredState, memory: Memory, copies: SortedCopies) -> Decision | None:
    """Fail if an existing copy may not be replaced."""
    request, policy, cloud = desired.request, desired.policy, desired.cloud
    own = [c for c in copies.misfits if c.id in memory.own_copies]
    if own:  # another attempt would have the same result
        return failed(failures.mismatch(request, own[0], cloud), own[0])
    if copies.misfits and not (policy.replace_mismatched and policy.create):
        first, hint = copies.misfits[0], failures.CREATE if policy.replace_mismatched else None
        return failed(failures.mismatch(request, first, cloud, hint), cause=first.id)
    if copies.failed and not (policy.replace_failed and policy.create):
        first = copies.failed[0]
        hint = failures.REPLACE if policy.create else failures.CREATE
        return failed(failures.failed_copy(first, hint), cause=first.id)
    return None


def _none_exists(desired: DesiredState, memory: Memory) -> Decision:
    """Fail once enough looks show that there is no copy."""
    nothing_shown = memory.listings.nothing_shown
    if nothing_shown.is_missing:
        return failed(failures.no_copy(desired.request))
    return Decision(Continue(Look(nothing_shown.next_look, list_all=True, unsure=True)))


def _begin(desired: DesiredState, memory: Memory, copies: SortedCopies) -> Decision:
    """Send the copy call. Later, delete what the new copy replaces."""
    to_delete = failed_to_replace(desired, memory, copies) + (
        misfits_to_replace(desired, memory, copies) if desired.policy.wait else ()
    )
    if desired.policy.remove_duplicates:
        to_delete += tuple(c for c, _survivor in deletable_duplicates(copies, desired.cloud) if c not in to_delete)
    # The run itself reads the locks before it deletes; check mode ends before that.
    if desired.policy.check_mode and unknown_locks(desired, memory, to_delete):
        return Decision(Continue(needs_locks=True))
    return Decision(BEGIN, deletions=PlannedDeletions(to_delete))


def _may_name_gone_copy(desired: DesiredState, memory: Memory, copy: Resource) -> bool:
    """Whether the cloud once returned an ID that never showed and that may belong to a copy of an earlier run."""
    return desired.cloud.may_answer_with_gone and len(memory.own_copies) == 1 and copy.id in memory.never_shown


def _existed_initially(memory: Memory, copy: Resource) -> bool:
    """Whether a copy existed when the run started and is the only one that this run followed."""
    return copy.id in memory.initially_there and not (memory.own_copies or memory.copy_call.lost_spans)
