# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns ECS's answers into values of the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..._core.locks import Lock
from ..._core.model import Disk, Provenance, Snapshot, State
from ..._core.sets import ListedSet, Member
from ..._core.tags import provenance_of
from ..._core.times import parse_iso_utc
from ..paging import identified

STATES = {"progressing": State.PENDING, "accomplished": State.COMPLETED, "failed": State.ERROR}
#: States of disks. In all other states the disk exists; in those of FREE no operation is in progress.
DISK_STATES = {"Creating": State.PENDING, "Deleting": State.ABSENT, "Deleted": State.ABSENT}
FREE = ("Available", "Creating")
#: The state of a complete snapshot-consistent group.
COMPLETE_GROUP = "accomplished"
#: Categories that cannot be copied (api-facts: ecs-categories).
NOT_COPIED = {"archive": "is archived", "flash": "is a local snapshot"}


def snapshot_of(shown: Mapping[str, Any], region: str) -> Snapshot:
    """Convert a snapshot of DescribeSnapshots."""
    tags = _tags(shown)
    state = STATES.get(shown.get("Status", ""), State.PENDING)
    source = _source(shown, tags)
    progress = re.match(r"\d+", str(shown.get("Progress") or ""))
    size = str(shown.get("SourceDiskSize") or "")
    category = NOT_COPIED.get(str(shown.get("Category") or "").lower())
    return Snapshot(
        snapshot_id=shown["SnapshotId"],
        region=region,
        state=state,
        provider_state=shown.get("Status", ""),
        progress=100 if state is State.COMPLETED else int(progress.group()) if progress else 0,
        size_gib=int(size) if size.isdigit() else None,
        encrypted=None if shown.get("Encrypted") is None else bool(shown["Encrypted"]),
        kms_key=shown.get("KMSKeyId") or None,
        created_at=parse_iso_utc(shown.get("CreationTime")),
        name=shown.get("SnapshotName") or "",
        description=shown.get("Description") or "",
        tags=tags,
        disk_id=source.disk_id if source else shown.get("SourceDiskId") or None,
        is_copy=source is not None,
        recorded=bool(shown.get("SourceSnapshotId")),
        source=source,
        obstacle=f"{category}, which cannot be copied" if category else None,
    )


def _source(shown: Mapping[str, Any], tags: Mapping[str, str]) -> Provenance | None:
    """Return the source from the cloud's own fields, or from our tags if it shows none (api-facts: ecs-source-fields).

    Unless the cloud contradicts the tags, they add when the source was taken and that the copy is ours. It is uncertain
    what SourceDiskId of a copy holds, so our tag takes precedence (api-facts: ecs-source-disk).
    """
    recorded, disk_id, tagged = shown.get("SourceSnapshotId"), shown.get("SourceDiskId") or None, provenance_of(tags)
    if not recorded:
        if tagged is None or tagged.snapshot_id == shown["SnapshotId"]:
            return None
        # A snapshot of a disk that was restored from a copy may have the copy's tags.
        is_of_disk = disk_id in (None, tagged.disk_id) or tagged.disk_id is None
        return replace(tagged, disk_id=tagged.disk_id or disk_id, managed=is_of_disk)
    agrees = tagged is not None and tagged.snapshot_id == recorded
    return Provenance(
        snapshot_id=recorded,
        region=shown.get("SourceRegionId") or None,
        disk_id=(tagged.disk_id if tagged and agrees else None) or disk_id,
        created_at=tagged.created_at if tagged and agrees else None,
        managed=agrees,
    )


#: States of disks that are attached to something (api-facts: ecs-disk-attach).
ATTACHMENT_STATES = {"Attaching": "attaching", "In_use": "attached", "Detaching": "detaching"}


def disk_of(shown: Mapping[str, Any], region: str) -> Disk:
    """Convert a disk of DescribeDisks."""
    return Disk(
        disk_id=shown["DiskId"],
        region=region,
        name=shown.get("DiskName") or "",
        size_gib=shown.get("Size"),
        tags=_tags(shown),
        attached_to=shown.get("InstanceId") or None,
        device=shown.get("Device") or None,
        attachment=ATTACHMENT_STATES.get(shown.get("Status", "")),
        guest_device=f"/dev/disk/by-id/virtio-{shown['SerialNumber']}" if shown.get("SerialNumber") else None,
        encrypted=shown.get("Encrypted"),
        kms_key=shown.get("KMSKeyId") or None,
        zone=shown.get("ZoneId") or None,
        disk_type=shown.get("Category") or None,
        state=DISK_STATES.get(shown.get("Status", ""), State.COMPLETED),
        provider_state=shown.get("Status", ""),
        in_use=bool(shown.get("InstanceId")) or shown.get("Status") not in FREE,
        snapshot_id=shown.get("SourceSnapshotId"),
        created_at=parse_iso_utc(shown.get("CreationTime")),
    )


def set_of(shown: Mapping[str, Any]) -> ListedSet:
    """Convert a snapshot-consistent group.

    A group over several instances names none (api-facts: ecs-snapshot-groups).
    """
    members = identified((shown.get("Snapshots") or {}).get("Snapshot") or [], "SnapshotId", "Reading groups")
    return ListedSet(
        shown["SnapshotGroupId"],
        tuple(Member(member["SnapshotId"], member.get("SourceDiskId") or None) for member in members),
        of_one_instance=bool(shown.get("InstanceId")),
    )


def _tags(shown: Mapping[str, Any]) -> dict[str, str]:
    tags = identified((shown.get("Tags") or {}).get("Tag") or [], "TagKey", "Reading tags")
    return {tag["TagKey"]: tag.get("TagValue") or "" for tag in tags}


def lock_of(shown: Mapping[str, Any]) -> Lock:
    """Convert a lock."""
    return Lock(parse_iso_utc(shown.get("LockExpiredTime")), shown.get("LockStatus") == "expired")
