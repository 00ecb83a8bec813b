# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CBS, with the adapter's client. Copies get tags late, so their names are the mark (api-facts: cbs-disk-calls)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs import CbsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs_answers import snapshot_of

from ..mark import Mark, Thing
from .account import cloud_of
from .service import ServiceAccount, all_pages, tags_of


class CbsAccount(ServiceAccount):
    cloud = "cbs"
    costs = (
        ("1 CLOUD_PREMIUM disk billed by the hour, 10 GiB", "an hour: a cent or two"),
        ("up to 2 more such disks, should the service heed no token", "an hour each: a cent or two"),
        ("2 snapshots and up to 5 copies, each for two days at the most", "by capacity used: next to nothing"),
        ("2 CLOUD_PREMIUM disks made of a copy, for a few minutes", "an hour each: a cent or two"),
        ("traffic between the regions, where it is billed", "by data copied: next to none"),
    )
    disk_usable, snapshot_usable = "UNATTACHED", "NORMAL"
    repeats_disk = True
    tags_in_copy_call = False
    tries_early_deletion = True
    copy_options = {"retention_days": 2}
    copy_call = "CopySnapshotCrossRegions"
    description_key = None
    disk_key, size_key, created_key = "DiskId", "DiskSize", "CreateTime"

    def __init__(self, params: dict[str, Any], region: str):
        self._service = cloud_of(self.cloud, CbsCloud, AnsibleModule, params, region)._service

    def make_disk(self, region: str, mark: Mark) -> str:
        answer = self._service.read(
            "DescribeDiskConfigQuota",
            region,
            f"Asking for the disks on sale in {region}",
            InquiryType="INQUIRY_CBS_CONFIG",
            DiskChargeType="POSTPAID_BY_HOUR",
            DiskTypes=["CLOUD_PREMIUM"],
            DiskUsage="DATA_DISK",
        )
        # The answer may contain rows that were not requested (api-facts: cbs-disk-calls).
        sold = [
            (int(item["MinDiskSize"]), item["Zone"])
            for item in answer["DiskConfigSet"]
            if item["Available"]
            and item["DiskType"] == "CLOUD_PREMIUM"
            and item["DiskChargeType"] == "POSTPAID_BY_HOUR"
        ]
        size, zone = min(sold)
        self._disk_call = {
            "Placement": {"Zone": zone},
            "DiskChargeType": "POSTPAID_BY_HOUR",
            "DiskType": "CLOUD_PREMIUM",
            "DiskSize": size,
            "DiskCount": 1,
            "DiskName": f"{mark.name}-disk",
            "ClientToken": f"{mark.name}-disk",
            "Tags": _tags(mark),
        }
        return self.repeat_disk(region)

    def repeat_disk(self, region: str, **changed: Any) -> str:
        given = {**self._disk_call, **changed}
        made = self._service.write("CreateDisks", region, f"Making a disk in {region}", **given)
        return str(made["DiskIdSet"][0])

    def make_snapshot(self, region: str, disk_id: str, mark: Mark) -> str:
        """Take a snapshot that the cloud itself deletes after two days."""
        deadline = (datetime.now(timezone.utc) + timedelta(days=2)).isoformat(timespec="seconds")
        tried = f"Taking a snapshot of {disk_id} in {region}"
        given = {"DiskId": disk_id, "SnapshotName": mark.name, "Deadline": deadline, "Tags": _tags(mark)}
        return str(self._service.write("CreateSnapshot", region, tried, **given)["SnapshotId"])

    def disks(self, region: str) -> list[Thing]:
        return [_disk(shown, region) for shown in self._listed("DescribeDisks", "DiskSet", region)]

    def snapshots(self, region: str) -> list[Thing]:
        order = {"OrderField": "CREATE_TIME", "Order": "ASC"}
        listed = [_snapshot(s, region) for s in self._listed("DescribeSnapshots", "SnapshotSet", region, **order)]
        return [s for s in listed if s.raw.get("SnapshotType") != "SHARED_SNAPSHOT"]

    def disk(self, region: str, disk_id: str) -> Thing | None:
        found = self._listed("DescribeDisks", "DiskSet", region, DiskIds=[disk_id])
        return _disk(found[0], region) if found else None

    def snapshot(self, region: str, snapshot_id: str) -> Thing | None:
        found = self._listed("DescribeSnapshots", "SnapshotSet", region, SnapshotIds=[snapshot_id])
        return _snapshot(found[0], region) if found else None

    def _listed(self, action: str, key: str, region: str, **given: Any) -> list[Any]:
        def page(number: int) -> tuple[list[Any], Any]:
            offset, tried = (number - 1) * self.page, f"Listing in {region}"
            answer = self._service.read(action, region, tried, Limit=self.page, Offset=offset, **given)
            return answer.get(key) or [], answer.get("TotalCount")

        return all_pages(page)

    def copy(self, source: str, snapshot_id: str, destination: str, mark: Mark) -> tuple[str, Mapping[str, Any]]:
        answer = self._service.write(
            "CopySnapshotCrossRegions",
            source,
            f"Copying {snapshot_id} to {destination}",
            DestinationRegions=[destination],
            SnapshotId=snapshot_id,
            SnapshotName=f"{mark.name} bare",
        )
        return str(answer["SnapshotCopyResultSet"][0]["SnapshotId"]), answer

    def tag(self, region: str, snapshot_id: str, mark: Mark) -> None:
        tags = [{"TagKey": key, "TagValue": value} for key, value in mark.tags.items()]
        resource = f"qcs::cvm:{region}:uin/:snapshot/{snapshot_id}"
        tried = f"Tagging {snapshot_id} in {region}"
        self._service.write("TagResources", region, tried, service="tag", ResourceList=[resource], Tags=tags)

    def delete(self, thing: Thing) -> None:
        tried = f"Deleting the {thing}"
        if thing.kind == "disk":
            # The same call destroys a disk in the recycle bin (api-facts: cbs-disk-calls).
            self._service.write("TerminateDisks", thing.region, tried, DiskIds=[thing.id])
        else:
            self._service.write("DeleteSnapshots", thing.region, tried, SnapshotIds=[thing.id])

    def first_page(self, region: str, size: int) -> Mapping[str, Any]:
        return dict(self._service.read("DescribeSnapshots", region, f"Listing in {region}", Limit=size, Offset=0))

    def parse(self, thing: Thing) -> dict[str, Any]:
        return vars(snapshot_of(thing.raw, thing.region))


def _tags(mark: Mark) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in mark.tags.items()]


def _disk(shown: Mapping[str, Any], region: str) -> Thing:
    tags, attached = tags_of(shown.get("Tags")), shown.get("InstanceId") or None
    return Thing(
        "disk", region, shown["DiskId"], shown.get("DiskName") or "", tags, shown["DiskState"], attached, raw=shown
    )


def _snapshot(shown: Mapping[str, Any], region: str) -> Thing:
    tags, name = tags_of(shown.get("Tags")), shown.get("SnapshotName") or ""
    closing = re.search(r" \[(snap-[0-9a-z]+)\]$", name)
    return Thing(
        "snapshot",
        region,
        shown["SnapshotId"],
        name,
        tags,
        shown["SnapshotState"],
        source_id=tags.get("dr-copy:source-snapshot-id") or (closing[1] if closing else None),
        named=bool(shown.get("CopyFromRemote")),
        raw=shown,
    )
