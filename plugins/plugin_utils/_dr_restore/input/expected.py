# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disks that a restore is to find: by a report of dr_copy, or by their IDs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..._role.parsing import InvalidValue, as_list


class Expected(NamedTuple):
    """A disk of which there should be a copy; its name is None where that is not known."""

    disk_id: str
    name: str | None = None


def as_expected(value: Any) -> list[Expected]:
    """Take the path of a plan's report, or disk IDs as a list or text."""
    if isinstance(value, str) and value.strip().endswith(".json"):
        return _disks_of(Path(value.strip()).expanduser())
    return [Expected(disk_id) for disk_id in as_list(value)]


def _disks_of(path: Path) -> list[Expected]:
    try:
        report = json.loads(path.read_text())
    except OSError as error:
        raise InvalidValue(f"names a report that cannot be read: {path}: {error.strerror}") from None
    except ValueError as error:
        raise InvalidValue(f"names a file that is no report: {path}: {error}") from None
    points = report.get("recovery_points") if isinstance(report, Mapping) else None
    rows = [row for row in points if isinstance(row, Mapping)] if isinstance(points, list) else []
    disks = {str(row["disk_id"]): row.get("disk_name") for row in rows if row.get("disk_id")}
    if not disks:
        raise InvalidValue(f"names a report without disks: {path}. Take the last one that lists recovery points")
    return [Expected(disk_id, name) for disk_id, name in disks.items()]
