# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the forms of a night's report: failure message, result, screen, JSON report, page, JUnit and metrics."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.naming import label
from prometheus_client.parser import text_string_to_metric_families

from tests.support.reports import SCHEMA, within_words

from .nights import NightOutcome

if TYPE_CHECKING:
    from .checks import RoleTruth

Report = dict[str, Any]
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def is_bad(report: Report) -> bool:
    """Whether a report shows a failure, or something late or not judged."""
    found = report["failures"] or report["breaches"] or report["unjudged"] or report["totals"]["late_sets"]
    return bool(found)


# -- the page of another day -----------------------------------------------------------------------------


def stale_page(truth: RoleTruth, outcome: NightOutcome) -> Iterator[str]:
    """Yield an error if an earlier run's page remains: each run replaces it first."""
    page = outcome.files.get("html", "")
    together = any(
        other is not outcome
        and (other.plan.name, other.run.shard, other.evening) == (outcome.plan.name, outcome.run.shard, outcome.evening)
        for other in truth.nights.outcomes
    )
    begins = dict(outcome.run.files).get(1)
    if outcome.run.check or not page or together or begins in ("full", "kill_before"):
        return
    if page == outcome.page_before:
        yield "an earlier page is in place of its own"
    if outcome.finished is None and "has not ended" not in page and outcome.began_at.strftime("%H:%M") not in page:
        yield "was killed, but its page does not say so"
    if outcome.finished is None and "has not ended" in page and ("✓" in page or "is-good" in page):
        yield "was killed, but its page is green"


# -- one form against the other --------------------------------------------------------------------------


def wrong_forms(truth: RoleTruth, outcome: NightOutcome, report: Report, message: str) -> Iterator[str]:
    run, result = outcome.run, outcome.finished.result if outcome.finished else {}
    if bool(message) is not bool(is_bad(report) or outcome.finished and outcome.finished.unwritten):
        yield f"the message is {message!r}, the report {'bad' if is_bad(report) else 'good'}"
    for key in ("failures", "pruned", "orphans", "counts"):
        if report[key] != result[key]:
            yield f"{key} of the report are not those of the result"
    yield from _wrong_screen(outcome, report)
    if run.down and not message and not run.reads_only:
        yield "the source region was down, but nothing says so"
    if run.check:
        return
    if "reports" in truth.storm.broken_at(outcome.evening):
        if "could not be written" not in message:
            yield "the reports could not be written, but nothing says so"
    else:
        full = " ".join(outcome.full)
        if full.strip() and not _only_start(outcome) and "could not be written" not in message:
            yield f"{full} could not be written, but nothing says so"
        yield from (_wrong_json(outcome, report) if ".json" not in full else ())
        yield from (_wrong_page(outcome, report) if ".html" not in full else _wrong_failure_page(outcome))
        yield from (_wrong_junit(outcome, report) if ".xml" not in full else ())
    if run.reads_only:
        return
    if "metrics" in truth.storm.broken_at(outcome.evening):
        if "metrics could not be written" not in message:
            yield "the metrics could not be written, but nothing says so"
    elif ".prom" not in " ".join(outcome.full):
        yield from _wrong_metrics(truth, outcome, report)


def _only_start(outcome: NightOutcome) -> bool:
    """Whether only the page of the start could not be written, which the page of the end replaces."""
    return dict(outcome.run.files).get(1) == "full"


def _wrong_screen(outcome: NightOutcome, report: Report) -> Iterator[str]:
    lines = outcome.finished.brief["lines"] if outcome.finished else []
    text, points = "\n".join(lines), report["recovery_points"]
    complete = sum(point["state"] == "completed" for point in points)
    checked = f"{complete} of {len(points)} recovery points complete"
    wanted = checked if points or report["source_listed"] else "nothing was checked"
    if wanted not in text:
        yield f"the screen does not say: {wanted}"
    lost, late = _by_reason(report)
    for number, words in (
        (lost, f"{lost} cannot be restored"),
        (late, pluralize(late, "misses the RPO", "miss the RPO")),
    ):
        if number and words not in text:
            yield f"the screen does not say: {words}"
    if report["failures"] and "FAILED" not in text:
        yield "the screen does not show what failed"
    if "No disk was found" in text and (outcome.selected or not report["source_listed"]):
        yield f"the screen says that no disk was found; selected are {outcome.selected}"


def _wrong_json(outcome: NightOutcome, report: Report) -> Iterator[str]:
    written = json.loads(outcome.files.get("json") or "{}")
    expected = json.loads(json.dumps(report))
    differ = [key for key in {**expected, **written} if written.get(key) != expected.get(key)]
    if differ:
        yield f"the JSON report differs in {differ}"
    yield from (f"the report does not fit its schema: {error.message}" for error in SCHEMA.iter_errors(expected))


def overall_class_of(page: str) -> str:
    """Return how a page judges: "is-bad", "is-amber", "is-good", or ""; "none" if it does not."""
    found = re.search(r'class="overall ?([a-z-]*)', page)
    return found.group(1) if found else "none"


