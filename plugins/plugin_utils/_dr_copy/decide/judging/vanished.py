# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recovery points of the last report that no longer exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped_pairs

from ...._role.failures import failures_of
from ...._role.provenance import with_provenance_problems
from ...._role.row_keys import CopyAt, DiskAt, SourceAt, source_at
from ...._role.rows import SnapshotTime, is_complete, parse_time
from ...input.last_report import LastReport
from ...input.variables import Variables
from ..destinations import listed_copies
from ..result_type import RecoveryPoint, VanishedPoint
from ..retention import points_of, retention_of
from ..step_results import ListedRegion, LookAnswer

_NEEDED = {"snapshot_id", "source_snapshot_id", "disk_id", "region"}


def missing_points(
    last: LastReport,
    listed: Sequence[ListedRegion],
    before: Sequence[ListedRegion],
    part: Collection[str],
    values: Variables,
) -> list[VanishedPoint]:
    """Return the recovery points of the last report that have not expired and that the last listing does not show.

    A point exists while any complete copy of its source does, other than one that this run made in its place: the
    listing ``before`` the run copied does not show that. Regions that could not be listed and disks outside this
    ``part`` (empty: all) are skipped. A run since the last report may have deleted a point and ended before it could
    report that. So no point is returned that retention would delete, given the copies in the listing ``before``.
    """
    known = [point for point in last.get("points") or () if isinstance(point, Mapping) and point.keys() >= _NEEDED]
    if not known:
        return []
    now = values.judged_at
    retention = retention_of(values)
    points = points_of(with_provenance_problems(listed_copies(before, values), (), now))
    read = {answer["region"]: answer for answer in listed if not failures_of(answer)}
    listed_ids = {
        CopyAt(copy["snapshot_id"], region) for region, answer in read.items() for copy in answer.get("snapshots") or ()
    }
    copied = _copied(listed) & _copied(before)
    gone: list[VanishedPoint] = []
    for point in known:
        expires = parse_time(point.get("expires_at"))
        region, disk_id, snapshot_id = point["region"], point["disk_id"], point["snapshot_id"]
        is_there = CopyAt(snapshot_id, region) in listed_ids or SourceAt(point["source_snapshot_id"], region) in copied
        is_part = not part or disk_id in part
        is_due = bool(expires and expires <= now)
        if taken := parse_time(point.get("source_created_at")):
            this = SnapshotTime(taken, str(point["source_snapshot_id"]))
            others = {other.taken for other in points.get(DiskAt(disk_id, region), ())}
            is_due = is_due or this not in retention.kept(sorted({this, *others}, reverse=True))
        if region in read and is_part and not is_there and not is_due:
            gone.append({"snapshot_id": snapshot_id, "disk_id": disk_id, "region": region})
    return gone


def _copied(listed: Iterable[ListedRegion]) -> set[SourceAt]:
    """Return the source of each complete copy, with the region of the copy."""
    rows = [copy for answer in listed for copy in answer.get("snapshots") or () if is_complete(copy)]
    return {source for copy in rows if (source := source_at(copy))}


def without_shown(points: Sequence[VanishedPoint], looks: Sequence[LookAnswer]) -> list[VanishedPoint]:
    """Return the points that a look by their IDs did not show either; a failed look proves nothing."""
    looked = [(look, look["target"]["region"]) for look in looks]
    answered = {region for look, region in looked if not failures_of(look)}
    shown = {CopyAt(c["snapshot_id"], region) for look, region in looked for c in look.get("snapshots") or ()}
    return [p for p in points if p["region"] in answered and CopyAt(p["snapshot_id"], p["region"]) not in shown]


def by_region(points: Iterable[VanishedPoint | RecoveryPoint]) -> dict[str, list[str]]:
    """Return the IDs of copies by region."""
    return grouped_pairs((point["region"], str(point["snapshot_id"])) for point in points)
