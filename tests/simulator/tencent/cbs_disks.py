# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CBS with the calls that make and delete disks and snapshots (api-facts: cbs-disk-calls,
cbs-disk-attach)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..state import Disk, SnapshotGroup, new_id
from .cbs import Cbs, CbsSnapshot
from .service import ApiError, required

CBS = "cbs", "2017-03-12"
MIN_SIZE_GIB = 10
HOURLY = "POSTPAID_BY_HOUR"
TYPES = ("CLOUD_PREMIUM", "CLOUD_SSD")
#: A time that never comes; JSON has no infinity.
NEVER = 1e15


class CbsDisks(Cbs):
    actions = {
        **Cbs.actions,
        "CreateDisks": (
            *CBS,
            {
                "Placement": dict,
                "DiskChargeType": str,
                "DiskType": str,
                "DiskName": str,
                "DiskSize": int,
                "DiskCount": int,
                "SnapshotId": str,
                "Tags": list,
                "ClientToken": str,
                "Encrypt": str,
                "EncryptType": str,
                "KmsKeyId": str,
            },
        ),
        "CreateSnapshot": (*CBS, {"DiskId": str, "SnapshotName": str, "Deadline": str, "Tags": list}),
        "CreateSnapshotGroup": (*CBS, {"DiskIds": list, "SnapshotGroupName": str}),
        "AttachDisks": (*CBS, {"InstanceId": str, "DiskIds": list}),
        "DetachDisks": (*CBS, {"InstanceId": str, "DiskIds": list}),
        "TerminateDisks": (*CBS, {"DiskIds": list, "DeleteSnapshot": int}),
        "DescribeDiskConfigQuota": (
            *CBS,
            {"InquiryType": str, "DiskChargeType": str, "DiskTypes": list, "Zones": list, "DiskUsage": str},
        ),
    }

    def __init__(self, clock: Any):
        #: By token: the request and its answer.
        self.tokens: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        super().__init__(clock)

    def _reset_state(self) -> None:
        super()._reset_state()
        self.tokens.clear()

    def _truth(self) -> list[dict[str, Any]]:
        return super()._truth() + self.account.true_disks()

    def CreateDisks(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        token = given.get("ClientToken")
        if token in self.tokens and not self.control.settings["ignores_tokens"]:
            before, answer = self.tokens[token]
            if before != given:
                raise ApiError("InvalidParameter.InvalidClientToken", "The client token is not valid.")
            return answer
        answer = {"DiskIdSet": [self._made(given, region).id]}
        if token is not None:
            self.tokens[token] = (given, answer)
        return answer

    def _made(self, given: dict[str, Any], region: str) -> Disk:
        settings, now = self.control.settings, self.clock.monotonic()
        zone = required(given, "Placement").get("Zone", "")
        if not zone.startswith(f"{region}-"):
            raise ApiError("InvalidZone.NotFound", f"The zone `{zone}` does not exist.")
        if required(given, "DiskChargeType") != HOURLY or (zone, required(given, "DiskType")) not in _sold(region):
            raise ApiError("InvalidParameter.DiskConfigNotSupported", "The disk is not sold in this zone.")
        size = given.get("DiskSize", MIN_SIZE_GIB)
        if "SnapshotId" in given:
            snapshot = self._usable(given["SnapshotId"], region)
            size = given.get("DiskSize", snapshot.size)
            if size < snapshot.size:
                raise ApiError("InvalidParameter.DiskSizeNotMatch", "The disk is smaller than the snapshot.")
        if size < MIN_SIZE_GIB or size % 10:
            raise ApiError("InvalidParameterValue", "DiskSize is not valid.")
        if "EncryptType" in given and (
            given.get("Encrypt") != "ENCRYPT" or given["EncryptType"] not in ("ENCRYPT_V1", "ENCRYPT_V2")
        ):
            raise ApiError("InvalidParameterValue", "EncryptType is not valid.")
        if len(given.get("DiskName", "").encode()) > 60:
            raise ApiError("InvalidParameterValue", "DiskName must have at most 60 bytes.")
        if self.account.disks_being_made(region) >= settings["disk_quota"]:
            raise ApiError("ResourceBusy", "The resource is busy, try again later.")
        seconds = settings["disk_seconds_of"].get(given.get("SnapshotId"), settings["disk_seconds"])
        never = given.get("SnapshotId") in settings["disks_never_made_of"]
        disk = Disk(
            new_id("disk-", 8),
            region,
            given.get("DiskName", "Unnamed"),
            size,
            {tag["Key"]: tag["Value"] for tag in given.get("Tags", ())},
            zone=zone,
            category=given["DiskType"],
            snapshot_id=given.get("SnapshotId", ""),
            encrypted=given.get("Encrypt") == "ENCRYPT",
            kms_key_id=given.get("KmsKeyId", ""),
            encrypt_type=given.get("EncryptType", ""),
            created=self._text(self.clock.utc()),
            started=now,
            duration=seconds,
            # No state exists for a disk that is being made: it does not show until it is complete.
            visible_at=NEVER if never else now + max(seconds, settings["visible_after"]),
        )
        self.kept_tags |= {*disk.tags.items()}
        return self.account.add(disk)

    def _usable(self, snapshot_id: str, region: str) -> CbsSnapshot:
        """Return a snapshot that can be made into a disk, or refuse."""
        snapshot = self.account.snapshots.get(region, {}).get(snapshot_id)
        if snapshot is None or snapshot.gone_at is not None:
            raise ApiError("InvalidSnapshotId.NotFound", f"The snapshot `{snapshot_id}` does not exist.")
        if snapshot.phase(self.clock.monotonic()) != "complete":
            raise ApiError("ResourceUnavailable.SnapshotCreating", "The snapshot is being created.")
        if snapshot.usage != "DATA_DISK":
            raise ApiError("InvalidSnapshot.NotSupported", f"The snapshot `{snapshot_id}` is not of a data disk.")
        return snapshot

    def _shown_disk(self, disk: Disk) -> dict[str, Any]:
        shown = super()._shown_disk(disk)
        if disk.recycled:
            shown["DiskState"] = "TORECYCLE"
        if disk.encrypt_type:
            shown["EncryptType"] = disk.encrypt_type
        return shown

    def CreateSnapshot(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        disk = self.account.disks.get(region, {}).get(required(given, "DiskId"))
        if disk is None or disk.recycled:
            raise ApiError("InvalidDiskId.NotFound", f"The disk `{given['DiskId']}` does not exist.")
        name = given.get("SnapshotName", "Unnamed")
        if len(name) > 60:
            raise ApiError("InvalidParameterValue", "SnapshotName must have at most 60 characters.")
        snapshot = CbsSnapshot(
            id=new_id("snap-", 8),
            region=region,
            created=self.clock.utc(),
            disk_id=disk.id,
            name=name,
            tags={tag["Key"]: tag["Value"] for tag in given.get("Tags", ())},
            size=disk.size,
            started=self.clock.monotonic(),
            duration=self.control.settings["copy_seconds"],
            deadline=self._deadline(given.get("Deadline")),
        )
        return {"SnapshotId": self.account.add(snapshot).id}

    def CreateSnapshotGroup(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        """Take a snapshot of each of several disks of one instance (api-facts: cbs-snapshot-groups)."""
        disk_ids, there = required(given, "DiskIds"), self.account.disks.get(region, {})
        instances = {there[disk_id].attached_to if disk_id in there else None for disk_id in disk_ids}
        if len(instances) > 1 or not all(instances):
            raise ApiError("InvalidParameterValue", "The disks must be attached to one instance.")
        name = given.get("SnapshotGroupName", "")
        names = [f"{name}_{n}" if name else "Unnamed" for n in range(len(disk_ids))]
        asked = [{"DiskId": one, "SnapshotName": named} for one, named in zip(disk_ids, names, strict=True)]
        taken = [self.CreateSnapshot(one, region)["SnapshotId"] for one in asked]
        facts = {"name": name, "created": self.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {"SnapshotGroupId": self.account.add(SnapshotGroup(new_id("csnap-", 8), region, taken, **facts)).id}

    def _deadline(self, text: str | None) -> datetime | None:
        """Parse a deadline, which must be ISO 8601 with a zone (api-facts: cbs-times)."""
        try:
            moment = datetime.fromisoformat(text) if text else None
        except ValueError:
            moment = self.clock.utc().replace(tzinfo=None)
        if moment and (moment.tzinfo is None or moment <= self.clock.utc()):
            raise ApiError("InvalidParameterValue", "Deadline is not a time to come, in ISO 8601 with a zone.")
        return moment

    def TerminateDisks(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        """Move disks to the recycle bin, if there is one; destroy those that are already there."""
        kept, now = self.account.disks.get(region, {}), self.clock.monotonic()
        for disk_id in required(given, "DiskIds"):
            disk = kept.get(disk_id)
            if disk is None or now < disk.visible_at or now >= (disk.gone_at or NEVER):
                raise ApiError("InvalidDiskId.NotFound", f"The disk `{disk_id}` does not exist.")
            if disk.gone_at is not None:
                raise ApiError("ResourceUnavailable.RepeatRefund", f"The disk `{disk_id}` is being terminated.")
            if disk.holder(now)[0]:
                raise ApiError("ResourceUnavailable.Attached", f"The disk `{disk_id}` is attached.")
        for disk_id in given["DiskIds"]:
            if kept[disk_id].recycled or not self.control.settings["recycles"]:
                kept[disk_id].gone_at = now + self.control.settings["disks_deleted_after"]
            else:
                kept[disk_id].recycled = True
        return {}

    def AttachDisks(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        """Attach disks to an instance: all or none."""
        disks, instance_id, now = self._named(given, region), required(given, "InstanceId"), self.clock.monotonic()
        instance = self._instance(instance_id)
        for disk in disks:
            holder, phase = disk.holder(now)
            if phase == "detaching":
                message = f"DiskId: {disk.id}, Disk({disk.id}) is detaching, please retry later"
                raise ApiError("ResourceUnavailable.NotSupported", message)
            if holder:
                raise ApiError("ResourceUnavailable.Attached", f"The disk `{disk.id}` is attached to {holder}.")
            if disk.recycled:
                raise ApiError("InvalidDisk.NotSupported", f"The disk `{disk.id}` is in the recycle bin.")
            if instance["zone"] != disk.zone:
                raise ApiError("ResourceUnavailable.ZoneNotMatch", "The disk and the instance are in other zones.")
        for disk in disks:
            disk.attached_to, disk.detached_at = instance_id, None
            disk.attached_at = now + self.control.settings["attach_seconds"]
        return {}

    def DetachDisks(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        """Detach disks: all or none."""
        disks, instance_id, now = self._named(given, region), given.get("InstanceId"), self.clock.monotonic()
        for disk in disks:
            holder, phase = disk.holder(now)
            if phase == "detaching":
                message = f"DiskId: {disk.id}, Disk({disk.id}) is detaching, please retry later"
                raise ApiError("ResourceUnavailable.NotSupported", message)
            if not holder or instance_id not in (None, holder) or phase != "attached":
                raise ApiError("InvalidDisk.NotSupported", f"The disk `{disk.id}` is not attached to {instance_id}.")
        for disk in disks:
            disk.detached_at = now + self.control.settings["detach_seconds"]
        return {}

    def _named(self, given: dict[str, Any], region: str) -> list[Disk]:
        """Return the disks that a call names, at most 10, or refuse."""
        ids, kept, now = required(given, "DiskIds"), self.account.disks.get(region, {}), self.clock.monotonic()
        if len(ids) > 10:
            raise ApiError("InvalidParameterValue.LimitExceeded", "DiskIds has more than 10 items.")
        for disk_id in ids:
            if disk_id not in kept or not kept[disk_id].is_shown(now):
                raise ApiError("InvalidDiskId.NotFound", f"The disk `{disk_id}` does not exist.")
        return [kept[disk_id] for disk_id in ids]

    def _instance(self, instance_id: str) -> dict[str, Any]:
        instance = self.control.settings["instances"].get(instance_id)
        if instance is None:
            raise ApiError("InvalidInstanceId.NotFound", f"The instance `{instance_id}` does not exist.")
        return dict(instance)

    def DescribeDiskConfigQuota(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        if required(given, "InquiryType") != "INQUIRY_CBS_CONFIG":
            raise ApiError("InvalidParameterValue", "InquiryType is not valid.")
        sold = [
            {
                "Available": (zone, kind) in _sold(region),
                "Zone": zone,
                "DiskType": kind,
                "DiskUsage": "DATA_DISK",
                "DiskChargeType": charge,
                "MinDiskSize": MIN_SIZE_GIB,
                "MaxDiskSize": 32000,
                "StepSize": 10,
                "InstanceFamily": None,
                "DeviceClass": None,
                "ExtraPerformanceRange": None,
                "Price": _price(charge),
            }
            for number in (1, 2, 3, 4)
            for kind in TYPES
            # Like the official sample, the answer includes disks that were not requested.
            for charge in ("PREPAID", HOURLY)
            for zone in (f"{region}-{number}",)
        ]
        return {"DiskConfigSet": sold}


def _price(charge: str) -> dict[str, Any]:
    """Format a price like the official sample: members for the other billing mode are null."""
    names = {HOURLY: ("UnitPrice", "UnitPriceDiscount")}.get(charge, ("OriginalPrice", "DiscountPrice"))
    every = ("UnitPrice", "UnitPriceDiscount", "OriginalPrice", "DiscountPrice")
    price = {f"{name}{high}": None for name in every for high in ("", "High")}
    shown = dict.fromkeys(names, 1.0) | {f"{name}High": "1.00" for name in names}
    return {**price, **shown, "ChargeUnit": "HOUR" if charge == HOURLY else None}


def _sold(region: str) -> list[tuple[str, str]]:
    """Return the zones and disk types that are sold by the hour."""
    return [(f"{region}-{number}", kind) for number in (3, 4) for kind in TYPES]
