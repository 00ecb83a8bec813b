# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies whose provenance cannot be correct, because a tag is no proof."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Mismatch

from .answers import Failure, SnapshotRow, SourceRow
from .failures import failure_row
from .rows import parse_time

#: How far the clocks of machines and clouds may differ. A source time with a greater difference is wrong.
TOLERANCE = timedelta(minutes=15)


def with_provenance_problems(
    copies: Iterable[SnapshotRow], snapshots: Sequence[SnapshotRow], now: datetime
) -> list[SnapshotRow]:
    """Remove a wrong source time from copies: without it they have no order and are no recovery point.

    The key ``provenance_problem`` of such a copy names the reason: the time is ahead of ``now``, or the source in
    ``snapshots`` has another time or disk.
    """
    sources = {str(snapshot["snapshot_id"]): snapshot for snapshot in snapshots if not snapshot.get("source")}
    return [_judged(copy, sources, now) for copy in copies]


def failures_of_provenance(copies: Iterable[SnapshotRow]) -> list[Failure]:
    """Return a failure for each copy with a wrong provenance."""
    return [_failure(copy, copy["source"]) for copy in copies if copy.get("provenance_problem") and copy["source"]]


def _judged(copy: SnapshotRow, sources: Mapping[str, SnapshotRow], now: datetime) -> SnapshotRow:
    source = copy.get("source")
    if not source or copy.get("provenance_problem"):
        return copy
    problem = _problem(source, sources.get(str(source["snapshot_id"])), now)
    return {**copy, "provenance_problem": problem, "source": {**source, "created_at": None}} if problem else copy


def _problem(source: SourceRow, listed: SnapshotRow | None, now: datetime) -> str | None:
    time = parse_time(source["created_at"])
    if time and time - now > TOLERANCE:
        return f"says that its source was taken at {source['created_at']}, which is in the future"
    if listed is None:
        return None
    taken = parse_time(listed["created_at"])
    if time and taken and abs(time - taken) > TOLERANCE:
        return f"says that its source was taken at {source['created_at']}, but it was taken at {listed['created_at']}"
    if source["disk_id"] and listed["disk_id"] and source["disk_id"] != listed["disk_id"]:
        return f"says that its source is a snapshot of {source['disk_id']}, but it is one of {listed['disk_id']}"
    return None


def _failure(copy: SnapshotRow, source: SourceRow) -> Failure:
    source_id = source["snapshot_id"]
    problem = Mismatch(
        f"The copy {copy['snapshot_id']} of {source_id} in {copy['region']} {copy['provenance_problem']}. It does not "
        "count as a recovery point",
        hint="Correct its dr-copy: tags, or delete it by hand. Then run again.",
    )
    return failure_row(problem, source_id, copy["region"], copy["snapshot_id"])
