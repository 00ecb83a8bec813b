# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks what a night reports against the true state of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import parse_shard

from ..truth import COPIES, Copy
from .forms import TIME_FORMAT, Report, stale_page, wrong_forms
from .nights import NightOutcome
from .rules import keeping_rules

if TYPE_CHECKING:
    from .checks import RoleTruth

#: Hours by which a reported age may differ.
ROUNDING_HOURS = 0.1


def wrong_reports(truth: RoleTruth, outcome: NightOutcome) -> Iterator[str]:
    """Yield what a night reports wrongly, or reports about another day."""
    yield from stale_page(truth, outcome)
    if outcome.finished is None:
        return
    report, message = outcome.finished.report, outcome.finished.message
    if "its own code ended the run" in message or "Traceback" in message:
        yield f"broke down: {message}"
        return
    yield from wrong_forms(truth, outcome, report, message)
    if not outcome.run.check:
        yield from _wrong_claims(truth, outcome, report)


# -- what is said against the truth -----------------------------------------------------------------------


def _wrong_claims(truth: RoleTruth, outcome: NightOutcome, report: Report) -> Iterator[str]:
    regions = [truth.nights.regions[n] for n in outcome.plan.destinations]
    if report["source_listed"]:
        wanted = {(disk, region) for disk in outcome.selected for region in regions}
        shown = {(row["disk_id"], row["region"]) for row in report["recovery_points"]}
        if shown != wanted and not _has_stopped(report):
            yield f"recovery points are reported for the wrong disks: {sorted(shown ^ wanted)}"
        if {row["disk_id"] for row in report["coverage"]["excluded"]} != set(outcome.excluded):
            yield f"{outcome.excluded} are excluded, but {report['coverage']['excluded']} are reported"
    for row in report["recovery_points"]:
        yield from (f"{row['disk_id']} in {row['region']} {why}" for why in _wrong_point(truth, outcome, report, row))
    if not report["recovery_points"] and report["within_rpo"]:
        yield "is within its RPO without a recovery point"
    yield from _wrong_prunings(truth, outcome, report)
    yield from _wrong_coverage(truth, outcome, report)
    if not outcome.finished or outcome.finished.message:
        return
    made = [copy for copy in truth.copies if copy.by == outcome.name]
    kept = [copy for copy in made if copy.gone > outcome.ended]
    # After a lost answer it may take another run's copy for its own.
    lost = any(call.lost and call.action in COPIES for call in truth.calls_of(outcome))
    if not lost and len(kept) == len(made) and report["counts"]["created"] + report["counts"]["replaced"] != len(made):
        yield f"reports {report['counts']} copies, but made {len(made)}"


def _has_stopped(report: Report) -> bool:
    """Whether a run ended before it looked at its disks."""
    return not report["recovery_points"] and bool(report["failures"])


def _wrong_point(truth: RoleTruth, outcome: NightOutcome, report: Report, row: Report) -> Iterator[str]:
    disk, region, rpo = row["disk_id"], row["region"], report["rpo_hours"]
    if row["state"] == "unknown":
        if row["within_rpo"] is not None:
            yield "is unknown, but judged"
        return
    if row["snapshot_id"]:
        copy = truth.by_id.get(row["snapshot_id"])
        if copy is None or truth.disk_of(copy) != disk or copy.region != region:
            yield f"is reported to have {row['snapshot_id']}, which is not its copy"
            return
        is_read = report["source_listed"] and copy.source_id in truth.nights.alive
        if row["source_created_at"] is None and not copy.ours and not is_read:
            # Nothing shows when somebody else's copy was taken if its source is gone or was not read.
            yield from ("is within the RPO, but its time is unknown",) if row["within_rpo"] else ()
            return
        if row["source_created_at"] != truth.taken(copy).strftime(TIME_FORMAT):
            yield f"is reported to be of {row['source_created_at']}, and is of {truth.taken(copy)}"
        begin = _last_read(truth, outcome, copy)
        if row["state"] == "completed" and not copy.was(("complete",), begin, outcome.ended):
            yield f"is reported to have {copy.id}, which is {copy.phase(outcome.ended)}"
        age = (outcome.ended_at - truth.taken(copy)).total_seconds() / 3600
        if row["age_hours"] is None or abs(row["age_hours"] - age) > ROUNDING_HOURS:
            yield f"is reported to be {row['age_hours']} h old, and is {age:.1f}"
        if rpo and row["within_rpo"] is True and age > rpo + ROUNDING_HOURS:
            yield f"is within the RPO of {rpo} h, but {age:.1f} h old"
    elif row["within_rpo"]:
        yield "is within the RPO without a copy"
    for better in _surely_seen_copies(truth, outcome, disk, region):
        shown = row["source_created_at"] if row["snapshot_id"] else ""
        if truth.taken(better).strftime(TIME_FORMAT) > shown:
            yield f"is reported to be of {shown or None}, and {better.id} of {truth.taken(better)} exists"


