# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud of a storm of nights, and whole nights of the role dr_copy on it, with the real modules, interleaved."""

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
from typing import Any
from unittest import mock

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import is_in_shard
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output import metrics, report_files
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.plan_run import PlanRun
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.reporting import PlanContext, PlanOutcome
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.naming import file_name
from moto.moto_api._internal import mock_random

from tests.clouds import CLOUDS
from tests.simulator.control import Call
from tests.simulator.history import History, Kept, Key
from tests.simulator.state import SnapshotGroup, new_id, restart_ids
from tests.support.harness import COLLECTION

from ..modules import run_in_turn
from ..truth import Copy
from .people import EXCLUDE, GROUP_TAG, PeopleSimulation
from .restores import RestoreOutcome, make_restore
from .storms import Evening, Plan, PlannedNight, PlannedRestore, RoleStorm

DAY_SECONDS = 86400.0


@dataclass
class NightOutcome:
    """What a night did and reported.

    ``finished`` is None if it was killed. ``files`` are the texts that exist at its end: "html", "json", "junit.xml",
    "prom".
    """

    name: str
    run: PlannedNight
    plan: Plan
    evening: int
    started: float = math.nan
    ended: float = math.nan
    began_at: datetime = datetime.min
    ended_at: datetime = datetime.min
    finished: PlanOutcome | None = None
    broke: str = ""
    files: dict[str, str] = field(default_factory=dict)
    #: Files that could not be written because of a fault of this night.
    full: list[str] = field(default_factory=list)
    #: The page that existed at its start, and the JSON of the plan's last report and last status.
    page_before: str = ""
    json_before: tuple[str, ...] = ()
    #: The disks that were selected at its start, in this part of the plan and in the whole plan; those that a tag
    #: excludes from the plan, and from any plan; and the disks of each group that the plan knows.
    selected: list[str] = field(default_factory=list)
    selected_in_all: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    #: By region: when the last successful listing started. Listings by the copy modules do not count.
    listed: dict[str, float] = field(default_factory=dict)
    excluded: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class NightSimulation(PeopleSimulation):
    """Plans, their disks and copies on one cloud, and the nights there. ``folder`` is for their files."""

    def __init__(self, storm: RoleStorm, estate: Any, folder: Path):
        super().__init__(estate.clock)
        self.storm, self.estate, self.folder = storm, estate, folder
        self.control = estate.server.control
        #: The owners of copies that no run has made, by ID.
        self.planted: dict[str, str] = {}
        self.outcomes: list[NightOutcome] = []
        self.restores: list[RestoreOutcome] = []
        self._by_name: dict[str, NightOutcome] = {}
        self._evening = 0
        self._files_of: Counter[str] = Counter()
        # Before thread pools are replaced, because modules that are imported meanwhile keep the replacement.
        names = [estate.module, estate.info_module]
        names += [estate.restore_module] if any(evening.restores for evening in storm.evenings) else []
        self._modules = {name: importlib.import_module(f"{COLLECTION}.plugins.modules.{name}") for name in names}
        self.regions = [estate.destination, estate.other_destination]
        if storm.cloud == "ebs":
            estate.server.open([estate.source, *self.regions])
        restart_ids()
        random.seed(storm.seed)
        mock_random.seed(storm.seed)
        estate.settings(copy_seconds=storm.copy_seconds, quota=storm.quota, latencies=[0.0, storm.latency])
        if storm.tags_late:
            estate.settings(tags_visible_after=storm.tags_late)
        self.disks = [self._create_disk(plans) for plans in storm.disks]
        for disk, group in zip(self.disks, storm.groups):
            self.set_disk(disk, GROUP_TAG, f"app-{group}" if group >= 0 else None)
        for disk, server in zip(self.disks, storm.servers):
            self.attach(disk, server)
        #: The disk of each source, and when it was taken.
        self.taken: dict[str, tuple[str, datetime]] = {}
        self._alive: list[str] = []
        self.key_states: list[tuple[float, str]] = []
        self.history = History(self.scheduler, self._truth, storm.seed)
        getattr(estate.server, "account", estate.server).history = self.history
        self.history.lags = storm.lags
        self.control.watch = self

    def _create_disk(self, plans: tuple[int, ...]) -> str:
        tags = {self.tag_of(plan): "true" for plan in plans}
        return str(self.estate.disk(**tags))

    # -- the server's truth ------------------------------------------------------------------------------

    def _truth(self) -> Iterator[tuple[Key, Kept]]:
        for region in (self.estate.source, *self.regions):
            for snapshot in self.estate.all_snapshots(region):
                yield (region, snapshot.id), (snapshot, self.estate.tags_of(snapshot))

    def copies(self) -> list[Copy]:
        """Return every copy that ever existed."""
        return [
            Copy(self, key, found)  # type: ignore[arg-type]
            for key, found in self.history.versions.items()
            if getattr(found[0].thing, "source_id", "") in self.taken
        ]

    def selected(self, plan: Plan) -> tuple[list[str], list[str]]:
        """Return the disks that a plan selects now, and those that a tag excludes from it."""
        tag, named = self.tag_of(self._number(plan)), self._named(plan)
        tags = {disk: self.tags_of_disk(disk) for disk in self.disks}
        own = [disk for disk in self.disks if (disk in named if named else tags[disk].get(tag) == "true")]
        excluded = [disk for disk in own if tags[disk].get(EXCLUDE) == "true"]
        return [disk for disk in own if disk not in excluded], excluded

    def _number(self, plan: Plan) -> int:
        return [one.name for one in self.storm.plans].index(plan.first_name)

    def _named(self, plan: Plan) -> list[str]:
        """Return the disks that a plan names by their IDs; none if it selects by a tag."""
        number = self._number(plan)
        return [disk for disk, plans in zip(self.disks, self.storm.disks) if plan.by_ids and number in plans]

    def on_call(self, call: Call) -> str | None:
        kind = super().on_call(call)
        return "drop" if self._runs[call.by].down and call.region == self.estate.source else kind

    # -- days and nights ---------------------------------------------------------------------------------

    def run_evening(self, evening: Evening, plans: Sequence[Plan] = ()) -> list[NightOutcome]:
        """Run a day and its nights, with other variables if plans are given."""
        self._evening += 1
        number = self._evening
        self.scheduler.forget_events()
        begin = 1000.0 + number * DAY_SECONDS
        self._run_day(evening, begin - DAY_SECONDS / 2)
        self.scheduler.sleep(begin - self.scheduler.monotonic())
        failing = {
            source: "a fault" for source, (disk, _at) in self.taken.items() if disk in self._failing_disks(evening)
        }
        self.estate.settings(fail_copies_of=failing)
        for event in evening.by_night:
            self.scheduler.at(
                begin + event.after, lambda event=event: number == self._evening and self.apply_event(event)
            )
        parts, made = [], []
        self._tonight = [f"{number}.{n}" for n, _night in enumerate(evening.nights, 1)]
        for name, run in zip(self._tonight, evening.nights):
            self._runs[name] = run
            outcome = NightOutcome(name, run, (plans or self.storm.plans_at(number))[run.plan], number)
            self._by_name[name] = outcome
            made.append(outcome)
            parts.append((name, self._make_run(outcome), run.late))
        self.outcomes += made
        for n, restore in enumerate(evening.restores, 1):
            outcome_of_restore = RestoreOutcome(f"{number}.r{n}", restore, restore_id=f"flood-{number}-{n}")
            self._runs[outcome_of_restore.name] = restore
            self._tonight.append(outcome_of_restore.name)
            parts.append((outcome_of_restore.name, make_restore(self, outcome_of_restore), restore.late))
            self.restores.append(outcome_of_restore)
        self._tonight = self._tonight or [""]
        with self._broken_folders(evening.broken):
            if parts:
                self._run_all(parts)
        return made

    def _failing_disks(self, evening: Evening) -> list[str]:
        return [self.disks[n] for n in evening.failing if n < len(self.disks)]

    def _run_day(self, evening: Evening, begin: float) -> None:
        """Let the source take its snapshots and delete old ones, and let people act."""
        self.scheduler.sleep(max(0.0, begin - self.scheduler.monotonic()))
        for event in evening.by_day:
            self.scheduler.sleep(max(0.0, begin + event.after - self.scheduler.monotonic()))
            self.apply_event(event)
        self.scheduler.sleep(max(0.0, begin + DAY_SECONDS / 2 - 600.0 - self.scheduler.monotonic()))
        self._take_snapshots(evening)
        oldest = self.estate.clock.utc() - timedelta(days=self.storm.source_days)
        for source in [source for source in self._alive if self.taken[source][1] < oldest]:
            self._alive.remove(source)
            self.estate.forget(source, self.estate.source)
        self.history.record_changes("event")

    def _take_snapshots(self, evening: Evening) -> None:
        """Take the snapshots of a day, those of one server together."""
        of_servers: dict[str, list[str]] = {}
        for number in evening.taken:
            if number < len(self.disks):
                disk = self.disks[number]
                server = self.server_of(disk)
                hours = 1 + (len(server) if server else number) % 3
                source = self.estate.snapshot(disk, hours, **self._tags_of_source(server, evening.together))
                moment = (self.estate.clock.utc() - timedelta(hours=hours)).replace(tzinfo=timezone.utc, microsecond=0)
                self.taken[source] = disk, moment
                self._alive.append(source)
                of_servers.setdefault(server, []).append(source)
        if evening.together and self.storm.cloud in ("ecs", "cbs"):
            for server, sources in of_servers.items():
                self._group_snapshots(sources, server, evening.together)

    def _tags_of_source(self, server: str, together: str) -> dict[str, str]:
        tags = {"env": "prod"} if CLOUDS[self.storm.cloud].snapshots_have_tags else {}
        if server and together in ("crash", "wrong") and self.storm.cloud == "ebs":
            tags["night"] = f"night-{self._evening}" + (f"-{server}" if together == "crash" else "")
        return tags

    def _group_snapshots(self, sources: list[str], server: str, together: str) -> None:
        """Make a group of snapshots in the source region; a wrong one has a member that is in another group too."""
        kind = "NORMAL" if together == "weak" else "CONSISTENCY"
        for members in (sources, sources[:1]) if together == "wrong" else (sources,):
            if server:
                group = SnapshotGroup(new_id("ssg-"), self.estate.source, list(members), server, kind=kind)
                self.estate.server.account.add(group)

    @property
    def alive(self) -> list[str]:
        """The snapshots that exist in the source region."""
        return self._alive

    def newest_source(self, disk: str) -> str:
        """Return the newest existing snapshot of a disk, or an empty string."""
        own = [source for source in self._alive if self.taken[source][0] == disk]
        return max(own, key=lambda source: (self.taken[source][1], source), default="")

    def variables(self, plan: Plan) -> dict[str, Any]:
        named = self._named(plan)
        by_tag = {"disk_tags": {self.tag_of(self._number(plan)): "true"}}
        selection = {"disk_ids": named, "disk_tags": {}} if named else by_tag
        return {
            "cloud": self.storm.cloud,
            "source_region": self.estate.source,
            "destination_regions": [self.regions[n] for n in plan.destinations],
            "plan": plan.name,
            "allow_empty": True,
            "former_plans": [plan.former] if plan.former else [],
            **({"encrypted": True, "kms_key_id": self.key} if self.storm.keys else {}),
            "wait_delay": max(1, int(self.storm.copy_seconds / 10)),
            "report_dir": str(self.folder / "reports"),
            "metrics_dir": str(self.folder / "metrics"),
            "connection": {**self.estate.connection(), **self.estate.quick_reads},
            **selection,
            **plan.options,
        }

    def call(self, check: bool) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
        """Return a function that runs a module by its full name."""

        def call(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
            return run_in_turn(self._modules[module.rpartition(".")[2]], arguments, check)

        return call

    def _make_run(self, outcome: NightOutcome) -> Callable[[], None]:
        run, plan = outcome.run, outcome.plan

        def work() -> None:
            clock = self._clock()
            outcome.began_at = clock.utc()
            self._record_selection(outcome)
            outcome.left_out = [disk for disk in self.disks if self.tags_of_disk(disk).get(EXCLUDE) == "true"]
            outcome.page_before = self.files_of(plan, run).get("html", "")
            before = (replace(run, reads_only=reads) for reads in (False, True))
            outcome.json_before = tuple(self.files_of(plan, one).get("json", "{}") for one in before)
            setting = PlanContext(host=plan.name, check_mode=run.check, reads_only=run.reads_only, ansible="none")
            with self.record_run(outcome):
                given = {**self.variables(plan), "shard": run.shard}
                call = self._record_listings(outcome, self.call(run.check))
                night = PlanRun(given, setting, call=call, clock=clock.utc, say=lambda line: None)
                outcome.finished = night.run()
            outcome.ended_at = clock.utc()
            outcome.files = self.files_of(plan, run)

        return work

    def _record_listings(
        self, outcome: NightOutcome, call: Callable[[str, dict[str, Any]], dict[str, Any]]
    ) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
        def run_module(module: str, arguments: dict[str, Any]) -> dict[str, Any]:
            began = self.scheduler.monotonic()
            answer = call(module, arguments)
            if module.endswith("_info") and not answer.get("failed"):
                outcome.listed[arguments["region"]] = began
            return answer

        return run_module

    def _record_selection(self, outcome: NightOutcome) -> None:
        """Record the disks that a night selects. The disks of one group are in the part of the first of them."""
        outcome.selected_in_all, excluded = self.selected(outcome.plan)
        disks = sorted([*outcome.selected_in_all, *excluded])
        groups = {disk: self.group_of(disk, "group_tag" in outcome.plan.options) for disk in disks}
        first: dict[str, str] = {}
        for disk in disks:
            first.setdefault(groups[disk] or disk, disk)
        part = {disk for disk in disks if is_in_shard(first[groups[disk] or disk], outcome.run.shard)}
        outcome.selected = [disk for disk in outcome.selected_in_all if disk in part]
        outcome.excluded = [disk for disk in excluded if disk in part]
        for disk in outcome.selected:
            if groups[disk]:
                outcome.groups.setdefault(groups[disk], []).append(disk)

    def files_of(self, plan: Plan, run: PlannedNight) -> dict[str, str]:
        """Return the current contents of the files of a plan, or of a part of it, by their endings."""
        name = file_name(plan.name, run.shard)
        start = f"{name}{'.status' if run.reads_only else ''}"
        paths = {end: self.folder / "reports" / f"{start}.{end}" for end in ("html", "json", "junit.xml")}
        paths["prom"] = self.folder / "metrics" / f"dr_copy_{name}.prom"
        return {end: path.read_text() for end, path in paths.items() if path.is_file()}

    # -- files -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _broken_folders(self, names: tuple[str, ...]) -> Iterator[None]:
        """Put a file in the place of a folder for a while, as if a mount were gone; and let single files fail."""
        for name in names:
            folder = self.folder / name
            if folder.exists():
                folder.rename(self.folder / f"{name}.away")
            folder.write_text("not mounted")
        try:
            with (
                mock.patch.object(report_files, "write_atomically", self._fail_writes(report_files.write_atomically)),
                mock.patch.object(metrics, "write", self._fail_writes(metrics.write)),
            ):
                yield
        finally:
            for name in names:
                (self.folder / name).unlink()
                if (away := self.folder / f"{name}.away").exists():
                    away.rename(self.folder / name)

    def _fail_writes(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def written(path: Any, content: Any) -> Any:
            name = self.scheduler.run
            self._files_of[name] += 1
            kind = dict(self._runs[name].files).get(self._files_of[name])
            if kind == "full":
                self._by_name[name].full.append(str(path))
                raise OSError(28, "No space left on device")
            if kind == "kill_before":
                self._kill(name)
            answer = write(path, content)
            if kind == "kill_after":
                self._kill(name)
            return answer

        return written

    def clear_up(self) -> tuple[list[NightOutcome], list[NightOutcome]]:
        """End all faults. Then run a night of each plan that copies everything, and another with nothing left to do."""
        self.history.lags = (0.0,)
        self.estate.settings(latencies=[0.0, 0.0], quota=1000)
        if self.storm.tags_late:
            self.estate.settings(tags_visible_after=0.0)
        if self.storm.keys:
            self.set_key("")
        # One copy at a time could take longer than any timeout.
        waits = {"wait": True, "wait_timeout": 10800, "max_in_flight": 20}
        plans_now = self.storm.plans_at(len(self.storm.evenings) + 1)
        plans = [replace(plan, options={**plan.options, **waits}) for plan in plans_now]
        parts = [(n, shard) for n in range(len(plans)) for shard in self._parts_of(n)]
        nights = tuple(
            PlannedNight(n, late=4000.0 * place, shard=shard) for place, (n, shard) in enumerate((*parts, *parts))
        )
        ended = self.run_evening(Evening(tuple(range(len(self.disks))), nights, restores=self._last_restores()), plans)
        return ended[: len(parts)], ended[len(parts) :]

    def _parts_of(self, plan: int) -> list[str]:
        """Return the parts in which a plan ran last."""
        nights = [night for evening in self.storm.evenings for night in evening.nights if night.plan == plan]
        return ["1/2", "2/2"] if nights and nights[-1].shard else [""]

    def _last_restores(self) -> tuple[PlannedRestore, ...]:
        """Return a restore and a drill without faults if the storm has any; the drill comes last."""
        if not any(evening.restores for evening in self.storm.evenings):
            return ()
        return PlannedRestore(late=90000.0), PlannedRestore(late=95000.0, is_drill=True, options={"count": 20})
