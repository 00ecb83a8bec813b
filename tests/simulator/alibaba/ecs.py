# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECS disks and snapshots, API 2014-05-26 (api-facts: ecs-copy-call)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from ..locks import SimulatedLock, holds, lock_of
from ..state import Disk, SimulatedSnapshot, SnapshotGroup, course, new_id
from .service import ApiError, RpcCloud, json_list, one_of, parse_bool, parse_int, required

STATUS = {"running": "progressing", "complete": "accomplished", "failed": "failed"}
NAME = re.compile(r"(?!https?://)[^\W\d_][\w:.\-]{1,127}")
DISK_STATUS = ("All", "In_use", "Available", "Attaching", "Detaching", "Creating", "ReIniting")
REGION = re.compile(r"(cn|ap|eu|rus|us|me|na)-[a-z0-9-]+")


class Ecs(RpcCloud):
    version = "2014-05-26"
    host = "ecs.aliyuncs.com"
    product = "Ecs"
    snapshot_prefix = "s-"
    parameters = {
        "CopySnapshot": {
            "SnapshotId",
            "DestinationRegionId",
            "DestinationSnapshotName",
            "DestinationSnapshotDescription",
            "RetentionDays",
            "Tag.N",
            "ClientToken",
            "Encrypted",
            "KMSKeyId",
        },
        "DescribeSnapshots": {
            "SnapshotIds",
            "DiskId",
            "Status",
            "SnapshotType",
            "MaxResults",
            "NextToken",
            "PageNumber",
            "PageSize",
            "Tag.N",
        },
        "DescribeDisks": {"DiskIds", "Status", "MaxResults", "NextToken", "PageNumber", "PageSize", "Tag.N"},
        "DescribeSnapshotGroups": {
            "SnapshotGroupId.N",
            "Status.N",
            "InstanceId",
            "Name",
            "MaxResults",
            "NextToken",
        },
        "DeleteSnapshot": {"SnapshotId"},
        "LockSnapshot": {"SnapshotId", "LockMode", "LockDuration", "CoolOffPeriod", "ClientToken"},
        "DescribeLockedSnapshots": {"SnapshotIds.N", "MaxResults", "NextToken"},
        "TagResources": {"ResourceType", "ResourceId.N", "Tag.N"},
        "UntagResources": {"ResourceType", "ResourceId.N", "TagKey.N"},
    }

    def CopySnapshot(self, given: dict[str, str], region: str) -> dict[str, Any]:
        token = given.get("ClientToken", "")
        if len(token) > 64 or not token.isascii():
            raise ApiError("InvalidClientToken.Malformed")
        return self._once(given, lambda: {"SnapshotId": self._copy(given, region).id})

    def _once(self, given: dict[str, str], make: Any) -> dict[str, Any]:
        """Return the same answer for the same client token."""
        token = given.get("ClientToken")
        if token in self.tokens:
            before, answer = self.tokens[token]
            if before != given:
                raise ApiError("IdempotentParameterMismatch", "The specified clientToken is used.", 403)
            return answer
        answer = make()
        if token is not None:
            self.tokens[token] = (given, answer)
        return dict(answer)

    def _copy(self, given: dict[str, str], region: str) -> SimulatedSnapshot:
        _check_copy(given)
        tags, encrypted = _tags(given), parse_bool(given, "Encrypted")
        destination, retention = given["DestinationRegionId"], given.get("RetentionDays")
        if region == destination and not encrypted:
            raise ApiError(
                "InvalidOperation.NotSupportCopyInSameRegion",
                "Copying snapshot in the same region is not supported.",
                403,
            )
        source = self._copied_source(given["SnapshotId"], region, encrypted)
        self._check_room(source, destination)
        return self.account.add(
            SimulatedSnapshot(
                id=new_id("s-"),
                region=destination,
                created=self.clock.utc(),
                disk_id=source.disk_id,
                name=given["DestinationSnapshotName"],
                description=given.get("DestinationSnapshotDescription", ""),
                tags=tags,
                size=source.size,
                encrypted=encrypted,
                # A key is shown as its bare ID, the service's own key not at all (recorded: disk-unattached,
                # -service-key).
                kms_key_id=given.get("KMSKeyId", "").rpartition("/")[2],
                source_id=source.id,
                source_region=region,
                **course(self.control.settings, source.id, self.clock.monotonic()),
                retention_days=int(retention) if retention else None,
            )
        )

    def _copied_source(self, source_id: str, region: str, encrypted: bool) -> SimulatedSnapshot:
        """Return a snapshot that can be copied, or refuse."""
        source = self.account.snapshots.get(region, {}).get(source_id)
        if source is None:
            raise ApiError("InvalidSnapshotId.NotFound", "The specified snapshot is not exists.", 403)
        if source.phase(self.clock.monotonic()) != "complete":
            raise ApiError("InvalidSnapshotId.NotReady", "The specified snapshot has not completed yet.", 403)
        if source.category.lower() in ("archive", "flash"):
            raise ApiError(
                "InvalidSnapshotCategory.NotSupportCopy",
                "The specified snapshot's category does not support copy.",
                403,
            )
        if source.encrypted and not encrypted:
            raise ApiError(
                "InvalidEncrypted.NotSupportDecrypt", "Encrypted snapshot not support copy to decrypt snapshot.", 403
            )
        return source

    def _check_room(self, source: SimulatedSnapshot, destination: str) -> None:
        settings = self.control.settings
        if any(copy.disk_id == source.disk_id for copy in self.account.running_copies(destination)):
            raise ApiError(
                "InvalidOperation.UnfinishedCrossRegionCopy",
                "This disk has unfinished cross-region copy snapshots in the target region.",
                403,
            )
        if len(self.account.running_copies(destination)) >= settings["quota"]:
            raise ApiError("Throttling", "Request was denied due to request throttling.")
        if len(self.account.snapshots.get(destination, {})) >= settings["snapshot_limit"]:
            raise ApiError(
                "QuotaExceed.SnapshotQuota",
                "The quota is insufficient, please contact your channel partner to increase the quota.",
                403,
            )

    def DescribeSnapshots(self, given: dict[str, str], region: str) -> dict[str, Any]:
        ids = json_list(given, "SnapshotIds", 100, "InvalidSnapshotIds.Malformed")
        wanted, now = _tags(given), self.clock.monotonic()
        status = one_of(given, "Status", ("all", *STATUS.values()), "InvalidStatus.NotFound")
        made = one_of(given, "SnapshotType", ("all", "auto", "user"), "InvalidSnapshotType.NotFound")
        shows_source = self.control.settings["shows_sources"]
        found = [
            _shown(s, now, shows_source)
            for s in self.account.shown(region)
            if (ids is None or s.id in ids)
            and ("DiskId" not in given or s.disk_id == given["DiskId"])
            and status in ("all", STATUS[s.phase(now)])
            and made in ("all", "user")
            and all(k in s.tags and v in (None, s.tags[k]) for k, v in wanted.items())
        ]
        return _page(given, found, "Snapshots", "Snapshot", 100)

    def DescribeDisks(self, given: dict[str, str], region: str) -> dict[str, Any]:
        ids = json_list(given, "DiskIds", 100, "InvalidDiskIds.Malformed")
        wanted, status = _tags(given), one_of(given, "Status", DISK_STATUS, "InvalidStatus.NotFound")
        shown = [
            _shown_disk(d, self.clock.monotonic())
            for d in self.account.shown_disks(region)
            if (ids is None or d.id in ids)
            and all(k in d.tags and (v is None or d.tags[k] == v) for k, v in wanted.items())
        ]
        found = [disk for disk in shown if status.lower() in ("all", disk["Status"].lower())]
        found = found[: self.control.settings["most_by_tag"]] if wanted else found
        return _page(given, found, "Disks", "Disk", 500)

    def DescribeSnapshotGroups(self, given: dict[str, str], region: str) -> dict[str, Any]:
        ids, states = _numbered(given, "SnapshotGroupId", 10), _numbered(given, "Status", 3)
        if set(states) - set(STATUS.values()):
            raise ApiError("InvalidStatus", "The specified Status is not valid.")
        shown = [self._shown_group(group) for group in self.account.groups.get(region, {}).values()]
        found = [
            group
            for group in shown
            if (not ids or group["SnapshotGroupId"] in ids)
            and (not states or group["Status"] in states)
            and all(given.get(name, group[name]) == group[name] for name in ("InstanceId", "Name"))
        ]
        page = _page({"MaxResults": "10", **given}, found, "SnapshotGroups", "SnapshotGroup", 100)
        return {key: page[key] for key in ("NextToken", "SnapshotGroups")}

    def _shown_group(self, group: SnapshotGroup) -> dict[str, Any]:
        """Show a group. If it covers several instances, only the tags of its snapshots name them."""
        kept = self.account.snapshots.get(group.region, {})
        members = self.account.members(group, self.control.settings["groups_forget"])
        return {
            "SnapshotGroupId": group.id,
            "InstanceId": group.instance_id,
            "Status": STATUS[group.state],
            "ProgressStatus": "",
            "Name": group.name,
            "Description": "",
            "CreationTime": group.created,
            "ResourceGroupId": "",
            "Tags": {"Tag": []},
            "Snapshots": {"Snapshot": [_shown_member(i, kept.get(i)) for i in members]},
        }

    def DeleteSnapshot(self, given: dict[str, str], region: str) -> dict[str, Any]:
        snapshot = self.account.find(required(given, "SnapshotId"))
        if snapshot is None:
            raise ApiError("InvalidSnapshotId.NotFound", "The specified snapshot does not exist.", 404)
        if snapshot.id in self.control.settings["in_use"]:
            raise ApiError("SnapshotCreatedImage", "The snapshot has been used to create an image.", 403)
        if self.control.settings["copies_hold_sources"] and self._is_being_copied(snapshot):
            raise ApiError(
                "InvalidOperation.RelatedSnapshotNotFinished", "The related standard snapshot is not finished.", 403
            )
        if holds(snapshot, self.clock.utc()):
            raise ApiError("InvalidOperation.SnapshotIsLocked", "The specified snapshot is locked.", 403)
        del self.account.snapshots[snapshot.region][snapshot.id]
        return {}

    def _is_being_copied(self, snapshot: SimulatedSnapshot) -> bool:
        regions = list(self.account.snapshots)
        return any(copy.source_id == snapshot.id for r in regions for copy in self.account.running_copies(r))

    def LockSnapshot(self, given: dict[str, str], region: str) -> dict[str, Any]:
        snapshot, now = self.account.snapshots.get(region, {}).get(required(given, "SnapshotId")), self.clock.utc()
        if required(given, "LockMode") != "compliance":
            raise ApiError("InvalidLockMode.Malformed", "The specified LockMode is not valid.")
        days, cool_off = parse_int(given, "LockDuration", 0, 1, 36500), parse_int(given, "CoolOffPeriod", -1, 0, 72)
        if snapshot is None:
            raise ApiError("InvalidSnapshotId.NotFound", "The specified snapshot does not exist.", 404)
        if snapshot.phase(self.clock.monotonic()) == "failed":
            raise ApiError("InvalidOperation.SnapshotNotAvailable", "The snapshot is not available.", 403)
        if snapshot.retention_days and days > snapshot.retention_days:
            raise ApiError("InvalidLockDuration.ExceedRetentionDays", "The lock would outlive the snapshot.")
        # The days of a lock on an unfinished snapshot count from its completion (api-facts: ecs-locks).
        left = max(0.0, snapshot.started + snapshot.duration - self.clock.monotonic())
        begins = now + timedelta(seconds=left)
        lock, before = SimulatedLock("compliance", days, cool_off, begins, created=now), lock_of(snapshot)
        if before and not before.may_become(lock, now):
            raise ApiError("InvalidOperation.CoolOffPeriodExpired", "The cool-off period is over.", 403)
        snapshot.lock = lock
        return {"LockedSnapshotInfo": _lock_shown(snapshot, now)}

    def DescribeLockedSnapshots(self, given: dict[str, str], region: str) -> dict[str, Any]:
        ids, now = [value for name, value in given.items() if name.startswith("SnapshotIds.")], self.clock.utc()
        history = self.account.history
        shown = history.seen(region, locks=True) if history else self.account.snapshots.get(region, {}).values()
        there = {s.id: s for s in shown if lock_of(s)}
        if missing := [i for i in ids if i not in there]:
            raise ApiError(
                "InvalidSnapshotLock.NotFound", f"The specified snapshot(s) {missing} is(are) not locked.", 404
            )
        size, start = parse_int(given, "MaxResults", 10, 10, 100), int(given.get("NextToken") or 0)
        found = [_lock_shown(s, now) for i, s in there.items() if not ids or i in ids]
        token = str(start + size) if start + size < len(found) else ""
        return {"NextToken": token, "LockedSnapshotsInfo": found[start : start + size]}

    def TagResources(self, given: dict[str, str], region: str) -> dict[str, Any]:
        tags = _tags(given)
        for snapshot in self._resources(given, region):
            if {k.lower() for k in tags} & {k.lower() for k in snapshot.tags if k not in tags}:
                raise ApiError("TagKey.Duplication", "The tag key is duplicated.", 403)
            if len({**snapshot.tags, **tags}) > 20:
                raise ApiError("QuotaExceed.Tags", "The maximum number of tags is exceeded.", 403)
        for snapshot in self._resources(given, region):
            snapshot.tags.update(tags)
        return {}

    def UntagResources(self, given: dict[str, str], region: str) -> dict[str, Any]:
        keys = [value for name, value in given.items() if name.startswith("TagKey.")]
        for snapshot in self._resources(given, region):
            for key in keys:
                snapshot.tags.pop(key, None)
        return {}

    def _resources(self, given: dict[str, str], region: str) -> list[Any]:
        kinds = {"snapshot": self.account.snapshots, "disk": self.account.disks}
        if given.get("ResourceType") not in kinds:
            raise ApiError("InvalidResourceType.NotFound", "The ResourceType is not found.", 404)
        ids = [value for name, value in given.items() if name.startswith("ResourceId.")]
        if len(ids) > 50:
            raise ApiError("NumberExceed.ResourceIds", "Too many resources.")
        found = kinds[given["ResourceType"]].get(region, {})
        if any(resource not in found for resource in ids):
            raise ApiError("InvalidResourceId.NotFound", "The specified ResourceId is not found.", 404)
        return [found[resource] for resource in ids]


