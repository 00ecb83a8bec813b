# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts about the copy of each recovery point, and about the disk's other points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from ...._role.answers import SnapshotRow
from ...._role.proofs import proofs_in, proofs_not_covered
from ...._role.row_keys import CopyAt, DiskAt, copy_at, disk_at, source_disk_at
from ...._role.rows import is_complete, parse_time
from ...input.variables import Variables
from ..result_type import PlanCopy, PointFacts, Proof, RecoveryPoint
from ..run_state import RunState


def with_facts(
    points: Iterable[RecoveryPoint], pruned: Iterable[PlanCopy], state: RunState, values: Variables
) -> list[RecoveryPoint]:
    """Return recovery points with facts about their copies and the disk's other points; unknown keys are omitted.

    ``pruned`` are the copies that the run deleted, though the last listing may still show them.
    ``points`` is the number of complete recovery points of the disk in the region, ``oldest`` the time when the first
    of their sources was taken, ``minutes`` how long the copy took. ``proven_at`` is when a drill last proved a copy of
    the disk; this copy is ``proven_snapshot_id`` and may be an earlier one.
    """
    by_id: dict[str, SnapshotRow] = {}
    of_disk: dict[DiskAt, dict[str, str]] = {}
    gone = {CopyAt(copy["snapshot_id"], copy["region"]) for copy in pruned}
    copies = [c for c in state.copies if copy_at(c) not in gone]
    proofs = _proofs(copies, values.judged_at)
    for copy in copies:
        if (source := copy.get("source")) and is_complete(copy):
            by_id[copy["snapshot_id"]] = copy
            sources = of_disk.setdefault(source_disk_at(copy), {})
            sources[source["snapshot_id"]] = source["created_at"] or ""

    def with_copy_facts(point: RecoveryPoint) -> RecoveryPoint:
        key = disk_at(point)
        facts = _facts(by_id.get(str(point["snapshot_id"])), list(of_disk.get(key, {}).values()))
        return {**point, **facts, **proofs.get(key, Proof())}

    return [with_copy_facts(point) for point in points]


def _proofs(copies: Iterable[SnapshotRow], now: datetime) -> dict[DiskAt, Proof]:
    """Return for each disk and region the last proof of a copy by a drill."""
    last: dict[DiskAt, tuple[datetime, str, str]] = {}
    of_disk: dict[DiskAt, dict[str, datetime]] = {}
    for copy in copies:
        own = proofs_in(copy.get("tags") or {}, now) if copy.get("source") else {}
        key = source_disk_at(copy)
        for level, time in own.items():
            proof = (time, level, copy["snapshot_id"])
            if key not in last or time > last[key][0]:
                last[key] = proof
            levels = of_disk.setdefault(key, {})
            levels[level] = max(time, levels.get(level, time))
    return {key: _proof(last[key], proofs) for key, proofs in of_disk.items()}


def _proof(last: tuple[datetime, str, str], proofs: Mapping[str, datetime]) -> Proof:
    time, level, copy_id = last
    found: Proof = {"proven_at": iso_utc(time), "proven_level": level, "proven_snapshot_id": copy_id}
    if proofs_not_covered(level, proofs):
        found["proofs"] = {level: iso_utc(time) for level, time in proofs.items()}
    return found


def _facts(copy: SnapshotRow | None, taken: Sequence[str]) -> PointFacts:
    facts: PointFacts = {"points": len(taken)}
    if oldest := min(filter(None, taken), default=None):
        facts["oldest"] = oldest
    if copy is None:
        return facts
    if (size := copy.get("size_gib")) is not None:
        facts["size_gib"] = size
    if (encrypted := copy.get("encrypted")) is not None:
        facts["encrypted"] = encrypted
    if (key := copy.get("kms_key_id")) is not None:
        facts["kms_key_id"] = key
    if (expires := copy.get("expires_at")) is not None:
        facts["expires_at"] = expires
    started, ended = parse_time(copy.get("created_at")), parse_time(copy.get("completed_at"))
    if started and ended:
        facts["minutes"] = round((ended - started) / timedelta(minutes=1), 1)
    return facts
