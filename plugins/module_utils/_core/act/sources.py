# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the needed source snapshots, in one batch per region. Each is read until it shows or is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

from ..cloud import SnapshotCloud
from ..decide.desired import SourceRead
from ..decide.orders import order_of
from ..decide.sightings import Absence
from ..errors import CopyError
from ..grouping import grouped
from ..model import Snapshot
from ..pacing import ABSENT_SECONDS
from .attempt import Attempt
from .reads import Reads


class Sources(Reads):
    """Reads sources, and makes orders from them."""

    def __init__(self, cloud: SnapshotCloud):
        super().__init__(cloud)
        #: The sources that were read, by region and ID.
        self._found: dict[tuple[str | None, str], Snapshot | CopyError | None] = {}
        #: The sources that are still to be read, by region.
        self._awaited: dict[str | None, list[tuple[str | None, str]]] = {}
        #: Sources that reads have not shown so far.
        self._absent: dict[tuple[str | None, str], Absence] = {}
        self.warnings: list[str] = []

    def read(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Read the sources of these requests, if it is time. Returns those whose source is known now."""
        by_source = {(a.request.source_region, a.request.snapshot_id): a for a in attempts}
        needed = grouped(by_source, lambda source: source[0])
        self._forget_others(needed)
        self._absent = {
            source: self._absent.get(source) or Absence(seconds=self._seconds_to_show(attempt))
            for source, attempt in by_source.items()
        }
        for region, sources in needed.items():
            now = self._deadline.now()
            ids = [source[1] for source in sources if source not in self._found and self._next_read(source) <= now]
            answer = self._read(region, partial(self._cloud.read_sources, region, ids)) if ids else None
            if answer is not None:
                self._record(region, ids, dict.fromkeys(ids, answer) if isinstance(answer, CopyError) else answer, now)
        self._awaited = {
            region: [source for source in sources if source not in self._found] for region, sources in needed.items()
        }
        known = [a for a in attempts if (a.request.source_region, a.request.snapshot_id) in self._found]
        for attempt in known:
            self._order(attempt, self._found[attempt.request.source_region, attempt.request.snapshot_id])
        return known

    def _seconds_to_show(self, attempt: Attempt) -> float:
        """Return for how long (seconds) a source may not show. Its tags are given if another account may share it."""
        is_shared = attempt.request.source_tags is not None and not attempt.desired.policy.check_mode
        return max(ABSENT_SECONDS, self._cloud.shared_source_seconds if is_shared else 0.0)

    def _next_read(self, source: tuple[str | None, str]) -> float:
        return self._absent[source].next_look

    def _record(
        self, region: str | None, ids: Sequence[str], found: Mapping[str, Snapshot | CopyError], at: float
    ) -> None:
        """Record what a read has shown. A source is missing only after several reads without it (promises: unseen)."""
        for snapshot_id in ids:
            source = region, snapshot_id
            absence = self._absent[source]
            if snapshot_id not in found:
                absence.record_miss(at)
            if snapshot_id in found or absence.is_missing:
                self._found[source] = found.get(snapshot_id)
                del self._absent[source]

    @property
    def due_at(self) -> float:
        """When (monotonic) a source may be read again: it is time for it, and for its region."""
        reads = [
            max(self._retry_at(region), min(map(self._next_read, sources)))
            for region, sources in self._awaited.items()
            if sources
        ]
        return min(reads, default=math.inf)

    def _order(self, attempt: Attempt, source: Snapshot | CopyError | None) -> None:
        desired, order = attempt.desired, None
        if attempt.copy is None:  # otherwise only the source's tags and disk are needed
            order = order_of(desired.cloud, desired.request, source, self.warnings)
        desired.record_source(SourceRead(source, order))
