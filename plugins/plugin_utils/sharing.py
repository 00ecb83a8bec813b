# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copying across accounts (EBS): what is to be shared, and what a dry run would see if it were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .planning import THERE
from .retention import Row


def wanted(plan: Sequence[Row], replaces: bool = False) -> list[str]:
    """Return the snapshots that a plan copies, each once, in the plan's order; where misfits are replaced, those too."""
    copied = [row for row in plan if row["chosen"] or (replaces and row["reason"] == THERE)]
    return list(dict.fromkeys(row["snapshot_id"] for row in copied))


def as_if_shared(calls: Sequence[Row], shared: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the copy calls of a dry run as they would be once these snapshots are shared: now they cannot be seen."""
    ids = {share["snapshot_id"] for share in shared}
    return [_seen(call, ids) if "copies" in call else dict(call) for call in calls]


def _seen(call: Row, ids: set[str]) -> dict[str, Any]:
    def is_unseen(failure: Row | None) -> bool:
        return failure is not None and failure["kind"] == "not_found" and failure["source_snapshot_id"] in ids

    would_be = {"action": "created", "state": "planned", "error": None}
    copies = [{**row, **would_be} if is_unseen(row["error"]) else row for row in call["copies"]]
    number = sum(is_unseen(row["error"]) for row in call["copies"])
    counts = {**call["counts"]}
    counts.update(created=counts["created"] + number, failed=counts["failed"] - number)
    failures = [failure for failure in call["failures"] if not is_unseen(failure)]
    return {**call, "copies": copies, "failures": failures, "counts": counts}
