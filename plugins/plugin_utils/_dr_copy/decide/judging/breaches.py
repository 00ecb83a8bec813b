# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which recovery points miss the RPO, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypedDict

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import quoted_failures

from ...._role.answers import InfoAnswer
from ...._role.failures import failures_of, has_failed
from ...._role.row_keys import DiskAt, disk_at, planned_at, requested_at
from .. import plan_reasons
from ..result_type import Breach, RecoveryPoint, Result
from .reasons import OF_PLAN, Reason

#: The least informative reasons, the least useful one last.
_LAST = (plan_reasons.UNTAGGED, plan_reasons.EXCLUDED, plan_reasons.GONE, plan_reasons.NO_SNAPSHOT)


def breaches_of(result: Result, source_region: str, source: InfoAnswer) -> list[Breach]:
    """Return the recovery points that miss the RPO or cannot be restored, worst first, each with its reason.

    ``reason`` is the name of a Reason, ``why`` its sentence with facts about this disk. ``source`` is the listing of
    the source region.
    """
    late = [point for point in result["recovery_points"] if point["within_rpo"] is False]
    late.sort(key=worst_first)
    reasons = _Reasons(result, source_region, quoted_failures(failures_of(source)) if has_failed(source) else "")
    return [_row(point, *reasons.of(point)) for point in late]


class ReasonedRow(TypedDict):
    """A breach, in any form."""

    reason: str


class BreachCounts(TypedDict):
    """The numbers of breaches, by what is wrong.

    ``locked_out``: the key of the copy cannot be used. ``archived``: all copies of the disk are archived. Neither can
    be restored now, at any age. ``late``: the others, which miss the RPO.
    """

    late: int
    locked_out: int
    archived: int


def count_breaches(breaches: Iterable[ReasonedRow]) -> BreachCounts:
    """Return the numbers of a report's breaches, by what is wrong."""
    reasons = Counter(breach["reason"] for breach in breaches)
    locked_out, archived = reasons[Reason.KEY.word], reasons[Reason.ARCHIVED.word]
    return {"late": reasons.total() - locked_out - archived, "locked_out": locked_out, "archived": archived}


def is_unrestorable(breach: ReasonedRow) -> bool:
    """Whether a recovery point cannot be restored now, at any age: its key cannot be used, or it is archived."""
    return breach["reason"] in (Reason.KEY.word, Reason.ARCHIVED.word)


def is_unrestorable_point(point: RankedPoint) -> bool:
    """The same for a recovery point in any form. One whose region was not read is only unknown."""
    return point["within_rpo"] is False and bool(point.get("key_problem") or point["state"] == "archived")


def unjudged_of(result: Result) -> list[Breach]:
    """Return the recovery points that could not be checked, each with its reason."""
    return [
        _row(point, Reason.UNDATED if point["state"] == "completed" else Reason.REGION_UNLISTED, str(point["unknown"]))
        for point in result["recovery_points"]
        if point["unknown"]
    ]


class _RankedPoint(TypedDict):
    disk_id: str
    disk_name: str | None
    region: str
    snapshot_id: str | None
    age_hours: float | None
    state: str
    within_rpo: bool | None
    unknown: str | None


class RankedPoint(_RankedPoint, total=False):
    """What a recovery point is sorted by, in any form."""

    key_problem: str


def worst_first(point: RankedPoint) -> tuple[int, bool, float, str, str]:
    """Sort recovery points: those that cannot be restored, late ones, unchecked ones, those without a copy, the others.

    Within each kind the oldest come first, and before them those without an age.
    """
    age = point["age_hours"]
    if is_unrestorable_point(point):
        group = 0
    elif point["within_rpo"] is False:
        group = 1
    else:
        group = 2 if point["unknown"] else 3 if point["snapshot_id"] is None else 4
    return (group, age is not None, -(age or 0), str(point["disk_name"] or point["disk_id"]), point["region"])


def _row(point: RecoveryPoint, reason: Reason, why: str) -> Breach:
    return {**point, "reason": reason.word, "why": why}


class _Reasons:
    """Finds why a recovery point is late, from the plan, the copies and the failures of a run."""

    def __init__(self, result: Result, source_region: str, no_source: str):
        self._no_source = no_source
        self._plan = grouped(result["plan"], disk_at)
        self._copies = {requested_at(c): c for c in result["copies"]}
        of_source = [failure for failure in result["failures"] if failure["region"] == source_region]
        self._unshared = {f["source_snapshot_id"]: f for f in of_source if f["source_snapshot_id"]}
        #: Why nothing could be shared with the account that copies.
        self._no_share = next((f for f in of_source if not f["source_snapshot_id"]), None)

    def of(self, point: RecoveryPoint) -> tuple[Reason, str]:
        """Return the reason why a recovery point is late, and its sentence."""
        region = point["region"]
        if point.get("key_problem"):
            return Reason.KEY, point["key_problem"]
        if point["state"] == "archived":
            return Reason.ARCHIVED, Reason.ARCHIVED.text
        if self._no_source:
            return Reason.SOURCE_UNLISTED, f"{Reason.SOURCE_UNLISTED.text}: {self._no_source}"
        rows = self._plan.get(DiskAt(point["disk_id"], region), [])
        for row in rows:
            copy = self._copies.get(planned_at(row))
            failure = (copy and copy["error"]) or self._unshared.get(str(row["snapshot_id"]))
            if failure is None and row["chosen"] and copy is None:
                failure = self._no_share
            if failure:
                words = quoted_failures([{**failure, "hint": None, "request_id": None}])
                return Reason.COPY_FAILED, f"{Reason.COPY_FAILED.text}: {words}"
            if copy and copy["state"] == "pending":
                why = f"the copy {copy['snapshot_id']} of {row['snapshot_id']} is in progress ({copy['progress']} %)"
                return Reason.IN_PROGRESS, why
            if row["chosen"] and copy is None:
                why = f"the newest snapshot {row['snapshot_id']} of {row['source_created_at']} is not copied yet"
                return Reason.NOT_COPIED, why
        # Rows are sorted newest first, so the first reason is that of the newest snapshot that was not skipped.
        rows = sorted(rows, key=lambda row: _LAST.index(row["reason"]) if row["reason"] in _LAST else -1)
        reason = next((OF_PLAN[row["reason"]] for row in rows if row["reason"] in OF_PLAN), Reason.NO_NEWER)
        return reason, reason.text