def _check_copy(given: dict[str, str]) -> None:
    """Refuse a copy call whose parameters are invalid by themselves."""
    required(given, "SnapshotId")
    if not REGION.fullmatch(required(given, "DestinationRegionId")):
        raise ApiError("InvalidRegionId.MalFormed", "The specified RegionId is not valid.")
    name, description = required(given, "DestinationSnapshotName"), given.get("DestinationSnapshotDescription")
    if not NAME.fullmatch(name):
        raise ApiError("InvalidSnapshotName.Malformed", "The specified SnapshotName is wrongly formed.", 403)
    if description is not None and (not 2 <= len(description) <= 256 or re.match(r"https?://", description)):
        raise ApiError("InvalidDescription.Malformed", "The specified description is wrongly formed.", 403)
    retention = given.get("RetentionDays")
    if retention is not None and not (retention.isdigit() and 1 <= int(retention) <= 65536):
        raise ApiError("InvalidRetentionDays.Malformed", "The specified RetentionDays is not valid.", 403)
    encrypted = parse_bool(given, "Encrypted")
    if given.get("KMSKeyId") and not encrypted:
        raise ApiError(
            "InvalidEncrypted.NotMatchKmsKeyId",
            "The specified parameter Encrypted must be true when KmsKeyId is not empty.",
            403,
        )


