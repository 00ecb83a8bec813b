# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the locks of a region with one listing, only if a copy is to be locked or deleted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

from ..cloud import SnapshotCloud
from ..decide.locking import LockUnread
from ..decide.sightings import counts_from
from ..decide.writes import WriteKind
from ..errors import CopyError
from ..grouping import grouped
from ..locks import Lock
from ..pacing import LONG_LOOK
from .attempt import Attempt
from .reads import Reads


class LockReads(Reads):
    """Reads locks. A recent listing is used for the next copies too."""

    def __init__(self, cloud: SnapshotCloud):
        super().__init__(cloud)
        #: The locks of a region, and when they were last read.
        self._last: dict[str, tuple[Mapping[str, Lock], float]] = {}
        #: The region whose locks took long to read, until they are used: it comes first, and no other is read. This is
        #: only for fairness (test_copies_are_locked_even_if_locks_are_slow_to_list).
        self._priority_region: str | None = None

    def take_priority_region(self) -> str | None:
        """Return the region that comes first in this pass, if there is one; it comes first only once."""
        region, self._priority_region = self._priority_region, None
        return region

    def read(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Read the locks that these requests need in one region, if it is time. Returns the requests with new facts.

        This reads one region at a time, in order, but first those whose copies were just looked at. After a pass over
        many regions, the first locks would be stale.
        """
        now = self._deadline.now()
        by_region = grouped(attempts, lambda attempt: attempt.request.region)
        self._forget_others(by_region)
        regions = sorted(
            by_region.values(), key=lambda requests: now - max(a.memory.looked_at for a in requests) > LONG_LOOK
        )
        return next((requests for requests in regions if self._read_region(requests)), [])

    def _read_region(self, attempts: Sequence[Attempt]) -> bool:
        """Read one region; returns whether its locks are known, or cannot be."""
        region, now = attempts[0].request.region, self._deadline.now()
        found, at = self._last.get(region, ({}, -math.inf))
        # After a refusal, somebody may have locked a copy.
        if now - at > LONG_LOOK or at <= max(
            a.memory.writes.last_failed(WriteKind.LOCK, WriteKind.DELETE) for a in attempts
        ):
            answer = self._read(region, partial(self._cloud.list_locks, region))
            if answer is None:
                return False
            if isinstance(answer, CopyError):
                for attempt in attempts:
                    self._record_failed_read(attempt, answer)
                return True
            self._last[region] = found, at = answer, counts_from(now, self._deadline.now())
            self._priority_region = region if self._deadline.now() - now >= LONG_LOOK else None
        for attempt in attempts:
            attempt.memory.record_locks(found, at)
        return True

    def _record_failed_read(self, attempt: Attempt, error: CopyError) -> None:
        """Lock nothing while the locks are unknown: a new lock would change an existing one.

        The cloud itself refuses to delete a locked copy.
        """
        to_lock = attempt.copy if isinstance(attempt.decision.drift.lock, LockUnread) else None
        attempt.memory.record_unread_locks(error, to_lock.id if to_lock else None, self._deadline.now())
