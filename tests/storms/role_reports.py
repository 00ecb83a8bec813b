# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold what a night tells against the server's truth, and each of its forms against the others: the message that fails
the run, the result, the screen, the JSON report, the page, JUnit and metrics."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from prometheus_client.parser import text_string_to_metric_families

from .role_nights import NightOutcome
from .truth import COPIES, Copy, regions_of

if TYPE_CHECKING:
    from .role_checks import RoleTruth

Report = dict[str, Any]
FORM = "%Y-%m-%dT%H:%M:%SZ"
#: Hours by which an age may differ.
ROUNDED = 0.1


def untrue(truth: RoleTruth, outcome: NightOutcome) -> Iterator[str]:
    """Yield what a night tells wrongly, or what tells of another day."""
    yield from _old_page(truth, outcome)
    if outcome.finished is None:
        return
    report, message = outcome.finished.report, outcome.finished.message
    if "error in its own code" in message or "Traceback" in message:
        yield f"broke down: {message}"
        return
    yield from _forms_differ(truth, outcome, report, message)
    if not outcome.run.check:
        yield from _not_so(truth, outcome, report)


def is_bad(report: Report) -> bool:
    """Whether a report tells of something that failed, is late, or could not be judged."""
    return bool(report["failures"] or report["breaches"] or report["unjudged"])


# -- the page of another day -----------------------------------------------------------------------------


def _old_page(truth: RoleTruth, outcome: NightOutcome) -> Iterator[str]:
    """Name a page that an earlier run left: each run replaces it before anything else."""
    page = outcome.files.get("html", "")
    together = any(
        other is not outcome and other.plan.name == outcome.plan.name and other.evening == outcome.evening
        for other in truth.nights.outcomes
    )
    begins = dict(outcome.run.files).get(1)
    if outcome.run.check or not page or together or begins in ("full", "kill_before"):
        return
    if page == outcome.page_before:
        yield "an earlier page stands in the place of its own"
    if outcome.finished is None and "has not ended" not in page and outcome.began_at.strftime("%H:%M") not in page:
        yield "was killed, and its page does not say so"
    if outcome.finished is None and "has not ended" in page and ("✓" in page or "is-good" in page):
        yield "was killed, and its page is green"


# -- one form against the other --------------------------------------------------------------------------


def _forms_differ(truth: RoleTruth, outcome: NightOutcome, report: Report, message: str) -> Iterator[str]:
    run, result = outcome.run, outcome.finished.result if outcome.finished else {}
    if bool(message) is not bool(is_bad(report) or outcome.finished and outcome.finished.unwritten):
        yield f"the message is {message!r}, and the report {'bad' if is_bad(report) else 'good'}"
    for key in ("failures", "pruned", "orphans", "counts"):
        if report[key] != result[key]:
            yield f"{key} of the report are not those of the result"
    yield from _screen_differs(outcome, report)
    if run.down and not message and not run.reads_only:
        yield "the source region was down, and nothing says so"
    if run.check:
        return
    if "reports" in truth.storm.broken_at(outcome.evening):
        if "could not be written" not in message:
            yield "the reports could not be written, and nothing says so"
    else:
        full = " ".join(outcome.full)
        if full.strip() and not _only_start(outcome) and "could not be written" not in message:
            yield f"{full} could not be written, and nothing says so"
        yield from (_json_differs(outcome, report) if ".json" not in full else ())
        yield from (_page_differs(outcome, report) if ".html" not in full else _page_of_failure(outcome))
        yield from (_junit_differs(outcome, report) if ".xml" not in full else ())
    if run.reads_only:
        return
    if "metrics" in truth.storm.broken_at(outcome.evening):
        if "metrics could not be written" not in message:
            yield "the metrics could not be written, and nothing says so"
    elif ".prom" not in " ".join(outcome.full):
        yield from _metrics_differ(truth, outcome, report)


def _only_start(outcome: NightOutcome) -> bool:
    """Whether only the page of the start could not be written, which the page of the end replaces."""
    return dict(outcome.run.files).get(1) == "full"


