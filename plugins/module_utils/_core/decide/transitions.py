# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides what follows from what is wanted, what is shown, and what this run did.

The conditions here and in without_copy.py are in order: the first one that holds decides what follows. Deletions are
in deleting.py.
"""

from __future__ import annotations

from datetime import datetime

from .copies import sort_copies
from .decision import LIST_NOW, Continue, Decision, failed
from .deleting import decide_deletions
from .desired import DesiredState
from .memory import Memory
from .with_copy import with_copy
from .without_copy import without_copy


def decide(desired: DesiredState, memory: Memory, now: float, utc_now: datetime) -> Decision:
    """Decide for one request. ``now`` is monotonic, ``utc_now`` the current time (aware)."""
    nothing_is_listed = memory.listings.at_first is None
    if nothing_is_listed and memory.copy_call.final_error:
        return failed(memory.copy_call.final_error)
    if nothing_is_listed:
        return Decision(Continue(LIST_NOW))
    if memory.copy_call.is_out:
        return Decision(Continue())
    if desired.policy.deletion:
        return decide_deletions(desired, memory, now)
    copies = sort_copies(desired.request, memory.copies, desired.cloud)
    if copies.fitting:
        return with_copy(desired, memory, copies, now, utc_now)
    return without_copy(desired, memory, copies)
