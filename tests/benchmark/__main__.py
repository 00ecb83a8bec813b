# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Figures as ratios within one run, since machines differ and are busy. Prints a table; fails where a bound is passed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.simulator.clock import RealClock
from tests.simulator.ec2 import Ec2
from tests.simulator.ecs import Ecs
from tests.simulator.ens import Ens
from tests.simulator.server import Server
from tests.unit.estates import EbsEstate, EcsEstate, EnsEstate


@dataclass(frozen=True)
class Figure:
    """One row of the table: what was measured, the figure, the bound that it must keep."""

    what: str
    figure: float
    bound: float
    unit: str

    @property
    def kept(self) -> bool:
        return self.figure <= self.bound


class Benchmark:
    def __init__(self) -> None:
        clock = RealClock()
        self.clouds = {EbsEstate: Ec2(clock), EcsEstate: Ecs(clock), EnsEstate: Ens(clock)}
        self.servers = {kind: Server(cloud.app) for kind, cloud in self.clouds.items()}
        self.directory = Path(tempfile.mkdtemp())

    def estate(self, kind: Any = EbsEstate) -> Any:
        cloud = self.clouds[kind]
        cloud.reset()
        return kind(cloud, cloud.clock, self.servers[kind].url)

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()

    def play(self, task: dict, times: int = 1) -> float:
        """Return the seconds that a playbook with this task takes; the best of a few."""
        path = self.directory / "play.yml"
        local = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        path.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "vars": local, "tasks": [task]}]))
        taken = []
        for _n in range(times):
            begun = time.monotonic()
            done = subprocess.run(["ansible-playbook", str(path)], capture_output=True, text=True, check=False)
            taken.append(time.monotonic() - begun)
            if done.returncode:
                sys.exit(done.stdout + done.stderr)
        return min(taken)

    def copy_task(self, estate: Any, sources: list[str]) -> dict:
        module = f"multicloud.snapshots.{estate.module}"
        regions = {"source_region": estate.source, "destination_regions": [estate.destination]}
        return {module: {"snapshot_ids": sources, **regions, "wait": True, **estate.connection()}, "no_log": True}

    def full_window(self, kind: Any) -> Figure:
        """200 copies over 40 disks (a disk has one copy in progress at a time on ECS) in a window of 20."""
        estate = self.estate(kind)
        estate.settings(copy_seconds=5.0, quota=20 if kind is EbsEstate else 1000)
        disks = [estate.disk() for _n in range(40)]
        sources = [estate.snapshot(disks[n % 40]) for n in range(200)]
        there = estate.snapshot()
        estate.our_copy(there)
        base = self.play(self.copy_task(estate, [there]), times=2)
        taken = self.play(self.copy_task(estate, sources))
        what = f"{estate.module}: 200 copies of 5 s, 20 at once, beside 50 s"
        return Figure(what, (taken - base) / 50.0, 1.25, "times")

    def full_windows(self) -> list[Figure]:
        return [self.full_window(kind) for kind in self.clouds]

    def calls_of_a_rerun(self) -> Figure:
        estate = self.estate()
        sources = [estate.snapshot() for _n in range(1000)]
        for source in sources:
            estate.our_copy(source)
        self.play(self.copy_task(estate, sources))
        return Figure("rerun over 1,000 copied", sum(estate.calls.values()), 15, "API calls")

    def memory(self) -> Figure:
        estate = self.estate()
        sources = [estate.snapshot() for _n in range(10000)]
        for source in sources:
            estate.our_copy(source)
        given = self.directory / "given.json"
        given.write_text(json.dumps(next(v for k, v in self.copy_task(estate, sources).items() if k != "no_log")))
        child = subprocess.run(
            [sys.executable, "-m", "tests.benchmark.one_module", str(given)], check=True, capture_output=True, text=True
        )
        return Figure("peak memory with 10,000 known copies", float(child.stdout.split()[-1]), 200, "MB")

    def one_task(self) -> Figure:
        estate = self.estate()
        source = estate.snapshot()
        copy = estate.our_copy(source)
        ours = self.play(self.copy_task(estate, [source]), times=5)
        info = {
            "amazon.aws.ec2_snapshot_info": {
                "snapshot_ids": [copy.id],
                "region": estate.destination,
                **estate.connection(),
            }
        }
        theirs = self.play({**info, "no_log": True}, times=5)
        return Figure("one task on one snapshot beside amazon.aws.ec2_snapshot_info", ours / theirs, 1.5, "times")


def main() -> None:
    benchmark = Benchmark()
    figures = [benchmark.one_task(), benchmark.calls_of_a_rerun(), benchmark.memory(), *benchmark.full_windows()]
    benchmark.stop()
    print(f"{'what':62} {'figure':>8} {'bound':>7}  unit")
    for figure in figures:
        kept = "" if figure.kept else "  PASSED THE BOUND"
        print(f"{figure.what:62} {figure.figure:8.2f} {figure.bound:7.2f}  {figure.unit}{kept}")
    print(f"Measured on {os.cpu_count()} cores with the simulated clouds on the same machine.")
    sys.exit(0 if all(figure.kept for figure in figures) else 1)


if __name__ == "__main__":
    main()
