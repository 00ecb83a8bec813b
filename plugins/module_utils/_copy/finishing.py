# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags and expiry of copies that are there: those of earlier runs, and where a cloud takes them only then, new ones.

Each may be repeated safely. Where the cloud is busy, other copies go on meanwhile; what is cut off the next run puts right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from .._clouds.base import SnapshotCloud
from .errors import Busy, CopyError, Refused, Retry, TimedOut
from .job import Destination, Job
from .model import Snapshot, State, TagChange
from .retention import expiry_of
from .tagging import lacking, undone
from .waiting import ATTEMPTS, ATTEMPTS_SECONDS, DOUBT_SECONDS, Backoff, Deadline


class Finishing:
    """Tags and expiry of the copies of one destination."""

    def __init__(self, cloud: SnapshotCloud, destination: Destination, deadline: Deadline):
        self._cloud = cloud
        self._destination = destination
        self._region = destination.region
        self._deadline = deadline
        self._backoff = Backoff()
        self._attempts = 0
        self._failing_since = 0.0
        self._due: list[Job] = []
        #: Why the cloud takes nothing more from this caller.
        self._shut_out: CopyError | None = None

    def entered(self, job: Job) -> None:
        """Note what was decided for a copy that was there before."""
        job.to_tag, job.to_expire = job.decision.change or None, job.decision.expiry
        self._note(job)

    def begun(self, job: Job) -> None:
        """Note what a copy lacks that was just begun, or found."""
        if not self._cloud.tags_in_copy_call and job.copy and job.copy.ours:
            missing = lacking(job.copy.tags, job.order.tags)
            job.to_tag = TagChange(missing) if missing else None
            self._note(job)

    def completed(self, job: Job) -> None:
        """Note the expiry of a copy that is complete now."""
        if self._cloud.expires_after_copying and job.copy:
            job.to_expire, job.warning = expiry_of(job.decision.request, job.copy, self._deadline.utc())
            self._note(job)

    def _note(self, job: Job) -> None:
        if (job.to_tag or job.to_expire) and job not in self._due[-1:]:
            self._due.append(job)

    def work(self) -> None:
        """Do what is due, the tags of a copy before its expiry; what the cloud cannot take now stays due."""
        while self._due and not self._deadline.passed and self._deadline.now() >= self._destination.rests_until:
            job = self._due[0]
            if self._shut_out and (job.to_tag or job.to_expire):
                job.unfinished(self._shut_out)
                job.to_tag, job.to_expire = None, None
            elif job.copy and job.to_tag:
                self._tag(self._alike(job))
            elif job.copy and job.to_expire:
                self._expire(job, job.copy, job.to_expire)
            else:
                self._due.pop(0)

    def _alike(self, job: Job) -> list[Job]:
        """Return the jobs that one call can tag: those with the same change, unless that was refused for all at once."""
        if job.alone:
            return [job]
        alike = [other for other in self._due if other.copy and other.to_tag == job.to_tag and not other.alone]
        return alike[: self._cloud.tagged_per_call]

    def _tag(self, jobs: list[Job]) -> None:
        change = jobs[0].to_tag or TagChange()
        by_id = {job.copy.snapshot_id: job for job in jobs if job.copy}
        try:
            refused = self._cloud.change_tags(self._region, list(by_id), change)
        except CopyError as error:
            if len(jobs) > 1 and error.retry is Retry.NEVER and not error.spreads:
                for job in jobs:  # one that is full or gone spoils the call for the others
                    job.alone = True
                return
            refused = dict.fromkeys(by_id, error)
        for snapshot_id, job in by_id.items():
            if snapshot_id not in refused:
                self._tagged(job, change)
        self._not_done({by_id[i]: error for i, error in refused.items() if i in by_id})

    def _tagged(self, job: Job, change: TagChange) -> None:
        self._done()
        job.to_tag, job.changed = None, True
        if job.copy:
            job.copy = replace(job.copy, tags=change.applied_to(job.copy.tags))
        if not self._cloud.tags_in_copy_call:
            job.unchecked, job.tagged_at = change, self._deadline.now()

    def _expire(self, job: Job, copy: Snapshot, moment: datetime) -> None:
        try:
            self._cloud.set_expiry(self._region, copy.snapshot_id, moment)
        except CopyError as error:
            self._not_done({job: error})
        else:
            self._done()
            job.copy, job.to_expire, job.changed = replace(copy, expires_at=moment), None, True

    def _done(self) -> None:
        self._attempts = 0
        self._backoff.reset()

    def _not_done(self, refused: Mapping[Job, CopyError]) -> None:
        """Try again later, or give up: then the copies are good all the same, and their expiry is set without tags.

        What one call was refused for counts as one attempt. Since nothing else waits for it, a bad moment is sat out.
        """
        if not self._attempts:
            self._failing_since = self._deadline.now()
        later = {job: error for job, error in refused.items() if error.retry is not Retry.NEVER}
        self._attempts += any(not isinstance(error, Busy) for error in later.values())
        gives_up = self._attempts >= ATTEMPTS and self._deadline.now() - self._failing_since >= ATTEMPTS_SECONDS
        for job, error in refused.items():
            job.last_unfinished = error
            self._shut_out = error if error.spreads else self._shut_out
            if gives_up or job not in later:
                job.unfinished(error)
                if job.to_tag:
                    job.to_tag = None
                else:
                    job.to_expire = None
        if gives_up:
            self._attempts = 0
        elif later:
            self._destination.rests_until = self._deadline.now() + self._backoff.pause()

    # -- looking whether tags show ---------------------------------------------------------------------

    def check(self, job: Job, shown: Snapshot | None) -> None:
        """Hold tags against what a read shows, since a clean answer of a tag service proves nothing (contract D.3)."""
        odd = undone(shown.tags, job.unchecked) if shown and job.unchecked else []
        if shown and not odd:
            job.unchecked = None
        elif self._deadline.now() - job.tagged_at >= DOUBT_SECONDS:
            if shown:
                told = f"The change of tags of the copy {shown.snapshot_id} in {shown.region} was accepted, but does not show"
                job.unfinished(Refused(f"{told}: {', '.join(odd)}", hint=UNSHOWN))
            job.unchecked = None

    def not_shown(self, error: CopyError) -> None:
        """A look failed, so that nobody can tell whether tags show."""
        for job in self._destination.jobs:
            if job.unchecked and (error.spreads or self._deadline.now() - job.tagged_at >= ATTEMPTS_SECONDS):
                job.unfinished(error)
                job.unchecked = None

    def late(self, job: Job) -> None:
        """Tell what the deadline has left undone."""
        copy_id = job.copy.snapshot_id if job.copy else ""
        what = "tags" if job.to_tag else "time of expiry" if job.to_expire else ""
        if what:
            why = f" ({job.last_unfinished})" if job.last_unfinished else ""
            told = (
                f"The {what} of the copy {copy_id} in {self._region} could not be set before wait_timeout was over{why}"
            )
            job.unfinished(TimedOut(told, hint="Run again: it goes on where this run stopped."))
        if job.unchecked:
            told = f"The tags of the copy {copy_id} in {self._region} were accepted, but had not shown at wait_timeout"
            job.unfinished(TimedOut(told, hint=UNSHOWN))
        waiting = job.copy and job.copy.ours and job.copy.state is State.PENDING and not job.error
        if waiting and self._cloud.expires_after_copying and job.decision.request.retention_days:
            job.warning = (
                f"{self._region}: copies are still in progress, and retention_days can only be set on complete ones; "
                "the next run sets it"
            )


UNSHOWN = (
    "The copy itself is good. Run again to tag it; if this comes back, look at the tags in the console and at the caller's "
    "permission for the tag service."
)
