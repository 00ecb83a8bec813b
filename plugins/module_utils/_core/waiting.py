# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deadlines and clocks. The clock is an argument everywhere, so that no test sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime


class Clock:
    """The clock of this machine; tests pass their own."""

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def utc(self) -> datetime:
        return datetime.now(timezone.utc)


class Deadline:
    """The end of a run, ``seconds`` after its start, on a monotonic clock."""

    def __init__(self, clock: Clock, seconds: float):
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def now(self) -> float:
        return self._clock.monotonic()

    @property
    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - self.now())

    @property
    def end(self) -> float:
        """When it is over, on the monotonic clock."""
        return self._end

    @property
    def passed(self) -> bool:
        return self.remaining <= 0

    def within(self, seconds: float) -> Deadline:
        """Return the deadline this many seconds from now, or this one if it is earlier."""
        return Deadline(self._clock, min(seconds, self.remaining))

    def sleep(self, seconds: float) -> None:
        """Sleep, but never past the deadline."""
        self.sleep_past(min(seconds, self.remaining))

    def sleep_past(self, seconds: float) -> None:
        """Sleep, past the deadline too."""
        self._clock.sleep(max(0.0, seconds))

    def utc(self) -> datetime:
        """Return the current time, aware."""
        return self._clock.utc()


class CloudClock:
    """The current time by a cloud's clock, from the ``Date`` header of its answers (api-facts: cloud-clock).

    This machine's clock may differ by minutes.
    """

    def __init__(self, deadline: Callable[[], Deadline]):
        self._deadline = deadline
        #: The cloud's time when the monotonic clock was at 0. The header omits fractions of a second and answers have a
        #: latency, so no answer shows too late a time: the latest counts.
        self._begin: datetime | None = None

    def record_date(self, date: str | None) -> None:
        """Record the header of an answer that has just arrived; ignores an invalid date."""
        try:
            moment = parsedate_to_datetime(date or "")
        except ValueError:
            return
        if moment.tzinfo:
            begin = moment - timedelta(seconds=self._deadline().now())
            self._begin = max(begin, self._begin or begin)

    def utc(self) -> datetime:
        """Return the current time (aware); by this machine's clock until an answer has shown the cloud's."""
        deadline = self._deadline()
        return self._begin + timedelta(seconds=deadline.now()) if self._begin else deadline.utc()
