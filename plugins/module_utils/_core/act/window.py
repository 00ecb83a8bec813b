# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many copies may be in progress at one destination, and when to request the next one."""

from __future__ import annotations

import math

from ..errors import CopyError, QuotaFull
from ..waiting import MIN_SLEEP, Backoff

#: How long (seconds) after the quota was full the window does not widen.
WIDEN_SECONDS = 15.0
#: The longest pause (seconds) after the first refusal of a request whose reason may be its source.
SOURCE_SECONDS = 3.0
#: How often a copy is looked at during the time that the last copy took, if others wait for its room.
POLLS = 24


class Window:
    """The room for copies at one destination.

    It begins at the user's ``max_in_flight``, narrows with the cloud's refusals, and widens by one with each look at
    the destination. At least one copy of ours is always requested, so that a run does not starve beside others.
    """

    def __init__(self, max_in_flight: int):
        self._max_in_flight = max_in_flight
        self._limit = max_in_flight
        self._full = False
        #: How long (seconds) the last copy took that this run has seen complete.
        self._lasted = math.inf
        self._refused_at = -math.inf
        self._backoff = Backoff()
        self._short = Backoff(SOURCE_SECONDS)
        #: When (monotonic) a throttled destination may be called again.
        self.opens_at = 0.0

    def has_room(self, ours: int, others: int, now: float) -> bool:
        """Whether another copy may be requested besides ``ours`` and ``others`` in progress."""
        if self._full or now < self.opens_at:
            return False
        return ours == 0 or ours + others < self._limit

    def record_duration(self, seconds: float) -> None:
        """Record how long a copy took, from its call to the look that showed it complete."""
        self._lasted = seconds

    def poll_at(self, started: float, looked_at: float) -> float:
        """Return when a copy is worth a look because of its room, assuming that it takes as long as the last one.

        Never if it has taken more than one and a half times as long.
        """
        looked_at = max(started, looked_at)
        if looked_at - started > 1.5 * self._lasted:
            return math.inf
        return looked_at + max(MIN_SLEEP, self._lasted / POLLS)

    def record_accepted(self) -> None:
        self._backoff.reset()
        self._short.reset()

    def record_refusal(self, error: CopyError, ours: int, others: int, now: float, of_source: bool = False) -> None:
        """Narrow the window after a full quota, until the next look; pause after throttling.

        The pause is short if the source may be the reason.
        """
        if isinstance(error, QuotaFull):
            self._limit = min(self._max_in_flight, max(1, ours + others))
            self._full, self._refused_at = True, now
        backoff = self._short if of_source else self._backoff
        self.opens_at = now + (backoff.next_pause() if not isinstance(error, QuotaFull) or ours == 0 else 0.0)

    def record_look(self, now: float = math.inf) -> None:
        """Record that the copies in progress were counted again. Widen the window some time after the last refusal."""
        if self._full:
            self._full = False
        elif self._limit < self._max_in_flight and now - self._refused_at >= WIDEN_SECONDS:
            self._limit += 1
