# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest of a restore: what a person needs to attach the disks, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.messages import spelt_out

from ..._role.documents import collection_version
from ..._role.registered import failures_of
from ..._role.rows import Row, plain
from ..decide.outcomes import reason_of
from ..decide.points import Point, named
from ..input.last_drill import SCHEMA
from .servers import lines_of_servers, torn_problem

#: How many disks a message names.
NAMED = 10
MADE = ("available", "in_use")
#: Of a module's row of a disk, under which key the manifest tells it.
_OF_THE_NEW = {
    "disk_id": "new_disk_id",
    "zone": "zone",
    "disk_type": "disk_type",
    "state": "state",
    "action": "action",
    "encrypted": "encrypted",
    "seconds": "seconds",
}


def manifest_of(points: Sequence[Point], made: Row, unread: Row, values: Mapping[str, Any], run: Row) -> dict[str, Any]:
    """Return the manifest of a restore.

    ``made`` is the result of making the disks, ``unread`` that of the listing that failed, if one did. ``run`` has
    ``check_mode``, ``finished_at`` (ISO 8601), and ``unidentified``, the copies that tell no disk.
    """
    disks = with_made(points, made)
    return {
        "schema": SCHEMA,
        "kind": "restore",
        "host": values["host"],
        "id": values["id"],
        "check_mode": bool(run["check_mode"]),
        "started_at": values["now"],
        "finished_at": run["finished_at"],
        **{key: values[key] for key in ("cloud", "region", "zone", "source_region", "at", "consistency")},
        "expected": len(values["expected"]) if values["expected"] else None,
        "totals": {
            "disks": len(disks),
            "restored": sum(disk["state"] in MADE for disk in disks),
            "creating": sum(disk["state"] in ("creating", "planned") and not disk["missing"] for disk in disks),
            "missing": sum(bool(disk["missing"]) for disk in disks),
            "torn": sum(disk["torn"] for disk in disks),
        },
        "disks": sorted(disks, key=lambda disk: not disk["missing"]),
        "failures": [*failures_of(unread), *failures_of(made)],
        "unidentified_copies": list(run["unidentified"]),
        "counts": dict(made.get("counts") or {}),
        "collection": collection_version(),
    }


def with_made(points: Sequence[Point], made: Row) -> list[dict[str, Any]]:
    """Return the row of each disk with what was made of its copy; without a new disk it is ``missing``, and why."""
    found = {row["snapshot_id"]: row for row in plain(made.get("disks") or ())}
    return [_with_made(point, found.get(point.copy_id), made) for point in points]


def _with_made(point: Point, disk: Row | None, made: Row) -> dict[str, Any]:
    row = point.as_row()
    row.update((new, disk[key] if disk else None) for key, new in _OF_THE_NEW.items())
    row["state"] = "missing" if point.missing else row["state"] or "absent"
    is_made = disk and not disk["error"] and (disk["disk_id"] or disk["state"] == "planned")
    if not point.missing and not is_made:
        row["missing"] = reason_of(disk, made, point.copy_id) or "no disk was made of its copy"
    if disk and disk["size_gib"]:
        row["size_gib"] = disk["size_gib"]
    return row


def problems_of(manifest: Row) -> str:
    """Say in one message for what a restore fails, or nothing. By the consistency "disk" a torn server is no fault."""
    torn = torn_problem(manifest["disks"]) if manifest["consistency"] == "set" else ""
    return " ".join(filter(None, [_missing_problem(manifest), torn]))


def _missing_problem(manifest: Row) -> str:
    missing = [disk for disk in manifest["disks"] if disk["missing"]]
    if missing:
        parts = "; ".join(f"{named(disk)}: {disk['missing'].rstrip('.')}" for disk in missing[:NAMED])
        more = f"; and {len(missing) - NAMED} more, all in the manifest" if len(missing) > NAMED else ""
        return f"{len(missing)} of {len(manifest['disks'])} disks are missing. {parts}{more}."
    return spelt_out(manifest["failures"]) if manifest["failures"] else ""


def lines_of(manifest: Row) -> list[str]:
    """Return what the screen shows of a restore: a line for each disk, what is missing first."""
    totals = manifest["totals"]
    verb = "would be made" if manifest["check_mode"] else "restored"
    number = totals["creating"] if manifest["check_mode"] else totals["restored"]
    head = f"{manifest['id']} in {manifest['zone'] or manifest['region']}: {number} of {totals['disks']} disks {verb}"
    if totals["creating"] and not manifest["check_mode"]:
        head += f", {totals['creating']} in the making"
    unknown = (
        f"Disks without a copy in {manifest['region']} are not known here: dr_restore_expected names a report of "
        "dr_copy, or the disks' IDs"
    )
    notes = [*([] if manifest["expected"] else [unknown]), *lines_of_servers(manifest["disks"])]
    return [head, *notes, *map(_line, manifest["disks"])]


def _line(disk: Row) -> str:
    if disk["missing"]:
        return f"MISSING {named(disk)}: {disk['missing']}"
    was = f", was {disk['device'] or 'attached'} of {disk['instance']}" if disk["instance"] else ""
    size = f"{disk['size_gib']} GiB, " if disk["size_gib"] else ""
    new = disk["new_disk_id"] or "a new disk"
    older = f"; {disk['passed_over']}" if disk["passed_over"] else ""
    return f"{named(disk)}: {new} ({disk['state']}), {size}as of {disk['taken_at']}, of {disk['copy_id']}{was}{older}"
