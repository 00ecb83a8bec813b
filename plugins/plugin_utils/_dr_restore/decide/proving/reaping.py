# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which disks a drill deletes, and which it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import (
    RESTORE_ATTACHED_TO,
    RESTORE_EXPIRES_AT,
    RESTORE_ID,
    RESTORE_SNAPSHOT_ID,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize

from ...._role.answers import Answer, DiskRow, InfoAnswer, RestoreAnswer, RestoredDiskRow
from ...._role.enumerations import first_in_words
from ...._role.rows import parse_time, time_or_now
from ...input.contradictions import OF_DRILLS
from ...input.variables import Variables

#: The tags of disks that may have expired.
EXPIRING = {RESTORE_EXPIRES_AT: "*"}


@dataclass(frozen=True)
class DiskDeletion:
    """A call that deletes disks of one restore; others of the same snapshots may stay.

    ``instance`` is the instance that a drill has attached them to; they are detached from no other instance.
    """

    restore_id: str
    snapshot_ids: tuple[str, ...]
    disk_ids: tuple[str, ...]
    instance: str | None = None


class RemainingDisk(TypedDict):
    """A disk that should be deleted but still exists. ``own``: this drill made it, and nobody else has attached it."""

    disk_id: str
    attached_to: str | None
    expires_at: str | None
    own: bool


class Reapable(NamedTuple):
    """What a drill deletes, and which disks are left although they have expired."""

    deletions: list[DiskDeletion]
    left: list[RemainingDisk]


def reapable(disk_listing: InfoAnswer, values: Variables, answers: Sequence[Answer], own: bool = False) -> Reapable:
    """Return the disks of drills to delete, and those that are left.

    A disk is deleted only if it has all our tags, has expired, and is attached to nothing except the instance that a
    drill has attached it to. With ``own``, disks of this drill need not have expired. ``answers`` are those of
    the drill so far, because a stale listing may show disks that they have deleted.
    """
    now = time_or_now(values.started_at)
    due: list[DiskRow] = []
    left = []
    for disk in not_deleted(disk_listing, answers):
        tags = disk["tags"]
        expires = parse_time(tags.get(RESTORE_EXPIRES_AT))
        if not tags.get(RESTORE_ID) or not tags.get(RESTORE_SNAPSHOT_ID) or not expires:
            continue
        is_over = expires <= now or (own and tags[RESTORE_ID] == values.id)
        if is_over and disk["attached_to"] not in (None, attached_by_drill(disk)):
            left.append(_left(disk))
        elif is_over:
            due.append(disk)
    return Reapable(_deletions(due), left)


def attached_by_drill(disk: DiskRow | RestoredDiskRow) -> str | None:
    """Return the instance that a drill has attached a disk to, or was about to; None if there is none.

    Disks that a restore has attached are for users and stay attached, whatever their time of expiry.
    """
    tags = disk["tags"]
    instance = tags.get(RESTORE_ATTACHED_TO) if str(tags.get(RESTORE_ID)).startswith(OF_DRILLS) else None
    return str(instance) if instance else None


def made_by_drill(made: RestoreAnswer, answers: Sequence[Answer]) -> list[DiskDeletion]:
    """Return the calls that delete the disks that a drill has just made, according to the result of making them.

    Disks that one of ``answers`` has deleted are omitted. A disk without a time of expiry comes from a restore with the
    same name, so it stays.
    """
    gone = set(deleted_ids(answers))
    disks = [disk for disk in made.get("disks") or () if disk["disk_id"] and disk["state"] != "absent"]
    return _deletions([d for d in disks if d["disk_id"] not in gone and d["tags"].get(RESTORE_EXPIRES_AT)])


def _deletions(disks: Sequence[DiskRow | RestoredDiskRow]) -> list[DiskDeletion]:
    """Put disks into one call for each restore and instance."""
    together = grouped(disks, lambda disk: (disk["tags"][RESTORE_ID], attached_by_drill(disk)))
    return [
        DiskDeletion(
            restore_id,
            tuple(dict.fromkeys(disk["tags"][RESTORE_SNAPSHOT_ID] for disk in due)),
            tuple(dict.fromkeys(str(disk["disk_id"]) for disk in due)),
            instance,
        )
        for (restore_id, instance), due in together.items()
    ]


def deleted_ids(answers: Sequence[Answer]) -> list[str]:
    """Return the IDs of the disks that the results of deletions report as deleted and name in no failure."""
    gone: dict[str, None] = {}
    for answer in answers:
        shown = {failure.get("disk_id") for failure in answer.get("failures") or ()}
        gone.update(dict.fromkeys(i for i in answer.get("deleted_ids") or () if i not in shown))
    return list(gone)


def undeleted_disks(disk_listing: InfoAnswer, answers: Sequence[Answer], values: Variables) -> list[RemainingDisk]:
    """Return this drill's disks whose deletion was not confirmed, except those that others have attached."""
    shown = [disk for disk in not_deleted(disk_listing, answers) if disk["tags"].get(RESTORE_ID) == values.id]
    return [_left(disk, own=True) for disk in shown if disk["attached_to"] in (None, attached_by_drill(disk))]


def to_confirm(
    disk_listing: InfoAnswer, made: Sequence[RestoredDiskRow], answers: Sequence[Answer], values: Variables
) -> list[str]:
    """Return the IDs of this drill's disks whose deletion was not confirmed, listed or not.

    A listing may be stale. A look by ID then shows whether they still exist.
    """
    gone = set(deleted_ids(answers))
    shown = [disk["disk_id"] for disk in undeleted_disks(disk_listing, answers, values)]
    known = [disk["disk_id"] for disk in made if disk["disk_id"]]
    return [disk_id for disk_id in dict.fromkeys([*shown, *known]) if disk_id not in gone]


def warnings_of_unconfirmed(
    disk_listing: InfoAnswer, made: Sequence[RestoredDiskRow], answers: Sequence[Answer], values: Variables
) -> list[str]:
    """Return a warning about this drill's disks that no call has deleted and no listing shows, or nothing.

    Usually somebody else has deleted such a disk. But a stale listing hides an existing one too.
    """
    shown = {disk["disk_id"] for disk in disk_listing.get("disks") or ()}
    hidden = [disk_id for disk_id in to_confirm(disk_listing, made, answers, values) if disk_id not in shown]
    if not hidden:
        return []
    disks = pluralize(len(hidden), "disk of this drill is", "disks of this drill are")
    return [
        f"{disks} no longer listed, but this drill did not delete them: {first_in_words(hidden)}. If such a disk still "
        f"exists, the first drill in {values.region} after the time in its tag {RESTORE_EXPIRES_AT} deletes it"
    ]


def not_deleted(disk_listing: InfoAnswer, answers: Sequence[Answer]) -> list[DiskRow]:
    """Return the disks of a listing whose deletion was not confirmed by a call."""
    gone = set(deleted_ids(answers))
    return [disk for disk in disk_listing.get("disks") or () if disk["disk_id"] not in gone]


def _left(disk: DiskRow, own: bool = False) -> RemainingDisk:
    return {
        "disk_id": disk["disk_id"],
        "attached_to": disk["attached_to"],
        "expires_at": disk["tags"].get(RESTORE_EXPIRES_AT),
        "own": own,
    }
