# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How EC2 shows snapshots and volumes in each phase, as recorded (tests/recorded/ebs), and which filters find them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from .ec2_rules import invalid, matches

#: The volume ID of everything without a volume of its own.
NO_VOLUME = "vol-ffffffff"


def shown(snapshot: Any, tags: dict[str, str]) -> dict[str, Any]:
    """Return a snapshot as DescribeSnapshots shows it. Unknown and empty members are omitted."""
    is_copy = hasattr(snapshot, "lacks_metadata")
    minutes = snapshot.minutes if is_copy else None
    facts = {
        "Tags": tag_list(tags) or None,
        "StorageTier": snapshot.storage_tier,
        "TransferType": "time-based" if minutes else "standard",
        "CompletionDurationMinutes": minutes,
        "SnapshotId": snapshot.id,
        "VolumeId": NO_VOLUME if is_copy else snapshot.volume.id,
        "State": snapshot.status,
        "StartTime": snapshot.start_time.replace(tzinfo=timezone.utc),
        "RestoreExpiryTime": getattr(snapshot, "restored_until", None),
        "OwnerId": snapshot.owner_id,
        "Description": snapshot.description or "",
        "Encrypted": bool(snapshot.encrypted),
        "KmsKeyId": snapshot.kms_key_id if snapshot.encrypted else None,
        **(_of_copy(snapshot) if is_copy else _of_ordinary(snapshot)),
    }
    if snapshot.status == "completed":
        facts["CompletionTime"] = getattr(snapshot, "completed_at", snapshot.start_time).replace(tzinfo=timezone.utc)
        facts["FullSnapshotSizeInBytes"] = snapshot.volume.size * 524288
    return {key: value for key, value in facts.items() if value is not None}


def _of_ordinary(snapshot: Any) -> dict[str, Any]:
    done, zone = snapshot.status == "completed", getattr(snapshot, "zone", None)
    return {"Progress": "100%" if done else "", "VolumeSize": snapshot.volume.size, "AvailabilityZone": zone}


def _of_copy(copy: Any) -> dict[str, Any]:
    pending, new = copy.status == "pending", copy.lacks_metadata
    message = f"Metadata {'not ' if new else ''}updated" if pending else copy.failure
    return {
        "StateMessage": None if copy.status == "completed" else message,
        "Progress": copy.progress,
        "VolumeSize": 0 if new and copy.status != "completed" else copy.volume.size,
        "KmsKeyId": None if not copy.encrypted else copy.kms_key_id if copy.status == "completed" else copy.asked_key,
        "OutpostArn": copy.outpost_arn,
        "AvailabilityZone": copy.zone,
    }


def volume_shown(volume: Any, tags: dict[str, str], region: str) -> dict[str, Any]:
    """Return a volume as DescribeVolumes shows it."""
    attachment = volume.attachment
    attachments = [
        {
            "VolumeId": volume.id,
            "InstanceId": attachment.instance.id,
            "Device": attachment.device,
            "State": getattr(volume, "attachment_state", "attached"),
            "DeleteOnTermination": False,
        }
        for attachment in ([attachment] if attachment else [])
    ]
    facts = {
        "AvailabilityZoneId": volume.zone.zone_id,
        "Iops": volume.iops or 3000,
        "Tags": tag_list(tags) or None,
        "VolumeType": volume.volume_type,
        "MultiAttachEnabled": False,
        "Throughput": 125,
        "Operator": {"Managed": False, "HiddenByDefault": False},
        "VolumeArn": f"arn:aws:ec2:{region}:{volume.ec2_backend.account_id}:volume/{volume.id}",
        "OwnerId": volume.ec2_backend.account_id,
        "VolumeId": volume.id,
        "Size": volume.size,
        "SnapshotId": volume.snapshot_id or "",
        "AvailabilityZone": volume.zone.name,
        "State": volume.status,
        "CreateTime": _moment(volume.create_time),
        "Attachments": attachments,
        "Encrypted": bool(volume.encrypted),
        "KmsKeyId": volume.kms_key_id if volume.encrypted else None,
        "VolumeInitializationRate": getattr(volume, "rate", None),
    }
    return {key: value for key, value in facts.items() if value is not None}


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value.replace("Z", "+00:00")) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def time_text(moment: datetime) -> str:
    """Write a time in UTC as EC2 does (api-facts: ebs-times)."""
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


