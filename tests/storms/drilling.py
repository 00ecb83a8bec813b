# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud of a storm over drills, and drills on it: the modules in sequence, as the role calls them."""

from __future__ import annotations

import importlib
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide import reaping, usable
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.variables import Variables
from moto.moto_api._internal import mock_random

from tests.simulator.cbs_disks import NEVER
from tests.simulator.history import History, Kept, Key
from tests.simulator.state import restart_ids
from tests.unit.support.harness import COLLECTION

from .attaching import HELD, HUNG, MOVED, TAG
from .drills import DrillRound, DrillStorm, PlannedDrill
from .faults import Event
from .modules import run_in_turn
from .nights import copy_options, create_disks, mark_options, prune_options
from .simulation import Runs

KEPT_RESTORE_ID = "flood"
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass
class Check:
    """A disk that a drill checked: when it was attached, when the drill looked for others, and when its check ran."""

    disk_id: str
    looked: float
    started: float
    ended: float = math.inf


@dataclass
class DrillOutcome:
    """The result of a drill or a restore: its module calls and their results."""

    name: str
    run: PlannedDrill
    restore_id: str
    now: str = ""
    started: float = math.nan
    ended: float = math.nan
    results: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    broke: str = ""
    came_to_its_end: bool = False


class DrillSimulation(Runs):
    """Copies and disks on one cloud, and drills there."""

    def __init__(self, storm: DrillStorm, estate: Any):
        super().__init__(estate.clock)
        self.storm, self.estate = storm, estate
        self.control = estate.server.control
        self.outcomes: list[DrillOutcome] = []
        self._round: list[str] = []
        self._number = 0
        # Before thread pools are replaced, because modules that are imported meanwhile keep the replacement.
        names = (estate.info_module, estate.restore_module, estate.module)
        self._files = {name: importlib.import_module(f"{COLLECTION}.plugins.modules.{name}") for name in names}
        if storm.cloud == "ebs":
            estate.server.open([estate.destination, *([estate.source] if storm.nights else [])])
        restart_ids()
        random.seed(storm.seed)
        mock_random.seed(storm.seed)
        self.copies = [estate.copy() for _n in range(storm.copies)]
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
                (self._night if outcome.run.night else self._restore if outcome.run.kept else self._drill)(outcome)
                outcome.came_to_its_end = True

        return work

    def _restore(self, outcome: DrillOutcome) -> None:
        self._make(outcome, outcome.run.hours)

    def _drill(self, outcome: DrillOutcome) -> None:
        """Do what a drill of the role does."""
        instance = getattr(self.estate, "server_id", "")
        ours = {"id": outcome.restore_id, "host": "storm", "is_drill": True}
        values = Variables(now=outcome.now, test_instance=instance, **ours)
        there = self._reap(outcome, values, own=False)
        if "disks" in there and not there["failures"] and not self._in_use(outcome, there, values):
            hours = math.ceil(2 * outcome.run.wait_timeout / 3600) + 1
            made = self._make(outcome, hours)
            if outcome.run.checks is not None:
                self._check(outcome, hours, made, values, outcome.run.checks)
            for call in reaping.made_by_drill(made, [result for _what, result in outcome.results]):
                self._delete(outcome, call)
            tags = {} if self.storm.cloud == "ens" else {"dr-copy:proven-at": outcome.now}
            self._copy(outcome, mark_options(self.disks, made, tags))
        self._reap(outcome, values, own=True)

    def _in_use(self, outcome: DrillOutcome, there: dict[str, Any], values: Variables) -> bool:
        """Whether a drill of another plan uses the test instance, if this drill looks for such."""
        results = [result for _what, result in outcome.results]
        return bool(outcome.run.plan and usable.why_in_use(there, results, values))

    def _check(
        self, outcome: DrillOutcome, hours: int, made: dict[str, Any], values: Variables, seconds: float
    ) -> None:
        """Attach each disk that was made, check it, and detach it; each is a set of its own."""
        for row in made.get("disks", ()):
            if row["state"] == "available" and not row["error"]:
                there = {"snapshot_ids": [row["snapshot_id"]], "attach_to": self.estate.server_id}
                attached = self._make(outcome, hours, **there)
                looked = self.scheduler.monotonic()
                if not (outcome.run.plan and self._in_use(outcome, self._look(outcome), values)):
                    self._look_at(outcome, attached, looked, seconds)
                for call in reaping.made_by_drill(attached, [result for _what, result in outcome.results]):
                    self._delete(outcome, call)

    def _look_at(self, outcome: DrillOutcome, attached: dict[str, Any], looked: float, seconds: float) -> None:
        """Run the tasks of a check on the attached disks."""
        there = [row["disk_id"] for row in attached.get("disks", ()) if row["attached_to"] and not row["error"]]
        started = self.scheduler.monotonic()
        checks = [Check(disk_id, looked, started) for disk_id in there]
        outcome.checks += checks
        try:
            self.scheduler.sleep(seconds)
        finally:
            for check in checks:
                check.ended = self.scheduler.monotonic()

    def _reap(self, outcome: DrillOutcome, values: Variables, own: bool) -> dict[str, Any]:
        there = self._look(outcome)
        before = [result for _what, result in outcome.results]
        for call in reaping.reapable(there, values, before, own).deletions:
            self._delete(outcome, call)
        return there

    def _night(self, outcome: DrillOutcome) -> None:
        """Do what roles/dr_copy does: copy, then prune."""
        copied = self._copy(outcome, copy_options(self.disks))
        self._copy(outcome, prune_options(self.disks, copied))

    def _copy(self, outcome: DrillOutcome, given: dict[str, Any]) -> dict[str, Any]:
        if not given["snapshot_ids"]:
            return {}
        places = {"source_region": self.estate.source, "destination_regions": [self.estate.destination]}
        given = {**places, "wait": True, "wait_timeout": outcome.run.wait_timeout, **given}
        return self._call(outcome, "copy", self.estate.module, "copy_snapshots", given)

    def _wanted(self, outcome: DrillOutcome) -> list[str]:
        """Return the snapshots to restore; a drill includes older copies that exist."""
        wanted = [self.copies[n] for n in outcome.run.copies]
        if self.disks and not outcome.run.kept:
            there = {copy.id for copy in self.estate.copies()}
            wanted += [disk.older_copy for disk in self.disks if disk.older_copy in there]
        return wanted

    def _look(self, outcome: DrillOutcome) -> dict[str, Any]:
        tags = {"dr-restore:expires-at": "*"}
        return self._call(outcome, "look", self.estate.info_module, "show_snapshots", {"disk_tags": tags})

    def _make(self, outcome: DrillOutcome, hours: int, **more: Any) -> dict[str, Any]:
        given = {
            "snapshot_ids": self._wanted(outcome),
            "restore_id": outcome.restore_id,
            "wait": True,
            "expires_after_hours": hours,
            "wait_timeout": outcome.run.wait_timeout,
            "max_in_flight": outcome.run.max_in_flight,
            **({"zone": self.estate.zone} if self.estate.zone else {}),
            **more,
        }
        return self._call(outcome, "attach" if more else "make", self.estate.restore_module, "restore_disks", given)

    def _delete(self, outcome: DrillOutcome, call: reaping.DiskDeletion) -> None:
        given = {
            "snapshot_ids": list(call.snapshot_ids),
            "disk_ids": list(call.disk_ids),
            "restore_id": call.restore_id,
            "state": "absent",
            "wait": True,
            "wait_timeout": outcome.run.wait_timeout,
            **({"attach_to": call.instance} if call.instance else {}),
        }
        self._call(outcome, "delete", self.estate.restore_module, "restore_disks", given)

    def _call(self, outcome: DrillOutcome, what: str, name: str, entry: str, given: dict[str, Any]) -> dict[str, Any]:
        """Call a module; return its result."""
        file = self._files[name]
        place = {} if name == self.estate.module else {"region": self.estate.destination}
        args = {**place, **self.estate.connection(), **self.estate.quick_reads, **given}
        if self.storm.cloud != "ebs":
            args["read_timeout"] = self.storm.read_timeout
        said = run_in_turn(file, entry, args)
        said.setdefault("failures", [])
        outcome.results.append((what, said))
        return said

    def clear_up(self) -> tuple[DrillOutcome, DrillOutcome, DrillOutcome]:
        """Let time pass and end all faults. Then run a restore, a drill, and the restore once more."""
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
