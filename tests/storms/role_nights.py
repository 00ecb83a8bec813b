# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud of a storm of nights, and the role dr_copy there: whole nights, with the real modules, in turns."""

from __future__ import annotations

import contextlib
import importlib
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.night import Finished, Night, Setting
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output import metrics, report_files
from moto.moto_api._internal import mock_random

from tests.clouds import CLOUDS
from tests.simulator.control import Call
from tests.simulator.ec2 import ACCOUNT, ec2_backends
from tests.simulator.history import History, Kept, Key
from tests.simulator.locks import SimulatedLock
from tests.simulator.state import number_anew
from tests.unit.harness import COLLECTION

from .faults import Event
from .modules import run_in_turn
from .role_storms import LOCK_MODES, Evening, Plan, PlannedNight, RoleStorm
from .scheduler import Killed
from .simulation import FOREIGN, HOLD, Runs
from .truth import Copy

#: What the main() of each kind of module calls once it has read its options.
ENTRIES = {"copy": "copy_snapshots", "info": "show_snapshots"}
DAY, EXCLUDE, SET = 86400.0, "dr-copy-exclude", "dr-copy:set"


@dataclass
class NightOutcome:
    """What a night did and said. ``finished`` is None where it was killed. ``files`` are the texts that stand there
    when it ends: "html", "json", "junit.xml", "prom"."""

    name: str
    run: PlannedNight
    plan: Plan
    evening: int
    started: float = math.nan
    ended: float = math.nan
    began_at: datetime = datetime.min
    ended_at: datetime = datetime.min
    finished: Finished | None = None
    broke: str = ""
    files: dict[str, str] = field(default_factory=dict)
    #: Files that could not be written, for a fault of this night.
    full: list[str] = field(default_factory=list)
    #: The page that stands there when it begins, and the JSON of the plan's last report and last status.
    page_before: str = ""
    json_before: tuple[str, ...] = ()
    #: The disks that are selected then, those that a tag excludes from the plan, and from any.
    selected: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class Nights(Runs):
    """Plans, their disks and copies on one cloud, and the nights there. ``folder`` is for what they write."""

    def __init__(self, storm: RoleStorm, estate: Any, folder: Path):
        super().__init__(estate.clock)
        self.storm, self.estate, self.folder = storm, estate, folder
        self.control = estate.server.control
        #: By ID, whose the copies are that no run has made.
        self.planted: dict[str, str] = {}
        self.outcomes: list[NightOutcome] = []
        self._by_name: dict[str, NightOutcome] = {}
        self._evening = 0
        self._files_of: Counter[str] = Counter()
        # Before pools of threads are exchanged, since what is imported meanwhile keeps them.
        names = (estate.module, estate.info_module)
        self._modules = {name: importlib.import_module(f"{COLLECTION}.plugins.modules.{name}") for name in names}
        self.regions = [estate.destination, estate.other_destination]
        if storm.cloud == "ebs":
            estate.server.open([estate.source, *self.regions])
        number_anew()
        random.seed(storm.seed)
        mock_random.seed(storm.seed)
        estate.settings(copy_seconds=storm.copy_seconds, quota=storm.quota, latencies=[0.0, storm.latency])
        if storm.tags_late:
            estate.settings(tags_visible_after=storm.tags_late)
        self.disks = [self._disk(plans) for plans in storm.disks]
        for disk, server in zip(self.disks, storm.servers):
            self._attach(disk, server)
        #: The disk of each source, and when it was taken.
        self.taken: dict[str, tuple[str, datetime]] = {}
        self._alive: list[str] = []
        self.history = History(self.scheduler, self._truth, storm.seed)
        getattr(estate.server, "estate", estate.server).history = self.history
        self.history.lags = storm.lags
        self.control.watch = self

    def _disk(self, plans: tuple[int, ...]) -> str:
        tags = {self._tag(plan): "true" for plan in plans}
        return str(self.estate.disk(**tags))

    def _attach(self, disk: str, server: int) -> None:
        """Attach a disk to a server, or to none where that is below 0."""
        instance = f"i-0a{server}" if server >= 0 else ""
        if self.storm.cloud != "ebs":
            self.estate.server.estate.disks[self.estate.source][disk].attached_to = instance
            return
        volume = ec2_backends[ACCOUNT][self.estate.source].volumes[disk]
        there = SimpleNamespace(instance=SimpleNamespace(id=instance), device="/dev/sdf", volume=volume, status="x")
        volume.attachment = there if instance else None

    def server_of(self, disk: str) -> str:
        """Return the server that a disk is attached to now, or nothing."""
        if self.storm.cloud != "ebs":
            return str(self.estate.server.estate.disks[self.estate.source][disk].attached_to)
        attachment = ec2_backends[ACCOUNT][self.estate.source].volumes[disk].attachment
        return str(attachment.instance.id) if attachment else ""

    def _tag(self, plan: int) -> str:
        return f"plan-{self.storm.plans[plan].name}"

    # -- the server's truth ------------------------------------------------------------------------------

    def _truth(self) -> Iterator[tuple[Key, Kept]]:
        for region in (self.estate.source, *self.regions):
            for snapshot in self.estate.everything(region):
                yield (region, snapshot.id), (snapshot, self.estate.tags_of(snapshot))

    def copies(self) -> list[Copy]:
        """Return every copy that there ever was."""
        return [
            Copy(self, key, found)  # type: ignore[arg-type]
            for key, found in self.history.versions.items()
            if getattr(found[0].thing, "source_id", "") in self.taken
        ]

    def tags_of_disk(self, disk: str) -> dict[str, str]:
        if self.storm.cloud == "ebs":
            return dict(ec2_backends[ACCOUNT][self.estate.source].tags.get(disk, {}))
        return dict(self.estate.server.estate.disks[self.estate.source][disk].tags)

    def selected(self, plan: Plan) -> tuple[list[str], list[str]]:
        """Return the disks of a plan as they are now, and those that a tag excludes from it."""
        tag, named = self._tag(self._number(plan)), self._named(plan)
        bears = {disk: self.tags_of_disk(disk) for disk in self.disks}
        own = [disk for disk in self.disks if (disk in named if named else bears[disk].get(tag) == "true")]
        excluded = [disk for disk in own if bears[disk].get(EXCLUDE) == "true"]
        return [disk for disk in own if disk not in excluded], excluded

    def _number(self, plan: Plan) -> int:
        return [one.name for one in self.storm.plans].index(plan.name)

    def _named(self, plan: Plan) -> list[str]:
        """Return the disks that a plan names by their IDs, none where it selects by a tag."""
        number = self._number(plan)
        return [disk for disk, plans in zip(self.disks, self.storm.disks) if plan.by_ids and number in plans]

    def begins(self, call: Call) -> str | None:
        kind = super().begins(call)
        return "drop" if self._runs[call.by].down and call.region == self.estate.source else kind

    # -- what happens ------------------------------------------------------------------------------------

    def happens(self, event: Event) -> None:
        region = self.regions[event.number % 2]
        copies = [s for s in self.estate.everything(region) if getattr(s, "source_id", "") in self.taken]
        complete = [s for s in copies if self.estate.phase_of(s) == "complete" and not getattr(s, "gone_at", None)]
        taken = complete[event.number % len(complete)] if complete else None
        disk = self.disks[event.number % len(self.disks)]
        plan = event.number % len(self.storm.plans)
        if event.kind == "move":
            self._attach(disk, event.number % 3 - 1)
        elif event.kind == "untag":
            self._set_disk(disk, self._tag(plan), None)
        elif event.kind == "retag":
            if plan in self.storm.disks[self.disks.index(disk)]:
                self._set_disk(disk, self._tag(plan), "true")
        elif event.kind in ("exclude", "include"):
            self._set_disk(disk, EXCLUDE, "true" if event.kind == "exclude" else None)
        elif event.kind == "quota":
            self.estate.settings(quota=1 + event.number % 12)
        elif event.kind == "kill":
            self.scheduler.kill(self._tonight[event.number % len(self._tonight)])
        elif event.kind == "foreign":
            self._copy_by_hand(region, event.number)
        elif taken is not None and event.kind == "delete" and not self._is_locked(taken):
            self.estate.forget(taken.id, region)
        elif taken is not None and CLOUDS[self.storm.cloud].snapshots_have_tags:
            self._change_copy(taken, event.kind)
        self.history.note("event")

    def _change_copy(self, copy: Any, kind: str) -> None:
        if kind == "hold":
            self.estate.set_tags(copy, **{HOLD: "audit"})
        elif kind == "mark":
            self.estate.set_tags(copy, looked="1")
        elif kind == "spoil":
            mark = self.estate.tags_of(copy).get(SET, "")
            self.estate.set_tags(copy, **{SET: f"9{mark}"} if mark else {})
        elif kind == "unhold":
            self._untag_copy(copy, HOLD)
        elif kind == "lock" and self.storm.cloud in LOCK_MODES:
            copy.lock = SimulatedLock("compliance", 2, None, self.estate.clock.utc())

    def _untag_copy(self, copy: Any, key: str) -> None:
        if self.storm.cloud == "ebs":
            copy.ec2_backend.tags[copy.id].pop(key, None)
        else:
            copy.tags.pop(key, None)

    def _set_disk(self, disk: str, key: str, value: str | None) -> None:
        if self.storm.cloud == "ebs":
            backend = ec2_backends[ACCOUNT][self.estate.source]
            backend.delete_tags([disk], {key: None}) if value is None else backend.create_tags([disk], {key: value})
            return
        tags = self.estate.server.estate.disks[self.estate.source][disk].tags
        tags.pop(key, None)
        if value is not None:
            tags[key] = value

    def _is_locked(self, snapshot: Any) -> bool:
        lock = getattr(snapshot, "lock", None)
        return bool(lock and lock.holds(self.estate.clock.utc()))

    def _copy_by_hand(self, region: str, number: int) -> None:
        there = {s.source_id for s in self.estate.everything(region) if getattr(s, "source_id", "")}
        sources = [source for source in self._alive if source not in there]
        if sources:
            seconds = (0.0, self.storm.copy_seconds)[number % 2]
            self.planted[self.estate.foreign_copy(sources[number % len(sources)], region, seconds).id] = FOREIGN

    # -- days and nights ---------------------------------------------------------------------------------

    def passes(self, evening: Evening, plans: Sequence[Plan] = ()) -> list[NightOutcome]:
        """Let a day and its nights pass, with other variables where plans are given."""
        self._evening += 1
        number = self._evening
        self.scheduler.forget_events()
        begin = 1000.0 + number * DAY
        self._day(evening, begin - DAY / 2)
        self.scheduler.sleep(begin - self.scheduler.monotonic())
        failing = {source: "a fault" for source, (disk, _at) in self.taken.items() if disk in self._chosen(evening)}
        self.estate.settings(fail_copies_of=failing)
        for event in evening.by_night:
            self.scheduler.at(begin + event.after, lambda event=event: number == self._evening and self.happens(event))
        parts, made = [], []
        self._tonight = [f"{number}.{n}" for n, _night in enumerate(evening.nights, 1)] or [""]
        for name, run in zip(self._tonight, evening.nights):
            self._runs[name] = run
            outcome = NightOutcome(name, run, (plans or self.storm.plans)[run.plan], number)
            self._by_name[name] = outcome
            made.append(outcome)
            parts.append((name, self._prepared(outcome), run.late))
        self.outcomes += made
        with self._broken_folders(evening.broken):
            if parts:
                self._play(parts)
        return made

    def _chosen(self, evening: Evening) -> list[str]:
        return [self.disks[n] for n in evening.failing if n < len(self.disks)]

    def _day(self, evening: Evening, begin: float) -> None:
        """Let the source take its snapshots and drop old ones, and people do what they do."""
        self.scheduler.sleep(max(0.0, begin - self.scheduler.monotonic()))
        for event in evening.by_day:
            self.scheduler.sleep(max(0.0, begin + event.after - self.scheduler.monotonic()))
            self.happens(event)
        self.scheduler.sleep(max(0.0, begin + DAY / 2 - 600.0 - self.scheduler.monotonic()))
        for number in evening.taken:
            if number < len(self.disks):
                tags = {"env": "prod"} if CLOUDS[self.storm.cloud].snapshots_have_tags else {}
                # Those of one server are taken together.
                server = self.server_of(self.disks[number])
                hours = 1 + (len(server) if server else number) % 3
                source = self.estate.snapshot(self.disks[number], hours, **tags)
                moment = (self.estate.clock.utc() - timedelta(hours=hours)).replace(tzinfo=timezone.utc, microsecond=0)
                self.taken[source] = self.disks[number], moment
                self._alive.append(source)
        oldest = self.estate.clock.utc() - timedelta(days=self.storm.source_days)
        for source in [source for source in self._alive if self.taken[source][1] < oldest]:
            self._alive.remove(source)
            self.estate.forget(source, self.estate.source)
        self.history.note("event")

    @property
    def alive(self) -> list[str]:
        """The snapshots that the source region has now."""
        return self._alive

    def newest_source(self, disk: str) -> str:
        """Return the newest snapshot of a disk that is there now, or nothing."""
        own = [source for source in self._alive if self.taken[source][0] == disk]
        return max(own, key=lambda source: (self.taken[source][1], source), default="")

    def variables(self, plan: Plan) -> dict[str, Any]:
        named = self._named(plan)
        by_tag = {"disk_tags": {self._tag(self._number(plan)): "true"}}
        selection = {"disk_ids": named, "disk_tags": {}} if named else by_tag
        return {
            "cloud": self.storm.cloud,
            "source_region": self.estate.source,
            "destination_regions": [self.regions[n] for n in plan.destinations],
            "plan": plan.name,
            "allow_empty": True,
            "wait_delay": max(1, int(self.storm.copy_seconds / 10)),
            "report_dir": str(self.folder / "reports"),
            "metrics_dir": str(self.folder / "metrics"),
            "connection": {**self.estate.connection(), **self.estate.quick_reads},
            **selection,
            **plan.options,
        }

    def _prepared(self, outcome: NightOutcome) -> Callable[[], None]:
        run, plan = outcome.run, outcome.plan

        def call(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
            name = module.rpartition(".")[2]
            return run_in_turn(self._modules[name], ENTRIES[name.rpartition("_")[2]], arguments, run.check)

        def work() -> None:
            clock = self._clock()
            outcome.started, outcome.began_at = self.scheduler.monotonic(), clock.utc()
            outcome.selected, outcome.excluded = self.selected(plan)
            outcome.left_out = [disk for disk in self.disks if self.tags_of_disk(disk).get(EXCLUDE) == "true"]
            outcome.page_before = self.files_of(plan, run.reads_only).get("html", "")
            outcome.json_before = tuple(self.files_of(plan, reads).get("json", "{}") for reads in (False, True))
            setting = Setting(plan.name, run.check, run.reads_only, ansible="none")
            try:
                night = Night(self.variables(plan), setting, call, clock.utc, lambda line: None)
                outcome.finished = night.run()
            except Killed:
                pass
            except BaseException as error:
                outcome.broke = f"{type(error).__name__}: {error}"
            finally:
                outcome.ended, outcome.ended_at = self.scheduler.monotonic(), clock.utc()
                outcome.files = self.files_of(plan, run.reads_only)

        return work

    def files_of(self, plan: Plan, reads_only: bool = False) -> dict[str, str]:
        """Return what stands in the files of a plan now, by their endings."""
        start = f"{plan.name}{'.status' if reads_only else ''}"
        paths = {end: self.folder / "reports" / f"{start}.{end}" for end in ("html", "json", "junit.xml")}
        paths["prom"] = self.folder / "metrics" / f"dr_copy_{plan.name}.prom"
        return {end: path.read_text() for end, path in paths.items() if path.is_file()}

    # -- files -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _broken_folders(self, names: tuple[str, ...]) -> Iterator[None]:
        """Put a file in the place of a folder for a while, as where a mount is gone; and let single files fail."""
        for name in names:
            folder = self.folder / name
            if folder.exists():
                folder.rename(self.folder / f"{name}.away")
            folder.write_text("not mounted")
        write, write_metrics = report_files.write_whole, metrics.write_to_textfile
        try:
            with (
                mock.patch.object(report_files, "write_whole", self._written(write)),
                mock.patch.object(metrics, "write_to_textfile", self._written(write_metrics)),
            ):
                yield
        finally:
            for name in names:
                (self.folder / name).unlink()
                if (away := self.folder / f"{name}.away").exists():
                    away.rename(self.folder / name)

    def _written(self, write: Callable[..., None]) -> Callable[..., None]:
        def written(path: Any, content: Any) -> None:
            name = self.scheduler.run
            self._files_of[name] += 1
            kind = dict(self._runs[name].files).get(self._files_of[name])
            if kind == "full":
                self._by_name[name].full.append(str(path))
                raise OSError(28, "No space left on device")
            if kind == "kill_before":
                self._kill(name)
            write(path, content)
            if kind == "kill_after":
                self._kill(name)

        return written

    def clear_up(self) -> tuple[list[NightOutcome], list[NightOutcome]]:
        """Let all faults end; then a night of each plan that copies all, and one more, which has nothing left to do."""
        self.history.lags = (0.0,)
        self.estate.settings(latencies=[0.0, 0.0], quota=1000)
        if self.storm.tags_late:
            self.estate.settings(tags_visible_after=0.0)
        waits = {"wait": True, "wait_timeout": 10800}
        plans = [replace(plan, options={**plan.options, **waits}) for plan in self.storm.plans]
        nights = tuple(PlannedNight(n % len(plans), late=4000.0 * n) for n in range(2 * len(plans)))
        ended = self.passes(Evening(tuple(range(len(self.disks))), nights), plans)
        return ended[: len(plans)], ended[len(plans) :]
