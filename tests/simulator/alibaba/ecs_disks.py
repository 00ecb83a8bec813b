# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECS with the calls that make and delete disks and snapshots (api-facts: ecs-disk-calls,
ecs-disk-attach)."""

from __future__ import annotations

from typing import Any

from ..state import Disk, SimulatedSnapshot, SnapshotGroup, new_id
from .ecs import NAME, Ecs, _numbered, _tags
from .service import ApiError, parse_bool, required

#: Categories that a zone sells, with their smallest size in GiB (api-facts: ecs-disk-calls).
SOLD = {"cloud_essd": 1, "cloud_efficiency": 20}
#: The smallest size of cloud_essd by its performance level (api-facts: ecs-performance-levels).
MIN_SIZES_GIB = {"PL0": 1, "PL1": 20, "PL2": 461, "PL3": 1261}


class EcsDisks(Ecs):
    parameters = {
        **Ecs.parameters,
        "CreateDisk": {
            "ZoneId",
            "DiskName",
            "Description",
            "DiskCategory",
            "PerformanceLevel",
            "Size",
            "SnapshotId",
            "ClientToken",
            "Encrypted",
            "KMSKeyId",
            "Tag.N",
        },
        "CreateSnapshot": {"DiskId", "SnapshotName", "Description", "RetentionDays", "ClientToken", "Tag.N"},
        "CreateSnapshotGroup": {"InstanceId", "Name", "Description", "ExcludeDiskId.N", "ClientToken"},
        "DeleteDisk": {"DiskId"},
        "AttachDisk": {"InstanceId", "DiskId", "Device"},
        "DetachDisk": {"InstanceId", "DiskId"},
        "DescribeAvailableResource": {
            "DestinationResource",
            "ResourceType",
            "InstanceChargeType",
            "ZoneId",
            "DataDiskCategory",
        },
    }

    def _truth(self) -> list[dict[str, Any]]:
        return super()._truth() + self.account.true_disks()

    def CreateDisk(self, given: dict[str, str], region: str) -> dict[str, Any]:
        zone, category = required(given, "ZoneId"), given.get("DiskCategory", "cloud")
        if not zone.startswith(f"{region}-"):
            raise ApiError("InvalidZoneId.NotFound", "The specified zone does not exist.", 404)
        if zone not in self._zones(region, "Available"):
            raise ApiError("Zone.NotOnSale", "The resource in the specified zone is no longer available for sale.", 403)
        if category not in SOLD:
            raise ApiError("InvalidDataDiskCategory.NotSupported", "The category is not supported in the zone.")
        if "SnapshotId" not in given and "Size" not in given:
            raise ApiError("MissingParameter", "Either SnapshotId or Size is needed.")
        if given.get("PerformanceLevel", "PL1") not in MIN_SIZES_GIB:
            raise ApiError("InvalidPerformanceLevel.Malformed", "The specified parameter PerformanceLevel is invalid.")
        _check_name(given.get("DiskName"), "InvalidDiskName.Malformed")
        return self._once(given, lambda: {"DiskId": self.account.add(self._disk(given, region)).id})

    def _disk(self, given: dict[str, str], region: str) -> Disk:
        settings, now = self.control.settings, self.clock.monotonic()
        encrypted, key, least = parse_bool(given, "Encrypted"), given.get("KMSKeyId", ""), 0
        if key and not encrypted:
            raise ApiError("InvalidParameter.EncryptedIllegal", "The value of parameter Encrypted is illegal.")
        if "SnapshotId" in given:
            snapshot = self._usable(given["SnapshotId"], region)
            least = snapshot.size
            if snapshot.encrypted and not encrypted:
                raise ApiError("InvalidEncrypted.NotMatchSnapshot", "Encrypted does not match the snapshot.", 403)
            key = key or snapshot.kms_key_id
        category = given.get("DiskCategory", "cloud")
        size = max(least, int(given.get("Size", least or 40)))
        if size < (MIN_SIZES_GIB[given.get("PerformanceLevel", "PL1")] if category == "cloud_essd" else SOLD[category]):
            raise ApiError("InvalidDataDiskSize.ValueNotSupported", "The size is not supported.", 403)
        if self.account.disks_being_made(region) >= settings["disk_quota"]:
            raise ApiError("Throttling", "Request was denied due to request throttling.")
        seconds = settings["disk_seconds_of"].get(given.get("SnapshotId"), settings["disk_seconds"])
        return Disk(
            new_id("d-"),
            region,
            given.get("DiskName", ""),
            size,
            {k: v or "" for k, v in _tags(given).items()},
            zone=given["ZoneId"],
            category=category,
            performance_level=given.get("PerformanceLevel", ""),
            snapshot_id=given.get("SnapshotId", ""),
            encrypted=encrypted,
            kms_key_id=key.rpartition("/")[2],
            created=self.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ"),
            started=now,
            duration=seconds if "SnapshotId" in given else 0.0,
            visible_at=now + settings["visible_after"],
            loading_until=now + seconds + settings["disks_load_for"] if "SnapshotId" in given else 0.0,
        )

    def _usable(self, snapshot_id: str, region: str) -> SimulatedSnapshot:
        """Return a snapshot that can be made into a disk, or refuse."""
        snapshot = self.account.snapshots.get(region, {}).get(snapshot_id)
        if snapshot is None:
            raise ApiError("InvalidSnapshotId.NotFound", "The specified SnapshotId does not exist.", 404)
        if snapshot.phase(self.clock.monotonic()) != "complete":
            raise ApiError("InvalidSnapshotId.NotReady", "The specified snapshot has not completed yet.", 403)
        if snapshot_id in self.control.settings["system_disks"]:
            raise ApiError(
                "InvalidSnapshotId.NotDataDiskSnapshot", "The specified snapshot is system disk snapshot.", 403
            )
        if snapshot.category.lower() == "archive":
            raise ApiError(
                "OperationDenied.SnapshotNotAllowed", "The specified snapshot is not allowed to create disk.", 403
            )
        return snapshot

    def CreateSnapshot(self, given: dict[str, str], region: str) -> dict[str, Any]:
        disk = self._disk_by_id(given, region)
        if disk is None:
            raise ApiError("InvalidDiskId.NotFound", "The specified disk does not exist.", 404)
        if self._being_made(disk):
            raise ApiError("IncorrectDiskStatus.CreatingSnapshot", "A snapshot of the disk is being created.")
        _check_name(given.get("SnapshotName"), "InvalidSnapshotName.Malformed")
        days = given.get("RetentionDays")
        if days is not None and not (days.isdigit() and 1 <= int(days) <= 65536):
            raise ApiError("InvalidRetentionDays.Malformed", "The specified RetentionDays is not valid.", 403)

        def make() -> dict[str, Any]:
            snapshot = SimulatedSnapshot(
                id=new_id("s-"),
                region=disk.region,
                created=self.clock.utc(),
                disk_id=disk.id,
                name=given.get("SnapshotName", ""),
                description=given.get("Description", ""),
                tags={key: value or "" for key, value in _tags(given).items()},
                size=disk.size,
                started=self.clock.monotonic(),
                duration=self.control.settings["copy_seconds"],
                retention_days=int(days) if days else None,
            )
            return {"SnapshotId": self.account.add(snapshot).id}

        return self._once(given, make)

    def CreateSnapshotGroup(self, given: dict[str, str], region: str) -> dict[str, Any]:
        """Take a snapshot of each disk of an instance at one moment (api-facts: ecs-snapshot-groups)."""
        instance, left_out = required(given, "InstanceId"), _numbered(given, "ExcludeDiskId", 16)
        disks = [disk for disk in self.account.shown_disks(region) if disk.attached_to == instance]
        if not disks:
            raise ApiError("InvalidInstanceId.NotFound", "The specified InstanceId does not exist.", 404)

        def make() -> dict[str, Any]:
            asked = [{"DiskId": disk.id} for disk in disks if disk.id not in left_out]
            taken = [self.CreateSnapshot(one, region)["SnapshotId"] for one in asked]
            facts = {"instance_id": instance, "name": given.get("Name", "")}
            facts["created"] = self.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ")
            return {"SnapshotGroupId": self.account.add(SnapshotGroup(new_id("ssg-"), region, taken, **facts)).id}

        return self._once(given, make)

    def DeleteDisk(self, given: dict[str, str], region: str) -> dict[str, Any]:
        disk = self._disk_by_id(given, region)
        now = self.clock.monotonic()
        if disk is None or disk.gone_at is not None:
            raise ApiError("InvalidDiskId.NotFound", "The specified disk does not exist.", 404)
        if disk.is_being_made(now):
            raise ApiError("IncorrectDiskStatus", "The current disk status does not support this operation.", 403)
        if now < disk.loading_until:
            raise ApiError("IncorrectDiskStatus.Initializing", "The specified disk status is initializing.", 403)
        if disk.holder(now)[0]:
            raise ApiError("IncorrectDiskStatus", "The current disk status does not support this operation.", 403)
        if self._being_made(disk):
            raise ApiError("DiskCreatingSnapshot", "A snapshot of the disk is being created.", 403)
        disk.gone_at = now + self.control.settings["disks_deleted_after"]
        return {}

    def AttachDisk(self, given: dict[str, str], region: str) -> dict[str, Any]:
        disk, instance_id, now = self._disk_by_id(given, region), required(given, "InstanceId"), self.clock.monotonic()
        instance = self._instance(instance_id)
        if disk is None or disk.gone_at is not None:
            raise ApiError("InvalidDiskId.NotFound", "The specified disk does not exist.", 404)
        holder, phase = disk.holder(now)
        if phase == "detaching" and holder == instance_id:
            return {}  # it is accepted, and has no effect (api-facts: ecs-disk-attach)
        if holder or disk.is_being_made(now):
            raise ApiError("IncorrectDiskStatus", "The operation is not supported in this status.", 403)
        if instance["zone"] != disk.zone:
            raise ApiError("ResourcesNotInSameZone", "The specified instance and disk are not in the same zone.", 403)
        kept = [d for d in self.account.disks[disk.region].values() if d.holder(now)[0] == instance_id]
        used = {d.device for d in kept}
        device = given.get("Device") or next(d for d in (f"/dev/xvd{c}" for c in "bcdefghijklmnopqrs") if d not in used)
        if not device.startswith("/dev/xvd"):
            raise ApiError("InvalidDevice.Malformed", "The specified device is not valid.")
        if device in used:
            raise ApiError("InvalidDevice.InUse", "The specified device has been occupied.", 403)
        disk.attached_to, disk.device, disk.detached_at = instance_id, device, None
        disk.attached_at = now + self.control.settings["attach_seconds"]
        return {}

    def DetachDisk(self, given: dict[str, str], region: str) -> dict[str, Any]:
        disk, instance_id, now = self._disk_by_id(given, region), required(given, "InstanceId"), self.clock.monotonic()
        self._instance(instance_id)
        if disk is None or disk.gone_at is not None:
            raise ApiError("InvalidDiskId.NotFound", "The specified disk does not exist.", 404)
        holder, phase = disk.holder(now)
        if holder != instance_id:
            message = "The specified disk has not been attached on the specified instance."
            raise ApiError("DependencyViolation", message, 403)
        if phase != "attached":
            raise ApiError("IncorrectDiskStatus", "The current disk status does not support this operation.", 403)
        disk.detached_at = now + self.control.settings["detach_seconds"]
        return {}

    def _instance(self, instance_id: str) -> dict[str, Any]:
        """Return an instance, or refuse if it does not exist or is in another state."""
        instance = self.control.settings["instances"].get(instance_id)
        if instance is None:
            raise ApiError("InvalidInstanceId.NotFound", "The specified InstanceId does not exist.", 404)
        if instance.get("state", "Running") not in ("Running", "Stopped"):
            message = "The current status of the resource does not support this operation."
            raise ApiError("IncorrectInstanceStatus", message, 403)
        return dict(instance)

    def _disk_by_id(self, given: dict[str, str], region: str) -> Disk | None:
        """Return a disk of the region. Without a region, as the newer SDKs send it, return it from any region."""
        disk_id = required(given, "DiskId")
        places = [self.account.disks.get(region, {})] if region else self.account.disks.values()
        return next((disks[disk_id] for disks in places if disk_id in disks), None)

    @staticmethod
    def _zones(region: str, *wanted: str) -> list[str]:
        """Return the zones of a region that are in these states."""
        states = {"a": "SoldOut", "b": "Available", "c": "Available"}
        return [f"{region}-{letter}" for letter, state in states.items() if state in wanted]

    def DescribeAvailableResource(self, given: dict[str, str], region: str) -> dict[str, Any]:
        if required(given, "DestinationResource") != "DataDisk" or given.get("ResourceType", "disk") != "disk":
            raise ApiError("Invalid.DestinationResource", "The specified DestinationResource is not valid.", 404)
        kinds = [
            {
                "Value": name,
                "Status": "Available",
                "StatusCategory": "WithStock",
                "Min": least,
                "Max": 65536,
                "Unit": "GiB",
            }
            for name, least in SOLD.items()
        ]
        zones = [
            {
                "ZoneId": zone,
                "RegionId": region,
                "Status": status,
                "StatusCategory": "WithStock" if status == "Available" else "WithoutStock",
                "AvailableResources": {
                    "AvailableResource": [{"Type": "DataDisk", "SupportedResources": {"SupportedResource": kinds}}]
                },
            }
            for status in ("SoldOut", "Available")
            for zone in self._zones(region, status)
        ]
        return {"AvailableZones": {"AvailableZone": zones}}

    def _being_made(self, disk: Disk) -> bool:
        now = self.clock.monotonic()
        kept = self.account.snapshots.get(disk.region, {}).values()
        return any(s.disk_id == disk.id and not s.source_id and s.phase(now) == "running" for s in kept)


def _check_name(name: str | None, code: str) -> None:
    if name is not None and not NAME.fullmatch(name):
        raise ApiError(code, "The specified name is wrongly formed.")
