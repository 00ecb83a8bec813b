# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several runs at once on one clock, with their threads, in an order that a seed determines.

One thread runs at any time. It yields when it sleeps, calls a cloud or waits for another thread; a draw then chooses
one of the threads that can continue at the earliest time. So nothing depends on the machine.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import heapq
import itertools
import math
import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock


class Killed(BaseException):
    """The process was killed."""


class ScheduledThread:
    """One thread of a run. It can continue at ``until``, on the scheduler's clock."""

    def __init__(self, run: str, work: Callable[[], Any], until: float):
        self.run = run
        self.until = until
        #: Released when it is this thread's turn; a semaphore would take ten times as long.
        self.turn = threading.Lock()
        self.turn.acquire()
        self.ended = False
        self.joined_by: list[ScheduledThread] = []
        self.answer: Any = None
        self.error: BaseException | None = None
        self.system_thread: threading.Thread | None = None
        self.work = work


class Scheduler:
    """The clock of all runs, and the order of their calls."""

    def __init__(self, seed: object):
        self._draw = random.Random(f"scheduler {seed}")
        self._now = 1000.0
        self._begin = datetime(2026, 11, 21, 2, 0, 0, tzinfo=timezone.utc)
        self._threads: list[ScheduledThread] = []
        self._has_turn: ScheduledThread | None = None
        self._all_ended = threading.Semaphore(0)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._stuck = False
        #: Runs whose process was killed.
        self.dead: set[str] = set()
        self.slept: list[float] = []

    # -- the clock ---------------------------------------------------------------------------------------

    def monotonic(self) -> float:
        return self._now

    def utc(self) -> datetime:
        return self.utc_at(self._now)

    def utc_at(self, moment: float) -> datetime:
        return self._begin + timedelta(seconds=moment - 1000.0)

    def sleep(self, seconds: float) -> None:
        until = self._now + max(0.0, seconds)
        if self._has_turn:
            self.pause(until)
        else:
            self._move_to(until)

    def at(self, moment: float, act: Callable[[], None]) -> None:
        """Schedule an event at a time."""
        heapq.heappush(self._events, (moment, next(self._order), act))

    def forget_events(self) -> None:
        self._events.clear()

    def _move_to(self, moment: float) -> None:
        while self._events and self._events[0][0] <= moment:
            at, _order, act = heapq.heappop(self._events)
            self._now = max(self._now, at)
            act()
        self._now = max(self._now, moment)

    # -- the turns ---------------------------------------------------------------------------------------

    @property
    def run(self) -> str:
        """The run whose turn it is."""
        return self._has_turn.run if self._has_turn else ""

    def kill(self, run: str) -> None:
        """Kill the process of a run: none of its threads continues."""
        self.dead.add(run)
        for thread in self._threads:
            if thread.run == run:
                thread.until = self._now

    def pause(self, until: float) -> None:
        """Yield, and continue at ``until`` or later."""
        me = self._has_turn
        assert me is not None
        self._raise_if_killed(me)
        me.until = until
        # Whose turn it is must not be read again here: another thread may have given it back to this one by now.
        if self._pass_turn() is not me:
            me.turn.acquire()
        self._raise_if_killed(me)

    def _raise_if_killed(self, thread: ScheduledThread) -> None:
        if thread.run in self.dead:
            raise Killed

    def _pass_turn(self) -> ScheduledThread:
        """Choose the next thread, and give it the turn. Return it."""
        me = self._has_turn
        while True:
            earliest = min(thread.until for thread in self._threads)
            moment = min(earliest, self._events[0][0]) if self._events else earliest
            if moment == math.inf:
                self._stuck = True
                self._all_ended.release()
                raise RuntimeError("every thread waits for another one")
            self._move_to(moment)
            ready = [thread for thread in self._threads if thread.until <= self._now]
            if ready:
                break
        chosen = ready[0] if len(ready) == 1 else self._draw.choice(ready)
        self._has_turn = chosen
        if chosen is not me:
            chosen.turn.release()
        return chosen

    def start(self, run: str, work: Callable[[], Any], after: float = 0.0) -> ScheduledThread:
        """Start a thread, once it gets the turn."""
        thread = ScheduledThread(run, work, self._now + after)
        self._threads.append(thread)
        thread.system_thread = threading.Thread(target=self._run_thread, args=(thread,), daemon=True)
        thread.system_thread.start()
        return thread

    def _run_thread(self, thread: ScheduledThread) -> None:
        thread.turn.acquire()
        try:
            self._raise_if_killed(thread)
            thread.answer = thread.work()
        except BaseException as error:
            thread.error = error
        thread.ended = True
        for other in thread.joined_by:
            other.until = self._now
        self._threads.remove(thread)
        if self._threads:
            self._pass_turn()
        else:
            self._has_turn = None
            self._all_ended.release()

    def join(self, thread: ScheduledThread) -> None:
        """Wait until another thread has ended."""
        while not thread.ended:
            assert self._has_turn is not None
            thread.joined_by.append(self._has_turn)
            self.pause(math.inf)

    def run_all(self, runs: Iterable[tuple[str, Callable[[], Any], float]]) -> list[ScheduledThread]:
        """Run runs to their ends: the name of each, its work, and the seconds after which it starts."""
        threads = [self.start(*run) for run in runs]
        self._pass_turn()
        self._all_ended.acquire()
        if self._stuck:
            raise RuntimeError("every thread waits for another one")
        for thread in threads:
            if thread.system_thread:
                thread.system_thread.join()
        return threads


