# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud of a storm: what exists before, the module's runs, events during them, and the true state of the server."""

from __future__ import annotations

import contextlib
import importlib
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from moto.moto_api._internal import mock_random

from tests.clouds import CLOUDS
from tests.simulator.caches import reuse_clients_of
from tests.simulator.control import Call, Control, Watch
from tests.simulator.history import History, Kept, Key
from tests.simulator.locks import SimulatedLock
from tests.simulator.state import restart_ids
from tests.simulator.wire import wired
from tests.support.estates import Estate
from tests.support.harness import COLLECTION, RUNNER

from .faults import KILLS, Event, ExistingCopy, PlannedRun, Round, Storm
from .modules import run_in_turn
from .scheduler import Killed, Scheduler, scheduled_threads

HOLD = "dr-copy:hold"
#: The keys of copies, by the names that storms use for them.
KEYS = {"a": "11111111-2222-3333-4444-555555555555", "b": "66666666-7777-8888-9999-000000000000"}
#: The clients of the SDKs that all storms of this process use.
CLIENTS: dict[str, Any] = {}
#: A run that makes this many calls counts as endless.
MAX_CALLS = 20_000
#: The owners of copies that existed before. Other names are those of runs.
OURS, FOREIGN = "ours", "somebody else's"


@dataclass
class RunOutcome:
    """The result of a run, and when it started and ended. ``result`` is None if it was killed."""

    name: str
    run: PlannedRun
    asked: list[str]
    options: dict[str, Any]
    started: float
    ended: float
    result: dict[str, Any] | None = None
    failed: bool = False
    broke: str = ""
    sleeps: int = 0

    def __getitem__(self, key: str) -> Any:
        assert self.result is not None
        return self.result[key]


class Runs(Watch):
    """Runs on one cloud: the faults of their calls, and which are killed."""

    history: History
    estate: Any
    storm: Any
    control: Control

    def __init__(self, scheduler: Scheduler):
        self.scheduler = scheduler
        self.endless: set[str] = set()
        #: The draws of each run, by its name.
        self._runs: dict[str, Any] = {}
        self._calls_of: Counter[str] = Counter()
        #: How often each run has slept.
        self._sleeps_of: Counter[str] = Counter()

    def on_call(self, call: Call) -> str | None:
        call.by = self.scheduler.run
        self._calls_of[call.by] += 1
        run, number = self._runs[call.by], self._calls_of[call.by]
        if number > MAX_CALLS:
            self.endless.add(call.by)
            self._kill(call.by)
        if run.expires_at and number >= run.expires_at:
            return "expire"
        kind = dict(run.faults).get(number)
        if kind == "kill_before":
            self._kill(call.by)
        if kind in KILLS or (kind == "no_snapshot_id" and not call.action.startswith("Copy")):
            return None
        return kind

    def on_applied(self, call: Call) -> None:
        call.changed = self.history.record_changes(call)
        run = self._runs[call.by]
        if dict(run.faults).get(self._calls_of[call.by]) == "kill_after":
            call.lost = True
            self._kill(call.by)

    def _kill(self, name: str) -> None:
        self.scheduler.kill(name)
        raise Killed

    def end(self, findings: Any) -> None:
        """Record figures and the call log, which the same seed reproduces; then ignore further calls."""
        calls = self.control.recorded_calls
        findings.calls, findings.kills = len(calls), len(self.scheduler.dead)
        findings.log = [f"{c.started:.6f} {c.by} {c.action} {c.region} {c.changed} {c.code} {c.fault}" for c in calls]
        self.control.watch = None

    @contextlib.contextmanager
    def record_run(self, outcome: Any) -> Iterator[None]:
        """Record when a run starts and ends, and what breaks it."""
        outcome.started = self.scheduler.monotonic()
        try:
            yield
        except Killed:
            pass
        except BaseException as error:
            outcome.broke = f"{type(error).__name__}: {error}"
        finally:
            outcome.ended = self.scheduler.monotonic()
            outcome.sleeps = self._sleeps_of[self.scheduler.run]

    def _clock(self) -> Any:
        """Return the clock of the controller of the current run."""
        run = self._runs.get(self.scheduler.run)
        return SkewedClock(self.scheduler, getattr(run, "skew", 0.0), self._sleeps_of)

    def _run_all(self, parts: list[tuple[str, Callable[[], Any], float]]) -> None:
        """Run runs, each with its name, its work and its delay, on this clock, interleaved."""
        adapter, threads = self.estate.adapter, int(self.estate.adapter.calls_at_once) if self.storm.threads else 1
        copies = CLOUDS[self.storm.cloud].load("adapter")
        with (
            wired({self.estate.url: self.estate.server.app}, lambda: self.scheduler.pause(self.scheduler.monotonic())),
            scheduled_threads(self.scheduler),
            mock.patch.object(importlib.import_module(RUNNER), "Clock", self._clock),
            mock.patch.object(adapter, "calls_at_once", threads),
            mock.patch.object(copies, "calls_at_once", threads),
            reuse_clients_of(self.storm.cloud, CLIENTS),
            _use_small_pages(self.storm.cloud, getattr(self.storm, "page", 0)),
        ):
            self.scheduler.run_all(parts)


