# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which existing copies a new or fitting copy replaces."""

from __future__ import annotations

from ..model import Resource, State
from .copies import SortedCopies, can_replace, start_key
from .desired import DesiredState
from .memory import Memory


def failed_to_replace(desired: DesiredState, memory: Memory, copies: SortedCopies) -> tuple[Resource, ...]:
    """Return the copies to delete because they had failed at first."""
    if not (desired.policy.replace_failed and desired.policy.create):
        return ()
    return tuple(c for c in copies.failed if c.id in memory.initially_failed and c.deletable)


def misfits_to_replace(
    desired: DesiredState, memory: Memory, copies: SortedCopies, copy: Resource | None = None
) -> tuple[Resource, ...]:
    """Return the misfits that an existing or planned copy replaces: those that existed at first and rank before it.

    For another run, which requests another key, this copy may be the misfit. Both runs rank in the same way, so the
    last copy stays. A copy that existed at first ranks before a copy of this run, even if both were started in the same
    second.
    """
    if not (desired.policy.replace_mismatched and desired.policy.create):
        return ()
    first = [c for c in copies.misfits if c.state is not State.PENDING and c.id in memory.initially_there]
    is_last = copy is None or copy.id in memory.own_copies
    before = [c for c in first if is_last or (copy and start_key(c) < start_key(copy))]
    return tuple(c for c in before if c.deletable and (copy is None or can_replace(copy, c)))