class _Future(concurrent.futures.Future):  # type: ignore[type-arg]
    """What a thread of the pool will return."""

    def __init__(self, scheduler: Scheduler, thread: ScheduledThread):
        super().__init__()
        self._scheduler, self._thread = scheduler, thread

    def done(self) -> bool:
        return self._thread.ended

    def result(self, timeout: float | None = None) -> Any:
        self._scheduler.join(self._thread)
        if self._thread.error:
            raise self._thread.error
        return self._thread.answer

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self._scheduler.join(self._thread)
        return self._thread.error


def _make_pool_class(scheduler: Scheduler) -> type:
    class Pool:
        """Stands in for a ThreadPoolExecutor, with threads that wait for their turns."""

        def __init__(self, max_workers: int | None = None, **_named: Any):
            self._size = max_workers or 4
            self._futures: list[_Future] = []

        def submit(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> _Future:
            working = [future for future in self._futures if not future.done()]
            if len(working) >= self._size:
                scheduler.join(working[0]._thread)
            thread = scheduler.start(scheduler.run, lambda: work(*arguments, **named))
            self._futures.append(_Future(scheduler, thread))
            return self._futures[-1]

        def map(self, work: Callable[..., Any], *items: Iterable[Any]) -> Iterator[Any]:
            futures = [self.submit(work, *arguments) for arguments in zip(*items)]
            return (future.result() for future in futures)

        def shutdown(self, wait: bool = True, **_named: Any) -> None:
            for future in self._futures if wait else ():
                scheduler.join(future._thread)

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_error: Any) -> None:
            self.shutdown()

    return Pool


@contextlib.contextmanager
def scheduled_threads(scheduler: Scheduler) -> Iterator[None]:
    """Give the collection's code thread pools whose threads wait for their turns."""
    real, pool = concurrent.futures.ThreadPoolExecutor, _make_pool_class(scheduler)
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(concurrent.futures, "ThreadPoolExecutor", pool))
        for name, module in list(sys.modules.items()):
            if (
                name.startswith("ansible_collections.multicloud.")
                and getattr(module, "ThreadPoolExecutor", None) is real
            ):
                stack.enter_context(mock.patch.object(module, "ThreadPoolExecutor", pool))
        yield
