# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows if copies are to be deleted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..capabilities import Capabilities
from ..errors import CopyError
from ..model import Resource, State
from . import failures
from .attachments import detachments_now, is_ours_to_detach
from .copies import SortedCopies, start_key
from .decision import Continue, Decision, Deletions, Done, Look
from .desired import DesiredState
from .due_writes import NO_WAIT, Wait, deletions_now
from .locking import unknown_locks
from .memory import Memory
from .timing import look_until_shown, next_look


def decide_deletions(desired: DesiredState, memory: Memory, now: float) -> Decision:
    """Decide which copies of a source are deleted now.

    A copy in progress is deleted once it is complete, if the cloud cannot cancel it.
    """
    policy, cloud = desired.policy, desired.cloud
    named = [c for c in memory.copies if policy.copy_ids is None or c.id in policy.copy_ids]
    chosen = sorted(named, key=start_key)
    attached = [c for c in chosen if is_ours_to_detach(desired.request, c)]
    to_delete, refused = _deletable_and_refused(desired, memory, chosen, attached)
    to_wait_for = [c for c in to_delete if c not in attached and not _can_be_deleted(cloud, c)]
    ready = [c for c in to_delete if c not in attached and _can_be_deleted(cloud, c)]
    survivors = [policy.survivors[c.id] for c in ready if c.id in policy.survivors]
    unknown = unknown_locks(desired, memory, ready)
    unsafe = [i for i in survivors if not memory.survivors[i].is_safe(now)]
    may_go = [c for c in ready if c.id not in unknown and policy.survivors.get(c.id) not in unsafe]
    delete, deletions_wait = deletions_now(memory, [(c, c) for c in may_go], now)
    detach, detachments_wait = detachments_now(memory, attached, now)
    still_shown = memory.still_shown if policy.wait and cloud.deletes_later else []
    is_confirmed = memory.listings.is_confirmed  # else the listing may lack a copy
    looks = [memory.survivors[i].next_look for i in unsafe]
    if to_wait_for:
        alone = SortedCopies(tuple(to_wait_for), (), (), ())
        looks += [next_look(memory, c, alone, policy.wait_delay) for c in to_wait_for]
    if still_shown:
        looks.append(look_until_shown(memory, min(memory.deleted[i].at for i in still_shown)))
    if not is_confirmed:
        looks.append(-math.inf)
    wait = deletions_wait | detachments_wait | Wait(min(looks, default=math.inf))
    is_open = delete or detach or to_wait_for or still_shown or unknown or wait != NO_WAIT
    steps = Continue(
        look=Look(wait.look_at, at_all=not is_confirmed, unsure=not is_confirmed or bool(unsafe)),
        needs_locks=bool(unknown),
        delete=delete,
        must_show=tuple(survivors),
        detach=detach,
        retry_at=wait.retry_at,
    )
    return Decision(
        steps if is_open else Done(),
        next(iter(to_delete), None),
        deletions=Deletions(to_delete, {c.id: policy.survivors.get(c.id, c.id) for c in to_delete}, refused),
    )


def _deletable_and_refused(
    desired: DesiredState, memory: Memory, chosen: Sequence[Resource], attached: Sequence[Resource]
) -> tuple[tuple[Resource, ...], tuple[tuple[Resource, CopyError], ...]]:
    """Return the copies to delete in the end, and those that must not be deleted, each with its error."""
    to_delete: list[Resource] = []
    refused: list[tuple[Resource, CopyError]] = []
    for copy in chosen:
        if copy in attached:
            to_delete.append(copy)
        elif error := _refusal_of(desired, memory, copy):
            refused.append((copy, error))
        elif not _is_kept_unfinished(desired, copy):
            to_delete.append(copy)
    return tuple(to_delete), tuple(refused)


def _is_kept_unfinished(desired: DesiredState, copy: Resource) -> bool:
    """Whether a copy is left to a later run because it is in progress."""
    return copy.state is State.PENDING and desired.policy.keeps_unfinished


def _can_be_deleted(cloud: Capabilities, copy: Resource) -> bool:
    """Whether the cloud can delete a copy in its state."""
    return copy.state is not State.PENDING or cloud.cancels_by_deletion


def _refusal_of(desired: DesiredState, memory: Memory, copy: Resource) -> CopyError | None:
    """Return why a copy that should be deleted must not be."""
    policy, survivor = desired.policy, desired.policy.survivors.get(copy.id)
    if copy.held:
        return failures.held_copy(copy)
    if not copy.deletable_on_request:
        return failures.not_ours(copy)
    if _is_kept_unfinished(desired, copy):
        return None
    if not _can_be_deleted(desired.cloud, copy) and not policy.wait:
        return failures.not_cancellable(copy)
    if survivor and memory.survivors[survivor].lacking.is_missing:
        return failures.no_survivor(copy, survivor, memory.survivors[survivor].copy)
    return None
