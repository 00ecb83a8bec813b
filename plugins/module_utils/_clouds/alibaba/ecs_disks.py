# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that a restore makes from ECS snapshots
(api-facts: ecs-disk-create, ecs-disk-delete, ecs-disk-offers, ecs-disk-attach)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..._core.disks import DiskCloud, Offer
from ..._core.errors import Busy, CopyError, NotFound, Underway
from ..._core.listing import Pages
from ..._core.model import CopyOrder, CopyRequest, Disk, Resource, Snapshot
from ..._core.safe_calls import batches
from ..._core.tags import RESTORE_ID
from ..paging import items_of, returned
from .client import numbered
from .ecs import MAX_BY_TAG, PAGE, EcsCloud
from .ecs_errors import ERRORS, HINTS
from .ecs_rules import TAG_RULES, key_problems

#: The performance level of ESSD disks below the smallest size (GiB) of the usual one (api-facts:
#: ecs-performance-levels).
SMALL_LEVEL, USUAL_LEAST = "PL0", 20
DISK_ERRORS: dict[str, type[CopyError]] = {
    **ERRORS,
    # The client token belongs to another call: look for the disk of that call.
    "IdempotentParameterMismatch": Underway,
    **dict.fromkeys(("InvalidSnapshotId.NotReady", "InvalidSnapshot.NotReady"), Busy),
    # ECS refuses to delete an available disk while its data is loaded.
    **dict.fromkeys(("IncorrectDiskStatus.Initializing", "DiskCreatingSnapshot"), Busy),
    **dict.fromkeys(("InvalidOperation.Conflict", "DisksDetachingOnEcsExceeded"), Busy),
    "InvalidDiskId.NotFound": NotFound,
}
_OTHER_ZONE = "Choose another zone or disk_type, or run again later."
_QUOTA = "Delete unneeded disks, request a higher quota, or choose another zone or disk_type."
DISK_HINTS = {
    **HINTS,
    "InvalidSnapshotId.NotDataDiskSnapshot": "ECS cannot create a data disk from this snapshot: make an "
    "image from it, and an instance from the image.",
    "OperationDenied.SnapshotNotAllowed": "ECS cannot create a disk from this snapshot: check in the console whether "
    "it is archived.",
    "InvalidDiskSize.TooSmall": "Set size_gib to at least the size of the snapshot.",
    "InvalidDataDiskSize.ValueNotSupported": "Set a size_gib that the type supports.",
    **dict.fromkeys(("Zone.NotOnSale", "OperationDenied", "InvalidDataDiskCategory.NotSupported"), _OTHER_ZONE),
    **dict.fromkeys(("QuotaExceed.DiskCapacity", "QuotaExceeded.PostpaidDataDiskCapacity"), _QUOTA),
    **dict.fromkeys(("QuotaExceed.PostPaidDisk", "QuotaExceed.PortableCloudDisk"), _QUOTA),
    "Account.Arrearage": "Settle the account's bill.",
    **dict.fromkeys(
        ("IncorrectDiskStatus", "DiskStillAttached"), "Detach it first if it is no longer needed, then run again."
    ),
    "InvalidInstanceId.NotFound": "Check attach_to, and that the instance is in this region.",
    "ResourcesNotInSameZone": "Set the zone of the instance and another restore_id, or choose another instance.",
    "InstanceDiskLimitExceeded": "Detach unneeded disks from the instance, or choose another one.",
    "InvalidDiskStatus.DeleteProtection": "Disable its deletion protection first, if it is no longer needed.",
}


