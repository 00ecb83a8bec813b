# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns CBS's answers into values of the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from ..._core.model import Attachment, CopyOrder, Disk, Evidence, Provenance, Snapshot, State, Trait
from ..._core.sets import ListedSet, Member
from ..._core.tags import SOURCE_SNAPSHOT_ID, provenance_of
from .cbs_names import source_in_name

#: CREATING, COPYING_FROM_REMOTE and CHECKING_COPIED are in progress; there is no failed state (api-facts: cbs-states).
STATES = {"NORMAL": State.COMPLETED, "ROLLBACKING": State.COMPLETED, "TORECYCLE": State.ABSENT}
#: CBS answers with times of China without a time zone; requests name the zone (api-facts: cbs-times).
ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
TIME_FORM = "%Y-%m-%d %H:%M:%S"
#: Other facts about a snapshot: our trait by the key and value that CBS shows (api-facts: cbs-traits).
_TRAITS = {
    Trait.SYSTEM_DISK: ("DiskUsage", "SYSTEM_DISK"),
    Trait.LOCKED: ("IsLocked", True),
    Trait.INSTANT: ("SnapshotMode", "INSTANT_SNAPSHOT"),
}
#: The types of snapshot groups that mean consistent; NORMAL means not consistent (api-facts: cbs-snapshot-groups).
_CONSISTENT = re.compile(r"(?!NO[NT]_)(?:[A-Z]+_)*CONSIST[A-Z_]*")
#: The states of a complete snapshot group.
_GROUP_STATES = ("NORMAL", "ROLLBACKING")


def _source_of(tags: Mapping[str, str], named: Provenance | None) -> Provenance | None:
    """Return the source of a copy.

    Tags take precedence over the name; a name with the same source adds what the tags lack.
    """
    tagged = provenance_of(tags)
    if named is None or (tagged and tagged.snapshot_id != named.snapshot_id):
        return tagged
    known = tagged or provenance_of({**tags, SOURCE_SNAPSHOT_ID: named.snapshot_id}) or named
    return replace(
        known,
        region=known.region or named.region,
        disk_id=known.disk_id or named.disk_id,
        created_at=known.created_at or named.created_at,
        managed=tagged is not None or named.managed,
    )


def snapshot_of(item: Mapping[str, Any], region: str) -> Snapshot:
    """Convert a snapshot of DescribeSnapshots."""
    name = item.get("SnapshotName") or ""
    tags = _tags(item)
    is_copy, is_unknown = bool(item.get("CopyFromRemote")), item.get("CopyFromRemote") is None
    state = STATES.get(item.get("SnapshotState", ""), State.PENDING)
    named, marked = source_in_name(name) if is_copy or is_unknown else (None, False)
    source = _source_of(tags, named if is_copy or marked else None)
    # If it does not show whether it is a copy, our marks count, so that no second one is made; but it is never changed.
    is_unsure = is_unknown and source is not None
    is_copy = is_copy or is_unsure
    return Snapshot(
        id=item["SnapshotId"],
        region=region,
        state=state,
        provider_state=item.get("SnapshotState", ""),
        progress=100 if state is State.COMPLETED else int(item.get("Percent") or 0),
        size_gib=item.get("DiskSize"),
        encrypted=bool(item.get("Encrypt")),
        created_at=parse_cbs_time(item.get("CreateTime")),
        name=name,
        tags=tags,
        disk_id=None if is_copy else item.get("DiskId") or None,
        owned=item.get("SnapshotType") != "SHARED_SNAPSHOT",
        is_copy=is_copy,
        source=source,
        evidence=Evidence.UNSURE if is_unsure or source is None else Evidence.MARKED,
        marked_ours=marked and source is not None,
        # With IsPermanent a deadline has no meaning (api-facts: cbs-deadline).
        expires_at=None if item.get("IsPermanent") else parse_cbs_time(item.get("DeadlineTime")),
        traits=tuple(trait for trait, (key, value) in _TRAITS.items() if item.get(key) == value),
    )


def source_of_order(order: CopyOrder) -> Provenance:
    """Return the source of a copy that was just started, whose tags are set later."""
    source = order.source
    return Provenance(source.id, source.region, source.disk_id, source.created_at)


def parse_cbs_time(text: str | None) -> datetime | None:
    """Parse a time of CBS; None if it is empty or invalid."""
    try:
        return datetime.strptime(text or "", TIME_FORM).replace(tzinfo=ZONE).astimezone(timezone.utc)
    except (ValueError, OverflowError):  # OverflowError: year 1 in another time zone
        return None


def deadline_text(moment: datetime) -> str:
    """Return a time in the form of requests: ISO 8601 with a time zone (api-facts: cbs-times)."""
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds")


def set_of(item: Mapping[str, Any], disks: Mapping[str, str | None]) -> ListedSet | None:
    """Convert a snapshot group; None if it is not complete, or if CBS does not call it consistent.

    ``disks`` are the known disks of snapshots, because the group does not name them.
    """
    is_complete = item.get("SnapshotGroupState") in _GROUP_STATES
    if not is_complete or not _CONSISTENT.fullmatch(str(item.get("SnapshotGroupType") or "").upper()):
        return None
    members = (Member(snapshot_id, disks.get(snapshot_id)) for snapshot_id in item.get("SnapshotIdSet") or ())
    return ListedSet(item["SnapshotGroupId"], tuple(members), of_one_instance=True)


#: States of disks that are attached to something (api-facts: cbs-disk-attach).
ATTACHMENT_STATES: dict[str, Attachment] = {"ATTACHING": "attaching", "ATTACHED": "attached", "DETACHING": "detaching"}


def disk_of(item: Mapping[str, Any], region: str) -> Disk:
    """Convert a disk of DescribeDisks."""
    return Disk(
        disk_id=item["DiskId"],
        region=region,
        name=item.get("DiskName") or "",
        size_gib=item.get("DiskSize"),
        tags=_tags(item),
        attached_to=item.get("InstanceId") or None,
        attachment=ATTACHMENT_STATES.get(item.get("DiskState", "")),
        guest_device=f"/dev/disk/by-id/virtio-{item['DiskId']}",
        encrypted=bool(item.get("Encrypt")),
        kms_key=item.get("KmsKeyId") or None,
        zone=(item.get("Placement") or {}).get("Zone"),
        disk_type=item.get("DiskType"),
        provider_state=item.get("DiskState", ""),
        in_use=bool(item.get("Attached")) or item.get("DiskState") not in ("UNATTACHED", "TORECYCLE"),
        is_recycled=item.get("DiskState") == "TORECYCLE",
        created_at=parse_cbs_time(item.get("CreateTime")),
    )


def _tags(item: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags; arrays can be null (api-facts: cbs-wire)."""
    return {str(tag["Key"]): str(tag.get("Value") or "") for tag in item.get("Tags") or () if tag.get("Key")}
