# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks restores and drills in a storm of nights, and their reports, against the true state of the server."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client.parser import text_string_to_metric_families

from ..truth import COPIES, DELETES, WRITES, Copy, is_dry
from .forms import TIME_FORMAT, overall_class_of
from .restores import HOST, RestoreOutcome
from .sets import marked_sets

if TYPE_CHECKING:
    from .checks import RoleTruth

ID, SNAPSHOT = "dr-restore:id", "dr-restore:snapshot-id"
#: Calls that make disks; and the other writes of a restore: tags, and deletions of its own disks.
MAKES = {"CreateVolume", "CreateDisk", "CreateDisks"}
Row = dict[str, Any]


def wrong_restores(truth: RoleTruth) -> Iterator[str]:
    """Yield what restores and drills did or reported wrongly.

    See promises: restore-once, restore-in-one-region, drills.
    """
    if not truth.nights.restores:
        return
    disks = [disk for disk in truth.nights.estate.disks() if truth.nights.estate.tags_of_disk(disk).get(ID)]
    for outcome in truth.nights.restores:
        kind = "drill" if outcome.run.is_drill else "restore"
        for violation in (*_wrong_calls(truth, outcome), *_wrong_report(truth, outcome, disks)):
            yield f"{kind} {outcome.name}: {violation}"
    tags = [truth.nights.estate.tags_of_disk(disk) for disk in disks]
    for (restore_id, snapshot_id), number in Counter((one[ID], one.get(SNAPSHOT, "")) for one in tags).items():
        if number > 1 and not restore_id.startswith("drill-"):
            yield f"{number} disks were made of {snapshot_id} for {restore_id}"
    if left := [one[ID] for one in tags if one[ID].startswith("drill-")]:
        yield f"disks of drills are left after the last one: {left}"


def _wrong_calls(truth: RoleTruth, outcome: RestoreOutcome) -> Iterator[str]:
    if outcome.broke:
        yield f"broke down: {outcome.broke}"
    if outcome.name in truth.nights.endless:
        yield "did not end"
    for call in truth.calls_of_run(outcome.name):
        if call.action in COPIES | DELETES and not is_dry(call):
            yield f"sent {call.action}"
        if outcome.run.check and call.action in WRITES | MAKES and not is_dry(call):
            yield f"only reads, but sent {call.action}"
        if call.region == truth.nights.estate.source and truth.storm.cloud != "ens":
            yield f"called {call.action} in the source region"


def _wrong_report(truth: RoleTruth, outcome: RestoreOutcome, disks: list[Any]) -> Iterator[str]:
    if outcome.finished is None:
        page = outcome.files.get("html", "")
        has_called = bool(truth.calls_of_run(outcome.name))
        if outcome.run.is_drill and has_called and not outcome.run.check and ("is-good" in page or "✓" in page):
            yield "was killed, but its page is green"
        return
    result, message = outcome.finished.result, outcome.finished.message
    if "its own code ended the run" in message or not result:
        yield f"broke down: {message}"
        return
    if outcome.run.is_drill:
        yield from _wrong_drill(truth, outcome, result, message)
    else:
        yield from _wrong_restore(truth, outcome, result, message, disks)
    yield from _wrong_files(truth, outcome, result, message)


def _wrong_restore(
    truth: RoleTruth, outcome: RestoreOutcome, result: Row, message: str, disks: list[Any]
) -> Iterator[str]:
    missing = [row["disk_id"] for row in result["disks"] if row["missing"]]
    torn = [row["disk_id"] for row in result["disks"] if row["torn"]]
    by_set = outcome.run.options.get("consistency", "set") == "set"
    bad = bool(missing or result["failures"] or (torn and by_set) or not result["disks"])
    if bad is not bool(message):
        yield f"the message is {message!r}, missing are {missing}, torn {torn}, and failed {result['failures']}"
    made = {disk.id: truth.nights.estate.tags_of_disk(disk) for disk in disks}
    for row in result["disks"]:
        if row["state"] == "available" and not outcome.run.check:
            tags = made.get(row["new_disk_id"], {})
            if (tags.get(ID), tags.get(SNAPSHOT)) != (outcome.restore_id, row["copy_id"]):
                yield f"reports {row['new_disk_id']} as made of {row['copy_id']}, and that is {tags}"
        yield from _wrong_choice(truth, outcome, row)
    shown = {row["disk_id"] for row in result["disks"]}
    if unknown := _surely_restorable(truth, outcome) - shown if not result["failures"] else set():
        yield f"{sorted(unknown)} have copies, but are not reported"


def _wrong_drill(truth: RoleTruth, outcome: RestoreOutcome, result: Row, message: str) -> Iterator[str]:
    failed = [row["disk_id"] for row in result["tried"] if not row["proven"]]
    bad = bool(failed or result["failures"] or result["overdue"] or not result["tried"])
    bad = bad or any(not row["attached_to"] for row in result["left"])
    if outcome.run.check:
        return
    if bad is not bool(_cut_file_problems(message)):
        yield f"the message is {message!r}, not proven are {failed}, and failed {result['failures']}"
    # Drills that start within one second have the same ID: one may have made what the other finds and proves.
    second = outcome.began_at.replace(microsecond=0)
    names = [other.name for other in truth.nights.restores if other.began_at.replace(microsecond=0) == second]
    calls = [call for name in names for call in truth.calls_of_run(name) if call.action in MAKES]
    asked = [call for call in calls if not math.isnan(call.applied_at)]
    proven = [row for row in result["tried"] if row["proven"]]
    if len(proven) > len(asked):
        yield f"reports {len(proven)} copies as proven, but made {len(asked)} disks"
    for row in result["tried"]:
        yield from _wrong_choice(truth, outcome, row)


