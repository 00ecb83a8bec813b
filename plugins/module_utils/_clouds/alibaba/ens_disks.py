# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that a restore makes from ENS snapshots (api-facts: ens-disk-create, ens-disk-offers)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..._core.disks import DiskCloud, Offer
from ..._core.errors import AcceptedWithoutId, Busy, CopyError, NotFound, Refused
from ..._core.listing import Pages
from ..._core.model import CopyOrder, Disk, Resource
from ..._core.safe_calls import batches
from ..._core.tags import RESTORE_ID, TagRules
from ..paging import items_of
from .client import numbered
from .ens import IDS_PER_CALL, EnsCloud
from .ens_answers import disk_of
from .ens_errors import ERRORS, HINTS

DISK_ERRORS: dict[str, type[CopyError]] = {**ERRORS, "InvalidDiskId.NotFound": NotFound}
#: The size limit (GiB) if an offer shows none: the largest disk on any cloud.
MAX_SIZE_GIB = 65536
_NO_STOCK = "Choose another node or disk_type, or run again later."
DISK_HINTS = {
    **HINTS,
    **dict.fromkeys(("StockNotEnough", "SaleControlVerificationFailedStock"), _NO_STOCK),
    "IncorrectDiskStatus": "Detach it first if it is no longer needed, then run again.",
}


class EnsDisks(DiskCloud, EnsCloud):
    """ENS disks of one restore."""

    disk_tag_rules = TagRules(max_tags=20, max_key_length=128, max_value_length=128, reserved=("acs:", "aliyun"))
    api = replace(EnsCloud.api, errors=DISK_ERRORS, hints=DISK_HINTS)
    deletes_later = True

    def __init__(self, module: Any):
        super().__init__(module)
        self._billing_cycle: str | None = module.params["instance_billing_cycle"]

    def list_restored(self, region: str, pages: Pages) -> list[Disk]:
        # The service has no filter on tags, and a name alone is no proof.
        return self._disks(f"Listing the disks on {region}", [{"EnsRegionId": region}], pages)

    def read_disks(self, region: str, disk_ids: Sequence[str]) -> list[Disk]:
        queries = [{"EnsRegionId": region, "DiskIds": ids} for ids in batches(disk_ids, IDS_PER_CALL)]
        return self._disks(f"Reading the disks on {region}", queries)

    def tag_change_refusal(self, copy: Resource) -> CopyError:
        # api-facts: ens-disk-tags
        return Refused(
            f"The tags of {copy.id} on {copy.region} cannot be changed: ENS can change only the tags of instances",
            hint="A drill deletes the disk after the time in its tag dr-restore:expires-at, unless it is attached. "
            "To keep a disk, restore it again under another restore_id with expires_after_hours: 0.",
        )

    def _disks(self, activity: str, queries: Sequence[Mapping[str, Any]], pages: Pages | None = None) -> list[Disk]:
        pages = pages or self.pages()
        listings = [self._pages(pages, "DescribeDisks", activity, "DiskId", given) for given in queries]
        return [
            disk_of(item, str(item.get("EnsRegionId") or given["EnsRegionId"]))
            for given, items in zip(queries, listings)
            for item in items
        ]

    def source_of(self, disk: Disk) -> str | None:
        """Return the snapshot from our tags, or from our name if the disk has none of our tags."""
        if disk.tags.get(RESTORE_ID) or not disk.snapshot_id:
            return super().source_of(disk)
        return disk.snapshot_id if disk.name == self._name(disk.snapshot_id) else None

    def _name(self, snapshot_id: str) -> str:
        # Names of snapshots must not contain a period; the rule for disks is not documented.
        return f"{snapshot_id}:{self.restore_id.replace('.', ':')}"

    def list_offers(self, region: str) -> list[Offer]:
        activity = f"Listing the available disk types on {region}"
        answer = self._service.read("DescribeCloudDiskAvailableResourceInfo", self._api_region, activity)
        sold = items_of(answer, "SupportResources", "SupportResource", activity=activity)
        return [
            Offer(
                None,
                str(item.get("Category")),
                int(item.get("DiskMinSize") or 1),
                int(item.get("DiskMaxSize") or MAX_SIZE_GIB),
            )
            for item in sold
            if item.get("EnsRegionId") == region and item.get("CanBuyCount") != 0
        ]

    def begin_one(self, order: CopyOrder) -> Resource:
        request = order.request
        activity = f"Ordering a disk from {request.snapshot_id} on {request.region}"
        try:
            answer = self._service.write(
                "CreateDisk",
                self._api_region,
                activity,
                EnsRegionId=request.region,
                Category=request.disk.disk_type,
                InstanceChargeType="PostPaid",
                InstanceBillingCycle=self._billing_cycle,
                SnapshotId=request.snapshot_id,
                DiskName=self._name(request.snapshot_id),
                Size=request.disk.size_gib,
                Encrypted=True if request.encrypted else None,
                KMSKeyId=request.kms_key_id,
                **numbered("Tag", [{"Key": key, "Value": value} for key, value in (request.tags or {}).items()]),
            )
        except Busy as error:
            raise self._error_of_order(order, error) from error
        ids = answer.get("InstanceIds")
        if not isinstance(ids, list) or not ids:
            raise AcceptedWithoutId(
                f"{activity}: the order was accepted, but returned no disk ID", request_id=answer.get("RequestId")
            )
        return self.new_disk(order, str(ids[0]), "Creating", name=self._name(request.snapshot_id))

    def delete_one(self, region: str, resource_id: str) -> None:
        activity = f"Deleting the disk {resource_id} on {region}"
        self._service.write("DeleteDisk", self._api_region, activity, DiskId=resource_id)
