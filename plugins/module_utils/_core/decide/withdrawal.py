# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copies of this run are taken back because another run made an earlier one."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Resource, State
from .copies import SortedCopies, same_encryption, start_key
from .desired import DesiredState
from .memory import Memory
from .writes import WriteKind


@dataclass(frozen=True)
class Withdrawal:
    """What is known of the copies of this run that may have to be taken back.

    ``ready``: pairs of a copy to delete now and its survivor. ``waits``: a copy must reach another state first.
    ``compare``: a listing must show what others have started. ``recheck``: a listing must be made after the copy is
    complete.
    """

    ready: tuple[tuple[Resource, Resource], ...] = ()
    waits: bool = False
    compare: bool = False
    recheck: bool = False

    def may_take_back(self, copy: Resource) -> bool:
        """Whether this copy, or a copy that has not been compared yet, may still be taken back."""
        return self.waits or self.compare or self.recheck or any(own is copy for own, _first in self.ready)


def withdrawal_of(desired: DesiredState, memory: Memory, copies: SortedCopies) -> Withdrawal:
    """Return which copies of this run are taken back; all runs decide in the same way."""
    ready, waits, compare, recheck = [], False, False, False
    for own in (c for c in copies.fitting if c.id in memory.own_copies):
        if not memory.own_copies[own.id].compared:
            compare = True
            continue
        earlier = [
            c
            for c in copies.fitting
            if c.ours and start_key(c) < start_key(own) and same_encryption(c, own, desired.cloud)
        ]
        if not earlier or not own.deletable or memory.writes.is_given_up(own.id, WriteKind.DELETE):
            recheck = recheck or (own.state is State.COMPLETED and not memory.own_copies[own.id].rechecked)
            continue
        first = min(earlier, key=start_key)
        if (own.state is State.PENDING and desired.cloud.cancels_by_deletion) or (
            own.state is first.state is State.COMPLETED
        ):
            ready.append((own, first))
        else:
            waits = True
    return Withdrawal(tuple(ready), waits, compare, recheck)
