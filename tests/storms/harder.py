# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes a storm or a collision harder.

Listings longer than a page that change while they are read, clocks that differ, sources that show late, and runs that
request different things for the same snapshots. They have generators of their own, so that all other draws of a storm
stay the same.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from tests.clouds import CLOUDS

from .faults import ExistingCopy, PlannedRun, Storm, draw_storm

#: By how many seconds the clock of a controller is off.
SKEW_SECONDS = (0.0, 0.0, 8.0, -8.0, 600.0, -600.0)


def draw_hard_storm(cloud: str, seed: int) -> Storm:
    """Draw a storm. The same cloud and seed give the same storm."""
    return add_difficulties(draw_storm(cloud, seed), random.Random(f"harder {cloud} {seed}"))


def add_difficulties(storm: Storm, draw: random.Random) -> Storm:
    """Draw pages, clocks and late sources."""
    if draw.random() < 0.5:
        page, fillers, churn = CLOUDS[storm.cloud].least_page, draw.choice((3, 9, 20)), draw.choice((0.1, 0.4))
        storm = replace(storm, page=page, fillers=fillers, churn=churn)
    if draw.random() < 0.4:
        sources = (replace(s, late=draw.choice((0.0, 0.0, 1.0, 3.0))) for s in storm.sources)
        storm = replace(storm, sources=tuple(sources))
    rounds = (
        replace(round_, runs=tuple(replace(run, skew=draw.choice(SKEW_SECONDS)) for run in round_.runs))
        for round_ in storm.rounds
    )
    return replace(storm, rounds=tuple(rounds))


def draw_own_options(storm: Storm, draw: random.Random) -> Storm:
    """Draw for each run of a collision except the last what it requests, and what exists before."""
    *first, last = storm.rounds
    rounds = (replace(p, runs=tuple(_draw_own(storm.cloud, run, draw) for run in p.runs)) for p in first)
    before = storm.before
    if draw.random() < 0.5:
        before = tuple(_draw_existing_copy(storm, draw) for _n in range(draw.choice((1, 2, 4, 6))))
    return replace(storm, rounds=(*rounds, last), before=before)


def _draw_own(cloud: str, run: PlannedRun, draw: random.Random) -> PlannedRun:
    kind = draw.choice(("copy",) * 5 + ("mark", "absent", "prune", "prune"))
    own: dict[str, Any] = {"remove_duplicates": draw.random() < 0.3, "replace_failed": draw.random() < 0.8}
    if cloud in ("ebs", "ecs") and draw.random() < 0.6:
        own.update(encrypted=True, replace_mismatched=draw.random() < 0.7)
        if draw.random() < 0.7:
            own["kms_key_id"] = draw.choice("ab")
    if cloud in ("ebs", "ecs") and draw.random() < 0.15:
        own["lock_days"] = draw.choice((1, 7))
    if cloud in ("cbs", "ecs") and draw.random() < 0.2:
        own["retention_days"] = 30
    if kind == "mark":
        own = {"create": False, **({} if cloud == "ens" else {"tags": {"proven": "1"}})}
    if kind == "absent":
        return replace(run, state="absent", copies=draw.choice((None, (0, 1, 2))))
    if kind == "prune":
        return replace(run, state="absent", copies=tuple(draw.randrange(8) for _n in range(3)), prunes=True)
    return replace(run, own=own)


def _draw_existing_copy(storm: Storm, draw: random.Random) -> ExistingCopy:
    encrypted = storm.cloud in ("ebs", "ecs") and draw.random() < 0.7
    return ExistingCopy(
        draw.randrange(len(storm.sources)),
        draw.randrange(storm.destinations),
        draw.random() < 0.8,
        "complete",
        held="tag" if storm.cloud != "ens" and draw.random() < 0.05 else "",
        encrypted=encrypted,
        key=draw.choice("ab") if encrypted else "",
    )
