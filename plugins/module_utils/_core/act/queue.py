# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that wait for room at one destination."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from ..grouping import grouped
from ..model import CopyOrder
from .attempt import Attempt

#: The most requests that count as starting soon.
MAX_NEXT = 200


class Queue:
    """The requests of one destination that wait for room.

    They start in the requested order, in rounds over all disks, so that many requests of one disk do not block others.
    For each disk older sources come first, because its next copy is then incremental. If a disk allows only one
    copy at a time, each disk has its own queue.
    """

    def __init__(self, by_disk: bool):
        self._by_disk = by_disk
        self._lines: dict[str, dict[Attempt, None]] = {}
        self._unsorted: set[str] = set()
        #: How often a request was moved to the end.
        self._deferred: Counter[Attempt] = Counter()

    def __bool__(self) -> bool:
        return bool(self._lines)

    def __iter__(self) -> Iterator[Attempt]:
        return (attempt for line in self._lines.values() for attempt in line)

    def add(self, attempt: Attempt) -> None:
        disk = self._line_of(attempt)
        line = self._lines.setdefault(disk, {})
        if attempt not in line:
            line[attempt] = None
            self._unsorted.add(disk)

    def defer(self, attempt: Attempt) -> bool:
        """Move a request to the end, because it may stay busy and must not block others.

        Returns whether it was not deferred before.
        """
        self._deferred[attempt] += 1
        disk = self._line_of(attempt)
        self._unsorted.add(disk)
        if disk in self._lines:
            self._lines[disk] = self._lines.pop(disk)
        return self._deferred[attempt] == 1

    def remove(self, attempt: Attempt) -> None:
        disk = self._line_of(attempt)
        line = self._lines.get(disk, {})
        line.pop(attempt, None)
        if not line:
            self._lines.pop(disk, None)

    def heads(self, busy: Counter[str | None]) -> list[Attempt]:
        """Return the first request of each queue whose disk is not busy, and the first requests without a disk.

        Deferred requests come last. ``busy`` counts the copies in progress of each disk.
        """
        for disk in self._unsorted & self._lines.keys():
            self._lines[disk] = dict.fromkeys(_in_order(self._lines[disk], self._deferred, busy))
        self._unsorted.clear()
        free = (next(iter(line)) for disk, line in self._lines.items() if disk and disk not in busy)
        first = [*islice(self._lines.get("", ()), MAX_NEXT), *islice(free, MAX_NEXT)]
        return sorted(first, key=lambda attempt: self._deferred[attempt])

    def _line_of(self, attempt: Attempt) -> str:
        if not (self._by_disk and isinstance(attempt.desired.order, CopyOrder)):
            return ""
        return attempt.source_disk_id or ""


def _in_order(
    line: Iterable[Attempt], deferred: Mapping[Attempt, int], busy: Mapping[str | None, int]
) -> list[Attempt]:
    """Sort requests by rounds.

    The requests of a disk share their positions, older sources first; deferred requests come last. Each copy in
    progress counts as a past round of its disk.
    """
    asked = sorted(line, key=lambda attempt: (deferred.get(attempt, 0), attempt.position))
    oldest_first = sorted(asked, key=lambda a: (deferred.get(a, 0), str(a.order.source.created_at)))
    turns = {disk: iter(line) for disk, line in grouped(oldest_first, lambda attempt: attempt.source_disk_id).items()}
    rounds = Counter(busy)
    placed: list[tuple[Attempt, int]] = []
    for disk in [attempt.source_disk_id for attempt in asked]:
        placed.append((next(turns[disk]), rounds[disk] if disk else 0))
        rounds[disk] += 1
    placed.sort(key=lambda place: (deferred.get(place[0], 0), place[1]))
    return [attempt for attempt, _round in placed]
