# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine's deletions. Each may be repeated safely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._clouds.base import SnapshotCloud
from .._clouds.listings import batches
from .decision import removable_at_once
from .errors import CopyError, Retry, TimedOut
from .job import Job
from .model import Snapshot
from .waiting import Deadline, persist


class Housekeeping:
    """Deletes what a plan decided; what fails is noted with its job."""

    def __init__(self, cloud: SnapshotCloud, deadline: Deadline):
        self._cloud = cloud
        self._deadline = deadline

    def delete_at_once(self, jobs: Sequence[Job]) -> None:
        """Delete what need not wait for a new copy, a region's copies in one batch."""
        wanted: dict[str, dict[str, Job]] = {}
        for job in jobs:
            for copy in removable_at_once(job.decision):
                wanted.setdefault(job.decision.request.region, {})[copy.snapshot_id] = job
        for region, copies in wanted.items():
            self._delete(region, copies)

    def remove(self, job: Job, copies: Sequence[Snapshot]) -> None:
        """Delete copies that another one has replaced."""
        wanted = {copy.snapshot_id: job for copy in copies if copy.snapshot_id not in job.deleted}
        if wanted:
            self._delete(job.decision.request.region, wanted)

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

    def _delete(self, region: str, wanted: Mapping[str, Job]) -> None:
        refused: dict[str, CopyError] = {}
        left = list(wanted)

        def attempt() -> None:
            again: dict[str, CopyError] = {}
            for ids in batches(list(left), self._cloud.deleted_per_call):
                self._check_deadline()
                answers = self._cloud.delete(region, ids)
                again.update({i: error for i, error in answers.items() if error.retry is not Retry.NEVER})
                refused.update({i: error for i, error in answers.items() if i not in again})
                left[:] = [i for i in left if i not in ids or i in again]
            if again:
                raise again[left[0]]

        try:
            persist(attempt, self._deadline)
        except CopyError as error:
            refused.update(dict.fromkeys(left, error))
        for snapshot_id, job in wanted.items():
            if snapshot_id in refused:
                job.further_errors.append((snapshot_id, refused[snapshot_id]))
            else:
                job.changed = True
                job.deleted.append(snapshot_id)

    def _check_deadline(self) -> None:
        if self._deadline.passed:
            raise TimedOut("Not tried, since wait_timeout was over", hint="Run again, or raise wait_timeout.")
