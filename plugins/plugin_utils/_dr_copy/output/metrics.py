# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of a run, for the textfile collector of node_exporter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import failure_kinds

from ..._role.metrics import DRILL, LastFile, drill_gauge, proofs_in_other_files, seconds_of, write
from ..._role.naming import file_name
from ..decide.result_type import RecoveryPoint
from .report_type import Report, label_of, shard_of

try:
    from prometheus_client import CollectorRegistry, Gauge
except ImportError:
    pass  # MISSING reports it by name

_POINT = "dr_copy_recovery_point_timestamp_seconds"
_SET = "dr_copy_set_timestamp_seconds"
_DEPTH = "dr_copy_recovery_points"
_VANISHED = "dr_copy_vanished_recovery_points"
_DISKS = "dr_copy_disks"
_SUCCESS = "dr_copy_last_success_timestamp_seconds"


def metrics_file(directory: str, report: Report) -> Path:
    """Return the file of a plan. Each shard has its own file, because a run knows only its own shard."""
    return Path(directory) / f"dr_copy_{file_name(report['name'], shard_of(report))}.prom"


def write_metrics(report: Report, directory: str, is_written: bool = True, was_stopped: bool = False) -> str:
    """Write the metrics of a run atomically, and return the path.

    Raises OSError, and ValueError for a file that is not ours. A failed run keeps the time of the last success in the
    file; so does one whose report could not be written (``is_written``). If a region could not be listed, its recovery
    points keep their earlier times, so their age grows. A run that was stopped (``was_stopped``, or without a recovery
    point) keeps the last run's series of recovery points and sets that it does not know itself. A disk without a copy
    that can be restored has the time 0, so that its alert fires.
    """
    path = metrics_file(directory, report)
    metrics = _Metrics(report, LastFile(path), was_stopped)
    metrics.add_points()
    metrics.add_sets()
    metrics.add_depth()
    metrics.add_vanished()
    metrics.add_coverage()
    metrics.add_proofs(proofs_in_other_files(path))
    metrics.add_run(is_written)
    return write(path, metrics.registry)


def _proof_of(labels: Mapping[str, str]) -> tuple[str, str, str]:
    return labels.get("plan", ""), labels.get("disk", ""), labels.get("region", "")


