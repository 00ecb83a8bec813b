# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics of a drill, for the textfile collector of node_exporter."""

from __future__ import annotations

from pathlib import Path

from ..._role.marks import LEVELS
from ..._role.metrics import DRILL, LastFile, drill_gauge, proofs_in_other_files, seconds_of, write
from ..._role.naming import file_name
from ..._role.proofs import strongest
from ..input.last_drill import ProvenDisk
from ..input.variables import Variables
from .drill_report import drill_problems
from .report_type import DrilledDisk, DrillReport

try:
    from prometheus_client import CollectorRegistry, Gauge
except ImportError:
    pass  # MISSING reports it by name

_BY_LEVEL, _UNPROVEN = "dr_copy_drill_disks", "dr_copy_drill_unproven"


def write_drill_metrics(report: DrillReport, directory: str) -> str:
    """Write atomically what drills have proven, and when; return the path of the file.

    Raises OSError, and ValueError for a last file that is not ours.
    """
    metrics = _Metrics(report["host"], directory)
    disks: list[DrilledDisk | ProvenDisk] = [*report["disks"], *report["earlier"]]
    for disk in disks:
        # A disk without a copy may be known only by its name in dr_restore_disk_names.
        named = str(disk["disk_id"] or disk.get("disk_name"))
        metrics.add_proof(named, report["region"], seconds_of(disk["proven_at"]))
    levels = [strongest(disk.get("proofs") or {}) or "never" for disk in disks]
    for level in (*LEVELS, "never"):
        metrics.by_level.labels(report["host"], report["region"], level).set(levels.count(level))
    if not disks:  # nothing is known any more, so no alert may end
        metrics.keep_proofs(LastFile(metrics.path))
    number = sum(not row["proven"] for row in report["tried"]) or int(bool(drill_problems(report)))
    metrics.unproven.labels(report["host"], report["region"], report["level"]).set(number)
    return write(metrics.path, metrics.registry)


def write_metrics_of_failed_drill(values: Variables) -> str:
    """Write atomically that a drill proved nothing: its variables, or an error in the role's own code, have ended it.

    The other series of the last drill are kept. Returns the path of the file. Raises OSError, and ValueError for a file
    that is not ours.
    """
    metrics = _Metrics(values.host, values.metrics_dir)
    last = LastFile(metrics.path)
    metrics.keep_proofs(last)
    for labels, number in last.series(_BY_LEVEL):
        metrics.by_level.labels(**labels).set(number)
    this_drill = {"plan": values.host, "region": values.region, "level": values.level}
    for labels, number in last.series(_UNPROVEN) or [(this_drill, 1.0)]:
        metrics.unproven.labels(**labels).set(max(number, 1.0))
    return write(metrics.path, metrics.registry)


class _Metrics:
    """The metrics of a drill in a registry, and the ``path`` of their file."""

    def __init__(self, host: str, directory: str):
        self.path = Path(directory) / f"dr_drill_{file_name(host)}.prom"
        self.registry = CollectorRegistry()
        self._host, self._elsewhere = host, proofs_in_other_files(self.path)
        self._proofs = drill_gauge(self.registry)
        self.by_level = self._gauge(
            _BY_LEVEL, "Disks by the level that drills have proven; of several, the last of creatable, readable, usable"
        )
        self.unproven = self._gauge(
            _UNPROVEN, "Copies that the last drill tested and did not prove; at least 1 if it failed"
        )

    def _gauge(self, metric: str, description: str) -> Gauge:
        return Gauge(metric, description, ("plan", "region", "level"), registry=self.registry)

    def add_proof(self, disk: str, region: str, moment: float) -> None:
        """Add the time (seconds since 1970; 0 for never) of a disk's proof, unless another file has it."""
        if (self._host, disk, region) not in self._elsewhere:
            self._proofs.labels(plan=self._host, disk=disk, region=region).set(moment)

    def keep_proofs(self, last: LastFile) -> None:
        """Add the times of all proofs in the last file. Raises OSError, and ValueError for a file that is not ours."""
        for labels, moment in last.series(DRILL):
            self.add_proof(labels["disk"], labels["region"], moment)
