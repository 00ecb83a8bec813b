# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides what follows from what is wanted, what is shown, and what this run did. Pure.

.. code-block:: text

    state of a request            becomes, at a look or an answer
    nothing looked at yet         -> look at all copies
    nothing shown, or not all     -> look at all copies again, until a listing without a seam, or a second one, agrees
    no copy that fits             -> failed if a misfit or a failed copy may not be replaced, or no copy may be started
                                  -> read the source; failed if it cannot be copied
                                  -> begin, once the look is fresh and there is room
    copy call refused             -> failed; or begin again later (quota, throttled, busy)
    copy call in doubt            -> look until its copy shows or doubt_seconds are over; then begin again
    copy in progress              -> wait for it; taken back if this run made it and another run made an earlier one
    copy complete                 -> tags, expiry, deletions that it allows; if this run made it, a last look at all
                                     copies; then settled
    copy of this run failed, gone -> failed; no second attempt in this run, unless a token returned a copy that is gone
    another's failed, gone        -> failed if it existed at first; else begin
    to be absent                  -> deleted; once complete if the cloud cannot cancel it; refused if it is held

A deletion needs a look, not older than 15 seconds, that shows the copy to delete and its survivor. If the answer to a
deletion was lost, the run does not wait for its effect but sends it again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from .absent import decide_absent
from .copies import sort_copies
from .decision import LIST_NOW, Decision, Failed, NextStep
from .desired import DesiredState
from .memory import Memory
from .with_copy import with_copy
from .without_copy import without_copy


def decide(desired: DesiredState, memory: Memory, now: float, utc_now: datetime) -> Decision:
    """Decide for one request. ``now`` is monotonic, ``utc_now`` the current time (aware)."""
    if memory.listings.at_first is None:
        error = memory.copy_call.final_error
        return Decision(next=Failed(error) if error else NextStep.GO_ON, look=LIST_NOW)
    if memory.copy_call.is_out:
        return Decision()
    if desired.policy.absent:
        return decide_absent(desired, memory, now)
    copies = sort_copies(desired.request, [c for c in memory.copies if c.is_copy], desired.cloud)
    if copies.fitting:
        return with_copy(desired, memory, copies, now, utc_now)
    decision = without_copy(desired, memory, copies)
    return replace(decision, duplicates=copies.duplicates) if copies.duplicates else decision