def _wrong_page(outcome: NightOutcome, report: Report) -> Iterator[str]:
    page = outcome.files.get("html", "")
    kind = overall_class_of(page)
    if is_bad(report) is not (kind == "is-bad"):
        yield f"the page is {kind or 'plain'}, the report {'bad' if is_bad(report) else 'good'}"
    lost, late = _by_reason(report)
    points, late_sets = len(report["recovery_points"]), report["totals"]["late_sets"]
    for number, words in (
        (lost, f"{lost} of {points} recovery points cannot be restored"),
        (late, f"{late} of {points} recovery points miss"),
        (
            late_sets,
            f"{late_sets} of {len(report['sets'])} servers {'has' if late_sets == 1 else 'have'} no complete set",
        ),
        (report["within_rpo"] and not late_sets, within_words(points)),
        (len(report["unjudged"]), f"{len(report['unjudged'])} of {points} recovery points could not be judged"),
    ):
        if number and words not in page:
            yield f"the page does not say: {words}"
    if (not report["within_rpo"] or late_sets) and "recovery points are within" in page:
        yield "the page says that all are within the RPO"
    named = [row["disk_id"] for row in report["recovery_points"]] + [row["group"] for row in report["sets"]]
    if missing := [name for name in named if name not in page]:
        yield f"the page does not name {missing}"


def _by_reason(report: Report) -> tuple[int, int]:
    """Return how many recovery points cannot be restored because of their key, and how many are late."""
    lost = sum(breach["reason"] == "key" for breach in report["breaches"])
    return lost, len(report["breaches"]) - lost


def _wrong_failure_page(outcome: NightOutcome) -> Iterator[str]:
    page = outcome.files.get("html", "")
    if not _only_start(outcome) and ("is-good" in page or "✓" in page):
        yield "its page could not be written, but a green page exists"


def _wrong_junit(outcome: NightOutcome, report: Report) -> Iterator[str]:
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
        yield f"JUnit shows {shown}, the report {expected}"


def _wrong_metrics(truth: RoleTruth, outcome: NightOutcome, report: Report) -> Iterator[str]:
    samples = [s for f in text_string_to_metric_families(outcome.files.get("prom", "")) for s in f.samples]
    values = {(s.name, tuple(sorted(s.labels.items()))): s.value for s in samples}
    plan = ("plan", label(outcome.plan.name, outcome.run.shard))
    finished = _timestamp(report["finished_at"])
    if values.get(("dr_copy_last_run_timestamp_seconds", (plan,))) != finished:
        yield "the metrics are of another run"
    success = values.get(("dr_copy_last_success_timestamp_seconds", (plan,)), -1.0)
    # A run of the same plan that succeeded in the same second has left its time.
    succeeded = [o for o in truth.nights.outcomes if o.finished and not o.finished.message]
    same = [o for o in succeeded if (o.plan.name, o.run.shard) == (outcome.plan.name, outcome.run.shard)]
    has_failed = is_bad(report) or bool(outcome.finished and outcome.finished.message)
    if has_failed and success == finished and not any(int(o.ended) == int(outcome.ended) for o in same):
        yield "the metrics show a success, but the run failed"
    if outcome.finished and not outcome.finished.message and report["within_rpo"] and success != finished:
        yield "the metrics show no success, but nothing failed"
    kinds = Counter(failure["kind"] for failure in report["failures"])
    shown = {dict(key[1])["kind"]: int(n) for key, n in values.items() if key[0] == "dr_copy_failures" and n}
    if shown != dict(kinds):
        yield f"the metrics show the failures {shown}, the report of {dict(kinds)}"
    for row in report["sets"]:
        key = tuple(sorted((plan, ("group", row["group"]), ("region", row["region"]))))
        taken = _timestamp(row["source_created_at"]) if row["set"] else 0.0
        if not row["unknown"] and values.get(("dr_copy_set_timestamp_seconds", key)) != taken:
            yield f"the metrics show another set of {row['group']} in {row['region']} than the report"
    points = {key[1]: n for key, n in values.items() if key[0] == "dr_copy_recovery_point_timestamp_seconds"}
    was_stopped = bool(report["failures"] and not report["recovery_points"])  # then earlier series are kept
    if len(points) != len(report["recovery_points"]) and not was_stopped:
        yield f"the metrics show {len(points)} recovery points, the report of {len(report['recovery_points'])}"
    for row in report["recovery_points"]:
        labels = {
            "plan": plan[1],
            "cloud": truth.storm.cloud,
            "disk": row["disk_id"],
            "region": row["region"],
        }
        is_usable = row["source_created_at"] and row["state"] != "archived" and not row.get("key_problem")
        taken = _timestamp(row["source_created_at"]) if is_usable else 0.0
        if row["state"] != "unknown" and points.get(tuple(sorted(labels.items()))) != taken:
            yield f"the metrics show another time of {row['disk_id']} in {row['region']} than the report"


def _timestamp(text: str) -> float:
    return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=timezone.utc).timestamp()
