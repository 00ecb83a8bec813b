# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of a drill, for the textfile collector of node_exporter."""

from __future__ import annotations

from pathlib import Path

from ..._role.marks import LEVELS
from ..._role.naming import file_name
from ..._role.proofs import strongest
from ..input.last_drill import ProvenDisk
from .report_type import DrilledDisk, DrillReport


def write_drill_metrics(report: DrillReport, directory: str) -> str:
    """Write atomically what drills have proven, and when; return the path of the file. Raises OSError."""
    # Only dr_restore_metrics_dir needs them; input.contradictions has checked that the package is installed.
    from prometheus_client import CollectorRegistry, Gauge

    from ..._role.metrics import drill_gauge, proofs_in_other_files, seconds_of, write

    path = Path(directory) / f"dr_drill_{file_name(report['host'])}.prom"
    registry, elsewhere = CollectorRegistry(), proofs_in_other_files(path)
    gauge = drill_gauge(registry)
    disks: list[DrilledDisk | ProvenDisk] = [*report["disks"], *report["earlier"]]
    for disk in disks:
        # A disk without a copy may be known only by its name in dr_restore_disk_names.
        named = disk["disk_id"] or disk.get("disk_name")
        labels = {"plan": report["host"], "disk": named, "region": report["region"]}
        if (labels["plan"], labels["disk"], labels["region"]) not in elsewhere:
            gauge.labels(**labels).set(seconds_of(disk["proven_at"]))
    names = ("plan", "region", "level")
    by_level = Gauge(
        "dr_copy_drill_disks", "Disks by the strongest level that drills have proven", names, registry=registry
    )
    levels = [strongest(disk.get("proofs") or {}) or "never" for disk in disks]
    for level in (*LEVELS, "never"):
        by_level.labels(report["host"], report["region"], level).set(levels.count(level))
    failed = Gauge(
        "dr_copy_drill_unproven",
        "Copies that the last drill tried and did not prove; 1 if a failure kept it from trying any",
        names,
        registry=registry,
    )
    number = sum(not row["proven"] for row in report["tried"]) or int(bool(report["failures"] and not report["tried"]))
    failed.labels(report["host"], report["region"], report["level"]).set(number)
    return write(path, registry)
