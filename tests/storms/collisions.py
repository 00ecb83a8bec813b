# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two and three runs at once over the same snapshots: what is lost, doubled, withdrawn, told."""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from tests.unit.harness import RUNNER

from .conductor import Conductor, prepared


@dataclass
class Collision:
    """What came of one seed. ``collided`` counts the snapshots that more than one run had begun to copy."""

    seed: int
    collided: int = 0
    withdrawn: int = 0
    left: int = 0
    faults: list[str] = field(default_factory=list)


def collided(seed: int, estate_of: Callable[[Any], Any]) -> Collision:
    """Let two or three runs collide on an empty estate that ``estate_of`` makes with a clock."""
    draw = random.Random(f"collision {seed}")
    conductor = Conductor(seed)
    random.seed(seed)
    estate = estate_of(conductor)
    sources = [estate.snapshot(age_hours=draw.randint(1, 50)) for _n in range(draw.randint(1, 5))]
    seconds, visible = draw.choice((4.0, 8.0, 20.0)), draw.choice((0.0, 0.0, 1.0, 2.0))
    estate.settings(copy_seconds=seconds, visible_after=visible, quota=1000)
    results: list[dict[str, Any]] = []
    runs = []
    for _n in range(draw.choice((2, 2, 3))):
        own = draw.sample(sources, len(sources))
        given = {
            "snapshot_ids": own,
            "source_region": estate.source,
            "destination_regions": [estate.destination],
            "wait": True,
            "max_in_flight": draw.choice((2, 20)),
            **estate.connection(),
        }
        run, late = prepared(estate.module, given, conductor, results), draw.choice((0.0, 0.0, 0.3, 1.5, 4.0))
        runs.append(lambda run=run, late=late: (conductor.sleep(late), run()))
    with (
        mock.patch.object(importlib.import_module(RUNNER), "Clock", lambda: conductor),
        mock.patch.object(estate.adapter, "calls_at_once", 1),
    ):
        conductor.play(runs)
    return _judged(seed, estate, sources, results, len(runs))


def _judged(seed: int, estate: Any, sources: list[str], results: list[dict[str, Any]], runs: int) -> Collision:
    found = Collision(seed)
    if len(results) != runs:
        found.faults.append(f"{runs - len(results)} runs broke down")
    told = {d["snapshot_id"] for result in results for d in result["duplicates"]}
    for result in results:
        found.faults += [f"a run failed: {failure['message']}" for failure in result["failures"]]
        found.withdrawn += result["counts"]["deleted"]
    for source in sources:
        copies = [c for c in estate.copies() if c.source_id == source]
        begun = sum(
            row["action"] == "created" for r in results for row in r["copies"] if row["source_snapshot_id"] == source
        )
        if not any(estate.is_complete(copy) for copy in copies):
            found.faults.append(f"the copy of {source} is lost")
        found.left += max(0, len(copies) - 1)
        untold = [copy.id for copy in copies if copy.id not in told]
        if len(untold) > 1:
            found.faults.append(f"of the copies {', '.join(c.id for c in copies)} only {len(told)} are told")
        found.collided += max(begun, len(copies)) > 1
    found.collided += found.withdrawn
    return found
