# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The locks on copies, read only where one is to be locked or deleted, for all of a region in one listing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from ..decide.sightings import LOCK
from ..errors import CopyError
from .attempt import Attempt
from .reads import Reads


class Locks(Reads):
    """Reads locks."""

    def read(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Read the locks that these requests need, where it is time. Returns those that know more now."""
        by_region: dict[str | None, list[Attempt]] = {}
        for attempt in attempts:
            by_region.setdefault(attempt.request.region, []).append(attempt)
        self._keep(by_region)
        return [attempt for some in by_region.values() if self._taken_in(some) for attempt in some]

    def _taken_in(self, attempts: Sequence[Attempt]) -> bool:
        """Read one region; returns whether its locks are known, or cannot be."""
        region = attempts[0].request.region
        answer = self._read(region, partial(self._cloud.list_locks, region))
        if answer is None:
            return False
        for attempt in attempts:
            if isinstance(answer, CopyError):
                self._not_read(attempt, answer)
            else:
                attempt.memory.locks_read(answer)
        return True

    def _not_read(self, attempt: Attempt, error: CopyError) -> None:
        """Lock nothing while the locks are unknown: a new lock would change an existing one.

        The cloud itself refuses to delete a locked copy.
        """
        attempt.memory.locks_unread = error
        if attempt.decision.drift.needs_locks and attempt.copy:
            attempt.memory.write_refused(attempt.copy.snapshot_id, LOCK, error, self._deadline.now())
            attempt.memory.refusals[attempt.copy.snapshot_id, LOCK].until = math.inf
