# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the progress of a long run to a file that the controller reads."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from ..waiting import Deadline

if TYPE_CHECKING:  # the controller needs only the name of the file, not the engine
    from .attempt import Attempt

#: Name of the file in the task's temporary directory. If it does not exist, nothing is written.
FILE = "snapshot-copy-progress"
#: Shortest time (seconds) between two lines, except at a change of phase.
MIN_LINE_SECONDS = 1.0


class Slowest(TypedDict):
    """The copy that has been in progress for longest; ``progress`` is in percent, None if unknown."""

    snapshot_id: str
    region: str
    progress: int | None


class ProgressLine(TypedDict):
    """A line of the file: the counts of each kind. Times are in seconds; ``left`` is None if unknown."""

    phase: str
    total: int
    done: int
    in_progress: int
    waiting: int
    failed: int
    slowest: Slowest | None
    elapsed: int
    left: int | None


class Progress:
    """Appends a line of JSON to a file at intervals and at each change of phase."""

    def __init__(self, directory: str | None, deadline: Deadline):
        self._path = os.path.join(directory, FILE) if directory else ""
        self._is_wanted = bool(self._path) and os.path.exists(self._path)
        self._deadline = deadline
        self._started = deadline.now()
        self._reported_at = -MIN_LINE_SECONDS
        self._phase = ""
        self._done_at_first: float | None = None

    def report(self, attempts: Sequence[Attempt]) -> None:
        """Write the progress of these requests.

        If the file cannot be written, the run continues and writes no more lines.
        """
        if not self._is_wanted:
            return
        now, phase = self._deadline.now(), _phase_of(attempts)
        if not phase or (now - self._reported_at < MIN_LINE_SECONDS and phase == self._phase):
            return
        self._reported_at, self._phase = now, phase
        try:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps(self._state(attempts, now)) + "\n")
        except OSError:
            self._is_wanted = False

    def _state(self, attempts: Sequence[Attempt], now: float) -> ProgressLine:
        complete = sum(map(_is_done, attempts))
        waiting, in_progress = sum(a.waits_to_begin for a in attempts), sum(a.takes_room for a in attempts)
        done = complete + sum(a.copy.progress for a in attempts if a.takes_room and a.copy) / 100
        if self._done_at_first is None:
            self._done_at_first = done
        return {
            "phase": self._phase,
            "total": len(attempts),
            "done": complete,
            "in_progress": in_progress,
            "waiting": waiting,
            "failed": sum(a.error is not None for a in attempts),
            "slowest": _slowest(attempts),
            "elapsed": round(now - self._started),
            "left": self._left(done - self._done_at_first, complete + in_progress + waiting - done, now),
        }

    def _left(self, done: float, open_: float, now: float) -> int | None:
        """Return the estimated seconds left, from the number of copies done so far; None if unknown."""
        elapsed = now - self._started
        return round(elapsed / done * open_) or None if done > 0 and elapsed > 0 else None


def _is_done(attempt: Attempt) -> bool:
    """Whether a copy or disk is complete, or if it is to be deleted or attached, whether that is done."""
    if attempt.desired.policy.deletion or attempt.request.instance:
        return not attempt.is_open and not attempt.error
    return attempt.is_complete


def _phase_of(attempts: Sequence[Attempt]) -> str:
    """Return the phase of the run; empty while sources are read and the copies to start are unknown."""
    if any(attempt.waits_to_begin for attempt in attempts):
        return "beginning"
    if any(attempt.takes_room for attempt in attempts):
        return "copying"
    if all(map(_is_done, attempts)):
        return "done"
    return "" if any(attempt.is_open and attempt.steps.needs_source for attempt in attempts) else "finishing"


def _slowest(attempts: Sequence[Attempt]) -> Slowest | None:
    """Return the copy that has been in progress for longest."""
    in_progress = [a for a in attempts if a.takes_room and a.copy and a.copy.id in a.memory.seen]
    first = min(in_progress, key=lambda a: a.memory.seen[a.copy.id].known_at if a.copy else 0, default=None)
    if first is None or first.copy is None:
        return None
    # No cloud shows the progress of a disk.
    percent = None if first.request.is_disk else first.copy.progress
    return {"snapshot_id": first.request.snapshot_id, "region": first.request.region, "progress": percent}