def _screen_differs(outcome: NightOutcome, report: Report) -> Iterator[str]:
    lines = outcome.finished.brief["lines"] if outcome.finished else []
    text, points = "\n".join(lines), report["recovery_points"]
    complete = sum(point["state"] == "completed" for point in points)
    if f"{complete} of {len(points)} recovery points are there" not in text:
        yield f"the screen does not say that {complete} of {len(points)} recovery points are there"
    late = len(report["breaches"])
    if late and f"{late} miss the RPO" not in text:
        yield f"the screen does not say that {late} miss the RPO"
    if report["failures"] and "FAILED" not in text:
        yield "the screen does not show what failed"
    if "No disk was found" in text and (outcome.selected or not report["source_listed"]):
        yield f"the screen says that no disk was found; selected are {outcome.selected}"


def _json_differs(outcome: NightOutcome, report: Report) -> Iterator[str]:
    written = json.loads(outcome.files.get("json") or "{}")
    expected = json.loads(json.dumps(report))
    differ = [key for key in {**expected, **written} if written.get(key) != expected.get(key)]
    if differ:
        yield f"the JSON report differs in {differ}"


def _page_differs(outcome: NightOutcome, report: Report) -> Iterator[str]:
    page = outcome.files.get("html", "")
    found = re.search(r'class="overall ?([a-z-]*)', page)
    kind = found.group(1) if found else "none"
    if is_bad(report) is not (kind == "is-bad"):
        yield f"the page is {kind or 'plain'}, and the report {'bad' if is_bad(report) else 'good'}"
    late, points = len(report["breaches"]), len(report["recovery_points"])
    words = f"All {points} recovery points are within" if report["within_rpo"] else ""
    words = f"{late} of {points} recovery points miss" if late else words
    if words not in page:
        yield f"the page does not say: {words}"
    if not report["within_rpo"] and "recovery points are within" in page:
        yield "the page says that all are within the RPO"
    missing = [row["disk_id"] for row in report["recovery_points"] if row["disk_id"] not in page]
    if missing:
        yield f"the page does not name {missing}"


def _page_of_failure(outcome: NightOutcome) -> Iterator[str]:
    page = outcome.files.get("html", "")
    if not _only_start(outcome) and ("is-good" in page or "✓" in page):
        yield "its page could not be written, and one that stands there is green"


def _junit_differs(outcome: NightOutcome, report: Report) -> Iterator[str]:
    text = outcome.files.get("junit.xml", "")
    if not text:
        yield "there is no JUnit file"
        return
    suite = ElementTree.fromstring(text.encode())
    unread = [row for row in report["sets"] if row["unknown"]]
    judged = len(report["unjudged"]) + len(unread) if report["rpo_hours"] else 0
    expected = {
        "tests": len(report["recovery_points"]) + len(report["sets"]) + 1,
        "failures": len(report["breaches"]) + report["totals"]["late_sets"] + bool(report["failures"]),
        "errors": judged,
    }
    shown = {name: int(suite.get(name, -1)) for name in expected}
    if shown != expected:
        yield f"JUnit tells {shown}, the report {expected}"


def _metrics_differ(truth: RoleTruth, outcome: NightOutcome, report: Report) -> Iterator[str]:
    samples = [s for f in text_string_to_metric_families(outcome.files.get("prom", "")) for s in f.samples]
    values = {(s.name, tuple(sorted(s.labels.items()))): s.value for s in samples}
    plan = ("plan", outcome.plan.name)
    finished = _seconds(report["finished_at"])
    if values.get(("dr_copy_last_run_timestamp_seconds", (plan,))) != finished:
        yield "the metrics tell of another run"
    success = values.get(("dr_copy_last_success_timestamp_seconds", (plan,)), -1.0)
    if is_bad(report) and success == finished:
        yield "the metrics tell of a success, and the report is bad"
    if outcome.finished and not outcome.finished.message and report["within_rpo"] and success != finished:
        yield "the metrics tell of no success, and nothing failed"
    kinds = Counter(failure["kind"] for failure in report["failures"])
    shown = {dict(key[1])["kind"]: int(n) for key, n in values.items() if key[0] == "dr_copy_failures" and n}
    if shown != dict(kinds):
        yield f"the metrics tell of the failures {shown}, the report of {dict(kinds)}"
    points = {key[1]: n for key, n in values.items() if key[0] == "dr_copy_recovery_point_timestamp_seconds"}
    if len(points) != len(report["recovery_points"]):
        yield f"the metrics tell of {len(points)} recovery points, the report of {len(report['recovery_points'])}"
    for row in report["recovery_points"]:
        labels = {
            "plan": outcome.plan.name,
            "cloud": truth.storm.cloud,
            "disk": row["disk_id"],
            "region": row["region"],
        }
        taken = _seconds(row["source_created_at"]) if row["snapshot_id"] else 0.0
        if row["state"] != "unknown" and points.get(tuple(sorted(labels.items()))) != taken:
            yield f"the metrics tell another time of {row['disk_id']} in {row['region']} than the report"


