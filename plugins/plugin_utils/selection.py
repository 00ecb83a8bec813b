# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of the role looks at: its disks, what retention may delete of their copies, and whose copies are orphans."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .calls import failures_of, is_listed
from .planning import USABLE, There
from .recovery import with_known_sources
from .retention import Rank, Row, disk_of, expired_copies, moment_of


def parts_of(shard: str) -> tuple[int, int]:
    """Read ``2/8`` as the second of eight parts; an empty text is the whole. Raises ValueError."""
    if not shard:
        return 1, 1
    match = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", shard)
    part, parts = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= part <= parts:
        raise ValueError(f"must be of the form 2/8, a part and the number of parts, not {shard!r}")
    return part, parts


def is_in_shard(disk_id: str | None, shard: str) -> bool:
    """Whether a disk belongs to a part: by a hash of its ID, so that every run on every machine divides alike."""
    part, parts = parts_of(shard)
    number = int.from_bytes(hashlib.sha256(str(disk_id or "").encode()).digest()[:8], "big")
    return number % parts == part - 1


def selected(source: Row, copies: Sequence[Row], values: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Return the disks and snapshots that this run looks at, out of what the source region's listing tells.

    Where that region could not be listed, the disks are those that the provenance of the copies names.
    """
    shard = values["shard"]
    if is_listed(source):
        disks, snapshots = source["disks"], source["snapshots"]
    else:
        disks, snapshots = _disks_of(copies, values), []
    return {
        "disks": [disk for disk in disks if is_in_shard(disk["disk_id"], shard)],
        "snapshots": [snapshot for snapshot in snapshots if is_in_shard(disk_of(snapshot), shard)],
    }


def _disks_of(copies: Sequence[Row], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    told = {str(copy["source"]["disk_id"]) for copy in _of_plan(copies, values) if copy["source"]["disk_id"]}
    wanted = told & set(values["disk_ids"]) if values["disk_ids"] else told
    return [{"disk_id": disk_id, "name": None, "region": values["source_region"]} for disk_id in sorted(wanted)]


def _of_plan(copies: Sequence[Row], values: Mapping[str, Any]) -> list[Row]:
    """Return the copies that this collection has made of disks in the plan's source region."""
    own = [copy for copy in copies if copy.get("source") and copy["source"]["managed"]]
    return [copy for copy in own if copy["source"]["region"] == values["source_region"]]


def copies_in(listed: Sequence[Row], values: Mapping[str, Any]) -> list[Row]:
    """Return what the destinations' listings tell, at the place to which the plan copies: a region, or a site in it."""
    return [copy for call in listed for copy in call.get("snapshots") or () if copy.get("place") == values["place"]]


def there(listed: Sequence[Row], snapshots: Sequence[Row], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the copies at the destinations, those of somebody else with disk and time from the sources that were read."""
    return with_known_sources(copies_in(listed, values), snapshots)


def failed_in(calls: Sequence[Row]) -> set[tuple[str, str]]:
    """Return source and region of each copy that failed in these copy calls, in whatever way."""
    return {(str(f["source_snapshot_id"]), str(f["region"])) for call in calls for f in failures_of(call)}


def prunable(
    copies: Sequence[Row],
    plan: Sequence[Row],
    disks: Sequence[Row],
    values: Mapping[str, Any],
    failed: Collection[tuple[str, str]] = (),
) -> list[dict[str, Any]]:
    """Return the copies that retention lets go: only of disks that this run selected, and only in regions where the
    newest usable snapshot of the disk, or a newer recovery point, is safely there, and no copy of the disk failed.

    ``copies`` are as listed: what the role fills in of somebody else's is no ground to delete anything.
    """
    newest: dict[tuple[str, str], Rank] = {}
    for row in plan:
        taken = moment_of(row["source_created_at"]) if row["reason"] in USABLE else None
        if taken:
            place = (str(row["disk_id"]), str(row["region"]))
            rank = Rank(taken, str(row["snapshot_id"]))
            newest[place] = max(rank, newest.get(place, rank))
    known = There(copies)
    rows = [row for row in plan if (str(row["snapshot_id"]), str(row["region"])) in failed]
    broken = {(str(row["disk_id"]), str(row["region"])) for row in rows}
    safe = {place for place, rank in newest.items() if known.is_safe(*place, rank)} - broken
    chosen = {str(disk["disk_id"]) for disk in disks}
    looked_at = [
        copy
        for copy in _of_plan(copies, values)
        if disk_of(copy) in chosen and (disk_of(copy), str(copy["region"])) in safe
    ]
    return expired_copies(looked_at, values["keep"], values["keep_days"], values["now"])


def orphans(copies: Sequence[Row], disks: Sequence[Row], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return this collection's copies out of the plan's source region whose disk this run has not selected."""
    chosen = {str(disk["disk_id"]) for disk in disks}
    return [
        told(copy)
        for copy in _of_plan(copies, values)
        if disk_of(copy) not in chosen and is_in_shard(disk_of(copy), values["shard"])
    ]


def told(copy: Row) -> dict[str, Any]:
    """Return what the role's result tells of a copy."""
    source = copy["source"]
    return {
        "snapshot_id": copy["snapshot_id"],
        "region": copy["region"],
        "state": copy["state"],
        "disk_id": source["disk_id"],
        "source_snapshot_id": source["snapshot_id"],
        "source_created_at": source["created_at"],
    }


def with_planned(copies: Sequence[Row], calls: Sequence[Row], snapshots: Sequence[Row]) -> list[Row]:
    """Add what the copy calls of a dry run would make, as if it were there and complete."""
    sources = {str(snapshot["snapshot_id"]): snapshot for snapshot in snapshots}
    planned = [
        _as_if_there(row, sources[str(row["source_snapshot_id"])])
        for call in calls
        for row in call.get("copies") or ()
        if row["state"] in ("planned", "pending") and not row["error"] and str(row["source_snapshot_id"]) in sources
    ]
    made = {(row["source"]["snapshot_id"], row["region"]) for row in planned}
    others = [
        copy
        for copy in copies
        if copy["state"] != "pending"
        or not copy.get("source")
        or (copy["source"]["snapshot_id"], copy["region"]) not in made
    ]
    return [*others, *planned]


def _as_if_there(row: Row, source: Row) -> dict[str, Any]:
    provenance = {
        "snapshot_id": source["snapshot_id"],
        "region": source["region"],
        "disk_id": source["disk_id"],
        "created_at": source["created_at"],
        "managed": True,
    }
    return {
        "snapshot_id": row["snapshot_id"],
        "region": row["region"],
        "state": "completed",
        "planned": True,
        "tags": {},
        "source": provenance,
    }


def calls_for(expired: Sequence[Row]) -> list[dict[str, Any]]:
    """Put copies that are to go into one call a region."""
    by_region: dict[str, dict[str, list[str]]] = {}
    for copy in expired:
        call = by_region.setdefault(str(copy["region"]), {"copy_ids": [], "snapshot_ids": []})
        call["copy_ids"].append(str(copy["snapshot_id"]))
        if copy["source"]["snapshot_id"] not in call["snapshot_ids"]:
            call["snapshot_ids"].append(str(copy["source"]["snapshot_id"]))
    return [{"region": region, **call} for region, call in by_region.items()]


def pruned(expired: Sequence[Row], calls: Sequence[Row]) -> list[dict[str, Any]]:
    """Return those of the expired copies that the deleting calls have deleted."""
    gone: set[tuple[str, str]] = set()
    kept: set[str] = set()
    for call in calls:
        gone |= {
            (str(r["source_snapshot_id"]), str(r["region"]))
            for r in call.get("copies") or ()
            if r["action"] == "deleted"
        }
        kept |= {str(failure["snapshot_id"]) for failure in failures_of(call)}
    return [
        told(copy)
        for copy in expired
        if (str(copy["source"]["snapshot_id"]), str(copy["region"])) in gone and str(copy["snapshot_id"]) not in kept
    ]
