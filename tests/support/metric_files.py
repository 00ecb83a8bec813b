# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The metrics that a run has written, and a disk that a plan protects."""

from __future__ import annotations

PROOF = "dr_copy_drill_timestamp_seconds"


def series(path):
    """Return the values of a file of metrics, by series."""
    lines = [line.rpartition(" ") for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _space, value in lines}


def only(path, name):
    (value,) = [value for key, value in series(path).items() if key.startswith(name)]
    return value


def protected(estate, hours=1.0, **facts):
    disk = estate.disk(**{"dr-copy": "true", "Name": "database"})
    estate.snapshot(disk, hours, **facts)
    return disk
