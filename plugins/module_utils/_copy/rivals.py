# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two runs at once: find what another run makes too, and let one of both take its own copy back.

No lock exists that both would see. So every run ranks the copies of a source alike, by when they were begun and then by
their IDs, and the one that has begun a later copy withdraws it, where the cloud can cancel one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .._clouds.base import SnapshotCloud
from .errors import CopyError
from .housekeeping import Housekeeping
from .job import Destination, Job, Phase
from .model import Snapshot, State
from .sources import named_by
from .waiting import Deadline

#: So long (seconds) after the last copy was begun a destination is listed once: by then reads mostly show it.
LOOK_AFTER = 3.0
#: While copies are begun all the time, it is listed so often (seconds) at the least.
LOOK_EVERY = 15.0


class Rivals:
    """Looks after what other runs do at one destination. Times are seconds on the monotonic clock."""

    def __init__(self, cloud: SnapshotCloud, destination: Destination, housekeeping: Housekeeping, deadline: Deadline):
        self._cloud = cloud
        self._withdraws = destination.waits and cloud.cancels_by_deletion
        self._destination = destination
        self._housekeeping = housekeeping
        self._deadline = deadline
        self._first_begun: float | None = None
        self._last_begun = 0.0
        self._listed = self._counted = deadline.now()

    def begun(self) -> None:
        """Note that this run has begun a copy, so that a listing is worth its price a little later."""
        self._last_begun = self._deadline.now()
        if self._first_begun is None:
            self._first_begun = self._last_begun

    @property
    def look_at(self) -> float | None:
        """When to list the destination, or None where this run has nothing under way that nobody has compared."""
        if self._first_begun is None or not any(job.is_own for job in self._destination.in_phase(Phase.IN_FLIGHT)):
            return None
        return min(self._last_begun + LOOK_AFTER, self._first_begun + LOOK_EVERY)

    def are_due(self, now: float) -> bool:
        return self.look_at is not None and self.look_at <= now

    def are_likely(self, now: float) -> bool:
        """Whether this run waits for room, and others may meanwhile have made what it waits for.

        At once where others are seen to copy to this region; else a count is good for a while.
        """
        destination = self._destination
        stale = now - self._counted >= LOOK_AFTER
        return bool(destination.in_phase(Phase.WAITING) and (destination.others or destination.crowded or stale))

    def are_unseen(self, now: float) -> bool:
        """Whether those in progress are not enough to know what others have made: some may have ended between two looks."""
        return not self._cloud.lists_in_progress or now - self._listed >= LOOK_EVERY

    def count(self, listed: Sequence[Snapshot], adopt: Callable[[Job, Snapshot], None]) -> dict[str, list[Snapshot]]:
        """Take in what is in progress: what others make of the sources that wait is followed, the rest counts as theirs.

        Returns what is listed by source.
        """
        self._counted = self._deadline.now()
        by_source = _by_source(listed)
        for job in self._destination.in_phase(Phase.WAITING):
            there = self._fitting(job, by_source, job.decision.known)
            if there:
                adopt(job, min(there, key=preference))
        followed = {job.copy.snapshot_id for job in self._destination.jobs if job.copy}
        pending = frozenset(copy.snapshot_id for copy in listed if copy.state is State.PENDING)
        self._destination.others, self._destination.crowded = pending - followed, False
        return by_source

    def compare(self, listed: Sequence[Snapshot], adopt: Callable[[Job, Snapshot], None]) -> None:
        """Hold a listing against the copies that this run waits to begin, and those that it has begun.

        ``adopt`` makes a job follow a copy. Raises a CopyError where a state cannot be read again.
        """
        self._first_begun, self._listed = None, self._deadline.now()
        by_source = self.count(listed, adopt)
        try:
            for job in self._destination.in_phase(Phase.IN_FLIGHT):
                if job.is_own and job.copy:
                    self._weigh(job, job.copy, self._fitting(job, by_source, job.decision.known), adopt)
        except CopyError:
            self.begun()  # so that the rest is compared by another look
            raise

    def instead_of(self, job: Job, gone: Snapshot) -> Snapshot | None:
        """Find a copy to follow where one that another run was making is gone: it was withdrawn in favour of this one.

        Raises a CopyError where the destination cannot be listed.
        """
        listed = self._cloud.list_copies(self._destination.region, [job.decision.request.snapshot_id])
        there = self._fitting(job, _by_source(listed), frozenset([gone.snapshot_id]))
        return min(there, key=preference, default=None)

    def _fitting(self, job: Job, by_source: dict[str, list[Snapshot]], but: frozenset[str]) -> list[Snapshot]:
        """Return the copies that a job could follow instead of one of its own, but for some."""
        decision = job.decision
        found = [
            copy
            for copy in by_source.get(decision.request.snapshot_id, ())
            if decision.request.is_asked_of(copy)
            and decision.request.misfit(copy) is None
            and copy.snapshot_id not in but
            and copy.snapshot_id not in job.deleted
        ]
        if decision.order is None or not self._cloud.names_tell_sources:
            return found
        return [named_by(decision.order.name, copy) for copy in found]

    def _weigh(
        self, job: Job, own: Snapshot, there: Sequence[Snapshot], adopt: Callable[[Job, Snapshot], None]
    ) -> None:
        shown = next((copy for copy in there if copy.snapshot_id == own.snapshot_id), None)
        others = [copy for copy in there if copy.ours and copy.snapshot_id != own.snapshot_id]
        job.rivals = {copy.snapshot_id: copy for copy in others}
        if shown is None:
            self.begun()  # reads do not show it yet, so both cannot be ranked
            return
        first = min(others, key=rank, default=None)
        if first is None or rank(shown) < rank(first):
            return
        if not self._withdraws or job.keeps_own or self._deadline.passed:
            return
        now = self._cloud.refresh(self._destination.region, [own.snapshot_id, first.snapshot_id])
        mine, theirs = now.get(own.snapshot_id), now.get(first.snapshot_id)
        if mine is None or mine.state is not State.PENDING:
            return
        if theirs is None or theirs.state not in (State.PENDING, State.COMPLETED):
            return
        if self._housekeeping.withdraw(job, mine):
            job.rivals.pop(theirs.snapshot_id, None)
            adopt(job, theirs)
        elif not job.keeps_own:
            self.begun()  # both are read again before another attempt


def _by_source(listed: Sequence[Snapshot]) -> dict[str, list[Snapshot]]:
    found: dict[str, list[Snapshot]] = {}
    for copy in listed:
        if copy.source and copy.state in (State.PENDING, State.COMPLETED):
            found.setdefault(copy.source.snapshot_id, []).append(copy)
    return found


def preference(copy: Snapshot) -> tuple[bool, tuple[str, str]]:
    """Sort key by which one of several copies is followed: ours before others', then as runs rank them."""
    return (not copy.ours, rank(copy))


def rank(copy: Snapshot) -> tuple[str, str]:
    """Sort key by which runs decide alike whose copy stays: never by state, which changes meanwhile."""
    return (copy.created_at.isoformat() if copy.created_at else "9999", copy.snapshot_id)
