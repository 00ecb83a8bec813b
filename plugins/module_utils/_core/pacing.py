# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How fast a run calls a cloud, and how long what it has seen counts.

.. code-block:: text

    what is repeated, or waits        its pacing
    a look at copies in progress      poll_pause; Window.poll_at while requests wait for room
    a read that fails                 Retries, or retry_until_answered, which sleeps in between
    a read of a region that hangs     hang_pause, in addition to Retries
    a copy call                       Window: room, full quota, throttling, busy sources and disks
    a refused write                   write_pause, for each copy
    writes to a throttled service     Cooldown, for each region and kind of write
    a look for what does not show     pause_until_shown; doubt_pause for the copy of a lost call

Times are seconds on the monotonic clock.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from .errors import CopyError, QuotaFull, Retry, Throttled
from .waiting import Deadline

Result = TypeVar("Result")

# -- how long what was seen counts ---------------------------------------------------------------------

#: The greatest age (seconds) of a look on which a write may be based.
FRESH_SECONDS = 15.0
#: The greatest age (seconds) of the look at requests that may start soon.
STALE_SECONDS = FRESH_SECONDS - 3.0
#: A longer look (seconds) counts from its end; otherwise it would leave no time for writes.
LONG_LOOK = FRESH_SECONDS / 2
#: The greatest age (seconds) of the last look at a copy when the run ends: somebody may delete a copy meanwhile.
LOOK_BACK_SECONDS = 120.0
#: A copy with a returned ID is missing only after this long (seconds) and this many looks without it.
UNSEEN_SECONDS, UNSEEN_LOOKS = 120.0, 3
#: A source, or a copy that should exist, is missing only after this many looks over this long (seconds) without it.
ABSENT_LOOKS, ABSENT_SECONDS = 3, 5.0
#: The accuracy with which two times of the cloud's clock can be compared: they are whole seconds, and answers have a
#: latency.
CLOCK_UNSURE = timedelta(seconds=3)
#: For how long (seconds) after a copy first showed another copy of the same second may not show yet.
SAME_SECOND = 1.5

# -- when to look again --------------------------------------------------------------------------------

#: How long (seconds) after the start of a copy the run looks for copies of other runs.
COMPARE_AFTER = 3.0
#: How long (seconds) after a listing the next one is made for complete copies, while others are in progress.
RECHECK_SECONDS = 60.0
#: How long (seconds) a busy destination without copies in progress of ours is left alone.
RETRY_SECONDS = 5.0
#: How long (seconds) before the deadline the run looks at unfinished copies for the last time.
LAST_LOOK_SECONDS = 1.0
#: The longest pause (seconds) between two looks for something that may be late.
MAX_ABSENT_PAUSE = 15.0

# -- pauses after polls and failures -------------------------------------------------------------------

