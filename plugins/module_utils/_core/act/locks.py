# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The locks on copies, read only where one is to be locked or deleted, for all of a region in one listing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..cloud import SnapshotCloud, safely
from ..decide.sightings import LOCK
from ..errors import CopyError, Retry, Unreachable
from ..waiting import ATTEMPTS, Backoff, Deadline
from .attempt import Attempt


class Locks:
    """Reads locks. A region that does not answer is asked again a few times."""

    def __init__(self, cloud: SnapshotCloud, deadline: Deadline):
        self._cloud = cloud
        self._deadline = deadline
        #: By region: pauses, when to ask again, and how often it was asked in vain.
        self._pauses: dict[str, tuple[Backoff, float, int]] = {}

    @property
    def due_at(self) -> float:
        """When (monotonic) a region that could not be read may be asked again."""
        return min((until for _backoff, until, _asked in self._pauses.values()), default=math.inf)

    def read(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Read the locks that these requests need, where it is time. Returns those that know more now."""
        by_region: dict[str, list[Attempt]] = {}
        for attempt in attempts:
            by_region.setdefault(attempt.request.region, []).append(attempt)
        self._pauses = {region: pause for region, pause in self._pauses.items() if region in by_region}
        return [a for region, some in by_region.items() if self._read(region, some) for a in some]

    def _read(self, region: str, attempts: Sequence[Attempt]) -> bool:
        backoff, until, asked = self._pauses.get(region, (Backoff(), -math.inf, 0))
        if until > self._deadline.now() or self._deadline.passed:
            return False
        self._pauses.pop(region, None)
        try:
            found = safely(Unreachable, lambda: self._cloud.list_locks(region))
        except CopyError as error:
            if error.retry is not Retry.NEVER and asked + 1 < ATTEMPTS:
                self._pauses[region] = (backoff, self._deadline.now() + backoff.next_pause(), asked + 1)
                return False
            for attempt in attempts:
                self._not_read(attempt, error)
            return True
        for attempt in attempts:
            attempt.memory.locks_read(found)
        return True

    def _not_read(self, attempt: Attempt, error: CopyError) -> None:
        """Lock nothing blindly, since another lock would change one that is there; a locked copy the cloud will not
        delete."""
        attempt.memory.locks_unread = error
        if attempt.decision.drift.needs_locks and attempt.copy:
            attempt.memory.write_refused(attempt.copy.snapshot_id, LOCK, error, self._deadline.now())
            attempt.memory.refusals[attempt.copy.snapshot_id, LOCK].until = math.inf
