# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The room for copies at one destination: what takes it, and which requests wait for it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from ..cloud import SnapshotCloud
from ..errors import CopyError, DiskBusy, QuotaFull, Throttled, Unreachable
from ..model import Resource
from ..pacing import DISK_SECONDS, Window
from .attempt import Attempt, source_disk_id_of
from .queue import Queue


class Room:
    """The copies in progress at one destination, and the requests that wait for room there.

    Times are seconds on the monotonic clock.
    """

    def __init__(self, cloud: SnapshotCloud, max_in_flight: int):
        self.window = Window(max_in_flight)
        self.queue = Queue(cloud.one_copy_per_disk)
        self.in_progress: dict[Attempt, None] = {}  #: Requests whose copies take room.
        self._running: dict[str, str | None] = {}  #: Copies in progress, by ID, with the disk of their source.
        self._followed: set[str] = set()  #: Copies that requests of this run follow, or have followed.
        self._refused_disks: dict[str | None, float] = {}  #: Disks that allow no copy now, and until when.
        self._cloud = cloud
        self._counted_at = -math.inf  #: When the copies in progress were last counted.
        #: When this run started its last copy, and its first one since the last comparison with other runs' copies.
        self.last_started = self.first_started = -math.inf
        #: Whether the cloud has accepted no copy since the last count, so that others may take the room. Without this a
        #: run would start a copy in addition to another run's
        #: (test_an_earlier_copy_of_another_run_is_adopted_and_the_own_copy_taken_back).
        self._crowded = False

    def assign(self, attempt: Attempt) -> None:
        """Sort a request by what was decided for it."""
        self._followed.update(attempt.memory.own_copies, [attempt.copy.id] if attempt.copy else ())
        if attempt.takes_room:
            self.in_progress[attempt] = None
        else:
            self.in_progress.pop(attempt, None)
        if attempt.waits_to_begin:
            self.queue.add(attempt)
        else:
            self.queue.remove(attempt)

    def record_look(self, now: float) -> None:
        """Record a successful look at the destination."""
        self._crowded = False
        self.window.record_look(now)

    def record_in_progress(self, copies: Iterable[Resource], now: float) -> None:
        """Record all copies that are in progress at the destination."""
        self._running = {copy.id: source_disk_id_of(copy) for copy in copies}
        self._counted_at = now

    def recount_at(self, pause: float) -> float:
        """When to count the copies in progress: before the first copy, and while other runs take the room."""
        if not self.queue or not (self._others or self._crowded or self._counted_at == -math.inf):
            return math.inf
        return self._counted_at + pause

    def reopens_at(self, now: float) -> list[float]:
        """Return when pauses of the destination and of its disks end."""
        return [until for until in (self.window.opens_at, *self._refused_disks.values()) if until > now]

    @property
    def _others(self) -> int:
        """The number of copies in progress that no request of this run follows."""
        return len(self._running.keys() - self._followed)

    def has_room(self, now: float) -> bool:
        return self._counted_at > -math.inf and self.window.has_room(len(self.in_progress), self._others, now)

    def next_to_begin(self, now: float) -> list[Attempt]:
        """Return the requests that may start now, one for each disk if a disk allows only one copy."""
        if not self.queue or not self.has_room(now):
            return []
        busy = Counter(a.source_disk_id for a in self.in_progress)
        busy.update(disk for copy_id, disk in self._running.items() if copy_id not in self._followed)
        busy.update(disk for disk, until in self._refused_disks.items() if until > now)
        return self.queue.heads(busy)

    def record_sent(self, attempt: Attempt) -> None:
        """Record that a copy call is sent; it takes room from now on."""
        attempt.memory.record_copy_sent(self._cloud.utc())
        self.in_progress[attempt] = None

    def record_accepted(self, now: float) -> None:
        """Record that a copy was started, so that a look at other runs' copies is due shortly after."""
        self.window.record_accepted()
        self.last_started = now
        self.first_started = now if self.first_started == -math.inf else self.first_started

    def record_comparison(self) -> None:
        """Record that a listing showed the copies of this run together with those of others."""
        self.first_started = -math.inf

    def record_refusal(self, attempt: Attempt, error: CopyError, now: float) -> None:
        """Record that the cloud accepts no copy now."""
        if isinstance(error, DiskBusy) and attempt.source_disk_id and self._cloud.one_copy_per_disk:
            self._refused_disks[attempt.source_disk_id] = now + DISK_SECONDS
            self._crowded = True
            return
        self.in_progress.pop(attempt, None)
        self._crowded = self._crowded or isinstance(error, QuotaFull)
        of_source = not isinstance(error, (QuotaFull, Throttled, Unreachable)) and self.queue.defer(attempt)
        self.window.record_refusal(error, len(self.in_progress), self._others, now, of_source)
