# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source snapshots that are needed, each read once, in one batch a region."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..cloud import SnapshotCloud
from ..decide.orders import order_of
from ..errors import CopyError
from ..model import CopyOrder, Snapshot
from ..waiting import Deadline
from .attempt import Attempt
from .reads import Reads


class Sources(Reads):
    """Reads sources, and makes orders of them."""

    def __init__(self, cloud: SnapshotCloud, deadline: Deadline):
        super().__init__(cloud, deadline)
        self._found: dict[tuple[str | None, str], Snapshot | CopyError | None] = {}
        self.warnings: list[str] = []

    def read(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Read the sources of these requests, where it is time. Returns those whose source is known now."""
        needed: dict[str | None, dict[str, None]] = {}
        for request in (a.request for a in attempts):
            needed.setdefault(request.source_region, {})[request.snapshot_id] = None
        self._keep(needed)
        for region, all_ids in needed.items():
            ids = [i for i in all_ids if (region, i) not in self._found]
            answer = self._read(region, partial(self._cloud.read_sources, region, ids)) if ids else None
            if answer is not None:
                found = dict.fromkeys(ids, answer) if isinstance(answer, CopyError) else answer
                self._found.update({(region, i): found.get(i) for i in ids})
        known = [a for a in attempts if (a.request.source_region, a.request.snapshot_id) in self._found]
        for attempt in known:
            self._order(attempt, self._found[attempt.request.source_region, attempt.request.snapshot_id])
        return known

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
