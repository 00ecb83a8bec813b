# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One night of the role in an account of realistic size: its reads, its time, and the memory of the controller."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.simulator.aws.ec2 import BUDGETS

from .figure import Figure

DISKS, SNAPSHOTS, COPIES = 3000, 150000, 90000
STATUS_SNAPSHOTS = 93000


def nights(estate: Any, directory: Path, parts: int = 8) -> Iterator[Figure]:
    """Nights with nothing to copy, in one run and in shards; and a night with a new snapshot of each disk."""
    what = f"{DISKS} tagged disks among {SNAPSHOTS} snapshots, {COPIES} existing copies"
    quiet = 0
    for shards in (1, parts):
        _fill(estate)
        ran = [_run(estate, directory, number, shards) for number in range(1, shards + 1)]
        how = f"{what}{f', in {shards} shards' if shards > 1 else ''}"
        quiet = quiet or _reads(estate)
        yield Figure(f"{how}: reads", _reads(estate), 300 if shards == 1 else 500, "")
        yield Figure(f"{how}: copies made", estate.calls["CopySnapshot"], 0, "")
        yield Figure(f"{how}: recovery points found", sum(one.points for one in ran), DISKS, "", at_least=True)
        yield from _costs(how, ran)
    _fill(estate, due=1, copy_seconds=1.0, quota=20)
    ran = [_run(estate, directory, 1, 1)]
    how = f"{what}, {DISKS} to copy"
    yield Figure(f"{how}: copies made", estate.calls["CopySnapshot"], DISKS, "")
    yield Figure(f"{how}: disks without a copy", DISKS - estate.calls["CopySnapshot"], 0, "")
    yield Figure(f"{how}: additional reads per copy", (_reads(estate) - quiet) / DISKS, 5, "")
    yield from _costs(how, ran)


def status(estate: Any, directory: Path) -> Iterator[Figure]:
    """A status run over a plan."""
    _fill(estate, snapshots=STATUS_SNAPSHOTS)
    ran = _run(estate, directory, 1, 1, "dr_status")
    how = f"dr_status over {STATUS_SNAPSHOTS} snapshots and {COPIES} copies"
    yield Figure(f"{how}: CPU time", ran.own, 30, "s")
    yield Figure(f"{how}: elapsed time", ran.seconds, None, "s")


def _fill(estate: Any, due: int = 0, snapshots: int = SNAPSHOTS, **settings: Any) -> None:
    estate.server.reset()
    estate.server.fill(DISKS, snapshots, COPIES, due=due)
    estate.settings(budgets=BUDGETS, **settings)


def _reads(estate: Any) -> int:
    return sum(count for action, count in estate.calls.items() if action.startswith("Describe"))


class Ran(NamedTuple):
    """The cost of a run.

    ``seconds`` are by the clock, ``own`` those of its processes' own work, ``peak`` is in MB. ``points`` is the number
    of recovery points that it reports.
    """

    seconds: float
    own: float
    peak: float
    points: int


def _costs(how: str, ran: list[Ran]) -> Iterator[Figure]:
    yield Figure(f"{how}: CPU time of a run", max(one.own for one in ran), 90, "s")
    yield Figure(f"{how}: elapsed time of a run", max(one.seconds for one in ran), None, "s")
    yield Figure(f"{how}: peak memory on the controller", max(one.peak for one in ran), 600, "MB")


def _run(estate: Any, directory: Path, number: int, parts: int, playbook_name: str = "dr_copy") -> Ran:
    """Run one of our playbooks once; return its cost."""
    plan = {
        "dr_copy_cloud": "ebs",
        "dr_copy_source_region": estate.source,
        "dr_copy_destination_regions": [estate.destination],
        "dr_copy_connection": estate.connection(),
        "dr_copy_shard": f"{number}/{parts}" if parts > 1 else "",
    }
    inventory, playbook = directory / "night.yml", directory / "night_play.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"night": plan}}}))
    playbook.write_text(f"- import_playbook: multicloud.snapshots.{playbook_name}\n")
    # The core polls for results a thousand times a second, which uses the processor for each second of waiting.
    config = directory / "night.cfg"
    config.write_text("[defaults]\ninternal_poll_interval = 0.05\n")
    log = directory / "night.log"
    started, before = time.monotonic(), _own_seconds()
    with log.open("w") as output:
        process = subprocess.Popen(
            ["ansible-playbook", str(playbook), "-i", str(inventory)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "ANSIBLE_CONFIG": str(config)},
        )
        watch = _Memory(process.pid)
        watch.start()
        failed = process.wait()
    seconds = time.monotonic() - started
    watch.join()
    if failed:
        sys.exit(log.read_text()[-5000:])
    points = re.search(r"(\d+) of \d+ recovery points complete", log.read_text())
    return Ran(seconds, _own_seconds() - before, watch.peak, int(points[1]) if points else 0)


def _own_seconds() -> float:
    """Return the processor seconds of all child processes of this one that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Memory(threading.Thread):
    """Measures the memory of a process and its children (PSS, because forks share pages) while it runs."""

    def __init__(self, pid: int):
        super().__init__(daemon=True)
        self._pid = pid
        self.peak = 0.0

    def run(self) -> None:
        while Path(f"/proc/{self._pid}/stat").exists() and _state(self._pid) != "Z":
            self.peak = max(self.peak, sum(_held(pid) for pid in _family(self._pid)))
            time.sleep(0.2)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def _family(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(name))
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        left += parents.get(one, [])
    return found


def _held(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    match = re.search(r"^Pss:\s+(\d+) kB", text, re.M)
    return int(match[1]) / 1024 if match else 0.0
