# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ENS disks, with the adapter's client. The names of snapshots are the mark (api-facts: ens-disk-calls)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.client import numbered
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens import API_REGION, EnsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens_answers import snapshot_of

from ..mark import Mark, Thing
from .account import cloud_of
from .service import ServiceAccount, all_pages, tags_of


class EnsAccount(ServiceAccount):
    cloud = "ens"
    costs = (
        ("1 order of a pay-as-you-go disk, the smallest of the node", "an hour, perhaps a whole cycle"),
        ("2 snapshots and up to 4 copies, each an order (copies with the billing cycle Hour)", "by capacity and cycle"),
        ("2 orders of disks made of a copy, for a few minutes", "an hour each, perhaps a whole cycle"),
        ("whether a cycle that is broken off is charged whole is unknown", "expect up to a few yuan"),
    )
    disk_usable, snapshot_usable = "Available", "available"
    has_tags = tags_in_copy_call = False
    tries_early_deletion = True
    #: The role recognizes its copies by this description, so it may prune them.
    copy_options = {
        "instance_billing_cycle": "Hour",
        "description": "Copied from {snapshot_id} in {source_region} [{disk_id} {source_created_at}]",
    }
    page = 50
    size_key = "Size"

    def __init__(self, params: dict[str, Any], region: str):
        cloud = cloud_of(self.cloud, EnsCloud, AnsibleModule, params, region)
        self._service = cloud._service
        #: The API of the international site has a region of its own.
        self._api_region = getattr(cloud, "_api_region", API_REGION)

    def make_disk(self, region: str, mark: Mark) -> str:
        answer = self._read("DescribeCloudDiskAvailableResourceInfo", "Asking for the disks on sale")
        sold = [
            (int(item["DiskMinSize"]), item["Category"])
            for item in answer["SupportResources"]["SupportResource"]
            if item["EnsRegionId"] == region and int(item.get("CanBuyCount") or 0) > 0
        ]
        size, category = min(sold)
        # No token: a call is made once, and the mark is in the name and in a tag (api-facts: ens-disk-calls).
        made = self._service.write(
            "CreateDisk",
            self._api_region,
            f"Ordering a disk on {region}",
            EnsRegionId=region,
            Category=category,
            InstanceChargeType="PostPaid",
            InstanceBillingCycle="Hour",
            Size=size,
            DiskName=f"{mark.name}-disk",
            **numbered("Tag", [{"Key": key, "Value": value} for key, value in mark.tags.items()]),
        )
        return str(made["InstanceIds"][0])

    def make_snapshot(self, region: str, disk_id: str, mark: Mark) -> str:
        tried = f"Ordering a snapshot of {disk_id} on {region}"
        made = self._service.write(
            "CreateSnapshot", self._api_region, tried, EnsRegionId=region, DiskId=disk_id, SnapshotName=mark.name
        )
        return str(made["SnapShotId"][0])

    def disks(self, region: str) -> list[Thing]:
        return [_disk(shown, region) for shown in self._listed("DescribeDisks", EnsRegionId=region)]

    def snapshots(self, region: str) -> list[Thing]:
        return [_snapshot(shown, region) for shown in self._listed("DescribeSnapshots", EnsRegionId=region)]

    def disk(self, region: str, disk_id: str) -> Thing | None:
        return next((disk for disk in self.disks(region) if disk.id == disk_id), None)

    def snapshot(self, region: str, snapshot_id: str) -> Thing | None:
        found = self._listed("DescribeSnapshots", EnsRegionId=region, SnapshotId=snapshot_id)
        return next((_snapshot(shown, region) for shown in found if shown["SnapshotId"] == snapshot_id), None)

    def _listed(self, action: str, **given: Any) -> list[Any]:
        def page(number: int) -> tuple[list[Any], Any]:
            answer = self._read(action, "Listing", PageNumber=number, PageSize=self.page, **given)
            items = (
                answer.get("Snapshots") if action == "DescribeSnapshots" else (answer.get("Disks") or {}).get("Disks")
            )
            return items or [], answer.get("TotalCount")

        return all_pages(page)

    def copy(self, source: str, snapshot_id: str, destination: str, mark: Mark) -> tuple[str, Mapping[str, Any]]:
        answer = self._service.write(
            "CopySnapshot",
            self._api_region,
            f"Copying {snapshot_id} to {destination}",
            SnapshotId=snapshot_id,
            DestinationRegionIds=[destination],
            DestinationSnapshotName=f"{mark.name}-bare",
            InstanceBillingCycle="Hour",
        )
        return str(answer["AllocationId"][0]["InstanceId"][0]), answer

    def delete(self, thing: Thing) -> None:
        tried = f"Deleting the {thing}"
        if thing.kind == "disk":
            self._service.write("DeleteDisk", self._api_region, tried, DiskId=thing.id)
        else:
            self._service.write("DeleteSnapshot", self._api_region, tried, SnapshotId=thing.id)

    def first_page(self, region: str, size: int) -> Mapping[str, Any]:
        return self._read("DescribeSnapshots", "Listing", EnsRegionId=region, PageNumber=1, PageSize=size)

    def parse(self, thing: Thing) -> dict[str, Any]:
        return vars(snapshot_of(thing.raw))

    def _read(self, action: str, tried: str, **given: Any) -> dict[str, Any]:
        return dict(self._service.read(action, self._api_region, tried, **given))


def _disk(shown: Mapping[str, Any], region: str) -> Thing:
    tags = tags_of((shown.get("Tags") or {}).get("Tags"))
    attached = shown.get("InstanceId") or None
    name = shown.get("DiskName") or ""
    return Thing("disk", region, shown["DiskId"], name, tags, shown["Status"], attached, named=True, raw=shown)


def _snapshot(shown: Mapping[str, Any], region: str) -> Thing:
    source = snapshot_of(shown, region).source
    return Thing(
        "snapshot",
        region,
        shown["SnapshotId"],
        shown.get("SnapshotName") or "",
        {},
        shown["Status"],
        source_id=source.snapshot_id if source else None,
        named=True,
        raw=shown,
    )
