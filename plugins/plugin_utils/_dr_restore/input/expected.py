# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disks that a restore should find, from reports of dr_copy or by ID."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from ..._role.files import Json, absolute_path, load_json
from ..._role.parsing import InvalidValue, as_list
from ..._role.reported import DiskFacts
from ..._sets.inputs import groups_of_report


class Expected(NamedTuple):
    """A disk that should have a copy, with the facts about it from a report; None means unknown.

    ``group_id`` is its group, empty for none. ``set_seconds`` is the maximum time between snapshots of a set.
    """

    disk_id: str
    name: str | None = None
    tags: Mapping[str, str] | None = None
    size_gib: int | None = None
    instance: str | None = None
    device: str | None = None
    group_id: str = ""
    set_seconds: float | None = None


def as_expected(value: Any) -> list[Expected]:
    """Parse paths of plans' reports and disk IDs, as a list or string. Several entries may name one disk."""
    found: dict[str, Expected] = {}
    for entry in as_list(value):
        disks = _disks_of(Path(absolute_path(entry))) if entry.endswith(".json") else [Expected(entry)]
        for disk in disks:
            found[disk.disk_id] = _merged(found[disk.disk_id], disk) if disk.disk_id in found else disk
    return list(found.values())


def _merged(one: Expected, other: Expected) -> Expected:
    """Combine what two entries say about a disk: what is known to one of them is known.

    A plan that protects only one disk of a server does not know the server.
    """
    first, second = (other, one) if other.group_id and not one.group_id else (one, other)
    return first._replace(**{key: value for key, value in second._asdict().items() if getattr(first, key) is None})


def _disks_of(path: Path) -> list[Expected]:
    try:
        report = load_json(path)
    except OSError as error:
        raise InvalidValue(f"names a report that cannot be read: {path}: {error.strerror}") from None
    except ValueError as error:
        raise InvalidValue(f"names a file that is not a report of dr_copy: {path}: {error}") from None
    # The report of a run that read no disks has the facts that were last known about them.
    last = report.get("last")
    places = (
        report.get("disks"),
        report.get("recovery_points"),
        last.get("disks") if isinstance(last, Mapping) else (),
    )
    disks = next(filter(None, map(_rows_of_disks, places)), None)
    if not disks:
        raise InvalidValue(f"names a report without disks: {path}. Use the last one that lists recovery points")
    return _with_groups(disks, report)


def _with_groups(disks: Mapping[str, Expected], report: Json) -> list[Expected]:
    last, settings = report.get("last"), report.get("settings")
    remembered = last.get("groups") if isinstance(last, Mapping) else None
    groups = groups_of_report(report.get("sets")) or (remembered if isinstance(remembered, Mapping) else {})
    seconds = settings.get("set_seconds") if isinstance(settings, Mapping) else None
    apart = float(seconds) if isinstance(seconds, (int, float)) else 0.0
    return [
        disk._replace(group_id=str(groups.get(disk_id) or ""), set_seconds=apart) for disk_id, disk in disks.items()
    ]


def _rows_of_disks(rows: Any) -> dict[str, Expected]:
    own = [row for row in rows if isinstance(row, Mapping) and row.get("disk_id")] if isinstance(rows, list) else []
    return {str(row["disk_id"]): _expected(row) for row in cast(list[DiskFacts], own)}


def _expected(row: DiskFacts) -> Expected:
    tags = row.get("tags")
    return Expected(
        disk_id=str(row["disk_id"]),
        name=row.get("disk_name"),
        tags={str(key): str(value) for key, value in tags.items()} if isinstance(tags, Mapping) else None,
        size_gib=row.get("size_gib"),
        instance=row.get("instance"),
        device=row.get("device"),
    )
