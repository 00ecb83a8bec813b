# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of copies that did not come to a good end in this run."""

from __future__ import annotations

from .errors import Ambiguous, CopyError, FailedCopy, TimedOut, Underway
from .job import Job, Phase
from .model import CopyRequest, Snapshot


def lost(request: CopyRequest, copy: Snapshot, hint: str) -> FailedCopy:
    """Return the failure of a copy that the cloud had accepted and shows no longer."""
    return FailedCopy(
        f"The copy {copy.snapshot_id} of {request.snapshot_id} is no longer shown in {request.region}: "
        "it was deleted, or it failed and the cloud removed it",
        hint=hint,
    )


def lateness(job: Job, wait: bool) -> CopyError | None:
    """Return the failure of a job that the deadline has overtaken, or None where it is done."""
    request, copy = job.decision.request, job.copy
    if job.phase is Phase.WAITING and job.last_refusal:
        refusal = job.last_refusal
        return refusal.as_kind(
            type(refusal),
            f"{refusal} (asked again until wait_timeout was over)",
            refusal.hint or "Run again: it goes on where this run stopped. Or raise wait_timeout.",
        )
    if job.phase is Phase.WAITING:
        return TimedOut(
            f"The copy of {request.snapshot_id} to {request.region} could not be begun before wait_timeout was over",
            hint="Run again: it goes on where this run stopped. Or raise wait_timeout or max_in_flight.",
        )
    if job.phase is Phase.IN_DOUBT and isinstance(job.last_refusal, Underway):
        return job.last_refusal.as_kind(
            Underway,
            f"{job.last_refusal} (somebody is making this copy, but the cloud has not shown it before wait_timeout was over)",
            "Run again: the copy is adopted once the cloud shows it.",
        )
    if job.phase is Phase.IN_DOUBT and job.last_refusal:
        return job.last_refusal.as_kind(
            Ambiguous,
            f"The answer to the copy call for {request.snapshot_id} to {request.region} was lost ({job.last_refusal}), "
            "and no copy has shown up yet",
            "Run again: a copy that has been made is found then, and none is made twice.",
        )
    if job.phase is Phase.IN_FLIGHT and wait and copy and job.decision.unfinished:
        why = f": {job.last_refusal}" if job.last_refusal else ""
        return TimedOut(
            f"The copy {copy.snapshot_id} of {request.snapshot_id} in {request.region} could not be deleted before "
            f"wait_timeout was over; it is {copy.provider_state} ({copy.progress} %){why}",
            hint="Run again to delete it once it is complete. Or raise wait_timeout.",
        )
    if job.phase is Phase.IN_FLIGHT and wait and copy:
        return TimedOut(
            f"The copy {copy.snapshot_id} of {request.snapshot_id} in {request.region} is still {copy.provider_state} "
            f"({copy.progress} %) after wait_timeout; it goes on in the cloud",
            hint="Run again: the copy is adopted, not made anew. Or raise wait_timeout.",
        )
    return None