def _numbered(given: dict[str, str], name: str, most: int) -> list[str]:
    values = [value for key, value in given.items() if key.startswith(f"{name}.")]
    if len(values) > most:
        raise ApiError(f"Invalid{name}.TooMany", f"At most {most} of {name} are allowed.")
    return values


def _shown_member(snapshot_id: str, snapshot: SimulatedSnapshot | None) -> dict[str, Any]:
    return {
        "SnapshotId": snapshot_id,
        "SourceDiskId": snapshot.disk_id if snapshot else "",
        "SourceDiskType": "data",
        "Progress": "100%",
        "Available": snapshot is not None,
        "InstantAccess": False,
        "InstantAccessRetentionDays": 0,
        "Tags": {"Tag": []},
    }


def _tags(given: dict[str, str]) -> dict[str, Any]:
    tags: dict[str, Any] = {}
    numbers = sorted({int(name.split(".")[1]) for name in given if name.startswith("Tag.")})
    if len(numbers) > 20:
        raise ApiError("NumberExceed.Tags", "Too many tags.")
    for number in numbers:
        key, value = given.get(f"Tag.{number}.Key", ""), given.get(f"Tag.{number}.Value")
        for text, code in ((key, "InvalidTagKey.Malformed"), (value or "", "InvalidTagValue.Malformed")):
            if len(text) > 128 or re.match(r"acs:|aliyun", text) or re.search(r"https?://", text):
                raise ApiError(code, "The specified tag is not valid.")
        if not key:
            raise ApiError("InvalidTagKey.Malformed", "The specified Tag.n.Key is not valid.")
        if key.lower() in map(str.lower, tags):
            raise ApiError("Duplicate.TagKey", "The Tag.N.Key contain duplicate key.")
        tags[key] = value
    return tags


