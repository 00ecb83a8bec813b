# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which recovery point each disk is restored from, according to the copies in one region. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.messages import quoted_failures
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import RESTORE_ID

from ..._role.answers import InfoAnswer, SnapshotRow
from ..._role.doubts import with_doubts
from ..._role.marks import ATTACHED_TO, DISK_NAME
from ..._role.registered import failures_of
from ..._role.rows import age_in_hours, counting_order, is_archived, is_complete, taken_at, time_or_now
from ..input.expected import Expected
from ..input.last_manifest import EarlierRow
from ..input.variables import Variables
from .made_before import kept_points, made_before, second_disks, torn_beside, warnings_of_made
from .points import NAMED, Missing, MissingReason, Obstacle, Point, by_reason, disk_label
from .servers import servers_of, warnings_of, with_sets

NO_SERVERS = (
    "Copies on {cloud} do not show servers, so it is unknown which disks belong together. Each disk is restored from "
    "its newest copy. Set dr_restore_expected to the plan's last report, which shows the servers"
)
NO_ROWS: Mapping[str, EarlierRow] = MappingProxyType({})
#: The prefix of tag keys that describe the copy and not the disk.
_OURS = "dr-copy:"


class RestoreChoice(NamedTuple):
    """The disks to restore, each with its recovery point, and warnings.

    ``refused`` says why nothing is made from them.
    """

    points: list[Point]
    warnings: list[str]
    refused: str = ""


def choose(
    listed: InfoAnswer, restored: InfoAnswer, values: Variables, last: Mapping[str, EarlierRow] = NO_ROWS
) -> RestoreChoice:
    """Choose for each disk to restore its newest recovery point not later than ``at``.

    ``listed`` is the listing of copies in the region, ``restored`` the listing of disks that restores have made. If
    this restore has already made a new disk for a disk, that disk stays with its recovery point, whatever copies have
    been made since. ``last`` are the rows of the manifest of earlier runs, by new disk or claim: with ``kubernetes``,
    claims stay with their recovery points too. With the consistency "set", disks that belong together get the newest
    complete set not later than ``at``, if there is one.
    """
    now = time_or_now(values.now)
    at = time_or_now(values.at or values.now)
    made = made_before(listed, restored, last, values)
    used = {one.copy_id for one in made}
    copies = [copy for copy in with_doubts(_copies(listed, values, used), [], now) if _disk(copy)]
    by_disk: dict[str, list[SnapshotRow]] = {}
    for copy in copies:
        by_disk.setdefault(_disk(copy), []).append(copy)
    kept = kept_points(made, by_disk, values)
    known = {} if values.is_drill else {disk.disk_id: disk for disk in values.expected}

    def point_of(disk_id: str, source_id: str | None = None) -> Point:
        point = _point(disk_id, by_disk[disk_id], used, at, values, source_id)
        return _with_known(point, known[disk_id]) if disk_id in known else point

    found = [kept.get(disk_id) or point_of(disk_id) for disk_id in dict.fromkeys([*by_disk, *kept])]
    points = [point for point in found if _is_wanted(point, known.get(str(point.disk_id)), values)]
    by_set = values.consistency == "set"
    locked_out = {str(copy["snapshot_id"]) for copy in copies if not values.is_drill and _key_problem(copy)} - used
    has_marks = CLOUDS[values.cloud].tag_rules is not None
    reported = [] if has_marks else values.expected
    are_named = bool(values.disk_ids or values.disk_names)
    wanted = {str(point.disk_id) for point in points}
    servers = servers_of(copies, at, wanted, used, locked_out, reported, are_named)
    free = [point for point in points if point.disk_id not in kept]
    if by_set:
        free = [point_of(str(point.disk_id), servers.source_of(point.disk_id)) for point in free]
    own = [point for point in points if point.disk_id in kept]
    points = torn_beside([*own, *with_sets(free, servers, by_set)], kept)
    expected = {} if values.is_drill else expected_disks(values)
    found_ids = {point.disk_id for point in found}
    without = [disk for disk in expected.values() if disk.disk_id not in found_ids]
    points += _not_there(found, points, without, known, values)
    points.sort(key=lambda point: (str(point.disk_name or point.disk_id), str(point.disk_id)))
    warnings = [*warnings_of(servers.contradictions), *warnings_of_made(points, made, values)]
    if not has_marks and len(found_ids) > 1 and all(disk.set_seconds is None for disk in reported):
        warnings.append(NO_SERVERS.format(cloud=values.cloud))
    return RestoreChoice(points, warnings, second_disks(points, made, values))


