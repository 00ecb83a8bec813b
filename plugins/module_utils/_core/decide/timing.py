# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When another look is worthwhile. Times are seconds on the monotonic clock."""

from __future__ import annotations

import math

from ..errors import Underway
from ..model import Resource, State
from ..pacing import FRESH_SECONDS, MIN_PAUSE, doubt_pause, pause_until_shown, poll_pause
from .copies import SortedCopies
from .copy_call import InDoubt
from .desired import DesiredState
from .memory import Memory


def next_search(desired: DesiredState, memory: Memory) -> float | None:
    """Return when to look again for the copy of a call in doubt; None if a call may be sent."""
    doubt = memory.copy_call.state
    if not isinstance(doubt, InDoubt):
        return None
    end = doubt.since + _search_seconds(desired, doubt)
    if memory.listings.at >= end:
        return None
    last = max(memory.listings.at, doubt.since)
    return min(last + doubt_pause(last - doubt.since), max(end, last + MIN_PAUSE))


def _search_seconds(desired: DesiredState, doubt: InDoubt) -> float:
    """Return how long (seconds) to look for a copy in doubt."""
    cloud = desired.cloud
    if isinstance(doubt.error, Underway) and cloud.underway_seconds is not None:
        return cloud.underway_seconds
    return cloud.doubt_seconds


def next_look(memory: Memory, copy: Resource, copies: SortedCopies, wait_delay: float) -> float:
    """Return when a copy in progress is worth another look."""
    soonest = math.inf
    for followed in (copy, *(c for c in copies.fitting if c.id in memory.own_copies)):
        sighting = memory.seen[followed.id]
        if followed.state is State.COMPLETED and not sighting.misses and followed is not copy:
            continue
        started = memory.own_copies[followed.id].made_at if followed.id in memory.own_copies else sighting.known_at
        last = max(started, memory.looked_at)
        soonest = min(
            soonest,
            last + poll_pause(last - started, followed.progress if followed.state is State.PENDING else 0, wait_delay),
        )
    return soonest


def look_again(memory: Memory, copy_id: str, now: float) -> float:
    """Return when to look again for a copy that must show before a write."""
    sighting = memory.seen[copy_id]
    if sighting.is_fresh(now):
        return math.inf
    if now - memory.looked_at > FRESH_SECONDS:
        return -math.inf
    return max(memory.looked_at, sighting.known_at) + (pause_until_shown(sighting.misses) if sighting.misses else 0.1)


def look_after(memory: Memory, copy_id: str) -> float:
    """Return when to check whether a write in doubt took effect.

    That is now, then after growing pauses while the copy does not show.
    """
    misses = memory.seen[copy_id].misses
    return memory.looked_at + pause_until_shown(misses) if misses else -math.inf


def look_until_shown(memory: Memory, since: float) -> float:
    """Return when to look for something that should show since ``since``: after growing pauses."""
    return max(memory.looked_at, since) + pause_until_shown(memory.looked_at - since)
