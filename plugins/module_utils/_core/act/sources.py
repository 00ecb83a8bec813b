# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source snapshots that are needed, each read once, in one batch a region."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..cloud import SnapshotCloud, safely
from ..decide.orders import order_of
from ..errors import CopyError, Retry, Throttled, Unreachable
from ..model import CopyOrder, Snapshot
from ..waiting import ATTEMPTS, ATTEMPTS_SECONDS, Backoff, Deadline
from .attempt import Attempt


class Sources:
    """Reads sources, and makes orders of them. A region that throttles is asked again until the deadline."""

    def __init__(self, cloud: SnapshotCloud, deadline: Deadline):
        self._cloud = cloud
        self._deadline = deadline
        self._found: dict[tuple[str | None, str], Snapshot | CopyError | None] = {}
        #: By region: pauses, when to ask again, failures in a row and since when.
        self._pauses: dict[str | None, tuple[Backoff, float, int, float]] = {}
        #: Why a region could not be read when it was last asked.
        self.unread: dict[str | None, CopyError] = {}
        self.warnings: list[str] = []

    @property
    def due_at(self) -> float:
        """When (monotonic) a region that could not be read may be asked again."""
        return min((until for _backoff, until, _failures, _since in self._pauses.values()), default=math.inf)

    def read(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Read the sources of these requests, where it is time. Returns those whose source is known now."""
        needed = dict.fromkeys(a.request.source_region for a in attempts)
        self._pauses = {region: pause for region, pause in self._pauses.items() if region in needed}
        for region in needed:
            ids = dict.fromkeys(a.request.snapshot_id for a in attempts if a.request.source_region == region)
            ids = {i: None for i in ids if (region, i) not in self._found}
            if ids and not self._deadline.passed:
                self._read(region, list(ids))
        known = [a for a in attempts if (a.request.source_region, a.request.snapshot_id) in self._found]
        for attempt in known:
            self._order(attempt, self._found[attempt.request.source_region, attempt.request.snapshot_id])
        return known

    def _read(self, region: str | None, ids: list[str]) -> None:
        now = self._deadline.now()
        backoff, until, failures, since = self._pauses.get(region, (Backoff(), -math.inf, 0, now))
        if until > now:
            return
        self._pauses.pop(region, None)
        try:
            found = safely(Unreachable, lambda: self._cloud.read_sources(region, ids))
        except CopyError as error:
            self.unread[region] = error
            failures += not isinstance(error, Throttled)
            lasts = failures >= ATTEMPTS or (failures and now - since > ATTEMPTS_SECONDS)
            if error.retry is not Retry.NEVER and not lasts:
                self._pauses[region] = (backoff, self._deadline.now() + backoff.next_pause(), failures, since)
                return
            found = dict.fromkeys(ids, error)
        self._found.update({(region, i): found.get(i) for i in ids})

    def _order(self, attempt: Attempt, source: Snapshot | CopyError | None) -> None:
        wanted = attempt.wanted
        wanted.source, wanted.source_is_read = source, True
        if attempt.copy is not None:
            return  # only its tags and its disk are needed
        made = order_of(wanted.cloud, wanted.request, source, self.warnings)
        if isinstance(made, CopyOrder):
            wanted.order = made
        else:
            wanted.problem = made
