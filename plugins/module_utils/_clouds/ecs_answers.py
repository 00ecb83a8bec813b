# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS answers, translated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._copy.model import Provenance, Snapshot, State, parse_iso_utc
from .._copy.tagging import provenance_of
from .base import Disk

STATES = {"progressing": State.PENDING, "accomplished": State.COMPLETED, "failed": State.ERROR}
#: Categories that cannot be copied (contract B.5).
NOT_COPIED = {"archive": "is archived", "flash": "is a local snapshot"}


def snapshot_of(shown: Mapping[str, Any], region: str) -> Snapshot:
    """Translate a snapshot of DescribeSnapshots."""
    tags = _tags(shown)
    state = STATES.get(shown.get("Status", ""), State.PENDING)
    recorded = bool(shown.get("SourceSnapshotId"))
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
        encrypted=bool(shown.get("Encrypted")),
        kms_key=shown.get("KMSKeyId") or None,
        created_at=parse_iso_utc(shown.get("CreationTime")),
        name=shown.get("SnapshotName") or "",
        description=shown.get("Description") or "",
        tags=tags,
        disk_id=shown.get("SourceDiskId") or None,
        is_copy=recorded,
        recorded=recorded,
        source=_source(shown, tags) if recorded else None,
        obstacle=f"{category}, which cannot be copied" if category else None,
    )


def _source(shown: Mapping[str, Any], tags: Mapping[str, str]) -> Provenance:
    """Tell the source by the cloud's own fields; the tags add when it was taken, and that the copy is ours."""
    tagged = provenance_of(tags)
    return Provenance(
        snapshot_id=shown["SourceSnapshotId"],
        region=shown.get("SourceRegionId") or None,
        disk_id=shown.get("SourceDiskId") or None,
        created_at=tagged.created_at if tagged else None,
        managed=tagged is not None,
    )


def disk_of(shown: Mapping[str, Any], region: str) -> Disk:
    """Translate a disk of DescribeDisks."""
    return Disk(
        disk_id=shown["DiskId"],
        region=region,
        name=shown.get("DiskName") or "",
        size_gib=shown.get("Size"),
        tags=_tags(shown),
        attached_to=shown.get("InstanceId") or None,
        encrypted=shown.get("Encrypted"),
    )


def _tags(shown: Mapping[str, Any]) -> dict[str, str]:
    return {tag["TagKey"]: tag.get("TagValue") or "" for tag in (shown.get("Tags") or {}).get("Tag") or ()}
