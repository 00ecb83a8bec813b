# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to copy if a disk's newest snapshot is gone before it could be copied. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..._role.registered import failures_of, is_listed
from ..._role.rows import Row, disk_id_of, opened, plain
from ..input.variables import Variables
from .decision import planned
from .planning import GONE, NEWEST, NEXT_NEWEST, USABLE
from .selection import selected_snapshots

#: A snapshot and the region to which it was to be copied.
Pair = tuple[str, str]


def disks_to_fall_back(plan: Sequence[Row], calls: Sequence[Row], values: Variables) -> list[str]:
    """Return the disks whose newest snapshot was gone, by these calls to copy and share."""
    plan = plain(plan)
    gone = _gone(plan, calls, values)
    return list(dict.fromkeys(str(row["disk_id"]) for row in plan if _pair(row) in gone))


def fallen_back(
    plan: Sequence[Row], calls: Sequence[Row], source: Row, again: Row, before: Sequence[Row], values: Variables
) -> list[Row]:
    """Return a plan in which the disk's next newest snapshot replaces a newest one that is gone.

    ``source`` and ``before`` are the listings of the first plan. ``again`` is what the source region shows of these
    disks now. A snapshot that it shows is not gone, whatever a copy call was told. One that it no longer shows is not
    chosen.
    """
    plan = plain(plan)
    now = opened(again)
    shown = {str(s["snapshot_id"]) for s in now["snapshots"]} if is_listed(now) else None
    gone = {pair for pair in _gone(plan, calls, values) if shown is None or pair[0] not in shown}
    affected = {_place(row) for row in plan if _pair(row) in gone}
    names = {str(row["disk_id"]): row["disk_name"] for row in plan if _place(row) in affected}
    left = [
        snapshot
        for snapshot in selected_snapshots(opened(source), values)
        if str(disk_id_of(snapshot)) in names
        and str(snapshot["snapshot_id"]) not in {snapshot_id for snapshot_id, _region in gone}
        and (shown is None or str(snapshot["snapshot_id"]) in shown)
    ]
    disks = [{"disk_id": disk_id, "name": name} for disk_id, name in names.items()]
    anew: dict[Pair, list[Row]] = {}
    for chosen in planned(left, disks, [opened(call) for call in plain(before)], values):
        reason = NEXT_NEWEST if chosen["reason"] == NEWEST else chosen["reason"]
        anew.setdefault(_place(chosen), []).append({**chosen, "reason": reason})
    rows: list[Row] = []
    for row in plan:
        if _pair(row) in gone:
            rows += [{**row, "chosen": False, "reason": GONE}, *anew.pop(_place(row), ())]
        elif _place(row) not in affected:
            rows.append(row)
    return rows


def without_gone(calls: Sequence[Row], plan: Sequence[Row]) -> list[Row]:
    """Return calls without the failures of gone snapshots that another one replaces, copied now or before."""
    usable = {_place(row) for row in plan if row["reason"] in USABLE}
    gone = {_pair(row) for row in plan if row["reason"] == GONE and _place(row) in usable}
    return [_without(call, gone) for call in calls] if gone else list(calls)


def both_shares(first: Row, second: Row) -> dict[str, Any]:
    """Return the results of both calls to share, before falling back (may be empty) and now, as one."""
    both = [plain(call) for call in (first, second) if call]
    calls: Counter[str] = Counter()
    for call in both:
        calls.update(call.get("api_calls") or {})
    return {
        "shared": [share for call in both for share in call.get("shared") or ()],
        "failures": [failure for call in both for failure in failures_of(call)],
        "api_calls": dict(calls),
    }


def _without(call: Row, gone: set[Pair]) -> Row:
    if "failures" not in call:
        return call
    ids = {snapshot_id for snapshot_id, _region in gone}
    copies = call.get("copies")
    if copies is None:  # a call to share: its failures are about the source region
        return {**call, "failures": [f for f in failures_of(call) if not _is_of_gone(f) or _source(f) not in ids]}
    failures = [f for f in failures_of(call) if not _is_of_gone(f) or (_source(f), str(f["region"])) not in gone]
    left = [row for row in copies if (_source(row), str(row["region"])) not in gone]
    counts = {**call["counts"], "failed": call["counts"]["failed"] - (len(copies) - len(left))}
    return {**call, "copies": left, "failures": failures, "counts": counts}


def _gone(plan: Sequence[Row], calls: Sequence[Row], values: Variables) -> set[Pair]:
    missing = {
        (_source(failure), str(failure["region"]))
        for call in calls
        for failure in failures_of(plain(call))
        if _is_of_gone(failure)
    }
    return {
        _pair(row)
        for row in plan
        if row["reason"] == NEWEST
        and (_pair(row) in missing or (str(row["snapshot_id"]), values.source_region) in missing)
    }


def _is_of_gone(failure: Row) -> bool:
    return bool(failure["kind"] == "not_found" and failure["source_snapshot_id"])


def _source(row: Row) -> str:
    return str(row["source_snapshot_id"])


def _pair(row: Row) -> Pair:
    return str(row["snapshot_id"]), str(row["region"])


def _place(row: Row) -> Pair:
    return str(row["disk_id"]), str(row["region"])
