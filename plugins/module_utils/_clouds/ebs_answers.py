# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EC2 answers, translated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._copy.model import Provenance, Snapshot, State
from .._copy.tagging import provenance_of
from .base import Disk

STATES = {
    "pending": State.PENDING,
    "completed": State.COMPLETED,
    "error": State.ERROR,
    "recovering": State.PENDING,
    "recoverable": State.ABSENT,
}
#: What AWS shows as a copy's volume (contract E.1); the field must not be used for anything else.
ARBITRARY_VOLUME = "vol-ffffffff"
#: How the console describes a copy (contract E.2).
CONSOLE_DESCRIPTION = re.compile(r"\[Copied (snap-(?:[0-9a-f]{17}|[0-9a-f]{8})) from ([a-z0-9-]+)\]")


def snapshot_of(shown: Mapping[str, Any], region: str, owned: bool) -> Snapshot:
    """Translate a snapshot of DescribeSnapshots."""
    tags = {tag["Key"]: tag["Value"] for tag in shown.get("Tags") or ()}
    is_copy = bool(shown.get("TransferType")) or shown.get("VolumeId") == ARBITRARY_VOLUME
    source = provenance_of(tags) or _console_source(shown.get("Description") or "")
    state = STATES.get(shown["State"], State.PENDING)
    progress = re.match(r"\d+", shown.get("Progress") or "")
    return Snapshot(
        snapshot_id=shown["SnapshotId"],
        region=region,
        state=state,
        provider_state=shown["State"],
        progress=100 if state is State.COMPLETED else int(progress.group()) if progress else 0,
        size_gib=shown.get("VolumeSize"),
        encrypted=shown.get("Encrypted"),
        kms_key=shown.get("KmsKeyId"),
        created_at=shown.get("StartTime"),
        name=tags.get("Name", ""),
        description=shown.get("Description") or "",
        tags=tags,
        disk_id=None if is_copy or source else shown.get("VolumeId"),
        place=shown.get("OutpostArn") or shown.get("AvailabilityZone"),
        owned=owned,
        is_copy=is_copy,
        source=source,
        reason=shown.get("StateMessage"),
        obstacle=_obstacle(shown),
    )


def _obstacle(shown: Mapping[str, Any]) -> str | None:
    if shown.get("StorageTier") == "archive":
        return "is archived; restore it to the standard tier first"
    if shown.get("OutpostArn"):
        return "lies on an Outpost, from which AWS copies nothing"
    return None


def _console_source(description: str) -> Provenance | None:
    match = CONSOLE_DESCRIPTION.match(description)
    return Provenance(match.group(1), match.group(2)) if match else None


def disk_of(volume: Mapping[str, Any], region: str) -> Disk:
    """Translate a volume of DescribeVolumes."""
    tags = {tag["Key"]: tag["Value"] for tag in volume.get("Tags") or ()}
    attachments = volume.get("Attachments") or [{}]
    return Disk(
        disk_id=volume["VolumeId"],
        region=region,
        name=tags.get("Name", ""),
        size_gib=volume.get("Size"),
        tags=tags,
        attached_to=attachments[0].get("InstanceId"),
        encrypted=volume.get("Encrypted"),
    )
