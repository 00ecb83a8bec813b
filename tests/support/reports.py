# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of any size, made from rows by the role's own functions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import jsonschema
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.keeping.pruning import prunable
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.result import role_result
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.step_results import StepResults
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.report import report_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.run_context import RunContext

from tests.support.repository import REPOSITORY

from .rows import copy_row, snapshot_row

ROLE = REPOSITORY / "roles" / "dr_copy"
#: The published schema of a report.
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROLE / "files" / "report.schema.json").read_text()))
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=timezone.utc)
REGION = "eu-west-1"
NAMES = ("database", "mail", "<script>alert(1)</script>", "files of the accounting department, second floor", "")


def ago(hours: float) -> str:
    return (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def sample(
    disks: int = 4, rpo_hours: int = 26, host: str = "orders", late: int = 3, **variables: Any
) -> dict[str, Any]:
    """Return the report of a night: every ``late``-th disk has an old copy, or none, and a failure (0: no disk)."""
    given = {
        "cloud": "ebs",
        "source_region": "us-east-1",
        "destination_regions": [REGION],
        "rpo_hours": rpo_hours,
        "plan": host,
    }
    values = replace(checked_variables({**given, "keep": 2, **variables}).values, started_at=ago(0))
    shown = [{"disk_id": f"vol-{n:017x}", "name": NAMES[n % 5], "region": "us-east-1"} for n in range(disks)]
    snapshots = [_snapshot(n, age) for n in range(disks) for age in (1.2 + n % 7, 25.1)]
    copies = [_copy(n, age) for n in range(disks) for age in (25.1, 49.3, 73.5) if not _is_late(n, late) or age > 49]
    copies = [c for c in copies if not (late and c["source"]["disk_id"] == f"vol-{late:017x}")]
    plan = copy_plan(snapshots, shown, copies, [REGION], keep=2, now=ago(0))
    chosen = [row for row in plan if row["chosen"]]
    failures = [_failure(row["snapshot_id"]) for row in chosen if _is_late(int(row["disk_id"][4:], 16), late)]
    failed = {failure["source_snapshot_id"] for failure in failures}
    rows = [_row(row["snapshot_id"], failed) for row in chosen]
    made = [_copy(int(r["disk_id"][4:], 16), r["age_hours"]) for r in chosen if r["snapshot_id"] not in failed]
    there = [*copies, *made]
    expired = prunable(done_with(there, plan, shown), values, False).to_delete
    counts = {"created": len(made), "adopted": 0, "replaced": 0, "updated": 0, "unchanged": 1, "failed": len(failed)}
    deleted = [copy["snapshot_id"] for copy in expired]
    done = StepResults(
        source={"snapshots": snapshots, "failures": [], "api_calls": {"DescribeSnapshots": 3, "DescribeVolumes": 1}},
        disks=shown,
        plan_rows=plan,
        copied=[{"copies": rows, "failures": failures, "counts": counts, "api_calls": {"CopySnapshot": len(rows)}}],
        before=[{"region": REGION, "snapshots": there, "failures": []}],
        expired=expired,
        deleted=[{"deleted_ids": deleted, "failures": [], "counts": {"deleted": len(deleted)}}],
    )
    return report_of(role_result(done, values, False), done, values, RunContext(host=host, ansible="2.21.0"))


def done_with(
    copies: Sequence[dict[str, Any]],
    plan: Sequence[dict[str, Any]],
    disks: Sequence[dict[str, Any]],
    failed: Sequence[dict[str, Any]] = (),
) -> StepResults:
    """Return what the steps of a night returned if these copies are at the destinations after it."""
    regions = sorted({copy["region"] for copy in copies})
    listed = [{"region": region, "snapshots": [c for c in copies if c["region"] == region]} for region in regions]
    source = {"disks": list(disks), "snapshots": [], "failures": []}
    copied = [{"copies": [], "failures": list(failed), "counts": {}}]
    return StepResults(source=source, disks=disks, plan_rows=plan, before=listed, copied=copied)


def _is_late(number: int, late: int) -> bool:
    return bool(late) and number % late == 0


def _snapshot(disk: int, age: float) -> dict[str, Any]:
    return snapshot_row(f"snap-{disk:012x}{int(age * 10):05x}", f"vol-{disk:017x}", ago(age))


def _copy(disk: int, age: float) -> dict[str, Any]:
    number = f"{int(age * 10):05x}"
    return copy_row(f"snap-c{disk:011x}{number}", f"snap-{disk:012x}{number}", f"vol-{disk:017x}", ago(age))


def _failure(snapshot_id: str) -> dict[str, Any]:
    return {
        "source_snapshot_id": snapshot_id,
        "region": REGION,
        "snapshot_id": None,
        "kind": "failed_copy",
        "code": "Client.InvalidKey",
        "message": f"The copy of {snapshot_id} in {REGION} failed: Given key ID is not accessible",
        "request_id": "4dbd5d0c-1d6a-4b35-a1f4-8a7e3a4d0001",
        "hint": "Check that the key exists, is enabled, and that the caller may use it. Then run again.",
    }


def _row(snapshot_id: str, failed: set[str]) -> dict[str, Any]:
    lost = snapshot_id in failed
    return {
        "source_snapshot_id": snapshot_id,
        "source_region": "us-east-1",
        "region": REGION,
        "snapshot_id": None if lost else f"snap-c{snapshot_id[6:]}",
        "action": "none" if lost else "created",
        "state": "error" if lost else "completed",
        "provider_state": "error" if lost else "completed",
        "progress": 0 if lost else 100,
        "size_gib": 100,
        "encrypted": True,
        "created_at": ago(0),
        "name": "",
        "description": "",
        "tags": {},
        "error": _failure(snapshot_id) if lost else None,
    }


def within_words(points):
    """Return how a page without late points begins."""
    return "The only recovery point is within" if points == 1 else f"All {points} recovery points are within"
