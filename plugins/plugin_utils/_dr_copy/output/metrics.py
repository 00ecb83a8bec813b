# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of a run, for the textfile collector of node_exporter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS

from ..._role.metrics import DRILL, drill_gauge, proofs_in_other_files, seconds_of, write
from ..._role.naming import file_name
from ..decide.result_type import RecoveryPoint
from .report_type import Report, label_of, shard_of

try:
    from prometheus_client import CollectorRegistry, Gauge
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    pass  # MISSING reports it by name

#: Kinds of failures. Each kind has a value, even 0, so that the first failure shows as a change.
KINDS = (
    "ambiguous",
    "busy",
    "connection",
    "credentials",
    "failed_copy",
    "mismatch",
    "not_found",
    "not_ready",
    "refused",
    "timeout",
)
_POINT = "dr_copy_recovery_point_timestamp_seconds"
_SET = "dr_copy_set_timestamp_seconds"
_DEPTH = "dr_copy_recovery_points"
_VANISHED = "dr_copy_vanished_recovery_points"
_DISKS = "dr_copy_disks"
_SUCCESS = "dr_copy_last_success_timestamp_seconds"

#: The value of each series, by metric name and labels.
Values = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


def metrics_file(directory: str, report: Report) -> Path:
    """Return the file of a plan. Each shard has its own file, because a run knows only its own shard."""
    return Path(directory) / f"dr_copy_{file_name(report['name'], shard_of(report))}.prom"


def write_metrics(report: Report, directory: str, is_written: bool = True) -> str:
    """Write the metrics of a run atomically, and return the path.

    Raises OSError, and ValueError for a file that is not ours. A failed run keeps the time of the last success in the
    file; so does one whose report could not be written. If a region could not be listed, its recovery points keep their
    earlier times, so their age grows. A run that was stopped before it knew any keeps the series of all. A disk without
    a copy that can be restored has the time 0, so that its alert fires.
    """
    path = metrics_file(directory, report)
    before = _read(path)
    kept = {} if report["recovery_points"] or not report["failures"] else before
    registry = CollectorRegistry()
    plan, finished = label_of(report), seconds_of(report["finished_at"])
    points = Gauge(
        _POINT,
        "When the source of a disk's newest complete copy was taken; 0: there is none that can be restored",
        ("plan", "cloud", "disk", "region"),
        registry=registry,
    )
    for point in report["recovery_points"]:
        labels = {"plan": plan, "cloud": str(report["cloud"]), "disk": point["disk_id"], "region": point["region"]}
        known = seconds_of(point["source_created_at"]) if can_be_restored(point) else 0.0
        points.labels(**labels).set(_earlier(before, _POINT, labels) if point["state"] == "unknown" else known)
    _keep(points, _POINT, kept)

    _add_sets(report, before, kept, registry)
    _add_depth(report, before, kept, registry)
    _add_coverage(report, before, registry)
    _add_proofs(report, before, kept, proofs_in_other_files(path), registry)

    def add(name: str, description: str, value: float) -> None:
        Gauge(name, description, ("plan",), registry=registry).labels(plan=plan).set(value)

    add("dr_copy_rpo_seconds", "The recovery point objective; 0: none is set", report["rpo_hours"] * 3600)
    add("dr_copy_last_run_timestamp_seconds", "When the last run ended", finished)
    last_success = finished if is_written and is_success(report) else _earlier(before, _SUCCESS, {"plan": plan})
    add(_SUCCESS, "End of the last run that succeeded and met its RPO; 0: never", last_success)
    failures = Gauge("dr_copy_failures", "Failures of the last run", ("plan", "kind"), registry=registry)
    found = Counter(failure["kind"] for failure in report["failures"])
    for kind in sorted({*KINDS, *found}):
        failures.labels(plan=plan, kind=kind).set(found[kind])
    copies = Gauge("dr_copy_copies", "Copies of the last run, by outcome", ("plan", "outcome"), registry=registry)
    for outcome, number in sorted(report["counts"].items()):
        copies.labels(plan=plan, outcome=outcome).set(number)
    return write(path, registry)


def _keep(gauge: Gauge, name: str, kept: Values) -> None:
    """Add the earlier series of a metric."""
    for (metric, labels), value in kept.items():
        if metric == name:
            gauge.labels(**dict(labels)).set(value)


def can_be_restored(point: RecoveryPoint) -> bool:
    """Whether there is a copy that is not archived and whose key can be used, as far as known."""
    return bool(point["snapshot_id"]) and point["state"] != "archived" and not point.get("key_problem")