class EcsDisks(DiskCloud, EcsCloud):
    """ECS disks of one restore."""

    disk_tag_rules = TAG_RULES
    tagged_resource = "disk"
    api = replace(EcsCloud.api, errors=DISK_ERRORS, hints=DISK_HINTS)
    cancels_by_deletion = False
    deletes_later = True
    may_answer_with_gone = True
    device_pattern = r"/dev/xvd[b-z]{1,2}"
    device_example = "/dev/xvdb"

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        first = requests[0] if requests else None
        return key_problems(first.kms_key_id, first.encrypted, [first.region]) if first and first.kms_key_id else []

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        # A snapshot that cannot be copied may still be restored to a disk; otherwise the service refuses the call.
        found = super().read_sources(region, snapshot_ids)
        return {i: replace(s, obstacle=None) if isinstance(s, Snapshot) else s for i, s in found.items()}

    def list_restored(self, region: str, pages: Pages) -> list[Disk]:
        disks = self._disks(region, [numbered("Tag", [{"Key": RESTORE_ID, "Value": self.restore_id}])], pages)
        return disks if len(disks) < MAX_BY_TAG else self._disks(region, [{}], pages)

    def read_disks(self, region: str, disk_ids: Sequence[str]) -> list[Disk]:
        return self._disks(region, [{"DiskIds": ids} for ids in batches(disk_ids, PAGE)])

    def list_offers(self, region: str) -> list[Offer]:
        activity = f"Listing the available disk types in {region}"
        given = {"DestinationResource": "DataDisk", "ResourceType": "disk", "InstanceChargeType": "PostPaid"}
        answer = self._service.read("DescribeAvailableResource", region, activity, **given)
        zones = items_of(answer, "AvailableZones", "AvailableZone", activity=activity)
        return [offer for shown in zones if _is_available(shown) for offer in _offers_of(shown)]

    def begin_one(self, order: CopyOrder) -> Resource:
        request, disk = order.request, order.request.disk
        activity = f"Creating a disk from {request.snapshot_id} in {disk.zone}"
        size = disk.size_gib or order.source.size_gib
        is_small = disk.disk_type == "cloud_essd" and size is not None and size < USUAL_LEAST
        try:
            answer = self._service.write(
                "CreateDisk",
                request.region,
                activity,
                ZoneId=disk.zone,
                SnapshotId=request.snapshot_id,
                DiskName=f"{request.snapshot_id}:{self.restore_id}",
                DiskCategory=disk.disk_type,
                PerformanceLevel=SMALL_LEVEL if is_small else None,
                Size=disk.size_gib,
                Encrypted=True if request.encrypted or order.source.encrypted else None,
                KMSKeyId=request.kms_key_id,
                # The SDK adds no token by itself; without one the service makes a disk for each call.
                ClientToken=self.token_of(order),
                **numbered("Tag", [{"Key": key, "Value": value} for key, value in (request.tags or {}).items()]),
            )
        except Underway:
            self.record_used_token(order)
            raise
        return self.new_disk(order, returned(answer.get("DiskId"), "disk ID", activity), "Creating")

    def delete_one(self, region: str, resource_id: str) -> None:
        self._service.write("DeleteDisk", region, f"Deleting the disk {resource_id} in {region}", DiskId=resource_id)

    def attach(self, region: str, disk_id: str, instance_id: str, device: str | None) -> None:
        activity, given = f"Attaching the disk {disk_id} to {instance_id} in {region}", {"DiskId": disk_id}
        try:
            self._service.write("AttachDisk", region, activity, InstanceId=instance_id, Device=device, **given)
        except CopyError as error:
            if error.code in ("IncorrectDiskStatus", "InvalidDisk.InUse"):
                raise error.as_kind(Underway) from error
            raise

    def detach(self, region: str, disk_id: str, instance_id: str) -> None:
        activity, given = f"Detaching the disk {disk_id} from {instance_id} in {region}", {"DiskId": disk_id}
        try:
            self._service.write("DetachDisk", region, activity, InstanceId=instance_id, **given)
        except CopyError as error:
            if error.code == "IncorrectDiskStatus":
                raise error.as_kind(Busy) from error
            if error.code not in ("DependencyViolation", "InvalidDisk.AlreadyDetached"):
                raise


def _is_available(shown: dict[str, Any]) -> bool:
    return bool(shown.get("Status", "Available") == "Available")


def _offers_of(zone: dict[str, Any]) -> list[Offer]:
    """Return the disks that one zone offers."""
    kinds = [
        kind
        for resource in (zone.get("AvailableResources") or {}).get("AvailableResource") or ()
        for kind in (resource.get("SupportedResources") or {}).get("SupportedResource") or ()
    ]
    return [
        Offer(zone.get("ZoneId"), str(kind.get("Value")), int(kind.get("Min") or 1), int(kind.get("Max") or 65536))
        for kind in kinds
        if _is_available(kind)
    ]
