# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which recovery point each disk is restored from, by what the copies in one region tell. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import RESTORE_ID, RESTORE_SNAPSHOT_ID

from ..._role.doubts import with_doubts
from ..._role.marks import ATTACHED_TO, DISK_NAME
from ..._role.rows import Row, age_in_hours, is_archived, is_complete, plain, taken_at, time_or_now
from .points import Missing, Point, Reason
from .servers import servers_of, with_sets

#: Keys of tags that tell of the copy, not of the disk, begin so.
_OURS = "dr-copy:"


def chosen_points(listed: Row, restored: Row, values: Mapping[str, Any]) -> list[Point]:
    """Return for each disk that is to be restored its newest recovery point not after ``at``.

    ``listed`` is the listing of the region, ``restored`` that of disks which restores have made: a disk of which this
    one has made a new one stays with the point that it was made of, also if newer ones have come since. By the
    consistency "set", disks that belong together get the newest whole set not after ``at``, if there is one.
    """
    now = time_or_now(values["now"])
    at = time_or_now(values["at"] or values["now"])
    copies = [copy for copy in with_doubts(_copies(listed, values), [], now) if _disk(copy)]
    there = [disk["tags"] for disk in plain(restored.get("disks") or ())]
    used = {str(tags.get(RESTORE_SNAPSHOT_ID)) for tags in there if tags.get(RESTORE_ID) == values["id"]}
    by_disk: dict[str, list[Row]] = {}
    for copy in copies:
        by_disk.setdefault(_disk(copy), []).append(copy)
    points = [_point(disk_id, own, used, at, now) for disk_id, own in by_disk.items()]
    points = [point for point in points if _is_wanted(point, values)]
    by_set = values["consistency"] == "set"
    servers = servers_of(copies, at, {str(point.disk_id) for point in points}, used)
    if by_set:
        disks = [(str(point.disk_id), by_disk[str(point.disk_id)]) for point in points]
        points = [_point(disk_id, own, used, at, now, servers.source_of(disk_id)) for disk_id, own in disks]
    points = with_sets(points, servers, by_set)
    no_copy = Reason.NO_COPY.of(region=values["region"])
    if not values["disk_names"]:
        found = {point.disk_id for point in points}
        points += [Point(disk_id, None, no_copy) for disk_id in values["disk_ids"] if disk_id not in found]
    names = {point.disk_name for point in points}
    points += [Point(None, name, no_copy) for name in values["disk_names"] if name not in names]
    return sorted(points, key=lambda point: (str(point.disk_name or point.disk_id), str(point.disk_id)))


def refusal(points: Sequence[Point], listed: Row, values: Mapping[str, Any]) -> str:
    """Say why nothing at all can be restored, before anything is made; empty where something can be."""
    if any(point.copy_id for point in points):
        return ""
    if not points:
        total = len([copy for copy in plain(listed.get("snapshots") or ()) if copy.get("source")])
        asked = [
            f"{key} {values[key]}" for key in ("source_region", "disk_tags", "disk_ids", "disk_names") if values[key]
        ]
        of = f" fits {', '.join(asked)}" if asked else " names a disk"
        return f"None of the {total} copies in {values['region']}{of}, so there is nothing to restore."
    why = "; ".join(f"{point.named}: {point.missing.text if point.missing else ''}" for point in points[:10])
    return f"None of {len(points)} disks has a recovery point that can be restored: {why}"


def unidentified(listed: Row, values: Mapping[str, Any]) -> list[str]:
    """Return the copies that do not tell which disk they are of: no disk can be restored by name from them."""
    return [str(copy["snapshot_id"]) for copy in _copies(listed, values) if not _disk(copy)]


