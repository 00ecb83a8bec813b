# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Converts EC2's answers into values of the engine (api-facts: ebs-copy-mark, ebs-copy-phases, ebs-full-size)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..._core.model import Attachment, Disk, Evidence, Provenance, Snapshot, State, Trait
from ..._core.tags import provenance_of

STATES = {
    "pending": State.PENDING,
    "completed": State.COMPLETED,
    "error": State.ERROR,
    "recovering": State.PENDING,
    "recoverable": State.ABSENT,
}
#: States of volumes. A volume that is being deleted counts as gone (api-facts: ebs-disk-delete).
VOLUME_STATES = {
    "creating": State.PENDING,
    "deleting": State.ABSENT,
    "deleted": State.ABSENT,
    "error": State.ERROR,
}
#: States of attachments; "busy" means that the system still uses the device (api-facts: ebs-disk-attach).
ATTACHMENT_STATES: dict[str, Attachment] = {
    "attaching": "attaching",
    "attached": "attached",
    "detaching": "detaching",
    "busy": "detaching",
}
#: The volume ID of snapshots without a volume: copies, imports, and snapshots written through the EBS direct APIs.
NO_VOLUME = re.compile(r"vol-f+")
#: The message of a copy before AWS has read its source; the size is unknown then, and so is the encryption unless it is
#: on.
NO_METADATA = "Metadata not updated"
#: How the console describes a copy (api-facts: ebs-console-description).
CONSOLE_DESCRIPTION = re.compile(r"\[Copied (snap-(?:[0-9a-f]{17}|[0-9a-f]{8})) from ([a-z0-9-]+)\]")


def snapshot_of(item: Mapping[str, Any], region: str, owned: bool) -> Snapshot:
    """Convert a snapshot of DescribeSnapshots. Everything except its ID is optional (api-facts: optional-members)."""
    tags = _tags(item)
    volume_id = item.get("VolumeId") or ""
    without_volume = NO_VOLUME.fullmatch(volume_id) is not None
    source = provenance_of(tags) or _console_source(item.get("Description") or "")
    # Without a volume ID it is unknown what it is: it counts as the copy that its tags name, and is never changed.
    is_unsure = source is not None and not volume_id
    # TransferType "standard" is on every snapshot, so it proves nothing.
    is_copy = without_volume or is_unsure or item.get("TransferType") == "time-based"
    if source and not without_volume:
        source = replace(source, managed=source.managed and not is_copy)  # no recording has this form: never change it
    # AWS calls the volume ID of a copy arbitrary. With that of the source it counts too, but is never deleted.
    is_copy = is_copy or (source is not None and source.disk_id == volume_id)
    provider_state, zone = item.get("State") or "", item.get("AvailabilityZone")
    state = STATES.get(provider_state, State.PENDING)
    progress = re.match(r"\d+", item.get("Progress") or "")
    return Snapshot(
        id=item["SnapshotId"],
        region=region,
        state=state,
        provider_state=provider_state,
        progress=100 if state is State.COMPLETED else int(progress.group()) if progress else 0,
        size_gib=item.get("VolumeSize") or None,
        encrypted=_encrypted(item),
        kms_key=item.get("KmsKeyId"),
        created_at=item.get("StartTime"),
        name=tags.get("Name", ""),
        description=item.get("Description") or "",
        tags=tags,
        disk_id=None if is_copy or source else volume_id or None,
        place=item.get("OutpostArn") or (zone if is_local_zone(zone, region) else None),
        owned=owned,
        is_copy=is_copy,
        source=source,
        evidence=_evidence(source, volume_id),
        completed_at=item.get("CompletionTime"),
        full_size_bytes=item.get("FullSnapshotSizeInBytes"),
        reason=item.get("StateMessage") if state is State.ERROR else None,
        obstacle=_obstacle(item, region),
        traits=(Trait.ARCHIVED,) if _is_archived(item) else (),
    )


def _evidence(source: Provenance | None, volume_id: str) -> Evidence:
    if source is None or not volume_id:
        return Evidence.UNSURE
    return Evidence.MARKED if NO_VOLUME.fullmatch(volume_id) else Evidence.UNCONFIRMED


def _encrypted(item: Mapping[str, Any]) -> bool | None:
    unknown = item.get("StateMessage") == NO_METADATA and not item.get("Encrypted")
    return None if unknown else item.get("Encrypted")


def _obstacle(item: Mapping[str, Any], region: str) -> str | None:
    if _is_archived(item):
        return "is archived; restore it to the standard tier first"
    if item.get("OutpostArn"):
        return "is on an Outpost, from which AWS does not copy"
    zone = item.get("AvailabilityZone")
    if is_local_zone(zone, region):
        return f"is in the Local Zone {zone}, from which AWS copies only within its group of zones or to {region}"
    return None


def _is_archived(item: Mapping[str, Any]) -> bool:
    """Whether a snapshot can be neither copied nor restored now.

    A temporarily restored one can (api-facts: ebs-archive).
    """
    return item.get("StorageTier") == "archive" and not item.get("RestoreExpiryTime")


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag.get("Value") or "" for tag in item.get("Tags") or () if tag.get("Key")}


def is_local_zone(place: str | None, region: str) -> bool:
    """Whether a place is a Local Zone, such as us-east-1-bos-1a; us-east-1a is the region itself."""
    return (place or "").startswith(f"{region}-")


def _console_source(description: str) -> Provenance | None:
    match = CONSOLE_DESCRIPTION.match(description)
    return Provenance(match.group(1), match.group(2)) if match else None


def disk_of(volume: Mapping[str, Any], region: str) -> Disk:
    """Convert a volume of DescribeVolumes."""
    tags = _tags(volume)
    # A volume may be attached to several instances (Multi-Attach). It counts as a disk of the first by its ID.
    attachments = sorted(volume.get("Attachments") or [{}], key=lambda item: str(item.get("InstanceId")))
    return Disk(
        disk_id=volume["VolumeId"],
        region=region,
        name=tags.get("Name", ""),
        size_gib=volume.get("Size"),
        tags=tags,
        attached_to=attachments[0].get("InstanceId"),
        device=attachments[0].get("Device"),
        attachment=ATTACHMENT_STATES.get(attachments[0].get("State", "")),
        guest_device=f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume['VolumeId'].replace('-', '')}",
        encrypted=volume.get("Encrypted"),
        kms_key=volume.get("KmsKeyId"),
        zone=volume.get("AvailabilityZone"),
        disk_type=volume.get("VolumeType"),
        state=VOLUME_STATES.get(volume.get("State", ""), State.COMPLETED),
        provider_state=volume.get("State", ""),
        in_use=bool(volume.get("Attachments")) or volume.get("State") == "in-use",
        snapshot_id=volume.get("SnapshotId"),
        created_at=volume.get("CreateTime"),
    )


def is_warm(status: Mapping[str, Any]) -> bool:
    """Whether all data of a volume is loaded, from its item of DescribeVolumeStatus (api-facts: ebs-disk-warm)."""
    details = (status.get("VolumeStatus") or {}).get("Details") or ()
    return any(row.get("Name") == "initialization-state" and row.get("Status") == "completed" for row in details)