class SkewedClock:
    """A controller's clock, whose time of day is off by some seconds. It counts how often each run sleeps."""

    def __init__(self, scheduler: Scheduler, seconds: float, sleeps_of: Counter[str]):
        self._clock, self._skew, self._sleeps_of = scheduler, timedelta(seconds=seconds), sleeps_of

    def monotonic(self) -> float:
        return float(self._clock.monotonic())

    def sleep(self, seconds: float) -> None:
        self._sleeps_of[self._clock.run] += 1
        self._clock.sleep(seconds)

    def utc(self) -> datetime:
        moment: datetime = self._clock.utc() + self._skew
        return moment


@contextlib.contextmanager
def _use_small_pages(cloud: str, size: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if size:
            stack.enter_context(mock.patch.object(importlib.import_module(CLOUDS[cloud].pages), "PAGE", size))
        yield


class Simulation(Runs):
    """One storm's cloud, and the runs on it."""

    def __init__(self, storm: Storm, estate: Estate):
        self.storm = storm
        self.estate = estate
        super().__init__(estate.clock)
        self.control = estate.server.control
        self.regions = [estate.destination, estate.other_destination, estate.third_destination][: storm.destinations]
        if storm.within_region:
            self.regions = [estate.source]
        #: The owners of copies that existed before, by ID.
        self.planted: dict[str, str] = {}
        self.outcomes: list[RunOutcome] = []
        self._round: list[str] = []
        self._number = 0
        if storm.cloud == "ebs":
            estate.server.open([estate.source, *self.regions])
        restart_ids()
        random.seed(storm.seed)
        mock_random.seed(storm.seed)
        self._apply_settings()
        self.sources = self._create_sources()
        #: Ordinary snapshots in the destinations, by region, the oldest first; and all that ever existed.
        ages = range(500, 500 - storm.fillers, -1)
        self._fillers = {region: [self._create_filler(region, age) for age in ages] for region in self.regions}
        self.fillers = {i for ids in self._fillers.values() for i in ids}
        self._churn = random.Random(f"churn {storm.seed}")
        #: When other snapshots of the destinations appeared and disappeared.
        self.churned: list[float] = []
        #: The share of listing calls during which they change; none after the last fault.
        self.churn = storm.churn
        for copy in storm.before:
            self._plant(copy)
        self._break_sources()
        self.history = History(self.scheduler, self._truth, storm.seed)
        getattr(estate.server, "account", estate.server).history = self.history
        self.history.lags = storm.lags
        self.control.watch = self
        self.scheduler.sleep(storm.lag + 1.0)  # all replicas show what existed before
        self._hide_late_sources()

    # -- what is there before ----------------------------------------------------------------------------

    def _apply_settings(self) -> None:
        storm = self.storm
        self.estate.settings(copy_seconds=storm.copy_seconds, quota=storm.quota, latencies=[0.0, storm.latency])
        if storm.tags_late:
            self.estate.settings(tags_visible_after=storm.tags_late)

    def _create_sources(self) -> list[str]:
        storm, estate = self.storm, self.estate
        disks = [estate.disk() for _n in range(storm.disks)]
        made = []
        for number, source in enumerate(storm.sources):
            tags = {} if storm.cloud == "ens" else {"env": "prod"}
            unknown = source.kind == "unknown"
            made.append(
                estate.unknown_source(number)
                if unknown
                else estate.snapshot(disks[source.disk], source.age_hours, **tags)
            )
            if source.kind == "encrypted":
                estate.get(made[-1]).encrypted = True
        slow = {made[n]: storm.copy_seconds * 10 for n in storm.slow}
        estate.settings(copy_seconds_of=slow)
        return made

    def _break_sources(self) -> None:
        for source_id, source in zip(self.sources, self.storm.sources):
            if source.kind == "unfinished":
                self.estate.make_unfinished(source_id)
            if source.kind == "gone":
                self.estate.forget(source_id)

    def _plant(self, copy: ExistingCopy) -> None:
        estate, cloud = self.estate, self.storm.cloud
        source, region = self.sources[copy.source], self.regions[copy.region % len(self.regions)]
        if self.storm.sources[copy.source].kind == "unknown":
            return
        running = [s for s in estate.all_snapshots(region) if estate.phase_of(s) == "running"]
        if copy.state == "running" and (cloud in ("ecs", "cbs") and running):
            return  # these services refuse a second one of the disk, or of the source
        plant = estate.create_our_copy if copy.ours else estate.create_foreign_copy
        seconds = self.storm.lag + copy.seconds if copy.state == "running" else 0.0
        made = plant(source, region, seconds, "planted" if copy.state == "failed" else None)
        made.visible_at = 0.0
        if copy.encrypted:
            made.encrypted = True
        if copy.key:
            made.kms_key_id = self.key(copy.key)
        if cloud != "ens":
            self._tags_of(made).update({"old": "1", **({HOLD: "2027"} if copy.held == "tag" else {})})
        if copy.held == "lock":
            made.lock = SimulatedLock("compliance", 999, None, estate.clock.utc())
        if copy.state == "deleting":
            self._delete_slowly(made, region)
        self.planted[made.id] = OURS if copy.ours or cloud == "ens" else FOREIGN

    def _create_filler(self, region: str, age_hours: float) -> str:
        return str(self.estate.snapshot(region=region, age_hours=age_hours))

    def _hide_late_sources(self) -> None:
        """Let reads show some sources only some time after the start of the first round."""
        begin = self.scheduler.monotonic() + self.storm.rounds[0].gap
        for source_id, source in zip(self.sources, self.storm.sources):
            versions = self.history.versions.get((self.estate.source, source_id))
            if source.late and versions:
                versions[0] = replace(versions[0], moment=begin + source.late)

    def on_call(self, call: Call) -> str | None:
        drawn = call.action == "DescribeSnapshots" and self._churn.random() < self.churn
        if drawn and self._may_churn():
            for region in self.regions:
                if self._fillers[region]:
                    self.estate.forget(self._fillers[region].pop(0), region)
                self._fillers[region].append(self._create_filler(region, 0.0))
                self.fillers.add(self._fillers[region][-1])
            self.churned.append(self.scheduler.monotonic())
            self.history.record_changes("event")
        return super().on_call(call)

    def _may_churn(self) -> bool:
        """Whether replicas will still differ by less than a page; otherwise no listing is reliable."""
        now = self.scheduler.monotonic()
        lately = sum(now - moment <= self.storm.lag + 1.0 for moment in self.churned)
        return lately + 1 < self.storm.page / 2

    def _tags_of(self, snapshot: Any) -> dict[str, str]:
        tags: dict[str, str] = snapshot.tags if self.storm.cloud != "ebs" else snapshot.ec2_backend.tags[snapshot.id]
        return tags

    def _delete_slowly(self, snapshot: Any, region: str) -> None:
        """Delete a copy as ENS does: for a minute it shows as being deleted."""
        snapshot.forced_state = "deleting"
        self.scheduler.at(self.scheduler.monotonic() + 60.0, lambda: self._forget(snapshot.id, region))

    def _forget(self, snapshot_id: str, region: str) -> None:
        if any(s.id == snapshot_id for s in self.estate.all_snapshots(region)):
            self.estate.forget(snapshot_id, region)
            self.history.record_changes("event")

    # -- the server's truth ------------------------------------------------------------------------------

    def _truth(self) -> Iterator[tuple[Key, Kept]]:
        for region in dict.fromkeys([self.estate.source, *self.regions]):
            for snapshot in self.estate.all_snapshots(region):
                yield (region, snapshot.id), (snapshot, self.estate.tags_of(snapshot))

    # -- what happens ------------------------------------------------------------------------------------

    def _is_current_round(self, number: int) -> bool:
        """Whether this round is still running."""
        return number == self._number

    def apply_event(self, event: Event) -> None:
        region = self.regions[event.number % len(self.regions)]
        copies = [s for s in self.estate.all_snapshots(region) if getattr(s, "source_id", "")]
        phases = {s.id: self.estate.phase_of(s) for s in copies}
        if event.kind == "quota":
            self.estate.settings(quota=1 + event.number % 12)
        elif event.kind == "kill":
            self.scheduler.kill(self._round[event.number % len(self._round)])
        elif event.kind == "foreign":
            source = event.number % len(self.sources)
            if self.storm.sources[source].kind == "good":
                state = ("complete", "running")[event.number % 2]
                self._plant(ExistingCopy(source, event.number, False, state))
        elif event.kind == "deleting":
            self._take([s for s in copies if phases[s.id] == "complete"], region, event, self._delete_slowly)
        elif event.kind == "vanish":
            self._take([s for s in copies if phases[s.id] == "running"], region, event)
        elif event.kind == "gone":
            foreign = [s for s in copies if phases[s.id] == "complete" and self.planted.get(s.id) == FOREIGN]
            self._take(foreign, region, event)
        self.history.record_changes("event")

    def _take(self, among: list[Any], region: str, event: Event, act: Callable[..., None] | None = None) -> None:
        if among:
            taken = among[event.number % len(among)]
            (act or (lambda snapshot, place: self._forget(snapshot.id, place)))(taken, region)

    # -- the runs ----------------------------------------------------------------------------------------

    def options(self, run: PlannedRun) -> dict[str, Any]:
        options = {
            "destination_regions": self.regions,
            "wait": run.wait,
            "wait_timeout": run.wait_timeout,
            "max_in_flight": run.max_in_flight,
            "state": run.state,
            **self.estate.connection(),
            **self.estate.quick_reads,
            **self.storm.options,
            **run.own,
        }
        if run.locks and self.storm.lock and run.state == "present":
            days, mode = self.storm.lock
            options.update(lock_days=days, **({"lock_mode": mode} if mode else {}))
        if key := options.pop("kms_key_id", None):
            options["kms_key_id"] = self.key("a" if key is True else key)
        if options.get("kms_key_id") and len(self.regions) > 1:
            del options["kms_key_id"]  # a key belongs to one region
        if run.state == "absent":
            copies = [key[1] for key in self.history.versions if key[0] in self.regions]
            named = [copies[n % len(copies)] for n in run.copies or () if copies]
            options = {k: v for k, v in options.items() if k not in ("name", "tags", "purge_tags", "create")}
            options["copy_ids"] = [i for i in named if i not in self.sources and i not in self.fillers] or None
            if run.prunes and options["copy_ids"]:
                others = [i for i in copies if i not in {*options["copy_ids"], *self.sources, *self.fillers}]
                options["survivors"] = dict.fromkeys(options["copy_ids"], others[0]) if others else None
                options["copy_ids"] = options["copy_ids"] if others else []
        return options

    def key(self, name: str) -> str:
        """Return the key with a name, as the cloud shows it."""
        arn = f"arn:aws:kms:{self.regions[0]}:123456789012:key/{KEYS[name]}"
        return arn if self.storm.cloud == "ebs" else KEYS[name]

    def run_round(self, number: int, round_: Round, name: str = "", check: bool = False) -> list[RunOutcome]:
        """Run all runs of a round; return their results."""
        failing = {self.sources[n]: "a fault" for run in round_.runs for n in run.failing}
        self.estate.settings(fail_copies_of=failing, denied=list(self.storm.locks_denied) if number else [])
        self.scheduler.sleep(round_.gap)
        for event in round_.events:
            moment = self.scheduler.monotonic() + event.after
            self.scheduler.at(
                moment, lambda event=event, at=number: self._is_current_round(at) and self.apply_event(event)
            )
        self._number = number
        names = [name or f"{number}.{n}" for n, _run in enumerate(round_.runs, 1)]
        self._round = names
        parts = []
        for run_name, run in zip(names, round_.runs):
            self._runs[run_name] = run
            outcome = self._new_outcome(run_name, run)
            self.outcomes.append(outcome)
            parts.append((run_name, self._make_run(outcome, check), run.late))
        self._run_all(parts)
        self._number = -1
        return self.outcomes[-len(parts) :]

    def _new_outcome(self, name: str, run: PlannedRun) -> RunOutcome:
        asked = random.Random(run.order).sample(self.sources, len(self.sources)) if run.order else list(self.sources)
        return RunOutcome(name, run, asked, self.options(run), 0.0, 0.0)

    def _make_run(self, outcome: RunOutcome, check: bool) -> Callable[[], None]:
        """Return a function that runs the module in a thread."""
        module_file = importlib.import_module(f"{COLLECTION}.plugins.modules.{self.estate.module}")
        args = {"snapshot_ids": outcome.asked, "source_region": self.estate.source, **outcome.options}

        def run() -> None:
            with self.record_run(outcome):
                result = run_in_turn(module_file, args, check)
                outcome.failed = result.pop("failed", False)
                outcome.result = result

        return run
