# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups late recovery points and failures by reason, for a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar, cast

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import largest_groups

from ..._role.row_keys import DiskAt, disk_at
from ..decide.judging.breaches import is_unrestorable, worst_first
from ..decide.judging.reasons import Reason
from ..decide.result_type import RecoveryPoint, RunFailure
from ..decide.run_failures import kind_in_words
from .report_type import LatePoint, Report

Row = TypeVar("Row")


class _GroupedPoint(LatePoint):
    within_rpo: bool | None
    unknown: str | None


class GroupedPoint(_GroupedPoint, total=False):
    """A recovery point that is late or unchecked, with facts about the disk's other points."""

    points: int
    oldest: str


class PointGroup(NamedTuple):
    """Recovery points with the same reason, and what to do next."""

    why: str
    next: str
    rows: list[GroupedPoint]
    has_points: bool = True


class FailureGroup(NamedTuple):
    """Failures of one kind, and what to do next."""

    why: str
    next: str
    rows: list[RunFailure]
    has_points: bool = False


def late_groups(report: Report) -> list[PointGroup]:
    """Return the late recovery points by reason: those that cannot be restored first, then the largest group."""
    failed = {_disk_of(f): f for f in report["failures"] if f.get("disk_id")}
    points = {disk_at(point): point for point in report["recovery_points"]}
    rows = [_late(breach, points.get(disk_at(breach))) for breach in report["breaches"]]
    return sorted(_of_points(rows, failed), key=lambda group: not is_unrestorable(group.rows[0]))


def _late(breach: LatePoint, point: RecoveryPoint | None) -> GroupedPoint:
    row = _grouped(breach, False, None)
    if point and "points" in point:
        row["points"] = point["points"]
    if point and "oldest" in point:
        row["oldest"] = point["oldest"]
    return row


def _grouped(point: LatePoint, within_rpo: bool | None, unknown: str | None) -> GroupedPoint:
    return cast(GroupedPoint, {**point, "within_rpo": within_rpo, "unknown": unknown})


def unjudged_groups(report: Report) -> list[PointGroup]:
    """Return the recovery points that could not be checked, by reason."""
    return _of_points([_grouped(point, None, point["why"]) for point in report["unjudged"]], {})


def failure_groups(report: Report) -> tuple[list[FailureGroup], int]:
    """Return the failures by kind, code, region and hint.

    Also return the number of others that are already shown with a late point.
    """
    failed = Reason.COPY_FAILED.word
    late = {disk_at(breach) for breach in report["breaches"] if breach["reason"] == failed}
    rows = [f for f in report["failures"] if f["snapshot_id"] or _disk_of(f) not in late]
    groups = []
    for similar in largest_groups(rows, lambda f: (f["kind"], f["code"], f["region"], f["hint"])):
        first = similar[0]
        where = f" in {first['region']}" if first["region"] else ""
        kind = kind_in_words(first)
        why = f"{kind}{where}, the first: " if len(similar) > 1 else f"{kind}: "
        groups.append(FailureGroup(why + first["message"], first["hint"] or "", similar))
    return groups, len(report["failures"]) - len(rows)


def _disk_of(failure: RunFailure) -> DiskAt:
    return DiskAt(str(failure.get("disk_id")), str(failure["region"]))


def _of_points(rows: Iterable[GroupedPoint], failed: Mapping[DiskAt, RunFailure]) -> list[PointGroup]:
    def cause_of(row: GroupedPoint) -> tuple[str, str]:
        """Return kind and code of the failure behind a row, and the hint of this failure."""
        is_failure = row["reason"] == Reason.COPY_FAILED.word
        failure = failed.get(disk_at(row)) if is_failure else None
        kind = f"{failure['kind']} {failure['code'] or ''}".strip().replace("_", " ") if failure else ""
        return kind, (failure["hint"] or "") if failure else ""

    groups = []
    for similar in largest_groups(rows, lambda row: (row["reason"], cause_of(row))):
        first, reason = similar[0], Reason[similar[0]["reason"].upper()]
        cause, hint = cause_of(first)
        # For a single failure the cloud's own message says more than ours.
        why = reason.text if len(similar) > 1 and not cause else first["why"]
        more = " (the first; the others are of the same kind and code)" if len(similar) > 1 and cause else ""
        groups.append(PointGroup(f"{why}{more}", hint or reason.step, sorted(similar, key=worst_first)))
    return groups
