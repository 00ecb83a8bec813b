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
from ..._core.model import Attachment, Disk, Evidence, Provenance, Snapshot, State
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


def snapshot_of(item: Mapping[str, Any], region: str) -> Snapshot:
    """Convert a snapshot of DescribeSnapshots."""
    tags = _tags(item)
    state = STATES.get(item.get("Status", ""), State.PENDING)
    source = _source(item, tags)
    progress = re.match(r"\d+", str(item.get("Progress") or ""))
    size = str(item.get("SourceDiskSize") or "")
    category = NOT_COPIED.get(str(item.get("Category") or "").lower())
    return Snapshot(
        id=item["SnapshotId"],
        region=region,
        state=state,
        provider_state=item.get("Status", ""),
        progress=100 if state is State.COMPLETED else int(progress.group()) if progress else 0,
        size_gib=int(size) if size.isdigit() else None,
        encrypted=None if item.get("Encrypted") is None else bool(item["Encrypted"]),
        kms_key=item.get("KMSKeyId") or None,
        created_at=parse_iso_utc(item.get("CreationTime")),
        name=item.get("SnapshotName") or "",
        description=item.get("Description") or "",
        tags=tags,
        disk_id=source.disk_id if source else item.get("SourceDiskId") or None,
        is_copy=source is not None,
        source=source,
        evidence=Evidence.RECORDED if item.get("SourceSnapshotId") else Evidence.MARKED if source else Evidence.UNSURE,
        obstacle=f"{category}, which cannot be copied" if category else None,
    )


def _source(item: Mapping[str, Any], tags: Mapping[str, str]) -> Provenance | None:
    """Return the source from the cloud's own fields, or from our tags if it shows none (api-facts: ecs-source-fields).

    Unless the cloud contradicts the tags, they add when the source was taken and that the copy is ours. It is uncertain
    what SourceDiskId of a copy holds, so our tag takes precedence (api-facts: ecs-source-disk).
    """
    recorded, disk_id, tagged = item.get("SourceSnapshotId"), item.get("SourceDiskId") or None, provenance_of(tags)
    if not recorded:
        if tagged is None or tagged.snapshot_id == item["SnapshotId"]:
            return None
        # A snapshot of a disk that was restored from a copy may have the copy's tags.
        is_of_disk = disk_id in (None, tagged.disk_id) or tagged.disk_id is None
        return replace(tagged, disk_id=tagged.disk_id or disk_id, managed=is_of_disk)
    agrees = tagged is not None and tagged.snapshot_id == recorded
    return Provenance(
        snapshot_id=recorded,
        region=item.get("SourceRegionId") or None,
        disk_id=(tagged.disk_id if tagged and agrees else None) or disk_id,
        created_at=tagged.created_at if tagged and agrees else None,
        managed=agrees,
    )


#: States of disks that are attached to something (api-facts: ecs-disk-attach).
ATTACHMENT_STATES: dict[str, Attachment] = {"Attaching": "attaching", "In_use": "attached", "Detaching": "detaching"}


def disk_of(item: Mapping[str, Any], region: str) -> Disk:
    """Convert a disk of DescribeDisks."""
    return Disk(
        disk_id=item["DiskId"],
        region=region,
        name=item.get("DiskName") or "",
        size_gib=item.get("Size"),
        tags=_tags(item),
        attached_to=item.get("InstanceId") or None,
        device=item.get("Device") or None,
        attachment=ATTACHMENT_STATES.get(item.get("Status", "")),
        guest_device=f"/dev/disk/by-id/virtio-{item['SerialNumber']}" if item.get("SerialNumber") else None,
        encrypted=item.get("Encrypted"),
        kms_key=item.get("KMSKeyId") or None,
        zone=item.get("ZoneId") or None,
        disk_type=item.get("Category") or None,
        state=DISK_STATES.get(item.get("Status", ""), State.COMPLETED),
        provider_state=item.get("Status", ""),
        in_use=bool(item.get("InstanceId")) or item.get("Status") not in FREE,
        snapshot_id=item.get("SourceSnapshotId"),
        created_at=parse_iso_utc(item.get("CreationTime")),
    )


def set_of(item: Mapping[str, Any]) -> ListedSet:
    """Convert a snapshot-consistent group.

    A group over several instances names none (api-facts: ecs-snapshot-groups).
    """
    members = identified((item.get("Snapshots") or {}).get("Snapshot") or [], "SnapshotId", "Reading groups")
    return ListedSet(
        item["SnapshotGroupId"],
        tuple(Member(member["SnapshotId"], member.get("SourceDiskId") or None) for member in members),
        of_one_instance=bool(item.get("InstanceId")),
    )


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    tags = identified((item.get("Tags") or {}).get("Tag") or [], "TagKey", "Reading tags")
    return {tag["TagKey"]: tag.get("TagValue") or "" for tag in tags}


def lock_of(item: Mapping[str, Any]) -> Lock:
    """Convert a lock."""
    return Lock(parse_iso_utc(item.get("LockExpiredTime")), item.get("LockStatus") == "expired")
