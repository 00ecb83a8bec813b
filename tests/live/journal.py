# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run is about to make, written to disk before the call; what it made; and whether it is still running."""

from __future__ import annotations

import fcntl
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any


class Journal:
    """The journal of one run: ``journal.jsonl`` in its directory. Each line is on disk before the work continues."""

    def __init__(self, directory: Path):
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / "journal.jsonl"
        self._file = self.path.open("a")
        # Held by this process and its children, so that nothing is cleaned up during a run.
        self._lock = (directory / "lock").open("w")

    def lock(self) -> None:
        """Record that the run is in progress. Raises BlockingIOError if it already is."""
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
    """Whether the run that writes in this directory is in progress."""
    path = directory / "lock"
    if not path.exists():
        return False
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