class _Metrics:
    """The metrics of one run, in a registry."""

    def __init__(self, report: Report, last: LastFile, was_stopped: bool):
        self.registry = CollectorRegistry()
        self._report, self._last, self._plan = report, last, label_of(report)
        #: Such a run keeps the series of the last one. It may have listed everything and found no disk.
        self._was_stopped = was_stopped or (bool(report["failures"]) and not report["recovery_points"])

    def _gauge(self, metric: str, description: str, *labels: str) -> Gauge:
        return Gauge(metric, description, ("plan", *labels), registry=self.registry)

    def _kept(self, metric: str) -> list[tuple[dict[str, str], float]]:
        """Return the labels and the value of each series of the last run that a run keeps that was stopped."""
        return self._last.series(metric) if self._was_stopped else []

    def _point_labels(self, point: RecoveryPoint) -> dict[str, str]:
        return {"plan": self._plan, "disk": point["disk_id"], "region": point["region"]}

    def add_points(self) -> None:
        """Add the time of each recovery point."""
        description = (
            "When the source of a disk's newest complete copy was taken; 0: there is none that can be restored"
        )
        points = self._gauge(_POINT, description, "cloud", "disk", "region")
        for labels, value in self._kept(_POINT):
            points.labels(**labels).set(value)
        for point in self._report["recovery_points"]:
            labels = {**self._point_labels(point), "cloud": str(self._report["cloud"])}
            known = seconds_of(point["source_created_at"]) if is_restorable_point(point) else 0.0
            points.labels(**labels).set(self._last.value(_POINT, labels) if point["state"] == "unknown" else known)

    def add_sets(self) -> None:
        """Add the time of the newest complete set of each server with several disks; 0 if it has none."""
        description = "When the earliest member of a server's newest complete set of copies was taken; 0: there is none"
        sets = self._gauge(_SET, description, "group", "region")
        for labels, value in self._kept(_SET):
            sets.labels(**labels).set(value)
        for row in self._report["sets"]:
            labels = {"plan": self._plan, "group": str(row["group"]), "region": str(row["region"])}
            known = seconds_of(row["source_created_at"])
            sets.labels(**labels).set(self._last.value(_SET, labels) if row["unknown"] else known)

    def add_depth(self) -> None:
        """Add the number of recovery points of each disk in each region."""
        depth = self._gauge(_DEPTH, "How many recovery points a disk has", "disk", "region")
        for labels, value in self._kept(_DEPTH):
            depth.labels(**labels).set(value)
        for point in self._report["recovery_points"]:
            labels = self._point_labels(point)
            is_unknown = point["state"] == "unknown"
            depth.labels(**labels).set(self._last.value(_DEPTH, labels) if is_unknown else point.get("points") or 0)

    def add_vanished(self) -> None:
        """Add the number of recovery points that vanished. A run that was stopped never lowers it."""
        description = (
            "Recovery points of the last report that disappeared, although neither retention nor an expiry deleted them"
        )
        labels = {"plan": self._plan}
        earlier = self._last.value(_VANISHED, labels) if self._was_stopped else 0.0
        self._gauge(_VANISHED, description).labels(**labels).set(max(earlier, len(self._report["vanished"])))

    def add_coverage(self) -> None:
        """Add the number of disks in each state; a state that was not checked keeps its earlier number."""
        disks = self._gauge(_DISKS, "Disks by how the plan treats them", "state")
        coverage, is_known = self._report["coverage"], self._report["source_listed"]
        found = {
            "selected": coverage["selected"] if is_known else None,
            "excluded": len(coverage["excluded"]) if is_known else None,
            "near_miss": _number(coverage["near_misses"]),
            "lost": _number(coverage["lost"]),
            "gone": _number(coverage["gone"]),
        }
        for state, number in found.items():
            labels = {"plan": self._plan, "state": state}
            disks.labels(**labels).set(self._last.value(_DISKS, labels) if number is None else number)

    def add_proofs(self, elsewhere: Collection[tuple[str, str, str]]) -> None:
        """Add the time at which a drill last proved a copy of each disk, if the cloud has tags for it.

        A proof is known from the tags of a copy. It stays known after retention has deleted that copy. Proofs that are
        ``elsewhere``, in another file of the directory, are left out.
        """
        cloud = CLOUDS.get(str(self._report["cloud"]))
        if cloud and not cloud.tag_rules:
            return
        proofs = drill_gauge(self.registry)
        for labels, value in self._kept(DRILL):
            if _proof_of(labels) not in elsewhere:
                proofs.labels(**labels).set(value)
        for point in self._report["recovery_points"]:
            labels = self._point_labels(point)
            if _proof_of(labels) in elsewhere:
                continue
            shown = seconds_of(point.get("proven_at")) if point["state"] != "unknown" else 0.0
            proofs.labels(**labels).set(max(shown, self._last.value(DRILL, labels)))

    def add_run(self, is_written: bool) -> None:
        """Add when the run ended, its RPO, its failures and its copies; ``is_written``: its report is written."""
        report, finished, labels = self._report, seconds_of(self._report["finished_at"]), {"plan": self._plan}

        def add(metric: str, description: str, value: float) -> None:
            self._gauge(metric, description).labels(**labels).set(value)

        add("dr_copy_rpo_seconds", "The recovery point objective; 0: none is set", report["rpo_hours"] * 3600)
        add("dr_copy_last_run_timestamp_seconds", "When the last run ended", finished)
        last_success = finished if is_written and is_success(report) else self._last.value(_SUCCESS, labels)
        add(_SUCCESS, "End of the last run that succeeded and met its RPO; 0: never", last_success)
        failures = self._gauge("dr_copy_failures", "Failures of the last run", "kind")
        found = Counter(failure["kind"] for failure in report["failures"])
        # Each kind has a value, even 0, so that the first failure shows as a change.
        for kind in sorted({*failure_kinds(), *found}):
            failures.labels(**labels, kind=kind).set(found[kind])
        copies = self._gauge("dr_copy_copies", "Copies of the last run, by outcome", "outcome")
        for outcome, number in sorted(report["counts"].items()):
            copies.labels(**labels, outcome=outcome).set(number)


def is_restorable_point(point: RecoveryPoint) -> bool:
    """Whether there is a copy that is not archived and whose key can be used, as far as known."""
    return bool(point["snapshot_id"]) and point["state"] != "archived" and not point.get("key_problem")


def _number(rows: Sequence[object] | None) -> int | None:
    return None if rows is None else len(rows)


def is_success(report: Report) -> bool:
    """Whether a run had no failure and met the RPO, if one is set. A plan without disks is not successful.

    A shard of a plan may have no disks.
    """
    if not report["totals"]["disks"] and not report["settings"]["shard"]:
        return False
    is_met = report["within_rpo"] or not report["rpo_hours"] or not report["totals"]["disks"]
    return not report["failures"] and not report["breaches"] and is_met
