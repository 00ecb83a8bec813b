# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine's writes beside the copy call: tags and deletions. Each may be repeated safely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._clouds.base import SnapshotCloud
from .decision import removable_at_once
from .errors import CopyError, Retry, TimedOut
from .job import Job
from .model import Snapshot
from .waiting import Deadline, persist


class Housekeeping:
    """Brings tags into line and deletes what a plan decided; what fails is noted with its job."""

    def __init__(self, cloud: SnapshotCloud, deadline: Deadline):
        self._cloud = cloud
        self._deadline = deadline

    def align_tags(self, jobs: Sequence[Job]) -> None:
        """Bring tags of existing copies into line, copies with the same change in one call."""
        alike: dict[tuple[object, ...], list[Job]] = {}
        for job in jobs:
            change = job.decision.change
            if change:
                key = (job.decision.request.region, tuple(sorted(change.set.items())), change.remove)
                alike.setdefault(key, []).append(job)
        for group in alike.values():
            self._change_tags(group)

    def _change_tags(self, jobs: Sequence[Job]) -> None:
        region, change = jobs[0].decision.request.region, jobs[0].decision.change
        ids = [job.copy.snapshot_id for job in jobs if job.copy]
        try:
            self._check_deadline()
            persist(lambda: self._cloud.change_tags(region, ids, change), self._deadline)
        except CopyError as error:
            if error.retry is Retry.NEVER and len(jobs) > 1 and not error.spreads:
                for job in jobs:  # one that is full or gone spoils the batch for the others
                    self._change_tags([job])
                return
            for job in jobs:
                job.further_errors.append((job.copy.snapshot_id if job.copy else "", error))
        else:
            for job in jobs:
                job.changed = True

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

    def _delete(self, region: str, wanted: Mapping[str, Job]) -> None:
        refused: dict[str, CopyError] = {}
        left = list(wanted)

        def attempt() -> None:
            answers = self._cloud.delete(region, left)
            again = {i: error for i, error in answers.items() if error.retry is not Retry.NEVER}
            refused.update({i: error for i, error in answers.items() if i not in again})
            left[:] = again
            if again:
                raise again[left[0]]

        try:
            self._check_deadline()
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
