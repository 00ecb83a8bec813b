# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run is about to make, on disk before the call; what it made; and whether it still runs."""

from __future__ import annotations

import fcntl
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


class Journal:
    """The journal of one run: ``journal.jsonl`` in its directory, of which each line is on disk before work goes on."""

    def __init__(self, directory: Path):
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "journal.jsonl"
        self._file = self.path.open("a")
        # Held by this process and its children, so that nothing is cleaned up beneath a run that goes on.
        self._lock = (directory / "lock").open("w")

    def lock(self) -> None:
        """Say that the run goes on. Raises BlockingIOError where it does already."""
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @property
    def lock_number(self) -> int:
        return self._lock.fileno()

    def write(self, what: str, **facts: Any) -> None:
        line = {"at": datetime.now(timezone.utc).isoformat(timespec="seconds"), "what": what, **facts}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def still_runs(directory: Path) -> bool:
    """Whether the run that writes in this directory goes on."""
    path = directory / "lock"
    if not path.exists():
        return False
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
