# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measures ratios within one run, because machines differ and are busy. Prints a table, fails if a bound is exceeded.

python -m tests.benchmark [--only PART ...] [--write]; a part that is measured again replaces its own rows only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from tests.clouds import CLOUDS
from tests.simulator.clock import FakeClock, RealClock
from tests.simulator.server import Server
from tests.support.estates import CbsEstate, EbsEstate, EcsEstate

from .figure import Figure, beside, write
from .night import nights, status
from .shards import shards

#: The page size of the service that lists snapshots.
PAGES = {EbsEstate: 1000, EcsEstate: 100, CbsEstate: 100}


class Benchmark:
    def __init__(self) -> None:
        clock = RealClock()
        self.clouds = {cloud.load("estate"): cloud.load("server_with_disks")(clock) for cloud in CLOUDS.values()}
        self.servers = {kind: Server(cloud.app) for kind, cloud in self.clouds.items()}
        self.directory = Path(tempfile.mkdtemp())

    def estate(self, kind: Any = EbsEstate, of_disks: Any = None) -> Any:
        """Return an empty account of a cloud, as an estate of copies or ``of_disks``."""
        cloud = self.clouds[kind]
        cloud.reset()
        return (of_disks or kind)(cloud, cloud.clock, self.servers[kind].url)

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()

    def play(self, *tasks: dict[str, Any], times: int = 1) -> float:
        """Return the seconds that a playbook with these tasks takes; the best of a few."""
        path = self.directory / "play.yml"
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        play = {"hosts": "localhost", "gather_facts": False, "vars": local, "tasks": list(tasks)}
        path.write_text(yaml.safe_dump([play]))
        taken = []
        for _n in range(times):
            started = time.monotonic()
            done = subprocess.run(["ansible-playbook", str(path)], capture_output=True, text=True, check=False)
            taken.append(time.monotonic() - started)
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
        return min(taken)

    def copy_task(self, estate: Any, sources: list[str]) -> dict[str, Any]:
        module = f"multicloud.snapshots.{estate.module}"
        regions = {"source_region": estate.source, "destination_regions": [estate.destination]}
        return {module: {"snapshot_ids": sources, **regions, "wait": True, **estate.connection()}, "no_log": True}

    # -- windows -----------------------------------------------------------------------------------------

    def windows(self) -> list[Figure]:
        figures = [self.full_window(kind, 200, 5.0, 1.10) for kind in self.clouds]
        return figures + [self.full_window(kind, 1000, 0.5, 1.25) for kind in self.clouds]

    def full_window(self, kind: Any, count: int, seconds: float, bound: float) -> Figure:
        """Copies of 40 disks (on ECS a disk has one copy in progress at a time) in a window of 20."""
        estate = self.estate(kind)
        estate.settings(copy_seconds=seconds, quota=20 if kind is EbsEstate else 1000)
        disks = [estate.disk() for _n in range(40)]
        sources = [estate.snapshot(disks[n % 40]) for n in range(count)]
        there = estate.snapshot()
        estate.create_our_copy(there)
        base = self.play(self.copy_task(estate, [there]), times=2)
        taken = self.play(self.copy_task(estate, sources)) - base
        # CBS accepts 20 calls of an action a second, whatever the window.
        least = max(count / 20 * seconds, count / 20 if kind is CbsEstate else 0.0)
        what = f"{estate.module}: {count} copies of {seconds:g} s, 20 at once, compared with a minimum of {least:g} s"
        return beside(what, taken, least, bound)

    def restores(self) -> Iterator[Figure]:
        for cloud in CLOUDS.values():
            yield from self.restore(cloud, 200, 2.0, 1.15)

    def restore(self, cloud: Any, count: int, seconds: float, bound: float) -> Iterator[Figure]:
        """Disks from copies with a quota of 20, timed twice.

        First from the start of the first disk to the end of the last one, as the server saw them; then the whole task,
        minus the time of a rerun. A task ends only three seconds after its last call, so that it sees the disks of
        other runs: one second after disks of 2 s.
        """
        estate = self.estate(cloud.load("estate"), of_disks=cloud.load("disk_estate"))
        estate.settings(disk_seconds=seconds, disk_quota=20)
        copies = [estate.copy() for _n in range(count)]
        module = f"multicloud.snapshots.{cloud.restore_module}"
        zone = {"zone": estate.zone} if estate.zone else {}
        given = {"region": estate.destination, "wait": True, **zone, **estate.connection()}
        task = {module: {"snapshot_ids": copies, "restore_id": "bench", **given}, "no_log": True}
        whole = self.play(task)
        taken = whole - self.play(task)  # a rerun makes nothing
        started = sorted(disk.started for disk in estate.disks())
        least = count / 20 * seconds
        what = f"{cloud.restore_module}: {count} disks of {seconds:g} s, 20 at once"
        yield beside(
            f"{what}, compared with a minimum of {least:g} s", started[-1] + seconds - started[0], least, bound
        )
        yield beside(f"{what}, the whole task, compared with a minimum of {least:g} s", taken, least, bound)

    # -- reruns ------------------------------------------------------------------------------------------

    def reruns(self) -> list[Figure]:
        figures = []
        for kind, sizes in ((kind, (100, 1000, 10000)) for kind in PAGES):
            for size in sizes:
                figures += self.rerun(kind, size)
        return figures

    def rerun(self, kind: Any, size: int) -> list[Figure]:
        estate = self.estate(kind)
        sources = estate.create_copied_snapshots(size)
        given = self.directory / "given.json"
        given.write_text(json.dumps(next(v for k, v in self.copy_task(estate, sources).items() if k != "no_log")))
        command = [sys.executable, "-m", "tests.benchmark.one_module", estate.module, str(given)]
        child = subprocess.run(command, check=True, capture_output=True, text=True)
        memory, seconds = (float(word) for word in child.stdout.split()[-2:])
        pages = -(-size // PAGES[kind])
        what = f"{estate.module}: rerun over {size} existing copies"
        calls = sum(estate.calls.values())
        # In addition to the pages of the listing, EBS reads the account's ID once.
        figures = [Figure(f"{what}, API calls", calls, 60 if kind is EbsEstate else 1.5 * pages, "")]
        figures.append(Figure(f"{what}, elapsed time", seconds, None, "s"))
        return [*figures, Figure(f"{what}, peak memory", memory, 200, "MB")]

    # -- compared with peers -------------------------------------------------------------------------------

    def one_task(self) -> list[Figure]:
        estate = self.estate()
        source = estate.snapshot()
        copy = estate.create_our_copy(source)
        ours = self.play(self.copy_task(estate, [source]), times=5)
        asked = {"snapshot_ids": [copy.id], "region": estate.destination, **estate.connection()}
        info = self.play({"amazon.aws.ec2_snapshot_info": asked, "no_log": True}, times=5)
        ping = self.play({"ansible.builtin.ping": {}}, times=5)
        what = "one task on one snapshot"
        return [
            Figure(f"{what}, compared with amazon.aws.ec2_snapshot_info", ours / info, 1.5, "times"),
            Figure(f"{what}, compared with ansible.builtin.ping", ours / ping, None, "times"),
        ]

    def quiet_plan(self) -> list[Figure]:
        """A run of the role over 3 disks with nothing to copy, compared with a play with one task."""
        estate = self.estate()
        # The peer reads attributes that only moto's own snapshots have.
        for _disk in range(3):
            estate.create_our_copy(estate.snapshot(estate.disk(**{"dr-copy": "true"})))
        variables = {
            "dr_copy_cloud": "ebs",
            "dr_copy_source_region": estate.source,
            "dr_copy_destination_regions": [estate.destination],
            "dr_copy_connection": estate.connection(),
        }
        role = {"ansible.builtin.include_role": {"name": "multicloud.snapshots.dr_copy"}, "vars": variables}
        asked = {"region": estate.destination, **estate.connection()}
        theirs = {"amazon.aws.ec2_snapshot_info": asked, "no_log": True}
        # In turns, because other work of the machine changes.
        ours, info = (min(taken) for taken in zip(*((self.play(role), self.play(theirs)) for _n in range(4))))
        what = "a plan of 3 disks with nothing to copy, compared with one task of amazon.aws.ec2_snapshot_info"
        return [Figure(what, ours / info, 2.0, "times")]

    def peer(self, count: int = 40) -> list[Figure]:
        """The same snapshots with a loop over the module of community.aws, and with one task of ours."""
        estate = self.estate()
        estate.settings(copy_seconds=5.0)
        sources = [estate.snapshot() for _n in range(count)]
        theirs = {
            "community.aws.ec2_snapshot_copy": {
                "source_region": estate.source,
                "region": estate.destination,
                "source_snapshot_id": "{{ item }}",
                "wait": True,
                **estate.connection(),
            },
            "loop": sources,
            "no_log": True,
        }
        their_seconds = self.play(theirs)
        their_rerun = len(estate.copies())
        self.play({**theirs, "loop": sources[:2]})
        their_second_copies = len(estate.copies()) - their_rerun
        estate.server.reset()
        estate.settings(copy_seconds=5.0)
        sources = [estate.snapshot() for _n in range(count)]
        our_seconds = self.play(self.copy_task(estate, sources))
        self.play(self.copy_task(estate, sources))
        what = f"{count} snapshots by community.aws.ec2_snapshot_copy in a loop"
        return [
            Figure(
                f"{what}, compared with one task of this collection", their_seconds / our_seconds, 10, "times", True
            ),
            Figure("a rerun over 2 of them: new copies by community.aws", their_second_copies, None, "copies"),
            Figure(
                f"a rerun over all {count}: new copies by this collection", len(estate.copies()) - count, 0, "copies"
            ),
        ]

    # -- one plan in several processes ---------------------------------------------------------------------

    def shards(self, disks: int = 2000, seconds: float = 5.0) -> Iterator[Figure]:
        for parts in (8, 4, 1):
            yield from shards(self.estate(), self.directory, disks, parts, seconds)

    # -- an account of realistic size -----------------------------------------------------------------------

    def night(self) -> Iterator[Figure]:
        yield from nights(self.estate(), self.directory)
        yield from status(self.estate(), self.directory)

    # -- a long wait -------------------------------------------------------------------------------------

    def long_wait(self) -> list[Figure]:
        """What an hour with 20 copies costs, on a simulated clock."""
        clock = FakeClock()
        server = self.clouds[EbsEstate]
        server.reset()
        real, server.clock = server.clock, clock
        estate = EbsEstate(server, clock, self.servers[EbsEstate].url)
        estate.settings(copy_seconds=3600.0)
        sources = [estate.snapshot() for _n in range(20)]
        started = time.thread_time()
        out = estate.run(*sources, wait=True, wait_timeout=7200)
        spent = time.thread_time() - started
        server.clock = real
        if out.failed:
            sys.exit(out["msg"])
        what = "an hour's wait for 20 copies"
        return [
            Figure(f"{what}, API calls", sum(out["api_calls"].values()), 300, ""),
            Figure(f"{what}, CPU time", spent, 10, "s"),
        ]


PARTS = ("one_task", "quiet_plan", "windows", "restores", "shards", "night", "reruns", "long_wait", "peer")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", nargs="*", default=list(PARTS), choices=PARTS)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    benchmark = Benchmark()
    kept = Path(os.environ.get("BENCH_DIR", tempfile.gettempdir())) / "multicloud-snapshots-bench.json"
    parts: dict[str, list[Any]] = json.loads(kept.read_text()) if kept.exists() and len(given.only) < len(PARTS) else {}
    figures: list[Figure] = []
    for part in given.only:
        parts[part] = []
        for figure in getattr(benchmark, part)():
            what, value, bound, _kept = figure.cells
            print(f"{what:85} {value:>14}  {bound:15} {'' if figure.kept else 'PASSED THE BOUND'}", flush=True)
            figures.append(figure)
            parts[part].append(asdict(figure))
        kept.write_text(json.dumps(parts))
    benchmark.stop()
    print(f"Measured on {os.cpu_count()} cores with the simulated clouds on the same machine.")
    if given.write:
        measured = [Figure(**row) for part in PARTS for row in parts.get(part, ())]
        write(measured, is_all=parts.keys() >= set(PARTS))
    sys.exit(0 if all(figure.kept for figure in figures) else 1)


if __name__ == "__main__":
    main()
