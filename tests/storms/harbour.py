# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps a simulated cloud served between storms."""

from __future__ import annotations

import logging
import time
from typing import Any
from unittest import mock

from tests.simulator.clock import FakeClock
from tests.simulator.server import Server
from tests.unit.conftest import Exchangeable
from tests.unit.estates import CbsEstate, EbsEstate, EcsEstate, EnsEstate

from .judge import Verdict, judged
from .weather import Storm, storm_of

ESTATES = {"ebs": EbsEstate, "ecs": EcsEstate, "ens": EnsEstate, "cbs": CbsEstate}


def simulated(cloud: str) -> Any:
    """Return the class of a simulated cloud."""
    if cloud == "ebs":
        from tests.simulator.ec2 import Ec2 as kind
    elif cloud == "ecs":
        from tests.simulator.ecs import Ecs as kind
    elif cloud == "ens":
        from tests.simulator.ens import Ens as kind
    else:
        from tests.simulator.cbs import Cbs as kind
    return kind


class Harbour:
    """One cloud's server, on whose state storm after storm passes."""

    def __init__(self, cloud: str, served: tuple[Any, Any, str] | None = None):
        """Serve a cloud, or take one that is served: it, the clock that can be exchanged, and its address."""
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self.cloud = cloud
        self._server: Server | None = None
        if served is None:
            clock = Exchangeable()
            served_cloud = simulated(cloud)(clock)
            self._server = Server(served_cloud.app)
            served = served_cloud, clock, self._server.url
        self._served, self._clock, self._url = served

    def estate(self) -> Any:
        """Return an empty estate on a clock of its own."""
        return self.estate_on(FakeClock())

    def estate_on(self, clock: Any) -> Any:
        """Return an empty estate on a clock that somebody else turns."""
        self._clock.clock = clock
        self._served.reset()
        return ESTATES[self.cloud](self._served, clock, self._url)

    def passed(self, seed: int) -> Verdict:
        begun = time.monotonic()
        verdict = self.judged(storm_of(self.cloud, seed))
        verdict.seconds = time.monotonic() - begun
        return verdict

    def judged(self, storm: Storm) -> Verdict:
        """Let a storm pass; one call after the other, so that the same seed gives the same storm."""
        with mock.patch.object(ESTATES[self.cloud].adapter, "calls_at_once", 1):
            return judged(storm, self.estate())

    def stop(self) -> None:
        if self._server:
            self._server.stop()
