# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs storms on each cloud, prints tables, and writes them into the documentation.

python -m tests.storms SEEDS [--first N] [--cloud NAME ...] [--collisions N] [--processes N] [--drills N] [--nights N]
                       [--write]
python -m tests.storms --story CLOUD SEED [--collision | --night]   prints one storm call by call, shrunk if it fails
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tests.clouds import CLOUDS
from tests.tables import keep

from .attaching import drill_storm
from .checks import Findings
from .collisions import collision_of
from .harder import hard_storm_of
from .processes import passed, simulated_clouds
from .role_draws import role_storm_of
from .servers import StormServer
from .shrink import smallest, story, story_of_nights

STORMS = (
    "cloud",
    "storms",
    "runs",
    "copies",
    "calls",
    "kills",
    "rows checked",
    "second copies allowed",
    "wrong",
    "seconds a storm",
)
COLLIDED = (
    "cloud",
    "collisions",
    "with a copy that two runs requested",
    "copies that several runs requested",
    "copies that several runs started",
    "taken back",
    "second copies allowed",
    "wrong",
)
DRILLS = (
    "cloud",
    "storms over drills",
    "disks made",
    "calls",
    "killed",
    "killed while a disk existed",
    "second copies allowed",
    "wrong",
    "seconds a storm",
)
NIGHTS = (
    "cloud",
    "storms of nights",
    "nights",
    "restores and drills",
    "copies",
    "pruned",
    "calls",
    "killed",
    "green nights",
    "second copies allowed",
    "wrong",
    "seconds a storm",
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
    parser.add_argument("--night", action="store_true")
    given = parser.parse_args()
    if given.story:
        show = _print_story_of_nights if given.night else _print_story
        show(given.story[0], int(given.story[1]), given.collision)
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
    if given.nights:
        nights = {cloud: _jobs(pool, _pass_nights, cloud, given.first, given.nights) for cloud in given.cloud}
        yield "nights-of-storms", NIGHTS, [_row(cloud, _sum(jobs), NIGHTS_COUNTED) for cloud, jobs in nights.items()]
    if given.drills:
        drills = {cloud: _jobs(pool, _pass_drills, cloud, given.first, given.drills) for cloud in given.cloud}
        yield "drills", DRILLS, [_row(cloud, _sum(jobs), DRILLS_COUNTED) for cloud, jobs in drills.items()]
    if given.seeds:
        storms = {cloud: _submitted(pool, cloud, given.first, given.seeds, False) for cloud in given.cloud}
        yield "storms", STORMS, [_row_of_storms(cloud, _sum(jobs)) for cloud, jobs in storms.items()]
    if given.collisions:
        found = {cloud: _submitted(pool, cloud, given.first, given.collisions, True) for cloud in given.cloud}
        yield "collisions", COLLIDED, [_row_of_collisions(cloud, _sum(jobs)) for cloud, jobs in found.items()]
    if given.processes:
        killed = [pool.submit(_processes, cloud, given.processes) for cloud in given.cloud]
        yield "processes", PROCESSES, [job.result() for job in killed]


def _submitted(pool: ProcessPoolExecutor, cloud: str, first: int, number: int, collisions: bool) -> list[Any]:
    jobs = range(first, first + number, JOB)
    return [pool.submit(_pass, cloud, begin, min(JOB, first + number - begin), collisions) for begin in jobs]


def _jobs(pool: ProcessPoolExecutor, work: Callable[..., Any], cloud: str, first: int, number: int) -> list[Any]:
    jobs = range(first, first + number, JOB)
    return [pool.submit(work, cloud, begin, min(JOB, first + number - begin)) for begin in jobs]


def _pass_drills(cloud: str, first: int, number: int) -> Counter[str]:
    """Run some storms over drills on one cloud; return the counts."""
    server = StormServer(cloud, with_disks=True)
    return _count(
        (f"{cloud} drill seed {seed}", lambda seed=seed: server.drilled(drill_storm(cloud, seed)))
        for seed in range(first, first + number)
    )


def _pass_nights(cloud: str, first: int, number: int) -> Counter[str]:
    """Run some storms of nights on one cloud; return the counts."""
    server = StormServer(cloud, with_disks=True)
    return _count(
        (f"{cloud} night seed {seed}", lambda seed=seed: server.nights(role_storm_of(cloud, seed)))
        for seed in range(first, first + number)
    )


def _count(storms: Iterator[tuple[str, Callable[[], Any]]]) -> Counter[str]:
    """Run storms, each with its name, and add up their figures; print violations at once."""
    found = Counter[str]()
    for name, passes in storms:
        try:
            findings = passes()
        except Exception as error:
            print(f"  {name}: {type(error).__name__}: {error}", flush=True)
            found.update(storms=1, wrong=1)
            continue
        figures = {key: value for key, value in vars(findings).items() if isinstance(value, int)}
        found.update(storms=1, wrong=int(bool(findings.faults)), milliseconds=int(findings.seconds * 1000), **figures)
        if findings.faults:
            print(f"  {name}: {'; '.join(findings.faults[:4])}", flush=True)
    return found


def _sum(jobs: list[Any]) -> Counter[str]:
    """Add up the counts of jobs."""
    return sum((job.result() for job in jobs), Counter())


def _pass(cloud: str, first: int, number: int, collisions: bool) -> Counter[str]:
    """Run some storms, or collisions, on one cloud; return the counts."""
    server, found = StormServer(cloud), Counter[str]()
    for seed in range(first, first + number):
        try:
            findings = server.collided(seed) if collisions else server.passed(seed)
        except Exception as error:
            print(f"  {cloud} seed {seed}: {type(error).__name__}: {error}", flush=True)
            found.update(storms=1, wrong=1)
            continue
        found.update(_counted(findings))
        if findings.faults:
            print(
                f"  {cloud} {'collision' if collisions else 'seed'} {seed}: {'; '.join(findings.faults[:4])}",
                flush=True,
            )
    return found


def _counted(findings: Findings) -> Counter[str]:
    return Counter(
        storms=1,
        runs=sum(len(passing.runs) for passing in findings.storm.rounds),
        copies=findings.copies,
        calls=findings.calls,
        kills=findings.kills,
        rows=findings.rows,
        rows_checked=findings.rows_checked,
        collided=findings.collided,
        second_copies=findings.second_copies,
        met=int(findings.collided > 0),
        taken_back=findings.taken_back,
        left=findings.left,
        wrong=int(bool(findings.faults)),
        milliseconds=int(findings.seconds * 1000),
    )


def _row_of_storms(cloud: str, found: Counter[str]) -> tuple[object, ...]:
    share = f"{100 * found['rows_checked'] / max(1, found['rows']):.1f} %"
    seconds = f"{found['milliseconds'] / 1000 / max(1, found['storms']):.1f}"
    names = ("storms", "runs", "copies", "calls", "kills")
    return cloud, *(found[name] for name in names), share, found["left"], found["wrong"], seconds


#: The figures in the tables of storms over drills and of nights.
DRILLS_COUNTED = ("storms", "disks", "calls", "kills", "killed_between", "second_copies", "wrong")
NIGHTS_COUNTED = (
    "storms",
    "nights",
    "restores",
    "copies",
    "pruned",
    "calls",
    "kills",
    "green",
    "second_copies",
    "wrong",
)


def _row(cloud: str, found: Counter[str], names: tuple[str, ...]) -> Row:
    return cloud, *(found[name] for name in names), f"{found['milliseconds'] / 1000 / max(1, found['storms']):.1f}"


def _row_of_collisions(cloud: str, found: Counter[str]) -> tuple[object, ...]:
    names = ("storms", "met", "collided", "second_copies", "taken_back", "left", "wrong")
    return cloud, *(found[name] for name in names)


def _processes(cloud: str, count: int) -> tuple[Any, ...]:
    """Kill playbooks on one cloud; return the row of the table."""
    with simulated_clouds() as clouds:
        found = {seed: faults for seed in range(count) if (faults := passed(clouds, cloud, seed))}
    for seed, faults in list(found.items())[:3]:
        print(f"  {cloud} process {seed}: {faults}", flush=True)
    return cloud, count, len(found)


def _print_story(cloud: str, seed: int, collision: bool) -> None:
    server = StormServer(cloud)
    storm = collision_of(cloud, seed) if collision else hard_storm_of(cloud, seed)
    findings = server.checked(storm)
    if findings.faults:
        findings = server.checked(smallest(storm, lambda smaller: server.checked(smaller).faults))
    print(findings.storm)
    print(story(findings))


def _print_story_of_nights(cloud: str, seed: int, _collision: bool) -> None:
    server = StormServer(cloud, with_disks=True)
    findings = server.nights(role_storm_of(cloud, seed))
    if findings.faults:
        findings = server.nights(smallest(findings.storm, lambda smaller: server.nights(smaller).faults))
    print(findings.storm)
    print(story_of_nights(findings))


if __name__ == "__main__":
    main()