def _add_sets(report: Report, before: Values, kept: Values, registry: CollectorRegistry) -> None:
    """Add the time of the newest complete set of each server of several disks; 0 if it has none."""
    sets = Gauge(
        _SET,
        "When the earliest member of a server's newest complete set of copies was taken; 0: there is none",
        ("plan", "group", "region"),
        registry=registry,
    )
    for row in report["sets"]:
        labels = {"plan": label_of(report), "group": str(row["group"]), "region": str(row["region"])}
        seconds = seconds_of(row["source_created_at"])
        sets.labels(**labels).set(_earlier(before, _SET, labels) if row["unknown"] else seconds)
    _keep(sets, _SET, kept)


def _add_depth(report: Report, before: Values, kept: Values, registry: CollectorRegistry) -> None:
    """Add the number of recovery points of each disk in each region, and the number of missing ones."""
    depth = Gauge(_DEPTH, "How many recovery points a disk has", ("plan", "disk", "region"), registry=registry)
    for point in report["recovery_points"]:
        labels = {"plan": label_of(report), "disk": str(point["disk_id"]), "region": str(point["region"])}
        is_unknown = point["state"] == "unknown"
        depth.labels(**labels).set(_earlier(before, _DEPTH, labels) if is_unknown else point.get("points") or 0)
    _keep(depth, _DEPTH, kept)
    vanished = Gauge(
        _VANISHED,
        "Recovery points of the last report that disappeared, although neither retention nor an expiry deleted them",
        ("plan",),
        registry=registry,
    )
    vanished.labels(plan=label_of(report)).set(len(report["vanished"]))
    _keep(vanished, _VANISHED, kept)


def _number(rows: Sequence[object] | None) -> int | None:
    return None if rows is None else len(rows)


def _add_coverage(report: Report, before: Values, registry: CollectorRegistry) -> None:
    """Add the number of disks in each state; a state that was not checked keeps its earlier number."""
    disks = Gauge(_DISKS, "Disks by how the plan treats them", ("plan", "state"), registry=registry)
    coverage, is_known = report["coverage"], report["source_listed"]
    found = {
        "selected": coverage["selected"] if is_known else None,
        "excluded": len(coverage["excluded"]) if is_known else None,
        "near_miss": _number(coverage["near_misses"]),
        "lost": _number(coverage["lost"]),
        "gone": _number(coverage["gone"]),
    }
    for state, number in found.items():
        labels = {"plan": label_of(report), "state": state}
        disks.labels(**labels).set(_earlier(before, _DISKS, labels) if number is None else number)


def _add_proofs(
    report: Report, before: Values, kept: Values, elsewhere: set[tuple[str, str, str]], registry: CollectorRegistry
) -> None:
    """Add the time at which a drill last proved a copy of each disk, if the cloud has tags for it.

    A proof is known from the tags of a copy. It stays known after retention has deleted that copy.
    """
    cloud = CLOUDS.get(str(report["cloud"]))
    if cloud and not cloud.tag_rules:
        return
    proofs = drill_gauge(registry)
    for point in report["recovery_points"]:
        labels = {"plan": label_of(report), "disk": str(point["disk_id"]), "region": str(point["region"])}
        if (labels["plan"], labels["disk"], labels["region"]) in elsewhere:
            continue
        shown = seconds_of(point.get("proven_at")) if point["state"] != "unknown" else 0.0
        proofs.labels(**labels).set(max(shown, _earlier(before, DRILL, labels)))
    _keep(proofs, DRILL, {key: value for key, value in kept.items() if _proof_of(key[1]) not in elsewhere})


def _proof_of(labels: tuple[tuple[str, str], ...]) -> tuple[str, str, str]:
    names = dict(labels)
    return names.get("plan", ""), names.get("disk", ""), names.get("region", "")


def is_success(report: Report) -> bool:
    """Whether a run had no failure and met the RPO, if one is set. A plan without disks is not successful.

    A shard of a plan may have no disks.
    """
    if not report["totals"]["disks"] and not report["settings"]["shard"]:
        return False
    is_met = report["within_rpo"] or not report["rpo_hours"] or not report["totals"]["disks"]
    return not report["failures"] and not report["breaches"] and is_met


def _earlier(values: Values, name: str, labels: Mapping[str, str]) -> float:
    return values.get((name, tuple(sorted(labels.items()))), 0.0)


def _read(path: Path) -> Values:
    if not path.exists():
        return {}
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8"))
        for sample in family.samples
    }
