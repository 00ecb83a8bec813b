# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine's deletions. Each may be repeated safely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._clouds.base import SnapshotCloud
from .._clouds.listings import batches
from .decision import removable_at_once
from .errors import Busy, CopyError, Retry, Throttled, TimedOut
from .job import Job, Phase
from .model import Snapshot
from .waiting import Deadline, persist


class Housekeeping:
    """Deletes what a plan decided; what fails is noted with its job."""

    def __init__(self, cloud: SnapshotCloud, deadline: Deadline):
        self._cloud = cloud
        self._deadline = deadline

    def delete_at_once(self, jobs: Sequence[Job]) -> None:
        """Delete what need not wait for a new copy, in batches. Where nothing else is to be done, a busy cloud is waited out."""
        wanted = {(c.region, c.snapshot_id): job for job in jobs for c in removable_at_once(job.decision)}
        is_all = all(job.phase is Phase.DONE and job.is_finished for job in jobs)
        self._delete(wanted, Busy if is_all else Throttled)

    def remove(self, job: Job, copies: Sequence[Snapshot]) -> None:
        """Delete copies that another one has replaced."""
        self._delete({(c.region, c.snapshot_id): job for c in copies if c.snapshot_id not in job.deleted})

    def try_to_delete(self, jobs: Sequence[Job]) -> dict[Job, CopyError]:
        """Delete the copies of these jobs in one region, once. Returns what may be tried again."""
        wanted = {job.copy.snapshot_id: job for job in jobs if job.copy}
        later: dict[Job, CopyError] = {}
        for ids in batches(list(wanted), self._cloud.deleted_per_call):
            try:
                refused = self._cloud.delete(jobs[0].decision.request.region, ids)
            except CopyError as error:
                refused = dict.fromkeys(ids, error)
            for snapshot_id in ids:
                why = refused.get(snapshot_id)
                if why and why.retry is not Retry.NEVER:
                    later[wanted[snapshot_id]] = why
                else:
                    _note(wanted[snapshot_id], snapshot_id, why)
        return later

    def withdraw(self, job: Job, copy: Snapshot) -> bool:
        """Cancel a copy in progress by one single call, since it may be complete by the next. Returns whether it is gone.

        A refusal for good is remembered, so that it is not asked for again.
        """
        try:
            refused = self._cloud.delete(copy.region, [copy.snapshot_id]).get(copy.snapshot_id)
        except CopyError as error:
            refused = error
        if refused is None:
            job.changed = True
            job.deleted.append(copy.snapshot_id)
        elif refused.retry is Retry.NEVER:
            job.keeps_own = True
        return refused is None

    def _delete(self, wanted: Mapping[tuple[str, str], Job], waited_out: type[CopyError] = Throttled) -> None:
        """Delete copies, told by region and ID."""
        refused: dict[tuple[str, str], CopyError] = {}
        left = list(wanted)

        def attempt() -> None:
            again: dict[tuple[str, str], CopyError] = {}
            for region in dict.fromkeys(region for region, _id in left):
                for ids in batches([i for of, i in left if of == region], self._cloud.deleted_per_call):
                    self._check_deadline()
                    answers = self._cloud.delete(region, ids)
                    for snapshot_id, error in answers.items():
                        (refused if error.retry is Retry.NEVER else again)[region, snapshot_id] = error
                    left[:] = [key for key in left if key[0] != region or key[1] not in ids or key in again]
            if again:
                raise again[left[0]]

        try:
            persist(attempt, self._deadline, waited_out)
        except CopyError as error:
            refused.update(dict.fromkeys(left, error))
        for key, job in wanted.items():
            _note(job, key[1], refused.get(key))

    def _check_deadline(self) -> None:
        if self._deadline.passed:
            raise TimedOut("Not tried, since wait_timeout was over", hint="Run again, or raise wait_timeout.")


def _note(job: Job, snapshot_id: str, error: CopyError | None) -> None:
    if error:
        job.further_errors.append((snapshot_id, error))
    else:
        job.changed = True
        job.deleted.append(snapshot_id)
