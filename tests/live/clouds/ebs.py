# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EBS, with boto3 (api-facts: ebs-disk-calls)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.client import AwsModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs import EbsCloud
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_answers import snapshot_of

from ..mark import KEY, Mark, Thing
from .account import Account, cloud_of, texts_of

MARKED = [{"Name": "tag-key", "Values": [KEY]}]


class EbsAccount(Account):
    cloud = "ebs"
    costs = (
        ("1 gp3 volume of 1 GiB, for up to an hour", "GiB-hours: a fraction of a cent"),
        (
            "2 snapshots and up to 5 copies of the empty volume, for up to an hour",
            "by blocks written: none, so nothing",
        ),
        ("2 gp3 volumes of 1 GiB made of a copy, for a few minutes; some blocks read", "a fraction of a cent"),
        ("traffic between the regions", "by data copied: next to none"),
        ("requests to the region's default EBS key, for the encrypted copy", "a fraction of a cent"),
    )
    disk_usable, snapshot_usable = "available", "completed"
    encrypts = True
    page = 1000
    name_key = None
    disk_key, size_key, created_key = "VolumeId", "VolumeSize", "StartTime"

    def __init__(self, params: dict[str, Any], region: str):
        self._region = region
        self._clients = cloud_of(self.cloud, EbsCloud, AwsModule, params, region)._ec2._clients

    def make_disk(self, region: str, mark: Mark) -> str:
        filters = [{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
        zones = self._reader(region).describe_availability_zones(Filters=filters)["AvailabilityZones"]
        made = self._clients.writer(region).create_volume(
            AvailabilityZone=zones[0]["ZoneName"],
            VolumeType="gp3",
            Size=1,
            ClientToken=f"{mark.name}-disk",
            TagSpecifications=_tags("volume", mark),
        )
        return str(made["VolumeId"])

    def make_snapshot(self, region: str, disk_id: str, mark: Mark) -> str:
        made = self._clients.writer(region).create_snapshot(VolumeId=disk_id, TagSpecifications=_tags("snapshot", mark))
        return str(made["SnapshotId"])

    def disks(self, region: str) -> list[Thing]:
        pages = self._reader(region).get_paginator("describe_volumes").paginate(Filters=MARKED)
        return [_disk(shown, region) for page in pages for shown in page["Volumes"]]

    def snapshots(self, region: str) -> list[Thing]:
        pages = self._reader(region).get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=MARKED)
        return [_snapshot(shown, region) for page in pages for shown in page["Snapshots"]]

    def disk(self, region: str, disk_id: str) -> Thing | None:
        filters = [{"Name": "volume-id", "Values": [disk_id]}]
        shown = self._reader(region).describe_volumes(Filters=filters)["Volumes"]
        return _disk(shown[0], region) if shown else None

    def snapshot(self, region: str, snapshot_id: str) -> Thing | None:
        filters = [{"Name": "snapshot-id", "Values": [snapshot_id]}]
        shown = self._reader(region).describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
        return _snapshot(shown[0], region) if shown else None

    def copy(self, source: str, snapshot_id: str, destination: str, mark: Mark) -> tuple[str, Mapping[str, Any]]:
        answer = self._clients.writer(destination).copy_snapshot(
            SourceRegion=source, SourceSnapshotId=snapshot_id, TagSpecifications=_tags("snapshot", mark)
        )
        return str(answer["SnapshotId"]), {k: v for k, v in answer.items() if k != "ResponseMetadata"}

    def delete(self, thing: Thing) -> None:
        writer = self._clients.writer(thing.region)
        if thing.kind == "disk":
            writer.delete_volume(VolumeId=thing.id)
        else:
            writer.delete_snapshot(SnapshotId=thing.id)

    def first_page(self, region: str, size: int) -> Mapping[str, Any]:
        answer = self._reader(region).describe_snapshots(OwnerIds=["self"], MaxResults=size)
        return {k: v for k, v in answer.items() if k != "ResponseMetadata"}

    def parse(self, thing: Thing) -> dict[str, Any]:
        return vars(snapshot_of(thing.raw, thing.region, True))

    def secrets(self) -> set[str]:
        client = self._reader(self._region)
        keys = client._request_signer._credentials.get_frozen_credentials()
        found = texts_of(keys, "access_key", "secret_key", "token")
        with contextlib.suppress(Exception):  # no permission, or not reachable: then no answer can contain it either
            caller = self._clients.account_reader(self._region).get_caller_identity()
            found |= {caller["Account"], caller["UserId"], caller["Arn"], caller["Arn"].rpartition("/")[2]}
        return found

    def _reader(self, region: str) -> Any:
        return self._clients.reader(region)


def _tags(kind: str, mark: Mark) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in mark.tags.items()]}]


def _of(shown: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in shown.get("Tags", ())}


def _disk(shown: Mapping[str, Any], region: str) -> Thing:
    attached = next((a.get("InstanceId") for a in shown.get("Attachments", ())), None)
    return Thing("disk", region, shown["VolumeId"], "", _of(shown), shown["State"], attached, raw=shown)


def _snapshot(shown: Mapping[str, Any], region: str) -> Thing:
    tags = _of(shown)
    source = tags.get("dr-copy:source-snapshot-id")
    return Thing("snapshot", region, shown["SnapshotId"], "", tags, shown["State"], source_id=source, raw=shown)
