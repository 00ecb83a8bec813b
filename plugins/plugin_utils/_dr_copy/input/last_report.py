# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered of a plan's last report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import parse_shard

from ..._role.files import Json, read_json_or_damage
from ..._role.naming import file_name
from ..._role.reported import DiskFacts, ReportedDisk
from ..._sets.inputs import groups_of_report

if TYPE_CHECKING:  # filters load this file but need no variables
    from .variables import Variables


class DiskAsKnown(ReportedDisk, total=False):
    """Facts about a disk; any of them may be missing."""

    size_gib: int | None
    tags: dict[str, str] | None
    instance: str | None
    device: str | None


class RememberedPoint(TypedDict):
    """The facts about a recovery point in the last report."""

    snapshot_id: str
    source_snapshot_id: str
    disk_id: str
    region: str
    expires_at: str | None
    source_created_at: str | None


_KEYS_OF_POINT = tuple(RememberedPoint.__annotations__)


class LastReport(TypedDict, total=False):
    """The facts from a plan's last report; empty if there is none, or if it cannot be read.

    ``disk_ids`` and ``shard`` are its selection, ``groups`` the group of each disk. ``left`` are the disks that had
    copies of the plan, and that it no longer selected.
    """

    finished_at: str
    disk_ids: list[str]
    shard: str
    disks: list[DiskFacts]
    groups: dict[str, str]
    left: list[str]
    points: list[RememberedPoint]


class LastReports:
    """The last reports of a plan's copy runs and status runs, each read once. Without a directory there are none."""

    def __init__(self, values: Variables):
        self._values = values
        self._copied, self._damage = self._read(values.shard)
        self._status, _damage = self._read(values.shard, ".status")

    @property
    def remembered(self) -> LastReport:
        """What is remembered of the plan's last report."""
        last, (number, parts) = _newer(self._copied, self._status), parse_shard(self._values.shard)
        if last and number > 1:  # the first part alone lists the copies of all disks
            first = f"1/{parts}"
            left = _newer(self._read(first)[0], self._read(first, ".status")[0]).get("left") or []
            return {**last, "left": left}
        return last

    @property
    def damage(self) -> str:
        """Which report of the last copy run is no JSON object, and why, or an empty string."""
        return f"{self._path(self._values.shard)}: {self._damage}" if self._damage else ""

    @property
    def host(self) -> str:
        """The host that wrote the last report of this plan and kind, or an empty string."""
        return str((self._status if self._values.reads_only else self._copied).get("host") or "")

    def _path(self, shard: str, end: str = "") -> Path:
        return Path(self._values.report_dir) / f"{file_name(self._values.plan, shard)}{end}.json"

    def _read(self, shard: str, end: str = "") -> tuple[Json, str]:
        return read_json_or_damage(self._path(shard, end)) if self._values.report_dir else ({}, "")


def _newer(copied: Json, status: Json) -> LastReport:
    """Return what is remembered of the newer one of these last reports.

    A status may be newer than the last copy run. It adds its recovery points to those of the run, so the next run also
    looks for the points that the status could not find.
    """
    run, look = _remembered(copied), _remembered(status)
    if not run or not look or run[0] >= look[0]:
        return (run or look or ("", LastReport()))[1]
    return {**look[1], "points": _each_once([*(run[1].get("points") or ()), *(look[1].get("points") or ())])}


def _each_once(points: Iterable[RememberedPoint]) -> list[RememberedPoint]:
    return list({(point.get("region"), point.get("snapshot_id")): point for point in points}.values())


def _remembered(report: Json) -> tuple[str, LastReport] | None:
    """Return when a report was finished, and its facts about the plan; None if it has an unexpected form."""
    finished, last, settings = report.get("finished_at"), report.get("last"), report.get("settings", {})
    if not isinstance(finished, str) or not isinstance(settings, Mapping):
        return None
    if last:
        is_whole = isinstance(last, Mapping) and {"finished_at", "disk_ids", "shard"} <= last.keys()
        is_whole = is_whole and _are_disks(last.get("disks")) and _are_points(last.get("points") or [])
        is_whole = is_whole and isinstance(last.get("groups") or {}, Mapping)
        is_whole = is_whole and isinstance(last.get("left") or [], list)
        return (finished, cast(LastReport, last)) if is_whole else None
    points: Any = report.get("recovery_points")
    rows, orphans, unread = report.get("disks"), report.get("orphans", []), report.get("unread_points", [])
    if not report.get("source_listed") or not _are_disks(points) or not _are_points(points) or not _are_rows(orphans):
        return None
    if not _are_points(unread):
        return None
    disks = {row["disk_id"]: row for row in (rows if rows and _are_disks(rows) else points)}
    return finished, {
        "finished_at": finished,
        "disk_ids": settings.get("disk_ids") or [],
        "shard": settings.get("shard") or "",
        "disks": [facts_of_disk(disk) for disk in disks.values()],
        "groups": groups_of_report(report.get("sets")),
        "left": sorted({str(row.get("disk_id")) for row in orphans if row.get("disk_id")}),
        "points": _each_once(_remembered_point(point) for point in [*points, *unread] if point.get("snapshot_id")),
    }


def _remembered_point(point: Json) -> RememberedPoint:
    return cast(RememberedPoint, {key: point.get(key) for key in _KEYS_OF_POINT})


def facts_of_disk(disk: DiskAsKnown) -> DiskFacts:
    """Return the facts about a disk in a report; unknown keys are omitted."""
    facts: DiskFacts = {"disk_id": disk["disk_id"], "disk_name": disk["disk_name"]}
    if size := disk.get("size_gib"):
        facts["size_gib"] = size
    if tags := disk.get("tags"):
        facts["tags"] = tags
    if instance := disk.get("instance"):
        facts["instance"] = instance
    if device := disk.get("device"):
        facts["device"] = device
    return facts


def _are_disks(rows: Any) -> bool:
    return _are_rows(rows) and all(isinstance(row.get("disk_id"), str) and "disk_name" in row for row in rows)


def _are_points(rows: Any) -> bool:
    return _are_rows(rows) and all(
        isinstance(row.get(key, ""), (str, type(None))) for row in rows for key in _KEYS_OF_POINT
    )


def _are_rows(rows: Any) -> bool:
    return isinstance(rows, list) and all(isinstance(row, Mapping) for row in rows)
