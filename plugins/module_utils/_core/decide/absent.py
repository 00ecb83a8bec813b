# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows if no copy is wanted. Pure."""

from __future__ import annotations

import math

from ..errors import CopyError
from ..model import Snapshot, State
from . import failures
from .attachments import detach_now, is_ours_to_detach
from .copies import Sorted, begin_order
from .decision import Decision
from .locks import unknown_locks
from .memory import Memory
from .timing import growing, next_look, now_or_later
from .wanted import Wanted

# -- no copy is wanted -------------------------------------------------------------------------------------


def decide_absent(wanted: Wanted, memory: Memory, now: float) -> Decision:
    """Decide which copies of a source go."""
    policy, cloud = wanted.policy, wanted.cloud
    chosen = [c for c in memory.copies if policy.copy_ids is None or c.snapshot_id in policy.copy_ids]
    doomed: list[Snapshot] = []
    ready: list[Snapshot] = []
    survivors: list[str] = []
    leftover: list[tuple[Snapshot, CopyError]] = []
    attached: list[Snapshot] = []
    waits = False
    for copy in sorted(chosen, key=begin_order):
        unfinished = copy.state is State.PENDING
        survivor = policy.survivors.get(copy.snapshot_id)
        if is_ours_to_detach(wanted.request, copy):
            doomed.append(copy)
            attached.append(copy)
        elif copy.held:
            leftover.append((copy, failures.held_copy(copy)))
        elif not copy.deletable_on_request:
            leftover.append((copy, failures.not_ours(copy)))
        elif unfinished and policy.copy_ids is not None and not policy.takes_unfinished:
            continue
        elif unfinished and not cloud.cancels_by_deletion and not policy.wait:
            leftover.append((copy, failures.not_cancellable(copy)))
        elif survivor and memory.survivors[survivor].lacking.is_certain:
            leftover.append((copy, failures.no_survivor(copy, survivor, memory.survivors[survivor].copy)))
        else:
            doomed.append(copy)
            waits = waits or (unfinished and not cloud.cancels_by_deletion)
            if not unfinished or cloud.cancels_by_deletion:
                ready.append(copy)
                survivors += [survivor] if survivor else []
    unknown = unknown_locks(wanted, memory, ready)
    uncertain = [i for i in survivors if not memory.survivors[i].is_certain(now)]
    certain = [
        c for c in ready if c.snapshot_id not in unknown and policy.survivors.get(c.snapshot_id) not in uncertain
    ]
    delete, look_at, retry_at = now_or_later(memory, [(c, c) for c in certain], now)
    detach, look_too, retry_too = detach_now(memory, attached, now)
    retry_at = min(retry_at, retry_too)
    look_at = min([look_at, look_too, *(memory.survivors[i].next_look for i in uncertain)])
    if waits:
        pending = [c for c in doomed if c.state is State.PENDING]
        alone = Sorted(tuple(pending), (), (), ())
        look_at = min(look_at, *(next_look(memory, c, alone, policy.wait_delay) for c in pending))
    going = memory.still_shown if policy.wait and cloud.deletes_later else []
    if going:
        since = min(memory.deleted[i].at for i in going)
        look_at = min(look_at, max(since, memory.looked_at) + growing(memory.looked_at - since))
    if not memory.listings.is_confirmed:  # the listing may have missed one
        look_at = -math.inf
    return Decision(
        copy=next(iter(doomed), None),
        delete=delete,
        detach=detach,
        stays={c.snapshot_id: policy.survivors.get(c.snapshot_id, c.snapshot_id) for c in doomed},
        look_at=look_at,
        at_all=not memory.listings.is_confirmed,
        unsure=not memory.listings.is_confirmed or bool(uncertain),
        retry_at=retry_at,
        needs_locks=bool(unknown),
        settled=not (delete or detach or waits or going or unknown) and min(look_at, retry_at) == math.inf,
        leftover=tuple(leftover),
        doomed=tuple(doomed),
        survivors=tuple(survivors),
    )