#: The shortest pause (seconds) between two polls of one destination.
MIN_PAUSE = 0.1
#: The shortest sleep (seconds) of the loop, and the shortest pause if copies are known to be about as fast.
MIN_SLEEP = 0.02
#: A read is given up after this many tries, or after this long (seconds), if the cloud cannot be reached.
READ_TRIES, READ_SECONDS = 6, 120.0
#: A write is given up only after both: this many tries and this long (seconds).
WRITE_TRIES, WRITE_SECONDS = 6, 120.0
#: The longest pause (seconds) before a refused write is sent again.
MAX_WRITE_PAUSE = 30.0
#: The longest pause (seconds) after a look that hung, so that other regions have their turn.
MAX_HANG_PAUSE = 60.0
#: How long (seconds) a disk is skipped after the cloud refused a second unfinished copy of it.
DISK_SECONDS = 60.0
#: How long (seconds) after the quota was full the window does not widen.
WIDEN_SECONDS = 15.0
#: The longest pause (seconds) after the first refusal of a request whose reason may be its source.
SOURCE_SECONDS = 3.0
#: How often a copy is looked at during the time that the last copy took, if others wait for its room.
POLLS = 24


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

    After throttling it is repeated until the deadline, after other errors ``READ_TRIES`` times within
    ``READ_SECONDS``. Throttling is an answer, so the count of other errors begins again after it.
    """

    def __init__(self, deadline: Deadline):
        self._deadline = deadline
        self.record_success()

    def record_success(self) -> None:
        """Forget the failures."""
        self._backoff = Backoff()
        self._failures, self._since = 0, math.inf
        #: When (monotonic) the read may be made again.
        self.due_at = -math.inf

    def record_failure(self, error: CopyError, cooldown: float = 0.0) -> bool:
        """Record a failure; the read is repeated after at least ``cooldown`` seconds.

        Returns whether the failure is final.
        """
        now = self._deadline.now()
        self.due_at = now + max(self._backoff.next_pause(), cooldown)
        if isinstance(error, Throttled):
            self._failures, self._since = 0, math.inf
            return False
        self._failures, self._since = self._failures + 1, min(self._since, now)
        is_given_up = self._failures >= READ_TRIES or now - self._since > READ_SECONDS
        return error.retry is Retry.NEVER or is_given_up


def retry_until_answered(call: Callable[[], Result], deadline: Deadline) -> Result:
    """Repeat a call that is safe to repeat until it is answered. Raises the last CopyError."""
    retries = Retries(deadline)
    while True:
        try:
            return call()
        except CopyError as error:
            if retries.record_failure(error) or retries.due_at >= deadline.end:
                raise
            deadline.sleep(retries.due_at - deadline.now())


def poll_pause(age: float, progress: int, max_pause: float) -> float:
    """Return the seconds until a copy is worth another look: a sixth of the time that it will probably still need.

    ``age`` is in seconds since its start, ``progress`` in percent (0: not shown; then the remaining time is estimated
    as its age), ``max_pause`` is the user's ``wait_delay``. An old copy is not looked at often, because some stay at
    99 % for long: the shortest pause grows to half a second within ten seconds.
    """
    needed = age * (100 - progress) / progress if progress else age
    needed = max(needed, age / 8)
    return max(MIN_PAUSE, min(age / 20, 0.5), min(needed / 6, max_pause))


def hang_pause(lasted: float) -> float:
    """Return the pause before the next look at a region whose last one took ``lasted`` seconds and failed."""
    return min(3 * lasted, MAX_HANG_PAUSE)


def write_pause(sent: int) -> float:
    """Return the pause before a write that was refused is sent again, after it was sent ``sent`` times.

    It is the same for all copies of one call, so that one call repeats it for all of them.
    """
    return min(2.0 ** min(sent, 9) / 2, MAX_WRITE_PAUSE)


def doubt_pause(waited: float) -> float:
    """Return the seconds until the next look for the copy of a call in doubt, ``waited`` seconds after the call.

    The looks become rarer, because a copy that has not shown for long is probably not there.
    """
    return max(1.0, waited / 2)


def pause_until_shown(waited: float) -> float:
    """Return the seconds until the next look for something that does not show yet, after ``waited`` seconds."""
    return max(0.5, min(waited / 2, MAX_ABSENT_PAUSE)) if math.isfinite(waited) else 0.5


@dataclass(eq=False, slots=True)
class Cooldown:
    """The cooldown of a service that throttles, which grows each time. ``until``: when it ends."""

    until: float = 0.0
    backoff: Backoff = field(default_factory=lambda: Backoff(MAX_WRITE_PAUSE))

    def start(self, now: float) -> None:
        self.until = now + self.backoff.next_pause()


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

    def has_room(self, own: int, others: int, now: float) -> bool:
        """Whether another copy may be requested besides ``own`` and ``others`` in progress."""
        if self._full or now < self.opens_at:
            return False
        return own == 0 or own + others < self._limit

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

    def record_refusal(self, error: CopyError, own: int, others: int, now: float, of_source: bool = False) -> None:
        """Narrow the window after a full quota, until the next look; pause after throttling.

        The pause is short if the source may be the reason.
        """
        if isinstance(error, QuotaFull):
            self._limit = min(self._max_in_flight, max(1, own + others))
            self._full, self._refused_at = True, now
        backoff = self._short if of_source else self._backoff
        self.opens_at = now + (backoff.next_pause() if not isinstance(error, QuotaFull) or own == 0 else 0.0)

    def delay(self, until: float) -> None:
        """Keep it closed until then at least."""
        self.opens_at = max(self.opens_at, until)

    def record_look(self, now: float) -> None:
        """Record a look at the destination: a full quota may have room again, and the window widens by one.

        It does not widen until ``WIDEN_SECONDS`` after the last refusal.
        """
        if self._full:
            self._full = False
        elif self._limit < self._max_in_flight and now - self._refused_at >= WIDEN_SECONDS:
            self._limit += 1