def _seconds(text: str) -> float:
    return datetime.strptime(text, FORM).replace(tzinfo=timezone.utc).timestamp()


# -- what is said against the truth -----------------------------------------------------------------------


def _not_so(truth: RoleTruth, outcome: NightOutcome, report: Report) -> Iterator[str]:
    regions = [truth.nights.regions[n] for n in outcome.plan.destinations]
    if report["source_listed"]:
        wanted = {(disk, region) for disk in outcome.selected for region in regions}
        shown = {(row["disk_id"], row["region"]) for row in report["recovery_points"]}
        if shown != wanted and not _stopped(report):
            yield f"recovery points are reported of {sorted(shown ^ wanted)} too many or too few"
        if {row["disk_id"] for row in report["coverage"]["excluded"]} != set(outcome.excluded):
            yield f"{outcome.excluded} are excluded, and {report['coverage']['excluded']} are reported"
    for row in report["recovery_points"]:
        yield from (f"{row['disk_id']} in {row['region']} {why}" for why in _wrong_point(truth, outcome, report, row))
    if not report["recovery_points"] and report["within_rpo"]:
        yield "is within its RPO without a recovery point"
    yield from _wrongly_pruned(truth, outcome, report)
    yield from _wrong_coverage(truth, outcome, report)
    if not outcome.finished or outcome.finished.message:
        return
    made = [copy for copy in truth.copies if copy.by == outcome.name]
    kept = [copy for copy in made if copy.gone > outcome.ended]
    lost = any(call.lost and call.action in COPIES for call in truth.calls_of(outcome))  # another's may be taken for it
    if not lost and len(kept) == len(made) and report["counts"]["created"] + report["counts"]["replaced"] != len(made):
        yield f"tells of {report['counts']} copies, and made {len(made)}"


def _stopped(report: Report) -> bool:
    """Whether a run ended before it looked at its disks."""
    return not report["recovery_points"] and bool(report["failures"])


def _wrong_point(truth: RoleTruth, outcome: NightOutcome, report: Report, row: Report) -> Iterator[str]:
    disk, region, rpo = row["disk_id"], row["region"], report["rpo_hours"]
    if row["state"] == "unknown":
        if row["within_rpo"] is not None:
            yield "is unknown and judged"
        return
    if row["snapshot_id"]:
        copy = truth.by_id.get(row["snapshot_id"])
        if copy is None or truth.disk_of(copy) != disk or copy.region != region:
            yield f"is reported to have {row['snapshot_id']}, which is none of its copies"
            return
        if row["source_created_at"] != truth.taken(copy).strftime(FORM):
            yield f"is reported to be of {row['source_created_at']}, and is of {truth.taken(copy)}"
        begin = _last_read(truth, outcome, copy)
        if row["state"] == "completed" and not copy.was(("complete",), begin, outcome.ended):
            yield f"is reported to have {copy.id}, which is {copy.phase(outcome.ended)}"
        age = (outcome.ended_at - truth.taken(copy)).total_seconds() / 3600
        if row["age_hours"] is None or abs(row["age_hours"] - age) > ROUNDED:
            yield f"is reported to be {row['age_hours']} h old, and is {age:.1f}"
        if rpo and row["within_rpo"] is True and age > rpo + ROUNDED:
            yield f"is within the RPO of {rpo} h, and {age:.1f} h old"
    elif row["within_rpo"]:
        yield "is within the RPO without a copy"
    for better in _surely_seen(truth, outcome, disk, region):
        shown = row["source_created_at"] if row["snapshot_id"] else ""
        if truth.taken(better).strftime(FORM) > shown:
            yield f"is reported to be of {shown or None}, and {better.id} of {truth.taken(better)} is there"


