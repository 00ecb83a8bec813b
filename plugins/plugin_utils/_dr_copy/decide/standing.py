# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else is at the destinations: copies under way, and facts of each recovery point's copy.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..._role.proofs import as_text, beside, proofs_in
from ..._role.rows import Row, disk_id_of, is_complete, parse_time, time_or_now
from ..input.variables import Variables
from .destinations import copies_of_plan
from .run_state import RunState


def unfinished_copies(done: Mapping[str, Any], values: Variables) -> list[dict[str, Any]]:
    """Return the copies of the run's disks that are under way or failed, by the last listing and looks."""
    chosen = {str(disk["disk_id"]) for disk in done["disks"]}
    copies = copies_of_plan(RunState(done, values, False).copies, values)
    return [_unfinished(c) for c in copies if c["state"] in ("pending", "error") and disk_id_of(c) in chosen]


def with_facts(points: Iterable[Row], done: Mapping[str, Any], values: Variables) -> list[dict[str, Any]]:
    """Return recovery points with facts of their copies and of the disk's other points; unknown keys are left out.

    ``points`` is how many recovery points of the disk are complete in the region, ``oldest`` when the first of their
    sources was taken, ``minutes`` how long the copy took. ``proven_at`` is when a drill last proved a copy of the disk,
    ``proven_snapshot_id``, which may be an earlier one.
    """
    by_id: dict[str, Row] = {}
    of_disk: dict[tuple[str, str], dict[str, str]] = {}
    copies = RunState(done, values, False).copies
    proofs = _proofs(copies, time_or_now(values.now))
    for copy in copies:
        if copy.get("source") and is_complete(copy):
            by_id[str(copy["snapshot_id"])] = copy
            sources = of_disk.setdefault((str(disk_id_of(copy)), str(copy["region"])), {})
            sources[str(copy["source"]["snapshot_id"])] = copy["source"]["created_at"] or ""
    return [
        {
            **p,
            **_facts(by_id.get(str(p["snapshot_id"])), list(of_disk.get((p["disk_id"], p["region"]), {}).values())),
            **proofs.get((str(p["disk_id"]), p["region"]), {}),
        }
        for p in points
    ]


def _proofs(copies: Iterable[Row], now: datetime) -> dict[tuple[str, str], dict[str, Any]]:
    """Return when a copy of each disk in each region was last proven by a drill, at what level, and which copy.

    ``proofs`` has the times of all levels, where the last proof does not prove what an earlier one did.
    """
    last: dict[tuple[str, str], tuple[datetime, str, str]] = {}
    of_disk: dict[tuple[str, str], dict[str, datetime]] = {}
    for copy in copies:
        own = proofs_in(copy.get("tags") or {}, now) if copy.get("source") else {}
        key = str(disk_id_of(copy)), str(copy["region"])
        for level, time in own.items():
            proof = (time, level, str(copy["snapshot_id"]))
            if key not in last or time > last[key][0]:
                last[key] = proof
            levels = of_disk.setdefault(key, {})
            levels[level] = max(time, levels.get(level, time))
    return {key: _proof(last[key], proofs) for key, proofs in of_disk.items()}


def _proof(last: tuple[datetime, str, str], proofs: Mapping[str, datetime]) -> dict[str, Any]:
    time, level, copy_id = last
    found = {"proven_at": as_text(time), "proven_level": level, "proven_snapshot_id": copy_id}
    texts = {level: as_text(time) for level, time in proofs.items()}
    return {**found, **({"proofs": texts} if beside(level, proofs) else {})}


def _facts(copy: Row | None, taken: Sequence[str]) -> dict[str, Any]:
    depth = {"points": len(taken), "oldest": min(filter(None, taken), default=None)}
    if copy is None:
        return {key: value for key, value in depth.items() if value is not None}
    started, ended = parse_time(copy.get("created_at")), parse_time(copy.get("completed_at"))
    facts = {
        "size_gib": copy.get("size_gib"),
        "encrypted": copy.get("encrypted"),
        "kms_key_id": copy.get("kms_key_id"),
        "expires_at": copy.get("expires_at"),
        "locked_until": copy.get("locked_until"),
        "minutes": round((ended - started) / timedelta(minutes=1), 1) if started and ended else None,
        **depth,
    }
    return {key: value for key, value in facts.items() if value is not None}


def _unfinished(copy: Row) -> dict[str, Any]:
    parts = {key: copy.get(key) for key in ("snapshot_id", "region", "state", "progress")}
    return {**parts, "disk_id": disk_id_of(copy), "source_snapshot_id": copy["source"]["snapshot_id"]}
