# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs one copy module in this process and prints its peak memory in MB and its seconds."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

from tests.simulator.clock import RealClock
from tests.support.harness import run_module


def peak_memory() -> float:
    """Return the peak in MB. ru_maxrss does not work here: a child inherits its parent's."""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024


def main() -> None:
    given = json.loads(Path(sys.argv[2]).read_text())
    started = time.monotonic()
    out = run_module(sys.argv[1], given, RealClock())
    seconds = time.monotonic() - started
    if out.failed or out["counts"]["unchanged"] != len(given["snapshot_ids"]):
        sys.exit(out["msg"])
    print(peak_memory(), seconds)


if __name__ == "__main__":
    main()
