# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deadlines and pauses. The clock is an argument everywhere, so that no test sleeps."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TypeVar

from .errors import CopyError, Retry, Throttled

Result = TypeVar("Result")

#: A copy with a returned ID is missing only after this long (seconds) and this many looks without it.
UNSEEN_SECONDS, UNSEEN_LOOKS = 120.0, 3
#: A source, or a copy that should exist, is missing only after this many looks over this long (seconds) without it.
ABSENT_LOOKS, ABSENT_SECONDS = 3, 5.0
#: The greatest age (seconds) of a look on which a write may be based.
FRESH_SECONDS = 15.0
#: The shortest pause (seconds) between two polls of one destination.
MIN_PAUSE = 0.1
#: The shortest sleep (seconds) of the loop, and the shortest pause if copies are known to be about as fast.
MIN_SLEEP = 0.02
#: How often, and for how long (seconds), a call that is safe to repeat is tried while the cloud cannot be reached.
ATTEMPTS, ATTEMPTS_SECONDS = 6, 120.0


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


class Backoff:
    """Pauses of 1, 2, 4 ... seconds, each shortened by a random fifth at most, up to ``max_pause``."""

    def __init__(self, max_pause: float = 15.0):
        self._max_pause = max_pause
        self._next = 1.0

    def next_pause(self) -> float:
        seconds = min(self._next, self._max_pause)
        self._next = min(self._next * 2, self._max_pause)
        return seconds * random.uniform(0.8, 1.0)

    def reset(self) -> None:
        self._next = 1.0


class Retries:
    """When to repeat a read that fails.

    After errors of class ``waited_out`` it is repeated until the deadline, after others ``ATTEMPTS`` times within
    ``ATTEMPTS_SECONDS``.
    """

    def __init__(self, deadline: Deadline, waited_out: type[CopyError] = Throttled):
        self._deadline, self._waited_out = deadline, waited_out
        self.succeeded()

    def succeeded(self) -> None:
        """Forget the failures."""
        self._backoff = Backoff()
        self._failures, self._since = 0, math.inf
        #: When (monotonic) the read may be made again.
        self.due_at = -math.inf

    def failed(self, error: CopyError, cooldown: float = 0.0) -> bool:
        """Record a failure; the read is repeated after at least ``cooldown`` seconds.

        Returns whether the failure is final.
        """
        now = self._deadline.now()
        self._failures += not isinstance(error, self._waited_out)
        self._since = min(self._since, now)
        self.due_at = now + max(self._backoff.next_pause(), cooldown)
        lasts = self._failures >= ATTEMPTS or (self._failures > 0 and now - self._since > ATTEMPTS_SECONDS)
        return error.retry is Retry.NEVER or lasts


def persist(call: Callable[[], Result], deadline: Deadline, waited_out: type[CopyError] = Throttled) -> Result:
    """Repeat a call that is safe to repeat until it is answered. Raises the last CopyError."""
    retries = Retries(deadline, waited_out)
    while True:
        try:
            return call()
        except CopyError as error:
            if retries.failed(error) or retries.due_at >= deadline.end:
                raise
            deadline.sleep(retries.due_at - deadline.now())


def poll_pause(age: float, progress: int, max_pause: float) -> float:
    """Return the seconds until a copy is worth another look: a sixth of the time that it will probably still need.

    ``age`` is in seconds since its start, ``progress`` in percent (0: not shown; then the remaining time is estimated
    as its age), ``max_pause`` is the user's O(wait_delay). An old copy is not looked at often, because some stay at
    99 % for long: the shortest pause grows to half a second within ten seconds.
    """
    needed = age * (100 - progress) / progress if progress else age
    needed = max(needed, age / 8)
    return max(MIN_PAUSE, min(age / 20, 0.5), min(needed / 6, max_pause))