def _wrong_choice(truth: RoleTruth, outcome: RestoreOutcome, row: Row) -> Iterator[str]:
    """Return what is wrong with the copy that was chosen for a disk; an empty string if nothing is."""
    if not row["copy_id"]:
        return
    copy = truth.by_id.get(row["copy_id"])
    region = truth.nights.regions[outcome.run.region]
    if copy is None or copy.region != region or truth.disk_of(copy) != row["disk_id"]:
        yield f"{row['disk_id']} is reported to come from {row['copy_id']}, which is not its copy in {region}"
        return
    if row["taken_at"] != truth.taken(copy).strftime(TIME_FORMAT):
        yield f"{copy.id} is reported to be of {row['taken_at']}, and is of {truth.taken(copy)}"
    begin = outcome.started - truth.seconds_until_seen
    if not copy.was(("complete",), begin, outcome.ended):
        yield f"chose {copy.id} of {row['disk_id']}, which is {copy.phase(outcome.started)}"
    newer = [one for one in _sure_copies(truth, outcome) if truth.disk_of(one) == row["disk_id"]]
    newest = max((truth.taken(one) for one in newer), default=truth.taken(copy))
    if newest > truth.taken(copy) and not _is_of_set(truth, copy, begin):
        yield f"chose {copy.id} of {truth.taken(copy)} for {row['disk_id']}, and a copy of {newest} exists"


def _is_of_set(truth: RoleTruth, copy: Copy, begin: float) -> bool:
    """Whether a copy may be chosen for its server's set although newer copies of its disk exist."""
    return any(copy in one.copies for one in marked_sets(truth, copy.region, begin))


def _sure_copies(truth: RoleTruth, outcome: RestoreOutcome) -> list[Copy]:
    """Return the copies of ours that every read of a run showed as complete, tagged and restorable."""
    begin, region = outcome.started - truth.seconds_until_seen, truth.nights.regions[outcome.run.region]
    found = []
    for copy in truth.copies:
        version = copy.version(begin)
        marked = truth.storm.cloud != "cbs" or (version and "dr-copy:source-created-at" in version.tags)
        if copy.region == region and copy.ours and marked and copy.stayed(("complete",), begin, outcome.ended):
            found.append(copy)
    return found


def _surely_restorable(truth: RoleTruth, outcome: RestoreOutcome) -> set[str]:
    return {truth.disk_of(copy) for copy in _sure_copies(truth, outcome)}


def _wrong_files(truth: RoleTruth, outcome: RestoreOutcome, result: Row, message: str) -> Iterator[str]:
    """Check the files of a run against its result."""
    if outcome.run.check:
        return
    if not outcome.run.is_drill:
        written = json.loads(outcome.files.get("restore.json") or "null")
        if any(row["copy_id"] for row in result["disks"]) and written != json.loads(json.dumps(result)):
            yield "the manifest differs from the result"
        return
    broken = truth.storm.broken_at(int(outcome.name.split(".")[0]))
    if ("reports" in broken or "metrics" in broken) is not ("could not be written" in message):
        yield f"{broken} could not be written, but the message is {message!r}"
    others = [
        other
        for other in truth.nights.restores
        if other is not outcome
        and other.run.is_drill
        and other.started < outcome.ended
        and other.ended > outcome.started
    ]
    if others:
        return
    page = outcome.files.get("html", "")
    if "reports" not in broken:
        if json.loads(outcome.files.get("json") or "null") != json.loads(json.dumps(result)):
            yield "the JSON report of the drill differs from the result"
        if (overall_class_of(page) == "is-bad") is not bool(_cut_file_problems(message)):
            yield f"the page of the drill is {overall_class_of(page)}, the message is {message!r}"
    if "metrics" not in broken:
        yield from _wrong_metrics(outcome, result)


def _cut_file_problems(message: str) -> str:
    """Return a message without its end, which is about files that could not be written."""
    return re.split(r"The (report|metrics)[^:]* could not be written", message)[0].strip()


def _wrong_metrics(outcome: RestoreOutcome, result: Row) -> Iterator[str]:
    families = text_string_to_metric_families(outcome.files.get("prom", ""))
    shown = {
        sample.labels["disk"]: sample.value
        for family in families
        for sample in family.samples
        if sample.name == "dr_copy_drill_timestamp_seconds" and sample.labels["plan"] == HOST
    }
    for row in result["disks"]:
        moment = shown.get(row["disk_id"])
        if moment is not None and bool(moment) is not bool(row["proven_at"]):
            yield f"the metrics show {row['disk_id']} as proven at {moment}, the drill at {row['proven_at']}"
