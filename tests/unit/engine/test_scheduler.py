# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scheduler of storms: one thread runs at a time, in an order that only the seed determines."""

from __future__ import annotations

import time

import pytest

from tests.storms.scheduler import ScheduledThread, Scheduler


class _Delayed:
    """A lock that lets the woken thread run first after its release, as a machine under load may do."""

    def __init__(self, lock):
        self._lock, self.acquire = lock, lock.acquire

    def release(self):
        self._lock.release()
        time.sleep(0.002)


@pytest.fixture
def delayed(monkeypatch):
    begin = ScheduledThread.__init__

    def begin_delayed(thread, *given):
        begin(thread, *given)
        thread.turn = _Delayed(thread.turn)

    monkeypatch.setattr(ScheduledThread, "__init__", begin_delayed)


def order_of_turns(seed, threads=3, turns=40):
    scheduler, order, working = Scheduler(seed), [], []

    def work(name):
        for _turn in range(turns):
            working.append(name)
            order.append(name)
            assert working == [name], "two threads go on at once"
            working.remove(name)
            scheduler.sleep(0.0)

    parts = scheduler.run_all([(f"run {n}", lambda n=n: work(n), 0.0) for n in range(threads)])
    assert [part.error for part in parts] == [None] * threads
    return order


def test_one_thread_continues_at_a_time_and_in_the_same_order_each_time(delayed):
    assert order_of_turns(1) == order_of_turns(1) != order_of_turns(2)
