# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collisions: two or three runs at once over the same snapshots, drawn so that the runs meet."""

from __future__ import annotations

import random

from .faults import FAULTS, KILLS, Event, PlannedRun, Round, Source, Storm, draw_locks
from .harder import add_difficulties, draw_own_options


def draw_collision(cloud: str, seed: int) -> Storm:
    """Draw a collision. No copy exists before, so that the copies of the runs meet; runs outlast the lags."""
    draw = random.Random(f"collision {cloud} {seed}")
    count = draw.randint(1, 4)
    copy_seconds = draw.choice((2.0, 4.0, 20.0, 60.0, 300.0))
    runs = tuple(_draw_run(draw, number) for number in range(draw.choice((2, 2, 3))))
    events = (Event(draw.uniform(0.0, 30.0), "kill", draw.randrange(3)),) if draw.random() < 0.1 else ()
    options = {
        "wait_delay": draw.choice((1, 5, 15)),
        "remove_duplicates": draw.random() < 0.2,
        **({} if cloud == "ebs" else {"read_timeout": 60}),
    }
    storm = Storm(
        cloud,
        seed,
        count,
        tuple(Source(disk, draw.randint(1, 50)) for disk in range(count)),
        destinations=draw.choice((1, 1, 2)),
        options=options,
        copy_seconds=copy_seconds,
        latency=draw.choice((0.0, 0.3, 2.0)),
        lags=draw.choice(((0.0,), (0.0, 1.0), (0.0, 2.0), (0.0, 4.0, 8.0), (0.0, 20.0))),
        quota=draw.choice((1, 3, 1000)) if cloud != "ens" else 1000,
        threads=draw.random() < 0.5,
        rounds=(Round(runs, events), Round((PlannedRun(wait_timeout=7200),), gap=60.0)),
    )
    storm = draw_locks(storm, random.Random(f"lock collision {cloud} {seed}"))
    storm = draw_own_options(storm, random.Random(f"own collision {cloud} {seed}"))
    return add_difficulties(storm, random.Random(f"harder collision {cloud} {seed}"))


def _draw_run(draw: random.Random, number: int) -> PlannedRun:
    share = draw.choice((0.0, 0.0, 0.1, 0.2))
    faults = {n: draw.choice(FAULTS) for n in range(1, 100) if draw.random() < share}
    if draw.random() < 0.1:
        faults[draw.randint(1, 15)] = draw.choice(KILLS)
    return PlannedRun(
        tuple(sorted(faults.items())),
        wait_timeout=3600,
        max_in_flight=draw.choice((2, 20)),
        late=draw.choice((0.0, 0.0, 0.3, 1.5, 4.0, 15.0)) if number else 0.0,
        order=draw.randrange(100) if number else 0,
    )
