# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let storms pass over each cloud, print a table, and write it into the documentation.

python -m tests.storms SEEDS [--first N] [--cloud NAME ...] [--collisions N] [--processes N] [--write]
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tests.tables import DOCS, list_table, write_between

from .collisions import Collision, collided
from .harbour import ESTATES, Harbour
from .judge import Verdict
from .processes import passed, simulated_clouds
from .shrink import smallest

STORMS = ("cloud", "storms", "copies", "kills", "doubles that nobody could see", "wrong", "seconds a storm")
COLLIDED = ("cloud", "collisions", "withdrawn", "doubles left", "wrong")
PROCESSES = ("cloud", "playbooks killed", "wrong")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seeds", type=int, nargs="?", default=25)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cloud", nargs="*", default=list(ESTATES))
    parser.add_argument("--collisions", type=int, default=0)
    parser.add_argument("--processes", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    jobs: list[tuple[Any, ...]] = [
        (_storms, cloud, given.first, given.seeds, given.collisions) for cloud in given.cloud
    ]
    jobs += [(_processes, cloud, given.processes) for cloud in given.cloud if given.processes]
    with ProcessPoolExecutor(2) as pool:
        rows = [done.result() for done in [pool.submit(*job) for job in jobs]]
    wrong = sum(row[-1] for row in rows)
    if given.write:
        stormy, killed = rows[: len(given.cloud)], rows[len(given.cloud) :]
        write_between(DOCS / "reliability.rst", "storms", list_table(STORMS, [row[0] for row in stormy]))
        write_between(DOCS / "reliability.rst", "collisions", list_table(COLLIDED, [row[1] for row in stormy]))
        write_between(DOCS / "reliability.rst", "processes", list_table(PROCESSES, [row[0] for row in killed]))
    sys.exit(bool(wrong))


def _storms(cloud: str, first: int, seeds: int, collisions: int) -> tuple[Any, Any, int]:
    """Let storms pass and runs collide on one cloud; returns the rows of both, and how many went wrong."""
    harbour = Harbour(cloud)
    verdicts = [harbour.passed(seed) for seed in range(first, first + seeds)]
    wrong = _tell(harbour, verdicts)
    met = _collisions(harbour, collisions)
    for bad in [c for c in met if c.faults][:3]:
        print(f"  {cloud} collision {bad.seed}: {bad.faults}")
    harbour.stop()
    rows = _row_of_storms(cloud, verdicts), _row_of_collisions(cloud, met)
    print(dict(zip(STORMS, rows[0])), dict(zip(COLLIDED, rows[1])), flush=True)
    return *rows, wrong + sum(bool(c.faults) for c in met)


def _processes(cloud: str, count: int) -> tuple[Any, int]:
    """Kill playbooks on one cloud; returns the row, and how many went wrong."""
    with simulated_clouds() as clouds:
        found = {seed: faults for seed in range(count) if (faults := passed(clouds, cloud, seed))}
    for seed, faults in list(found.items())[:3]:
        print(f"  {cloud} process {seed}: {faults}")
    row = (cloud, count, len(found))
    print(dict(zip(PROCESSES, row)), flush=True)
    return row, len(found)


def _row_of_storms(cloud: str, verdicts: list[Verdict]) -> tuple[object, ...]:
    return (
        cloud,
        len(verdicts),
        sum(v.copies for v in verdicts),
        sum(v.kills for v in verdicts),
        sum(v.excused_doubles for v in verdicts),
        sum(bool(v.faults) for v in verdicts),
        f"{sum(v.seconds for v in verdicts) / max(1, len(verdicts)):.1f}",
    )


def _tell(harbour: Harbour, verdicts: list[Verdict]) -> int:
    wrong = [v for v in verdicts if v.faults]
    for verdict in wrong[:3]:
        print(f"  {harbour.cloud} seed {verdict.storm.seed}: {'; '.join(verdict.faults[:5])}")
    if wrong:
        least = smallest(wrong[0].storm, lambda storm: harbour.judged(storm).faults)
        print(f"  smallest: {least}\n  {harbour.judged(least).faults}")
    return len(wrong)


def _collisions(harbour: Harbour, wanted: int) -> list[Collision]:
    """Let runs collide until so many snapshots were begun by more than one, or it is clear that none are."""
    met: list[Collision] = []
    while sum(c.collided for c in met) < wanted and len(met) < wanted:
        met.append(collided(len(met), harbour.estate_on))
    return met


def _row_of_collisions(cloud: str, met: list[Collision]) -> tuple[object, ...]:
    return (
        cloud,
        sum(c.collided for c in met),
        sum(c.withdrawn for c in met),
        sum(c.left for c in met),
        sum(bool(c.faults) for c in met),
    )


if __name__ == "__main__":
    main()
