# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs storms on each cloud, prints tables, and writes them into the documentation.

python -m tests.storms SEEDS [--first N] [--cloud NAME ...] [--collisions N] [--processes N] [--drills N] [--nights N]
                       [--write]
python -m tests.storms --story CLOUD SEED [--collision | --drill | --night]
    prints one storm call by call, shrunk if it fails
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tests.clouds import CLOUDS
from tests.documentation.tables import keep

from .processes import run_playbooks, simulated_clouds
from .servers import StormServer
from .shrink import describe, shrink_storm

#: The columns after the cloud of each table, and their figures.
STORMS = {
    "storms": "storms",
    "runs": "runs",
    "copies": "copies",
    "calls": "calls",
    "kills": "kills",
    "rows checked": "share",
    "second copies allowed": "left",
    "wrong": "wrong",
    "seconds a storm": "each",
}
COLLIDED = {
    "collisions": "storms",
    "with a copy that two runs requested": "met",
    "copies that several runs requested": "collided",
    "copies that several runs started": "second_copies",
    "taken back": "taken_back",
    "second copies allowed": "left",
    "wrong": "wrong",
}
DRILLS = {
    "storms over drills": "storms",
    "disks made": "disks",
    "calls": "calls",
    "killed": "kills",
    "killed while a disk existed": "killed_between",
    "second copies allowed": "second_copies",
    "wrong": "wrong",
    "seconds a storm": "each",
}
NIGHTS = {
    "storms of nights": "storms",
    "nights": "nights",
    "restores and drills": "restores",
    "copies": "copies",
    "pruned": "pruned",
    "calls": "calls",
    "killed": "kills",
    "green nights": "green",
    "second copies allowed": "second_copies",
    "wrong": "wrong",
    "seconds a storm": "each",
}
#: Each table of storms: the option that says how many, its name in the guide, their kind, and its columns.
TABLES = (
    ("nights", "nights-of-storms", "night", NIGHTS),
    ("drills", "drills", "drill", DRILLS),
    ("seeds", "storms", "storm", STORMS),
    ("collisions", "collisions", "collision", COLLIDED),
)
PROCESSES = ("cloud", "playbooks killed", "wrong")
#: A row of a table, and the names of its columns.
Row = tuple[object, ...]
Head = tuple[str, ...]
#: The number of storms in one job of the pool.
JOB = 20


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seeds", type=int, nargs="?", default=25)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cloud", nargs="*", default=list(CLOUDS))
    parser.add_argument("--collisions", type=int, default=0)
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("--drills", type=int, default=0)
    parser.add_argument("--nights", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--story", nargs=2, metavar=("CLOUD", "SEED"))
    parser.add_argument("--collision", action="store_true")
    parser.add_argument("--drill", action="store_true")
    parser.add_argument("--night", action="store_true")
    given = parser.parse_args()
    if given.story:
        kind = next((kind for kind in ("collision", "drill", "night") if getattr(given, kind)), "storm")
        _print_story(kind, given.story[0], int(given.story[1]))
        return
    wrong = 0
    with ProcessPoolExecutor(given.jobs) as pool:
        for name, head, rows in _tables(pool, given):
            for row in rows:
                print(name, dict(zip(head, row)), flush=True)
                wrong += int(str(row[head.index("wrong")]))
            if given.write:  # each when it is done, because all of them take hours
                keep(name, head, rows)
    sys.exit(bool(wrong))


def _tables(pool: ProcessPoolExecutor, given: argparse.Namespace) -> Iterator[tuple[str, Head, list[Row]]]:
    """Yield each table, by its name in the guide."""
    for option, name, kind, columns in TABLES:
        if number := getattr(given, option):
            jobs = {cloud: _jobs(pool, kind, cloud, given.first, number) for cloud in given.cloud}
            yield name, ("cloud", *columns), [_row(cloud, jobs[cloud], columns) for cloud in jobs]
    if given.processes:
        killed = [pool.submit(_processes, cloud, given.processes) for cloud in given.cloud]
        yield "processes", PROCESSES, [job.result() for job in killed]


def _jobs(pool: ProcessPoolExecutor, kind: str, cloud: str, first: int, number: int) -> list[Any]:
    begins = range(first, first + number, JOB)
    return [pool.submit(_pass, kind, cloud, begin, min(JOB, first + number - begin)) for begin in begins]


def _pass(kind: str, cloud: str, first: int, number: int) -> Counter[str]:
    """Run some storms of a kind on one cloud, and add up their figures; print violations at once."""
    server, found = StormServer(cloud, with_disks=kind in ("drill", "night")), Counter[str]()
    for seed in range(first, first + number):
        try:
            findings = server.run_storm(kind, seed)
        except Exception as error:
            print(f"  {cloud} {kind} {seed}: {type(error).__name__}: {error}", flush=True)
            found.update(storms=1, wrong=1)
            continue
        figures = {key: value for key, value in vars(findings).items() if isinstance(value, int)}
        found.update(
            storms=1, wrong=int(bool(findings.violations)), milliseconds=int(findings.seconds * 1000), **figures
        )
        if findings.violations:
            print(f"  {cloud} {kind} {seed}: {'; '.join(findings.violations[:4])}", flush=True)
    return found


def _row(cloud: str, jobs: list[Any], columns: dict[str, str]) -> Row:
    found: Counter[str] = sum((job.result() for job in jobs), Counter())
    shown = {
        "share": f"{100 * found['rows_checked'] / max(1, found['rows']):.1f} %",
        "each": f"{found['milliseconds'] / 1000 / max(1, found['storms']):.1f}",
    }
    return cloud, *(shown.get(figure, found[figure]) for figure in columns.values())


def _processes(cloud: str, count: int) -> tuple[Any, ...]:
    """Kill playbooks on one cloud; return the row of the table."""
    with simulated_clouds() as clouds:
        found = {seed: violations for seed in range(count) if (violations := run_playbooks(clouds, cloud, seed))}
    for seed, violations in list(found.items())[:3]:
        print(f"  {cloud} process {seed}: {violations}", flush=True)
    return cloud, count, len(found)


def _print_story(kind: str, cloud: str, seed: int) -> None:
    server = StormServer(cloud, with_disks=kind in ("drill", "night"))
    findings = server.run_storm(kind, seed)
    if findings.violations:
        findings = server.run_and_check(
            shrink_storm(findings.storm, lambda smaller: server.run_and_check(smaller).violations)
        )
    print(findings.storm)
    print(describe(findings))


if __name__ == "__main__":
    main()
