# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps a simulated cloud between storms."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from tests.clouds import CLOUDS
from tests.simulator.clock import ExchangeableClock, FakeClock
from tests.simulator.wire import wired

from .attaching import draw_drill_storm
from .collisions import draw_collision
from .copy_checks import run_and_check
from .drill_checks import run_and_check_drills
from .drill_draws import DrillStorm
from .faults import Storm
from .harder import draw_hard_storm
from .role.checks import run_and_check_nights
from .role.draws import draw_role_storm
from .role.storms import RoleStorm
from .scheduler import Scheduler

#: What draws a storm of each kind from a cloud and a seed.
DRAWS: dict[str, Callable[[str, int], Any]] = {
    "storm": draw_hard_storm,
    "collision": draw_collision,
    "drill": draw_drill_storm,
    "night": draw_role_storm,
}
#: What runs and checks storms of each class, and what their orders of calls are drawn from besides cloud and seed.
CHECKS: dict[type, tuple[Callable[[Any, Any], Any], str]] = {
    Storm: (run_and_check, ""),
    DrillStorm: (run_and_check_drills, "drill "),
    RoleStorm: (run_and_check_nights, "role "),
}
#: Nothing listens there: the thread that calls serves the storm.
URL = "http://127.0.0.1:9"


class StormServer:
    """One cloud whose state is reused by storm after storm."""

    def __init__(self, cloud: str, served: tuple[Any, Any, str] | None = None, with_disks: bool = False):
        """Make a cloud, or use an existing one: the cloud, its exchangeable clock, and its address."""
        self.cloud = cloud
        self._estate = "disk_estate" if with_disks else "estate"
        if served is None:
            clock = ExchangeableClock()
            made = CLOUDS[cloud].load("server_with_disks" if with_disks else "server")(clock)
            served = made, clock, URL
        self._served, self._clock, self._url = served

    def estate(self) -> Any:
        """Return an empty estate with a clock of its own."""
        return self.estate_on(FakeClock())

    def estate_on(self, clock: Any) -> Any:
        """Return an empty estate with a clock that the caller advances."""
        self._clock.clock = clock
        self._served.reset()
        return CLOUDS[self.cloud].load(self._estate)(self._served, clock, self._url)

    def wire(self) -> AbstractContextManager[None]:
        """Serve this cloud's address to the SDKs of this process."""
        return wired({self._url: self._served.app})

    def run_storm(self, kind: str, seed: int) -> Any:
        """Run the storm of a kind and a seed, and check it; drills and nights need a server with disks."""
        return self.run_and_check(DRAWS[kind](self.cloud, seed))

    def run_and_check(self, storm: Any) -> Any:
        """Run a storm of any kind, and check it. What the storm needs is drawn from its seed alone."""
        started = time.process_time()
        check, name = CHECKS[type(storm)]
        findings = check(storm, self.estate_on(Scheduler(f"{name}{storm.cloud} {storm.seed}")))
        findings.seconds = time.process_time() - started
        return findings