def _not_there(
    found: Sequence[Point],
    chosen: Sequence[Point],
    without: Sequence[Expected],
    known: Mapping[str, Expected],
    values: Variables,
) -> list[Point]:
    """Return the requested disks that are not ``chosen``, each with the reason why it is missing.

    ``found`` are the disks with copies, ``without`` the expected disks without copies, ``known`` the disks of the
    report.
    """
    among = f", among those from {values.source_region}" if values.source_region else ""
    no_copy = MissingReason.NO_COPY.of(region=values.region, among=among)
    reason = MissingReason.EXPECTED.of(by="dr_restore_expected", region=values.region, among=among)
    missing = [_with_known(Point(disk.disk_id, disk.name, reason), disk) for disk in without]
    rows = [*chosen, *missing]
    ids = {point.disk_id for point in rows}
    names: set[str] = set().union(*(_names(point, known.get(str(point.disk_id))) for point in rows))
    asked: list[tuple[str | None, str | None]] = [(None, name) for name in values.disk_names if name not in names]
    if not values.disk_names:
        asked += [(disk_id, None) for disk_id in values.disk_ids if disk_id not in ids]
    for disk_id, name in asked:
        own = [p for p in found if p.disk_id == disk_id or name in _names(p, known.get(str(p.disk_id)))]
        missing += [Point(p.disk_id, p.disk_name, _unfit(p, values)) for p in own] or [Point(disk_id, name, no_copy)]
    return missing


def _unfit(point: Point, values: Variables) -> Missing:
    """Return which variable leaves out a disk that has copies, although its ID or name was requested."""
    ids, tags = values.disk_ids, values.disk_tags
    by = f"disk_ids {ids}" if ids and point.disk_id not in ids else f"disk_tags {tags}"
    return MissingReason.UNFIT.of(region=values.region, by=f"dr_restore_{by}")


def expected_disks(values: Variables) -> dict[str, Expected]:
    """Return the disks of ``dr_restore_expected`` by ID, as far as the run selects them by ID, name and tags.

    A disk without known tags is never left out because of tags.
    """
    ids, names, tags = values.disk_ids, values.disk_names, values.disk_tags
    return {
        disk.disk_id: disk
        for disk in values.expected
        if (not ids or disk.disk_id in ids)
        and (not names or disk.name in names)
        and (disk.tags is None or matches_tags(_with_name(disk.tags, disk.name), tags))
    }


def _with_known(point: Point, disk: Expected) -> Point:
    """Add to a point the facts about its disk from a report.

    A copy has the tags of its snapshot; the report has those of the disk.
    """
    return replace(
        point,
        disk_name=point.disk_name or disk.name,
        tags={**point.tags, **(disk.tags or {})},
        size_gib=point.size_gib or disk.size_gib,
        instance=point.instance or disk.instance,
        device=point.device or (None if point.instance else disk.device),
    )


def refusal(points: Sequence[Point], listed: InfoAnswer, values: Variables) -> str:
    """Return why nothing at all can be restored, before anything is made; empty if something can.

    ``listed`` is the listing of all copies in the region, from any source region.
    """
    if any(point.copy_id for point in points):
        return ""
    if unread := quoted_failures(failures_of(listed)):
        reasons = by_reason([(point.disk_label, point.missing.text if point.missing else "") for point in points])
        return (
            f"{reasons}{'. ' if reasons else ''}No copy from {values.source_region} can be restored, and it is unknown "
            f"which other copies are in {values.region}: {unread}"
        )
    copies = [copy for copy in listed.get("snapshots") or () if copy.get("source")]
    fits_region = [copy for copy in copies if _is_from(copy, values.source_region)]
    if points and (fits_region or not copies):
        why = by_reason([(point.disk_label, point.missing.text if point.missing else "") for point in points])
        return (
            f"None of {len(points)} disks has a recovery point that can be restored. {why}. "
            f"{what_is_there(copies, values)}"
        )
    filters = {
        "source_region": values.source_region,
        "disk_tags": values.disk_tags,
        "disk_ids": values.disk_ids,
        "disk_names": values.disk_names,
    }
    asked = [f"dr_restore_{name} {given}" for name, given in filters.items() if given]
    fits = f"matches {', '.join(asked)}" if asked else "names a disk"
    return (
        f"None of the {len(copies)} copies in {values.region} {fits}, so there is nothing to restore. "
        f"{what_is_there(copies, values)}"
    )


