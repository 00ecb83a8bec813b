# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storms over drills that attach their disks to a test instance: several drills, and people who attach and detach."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from tests.clouds import CLOUDS
from tests.simulator.control import Call

from .drill_draws import DrillRound, DrillStorm, PlannedDrill, draw_run
from .drills_with_nights import draw_storm_with_nights
from .faults import Event

if TYPE_CHECKING:
    from .drill_checks import RestoredDisk
    from .drill_simulation import DrillSimulation

ATTACHES, DETACHES = {"AttachVolume", "AttachDisk", "AttachDisks"}, {"DetachVolume", "DetachDisk", "DetachDisks"}
ID, TAG, EXPIRES = "dr-restore:id", "dr-restore:attached-to", "dr-restore:expires-at"
#: Disks that exist before the storm, all expired: one that a killed drill left attached, one that somebody has moved
#: from there to another instance, and one that a restore has attached.
HUNG, MOVED, HELD = "hung", "moved", "held"
#: Drills of one plan do not yield to each other, because the earlier one may have been killed.
PLANS = ("orders", "mail")


def draw_drill_storm(cloud: str, seed: int) -> DrillStorm:
    """Draw a storm over drills with all its additions. The same cloud and seed give the same storm."""
    storm = draw_storm_with_nights(cloud, seed)
    draw = random.Random(f"attaching {cloud} {seed}")
    if not CLOUDS[cloud].load("disk_estate").attach_action or draw.random() < 0.35:
        return storm
    others = tuple(draw.choice((HUNG, MOVED, HELD)) for _n in range(draw.choice((0, 1, 2, 3))))
    storm = replace(
        storm,
        others=(*storm.others, *others),
        attach_seconds=draw.choice((0.0, 2.0, 2.0, 30.0)),
        rounds=tuple(_add_checks(round_, draw) for round_ in storm.rounds),
    )
    beside = random.Random(f"beside {cloud} {seed}")
    if beside.random() < 0.4:
        return storm
    return replace(storm, rounds=tuple(_add_drill(storm, round_, beside) for round_ in storm.rounds))


def _add_drill(storm: DrillStorm, round_: DrillRound, draw: random.Random) -> DrillRound:
    """Add a drill to the rounds that check their disks; each drill is of one of two plans, on one test instance.

    In half of these rounds no call fails, so that the drills meet.
    """
    is_calm = draw.random() < 0.5

    def of_a_plan(run: PlannedDrill) -> PlannedDrill:
        if run.checks is None:
            return run
        faults = () if is_calm else run.faults
        return replace(run, plan=draw.choice(PLANS), checks=draw.choice((5.0, 120.0)), faults=faults)

    another = replace(draw_run(storm.cloud, storm.copies, draw, 1), kept=False, hours=0, checks=0.0)
    return replace(round_, runs=tuple(map(of_a_plan, (*round_.runs, another))))


def _add_checks(round_: DrillRound, draw: random.Random) -> DrillRound:
    runs = tuple(
        run if run.kept or run.night or draw.random() < 0.2 else replace(run, checks=draw.choice((0.0, 5.0, 120.0)))
        for run in round_.runs
    )
    events = tuple(
        Event(round(draw.uniform(0.0, 120.0), 1), draw.choice(("attach", "detach")), draw.randrange(1000))
        for _n in range(draw.choice((0, 1, 3)))
    )
    return replace(round_, runs=runs, events=(*round_.events, *events))


def holder_of(thing: Any, moment: float) -> str:
    """Return the instance that a recorded version of a disk is attached to at a time; empty for none."""
    held = getattr(thing, "attachment", None)
    if held:
        return str(held.instance.id) if moment < held.gone_at else ""
    # Not with the disk's own method: a replica may have shown this version as of an earlier time.
    detached_at = getattr(thing, "detached_at", None)
    return "" if detached_at is not None and moment >= detached_at else str(getattr(thing, "attached_to", "") or "")


def attached_by_drill(version: Any, moment: float) -> bool:
    """Whether a disk is attached to the instance to which a drill attached it, by its tags."""
    tags, holder = version.tags, holder_of(version.thing, moment)
    return bool(holder) and tags.get(TAG) == holder and tags.get(ID, "").startswith("drill-")


def wrong_attachments(drilling: DrillSimulation, disks: dict[str, RestoredDisk], calls: list[Call]) -> Iterator[str]:
    """Check that a run attaches only its own disks, and detaches only what a drill attached (promises: usable)."""
    runs = {outcome.name: outcome for outcome in drilling.outcomes}
    for call in calls:
        if call.action not in ATTACHES | DETACHES or math.isnan(call.applied_at):
            continue
        run = runs[call.by]
        for _region, disk_id in call.changed:
            disk = disks[disk_id]
            # The state before the call, even if another call did its work at the same time.
            number = [version.by is call for version in disk.versions].index(True)
            version, moment = disk.versions[number - 1], call.applied_at
            tags, what = version.tags, f"{disk_id} ({disk.planted or disk.restore_id})"
            if call.action in ATTACHES and tags.get(ID) != run.restore_id:
                yield f"{what} was attached by {call.by}, which did not make it"
            if call.action in ATTACHES and tags.get(TAG) != drilling.estate.server_id:
                yield f"{what} was attached by {call.by} before it was tagged with the instance"
            if call.action in DETACHES and not attached_by_drill(version, moment):
                yield f"{what} was detached by {call.by}, although no drill had attached it there"
            if call.action in DETACHES and tags.get(ID) != run.restore_id and not tags.get(EXPIRES, "9") <= run.now:
                yield f"{what} of another run was detached by {call.by} before its expiry ({tags.get(EXPIRES)})"


def simultaneous_drills(drilling: DrillSimulation, disks: dict[str, RestoredDisk]) -> Iterator[str]:
    """Check that drills of two plans check no disks on one instance at once, and no two disks share a device.

    Each drill attaches its disk before it looks for others. So one of them sees the other if reads show the other's tag
    by then.
    """
    found = [(outcome, check) for outcome in drilling.outcomes if outcome.run.plan for check in outcome.checks]
    for (one, mine), (other, theirs) in combinations(found, 2):
        started = max(mine.started, theirs.started)
        at_once = started < min(mine.ended, theirs.ended)
        are_there = all(_place_of(disks[check.disk_id], started) for check in (mine, theirs))
        seen = abs(mine.looked - theirs.looked) >= drilling.storm.lag
        if one.run.plan != other.run.plan and at_once and are_there and seen:
            yield f"{one.name} and {other.name}, of two plans, check disks on one instance at the same time"
    made = [disk for disk in disks.values() if not disk.planted]
    for one_disk, other_disk in combinations(made, 2):
        for moment in sorted({version.moment for disk in (one_disk, other_disk) for version in disk.versions}):
            place = _place_of(one_disk, moment)
            # People attach disks to the other instance without checking its devices.
            is_here = place and place[0] == drilling.estate.server_id
            if place and is_here and place[1] and place == _place_of(other_disk, moment):
                yield f"{one_disk.id} and {other_disk.id} both use {place[1]} of {place[0]}"


def _place_of(disk: RestoredDisk, moment: float) -> tuple[str, str] | None:
    """Return the instance that a disk is attached to at a time, and its device; empty if it shows none."""
    version = disk.at(moment)
    holder = holder_of(version.thing, moment) if version and moment < disk.end else ""
    if not version or not holder:
        return None
    held = getattr(version.thing, "attachment", None)
    return holder, str((held and held.device) or getattr(version.thing, "device", "") or "")
