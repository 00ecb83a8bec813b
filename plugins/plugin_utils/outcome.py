# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role tells of a run: the copy calls that a plan needs, and the result that they add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._copy.messages import spelt_out
from ansible_collections.multicloud.snapshots.plugins.module_utils._copy.results import COUNTED

Row = Mapping[str, Any]


def batches_of(plan: Sequence[Row]) -> list[dict[str, list[str]]]:
    """Put the chosen rows of a plan into as few copy calls as there are different sets of destinations.

    Older sources come first, since a disk's next copy is then incremental.
    """
    regions: dict[str, list[str]] = {}
    for row in sorted((r for r in plan if r["chosen"]), key=lambda r: (str(r["source_created_at"]), r["snapshot_id"])):
        regions.setdefault(row["snapshot_id"], []).append(row["region"])
    batches: dict[tuple[str, ...], list[str]] = {}
    for snapshot_id, wanted in regions.items():
        batches.setdefault(tuple(wanted), []).append(snapshot_id)
    return [{"snapshot_ids": ids, "destination_regions": list(wanted)} for wanted, ids in batches.items()]


def gathered(
    calls: Sequence[Row], lists: Sequence[Row], plan: Sequence[Row], recovery: Sequence[Row]
) -> dict[str, Any]:
    """Add up the registered results of the copy calls and of the listings to the role's result."""
    failures = [failure for call in (*calls, *lists) for failure in _failures(call)]
    counts: Counter[str] = Counter(dict.fromkeys(COUNTED, 0))
    for call in calls:
        counts.update(call.get("counts") or {})
    return {
        "plan": list(plan),
        "copies": [row for call in calls for row in call.get("copies") or ()],
        "failures": [f for i, f in enumerate(failures) if f not in failures[:i]],
        "pruned": [],
        "orphans": [],
        "recovery_points": list(recovery),
        "counts": dict(counts),
    }


def _failures(call: Row) -> list[Row]:
    """Return what went wrong in a call; one without any result of ours broke down altogether."""
    if "copies" in call or "snapshots" in call or call.get("skipped"):
        return list(call.get("failures") or ())
    return [_unread(call)]


def _unread(call: Row) -> dict[str, Any]:
    return {
        "source_snapshot_id": None,
        "region": None,
        "snapshot_id": None,
        "kind": "connection",
        "code": None,
        "message": str(call.get("msg") or "a task failed without a message"),
        "request_id": None,
        "hint": None,
    }


def table_of(result: Row) -> str:
    """Write the recovery points as a table for a screen, one line a disk and region."""
    head = ("DISK", "NAME", "REGION", "COPY", "SOURCE TAKEN", "AGE", "STATE")
    rows = [head]
    for point in result["recovery_points"]:
        age = point["age_hours"]
        rows.append(
            (
                point["disk_id"],
                point["disk_name"] or "-",
                point["region"],
                point["snapshot_id"] or "-",
                point["source_created_at"] or "-",
                "-" if age is None else f"{age:.1f} h",
                point["state"],
            )
        )
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(str(c).ljust(w) for c, w in zip(row, widths)).rstrip() for row in rows)


def failure_text(result: Row) -> str:
    """Say in one message what failed and what to do next."""
    return f"{len(result['failures'])} failed. {spelt_out(result['failures'])}"
