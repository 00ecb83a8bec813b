# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows if copies are to be deleted.

A deletion needs a look, not older than 15 seconds, that shows the copy to delete and its survivor. If the answer to a
deletion was lost, the run looks again, and then sends the deletion again, even if that look does not show the copy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..capabilities import Capabilities
from ..errors import CopyError
from ..model import Resource, State
from . import failures
from .attachments import detachments_now, is_ours_to_detach
from .copies import SortedCopies, can_replace, start_key
from .decision import Continue, Decision, Done, Look, PlannedDeletions
from .desired import DesiredState
from .due_writes import NO_WAIT, Wait, deletions_now
from .locking import unknown_locks
from .memory import Memory
from .sightings import Survivor
from .timing import look_until_shown, next_look


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The copies to delete, by what must happen first; and those that must not be deleted, each with its error."""

    to_detach: list[Resource] = field(default_factory=list)
    to_wait_for: list[Resource] = field(default_factory=list)
    ready: list[Resource] = field(default_factory=list)
    refused: list[tuple[Resource, CopyError]] = field(default_factory=list)

    @property
    def to_delete(self) -> tuple[Resource, ...]:
        return tuple(sorted((*self.to_detach, *self.to_wait_for, *self.ready), key=start_key))


def decide_deletions(desired: DesiredState, memory: Memory, now: float) -> Decision:
    """Decide which copies of a source are deleted now.

    A copy in progress is deleted once it is complete, if the cloud cannot cancel it.
    """
    survivors, copies = desired.deletion.survivors, _sort(desired, memory)
    must_show = [survivors[c.id] for c in copies.ready if c.id in survivors]
    unsafe = [i for i in must_show if not _is_safe(desired, memory.survivors[i], now)]
    unknown = unknown_locks(desired, memory, copies.ready)
    may_go = [c for c in copies.ready if c.id not in unknown and survivors.get(c.id) not in unsafe]
    delete, deletions_wait = deletions_now(memory, [(c, c) for c in may_go], now)
    detach, detachments_wait = detachments_now(memory, copies.to_detach, now)
    is_confirmed = memory.listings.is_confirmed  # else the listing may lack a copy
    wait = deletions_wait | detachments_wait | Wait(_next_look(desired, memory, copies.to_wait_for, unsafe))
    is_open = delete or detach or copies.to_wait_for or unknown or wait != NO_WAIT
    steps = Continue(
        look=Look(wait.look_at, list_all=not is_confirmed, unsure=not is_confirmed or bool(unsafe)),
        needs_locks=bool(unknown),
        delete=delete,
        must_show=tuple(must_show),
        detach=detach,
        retry_at=wait.retry_at,
    )
    to_delete = copies.to_delete
    survivor_of = {c.id: survivors.get(c.id, c.id) for c in to_delete}
    return Decision(
        steps if is_open else Done(),
        next(iter(to_delete), None),
        deletions=PlannedDeletions(to_delete, survivor_of, tuple(copies.refused)),
    )


def _sort(desired: DesiredState, memory: Memory) -> _Sorted:
    """Sort the copies that are named, or all of them; a copy that is left to a later run is in no list."""
    found, ids = _Sorted(), desired.deletion.copy_ids
    for copy in sorted(memory.copies, key=start_key):
        if ids is not None and copy.id not in ids:
            continue
        if is_ours_to_detach(desired.request, copy):
            found.to_detach.append(copy)
        elif error := _refusal_of(desired, memory, copy):
            found.refused.append((copy, error))
        elif _is_kept_unfinished(desired, copy):
            continue
        elif _can_be_deleted(desired.cloud, copy):
            found.ready.append(copy)
        else:
            found.to_wait_for.append(copy)
    return found


def _next_look(desired: DesiredState, memory: Memory, to_wait_for: Sequence[Resource], unsafe: Sequence[str]) -> float:
    """Return when to look again: for survivors, copies in progress, deleted copies that still show, and a listing."""
    policy = desired.policy
    alone = SortedCopies(tuple(to_wait_for), (), (), ())
    looks = [memory.survivors[i].next_look for i in unsafe]
    looks += [next_look(memory, c, alone, policy.wait_delay) for c in to_wait_for]
    still_shown = memory.still_shown if policy.wait and desired.cloud.deletes_later else []
    if still_shown:
        looks.append(look_until_shown(memory, min(memory.deleted[i].at for i in still_shown)))
    if not memory.listings.is_confirmed:
        looks.append(-math.inf)
    return min(looks, default=math.inf)


def _is_safe(desired: DesiredState, survivor: Survivor, now: float) -> bool:
    """Whether a look showed a survivor complete, and is fresh. Check mode deletes nothing, so its look may be old."""
    return survivor.is_complete if desired.policy.check_mode else survivor.is_safe(now)


def _is_kept_unfinished(desired: DesiredState, copy: Resource) -> bool:
    """Whether a copy is left to a later run because it is in progress."""
    return copy.state is State.PENDING and desired.deletion.keeps_unfinished


def _can_be_deleted(cloud: Capabilities, copy: Resource) -> bool:
    """Whether the cloud can delete a copy in its state."""
    return copy.state is not State.PENDING or cloud.cancels_by_deletion


def _refusal_of(desired: DesiredState, memory: Memory, copy: Resource) -> CopyError | None:
    """Return why a copy that should be deleted must not be."""
    policy, survivor = desired.policy, desired.deletion.survivors.get(copy.id)
    if copy.held:
        return failures.held_copy(copy)
    if not copy.deletable_on_request:
        return failures.not_ours(copy)
    if _is_kept_unfinished(desired, copy):
        return None
    if not _can_be_deleted(desired.cloud, copy) and not policy.wait:
        return failures.not_cancellable(copy)
    if survivor:
        shown, is_missing = memory.survivors[survivor].copy, memory.survivors[survivor].absence.is_missing
        if is_missing or (shown is not None and not can_replace(shown, copy)):
            return failures.no_survivor(copy, survivor, shown)
    return None
