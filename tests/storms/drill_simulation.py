# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud of a storm over drills, and whole drills and restores of the role dr_restore on it, interleaved."""

from __future__ import annotations

import importlib
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.drilling import Drill
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.record import Record
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.restoring import Restore
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.running import (
    Pause,
    RestoreContext,
    Run,
    RunOutcome,
)
from moto.moto_api._internal import mock_random

from tests.simulator.history import History, Kept, Key
from tests.simulator.state import restart_ids
from tests.simulator.tencent.cbs_disks import NEVER
from tests.support.harness import COLLECTION

from .attaching import HELD, HUNG, MOVED, TAG
from .drill_draws import DrillRound, DrillStorm, PlannedDrill
from .drills_with_nights import copy_options, create_copy, create_disks, prune_options
from .faults import Event
from .modules import run_in_turn
from .simulation import Runs

KEPT_RESTORE_ID = "flood"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
#: Tasks that a drill of the level usable includes; in a storm nothing runs them.
TASKS = Path(__file__).parent / "disk_checks.yml"


@dataclass
class Check:
    """A disk that a drill checked: when it was attached, when the drill looked for others, and when its check ran."""

    disk_id: str
    looked: float
    started: float
    ended: float = math.inf


@dataclass
class DrillOutcome:
    """The result of a drill, a restore or a night: its module calls and their results.

    ``finished`` is what a drill or a restore returned; None if it was killed. ``looked`` is when its last look at disks
    of drills began.
    """

    name: str
    run: PlannedDrill
    restore_id: str
    now: str = ""
    started: float = math.nan
    ended: float = math.nan
    results: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    looked: float = math.nan
    broke: str = ""
    came_to_its_end: bool = False
    finished: RunOutcome | None = None


