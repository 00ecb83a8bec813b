# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads metrics as Prometheus does."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

#: What metrics need of a drill's report, besides disks.
PROOF = "dr_copy_drill_timestamp_seconds"
NO_PROBLEMS = {
    "host": "orders",
    "region": "eu-west-1",
    "level": "usable",
    "check_mode": False,
    "failures": [],
    "untried": [],
    "overdue": [],
    "too_late": "",
    "left": [],
}


def read(path):
    """Return the values of a metrics file by name and labels."""
    families = text_string_to_metric_families(Path(path).read_text())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def series(path):
    """Return the values of a file of metrics, by series."""
    lines = [line.rpartition(" ") for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _space, value in lines}


def only(path, name):
    """Return the value of the only series whose name begins like this."""
    (value,) = [value for key, value in series(path).items() if key.startswith(name)]
    return value