_FILTERS = {
    "description": "Description",
    "owner-alias": "OwnerAlias",
    "owner-id": "OwnerId",
    "progress": "Progress",
    "snapshot-id": "SnapshotId",
    "status": "State",
    "storage-tier": "StorageTier",
    "transfer-type": "TransferType",
    "volume-id": "VolumeId",
    "volume-size": "VolumeSize",
}


def passes(facts: dict[str, Any], name: str, values: list[str]) -> bool:
    """Whether a filter of DescribeSnapshots matches a snapshot with these facts."""
    if _is_of_tags(name):
        return _tags_pass({tag["Key"]: tag["Value"] for tag in facts.get("Tags", ())}, name, values)
    if name == "encrypted":
        return str(facts["Encrypted"]).lower() in values
    if name == "start-time":
        return any(matches(v, time_text(facts["StartTime"])) for v in values)
    return _matches_any(tuple(values), str(facts.get(_FILTERS[name], "")))


@lru_cache(maxsize=64)
def _plain(values: tuple[str, ...]) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
    """Split the values of a filter into plain ones and patterns with their prefixes.

    Hundreds of patterns are compared with thousands of snapshots.
    """
    patterns = tuple(value for value in values if set(value) & set("*?\\"))
    beginnings = tuple(re.split(r"[*?\\]", pattern)[0] for pattern in patterns)
    return frozenset(values) - set(patterns), tuple(zip(beginnings, patterns, strict=True))


def _matches_any(values: tuple[str, ...], shown: str) -> bool:
    plain, patterns = _plain(values)
    return shown in plain or any(matches(p, shown) for beginning, p in patterns if shown.startswith(beginning))


_VOLUME_FILTERS = {
    "availability-zone": "AvailabilityZone",
    "availability-zone-id": "AvailabilityZoneId",
    "create-time": "CreateTime",
    "encrypted": "Encrypted",
    "multi-attach-enabled": "MultiAttachEnabled",
    "size": "Size",
    "snapshot-id": "SnapshotId",
    "status": "State",
    "volume-id": "VolumeId",
    "volume-type": "VolumeType",
}
_ATTACHMENT_FILTERS = {
    "attachment.delete-on-termination": "DeleteOnTermination",
    "attachment.device": "Device",
    "attachment.instance-id": "InstanceId",
    "attachment.status": "State",
}


def volume_passes(facts: dict[str, Any], name: str, values: list[str]) -> bool:
    """Whether a filter of DescribeVolumes matches a volume with these facts."""
    if _is_of_tags(name):
        return _tags_pass({tag["Key"]: tag["Value"] for tag in facts.get("Tags", ())}, name, values)
    if name in _VOLUME_FILTERS:
        return _matches_any(tuple(values), _text(facts[_VOLUME_FILTERS[name]]))
    shown = (attachment[_ATTACHMENT_FILTERS[name]] for attachment in facts["Attachments"])
    return any(_matches_any(tuple(values), _text(fact)) for fact in shown)


def _text(fact: Any) -> str:
    if isinstance(fact, datetime):
        return time_text(fact)
    return str(fact).lower() if isinstance(fact, bool) else str(fact)


def check_filters(operation: str, names: Iterable[str]) -> None:
    """Refuse unknown filters, even if there is nothing to find."""
    known = {
        "DescribeSnapshots": {*_FILTERS, "encrypted", "start-time"},
        "DescribeVolumes": {*_VOLUME_FILTERS, *_ATTACHMENT_FILTERS},
    }[operation]
    for name in names:
        if name not in known and not _is_of_tags(name):
            raise invalid(f"The filter '{name}' is invalid")


def _is_of_tags(name: str) -> bool:
    return name.startswith("tag:") or name in ("tag-key", "tag-value")


def _tags_pass(tags: dict[str, str], name: str, values: list[str]) -> bool:
    if name == "tag-key":
        return any(matches(value, key) for value in values for key in tags)
    if name == "tag-value":
        return any(matches(value, held) for value in values for held in tags.values())
    key = name.removeprefix("tag:")
    return key in tags and _matches_any(tuple(values), tags[key])
