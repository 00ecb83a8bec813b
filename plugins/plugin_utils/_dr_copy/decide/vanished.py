# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recovery points that the last report told, and that are not there any more. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..._role.registered import failures_of
from ..._role.rows import Row, is_complete, opened, parse_time, time_or_now
from ..input.variables import Variables

_NEEDED = {"snapshot_id", "source_snapshot_id", "disk_id", "region"}
#: A recovery point as the last report told it.
Point = Mapping[str, Any]


def missing_points(
    last: Mapping[str, Any], listed: Sequence[Row], part: Collection[str], values: Variables
) -> list[dict[str, Any]]:
    """Return the recovery points of the last report that the last listing does not show, and that had no deadline.

    A point counts as there while any complete copy of its source is. Of regions that could not be listed, and of disks
    outside this ``part`` (empty: all), none.
    """
    now = time_or_now(values.judged_at or values.now)
    read = {str(call["item"]): call for call in map(opened, listed) if not failures_of(call)}
    there: set[tuple[str, str]] = set()
    for region, call in read.items():
        for copy in call.get("snapshots") or ():
            there.add((region, str(copy["snapshot_id"])))
            if copy.get("source") and is_complete(copy):
                there.add((region, str(copy["source"]["snapshot_id"])))
    gone = []
    known = [point for point in last.get("points") or () if isinstance(point, Mapping) and point.keys() >= _NEEDED]
    for point in known:
        expires = parse_time(point.get("expires_at"))
        ids = {(str(point["region"]), str(point[key])) for key in ("snapshot_id", "source_snapshot_id")}
        is_part = not part or point["disk_id"] in part
        if str(point["region"]) in read and is_part and not ids & there and not (expires and expires <= now):
            gone.append({key: point[key] for key in ("snapshot_id", "disk_id", "region")})
    return gone


def without_shown(points: Sequence[Row], looks: Sequence[Row]) -> list[dict[str, Any]]:
    """Return those points that a look by their IDs did not show either; a look that failed says nothing."""
    looked = [(look, str(look["item"]["region"])) for look in map(opened, looks)]
    answered = {region for look, region in looked if not failures_of(look)}
    shown = {(region, str(c["snapshot_id"])) for look, region in looked for c in look.get("snapshots") or ()}
    return [
        dict(point)
        for point in points
        if point["region"] in answered and (str(point["region"]), str(point["snapshot_id"])) not in shown
    ]


def by_region(points: Sequence[Row]) -> dict[str, list[str]]:
    """Return the IDs of copies by their region."""
    found: dict[str, list[str]] = {}
    for point in points:
        found.setdefault(str(point["region"]), []).append(str(point["snapshot_id"]))
    return found
