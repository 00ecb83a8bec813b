# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts from the last drill."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, cast

from ..._role.files import read_json
from ..._role.naming import file_name
from ..._role.reported import SCHEMA
from .variables import Variables


class _ProvenDisk(TypedDict):
    disk_id: str | None
    proven_at: str | None
    proven_level: str | None


class ProvenDisk(_ProvenDisk, total=False):
    """The facts about a disk in the last drill's report."""

    disk_name: str | None
    proofs: dict[str, str]


class LastDrill(TypedDict, total=False):
    """The facts from the last drill's report; empty if there is none, or if it cannot be read.

    ``disks`` are those that it looked at, and ``earlier`` those that only drills before it looked at.
    """

    disks: list[ProvenDisk]
    earlier: list[ProvenDisk]


def drill_file(values: Variables, end: str) -> Path:
    """Return the path of a drill's report."""
    return Path(values.report_dir) / f"{file_name(values.host)}.drill.{end}"


def last_drill(values: Variables) -> LastDrill:
    """Return the last report of this drill."""
    if not values.report_dir:
        return {}
    report = read_json(drill_file(values, "json"))
    fits = (report.get("cloud"), report.get("region"), report.get("schema")) == (values.cloud, values.region, SCHEMA)
    disks, earlier = report.get("disks"), report.get("earlier", [])
    is_whole = isinstance(disks, list) and isinstance(earlier, list) and all(map(_is_disk, [*disks, *earlier]))
    return cast(LastDrill, report) if fits and is_whole else {}


def disks_of(last: LastDrill) -> list[ProvenDisk]:
    """Return the disks that the last drill, or a drill before it, looked at."""
    return [*last.get("disks", ()), *last.get("earlier", ())]


def _is_disk(row: object) -> bool:
    keys = {"disk_id", "proven_at", "proven_level"}
    return isinstance(row, Mapping) and keys <= row.keys() and isinstance(row.get("proofs") or {}, Mapping)
