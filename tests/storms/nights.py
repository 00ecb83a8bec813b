# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nights beside drills: a newer copy of a disk is made and the older one pruned, while drills make disks of the older
one and mark it."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .drills import DrillStorm, PlannedDrill, drill_storm_of, run_of
from .truth import COPIES, DELETES, ids_of, is_dry

if TYPE_CHECKING:
    from .drilling import Drilling


@dataclass(frozen=True)
class Disk:
    """A disk with two snapshots: the older one has a copy, which the newer one's is to replace."""

    older: str
    older_copy: str
    newer: str


def storm_beside_nights(cloud: str, seed: int) -> DrillStorm:
    """Draw a storm over drills, with nights in most of them. The same cloud and seed give the same storm."""
    storm = drill_storm_of(cloud, seed)
    draw = random.Random(f"nights {cloud} {seed}")
    count = draw.choice((0, 1, 3))
    if not count:
        return storm
    rounds = (
        replace(passing, runs=(*passing.runs, _night(storm, draw))) if draw.random() < 0.7 else passing
        for passing in storm.rounds
    )
    return replace(storm, nights=count, rounds=tuple(rounds))


def _night(storm: DrillStorm, draw: random.Random) -> PlannedDrill:
    return replace(run_of(storm.cloud, storm.copies, draw, 1), kept=False, night=True, hours=0)


def disks_of(storm: DrillStorm, estate: Any) -> list[Disk]:
    """Make what there is before."""
    found = []
    for _number in range(storm.nights):
        disk = estate.disk()
        older, newer = estate.snapshot(disk, 30), estate.snapshot(disk, 5)
        found.append(Disk(older, estate.our_copy(older).id, newer))
    estate.settings(copy_seconds=storm.disk_seconds)
    return found


def copy_options(disks: list[Disk]) -> dict[str, Any]:
    """Return what copies the newer snapshots."""
    return {"snapshot_ids": [disk.newer for disk in disks]}


def prune_options(disks: list[Disk], copied: dict[str, Any]) -> dict[str, Any]:
    """Return what prunes the older copies of those whose newer one was made (as roles/dr_copy/tasks/prune)."""
    rows = {row["source_snapshot_id"]: row for row in copied.get("copies", ()) if row["state"] == "completed"}
    made = [disk for disk in disks if disk.newer in rows]
    return {
        "snapshot_ids": [disk.older for disk in made],
        "state": "absent",
        "copy_ids": [disk.older_copy for disk in made],
        "survivors": {disk.older_copy: rows[disk.newer]["snapshot_id"] for disk in made},
    }


def mark_options(disks: list[Disk], made: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    """Return what marks the older copies of which disks could be made (as the role dr_restore does)."""
    proven = {row["snapshot_id"] for row in made.get("disks", ()) if row["state"] == "available"}
    return {
        "snapshot_ids": [disk.older for disk in disks if disk.older_copy in proven],
        "create": False,
        **({"tags": tags} if tags else {}),
    }


def wrong_nights(drilling: Drilling) -> Iterator[str]:
    """What nights and marks may do (promises: survivors, marking, exactly-once)."""
    nights = {outcome.name for outcome in drilling.outcomes if outcome.run.night}
    older = {disk.older_copy: disk for disk in drilling.disks}
    copies: dict[str, list[Any]] = {}
    for copy in drilling.estate.copies():
        copies.setdefault(copy.source_id, []).append(copy)
    for call in drilling.control.journal:
        if call.action in COPIES | DELETES and call.by not in nights and not is_dry(call):
            yield f"{call.action} was sent by {call.by}, which only restores"
        if call.action not in DELETES or call.code or math.isnan(call.worked):
            continue
        for copy_id in ids_of(call):
            disk = older.get(copy_id)
            newer = copies.get(disk.newer, []) if disk else []
            if not any(drilling.estate.started_at(c) + c.duration <= call.worked for c in newer):
                yield f"{copy_id} was deleted by {call.by}, and no newer copy was complete"
    for disk in drilling.disks:
        made = copies.get(disk.newer, [])
        if len(made) != 1:
            yield f"{disk.newer} has the copies {[copy.id for copy in made]}"
        if disk.older in copies:
            yield f"{disk.older_copy} was to be pruned, and is there"


def wrong_end(said: list[dict[str, Any]]) -> Iterator[str]:
    """Hold what two nights without faults said: the second has nothing to do."""
    yield from (f"a night without faults failed: {result['msg']}" for result in said if result["failures"])
    if any(result.get("changed") for result in said[len(said) // 2 :]):
        yield "a further night changes something"