def as_wanted(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether tags hold all that are wanted; the value ``*`` means any."""
    return all(key in tags and value in ("*", tags[key]) for key, value in wanted.items())


def restored_id(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the tag by which the disks of this restore are found."""
    return {RESTORE_ID: values["id"]}


def _copies(listed: Row, values: Mapping[str, Any]) -> list[Row]:
    region, places = values["source_region"], (None, values["zone"])
    return [
        copy
        for copy in plain(listed.get("snapshots") or ())
        if copy.get("source")
        and copy.get("place") in places
        and (not region or copy["source"]["region"] in (region, None))
    ]


def _disk(copy: Row) -> str:
    return str(copy["source"]["disk_id"] or "")


def _is_wanted(point: Point, values: Mapping[str, Any]) -> bool:
    ids, names = values["disk_ids"], values["disk_names"]
    return (
        (not ids or point.disk_id in ids)
        and (not names or point.disk_name in names)
        and as_wanted({**point.tags, **({"Name": point.disk_name} if point.disk_name else {})}, values["disk_tags"])
    )


def _point(
    disk_id: str, own: Sequence[Row], used: Collection[str], at: datetime, now: datetime, source_id: str | None = None
) -> Point:
    """Return the point of a disk: a copy that is used already, else one of the source ``source_id``, else the newest
    one."""
    timed = sorted(((t, copy) for copy in own if (t := taken_at(copy))), key=lambda pair: pair[0], reverse=True)
    before = [copy for taken, copy in timed if taken.time <= at]
    usable = [copy for copy in before if is_complete(copy) and not obstacle_of(copy)]
    preferred = [copy for copy in usable if copy["snapshot_id"] in used]
    preferred += [copy for copy in usable if source_id and copy["source"]["snapshot_id"] == source_id]
    chosen = next(iter([*preferred, *usable]), None)
    # What the disk was is told by the chosen copy; one that somebody else made has no marks, so then by another.
    tellers = [chosen, *before, *(copy for _taken, copy in timed), *own]
    tags = [copy.get("tags") or {} for copy in tellers if copy is not None]
    where = next((found[ATTACHED_TO] for found in tags if found.get(ATTACHED_TO)), "")
    instance, _space, device = where.partition(" ")
    source = chosen["source"] if chosen else {}
    return Point(
        disk_id=disk_id,
        disk_name=next((found[DISK_NAME] for found in tags if found.get(DISK_NAME)), None),
        missing=None if chosen else _why(own, [copy for _taken, copy in timed], before),
        instance=instance or None,
        device=device or None,
        tags={key: value for key, value in tags[0].items() if not key.startswith(_OURS)},
        size_gib=chosen["size_gib"] if chosen else None,
        copy_id=chosen["snapshot_id"] if chosen else None,
        copy_encrypted=chosen["encrypted"] if chosen else None,
        copy_key=chosen.get("kms_key_id") if chosen and chosen["encrypted"] else None,
        source_snapshot_id=source.get("snapshot_id"),
        source_region=source.get("region"),
        taken_at=source.get("created_at"),
        age_hours=age_in_hours(source.get("created_at"), now),
    )


def obstacle_of(copy: Row) -> str:
    """Say why a complete copy can become no disk, as the rest of a sentence; empty where it can."""
    if is_archived(copy):
        return "is archived, and must be restored to the standard tier first"
    # (api-facts: cbs-traits)
    return "is of a system disk, of which the cloud makes no disk" if "system_disk" in copy["traits"] else ""


def _why(own: Sequence[Row], timed: Sequence[Row], before: Sequence[Row]) -> Missing:
    if not timed:
        doubt = next((f": {copy['snapshot_id']} {copy['doubt']}" for copy in own if copy.get("doubt")), "")
        return Reason.UNTIMED.of(doubt=doubt)
    if not before:
        return Reason.YOUNGER.of(time=timed[-1]["source"]["created_at"])
    for copy in before:
        if obstacle := obstacle_of(copy):
            return Reason.UNUSABLE.of(copy=copy["snapshot_id"], obstacle=obstacle)
    copy = before[0]
    return Reason.INCOMPLETE.of(copy=copy["snapshot_id"], state=copy["provider_state"] or copy["state"])