class DrillSimulation(Runs):
    """Copies and disks on one cloud, and drills there."""

    def __init__(self, storm: DrillStorm, estate: Any, folder: Path):
        """``folder`` is for the manifests of restores."""
        super().__init__(estate.clock)
        self.storm, self.estate, self.folder = storm, estate, folder
        self.control = estate.server.control
        self.outcomes: list[DrillOutcome] = []
        self._round: list[str] = []
        self._number = 0
        # Before thread pools are replaced, because modules that are imported meanwhile keep the replacement.
        names = (estate.info_module, estate.restore_module, estate.module)
        self._files = {name: importlib.import_module(f"{COLLECTION}.plugins.modules.{name}") for name in names}
        if storm.cloud == "ebs":
            estate.server.open([estate.destination, estate.source])
        restart_ids()
        random.seed(storm.seed)
        mock_random.seed(storm.seed)
        #: The disk of each copy, and the copies.
        self.copied_disks = [estate.disk() for _n in range(storm.copies)]
        self.copies = [self._create_copy(number, disk) for number, disk in enumerate(self.copied_disks)]
        self.disks = create_disks(storm, estate)
        #: Disks that exist before, by ID: what they are.
        self.planted: dict[str, str] = {}
        for number, what in enumerate(storm.others):
            self._plant(number, what)
        self._apply_settings()
        self.history = History(self.scheduler, self._truth, storm.seed)
        if storm.cloud == "ebs":
            estate.server.disks.history = self.history
        else:
            estate.server.account.disk_history = self.history
        self.history.lags = storm.lags
        self.control.watch = self
        self.scheduler.sleep(storm.lag + 1.0)

    def _create_copy(self, number: int, disk: str) -> str:
        source = self.estate.snapshot(disk)
        if number in self.storm.archived:
            self.estate.create_our_copy(source).storage_tier = "archive"
            self.scheduler.sleep(60.0)
        return create_copy(self.storm, self.estate, disk, source, 1)

    def _apply_settings(self) -> None:
        storm, cloud = self.storm, self.storm.cloud
        given: dict[str, Any] = {
            "disk_seconds": storm.disk_seconds,
            "disk_seconds_of": {self.copies[n]: storm.disk_seconds * 10 for n in storm.slow},
            "disk_quota": storm.quota,
            "latencies": [0.0, storm.latency],
        }
        given["deleting_seconds" if cloud == "ebs" else "disks_deleted_after"] = storm.deleting
        if cloud == "ecs":
            given["disks_load_for"] = storm.refused
        if self.estate.attach_action:
            servers = (self.estate.server_id, self.estate.other_server_id)
            given.update(
                instances={i: {"zone": self.estate.zone} for i in servers}, attach_seconds=storm.attach_seconds
            )
        if cloud == "cbs":
            given.update(recycles=storm.refused > 0, disks_never_made_of=[self.copies[n] for n in storm.vanishing])
        if cloud == "ebs":
            given["vanishing"] = [self.copies[n] for n in storm.vanishing]
        self.estate.settings(**given)

    def _plant(self, number: int, what: str) -> None:
        copy, other = self.copies[number % len(self.copies)], self.copies[(number + 1) % len(self.copies)]
        if what == "forged" and (self.storm.cloud == "cbs" or copy == other):
            return  # CBS does not show the source of a disk
        past, future = "2026-01-01T00:00:00Z", "2999-01-01T00:00:00Z"
        ours = self.estate.restore_tags_of(copy, f"drill-old-{number}")
        expired = {**ours, "dr-restore:expires-at": past}
        tags = {
            "untagged": {},
            "restore": self.estate.restore_tags_of(copy, f"another-{number}"),
            "attached": expired,
            "forged": expired,
            "half": {key: value for key, value in expired.items() if key != "dr-restore:snapshot-id"},
            "later": {**ours, "dr-restore:expires-at": future},
            "expired": expired,
            "pair": ours,
            HUNG: {**expired, TAG: self.estate.server_id},
            MOVED: {**expired, TAG: self.estate.server_id},
            HELD: {**expired, TAG: self.estate.server_id, "dr-restore:id": f"flood-{number}"},
        }[what]
        if what == "pair":  # of one restore and snapshot; only the other disk has expired
            self.planted[self.estate.plant(copy, expired).id] = "expired"
        disk = self.estate.plant(other if what == "forged" else copy, tags)
        if what in ("attached", HUNG, HELD):
            self.estate.attach(disk, self.estate.server_id)
        if what == MOVED:
            self.estate.attach(disk, self.estate.other_server_id)
        self.planted[disk.id] = what

    # -- the server's truth ------------------------------------------------------------------------------

    def _truth(self) -> Iterator[tuple[Key, Kept]]:
        for disk in self.estate.disks():
            if getattr(disk, "visible_at", 0.0) < NEVER:
                yield (self.estate.destination, disk.id), (disk, self.estate.tags_of_disk(disk))

    # -- what happens ------------------------------------------------------------------------------------

    def apply_event(self, event: Event) -> None:
        ours = [d for d in self.estate.disks() if d.id not in self.planted]
        taken = ours[event.number % len(ours)] if ours else None
        if event.kind == "quota":
            self.estate.settings(disk_quota=1 + event.number % 6)
        elif event.kind == "kill":
            self.scheduler.kill(self._round[event.number % len(self._round)])
        elif taken and event.kind == "attach" and self._can_be_attached(taken):
            self.estate.attach(taken, getattr(self.estate, "other_server_id", self.estate.server_id))
        elif taken and event.kind == "detach" and self._is_attached(taken):
            self.estate.detach(taken)
        elif taken and event.kind == "take":
            self.estate.remove_disk(taken)
        self.history.record_changes("event")

    def _is_attached(self, disk: Any) -> bool:
        return bool(self.estate.holder_of(disk)[0])

    def _can_be_attached(self, disk: Any) -> bool:
        """Whether a disk is complete, not attached, and not being deleted."""
        made = disk.started + disk.duration <= self.scheduler.monotonic()
        is_deleted = getattr(disk, "deleted_at", math.inf) < math.inf or getattr(disk, "recycled", False)
        return bool(made and not is_deleted and not self._is_attached(disk))

    # -- the runs ----------------------------------------------------------------------------------------

    def run_round(self, round_: DrillRound, name: str = "") -> list[DrillOutcome]:
        """Run all runs of a round."""
        self._number += 1
        number = self._number
        self.scheduler.sleep(round_.gap)
        for event in round_.events:
            moment = self.scheduler.monotonic() + event.after
            self.scheduler.at(moment, lambda event=event: number == self._number and self.apply_event(event))
        parts = []
        self._round = [name or f"{number}.{n}" for n, _run in enumerate(round_.runs, 1)]
        for run_name, run in zip(self._round, round_.runs):
            self._runs[run_name] = run
            # Not two drills of one plan within one second.
            drill = f"drill-{run.plan}-20261124T{len(self.outcomes):06}" if run.plan else f"drill-{run_name}"
            outcome = DrillOutcome(run_name, run, KEPT_RESTORE_ID if run.kept else drill)
            self.outcomes.append(outcome)
            parts.append((run_name, self._make_run(outcome), run.late))
        self._run_all(parts)
        self._number += 1
        return self.outcomes[-len(parts) :]

    def _make_run(self, outcome: DrillOutcome) -> Callable[[], None]:
        def work() -> None:
            outcome.now = self.scheduler.utc().strftime(TIME_FORMAT)
            with self.record_run(outcome):
                if outcome.run.night:
                    self._night(outcome)
                else:
                    outcome.finished = self._run_role(outcome)
                outcome.came_to_its_end = True

        return work

    def _run_role(self, outcome: DrillOutcome) -> RunOutcome:
        """Run a drill or a restore. A drill pauses for the checks of its disks."""
        program: type[Run] = Restore if outcome.run.kept else Drill
        given, context = self._variables(outcome), RestoreContext(host="storm", check_mode=False)
        outside: dict[str, Any] = {
            "call": self._record_calls(outcome),
            "clock": self.scheduler.utc,
            "say": lambda line: None,
        }
        ended = program(given, context, **outside).run()
        while isinstance(ended, Pause):
            answer = self._check(outcome, ended.what)
            ended = program(given, context, **outside, record=Record(ended.record, answer)).run()
        return ended

    def _variables(self, outcome: DrillOutcome) -> dict[str, Any]:
        """Return the role's variables without their prefix.

        A drill also tests the disks whose copies nights replace.
        """
        run, estate = outcome.run, self.estate
        disks = [self.copied_disks[n] for n in run.copies]
        disks += [] if run.kept else [disk.id for disk in self.disks]
        usable = {"level": "usable", "test_instance": estate.server_id, "test_host": "testhost", "checks": str(TASKS)}
        return {
            "cloud": self.storm.cloud,
            "region": estate.destination,
            "id": outcome.restore_id,
            "disk_ids": disks,
            "wait_timeout": run.wait_timeout,
            "connection": {**estate.connection(), **estate.quick_reads},
            **({"zone": estate.zone} if estate.zone else {}),
            **({} if run.checks is None else usable),
            **(
                {"expires_after_hours": run.hours, "manifest_dir": str(self.folder)}
                if run.kept
                else {"count": len(disks)}
            ),
        }

    def _record_calls(self, outcome: DrillOutcome) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
        def call(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
            name = module.rpartition(".")[2]
            if name != self.estate.restore_module:
                what = {self.estate.module: "mark"}.get(name, "look" if "disk_tags" in arguments else "list")
            elif "state" in arguments:
                what = "delete"
            else:
                what = "attach" if "attach_to" in arguments else "make"
            if what == "look":
                outcome.looked = self.scheduler.monotonic()
            limits = {"max_in_flight": outcome.run.max_in_flight} if what in ("make", "attach") else {}
            return self._call(outcome, what, name, {**arguments, **limits})

        return call

    def _check(self, outcome: DrillOutcome, paused: Mapping[str, Any]) -> dict[str, Any]:
        """Take the time of the tasks that check a set of attached disks, and return the answer of these tasks."""
        if not paused["set"]:
            return {"passed": False}
        started = self.scheduler.monotonic()
        checks = [Check(str(disk["disk_id"]), outcome.looked, started) for disk in paused["set"]["disks"]]
        outcome.checks += checks
        try:
            self.scheduler.sleep(float(outcome.run.checks or 0))
        finally:
            for check in checks:
                check.ended = self.scheduler.monotonic()
        return {"passed": True}

    def _night(self, outcome: DrillOutcome) -> None:
        """Do what roles/dr_copy does: copy, then prune."""
        copied = self._copy(outcome, copy_options(self.storm, self.disks))
        self._copy(outcome, prune_options(self.disks, copied))

    def _copy(self, outcome: DrillOutcome, given: dict[str, Any]) -> dict[str, Any]:
        if not given["snapshot_ids"]:
            return {}
        places = {"source_region": self.estate.source, "destination_regions": [self.estate.destination]}
        more = {**places, **self.estate.connection(), **self.estate.quick_reads, "wait": True}
        given = {**more, "wait_timeout": outcome.run.wait_timeout, **given}
        return self._call(outcome, "copy", self.estate.module, given)

    def _call(self, outcome: DrillOutcome, what: str, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """Run a module; return its result."""
        limits = {} if self.storm.cloud == "ebs" else {"read_timeout": self.storm.read_timeout}
        result = run_in_turn(self._files[name], {**args, **limits})
        outcome.results.append((what, result))
        return result

    def clear_up(self) -> tuple[DrillOutcome, DrillOutcome, DrillOutcome]:
        """Let time pass and end all faults. Then run a restore, a drill, and the restore once more."""
        # CBS answers a repeated call with the disk that it has made before, even if that disk has vanished.
        everything = tuple(n for n in range(self.storm.copies) if n not in self.storm.vanishing)
        self.history.lags = (0.0,)
        self.estate.settings(latencies=[0.0, 0.0], disk_quota=1000)
        gap = timedelta(hours=49).total_seconds()
        restore = PlannedDrill(True, everything, wait_timeout=20000)
        one = PlannedDrill(False, everything[:1], wait_timeout=20000)
        (kept,) = self.run_round(DrillRound((restore,), gap=gap), "kept")
        (last,) = self.run_round(DrillRound((one,), gap=gap), "last")
        (further,) = self.run_round(DrillRound((restore,), gap=1.0), "further")
        if self.disks:
            night = PlannedDrill(False, (), night=True, wait_timeout=20000)
            self.run_round(DrillRound((night,), gap=gap), "last night")
            self.run_round(DrillRound((night,), gap=gap), "further night")
        return kept, last, further
