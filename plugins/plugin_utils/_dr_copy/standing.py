# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands at the destinations beside the recovery points: copies under way, and facts of each point's copy.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from .destinations import copies_of_plan
from .rows import Row, disk_id_of, is_complete, parse_time
from .run_state import RunState


def unfinished_copies(done: Mapping[str, Any], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the copies of the run's disks that are under way or have failed, as the destinations were listed last."""
    chosen = {str(disk["disk_id"]) for disk in done["disks"]}
    copies = copies_of_plan(RunState(done, values, False).copies, values)
    return [_unfinished(c) for c in copies if c["state"] in ("pending", "error") and disk_id_of(c) in chosen]


def with_facts(points: Iterable[Row], done: Mapping[str, Any], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return recovery points with what is known of their copies and of the disk's other points; unknown keys are left
    out.

    ``points`` is how many complete copies of the disk are in the region, ``oldest`` when the first of their sources was
    taken, ``minutes`` how long the copy took.
    """
    by_id: dict[str, Row] = {}
    of_disk: dict[tuple[str, str], list[str]] = {}
    for copy in RunState(done, values, False).copies:
        if copy.get("source") and is_complete(copy):
            by_id[str(copy["snapshot_id"])] = copy
            of_disk.setdefault((str(disk_id_of(copy)), str(copy["region"])), []).append(
                copy["source"]["created_at"] or ""
            )
    return [
        {**p, **_facts(by_id.get(str(p["snapshot_id"])), of_disk.get((p["disk_id"], p["region"]), ()))} for p in points
    ]


def _facts(copy: Row | None, taken: Sequence[str]) -> dict[str, Any]:
    if copy is None:
        return {}
    begun, ended = parse_time(copy.get("created_at")), parse_time(copy.get("completed_at"))
    facts = {
        "size_gib": copy.get("size_gib"),
        "encrypted": copy.get("encrypted"),
        "kms_key_id": copy.get("kms_key_id"),
        "expires_at": copy.get("expires_at"),
        "locked_until": copy.get("locked_until"),
        "minutes": round((ended - begun) / timedelta(minutes=1), 1) if begun and ended else None,
        "points": len(taken) or None,
        "oldest": min(filter(None, taken), default=None),
    }
    return {key: value for key, value in facts.items() if value is not None}


def _unfinished(copy: Row) -> dict[str, Any]:
    parts = {key: copy.get(key) for key in ("snapshot_id", "region", "state", "progress")}
    return {**parts, "disk_id": disk_id_of(copy), "source_snapshot_id": copy["source"]["snapshot_id"]}
