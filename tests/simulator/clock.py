# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The clock of the simulated clouds: the machine's, or one that tests advance."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any


class RealClock:
    """The machine's clock, with the interface that the clouds and the engine share."""

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def utc(self) -> datetime:
        return datetime.now(timezone.utc)


class FakeClock:
    """A clock that advances only when somebody sleeps. ``slept`` lists every pause in seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 1000.0
        self._begin = datetime(2026, 11, 21, 2, 0, 0, tzinfo=timezone.utc)
        self.slept: list[float] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []

    def at(self, moment: float, act: Callable[[], None]) -> None:
        """Schedule an event at a time (monotonic seconds)."""
        with self._lock:
            heapq.heappush(self._events, (moment, len(self._events) + len(self.slept), act))

    def forget_events(self) -> None:
        self._events.clear()

    def monotonic(self) -> float:
        with self._lock:
            return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        end = self.monotonic() + seconds
        while event := self._next(end):
            self._move_to(event[0])
            event[2]()
        self._move_to(end)

    def _next(self, end: float) -> tuple[float, int, Callable[[], None]] | None:
        """Take the first event up to a time; the lock keeps threads that sleep at once from taking the same one."""
        with self._lock:
            return heapq.heappop(self._events) if self._events and self._events[0][0] <= end else None

    def _move_to(self, moment: float) -> None:
        with self._lock:
            self._now = max(self._now, moment)

    def utc(self) -> datetime:
        return self._begin + timedelta(seconds=self.monotonic() - 1000.0)


class ExchangeableClock:
    """Delegates to the clock of the current test."""

    def __init__(self) -> None:
        self.clock = FakeClock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.clock, name)
