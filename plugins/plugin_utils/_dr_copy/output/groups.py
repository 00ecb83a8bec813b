# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is late or failed, grouped by its reason, for a page. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple

from ..._role.rows import Row
from ..decide.breaches import worst_first
from ..decide.reasons import Reason
from .report_type import Report

#: What a recovery point's row tells of the disk's other points.
_DEPTH = ("points", "oldest")


class Group(NamedTuple):
    """Rows of one reason, and what to do next: recovery points if ``points``, else failures."""

    why: str
    next: str
    rows: list[Row]
    points: bool


def late_groups(report: Report) -> list[Group]:
    """Return the late recovery points by their reason: unusable keys first, then the largest group first."""
    failed = {(f["disk_id"], f["region"]): f for f in report["failures"] if f.get("disk_id")}
    depth = {(p["disk_id"], p["region"]): {k: p[k] for k in _DEPTH if k in p} for p in report["recovery_points"]}
    places = [(breach, (breach["disk_id"], breach["region"])) for breach in report["breaches"]]
    rows = [{**breach, **depth.get(place, {}), "within_rpo": False, "unknown": None} for breach, place in places]
    return sorted(_of_points(rows, failed), key=lambda group: group.rows[0]["reason"] != Reason.KEY.name.lower())


def unjudged_groups(report: Report) -> list[Group]:
    """Return the recovery points that could not be checked, by their reason."""
    return _of_points([{**point, "within_rpo": None, "unknown": point["why"]} for point in report["unjudged"]], {})


def failure_groups(report: Report) -> tuple[list[Group], int]:
    """Return the failures by kind, code, region and hint, and how many others stand with a late point already."""
    failed = Reason.COPY_FAILED.name.lower()
    late = {(breach["disk_id"], breach["region"]) for breach in report["breaches"] if breach["reason"] == failed}
    rows = [f for f in report["failures"] if f["snapshot_id"] or (f.get("disk_id"), f["region"]) not in late]
    groups = []
    for alike in _alike(rows, lambda f: (f["kind"], f["code"], f["region"], f["hint"])):
        first = alike[0]
        code = f" [{first['code']}]" if first["code"] else ""
        where = f" in {first['region']}" if first["region"] else ""
        kind = str(first["kind"]).replace("_", " ")
        why = f"{kind}{code}{where}, the first: " if len(alike) > 1 else f"{kind}{code}: "
        groups.append(Group(why + first["message"], first["hint"] or "", alike, False))
    return groups, len(report["failures"]) - len(rows)


def _of_points(rows: Iterable[Row], failed: Mapping[tuple[str, str], Row]) -> list[Group]:
    def cause_of(row: Row) -> tuple[str, str]:
        """Return kind and code of the failure behind a row, and its hint, which says more than that of any failure."""
        is_failure = row["reason"] == Reason.COPY_FAILED.name.lower()
        failure = failed.get((row["disk_id"], row["region"])) if is_failure else None
        kind = f"{failure['kind']} {failure['code'] or ''}".strip().replace("_", " ") if failure else ""
        return kind, str((failure or {}).get("hint") or "")

    groups = []
    for alike in _alike(rows, lambda row: (row["reason"], cause_of(row))):
        first, reason = alike[0], Reason[alike[0]["reason"].upper()]
        cause, hint = cause_of(first)
        # Of a failure the cloud's own words are worth more than ours.
        why = reason.text if len(alike) > 1 and not cause else first["why"]
        more = " (the first; the others are of the same kind and code)" if len(alike) > 1 and cause else ""
        groups.append(Group(f"{why}{more}", hint or reason.step, sorted(alike, key=worst_first), True))
    return groups


def _alike(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> list[list[Row]]:
    """Return rows of the same key together, the most first."""
    groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return sorted(groups.values(), key=lambda alike: -len(alike))
