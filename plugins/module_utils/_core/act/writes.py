# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One write on existing copies: send it once, and note what came back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ..cloud import SnapshotCloud, safely
from ..decide.writes import LONGEST_PAUSE
from ..errors import Ambiguous, CopyError, Throttled
from ..waiting import Backoff, Deadline
from .attempt import Attempt


class Writes:
    """Sends writes. Pauses where a service throttles, and stops where it takes nothing more."""

    def __init__(self, cloud: SnapshotCloud, deadline: Deadline):
        self._cloud = cloud
        self._deadline = deadline
        #: By region and kind of write: until when (monotonic) the service is left alone; why it takes nothing more.
        self._rests: dict[tuple[str, str], tuple[Backoff, float]] = {}
        self._shut: dict[tuple[str, str], CopyError] = {}
        #: When (monotonic) the last call to a region was over.
        self.ended_at: dict[str, float] = {}

    def _write(
        self,
        region: str,
        what: str,
        owners: Mapping[str, Attempt],
        send: Callable[[], Mapping[str, CopyError]],
        done: Callable[[str, Attempt], None],
        split: bool = False,
    ) -> list[Attempt]:
        """Send one call, unless its service pauses or takes nothing more; note the result for each copy.

        With ``split`` a refusal of the whole call is not noted; its requests are returned, to be sent alone.
        """
        now = self._deadline.now()
        refused: Mapping[str, CopyError]
        shut, rest = self._shut.get((region, what)), self._rests.get((region, what))
        if shut:
            refused = dict.fromkeys(owners, shut)
        elif rest and rest[1] > now:
            for snapshot_id, attempt in owners.items():
                why = Throttled(f"Calls in {region} pause after throttling")
                attempt.memory.writes.postpone(snapshot_id, what, why, rest[1])
            return []
        elif self._deadline.passed:
            return []
        else:
            try:
                refused = safely(Ambiguous, send)
            except CopyError as error:
                if split and self._cloud.may_be_of_one(error):
                    self.ended_at[region] = self._deadline.now()
                    return list(owners.values())
                refused = dict.fromkeys(owners, error)
        self.ended_at[region] = now = self._deadline.now()
        for snapshot_id, attempt in owners.items():
            if snapshot_id in refused:
                attempt.memory.write_refused(snapshot_id, what, refused[snapshot_id], now)
            else:
                done(snapshot_id, attempt)
        self._judge(region, what, refused.values(), now)
        return []

    def _judge(self, region: str, what: str, refused: Collection[CopyError], now: float) -> None:
        """Let a service rest that throttles; ask one no more of which a failure holds for all calls."""
        for why in refused:
            if why.spreads:
                self._shut[region, what] = why
        if any(isinstance(error, Throttled) for error in refused):
            backoff, _until = self._rests.get((region, what)) or (Backoff(LONGEST_PAUSE), 0.0)
            self._rests[region, what] = (backoff, now + backoff.next_pause())
        elif not refused:
            self._rests.pop((region, what), None)
