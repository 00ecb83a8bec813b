# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out a plan. Together with housekeeping.py and finishing.py the only code that writes to a cloud."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from .._clouds.base import SnapshotCloud
from .decision import Policy
from .endings import lateness
from .errors import CopyError, DiskBusy, Retry
from .housekeeping import Housekeeping
from .job import Destination, Job, Phase
from .model import Action, Snapshot, State
from .plan import Plan
from .progress import Progress
from .waiting import Deadline
from .watch import Watch


class Engine:
    """Does what a plan decides, until all is done or the deadline has come.

    One run is a single thread that fills each destination's window and looks at what is under way; only copy calls
    go out several at once, where the SDK takes that.
    """

    def __init__(
        self, cloud: SnapshotCloud, plan: Plan, policy: Policy, deadline: Deadline, progress: Progress | None = None
    ):
        self.cloud = cloud
        self._policy = policy
        self._deadline = deadline
        self._progress = progress or Progress(None, deadline)
        self._housekeeping = Housekeeping(cloud, deadline)
        self._calls_at_once = 1
        #: What becomes of each decision, in their order.
        self.jobs = [Job(decision, copy=decision.copy, error=decision.error) for decision in plan.decisions]
        self._destinations: dict[str, Destination] = {}
        self._watches: dict[str, Watch] = {}
        for job in self.jobs:
            region = job.decision.request.region
            if region not in self._destinations:
                in_flight = plan.in_flight.get(region, frozenset())
                self._destinations[region] = Destination(region, policy.max_in_flight, in_flight, policy.wait)
                self._watches[region] = Watch(cloud, self._destinations[region], self._housekeeping, deadline)
            self._destinations[region].jobs.append(job)

    @property
    def warnings(self) -> list[str]:
        """What the user is to know beside the result."""
        return [job.warning for job in self.jobs if job.warning]

    def run(self) -> None:
        """Carry the plan out. Never raises a CopyError."""
        self._enter()
        self._housekeeping.delete_at_once(self.jobs)
        while True:
            self._fill()
            for watch in self._watches.values():
                watch.finishing.work()
            self._progress.tell(self.jobs)
            unsettled = [d for d in self._destinations.values() if d.unsettled()]
            if not unsettled or self._deadline.passed:
                break
            now = self._deadline.now()
            due = {d.region: d.next_look(self._policy.wait_delay) for d in unsettled}
            self._deadline.sleep(min(due.values()) - now)
            now = self._deadline.now()
            for destination in unsettled:
                if due[destination.region] <= now or self._deadline.passed:
                    self._watches[destination.region].look()
        self._tell_what_is_late()

    def _enter(self) -> None:
        """Put each job into the phase in which its decision finds it."""
        now = self._deadline.now()
        for destination in self._destinations.values():
            destination.last_look = now
            for job in destination.jobs:
                decision = job.decision
                self._watches[destination.region].finishing.entered(job)
                if decision.order is not None:
                    job.phase = Phase.WAITING
                elif decision.unfinished:
                    job.copy = decision.unfinished[0]
                    job.phase, job.since, job.shown = Phase.IN_FLIGHT, now, True
                elif job.copy and job.copy.state is State.PENDING and decision.action is not Action.DELETED:
                    job.phase, job.since, job.shown = Phase.IN_FLIGHT, now, True
            followed = {job.copy.snapshot_id for job in destination.in_phase(Phase.IN_FLIGHT) if job.copy}
            destination.others -= followed

    # -- beginning copies ------------------------------------------------------------------------

    def _fill(self) -> None:
        """Ask for copies wherever there is room; older sources first, since a disk's next copy is then incremental."""
        waiting = [job for job in self.jobs if job.phase is Phase.WAITING]
        full: set[str] = set()  # asked once a pass: counting for each of thousands that wait would take long
        asked: list[list[Job]] = []
        for job in sorted(waiting, key=lambda job: str(job.order.source.created_at)):
            region = job.decision.request.region
            if job.phase is not Phase.WAITING or region in full:
                continue
            if self._may_begin(job):
                asked.append(self._batch(job))
                for one in asked[-1]:
                    one.phase = Phase.ASKED
                if len(asked) >= self._calls_at_once:
                    self._begin(asked)
                    asked = []
            elif not self._destinations[region].has_room(self._deadline.now()):
                full.add(region)
        self._begin(asked)

    def _may_begin(self, job: Job) -> bool:
        destination = self._destinations[job.decision.request.region]
        if self._deadline.passed or not destination.has_room(self._deadline.now()):
            return False
        return not (self.cloud.one_copy_per_disk and job.disk in self._busy_disks(destination))

    def _busy_disks(self, destination: Destination) -> set[str | None]:
        under_way = {job.disk for job in destination.in_phase(Phase.IN_FLIGHT, Phase.IN_DOUBT, Phase.ASKED)}
        return (under_way | destination.busy_disks) - {None}

    def _batch(self, job: Job) -> list[Job]:
        """Return the jobs that one call can begin: the same source, name and description, other destinations."""
        if not self.cloud.many_destinations_per_call:
            return [job]
        return [
            other
            for other in self.jobs
            if other is job
            or (
                other.phase is Phase.WAITING
                and other.decision.request.snapshot_id == job.decision.request.snapshot_id
                and (other.order.name, other.order.description) == (job.order.name, job.order.description)
                and self._may_begin(other)
            )
        ]

    def _begin(self, batches: list[list[Job]]) -> None:
        """Make these copy calls, at once where the cloud's SDK allows it, and take in their answers."""
        if len(batches) > 1:
            with ThreadPoolExecutor(len(batches)) as pool:
                answers = list(pool.map(self._ask, batches))
        else:
            answers = [self._ask(batch) for batch in batches]
        # Several at once only while all is well: a first call tells whether the cloud takes any.
        all_well = not any(isinstance(answer, CopyError) for of_batch in answers for answer in of_batch)
        if batches:
            self._calls_at_once = self.cloud.calls_at_once if all_well else 1
        pairs = [pair for batch, of_batch in zip(batches, answers) for pair in zip(batch, of_batch)]
        for job, _answer in pairs:
            job.phase = Phase.WAITING
        for job, answer in sorted(pairs, key=lambda pair: isinstance(pair[1], CopyError)):
            destination = self._destinations[job.decision.request.region]
            if isinstance(answer, CopyError):
                self._not_begun(job, destination, answer)
            else:
                destination.window.accepted()
                self._watches[destination.region].answered(job, answer)
        for batch in batches:  # so that one call asks again for what one call was refused
            windows = [self._destinations[j.decision.request.region].window for j in batch if j.phase is Phase.WAITING]
            latest = max((window.opens_at for window in windows), default=0.0)
            for window in windows:
                window.opens_at = latest

    def _ask(self, batch: list[Job]) -> Sequence[Snapshot | CopyError]:
        try:
            return self.cloud.begin([job.order for job in batch])
        except CopyError as error:
            return [error] * len(batch)

    def _not_begun(self, job: Job, destination: Destination, error: CopyError) -> None:
        """Decide by the kind of the failure alone what comes next."""
        now = self._deadline.now()
        if error.spreads:
            for waiting in destination.in_phase(Phase.WAITING):
                waiting.failed(error)
        elif error.retry is Retry.LOOK_FIRST:
            job.doubted(error, now)
        elif error.retry is Retry.LATER:
            job.last_refusal = error
            if isinstance(error, DiskBusy):
                destination.busy_disks.add(job.disk)
                destination.crowded = True
            else:
                destination.refused(error, now)
        else:
            job.failed(error)

    def _tell_what_is_late(self) -> None:
        for job in self.jobs:
            self._watches[job.decision.request.region].finishing.late(job)
            error = lateness(job, self._policy.wait)
            if error:
                job.failed(error)
