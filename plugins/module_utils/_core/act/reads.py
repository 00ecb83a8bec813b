# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reads besides those of copies, by region: sources and locks."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from typing import TypeVar

from ..cloud import SnapshotCloud
from ..errors import CopyError
from ..pacing import Retries
from ..safe_calls import read_safely

Answer = TypeVar("Answer")


class Reads:
    """Reads regions. If a region does not answer, the read is repeated as ``Retries`` says."""

    def __init__(self, cloud: SnapshotCloud):
        self._cloud, self._deadline = cloud, cloud.deadline
        self._retries: dict[str | None, Retries] = {}
        #: Why the last read of a region failed.
        self.unread: dict[str | None, CopyError] = {}

    @property
    def due_at(self) -> float:
        """When (monotonic) the read of a region that failed may be repeated."""
        return min(map(self._retry_at, self._retries), default=math.inf)

    def _retry_at(self, region: str | None) -> float:
        return self._retries[region].due_at if region in self._retries else -math.inf

    def _forget_others(self, needed: Collection[str | None]) -> None:
        """Forget the failed reads of the other regions, from which nothing more is needed."""
        self._retries = {region: retries for region, retries in self._retries.items() if region in needed}

    def _read(self, region: str | None, read: Callable[[], Answer]) -> Answer | CopyError | None:
        """Return the answer, a final failure, or None if the read is to be repeated later."""
        retries = self._retries.get(region) or Retries(self._deadline)
        if retries.due_at > self._deadline.now() or self._deadline.passed:
            return None
        answer: Answer | CopyError
        try:
            answer = read_safely(read)
        except CopyError as error:
            self.unread[region] = answer = error
            if not retries.record_failure(error):
                self._retries[region] = retries
                return None
        else:
            self.unread.pop(region, None)
        self._retries.pop(region, None)
        return answer
