# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disks that earlier runs of a restore have made, and their claims.

Each is kept, and no old disk gets a second one (promises: one-disk).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import RESTORE_ID, RESTORE_SNAPSHOT_ID

from ...._role.answers import InfoAnswer
from ...._role.enumerations import first_in_words
from ...._role.provenance import TOLERANCE
from ...._role.rows import age_in_hours, disk_id_of, parse_time, time_or_now
from ...input.last_manifest import EarlierRow, claims_of
from ...input.variables import Variables, generated_id
from .claims import claim_of
from .points import ChosenCopy, MissingReason, NewerCopy, Point, ServerOfDisk


@dataclass(frozen=True)
class MadeDisk:
    """A new disk of this restore, or a claim, and the copy that it was made from.

    ``disk_id`` is the old disk, None if neither a listing nor a manifest shows it; ``taken_at`` is the time of its
    data. ``row`` is the row of the manifest if the copy is no longer listed. ``is_claim``: it is a claim of Kubernetes.
    """

    new_disk_id: str
    copy_id: str
    disk_id: str | None = None
    taken_at: str | None = None
    row: EarlierRow | None = None
    is_claim: bool = False

    def __str__(self) -> str:
        return f"{self.new_disk_id} of {self.copy_id}" + (f", taken at {self.taken_at}" if self.taken_at else "")


def made_before(
    copy_listing: InfoAnswer, disk_listing: InfoAnswer, last: Mapping[str, EarlierRow], values: Variables
) -> list[MadeDisk]:
    """Return the disks that this restore has made, from ``disk_listing``, a listing of restored disks, and its claims.

    ``copy_listing`` is the listing of all copies, ``last`` are the rows of the last manifest by new disk or claim.
    """
    copies = {copy["snapshot_id"]: copy for copy in copy_listing.get("snapshots") or ()}
    made = []
    for disk in disk_listing.get("disks") or ():
        copy_id = str(disk["tags"].get(RESTORE_SNAPSHOT_ID) or "")
        if disk["tags"].get(RESTORE_ID) != values.id or not copy_id:
            continue
        copy, row = copies.get(copy_id), last.get(disk["disk_id"])
        if copy:
            source = copy.get("source")
            made.append(MadeDisk(disk["disk_id"], copy_id, disk_id_of(copy) or None, source and source["created_at"]))
        elif row and row.get("copy_id") == copy_id and row.get("disk_id"):
            made.append(MadeDisk(disk["disk_id"], copy_id, str(row["disk_id"]), row.get("taken_at"), row))
        else:
            made.append(MadeDisk(disk["disk_id"], copy_id))
    for row in claims_of(last):
        if row.get("copy_id") in copies:
            name, copy_id = f"the claim {row['claim']}", str(row["copy_id"])
            made.append(MadeDisk(name, copy_id, row.get("disk_id"), row.get("taken_at"), is_claim=True))
    return made


def kept_points(made: Sequence[MadeDisk], others: Collection[str], values: Variables) -> dict[str, Point]:
    """Return the points, from the manifest, of disks whose copies are no longer listed, by old disk.

    ``others`` are the disks that have further copies. A point that was taken after ``at`` is omitted if its disk is
    among them, and is missing otherwise.
    """
    at = latest_time(values)
    points = {}
    for made_disk in made:
        if made_disk.disk_id and made_disk.row and _is_from(made_disk.row, values.source_region):
            time = parse_time(made_disk.taken_at)
            point = _point_of(made_disk.row, made_disk.copy_id, values)
            if not time or time <= at:
                points[made_disk.disk_id] = point
            elif made_disk.disk_id not in others:
                younger = MissingReason.YOUNGER.of(time=made_disk.taken_at)
                points[made_disk.disk_id] = replace(point, restored_from=younger)
    return points


def latest_time(values: Variables) -> datetime:
    """Return the latest time of a recovery point. Without ``at`` it allows for a controller whose clock is behind."""
    return time_or_now(values.at) if values.at else time_or_now(values.started_at) + TOLERANCE


def _is_from(row: EarlierRow, region: str) -> bool:
    return not region or row.get("source_region") in (region, None)


def _point_of(row: EarlierRow, copy_id: str, values: Variables) -> Point:
    tags, newer = row.get("tags"), row.get("newer")
    passed: NewerCopy | None = None
    if isinstance(newer, dict):
        passed = {"copy_id": str(newer.get("copy_id")), "taken_at": str(newer.get("taken_at"))}
    return Point(
        disk_id=row.get("disk_id"),
        disk_name=row.get("disk_name"),
        instance=row.get("instance"),
        device=row.get("device"),
        tags=tags if isinstance(tags, dict) else {},
        size_gib=row.get("size_gib"),
        restored_from=ChosenCopy(
            copy_id=copy_id,
            encrypted=row.get("copy_encrypted"),
            key=row.get("copy_key"),
            source_snapshot_id=row.get("source_snapshot_id"),
            source_region=row.get("source_region"),
            taken_at=row.get("taken_at"),
            age_hours=age_in_hours(row.get("taken_at"), time_or_now(values.started_at)),
        ),
        passed_over=row.get("passed_over"),
        server=ServerOfDisk(
            group=row.get("group"),
            set=row.get("set"),
            consistency=row.get("consistency"),
            torn=bool(row.get("torn")),
            former_group=row.get("former_group"),
            newer=passed,
        ),
    )


