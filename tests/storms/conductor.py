# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several module runs at once on one clock, interleaved at every call, in an order that a seed gives."""

from __future__ import annotations

import http.client
import importlib
import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

from tests.unit.harness import COLLECTION, RUNNER, module_args


class Ended(BaseException):
    """A module has come to its end."""


class Conductor:
    """Lets one run go on at a time, and chooses anew at each call and sleep. It is the clock of all of them."""

    def __init__(self, seed: int):
        self._draw = random.Random(seed)
        self._changed = threading.Condition()
        self._now = 1000.0
        self._begin = datetime(2026, 11, 21, 2, 0, 0, tzinfo=timezone.utc)
        self._turn: threading.Thread | None = None
        self._waiting: dict[threading.Thread, float] = {}
        self._alive: list[threading.Thread] = []
        self.slept: list[float] = []

    # -- the clock ---------------------------------------------------------------------------------------

    def monotonic(self) -> float:
        return self._now

    def utc(self) -> datetime:
        return self._begin + timedelta(seconds=self._now - 1000.0)

    def sleep(self, seconds: float) -> None:
        if threading.current_thread() in self._alive:
            self._pause(self._now + seconds)
        else:
            self._now += seconds

    # -- the turns ---------------------------------------------------------------------------------------

    def _pause(self, until: float) -> None:
        me = threading.current_thread()
        with self._changed:
            self._waiting[me] = until
            self._turn = None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._turn is me)
            del self._waiting[me]

    def play(self, parts: list[Callable[[], None]]) -> None:
        """Run these at once to their ends."""
        real = http.client.HTTPConnection.endheaders

        def endheaders(connection: Any, *arguments: Any, **named: Any) -> Any:
            if threading.current_thread() in self._alive:
                self._pause(self._now)
            return real(connection, *arguments, **named)

        def begun(part: Callable[[], None]) -> None:
            self._pause(self._now)
            try:
                part()
            finally:
                with self._changed:
                    self._alive.remove(threading.current_thread())
                    self._turn = None
                    self._changed.notify_all()

        threads = [threading.Thread(target=begun, args=(part,), daemon=True) for part in parts]
        self._alive = list(threads)
        with mock.patch.object(http.client.HTTPConnection, "endheaders", endheaders):
            for thread in threads:
                thread.start()
            while self._alive:
                with self._changed:
                    self._changed.wait_for(lambda: self._turn is None and len(self._waiting) == len(self._alive))
                    if not self._alive:
                        break
                    self._now = max(self._now, min(self._waiting.values()))
                    ready = [t for t in threads if self._waiting.get(t, float("inf")) <= self._now]
                    self._turn = self._draw.choice(ready)
                    self._changed.notify_all()
        for thread in threads:
            thread.join()


def prepared(
    name: str, args: dict[str, Any], conductor: Conductor, results: list[dict[str, Any]]
) -> Callable[[], None]:
    """Make a module ready to run in a thread; its result is appended to ``results``."""
    module_file = importlib.import_module(f"{COLLECTION}.plugins.modules.{name}")
    runner = importlib.import_module(RUNNER)
    given: list[Any] = []
    with (
        module_args({**args, "_ansible_remote_tmp": "/tmp"}),
        mock.patch.object(module_file, "copy_snapshots", lambda *parts: given.extend(parts)),
    ):
        module_file.main()
    module = given[0]

    def ended(**result: Any) -> None:
        results.append(result)
        raise Ended

    module.exit_json = module.fail_json = ended

    def run() -> None:
        try:
            runner.copy_snapshots(*given)
        except Ended:
            pass

    return run