def what_is_there(copies: Sequence[SnapshotRow], values: Variables) -> str:
    """Describe the copies in the region: how many there are, and the regions and names of their disks."""
    if not copies:
        return (
            f"There is no copy in {values.region} at all, in the account of this connection. "
            "Check dr_restore_region, and to which account you are logged in."
        )
    regions: dict[str, int] = {}
    disks: dict[str, str] = {}
    for copy in copies:
        region = (copy["source"] and copy["source"]["region"]) or "an unknown region"
        regions[region] = regions.get(region, 0) + 1
        if disk_id := _disk(copy):
            name = (copy.get("tags") or {}).get(DISK_NAME)
            disks[disk_id] = disk_label({"disk_id": disk_id, "disk_name": name})
    of = " and ".join(f"{number} of disks in {region}" for region, number in sorted(regions.items()))
    shown = ", ".join(sorted(disks.values())[:NAMED]) or "they name no disk"
    more = f" and {len(disks) - NAMED} more" if len(disks) > NAMED else ""
    return f"There are {len(copies)} copies in {values.region}, {of}: {shown}{more}."


def unidentified(listed: InfoAnswer, values: Variables) -> list[str]:
    """Return the copies that do not show their disk: no disk can be restored by name from them."""
    return [copy["snapshot_id"] for copy in _copies(listed, values) if not _disk(copy)]


