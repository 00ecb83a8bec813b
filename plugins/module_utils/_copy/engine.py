# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out a plan. Together with housekeeping.py the only code that writes to a cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._clouds.base import SnapshotCloud
from .decision import Policy, failure_of
from .endings import lateness, lost
from .errors import CopyError, Credentials, DiskBusy, Retry
from .housekeeping import Housekeeping
from .job import Destination, Job, Phase
from .model import Action, Snapshot, State
from .plan import Plan
from .waiting import Deadline


class Engine:
    """Does what a plan decides, until all is done or the deadline has come.

    One run is a single thread that fills each destination's window and looks at what is under way.
    """

    def __init__(self, cloud: SnapshotCloud, plan: Plan, policy: Policy, deadline: Deadline):
        self.cloud = cloud
        self._policy = policy
        self._deadline = deadline
        self._housekeeping = Housekeeping(cloud, deadline)
        #: What becomes of each decision, in their order.
        self.jobs = [Job(decision, copy=decision.copy, error=decision.error) for decision in plan.decisions]
        self._destinations: dict[str, Destination] = {}
        for job in self.jobs:
            region = job.decision.request.region
            if region not in self._destinations:
                self._destinations[region] = Destination(
                    region, policy.max_in_flight, plan.in_flight.get(region, frozenset())
                )
            self._destinations[region].jobs.append(job)

    def run(self) -> None:
        """Carry the plan out. Never raises a CopyError."""
        self._enter()
        self._housekeeping.align_tags(self.jobs)
        self._housekeeping.delete_at_once(self.jobs)
        while True:
            self._fill()
            unsettled = [d for d in self._destinations.values() if d.unsettled(self._policy.wait)]
            if not unsettled or self._deadline.passed:
                break
            now = self._deadline.now()
            due = {d.region: d.next_look(self._policy.wait_delay, self._policy.wait) for d in unsettled}
            self._deadline.sleep(min(due.values()) - now)
            now = self._deadline.now()
            for destination in unsettled:
                if due[destination.region] <= now or self._deadline.passed:
                    self._look(destination)
        self._tell_what_is_late()

    def _enter(self) -> None:
        """Put each job into the phase in which its decision finds it."""
        now = self._deadline.now()
        for destination in self._destinations.values():
            destination.last_look = now
            for job in destination.jobs:
                decision = job.decision
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
        for job in sorted(waiting, key=lambda job: str(job.order.source.created_at)):
            region = job.decision.request.region
            if job.phase is not Phase.WAITING or region in full:
                continue
            if self._may_begin(job):
                self._begin(self._batch(job))
            elif not self._destinations[region].has_room(self._deadline.now()):
                full.add(region)

    def _may_begin(self, job: Job) -> bool:
        destination = self._destinations[job.decision.request.region]
        if self._deadline.passed or not destination.has_room(self._deadline.now()):
            return False
        return not (self.cloud.one_copy_per_disk and job.disk in self._busy_disks(destination))

    def _busy_disks(self, destination: Destination) -> set[str | None]:
        under_way = {job.disk for job in destination.in_phase(Phase.IN_FLIGHT, Phase.IN_DOUBT)}
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

    def _begin(self, batch: list[Job]) -> None:
        try:
            answers: Sequence[Snapshot | CopyError] = self.cloud.begin([job.order for job in batch])
        except CopyError as error:
            answers = [error] * len(batch)
        for job, answer in zip(batch, answers):
            destination = self._destinations[job.decision.request.region]
            if isinstance(answer, CopyError):
                self._not_begun(job, destination, answer)
            else:
                destination.window.accepted()
                self._begun(job, answer)

    def _begun(self, job: Job, copy: Snapshot) -> None:
        job.begun(copy, self._deadline.now())
        self._housekeeping.remove(job, job.decision.failed)
        if job.phase is Phase.DONE:
            self._completed(job)

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
            else:
                destination.refused(error, now)
        else:
            job.failed(error)

    # -- looking at what is under way --------------------------------------------------------------

    def _look(self, destination: Destination) -> None:
        """Refresh, in one read each, the copies in flight and those in doubt."""
        in_flight = destination.in_phase(Phase.IN_FLIGHT)
        in_doubt = destination.in_phase(Phase.IN_DOUBT)
        now = self._deadline.now()  # before the read, since a slow answer shows what was there when it was asked for
        count_others = bool(destination.others and destination.in_phase(Phase.WAITING))
        try:
            if in_flight:
                ids = [job.copy.snapshot_id for job in in_flight if job.copy]
                shown = self.cloud.refresh(destination.region, ids)
                for job in in_flight:
                    self._refreshed(job, shown.get(job.copy.snapshot_id) if job.copy else None, now)
            if in_doubt or count_others:
                ids = [job.decision.request.snapshot_id for job in in_doubt]
                listed = self.cloud.list_copies(destination.region, None if count_others else ids)
                self._sought(destination, in_doubt, listed, count_others, now)
        except CopyError as error:
            self._not_shown(destination, error)
        else:
            destination.trouble.reset()
            destination.window.looked()
            destination.busy_disks.clear()
        destination.last_look = self._deadline.now()

    def _refreshed(self, job: Job, copy: Snapshot | None, now: float) -> None:
        gone = not job.seen(copy, now)
        if gone and job.decision.unfinished:
            self._next_deletion(job)
        elif gone and job.copy:
            job.copy = replace(job.copy, state=State.ABSENT)
            job.failed(lost(job.decision.request, job.copy))
        elif job.phase is Phase.DONE and job.copy:
            if job.decision.unfinished:
                self._housekeeping.remove(job, [job.copy])
                self._next_deletion(job)
            elif job.copy.state is State.ERROR:
                job.failed(failure_of(job.copy, self.cloud.failure_hint(job.copy)))
            else:
                self._completed(job)

    def _sought(
        self, destination: Destination, in_doubt: list[Job], listed: list[Snapshot], count_others: bool, now: float
    ) -> None:
        """Adopt each copy that a lost answer belongs to; ask again where none shows up in time."""
        for job in in_doubt:
            request = job.decision.request
            found = sorted(
                (c for c in listed if request.is_asked_of(c) and c.snapshot_id not in job.decision.known and c.ours),
                key=lambda c: (str(c.created_at), c.snapshot_id),
            )
            if found:
                self._begun(job, found[0])
                self._refreshed(job, found[0], now)
            elif job.doubt_is_over(now):
                job.phase = Phase.WAITING
        if count_others:
            followed = {job.copy.snapshot_id for job in destination.jobs if job.copy}
            pending = frozenset(c.snapshot_id for c in listed if c.state is State.PENDING)
            destination.others = pending - followed

    def _not_shown(self, destination: Destination, error: CopyError) -> None:
        """A look failed. Without credentials nothing more is learned here; else look again after a pause."""
        if isinstance(error, Credentials):
            for job in destination.in_phase(Phase.WAITING, Phase.IN_DOUBT, Phase.IN_FLIGHT):
                job.failed(error)
        else:
            destination.troubled_until = self._deadline.now() + destination.trouble.pause()

    def _completed(self, job: Job) -> None:
        self._housekeeping.remove(job, job.decision.misfits)

    def _next_deletion(self, job: Job) -> None:
        """Follow the next of several unfinished copies that are to go once they are complete."""
        ids = [copy.snapshot_id for copy in job.decision.unfinished]
        following = ids.index(job.copy.snapshot_id) + 1 if job.copy else len(ids)
        job.phase = Phase.DONE
        if following < len(ids):
            job.copy, job.phase, job.shown, job.unseen_reads = (
                job.decision.unfinished[following],
                Phase.IN_FLIGHT,
                True,
                0,
            )

    def _tell_what_is_late(self) -> None:
        for job in self.jobs:
            error = lateness(job, self._policy.wait)
            if error:
                job.failed(error)