def _last_read(truth: RoleTruth, outcome: NightOutcome, copy: Copy) -> float:
    """Return the earliest time that the night's last successful listing of a copy's region may have shown.

    Later reads of the copy modules are for their own decisions.
    """
    return outcome.listed.get(copy.region, outcome.started) - truth.storm.lag - 0.1


def _surely_seen_copies(truth: RoleTruth, outcome: NightOutcome, disk: str, region: str) -> list[Copy]:
    """Return the copies of ours that were complete and marked early enough for every read of a run, until its end."""
    begin = outcome.started - truth.storm.lag - 0.1
    made_now = {copy.id for copy in truth.copies if copy.by == outcome.name}
    found = []
    for copy in truth.copies_of_disk(disk, region):
        marked = truth.storm.cloud != "cbs" or "dr-copy:source-created-at" in (copy.version(begin) or copy.born).tags
        if copy.ours and marked and copy.id not in made_now and copy.stayed(("complete",), begin, outcome.ended):
            found.append(copy)
    return found


def _wrong_prunings(truth: RoleTruth, outcome: NightOutcome, report: Report) -> Iterator[str]:
    shown = {row["snapshot_id"] for row in report["pruned"]}
    for snapshot_id in shown:
        copy = truth.by_id.get(snapshot_id)
        if copy is None or copy.gone > outcome.ended + 3600.0:
            yield f"{snapshot_id} is reported to be pruned, but exists"
    failed = {failure["snapshot_id"] for failure in report["failures"]}
    for call, copy in truth.deletions(outcome):
        twins = [one for one in truth.copies if one.place == copy.place and one is not copy]
        complete = copy.phase(call.applied_at - 1e-6) == "complete"
        if complete and copy.id not in shown | failed and not twins and not report["failures"]:
            yield f"{copy.id} was deleted, but nothing says so"


def _wrong_coverage(truth: RoleTruth, outcome: NightOutcome, report: Report) -> Iterator[str]:
    """Check which disks lost their tags, which points vanished, and which copies are kept for other plans."""
    names = outcome.plan.names
    for row in report["kept_for_others"]:
        copy = truth.by_id[row["snapshot_id"]]
        if truth.plan_of(copy, outcome.started) in names and truth.plan_of(copy, outcome.ended) in names:
            yield f"{copy.id} is kept for {row['plan']}, but has the mark of {' or '.join(names)}"
    for row in report["vanished"]:
        copy = truth.by_id[row["snapshot_id"]]
        if copy.gone > outcome.ended:
            yield f"{copy.id} is reported to have vanished, but exists"
    if report["failures"] or not report["source_listed"]:
        return
    missing = {point["snapshot_id"] for point in _points_deleted_by_people(truth, outcome)}
    if unseen := missing - {row["snapshot_id"] for row in report["vanished"]}:
        yield f"{sorted(unseen)} were recovery points and have vanished, but nothing says so"
    lost = {row["disk_id"] for row in report["coverage"]["lost"] or ()}
    if wrong := lost & {*outcome.selected_in_all, *outcome.left_out}:
        yield f"{sorted(wrong)} are reported to have lost their tags"
    for disk in truth.nights.disks if report["coverage"]["lost"] is not None and not outcome.plan.by_ids else ():
        if disk in outcome.selected_in_all or disk in outcome.left_out or disk in lost:
            continue
        if outcome.run.shard and parse_shard(outcome.run.shard)[0] > 1:
            continue  # the first part reports it
        regions = [truth.nights.regions[n] for n in outcome.plan.destinations]
        seen = [copy for region in regions for copy in _surely_seen_copies(truth, outcome, disk, region)]
        if any(truth.plan_of(copy, outcome.started - truth.seconds_until_seen) in names for copy in seen):
            yield f"{disk} has copies and is no longer selected, but nothing says so"


def _points_deleted_by_people(truth: RoleTruth, outcome: NightOutcome) -> list[Report]:
    """Return the recovery points of a plan's last report that a person deleted early enough to be noticed.

    A night since then may have pruned a point and left no report, and later nights cannot know. So of the points that
    are not the newest, only those count that a rule of retention keeps.
    """
    last = max(map(json.loads, outcome.json_before), key=lambda report: report.get("finished_at", ""))
    if last.get("last") or not last.get("source_listed"):
        return []
    begin, found = outcome.started - truth.seconds_until_seen, []
    for point in last["recovery_points"]:
        copy = truth.by_id.get(point["snapshot_id"] or "")
        if copy is None or copy.remover != "event" or copy.gone > begin or point["disk_id"] not in outcome.selected:
            continue
        others = truth.copies_of_disk(point["disk_id"], copy.region)
        is_newest = all(truth.taken(one) <= truth.taken(copy) for one in others)
        if not is_newest and not any(keeping_rules(truth, outcome, copy, outcome.started)):
            continue
        same_place = [one for one in truth.copies if one.place == copy.place]
        if not any(one.was(("complete",), begin, outcome.ended) for one in same_place):
            found.append(point)
    return found
