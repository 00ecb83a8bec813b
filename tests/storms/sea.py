# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated cloud in a storm: what is made, what happens, and the server's own truth."""

from __future__ import annotations

import contextlib
import http.client
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from moto.moto_api._internal import mock_random

from tests.unit.estates import Estate
from tests.unit.harness import Outcome

from .weather import Before, Event, Run, Storm


class Killed(BaseException):
    """The process is gone."""


@dataclass(frozen=True)
class Thing:
    """A snapshot as it really is; ``begun`` and ``visible_at`` on the cloud's monotonic clock."""

    id: str
    region: str
    source_id: str | None
    phase: str
    tags: tuple[tuple[str, str], ...]
    begun: float
    visible_at: float
    expires: str


class Sea:
    """One storm's cloud."""

    def __init__(self, storm: Storm, estate: Estate):
        self.storm = storm
        self.estate = estate
        third = {"ebs": "us-west-2", "ecs": "cn-shenzhen", "ens": "cn-wuhan-3", "cbs": "na-ashburn"}[storm.cloud]
        self.regions = [estate.destination, estate.other_destination, third][: storm.destinations]
        random.seed(storm.seed)
        mock_random.seed(storm.seed)
        disks = [estate.disk() for _n in range(storm.disks)]
        self.sources = [
            estate.unknown_source(n)
            if s.kind == "unknown"
            else estate.snapshot(disks[s.disk], s.age_hours, **({} if storm.cloud == "ens" else {"env": "prod"}))
            for n, s in enumerate(storm.sources)
        ]
        #: What was planted: by whom, by ID.
        self.planted: dict[str, str] = {}
        #: What events have taken away.
        self.taken: set[str] = set()
        for copy in storm.before:
            self._plant(copy)
        for source_id, source in zip(self.sources, storm.sources):
            if source.kind == "unfinished":
                estate.make_unfinished(source_id)
            if source.kind == "gone":
                estate.forget(source_id)
        estate.settings(copy_seconds=storm.copy_seconds, visible_after=storm.visible_after, quota=storm.quota)

    def _plant(self, copy: Before) -> None:
        source, region = self.sources[copy.source], self.regions[copy.region % len(self.regions)]
        if self.storm.sources[copy.source].kind == "unknown":
            return
        running = [t for t in self.things() if t.source_id and t.phase == "running" and t.region == region]
        if copy.state == "running" and (self.storm.cloud in ("ecs", "cbs") and running):
            return  # these services refuse a second one of the disk, or of the source
        plant = self.estate.our_copy if copy.ours else self.estate.foreign_copy
        seconds = 40.0 if copy.state == "running" else 0.0
        made = plant(source, region, seconds, "planted" if copy.state == "failed" else None)
        made.visible_at = 0.0
        self.planted[made.id] = "ours" if copy.ours or self.storm.cloud == "ens" else "foreign"

    # -- the server's truth ----------------------------------------------------------------------------

    def things(self) -> list[Thing]:
        """Return every snapshot of every region, as it really is."""
        return [
            Thing(
                s.id,
                region,
                getattr(s, "source_id", "") or None,
                self.estate.phase_of(s),
                tuple(sorted(self.estate.tags_of(s).items())),
                self.estate.begun_of(s),
                getattr(s, "visible_at", 0.0),
                str(getattr(s, "deadline", "") or ""),
            )
            for region in [self.estate.source, *self.regions]
            for s in self.estate.everything(region)
        ]

    def copies(self) -> dict[str, Thing]:
        return {t.id: t for t in self.things() if t.source_id}

    # -- what happens ----------------------------------------------------------------------------------

    def happens(self, event: Event) -> None:
        copies = sorted(self.copies().values(), key=lambda t: t.id)
        if event.kind == "quota":
            self.estate.settings(quota=1 + event.number % 12)
        elif event.kind == "foreign":
            source = event.number % len(self.sources)
            if self.storm.sources[source].kind == "good":
                self._plant(Before(source, event.number, False, ("complete", "running")[event.number % 2]))
        elif event.kind in ("vanish", "gone"):
            wanted = "running" if event.kind == "vanish" else "complete"
            of = [
                t
                for t in copies
                if t.phase == wanted and (event.kind == "vanish" or self.planted.get(t.id) == "foreign")
            ]
            if of:
                doomed = of[event.number % len(of)]
                self.taken.add(doomed.id)
                self.estate.forget(doomed.id, doomed.region)

    def options(self, run: Run) -> dict[str, Any]:
        return {
            "destination_regions": self.regions,
            "wait": run.wait,
            "wait_timeout": run.wait_timeout,
            **self.estate.quick_reads,
            **self.storm.options,
        }

    def sail(self, run: Run) -> Outcome | None:
        """Run the module in this run's weather; None where it was killed."""
        clock, control = self.estate.clock, self.estate.server.control
        begin = clock.monotonic()
        self.estate.settings(fail_copies_of={self.sources[n]: "it was a storm" for n in run.failing})
        faults, seen = dict(run.faults), [0]

        def weather(_action: str, _region: str) -> dict[str, Any] | None:
            seen[0] += 1
            if run.expires_at and seen[0] >= run.expires_at:
                return {"fault": "expire"}
            kind = faults.get(seen[0])
            return {"fault": kind} if kind else None

        control.weather = weather if run.faults or run.expires_at else None
        clock.forget_events()
        for event in run.events:
            clock.at(begin + event.after, lambda event=event: self.happens(event))
        try:
            with mortal(control):
                return self.estate.run(*self.sources, **self.options(run))
        except Killed:
            return None
        finally:
            control.weather = None
            clock.forget_events()


@contextlib.contextmanager
def mortal(control: Any) -> Iterator[None]:
    """Let the client die at once where a fault kills it: every SDK reads its answers here."""
    control.killed.clear()
    real = http.client.HTTPConnection.getresponse

    def getresponse(self: Any, *arguments: Any, **named: Any) -> Any:
        try:
            answer = real(self, *arguments, **named)
        except Exception:
            if control.killed.is_set():
                raise Killed from None
            raise
        return answer

    with mock.patch.object(http.client.HTTPConnection, "getresponse", getresponse):
        yield