def _page(given: dict[str, str], found: list[Any], outer: str, inner: str, most: int) -> dict[str, Any]:
    if "MaxResults" in given or "NextToken" in given:
        size = parse_int(given, "MaxResults", 10, 1, most)
        start = int(given.get("NextToken") or 0)
        token = str(start + size) if start + size < len(found) else ""
        return {"NextToken": token, "PageSize": size, "TotalCount": 0, outer: {inner: found[start : start + size]}}
    number, size = parse_int(given, "PageNumber", 1, 1, 10**6), parse_int(given, "PageSize", 10, 1, 100)
    chosen = found[(number - 1) * size : number * size]
    return {"PageNumber": number, "PageSize": size, "TotalCount": len(found), outer: {inner: chosen}}


def _tag_list(tags: dict[str, Any]) -> dict[str, Any]:
    return {"Tag": [{"TagKey": key, "TagValue": value or ""} for key, value in tags.items()]}


def _shown(snapshot: SimulatedSnapshot, now: float, shows_source: bool) -> dict[str, Any]:
    phase, created = snapshot.phase(now), snapshot.created.strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = {
        "SnapshotId": snapshot.id,
        "SnapshotName": snapshot.name,
        "Description": snapshot.description,
        "Status": STATUS[phase],
        "Progress": f"{snapshot.progress(now)}%",
        "CreationTime": created,
        "LastModifiedTime": created,
        "RemainTime": max(0, int(snapshot.started + snapshot.duration - now)) if phase == "running" else 0,
        "SnapshotType": "user",
        "Category": snapshot.category,
        "Usage": "none",
        "Available": phase == "complete",
        "InstantAccess": False,
        "InstantAccessRetentionDays": 0,
        "Encrypted": snapshot.encrypted,
        "KMSKeyId": snapshot.kms_key_id,
        "SourceDiskId": snapshot.disk_id,
        "SourceDiskSize": str(snapshot.size),
        "SourceDiskType": "data",
        "SourceStorageType": "disk",
        "SnapshotLinkId": f"sl-{snapshot.id[2:]}",
        "SnapshotSN": "64472-116742336-619760000",
        "RegionId": snapshot.region,
        "ResourceGroupId": "",
        "ProductCode": "",
        "Tags": _tag_list(snapshot.tags),
    }
    if snapshot.retention_days:
        shown["RetentionDays"] = snapshot.retention_days
    if snapshot.source_id and shows_source:
        shown.update(SourceSnapshotId=snapshot.source_id, SourceRegionId=snapshot.source_region)
    return shown


