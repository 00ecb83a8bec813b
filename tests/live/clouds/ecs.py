# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ECS disks, with the adapter's client (api-facts: ecs-disk-calls)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.client import numbered
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs import EcsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs_answers import snapshot_of

from ..mark import Mark, Thing
from .account import cloud_of
from .service import ServiceAccount, tags_of

#: Categories, the cheapest first.
CATEGORIES = ("cloud_essd_entry", "cloud_efficiency", "cloud_auto", "cloud_essd", "cloud_ssd")


class EcsAccount(ServiceAccount):
    cloud = "ecs"
    costs = (
        ("1 pay-as-you-go disk, the smallest that a zone sells, for up to an hour", "GiB-hours: a cent or two"),
        ("2 snapshots and up to 5 copies, each for a day at the most", "by capacity: next to nothing"),
        ("2 pay-as-you-go disks made of a copy, for a few minutes", "an hour each: a cent or two"),
        ("traffic between the regions", "by data copied: next to none"),
    )
    disk_usable, snapshot_usable = "Available", "accomplished"
    encrypts = True
    copy_options = {"retention_days": 1}

    def __init__(self, params: dict[str, Any], region: str):
        self._service = cloud_of(self.cloud, EcsCloud, AnsibleModule, params, region)._service

    def make_disk(self, region: str, mark: Mark) -> str:
        zone, category, size = self._smallest(region)
        answer = self._service.write(
            "CreateDisk",
            region,
            f"Making a disk in {region}",
            ZoneId=zone,
            DiskName=f"{mark.name}-disk",
            DiskCategory=category,
            PerformanceLevel="PL0" if category == "cloud_essd" else None,
            Size=size,
            ClientToken=f"{mark.name}-disk",
            **_tags(mark),
        )
        return str(answer["DiskId"])

    def _smallest(self, region: str) -> tuple[str, str, int]:
        """Find zone, category and size of the smallest disk on offer (api-facts: ecs-disk-calls)."""
        answer = self._service.read(
            "DescribeAvailableResource",
            region,
            f"Asking for the disks on sale in {region}",
            DestinationResource="DataDisk",
            ResourceType="disk",
            InstanceChargeType="PostPaid",
        )
        found = [
            (int(kind["Min"]), CATEGORIES.index(kind["Value"]), zone["ZoneId"], kind["Value"])
            for zone in answer["AvailableZones"]["AvailableZone"]
            if zone["Status"] == "Available"
            for sold in zone["AvailableResources"]["AvailableResource"]
            for kind in sold["SupportedResources"]["SupportedResource"]
            if kind["Status"] == "Available" and kind["Value"] in CATEGORIES
        ]
        size, _order, zone_id, category = min(found)
        return zone_id, category, size

    def make_snapshot(self, region: str, disk_id: str, mark: Mark) -> str:
        """Take a snapshot that the cloud itself deletes after a day. A disk that was never attached may be refused."""
        number = len([s for s in self.snapshots(region) if s.run == mark.run])
        answer = self._service.write(
            "CreateSnapshot",
            region,
            f"Taking a snapshot of {disk_id} in {region}",
            DiskId=disk_id,
            SnapshotName=mark.name,
            RetentionDays=1,
            ClientToken=f"{mark.name}-{number}",
            **_tags(mark),
        )
        return str(answer["SnapshotId"])

    def disks(self, region: str) -> list[Thing]:
        return [_disk(shown, region) for shown in self._listed("DescribeDisks", "Disks", "Disk", region)]

    def snapshots(self, region: str) -> list[Thing]:
        return [
            _snapshot(shown, region) for shown in self._listed("DescribeSnapshots", "Snapshots", "Snapshot", region)
        ]

    def disk(self, region: str, disk_id: str) -> Thing | None:
        found = self._listed("DescribeDisks", "Disks", "Disk", region, DiskIds=[disk_id])
        return _disk(found[0], region) if found else None

    def snapshot(self, region: str, snapshot_id: str) -> Thing | None:
        found = self._listed("DescribeSnapshots", "Snapshots", "Snapshot", region, SnapshotIds=[snapshot_id])
        return _snapshot(found[0], region) if found else None

    def _listed(self, action: str, outer: str, inner: str, region: str, **given: Any) -> list[Any]:
        found: list[Any] = []
        token = None
        while True:
            tried = f"Listing in {region}"
            answer = self._service.read(action, region, tried, MaxResults=self.page, NextToken=token, **given)
            found += (answer.get(outer) or {}).get(inner) or []
            token = answer.get("NextToken")
            if not token:
                return found

    def copy(self, source: str, snapshot_id: str, destination: str, mark: Mark) -> tuple[str, Mapping[str, Any]]:
        answer = self._service.write(
            "CopySnapshot",
            source,
            f"Copying {snapshot_id} to {destination}",
            SnapshotId=snapshot_id,
            DestinationRegionId=destination,
            # Some pages call it required (api-facts: ecs-copy-call).
            DestinationSnapshotName=mark.name,
            RetentionDays=1,
            ClientToken=f"{mark.name}-copy",
            **_tags(mark),
        )
        return str(answer["SnapshotId"]), answer

    def delete(self, thing: Thing) -> None:
        tried = f"Deleting the {thing}"
        if thing.kind == "disk":
            self._service.write("DeleteDisk", thing.region, tried, DiskId=thing.id)
        else:
            self._service.write("DeleteSnapshot", thing.region, tried, SnapshotId=thing.id)

    def first_page(self, region: str, size: int) -> Mapping[str, Any]:
        answer = self._service.read("DescribeSnapshots", region, f"Listing in {region}", MaxResults=size)
        return dict(answer)

    def parse(self, thing: Thing) -> dict[str, Any]:
        return vars(snapshot_of(thing.raw, thing.region))


def _tags(mark: Mark) -> dict[str, str]:
    return numbered("Tag", [{"Key": key, "Value": value} for key, value in mark.tags.items()])


def _of(shown: Mapping[str, Any]) -> dict[str, str]:
    return tags_of((shown.get("Tags") or {}).get("Tag"), "TagKey", "TagValue")


def _disk(shown: Mapping[str, Any], region: str) -> Thing:
    attached = shown.get("InstanceId") or None
    return Thing(
        "disk", region, shown["DiskId"], shown.get("DiskName", ""), _of(shown), shown["Status"], attached, raw=shown
    )


def _snapshot(shown: Mapping[str, Any], region: str) -> Thing:
    tags = _of(shown)
    return Thing(
        "snapshot",
        region,
        shown["SnapshotId"],
        shown.get("SnapshotName", ""),
        tags,
        shown["Status"],
        source_id=shown.get("SourceSnapshotId") or tags.get("dr-copy:source-snapshot-id"),
        raw=shown,
    )
