# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends a write on existing copies once, and records its answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ..cloud import SnapshotCloud
from ..decide.writes import WriteKind
from ..errors import Ambiguous, CopyError, Throttled
from ..pacing import Cooldown
from ..safe_calls import call_safely
from .attempt import Attempt


class WriteSender:
    """Sends writes. Pauses if a service throttles, and stops if it accepts no more calls."""

    def __init__(self, cloud: SnapshotCloud, ended_at: dict[str, float]):
        """``ended_at`` is when (monotonic) the last call to each region ended."""
        self._cloud, self._deadline, self._ended_at = cloud, cloud.deadline, ended_at
        #: By region and kind of write: the cooldowns (monotonic); and why the service accepts no more calls.
        self._cooldowns: dict[tuple[str, WriteKind], Cooldown] = {}
        self._refusing: dict[tuple[str, WriteKind], CopyError] = {}

    def send(
        self,
        region: str,
        kind: WriteKind,
        owners: Mapping[str, Attempt],
        call: Callable[[], Mapping[str, CopyError]],
        record_accepted: Callable[[str, Attempt], None],
        may_split: bool = False,
    ) -> bool:
        """Send one call, unless its service has a cooldown or accepts no more calls. Record the result for each copy.

        Returns whether the call is to be split into one for each copy. With ``may_split`` that is so if the call as a
        whole was refused; then nothing is recorded.
        """
        now = self._deadline.now()
        refused: Mapping[str, CopyError]
        refuses, cooldown = self._refusing.get((region, kind)), self._cooldowns.get((region, kind))
        if refuses:
            refused = dict.fromkeys(owners, refuses)
        elif cooldown and cooldown.until > now:
            for copy_id, attempt in owners.items():
                why = Throttled(f"Calls in {region} pause after throttling")
                attempt.memory.record_postponed(copy_id, kind, why, cooldown.until)
            return False
        elif self._deadline.passed:
            return False
        else:
            try:
                refused = call_safely(Ambiguous, call)
            except CopyError as error:
                if may_split and self._cloud.may_be_of_one(error):
                    self._ended_at[region] = self._deadline.now()
                    return True
                refused = dict.fromkeys(owners, error)
        self._ended_at[region] = now = self._deadline.now()
        for copy_id, attempt in owners.items():
            if copy_id in refused:
                attempt.memory.record_refusal(copy_id, kind, refused[copy_id], now)
            else:
                record_accepted(copy_id, attempt)
        self._update_service(region, kind, refused.values(), now)
        return False

    def _update_service(self, region: str, kind: WriteKind, refused: Collection[CopyError], now: float) -> None:
        """Start a cooldown if a service throttles; call it no more if a failure applies to all calls."""
        for why in refused:
            if why.holds_for_all:
                self._refusing[region, kind] = why
        if any(isinstance(error, Throttled) for error in refused):
            self._cooldowns.setdefault((region, kind), Cooldown()).start(now)
        elif not refused:
            self._cooldowns.pop((region, kind), None)