def _last_read(truth: RoleTruth, outcome: NightOutcome, copy: Copy) -> float:
    """Return the earliest moment that the last good listing of a copy's region may have shown."""
    reads = [
        call.worked
        for call in truth.calls_of(outcome)
        if call.action == "DescribeSnapshots" and call.answered and copy.region in (regions_of(call) or [copy.region])
    ]
    return max(reads, default=outcome.started) - truth.storm.lag - 0.1


def _surely_seen(truth: RoleTruth, outcome: NightOutcome, disk: str, region: str) -> list[Copy]:
    """Return the copies of ours that were complete and marked in time for each read of a run, to its end."""
    begin = outcome.started - truth.storm.lag - 0.1
    made_now = {copy.id for copy in truth.copies if copy.by == outcome.name}
    found = []
    for copy in truth.of_disk(disk, region):
        marked = truth.storm.cloud != "cbs" or "dr-copy:source-created-at" in (copy.version(begin) or copy.born).tags
        if copy.ours and marked and copy.id not in made_now and copy.stayed(("complete",), begin, outcome.ended):
            found.append(copy)
    return found


def _wrongly_pruned(truth: RoleTruth, outcome: NightOutcome, report: Report) -> Iterator[str]:
    shown = {row["snapshot_id"] for row in report["pruned"]}
    for snapshot_id in shown:
        copy = truth.by_id.get(snapshot_id)
        if copy is None or copy.gone > outcome.ended + 3600.0:
            yield f"{snapshot_id} is reported to be pruned, and is there"
    failed = {failure["snapshot_id"] for failure in report["failures"]}
    for call, copy in truth.deletions(outcome):
        twins = [one for one in truth.copies if one.place == copy.place and one is not copy]
        complete = copy.phase(call.worked - 1e-6) == "complete"
        if complete and copy.id not in shown | failed and not twins and not report["failures"]:
            yield f"{copy.id} was deleted, and nothing tells so"


def _wrong_coverage(truth: RoleTruth, outcome: NightOutcome, report: Report) -> Iterator[str]:
    """Hold which disks lost their tags, which points vanished, and what is kept for other plans."""
    plan = outcome.plan.name
    for row in report["kept_for_others"]:
        copy = truth.by_id[row["snapshot_id"]]
        if truth.plan_of(copy, outcome.started) == plan == truth.plan_of(copy, outcome.ended):
            yield f"{copy.id} is kept for {row['plan']}, and bears the mark of {plan}"
    for row in report["vanished"]:
        copy = truth.by_id[row["snapshot_id"]]
        if copy.gone > outcome.ended:
            yield f"{copy.id} is reported to have vanished, and is there"
    if report["failures"] or not report["source_listed"]:
        return
    missing = {point["snapshot_id"] for point in _taken_by_people(truth, outcome)}
    if unseen := missing - {row["snapshot_id"] for row in report["vanished"]}:
        yield f"{sorted(unseen)} were recovery points and have vanished, and nothing says so"
    lost = {row["disk_id"] for row in report["coverage"]["lost"] or ()}
    if wrong := lost & {*outcome.selected, *outcome.left_out}:
        yield f"{sorted(wrong)} are reported to have lost their tags"
    for disk in truth.nights.disks if report["coverage"]["lost"] is not None and not outcome.plan.by_ids else ():
        if disk in outcome.selected or disk in outcome.left_out or disk in lost:
            continue
        regions = [truth.nights.regions[n] for n in outcome.plan.destinations]
        seen = [copy for region in regions for copy in _surely_seen(truth, outcome, disk, region)]
        if any(truth.plan_of(copy, outcome.started - truth.shown) == plan for copy in seen):
            yield f"{disk} has copies and is selected no more, and nothing says so"


def _taken_by_people(truth: RoleTruth, outcome: NightOutcome) -> list[Report]:
    """Return the recovery points of a plan's last report that a person has deleted in time to be seen."""
    last = max(map(json.loads, outcome.json_before), key=lambda report: report.get("finished_at", ""))
    if last.get("last") or not last.get("source_listed"):
        return []
    begin, found = outcome.started - truth.shown, []
    for point in last["recovery_points"]:
        copy = truth.by_id.get(point["snapshot_id"] or "")
        if copy is None or copy.remover != "event" or copy.gone > begin or point["disk_id"] not in outcome.selected:
            continue
        alike = [one for one in truth.copies if one.place == copy.place]
        if not any(one.was(("complete",), begin, outcome.ended) for one in alike):
            found.append(point)
    return found
