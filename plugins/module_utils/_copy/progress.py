# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a long run is, for whoever has made the file to which it is told: the action plugin of a copy module."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from .job import Job, Phase
from .model import State
from .waiting import Deadline

#: Name of the file within the task's temporary directory. Without it nothing is told.
FILE = "snapshot-copy-progress"
#: So often (seconds) it is told at the most, but for a change of phase.
EVERY = 1.0


class Progress:
    """Appends a line of JSON to a file, now and then, and at each change of phase."""

    def __init__(self, directory: str | None, deadline: Deadline):
        self._path = os.path.join(directory, FILE) if directory else ""
        self._is_wanted = bool(self._path) and os.path.exists(self._path)
        self._deadline = deadline
        self._begun = deadline.now()
        self._told = -EVERY
        self._phase = ""
        self._done_at_first: float | None = None

    def tell(self, jobs: Sequence[Job]) -> None:
        """Tell how far these are. A file that cannot be written is no reason to fail: then nothing more is told."""
        if not self._is_wanted:
            return
        now, phase = self._deadline.now(), _phase_of(jobs)
        if now - self._told < EVERY and phase == self._phase:
            return
        self._told, self._phase = now, phase
        try:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps(self._state(jobs, now)) + "\n")
        except OSError:
            self._is_wanted = False

    def _state(self, jobs: Sequence[Job], now: float) -> dict[str, Any]:
        complete = sum(job.copy is not None and job.copy.state is State.COMPLETED and not job.error for job in jobs)
        waiting, under_way = _number(jobs, Phase.WAITING), _under_way(jobs)
        done = complete + sum(job.copy.progress for job in jobs if job.phase is Phase.IN_FLIGHT and job.copy) / 100
        if self._done_at_first is None:
            self._done_at_first = done
        return {
            "phase": self._phase,
            "total": len(jobs),
            "copied": complete,
            "under_way": under_way,
            "waiting": waiting,
            "failed": sum(job.error is not None for job in jobs),
            "slowest": _slowest(jobs),
            "elapsed": round(now - self._begun),
            "left": self._left(done - self._done_at_first, complete + under_way + waiting - done, now),
        }

    def _left(self, done: float, open_: float, now: float) -> int | None:
        """Return the seconds that are likely left, by the pace so far in whole copies; None while there is none."""
        elapsed = now - self._begun
        return round(elapsed / done * open_) if done > 0 and elapsed > 0 else None


def _phase_of(jobs: Sequence[Job]) -> str:
    if any(job.phase is Phase.WAITING for job in jobs):
        return "beginning"
    return "copying" if _under_way(jobs) else "finishing"


def _number(jobs: Sequence[Job], *phases: Phase) -> int:
    return sum(job.phase in phases for job in jobs)


def _under_way(jobs: Sequence[Job]) -> int:
    return _number(jobs, Phase.IN_FLIGHT, Phase.IN_DOUBT, Phase.ASKED)


def _slowest(jobs: Sequence[Job]) -> dict[str, Any] | None:
    """Return the copy under way that has been so for longest."""
    under_way = [job for job in jobs if job.phase is Phase.IN_FLIGHT and job.copy]
    first = min(under_way, key=lambda job: job.since, default=None)
    if first is None or first.copy is None:
        return None
    request = first.decision.request
    return {"snapshot_id": request.snapshot_id, "region": request.region, "progress": first.copy.progress}
