# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at what is under way, and take in what shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .._clouds.base import SnapshotCloud
from .decision import failure_of
from .endings import lost
from .errors import CopyError, Credentials, Underway
from .finishing import Finishing
from .housekeeping import Housekeeping
from .job import Destination, Job, Phase
from .model import Snapshot, State
from .rivals import Rivals, preference
from .sources import named_by
from .waiting import Deadline


class Watch:
    """Follows the copies of one destination from when they are begun to their end."""

    def __init__(self, cloud: SnapshotCloud, destination: Destination, housekeeping: Housekeeping, deadline: Deadline):
        self._cloud = cloud
        self._destination = destination
        self._housekeeping = housekeeping
        self._deadline = deadline
        self.finishing = Finishing(cloud, destination, deadline)
        self._rivals = Rivals(cloud, destination, housekeeping, deadline)
        destination.list_at = lambda: self._rivals.look_at

    def answered(self, job: Job, copy: Snapshot) -> None:
        """The cloud has answered a copy call of this run."""
        job.own_id, job.last_refusal = copy.snapshot_id, None
        self._rivals.begun()
        self.begun(job, copy)

    def begun(self, job: Job, copy: Snapshot) -> None:
        """A copy has been begun, or found that a lost answer belongs to."""
        job.begun(copy, self._deadline.now())
        self.finishing.begun(job)
        self.finishing.work()
        self._housekeeping.remove(job, job.decision.failed)
        if job.phase is Phase.DONE:
            self._completed(job)

    def look(self) -> None:
        """Refresh, in one read each, the copies in flight and those in doubt."""
        destination = self._destination
        in_flight = destination.in_phase(Phase.IN_FLIGHT)
        in_doubt = destination.in_phase(Phase.IN_DOUBT)
        unchecked = [job for job in destination.jobs if job.unchecked and job.phase is not Phase.IN_FLIGHT]
        now = self._deadline.now()  # before the read, since a slow answer shows what was there when it was asked for
        are_likely = self._rivals.are_likely(now)
        list_all = (destination.waits and self._rivals.are_due(now)) or (are_likely and self._rivals.are_unseen(now))
        try:
            if in_flight or unchecked:
                ids = [job.copy.snapshot_id for job in in_flight + unchecked if job.copy]
                ids += [snapshot_id for job in in_flight for snapshot_id in job.rivals]
                shown = self._cloud.refresh(destination.region, ids)
                for job in in_flight + unchecked:
                    copy = shown.get(job.copy.snapshot_id) if job.copy else None
                    job.rivals = {i: shown[i] for i in job.rivals if i in shown and shown[i].state is not State.ERROR}
                    if job.unchecked:
                        self.finishing.check(job, copy)
                    if job.phase is Phase.IN_FLIGHT:
                        self._refreshed(job, copy, now)
                self._delete_complete([job for job in in_flight if job.phase is Phase.DONE and job.decision.unfinished])
            if in_doubt or list_all:
                ids = [job.decision.request.snapshot_id for job in in_doubt]
                listed = self._cloud.list_copies(destination.region, None if list_all else ids)
                self._sought(in_doubt, listed, now)
                if list_all:
                    self._rivals.compare(listed, self._adopt)
            elif are_likely:
                self._rivals.count(self._cloud.list_in_progress(destination.region), self._adopt)
        except CopyError as error:
            self._not_shown(error)
        else:
            destination.trouble.reset()
            destination.window.looked()
            destination.busy_disks.clear()
        destination.last_look = self._deadline.now()

    def _refreshed(self, job: Job, copy: Snapshot | None, now: float) -> None:
        if copy and job.copy and job.copy.marked_ours:
            copy = replace(copy, marked_ours=True)
        gone = not job.seen(copy, now)
        if job.decision.unfinished:
            if gone and job.copy:
                job.copy = replace(job.copy, state=State.ABSENT, provider_state="", progress=0)
                self._next_deletion(job)
        elif gone and job.copy:
            self._gone(job, job.copy, now)
        elif job.phase is Phase.DONE and job.copy:
            if job.copy.state is State.ERROR:
                job.failed(failure_of(job.copy, self._cloud.failure_hint(job.copy)))
            else:
                self._completed(job)

    def _gone(self, job: Job, copy: Snapshot, now: float) -> None:
        """A copy is gone. Where another run was making it, that may have withdrawn it for a third one's."""
        other = None if job.is_own else self._rivals.instead_of(job, copy)
        if other:
            self._adopt(job, other)
        elif job.adopted and job.decision.order:
            job.copy = None
            job.drop_finishing()
            job.doubted(Underway("The copy that another run was making is gone"), now)
        else:
            job.copy = replace(copy, state=State.ABSENT)
            job.failed(lost(job.decision.request, copy, self._cloud.loss_hint))

    def _sought(self, in_doubt: Sequence[Job], listed: Sequence[Snapshot], now: float) -> None:
        """Adopt each copy that a lost answer belongs to; ask again where none shows up in time."""
        for job in in_doubt:
            request, known = job.decision.request, job.decision.known
            new = [c for c in listed if request.is_asked_of(c) and c.snapshot_id not in known]
            if self._cloud.names_tell_sources:
                new = [named_by(job.order.name, c) for c in new]
            if not isinstance(job.last_refusal, Underway):
                new = [c for c in new if c.ours]
            found = sorted(new, key=preference)
            if found:
                job.shown = True
                self.begun(job, found[0])
            elif job.doubt_is_over(now):
                job.phase = Phase.WAITING

    def _adopt(self, job: Job, copy: Snapshot) -> None:
        """Follow what another run makes."""
        job.adopts(copy, self._deadline.now())
        if job.decision.order:
            self.finishing.begun(job)
        if job.phase is Phase.DONE:
            self._completed(job)

    def _not_shown(self, error: CopyError) -> None:
        """A look failed. Without credentials nothing more is learned here; else look again after a pause."""
        destination = self._destination
        self.finishing.not_shown(error)
        if isinstance(error, Credentials):
            for job in destination.in_phase(Phase.WAITING, Phase.IN_DOUBT, Phase.IN_FLIGHT):
                job.failed(error)
        else:
            destination.troubled_until = self._deadline.now() + destination.trouble.pause()

    def _completed(self, job: Job) -> None:
        self._housekeeping.remove(job, job.decision.misfits)
        self.finishing.completed(job)

    def _delete_complete(self, jobs: Sequence[Job]) -> None:
        """Delete copies that were to be once they are complete, in batches; what the cloud is too busy for, at a later look."""
        there = [job for job in jobs if job.copy and job.copy.state is not State.ABSENT]
        later = self._housekeeping.try_to_delete(there) if there else {}
        for job in there:
            if job in later:
                job.phase, job.last_refusal = Phase.IN_FLIGHT, later[job]
            else:
                self._next_deletion(job)

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
