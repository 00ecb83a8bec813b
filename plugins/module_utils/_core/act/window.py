# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many copies may be in progress at one destination, and when to ask for the next."""

from __future__ import annotations

import math

from ..errors import CopyError, QuotaFull
from ..waiting import SHORTEST_SLEEP, Backoff

#: How long (seconds) after the quota was full no more copies than at that time are asked for.
WIDEN_SECONDS = 15.0
#: The longest pause (seconds) after a request was refused for the first time, for a reason that may be its source's.
SOURCE_SECONDS = 3.0
#: How often a copy is looked at while it takes as long as the last one, if others wait for its room.
POLLS = 24


class Window:
    """The room for copies at one destination.

    It begins at the user's ``most``, follows the cloud's refusals down, and widens by one with each
    look at the destination. At least one copy of ours is always asked for, so that a run next to
    others does not starve.
    """

    def __init__(self, most: int):
        self._most = most
        self._limit = most
        self._full = False
        #: How long (seconds) the last copy took that this run has seen through.
        self._lasted = math.inf
        self._refused_at = -math.inf
        self._backoff = Backoff()
        self._short = Backoff(SOURCE_SECONDS)
        #: When (monotonic) a throttled destination may be asked again.
        self.opens_at = 0.0

    def has_room(self, ours: int, others: int, now: float) -> bool:
        """Whether another copy may be asked for beside ``ours`` and ``others`` in progress."""
        if self._full or now < self.opens_at:
            return False
        return ours == 0 or ours + others < self._limit

    def copied(self, seconds: float) -> None:
        """Note how long a copy took, from its call to the look that showed it complete."""
        self._lasted = seconds

    def poll_at(self, started: float, looked_at: float) -> float:
        """Say when a copy is worth a look for its room, if it takes as long as the last one.

        Never, if it has taken half as long again.
        """
        looked_at = max(started, looked_at)
        if looked_at - started > 1.5 * self._lasted:
            return math.inf
        return looked_at + max(SHORTEST_SLEEP, self._lasted / POLLS)

    def accepted(self) -> None:
        self._backoff.reset()
        self._short.reset()

    def refused(self, error: CopyError, ours: int, others: int, now: float, of_source: bool = False) -> None:
        """Narrow after a full quota, until the next look; pause after throttling, shortly if it may be the source's."""
        if isinstance(error, QuotaFull):
            self._limit = min(self._most, max(1, ours + others))
            self._full, self._refused_at = True, now
        backoff = self._short if of_source else self._backoff
        self.opens_at = now + (backoff.next_pause() if not isinstance(error, QuotaFull) or ours == 0 else 0.0)

    def looked(self, now: float = math.inf) -> None:
        """Note that the copies in progress were counted anew. Widen the window a while after the last refusal."""
        if self._full:
            self._full = False
        elif self._limit < self._most and now - self._refused_at >= WIDEN_SECONDS:
            self._limit += 1