def matches_tags(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether ``tags`` contain all wanted tags; the value ``*`` means any value."""
    return all(key in tags and value in ("*", tags[key]) for key, value in wanted.items())


def restored_id(values: Variables) -> dict[str, str]:
    """Return the tag by which the disks of this restore are found."""
    return {RESTORE_ID: values.id}


def _copies(listed: InfoAnswer, values: Variables, used: Collection[str] = ()) -> list[SnapshotRow]:
    """Return the copies that count: those from which disks can be made in the zone, and those that are already used."""
    region, places = values.source_region, (None, values.zone)
    return [
        copy
        for copy in listed.get("snapshots") or ()
        if copy.get("source")
        and (copy.get("place") in places or copy["snapshot_id"] in used)
        and _is_from(copy, region)
    ]


def _is_from(copy: SnapshotRow, region: str) -> bool:
    """Whether the disk of a copy may be in this region (empty: any). A copy that does not show the region may match."""
    source = copy["source"]
    return not region or source is None or source["region"] in (region, None)


def _disk(copy: SnapshotRow) -> str:
    return (copy["source"] and copy["source"]["disk_id"]) or ""


def _is_wanted(point: Point, disk: Expected | None, values: Variables) -> bool:
    """Whether a run covers a disk; ``disk`` has the facts from the report."""
    ids, wanted, names = values.disk_ids, values.disk_names, _names(point, disk)
    return (
        (not ids or point.disk_id in ids)
        and (not wanted or not names.isdisjoint(wanted))
        and any(matches_tags(_with_name(point.tags, name), values.disk_tags) for name in names or (None,))
    )


def _names(point: Point, disk: Expected | None) -> set[str]:
    """Return the names of a disk: it may have been renamed since its copy was made."""
    return {name for name in (point.disk_name, disk and disk.name) if name}


def tags_of(point: Point) -> dict[str, str]:
    """Return the tags by which a disk is selected and sorted into waves: the known ones, and its name."""
    return _with_name(point.tags, point.disk_name)


def _with_name(tags: Mapping[str, str], name: str | None) -> dict[str, str]:
    return {**tags, **({"Name": name} if name else {})}


def _point(
    disk_id: str,
    own: Sequence[SnapshotRow],
    used: Collection[str],
    at: datetime,
    values: Variables,
    source_id: str | None = None,
) -> Point:
    """Return the point of a disk: a copy that is already used, else one of ``source_id``, else the newest one."""
    own = sorted(own, key=counting_order)
    timed = sorted(((t, copy) for copy in own if (t := taken_at(copy))), key=lambda pair: pair[0], reverse=True)
    before = [copy for taken, copy in timed if taken.time <= at]
    complete = [copy for copy in before if is_complete(copy)]
    # A drill proves the newest copy. If its key cannot be used, it is not proven, and no older copy is tried instead.
    usable = [copy for copy in complete if not obstacle_to(copy, with_key=not values.is_drill)]
    # The disk from a used copy exists, whatever has happened to the copy since.
    preferred = [copy for copy in (*before, *(c for c in own if not taken_at(c))) if copy["snapshot_id"] in used]
    preferred += [c for c in usable if source_id and c["source"] and c["source"]["snapshot_id"] == source_id]
    chosen = next(iter([*preferred, *usable]), None)
    # The chosen copy describes the disk. If somebody else made it, it has no marks, and another copy does.
    tellers = [chosen, *before, *(copy for _taken, copy in timed), *own]
    tags = [copy.get("tags") or {} for copy in tellers if copy is not None]
    where = next((found[ATTACHED_TO] for found in tags if found.get(ATTACHED_TO)), "")
    instance, _space, device = where.partition(" ")
    source = chosen["source"] if chosen else None
    newer = [c for c in before[: before.index(chosen)] if is_complete(c)] if chosen in before else []
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
        source_snapshot_id=source["snapshot_id"] if source else None,
        source_region=source["region"] if source else None,
        taken_at=_taken_at(chosen),
        age_hours=age_in_hours(_taken_at(chosen), time_or_now(values.now)),
        passed_over=next((_passed_over(copy) for copy in newer if obstacle_to(copy)), None),
        key_problem=_key_problem(chosen) if chosen else None,
    )


def obstacle_to(copy: SnapshotRow, with_key: bool = True) -> str:
    """Return why no disk can be made from a complete copy now, as the end of a sentence; empty if one can."""
    if "system_disk" in copy["traits"]:  # (api-facts: cbs-traits)
        return Obstacle.SYSTEM_DISK.value
    if is_archived(copy):
        return Obstacle.ARCHIVED.value
    return (_key_problem(copy) or "") if with_key else ""


def _key_problem(copy: SnapshotRow) -> str | None:
    """Return the problem with the key of a copy; a key with an unknown state counts as usable."""
    key = copy.get("key")
    if not key or key["enabled"] is not False:
        return None
    date = key["deletion_date"]
    state = f"is pending deletion on {date}" if date else f"is not enabled (its state is {key['state']})"
    return Obstacle.KEY.value.format(arn=key["arn"], state=state)


def _taken_at(copy: SnapshotRow | None) -> str | None:
    return copy["source"]["created_at"] if copy and copy["source"] else None


def _passed_over(copy: SnapshotRow) -> str:
    return f"the newer copy {copy['snapshot_id']} of {_taken_at(copy)} {obstacle_to(copy)}"


def _why(own: Sequence[SnapshotRow], timed: Sequence[SnapshotRow], before: Sequence[SnapshotRow]) -> Missing:
    if not timed:
        doubt = next((f": {copy['snapshot_id']} {copy['doubt']}" for copy in own if copy.get("doubt")), "")
        return MissingReason.UNTIMED.of(doubt=doubt)
    if not before:
        return MissingReason.YOUNGER.of(time=_taken_at(timed[-1]))
    for copy in before:
        if obstacle := obstacle_to(copy):
            return MissingReason.UNUSABLE.of(copy=copy["snapshot_id"], obstacle=obstacle)
    copy = before[0]
    return MissingReason.INCOMPLETE.of(copy=copy["snapshot_id"], state=copy["provider_state"] or copy["state"])
