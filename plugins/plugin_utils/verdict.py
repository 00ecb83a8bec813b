# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on a run: which recovery points miss the RPO, and why; what the screen shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._copy.messages import spelt_out

from . import planning
from .calls import failures_of, is_listed
from .retention import Row

#: How many disks a message spells out; the result and the report list them all.
SPELT_OUT = 100
_NOT_COPIED = {
    planning.NO_SNAPSHOT: "the disk has no complete snapshot to copy",
    planning.STALE: "its newest snapshot is older than max_snapshot_age_hours",
    planning.UNFINISHED: "its newest snapshot is unfinished",
    planning.FAILED: "its newest snapshot has failed",
    planning.OBSTACLE: "its newest snapshot cannot be copied",
    planning.THERE: "no newer snapshot of the disk has been taken",
    planning.NEWER_THERE: "no newer snapshot of the disk has been taken",
}


def breaches_of(result: Row, source_region: str, source: Row, listed: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the recovery points that miss the RPO, worst first, each with why its copy is late.

    ``source`` and ``listed`` are the registered results of listing the source region and the destinations.
    """
    unread = {str(call["item"]): spelt_out(failures_of(call)) for call in listed if failures_of(call)}
    late = [point for point in result["recovery_points"] if point["within_rpo"] is False]
    late.sort(key=lambda p: (p["age_hours"] is not None, -(p["age_hours"] or 0), str(p["disk_id"]), p["region"]))
    why = _Reasons(result, source_region, "" if is_listed(source) else spelt_out(failures_of(source)), unread)
    return [{**point, "why": why.of(point)} for point in late]


class _Reasons:
    def __init__(self, result: Row, source_region: str, no_source: str, unread: Mapping[str, str]):
        self._no_source = no_source
        self._unread = unread
        self._plan: dict[tuple[str, str], list[Row]] = {}
        for row in result["plan"]:
            self._plan.setdefault((str(row["disk_id"]), row["region"]), []).append(row)
        self._copies = {(c["source_snapshot_id"], c["region"]): c for c in result["copies"]}
        self._unshared = {f["source_snapshot_id"]: f for f in result["failures"] if f["region"] == source_region}

    def of(self, point: Row) -> str:
        """Say why the copy of a disk is late in a region."""
        region = point["region"]
        if region in self._unread:
            return f"the region could not be listed: {self._unread[region]}"
        if self._no_source:
            return f"the source region could not be listed: {self._no_source}"
        rows = self._plan.get((str(point["disk_id"]), region), [])
        for row in rows:
            copy = self._copies.get((row["snapshot_id"], region))
            failure = (copy and copy["error"]) or self._unshared.get(row["snapshot_id"])
            if failure:
                return f"its copy failed: {spelt_out([failure])}"
            if copy and copy["state"] == "pending":
                return f"the copy {copy['snapshot_id']} of {row['snapshot_id']} is in progress ({copy['progress']} %)"
            if row["chosen"] and copy is None:
                return f"its newest snapshot {row['snapshot_id']} of {row['source_created_at']} is not copied yet"
        # Rows stand newest first, so the first reason is the newest snapshot's.
        reasons = (_NOT_COPIED[row["reason"]] for row in rows if row["reason"] in _NOT_COPIED)
        return next(reasons, _NOT_COPIED[planning.THERE])


def problems_of(report: Row) -> str:
    """Say in one message all for which the role fails at its end, or nothing."""
    told = []
    if report["failures"]:
        told.append(f"{len(report['failures'])} failed. {spelt_out(report['failures'])}")
    late = report["breaches"]
    if late:
        points = len(report["recovery_points"])
        named = "; ".join(_named(breach) for breach in late[:SPELT_OUT])
        more = f"; and {len(late) - SPELT_OUT} more" if len(late) > SPELT_OUT else ""
        told.append(f"{len(late)} of {points} recovery points miss the RPO of {report['rpo_hours']} h: {named}{more}.")
    return " ".join(told)


#: What a job hands on: small, since AWX keeps it with the job and gives it to every job that follows.
SUMMED_UP = ("kind", "cloud", "finished_at", "check_mode", "rpo_hours", "within_rpo", "totals", "breaches")


def summary_of(report: Row) -> dict[str, Any]:
    """Return totals and breaches of a report."""
    return {key: report[key] for key in SUMMED_UP}


def _named(breach: Row) -> str:
    name = f"{breach['disk_name']} ({breach['disk_id']})" if breach["disk_name"] else breach["disk_id"]
    age = "there is no complete copy" if breach["age_hours"] is None else f"{breach['age_hours']:.1f} h old"
    return f"{name} in {breach['region']}: {age}, since {breach['why'].rstrip('.')}"


def table_of(result: Row) -> str:
    """Write the recovery points as a table for a screen, one line a disk and region."""
    head = ("DISK", "NAME", "REGION", "COPY", "SOURCE TAKEN", "AGE", "STATE")
    rows = [head]
    if not result["recovery_points"]:
        return "No disk was found."
    for point in result["recovery_points"]:
        age = point["age_hours"]
        late = " MISSES RPO" if point["within_rpo"] is False else ""
        rows.append(
            (
                point["disk_id"],
                point["disk_name"] or "-",
                point["region"],
                point["snapshot_id"] or "-",
                point["source_created_at"] or "-",
                "-" if age is None else f"{age:.1f} h",
                f"{point['state']}{late}",
            )
        )
    widths = [max(len(str(row[column])) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(str(c).ljust(w) for c, w in zip(row, widths)).rstrip() for row in rows)
