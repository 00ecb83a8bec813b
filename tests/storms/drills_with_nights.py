# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nights during drills: a newer copy of a disk is made and the older one pruned, while drills restore and tag the older
one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .drill_draws import DrillStorm, PlannedDrill, draw_plain_drill_storm, draw_run
from .truth import COPIES, DELETES, ids_of, is_dry

if TYPE_CHECKING:
    from .drill_simulation import DrillSimulation


@dataclass(frozen=True)
class Disk:
    """A disk with two snapshots: the older one has a copy, which the copy of the newer one will replace."""

    id: str
    older: str
    older_copy: str
    newer: str


def draw_storm_with_nights(cloud: str, seed: int) -> DrillStorm:
    """Draw a storm over drills, most of them with nights. The same cloud and seed give the same storm."""
    storm = draw_plain_drill_storm(cloud, seed)
    draw = random.Random(f"nights {cloud} {seed}")
    count = draw.choice((0, 1, 3))
    if not count:
        return storm
    rounds = (
        replace(round_, runs=(*round_.runs, _draw_night(storm, draw))) if draw.random() < 0.7 else round_
        for round_ in storm.rounds
    )
    return replace(storm, nights=count, rounds=tuple(rounds))


def _draw_night(storm: DrillStorm, draw: random.Random) -> PlannedDrill:
    return replace(draw_run(storm.cloud, storm.copies, draw, 1), kept=False, night=True, hours=0)


def create_disks(storm: DrillStorm, estate: Any) -> list[Disk]:
    """Create what exists before."""
    found = []
    for _number in range(storm.nights):
        disk = estate.disk()
        older, newer = estate.snapshot(disk, 30), estate.snapshot(disk, 5)
        found.append(Disk(disk, older, create_copy(storm, estate, disk, older, 30), newer))
    estate.settings(copy_seconds=storm.disk_seconds)
    return found


def create_copy(storm: DrillStorm, estate: Any, disk: str, source: str, hours: float) -> str:
    """Create a copy of a snapshot that is this old, as the role dr_copy does. On ENS the description names its disk."""
    taken_at = estate.clock.utc() - timedelta(hours=hours)
    facts = {"description": f"Copied [{disk} {taken_at:%Y-%m-%dT%H:%M:%SZ}]"} if storm.cloud == "ens" else {}
    return str(estate.create_our_copy(source, **facts).id)


def copy_options(storm: DrillStorm, disks: list[Disk]) -> dict[str, Any]:
    """Return the options that copy the newer snapshots."""
    named = {"description": "Copied [{disk_id} {source_created_at}]"} if storm.cloud == "ens" else {}
    return {"snapshot_ids": [disk.newer for disk in disks], **named}


def prune_options(disks: list[Disk], copied: dict[str, Any]) -> dict[str, Any]:
    """Return the options that prune the older copies of disks whose newer copy was made (as the role dr_copy does)."""
    rows = {row["source_snapshot_id"]: row for row in copied.get("copies", ()) if row["state"] == "completed"}
    made = [disk for disk in disks if disk.newer in rows]
    return {
        "snapshot_ids": [disk.older for disk in made],
        "state": "absent",
        "copy_ids": [disk.older_copy for disk in made],
        "survivors": {disk.older_copy: rows[disk.newer]["snapshot_id"] for disk in made},
    }


def wrong_nights(drilling: DrillSimulation) -> Iterator[str]:
    """Check what nights and tags of proofs may do (promises: survivors, marking, exactly-once)."""
    nights = {outcome.name for outcome in drilling.outcomes if outcome.run.night}
    older = {disk.older_copy: disk for disk in drilling.disks}
    copies: dict[str, list[Any]] = {}
    for copy in drilling.estate.copies():
        copies.setdefault(copy.source_id, []).append(copy)
    for call in drilling.control.recorded_calls:
        if call.action in COPIES | DELETES and call.by not in nights and not is_dry(call):
            yield f"{call.action} was sent by {call.by}, which only restores"
        if call.action not in DELETES or call.code or math.isnan(call.applied_at):
            continue
        for copy_id in ids_of(call):
            disk = older.get(copy_id)
            newer = copies.get(disk.newer, []) if disk else []
            if not any(drilling.estate.started_at(c) + c.duration <= call.applied_at for c in newer):
                yield f"{copy_id} was deleted by {call.by} although no newer copy was complete"
    for disk in drilling.disks:
        made = copies.get(disk.newer, [])
        if len(made) != 1:
            yield f"{disk.newer} has the copies {[copy.id for copy in made]}"
        if disk.older in copies:
            yield f"{disk.older_copy} should be pruned, but exists"


def wrong_last_nights(said: list[dict[str, Any]]) -> Iterator[str]:
    """Check the results of two nights without faults: the second has nothing to do."""
    yield from (f"a night without faults failed: {result['msg']}" for result in said if result["failures"])
    if any(result.get("changed") for result in said[len(said) // 2 :]):
        yield "another night changes something"
