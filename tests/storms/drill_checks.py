# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a storm over drills, and checks the promises against the true state of the server.

Nothing of a drill is left, nothing else was touched, and each disk was made once.
"""

from __future__ import annotations

import math
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulator.control import Call
from tests.simulator.history import Version

from .attaching import (
    ATTACHES,
    DETACHES,
    HELD,
    MOVED,
    attached_by_drill,
    holder_of,
    simultaneous_drills,
    wrong_attachments,
)
from .drill_draws import DOUBT_SECONDS, DrillStorm
from .drill_simulation import KEPT_RESTORE_ID, DrillOutcome, DrillSimulation
from .drills_with_nights import wrong_last_nights, wrong_nights
from .faults import MAX_LOOK_AGE_SECONDS
from .simulation import MAX_CALLS
from .truth import ids_of

MAKES = {"CreateVolume", "CreateDisk", "CreateDisks"}
DELETES = {"DeleteVolume", "DeleteDisk", "TerminateDisks"}
CHANGES = {"CreateTags", "DeleteTags", "TagResources", "UntagResources", "UnTagResources"}
ID, SNAPSHOT, EXPIRES = "dr-restore:id", "dr-restore:snapshot-id", "dr-restore:expires-at"
#: Disks that remain whatever drills do, and disks that a drill must delete.
REMAINING_KINDS = ("untagged", "restore", "attached", "forged", "half", "later", "pair", MOVED, HELD)


@dataclass
class DrillFindings:
    """The violations that were found, and figures for the table."""

    storm: DrillStorm
    violations: list[str] = field(default_factory=list)
    disks: int = 0
    calls: int = 0
    kills: int = 0
    #: Runs that were killed while one of their disks existed.
    killed_between: int = 0
    second_copies: int = 0
    log: list[str] = field(default_factory=list)
    drilling: DrillSimulation | None = None
    seconds: float = 0.0


class RestoredDisk:
    """One disk, from its creation to its end."""

    def __init__(self, drilling: DrillSimulation, disk_id: str, versions: list[Version]):
        self.id, self.versions = disk_id, versions
        born = versions[0]
        self.maker = born.by if isinstance(born.by, Call) else None
        self.by = self.maker.by if self.maker else ""
        self.restore_id, self.snapshot_id = born.tags.get(ID, ""), born.tags.get(SNAPSHOT, "")
        self.planted = drilling.planted.get(disk_id, "")
        self.started = float(born.thing.started)
        self.shown_at = max(self.started, float(born.thing.visible_at))
        self.vanishes = bool(getattr(born.thing, "vanishes", False))

    @property
    def end(self) -> float:
        """When it was deleted, or taken by somebody; from then on it belongs to no run."""
        if self.vanishes:
            return self.started
        for version in self.versions:
            thing = version.thing
            if thing is None or _is_deleted(thing):
                return version.moment
        return math.inf

    def at(self, moment: float) -> Version | None:
        found = [version for version in self.versions if version.moment <= moment]
        return found[-1] if found and found[-1].thing is not None else None


def _is_deleted(thing: Any) -> bool:
    return getattr(thing, "deleted_at", math.inf) < math.inf or getattr(thing, "gone_at", None) is not None


def run_and_check_drills(storm: DrillStorm, estate: Any) -> DrillFindings:
    """Run a storm over an empty estate and check it."""
    with tempfile.TemporaryDirectory() as folder:
        return _run_and_check(storm, estate, Path(folder))


def _run_and_check(storm: DrillStorm, estate: Any, folder: Path) -> DrillFindings:
    drilling = DrillSimulation(storm, estate, folder)
    findings = DrillFindings(storm, drilling=drilling)
    for round_ in storm.rounds:
        drilling.run_round(round_)
    kept, last, further = drilling.clear_up()
    drilling.history.record_changes("end")
    disks = {i: RestoredDisk(drilling, i, versions) for (_region, i), versions in drilling.history.versions.items()}
    calls = drilling.control.recorded_calls
    violations = [f"run {o.name}: {fault}" for o in drilling.outcomes for fault in _wrong_run(drilling, o)]
    violations += [f"run {o.name}: {fault}" for o in drilling.outcomes for fault in _wrong_report(o, disks)]
    violations += _wrong_marks(drilling, calls)
    violations += _wrong_deletions(drilling, disks, calls)
    violations += wrong_attachments(drilling, disks, calls)
    violations += simultaneous_drills(drilling, disks)
    violations += _second_disks(drilling, list(disks.values()), findings)
    if not all(outcome.came_to_its_end for outcome in (kept, last, further)):
        violations.append("a run without faults did not end")
    else:
        violations += _wrong_end(drilling, list(disks.values()), kept, further)
        # A drill fails as long as somebody's disk pretends to be one of an expired drill.
        if last.finished and last.finished.message and "forged" not in drilling.planted.values():
            violations.append(f"a drill without faults failed: {last.finished.message}")
        nights = [outcome for outcome in drilling.outcomes if outcome.name in ("last night", "further night")]
        violations += wrong_last_nights([result for outcome in nights for _what, result in outcome.results])
    violations += wrong_nights(drilling)
    findings.violations = violations
    findings.disks = len(disks) - len(drilling.planted)
    findings.killed_between = sum(_killed_with_disks(outcome, list(disks.values())) for outcome in drilling.outcomes)
    drilling.end(findings)
    return findings


def _killed_with_disks(outcome: DrillOutcome, disks: list[RestoredDisk]) -> bool:
    own = [disk for disk in disks if disk.by == outcome.name]
    return not outcome.came_to_its_end and any(disk.end > outcome.ended for disk in own)


def _wrong_run(drilling: DrillSimulation, outcome: DrillOutcome) -> Iterator[str]:
    if outcome.broke:
        yield f"broke down: {outcome.broke}"
    if outcome.name in drilling.endless:
        yield f"did not end: it made more than {MAX_CALLS} calls"
    for what, result in outcome.results:
        if "Unexpected" in str(result.get("msg", "")):
            yield f"{what} broke down: {result['msg']}"
        for row in result.get("disks", ()) if what == "make" else ():
            if row["state"] == "available" and row["tags"].get(ID) != outcome.restore_id:
                yield f"{row['disk_id']} is reported as made, and has the tags {row['tags']}"


def _wrong_report(outcome: DrillOutcome, disks: dict[str, RestoredDisk]) -> Iterator[str]:
    """Check what a drill reports against the truth (promises: drills)."""
    if outcome.finished is None or outcome.run.kept:
        return
    report, message = outcome.finished.result, outcome.finished.message
    if not report or "its own code ended the run" in message:
        yield f"broke down: {message}"
        return
    for row in report["tried"]:
        disk = disks.get(row["new_disk_id"])
        if row["proven"] and (
            disk is None or (disk.restore_id, disk.snapshot_id) != (outcome.restore_id, row["copy_id"])
        ):
            yield f"{row['copy_id']} is reported as proven by {row['new_disk_id']}, which is not made from it"
    shown = f"{report['left']} {report['warnings']}"
    remaining = [disk for disk in disks.values() if disk.restore_id == outcome.restore_id and disk.end > outcome.ended]
    if not message and (unknown := [disk.id for disk in remaining if disk.id not in shown]):
        yield f"is green and does not name its disks {unknown}, which exist"


def _wrong_marks(drilling: DrillSimulation, calls: list[Call]) -> Iterator[str]:
    """Check that a drill marks only copies from which it has made a disk (promises: drills)."""
    runs, copies = {outcome.name: outcome for outcome in drilling.outcomes}, _copies(drilling)
    for call in calls:
        run = runs[call.by]
        if call.action not in CHANGES or run.run.night or not copies & {*ids_of(call)}:
            continue
        made = [row for what, result in run.results if what == "make" for row in result.get("disks", ())]
        proven = {row["snapshot_id"] for row in made if row["state"] == "available" and not row["error"]}
        if run.run.kept or not {*ids_of(call)} <= proven:
            yield f"{call.by} marked {ids_of(call)}, and has made disks only from {sorted(proven)}"


def _copies(drilling: DrillSimulation) -> set[str]:
    """Return the copies that existed before, and those that exist now."""
    there = {copy.id for copy in drilling.estate.copies()}
    return {*drilling.copies, *(disk.older_copy for disk in drilling.disks), *there}


def _wrong_deletions(drilling: DrillSimulation, disks: dict[str, RestoredDisk], calls: list[Call]) -> Iterator[str]:
    """Check that a deleted disk had our tags, had expired or was of this run, and was free (promises: deleting)."""
    runs = {outcome.name: outcome for outcome in drilling.outcomes}
    copies = _copies(drilling)
    for call in calls:
        reads = call.action.startswith("Describe") or call.action in ("GetCallerIdentity",)
        dry = str(call.given.get("DryRun", "")).lower() == "true"
        run = runs[call.by]
        is_attached = run.run.checks is not None and call.action in ATTACHES | CHANGES
        is_expiry = call.action in CHANGES and run.run.kept
        is_mark = call.action in CHANGES and {*ids_of(call)} <= copies
        needed = reads or dry or is_expiry or is_mark or is_attached or run.run.night
        if not (needed or call.action in MAKES | DELETES | DETACHES):
            yield f"{call.action} was sent, which no drill needs"
        if call.action not in DELETES:
            continue
        for _region, disk_id in call.changed:
            disk = disks[disk_id]
            version = disk.at(call.applied_at - 1e-6)
            # A disk that vanished by itself during the call is not in the call's parameters.
            if version is None or disk_id not in str(call.given):
                continue
            tags, what = version.tags, f"{disk_id} ({disk.planted or disk.restore_id})"
            own = tags.get(ID) == run.restore_id
            if not (tags.get(ID) and tags.get(SNAPSHOT) and tags.get(EXPIRES)) and not run.run.kept:
                yield f"{what}, which lacks our tags, was deleted by {call.by}"
            elif not own and not tags.get(EXPIRES, "9") <= run.now:
                yield f"{what}, a disk of another run, was deleted by {call.by} before its expiry ({tags.get(EXPIRES)})"
            if run.run.kept and disk.by != call.by:
                yield f"{what} was deleted by {call.by}, a run that keeps its disks"
            # Another drill may have detached it at the same time.
            if holder_of(version.thing, call.applied_at):
                yield f"{what}, which is attached, was deleted by {call.by}"
    for disk in disks.values():
        if disk.planted in REMAINING_KINDS and any(isinstance(v.by, Call) for v in disk.versions[1:]):
            yield f"{disk.id} ({disk.planted}) was touched"


def _second_disks(drilling: DrillSimulation, disks: list[RestoredDisk], findings: DrillFindings) -> Iterator[str]:
    """Check that no disk is made if every read showed one, or if this run has made one (promises: exactly-once)."""
    storm = drilling.storm
    of_place: dict[tuple[str, str], list[RestoredDisk]] = defaultdict(list)
    for disk in disks:
        of_place[disk.restore_id, disk.snapshot_id].append(disk)
    seen = storm.lag + MAX_LOOK_AGE_SECONDS + 2 * storm.max_call_seconds + 0.1
    blind = storm.lag + 2 * storm.max_call_seconds >= DOUBT_SECONDS[storm.cloud]
    for disk in disks:
        if disk.maker is None:
            continue
        since = disk.maker.started
        for other in of_place[disk.restore_id, disk.snapshot_id]:
            if other is disk or other.started >= disk.started or other.end <= disk.started or other.maker is None:
                continue
            findings.second_copies += 1
            what = f"{disk.id} was made by {disk.by} in addition to {other.id} of {disk.restore_id}, {disk.snapshot_id}"
            if other.by != disk.by and other.shown_at <= since - seen:
                yield f"{what}, which every read showed"
            elif other.by == disk.by and not other.maker.lost:
                yield f"{what}, which was accepted"
            elif other.by == disk.by and not blind:
                yield f"{what}, which shows although its answer was lost"


def _wrong_end(
    drilling: DrillSimulation, disks: list[RestoredDisk], kept: DrillOutcome, further: DrillOutcome
) -> Iterator[str]:
    there = [disk for disk in disks if disk.end == math.inf]
    for disk in there:
        is_drills = disk.restore_id.startswith("drill-") and disk.planted not in REMAINING_KINDS
        last, now = disk.versions[-1], drilling.scheduler.monotonic()
        if is_drills and (not holder_of(last.thing, now) or attached_by_drill(last, now)):
            yield f"{disk.id} of {disk.restore_id} is left"
    for disk in disks:
        if disk.planted in REMAINING_KINDS and disk.end < math.inf:
            yield f"{disk.id} ({disk.planted}) is gone"
    result = _made(kept)
    rows = {row["snapshot_id"]: row for row in result.get("disks", ())}
    for number in kept.run.copies:
        copy = drilling.copies[number]
        own = [disk for disk in there if (disk.restore_id, disk.snapshot_id) == (KEPT_RESTORE_ID, copy)]
        row = rows.get(copy) or {}
        if not own:
            yield f"{copy} has no disk at the end: {row.get('state')} {row.get('error')}"
        elif row.get("disk_id") not in {disk.id for disk in own} or row.get("error"):
            yield f"{copy}: reported as {row.get('disk_id')} {row.get('error')}, disks are {[disk.id for disk in own]}"
    result = _made(further)
    if result.get("changed") or (further.finished and further.finished.message):
        yield f"a further restore changes something: {result.get('msg')} {further.finished}"


def _made(outcome: DrillOutcome) -> dict[str, Any]:
    """Return the result of creating the disks of a restore."""
    return next((result for what, result in outcome.results if what == "make"), {})
