# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ENS with the calls that make and delete disks and snapshots (api-facts: ens-disk-calls)."""

from __future__ import annotations

from typing import Any

from ..state import Disk, SimulatedSnapshot, new_id
from .ens import NODE, Ens
from .service import ApiError, required

CATEGORIES = ("cloud_efficiency", "cloud_ssd")
#: The smallest disk (GiB) that a node sells.
MIN_SIZE_GIB = 20


class EnsDisks(Ens):
    parameters = {
        **Ens.parameters,
        "CreateDisk": {
            "EnsRegionId",
            "Category",
            "InstanceChargeType",
            "SnapshotId",
            "Size",
            "DiskName",
            "Tag.N",
            "InstanceBillingCycle",
            "Encrypted",
            "KMSKeyId",
        },
        "CreateSnapshot": {"EnsRegionId", "DiskId", "SnapshotName", "Description"},
        "DeleteDisk": {"DiskId"},
        "DescribeCloudDiskAvailableResourceInfo": set(),
    }

    def _truth(self) -> list[dict[str, Any]]:
        return super()._truth() + self.account.true_disks()

    def CreateDisk(self, given: dict[str, str], _region: str) -> dict[str, Any]:
        node = required(given, "EnsRegionId")
        if not NODE.fullmatch(node):
            raise ApiError("InvalidEnsRegionId", "The specified parameter EnsRegionId is invalid.")
        if required(given, "Category") not in CATEGORIES:
            raise ApiError("InvalidCategory", "The specified parameter Category is invalid.")
        if required(given, "InstanceChargeType") != "PostPaid":
            raise ApiError("InvalidInstanceChargeType", "The specified parameter InstanceChargeType is invalid.")
        if given.get("InstanceBillingCycle", "Day") not in ("Hour", "Day", "Month"):
            raise ApiError("InvalidInstanceBillingCycle", "The specified parameter InstanceBillingCycle is invalid.")
        if int(given.get("Size", MIN_SIZE_GIB)) < MIN_SIZE_GIB:
            raise ApiError("InvalidSize", "The specified parameter Size is invalid.")
        numbers = sorted({name.split(".")[1] for name in given if name.startswith("Tag.")})
        tags = {given[f"Tag.{number}.Key"]: given.get(f"Tag.{number}.Value", "") for number in numbers}
        if len(tags) > 20:
            raise ApiError("InvalidTag", "The specified parameter Tag is invalid.")
        settings, now, least = self.control.settings, self.clock.monotonic(), MIN_SIZE_GIB
        if "SnapshotId" in given:
            snapshot = self.account.snapshots.get(node, {}).get(given["SnapshotId"])
            if snapshot is None or snapshot.phase(now) != "complete":
                raise ApiError("InvalidSnapshotId", "The specified parameter SnapshotId is invalid.")
            least = snapshot.size
        if self.account.disks_being_made(node) >= settings["disk_quota"]:
            raise ApiError("Throttling.User", "Request was denied due to user flow control.")
        seconds = settings["disk_seconds_of"].get(given.get("SnapshotId"), settings["disk_seconds"])
        disk = Disk(
            new_id("d-"),
            node,
            given.get("DiskName", ""),
            max(least, int(given.get("Size", least))),
            tags,
            category=given["Category"],
            snapshot_id=given.get("SnapshotId", ""),
            encrypted=given.get("Encrypted") == "true",
            kms_key_id=given.get("KMSKeyId", ""),
            created=self.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ"),
            started=now,
            duration=seconds if "SnapshotId" in given else 0.0,
            visible_at=now + settings["visible_after"],
            billing_cycle=given.get("InstanceBillingCycle"),
        )
        return {"InstanceIds": [self.account.add(disk).id], "OrderId": new_id("6", 13)}

    def CreateSnapshot(self, given: dict[str, str], _region: str) -> dict[str, Any]:
        disk = self.account.disks.get(required(given, "EnsRegionId"), {}).get(required(given, "DiskId"))
        if disk is None:
            raise ApiError("InvalidDiskId", "The specified parameter DiskId is invalid.")
        snapshot = SimulatedSnapshot(
            id=new_id("sp-"),
            region=disk.region,
            created=self.clock.utc(),
            disk_id=disk.id,
            name=given.get("SnapshotName", ""),
            description=given.get("Description", ""),
            size=disk.size,
            started=self.clock.monotonic(),
            duration=self.control.settings["copy_seconds"],
        )
        return {"OrderId": new_id("6", 13), "SnapShotId": [self.account.add(snapshot).id]}

    def DeleteDisk(self, given: dict[str, str], _region: str) -> dict[str, Any]:
        disk_id = required(given, "DiskId")
        disk = next((disks[disk_id] for disks in self.account.disks.values() if disk_id in disks), None)
        now = self.clock.monotonic()
        if disk is None or disk.gone_at is not None:
            raise ApiError("InvalidDiskId.NotFound", "The specified disk does not exist.")
        if disk.attached_to or disk.is_being_made(now):
            raise ApiError("IncorrectDiskStatus", "The current disk status does not support this operation.")
        disk.gone_at = now + self.control.settings["disks_deleted_after"]
        return {"Code": 0}

    def DescribeCloudDiskAvailableResourceInfo(self, given: dict[str, str], _region: str) -> dict[str, Any]:
        sold = [
            {
                "EnsRegionId": node,
                "EnsRegionName": node,
                "Category": category,
                "CanBuyCount": 10,
                "DefaultDiskSize": 40,
                "DiskMinSize": MIN_SIZE_GIB,
                "DiskMaxSize": 32000,
            }
            for node in ("cn-hangzhou-26", "cn-chengdu-26", "cn-shanghai-27")
            for category in CATEGORIES
        ]
        return {"SupportResources": {"SupportResource": sold}}