def _lock_shown(snapshot: SimulatedSnapshot, now: datetime) -> dict[str, Any]:
    lock = lock_of(snapshot)
    assert lock
    times = {
        "LockCreationTime": lock.created or lock.started,
        "LockDurationStartTime": lock.started,
        "LockExpiredTime": lock.until,
        "CoolOffPeriodExpiredTime": lock.cools_off_until,
    }
    return {
        "SnapshotId": snapshot.id,
        "LockMode": lock.mode,
        "LockStatus": lock.state(now),
        "LockDuration": lock.days,
        "CoolOffPeriod": lock.cool_off,
        **{name: moment.strftime("%Y-%m-%dT%H:%M:%SZ") for name, moment in times.items()},
    }


def _shown_disk(disk: Disk, now: float) -> dict[str, Any]:
    created, (holder, phase) = disk.created, disk.holder(now)
    device = (disk.device or "/dev/xvdb") if holder else ""
    attachment = {"InstanceId": holder, "Device": device, "AttachedTime": created}
    states = {"attaching": "Attaching", "attached": "In_use", "detaching": "Detaching"}
    return {
        **dict.fromkeys(EMPTY, ""),
        "DiskId": disk.id,
        "DiskName": disk.name,
        "RegionId": disk.region,
        "ZoneId": disk.zone or f"{disk.region}-b",
        "Size": disk.size,
        "Category": disk.category or "cloud_essd",
        "PerformanceLevel": disk.performance_level or "PL1" if disk.category in ("", "cloud_essd") else "",
        "Type": "data",
        "Status": states.get(phase) or ("Creating" if disk.is_being_made(now) else "Available"),
        "SerialNumber": disk.id[2:],
        "Encrypted": disk.encrypted,
        "KMSKeyId": disk.kms_key_id,
        "SourceSnapshotId": disk.snapshot_id,
        "InstanceId": holder,
        "Device": device,
        "AttachedTime": created if holder else "",
        "Attachments": {"Attachment": [attachment] if holder else []},
        "MountInstances": {"MountInstance": []},
        "OperationLocks": {"OperationLock": []},
        "Portable": True,
        "DeleteWithInstance": False,
        "DeleteAutoSnapshot": False,
        "EnableAutoSnapshot": True,
        "EnableAutomatedSnapshotPolicy": False,
        "DiskChargeType": "PostPaid",
        "ExpiredTime": "2999-09-08T16:00Z",
        "CreationTime": created,
        "Tags": _tag_list(disk.tags),
    }


#: Members of a disk that are empty unless somebody has used them.
EMPTY = (
    "AutoSnapshotPolicyId",
    "BdfId",
    "DedicatedBlockStorageClusterId",
    "Description",
    "DetachedTime",
    "ImageId",
    "ProductCode",
    "ResourceGroupId",
    "StorageSetId",
)
