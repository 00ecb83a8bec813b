# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The room for copies at one destination: which requests wait for it, and which take it."""

from __future__ import annotations

import math
from collections import Counter

from ..cloud import SnapshotCloud
from ..errors import CopyError, DiskBusy, QuotaFull, Throttled, Unreachable
from ..pacing import DISK_SECONDS, Window
from ..waiting import Deadline
from .attempt import Attempt
from .queue import Queue


class Room:
    """The requests of one destination: those that wait for room, take room, or need none.

    Times are seconds on the monotonic clock.
    """

    def __init__(self, name: str, cloud: SnapshotCloud, max_in_flight: int, deadline: Deadline):
        self.name = name
        self.window = Window(max_in_flight)
        self.attempts: list[Attempt] = []
        #: Unsettled requests that do not wait for room; and those whose copies take room.
        self.active: dict[Attempt, None] = {}
        self.in_flight: dict[Attempt, None] = {}
        self.queue = Queue(cloud.one_copy_per_disk)
        self._running: dict[str, str | None] = {}  #: Copies in progress, by ID, with the disk of their source.
        self._followed: set[str] = set()  #: Copies that requests of this run follow, or have followed.
        self._refused_disks: dict[str | None, float] = {}
        self._cloud, self._deadline = cloud, deadline
        #: When the copies in progress were last counted, and when this run started its last and its first copy since
        #: the last comparison with other runs' copies.
        self._counted_at = self._last_started = self._first_started = -math.inf
        #: Whether the cloud has accepted no copy since the last count, so that others may take the room. Without this a
        #: run would start a copy in addition to another run's
        #: (test_an_earlier_copy_of_another_run_is_adopted_and_the_own_copy_taken_back).
        self._crowded = False

    def assign(self, attempt: Attempt) -> None:
        """Sort a request by what was decided for it."""
        waits = attempt.waits_to_begin
        self._followed.update(attempt.memory.own_copies, [attempt.copy.id] if attempt.copy else ())
        for group, belongs in ((self.active, attempt.is_open and not waits), (self.in_flight, attempt.is_in_flight)):
            if belongs:
                group[attempt] = None
            else:
                group.pop(attempt, None)
        if waits:
            self.queue.add(attempt)
        else:
            self.queue.remove(attempt)

    @property
    def _others(self) -> int:
        """The number of copies in progress that no request of this run follows."""
        return len(self._running.keys() - self._followed)

    def has_room(self, now: float) -> bool:
        return self._counted_at > -math.inf and self.window.has_room(len(self.in_flight), self._others, now)

    def next_to_begin(self, now: float) -> list[Attempt]:
        """Return the requests that may start now, one for each disk if a disk allows only one copy."""
        if not self.queue or not self.has_room(now):
            return []
        busy = Counter(a.source_disk_id for a in self.in_flight)
        busy.update(disk for copy_id, disk in self._running.items() if copy_id not in self._followed)
        busy.update(disk for disk, until in self._refused_disks.items() if until > now)
        return self.queue.heads(busy)

    def record_sent(self, attempt: Attempt) -> None:
        """Record that a copy call is sent; it takes room from now on."""
        attempt.memory.record_copy_sent(self._cloud.utc())
        self.in_flight[attempt] = None

    def record_accepted(self, now: float) -> None:
        """Record that a copy was started, so that a look at other runs' copies is due shortly after."""
        self.window.record_accepted()
        self._last_started = now
        self._first_started = now if self._first_started == -math.inf else self._first_started

    def record_refusal(self, attempt: Attempt, error: CopyError, now: float) -> None:
        """Record that the cloud accepts no copy now."""
        if isinstance(error, DiskBusy) and attempt.source_disk_id and self._cloud.one_copy_per_disk:
            self._refused_disks[attempt.source_disk_id] = now + DISK_SECONDS
            self._crowded = True
            return
        self.in_flight.pop(attempt, None)
        self._crowded = self._crowded or isinstance(error, QuotaFull)
        of_source = not isinstance(error, (QuotaFull, Throttled, Unreachable)) and self.queue.defer(attempt)
        self.window.record_refusal(error, len(self.in_flight), self._others, now, of_source)