def torn_beside(points: Sequence[Point], kept: Mapping[str, Point]) -> list[Point]:
    """Return the points; a kept one is torn if another disk of its server belongs to another set, or to none."""
    sets: dict[str | None, set[str | None]] = {}
    for point in points:
        sets.setdefault(point.server.group, set()).add(point.server.set)
    return [
        replace(point, server=replace(point.server, torn=True, set=None, consistency=None))
        if point.disk_id in kept and point.server.set and len(sets[point.server.group]) > 1
        else point
        for point in points
    ]


def second_disks(points: Sequence[Point], made: Sequence[MadeDisk], values: Variables) -> str:
    """Return which disks the restore would make a second time; empty if there are none."""
    found, by_disk = [], _by_disk(made)
    for point in points:
        own = by_disk.get(point.disk_id, [])
        is_too_new = point.missing is not None and point.missing.reason is MissingReason.YOUNGER
        is_claim = bool(values.kubernetes and claim_of(point.tags))
        if point.copy_id and any(made_disk.is_claim != is_claim for made_disk in own):
            what = "a claim" if is_claim else "a disk"
            found.append(f"{point.disk_label} has {' and '.join(map(str, own))}, but this run would create {what}")
        elif own and (point.copy_id or is_too_new) and point.copy_id not in {made_disk.copy_id for made_disk in own}:
            chosen = f"this run chose {point.copy.copy_id}, taken at {point.copy.taken_at}" if point.copy else ""
            why = chosen or "none of its recovery points is old enough for dr_restore_at"
            found.append(f"{point.disk_label} has {' and '.join(map(str, own))}, but {why}")
    if not found:
        return ""
    named = first_in_words(found, separator="; ", before_rest="; and")
    time = f"as of {values.at}" if values.at else "from other copies"
    return (
        f"Nothing was created, because {values.id} creates only one new disk or claim for each old disk. {named}. To "
        f"restore {time}, set another dr_restore_id, or delete the new disks first. To keep the new disks, set "
        "dr_restore_at to the value of the run that created them, or leave the old disks out of this run."
    )


def warnings_of_made(points: Sequence[Point], made: Sequence[MadeDisk], values: Variables) -> list[str]:
    """Return warnings about several new disks for one old disk, and about new disks whose old disk is unknown."""
    warnings, by_disk = [], _by_disk(made)
    for point in points:
        own = by_disk.get(point.disk_id, [])
        if len({made_disk.copy_id for made_disk in own}) > 1:
            this = next((made_disk.new_disk_id for made_disk in own if made_disk.copy_id == point.copy_id), "")
            warnings.append(
                f"{values.id} has several disks of {point.disk_label}: {' and '.join(map(str, own))}. Attach only one; "
                f"this run uses {this}. Delete the others."
            )
    unknown = [str(made_disk) for made_disk in made if not made_disk.disk_id]
    # Copies from other regions are not listed, so nothing is known about their disks here.
    if unknown and not values.source_region:
        warnings.append(
            f"It is unknown which old disks {first_in_words(unknown)} replace, because their copies are gone. "
            f"{values.id} may restore those old disks a second time. To prevent that, put the manifest of the run that "
            "made these disks into dr_restore_manifest_dir."
        )
    return warnings


def has_generated_id(values: Variables) -> bool:
    return values.id == generated_id(time_or_now(values.started_at))


def made_the_day_before(
    copy_listing: InfoAnswer, disk_listing: InfoAnswer, points: Sequence[Point], values: Variables
) -> list[str]:
    """Return a warning if a restore with the generated ID of the day before has made some of the same disks.

    The listings are those of ``made_before``; ``disk_listing`` must include that restore's disks.
    """
    if not has_generated_id(values):
        return []
    earlier = generated_id(time_or_now(values.started_at) - timedelta(days=1))
    of_disk = _by_disk(made_before(copy_listing, disk_listing, {}, replace(values, id=earlier)))
    twice = [
        f"{point.disk_label} (new disk {of_disk[point.disk_id][0].new_disk_id})"
        for point in points
        if point.copy_id and point.disk_id in of_disk
    ]
    if not twice:
        return []
    return [
        f"{earlier} has already restored {first_in_words(twice)}. dr_restore_id is not set, so this run is a new "
        f"restore, named after today (UTC): {values.id}. It creates its own disks. To continue {earlier} instead, set "
        f"dr_restore_id: {earlier}, and delete the disks of {values.id}"
    ]


def _by_disk(made: Sequence[MadeDisk]) -> dict[str | None, list[MadeDisk]]:
    return grouped((made_disk for made_disk in made if made_disk.disk_id), lambda made_disk: made_disk.disk_id)
