# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered of a plan's last report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..._role.files import read_json
from ..._role.naming import file_name
from ..._sets.inputs import groups_of_report
from .variables import Variables


def last_report(values: Variables) -> dict[str, Any]:
    """Return what is remembered of a plan's last report: ``finished_at``, the selection, the ``disks``, the
    ``groups`` of those that belong together, by disk, and the recovery ``points``.

    It is empty where there is none, or none that can be read.
    """
    if not values.report_dir:
        return {}
    plan = file_name(values.plan, values.shard)
    reports = [read_json(Path(values.report_dir) / f"{plan}{end}.json") for end in ("", ".status")]
    found = [last for report in reports if (last := _remembered(report)) is not None]
    return max(found, key=lambda last: last[0], default=("", {}))[1]


def _remembered(report: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Return when a report was finished, and what it tells of the plan; None for one of another shape."""
    finished, last, settings = report.get("finished_at"), report.get("last"), report.get("settings") or {}
    if not isinstance(finished, str) or not isinstance(settings, Mapping):
        return None
    if last:
        is_whole = isinstance(last, Mapping) and {"finished_at", "disk_ids", "shard"} <= last.keys()
        return (finished, dict(last)) if is_whole and _are_disks(last.get("disks")) else None
    points = report.get("recovery_points")
    if not report.get("source_listed") or not points or not _are_disks(points):
        return None
    rows = report.get("disks")
    disks = {row["disk_id"]: row for row in (rows if rows and _are_disks(rows) else points)}
    return finished, {
        "finished_at": finished,
        "disk_ids": settings.get("disk_ids") or [],
        "shard": settings.get("shard") or "",
        "disks": [facts_of_disk(disk) for disk in disks.values()],
        "groups": groups_of_report(report.get("sets")),
        "points": [{key: point.get(key) for key in _OF_POINT} for point in points if point.get("snapshot_id")],
    }


#: What is remembered of a recovery point.
_OF_POINT = ("snapshot_id", "source_snapshot_id", "disk_id", "region", "expires_at")


#: What a report tells of a disk beside its ID and name.
_OF_DISK = ("size_gib", "tags", "instance", "device")


def facts_of_disk(disk: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a report tells of a disk; unknown keys are left out."""
    facts = {key: disk[key] for key in _OF_DISK if disk.get(key)}
    return {"disk_id": disk["disk_id"], "disk_name": disk["disk_name"], **facts}


def _are_disks(rows: Any) -> bool:
    return isinstance(rows, list) and all(isinstance(r, Mapping) and {"disk_id", "disk_name"} <= r.keys() for r in rows)
