# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a drill decides: which copies it proves, and what was proven. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.messages import spelt_out
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import PROVEN_AT, PROVEN_LEVEL

from .._role.doubts import TOLERANCE
from .._role.marks import LEVELS
from .._role.registered import failures_of
from .._role.rows import Row, disk_id_of, parse_time, plain, time_or_now


def with_proofs(rows: Sequence[Row], listed: Row, last: Row, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Add to each disk when one of its copies was last proven, and at what level; None for never.

    The copies tell it, and the last report, which remembers what copies told that retention has deleted since. A proof
    that is ahead of now, or of a lower level than is asked, is none.
    """
    now, level = time_or_now(values["now"]), LEVELS.index(values["level"])
    proofs: dict[str, tuple[datetime, str]] = {}
    copies = [(disk_id_of(c), c["tags"].get(PROVEN_AT), c["tags"].get(PROVEN_LEVEL)) for c in _copies(listed, values)]
    earlier = [(row["disk_id"], row["proven_at"], row["proven_level"]) for row in last.get("disks") or ()]
    for disk_id, moment, proven in (*copies, *earlier):
        time = parse_time(moment)
        if not disk_id or not time or time - now > TOLERANCE or proven not in LEVELS or LEVELS.index(proven) < level:
            continue
        if disk_id not in proofs or time > proofs[disk_id][0]:
            proofs[disk_id] = (time, proven)
    return [{**row, **_proof(proofs.get(str(row["disk_id"])))} for row in rows]


def picked(rows: Sequence[Row], values: Mapping[str, Any]) -> list[Row]:
    """Return the disks whose copies a drill proves: at most ``count``, of ``max_gib`` together, proven longest ago
    first."""
    can = [row for row in rows if row["copy_id"]]
    room, most = values["max_gib"], values["max_gib"]
    chosen: list[Row] = []
    for row in sorted(can, key=lambda r: (r["proven_at"] or "", str(r["disk_id"]))):
        size = row["size_gib"] or 0
        if len(chosen) < values["count"] and (not most or size <= room):
            chosen.append(row)
            room -= size
    return chosen


def untried(rows: Sequence[Row], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the disks of which no drill with these variables proves a copy, and ``why``."""
    keys = ("disk_id", "disk_name", "size_gib", "proven_at")
    return [{**{key: row[key] for key in keys}, "why": why} for row in rows if (why := _why_untried(row, values))]


def _why_untried(row: Row, values: Mapping[str, Any]) -> str | None:
    most = values["max_gib"]
    if row["copy_id"] and most and (row["size_gib"] or 0) > most:
        return f"its {row['size_gib']} GiB are more than dr_restore_max_gib ({most})"
    return None if row["copy_id"] else str(row["missing"])


def judged(chosen: Sequence[Row], made: Row, compared: Row, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each copy that was tried: whether it is ``proven``, else ``why`` not; ``chosen`` are what was
    picked, ``made`` and ``compared`` the registered results of making disks and of comparing blocks.

    ``compared`` of a row says whether its blocks were compared with the source's, as ``note`` says why not; both are
    None where its level asks for none.
    """
    found = {row["snapshot_id"]: row for row in plain(made.get("disks") or ())}
    read = {row["snapshot_id"]: row for row in plain(compared.get("comparisons") or ())}
    broken = spelt_out(failures_of(made)) or "no disk was made of it"
    unread = spelt_out(failures_of(compared)) or "its blocks were not read"
    rows = []
    for row in chosen:
        disk, blocks = found.get(row["copy_id"]), read.get(row["copy_id"])
        why = _doubt(row, disk) if disk else broken
        if not why and values["level"] == "readable":
            why = _doubt_of_blocks(blocks) if blocks else unread
        rows.append(_judged(row, disk, blocks, why, values))
    return rows


def to_compare(chosen: Sequence[Row], made: Row) -> list[dict[str, Any]]:
    """Return the copies whose blocks are to be read: those of which a disk was made as it was to be."""
    found = {row["snapshot_id"]: row for row in plain(made.get("disks") or ())}
    return [
        {
            "snapshot_id": row["copy_id"],
            "source_snapshot_id": row["source_snapshot_id"],
            "source_region": row["source_region"],
        }
        for row in chosen
        if row["copy_id"] in found and not _doubt(row, found[row["copy_id"]])
    ]


def marks(tried: Sequence[Row], listed: Row, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the calls that write on proven copies what was proven, one for each region of sources.

    They name sources, as the copy modules do, which change the tags of existing copies; only our own copies are written
    to. Snapshots on ENS have no tags.
    """
    if values["cloud"] == "ens":
        return []
    ours = {str(c["snapshot_id"]) for c in _copies(listed, values) if c["source"]["managed"]}
    by_region: dict[str, list[str]] = {}
    for row in tried:
        if row["proven"] and row["copy_id"] in ours and row["source_region"]:
            by_region.setdefault(row["source_region"], []).append(row["source_snapshot_id"])
    tags = {PROVEN_AT: values["now"], PROVEN_LEVEL: values["level"]}
    return [{"source_region": region, "snapshot_ids": ids, "tags": tags} for region, ids in by_region.items()]


def marked(tried: Sequence[Row], calls: Row) -> list[dict[str, Any]]:
    """Return the rows of ``judged`` as they are once the marks were written, by the registered results of that.

    The copy that was tried may have gone by then. A mark on another copy of the same source proves nothing of it.
    """
    rows = [row for call in plain(calls.get("results") or ()) for row in call.get("copies") or ()]
    found = {row["source_snapshot_id"]: row for row in rows}
    return [_as_marked(row, found.get(row["source_snapshot_id"])) for row in tried]


def _as_marked(row: Row, copy: Row | None) -> dict[str, Any]:
    if not row["proven"] or copy is None or copy["snapshot_id"] == row["copy_id"]:
        return dict(row)
    if copy["snapshot_id"] is None and (copy["error"] or {}).get("kind") != "not_found":
        return dict(row)  # it could not be marked, which is a failure of its own
    instead = f"; {copy['snapshot_id']}, which is there now, was not tried" if copy["snapshot_id"] else ""
    why = f"the copy {row['copy_id']} went while the drill was running{instead}"
    return {**row, "proven": False, "level": None, "why": why}


def overdue(rows: Sequence[Row], values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the disks that were last proven longer than ``max_age_days`` ago, or never; none where that is not
    judged."""
    if not values["max_age_days"]:
        return []
    oldest = time_or_now(values["now"]) - timedelta(days=values["max_age_days"])
    times = ((row, parse_time(row["proven_at"])) for row in rows)
    return [dict(row) for row, time in times if time is None or time < oldest]


def _copies(listed: Row, values: Mapping[str, Any]) -> list[Row]:
    return [copy for copy in plain(listed.get("snapshots") or ()) if copy.get("source")]


def _proof(proof: tuple[datetime, str] | None) -> dict[str, str | None]:
    return {
        "proven_at": proof[0].strftime("%Y-%m-%dT%H:%M:%SZ") if proof else None,
        "proven_level": proof[1] if proof else None,
    }


def _judged(
    row: Row, made: Row | None, blocks: Row | None, why: str | None, values: Mapping[str, Any]
) -> dict[str, Any]:
    keys = ("disk_id", "disk_name", "copy_id", "source_snapshot_id", "source_region", "taken_at", "size_gib")
    return {
        **{key: row[key] for key in keys},
        "new_disk_id": made["disk_id"] if made else None,
        "seconds": made["seconds"] if made else None,
        "blocks": blocks["blocks"] if blocks else None,
        "compared": blocks["compared"] if blocks else None,
        "note": blocks["note"] if blocks else None,
        "proven": not why,
        "level": None if why else values["level"],
        "why": why,
    }


def _doubt(row: Row, made: Row) -> str | None:
    """Say why a disk proves nothing, or None."""
    if made["error"]:
        return spelt_out([made["error"]])
    if made["state"] != "available":
        return f"the disk is {made['state']}, not available"
    if row["size_gib"] and made["size_gib"] is not None and made["size_gib"] < row["size_gib"]:
        return f"the disk has {made['size_gib']} GiB, the copy {row['size_gib']}"
    if row["copy_encrypted"] and made["encrypted"] is not True:
        return "the copy is encrypted, the disk is not told to be"
    if row["copy_key"] and not _same_key(row["copy_key"], made["kms_key_id"]):
        key = f"has the key {made['kms_key_id']}" if made["kms_key_id"] else "tells no key"
        return f"the copy has the key {row['copy_key']}, the disk {key}"
    return None


def _same_key(one: str, other: str | None) -> bool:
    # Some services tell the ARN of a key, others its ID alone.
    return bool(other) and one.rpartition("/")[2] == str(other).rpartition("/")[2]


def _doubt_of_blocks(blocks: Row) -> str | None:
    return spelt_out([blocks["error"]]) if blocks["error"] else None
