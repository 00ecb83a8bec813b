# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which recovery points miss the RPO, and why. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.messages import spelt_out

from ..._role.registered import failures_of, is_listed
from ..._role.rows import Row
from . import planning

_NOT_COPIED = {
    planning.NO_SNAPSHOT: "the disk has no complete snapshot to copy",
    planning.STALE: "its newest snapshot is older than dr_copy_max_snapshot_age_hours",
    planning.UNFINISHED: "its newest snapshot is unfinished",
    planning.FAILED: "its newest snapshot has failed",
    planning.EXCLUDED: "its snapshots bear a tag of exclude_snapshot_tags",
    planning.UNTAGGED: "its snapshots lack a tag of snapshot_tags",
    planning.OBSTACLE: "its newest snapshot cannot be copied",
    planning.GONE: "its newest snapshot was gone before it could be copied",
    planning.THERE: "no newer snapshot of the disk has been taken",
    planning.NEWER_THERE: "no newer snapshot of the disk has been taken",
}
#: Reasons that say the least; the least useful one last.
_LAST = (planning.UNTAGGED, planning.EXCLUDED, planning.GONE, planning.NO_SNAPSHOT)


def breaches_of(result: Row, source_region: str, source: Row) -> list[dict[str, Any]]:
    """Return the recovery points that miss the RPO, worst first, each with the reason why its copy is late.

    ``source`` is the registered result of listing the source region.
    """
    late = [point for point in result["recovery_points"] if point["within_rpo"] is False]
    late.sort(key=lambda p: (p["age_hours"] is not None, -(p["age_hours"] or 0), str(p["disk_id"]), p["region"]))
    why = _Reasons(result, source_region, "" if is_listed(source) else spelt_out(failures_of(source)))
    return [{**point, "why": why.of(point)} for point in late]


def unjudged_of(result: Row) -> list[dict[str, Any]]:
    """Return the recovery points that could not be checked, each with the reason: they are neither well nor late."""
    return [{**point, "why": point["unknown"]} for point in result["recovery_points"] if point["unknown"]]


class _Reasons:
    def __init__(self, result: Row, source_region: str, no_source: str):
        self._no_source = no_source
        self._plan: dict[tuple[str, str], list[Row]] = {}
        for row in result["plan"]:
            self._plan.setdefault((str(row["disk_id"]), row["region"]), []).append(row)
        self._copies = {(c["source_snapshot_id"], c["region"]): c for c in result["copies"]}
        self._unshared = {f["source_snapshot_id"]: f for f in result["failures"] if f["region"] == source_region}

    def of(self, point: Row) -> str:
        """Say why the copy of a disk is late in a region."""
        region = point["region"]
        if self._no_source:
            return f"the source region could not be listed: {self._no_source}"
        rows = self._plan.get((str(point["disk_id"]), region), [])
        for row in rows:
            copy = self._copies.get((row["snapshot_id"], region))
            failure = (copy and copy["error"]) or self._unshared.get(row["snapshot_id"])
            if failure:
                return f"its copy failed: {spelt_out([{**failure, 'hint': None, 'request_id': None}])}"
            if copy and copy["state"] == "pending":
                return f"the copy {copy['snapshot_id']} of {row['snapshot_id']} is in progress ({copy['progress']} %)"
            if row["chosen"] and copy is None:
                return f"its newest snapshot {row['snapshot_id']} of {row['source_created_at']} is not copied yet"
        # Rows are sorted newest first, so the first reason is that of the newest snapshot that was not skipped.
        rows = sorted(rows, key=lambda row: _LAST.index(row["reason"]) if row["reason"] in _LAST else -1)
        reasons = (_NOT_COPIED[row["reason"]] for row in rows if row["reason"] in _NOT_COPIED)
        return next(reasons, _NOT_COPIED[planning.THERE])
