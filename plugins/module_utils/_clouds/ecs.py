# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alibaba Cloud ECS disks: CopySnapshot 2014-05-26 (contract, part B)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from .._copy.errors import TOO_MANY_SNAPSHOTS, Ambiguous, Busy, CopyError, DiskBusy, Unreachable
from .._copy.model import CopyOrder, CopyRequest, Snapshot, TagChange
from .._copy.tagging import TagRules
from .._copy.texts import TextRule
from .alibaba import Service, numbered
from .base import Disk, SnapshotCloud
from .ecs_answers import disk_of, snapshot_of
from .listings import batches, items_of

_UNFINISHED = "InvalidOperation.UnfinishedCrossRegionCopy", "InvalidOperation.UnfinishedEncryptedSnapshotCopy"
ERRORS: dict[str, type[CopyError]] = {
    **dict.fromkeys((*_UNFINISHED, "InvalidOperation.DiskHasUnfinishedSnapshotCopy"), DiskBusy),
    "InvalidOperation.Conflict": Busy,
}
_ENCRYPTED = (
    "Older editions of the API do not copy encrypted snapshots, newer ones do in some regions: copy to another region, "
    "or take a snapshot of an unencrypted disk."
)
HINTS = {
    "InvalidSnapshotId.EncryptedNotSupport": _ENCRYPTED,
    "InvalidSnapshot.EncryptedNotSupported": _ENCRYPTED,
    "InvalidRegionId.NotSupportedEncryptedSnapshotCopy": _ENCRYPTED,
    "QuotaExceed.SnapshotQuota": TOO_MANY_SNAPSHOTS,
    "InvalidUser.NotInWhiteList": "Ask Alibaba Cloud's support to let this account copy snapshots.",
    "InvalidAccountStatus.SnapshotServiceUnavailable": "Activate the snapshot service of this account.",
    "SnapshotCreatedImage": "A custom image uses it: delete the image first, or keep the copy.",
    "SnapshotCreatedDisk": "A disk was made of it: delete the disk first, or keep the copy.",
}
#: The API's limit: IDs and results of a describe call (contract B.2).
PAGE = 100


class EcsCloud(SnapshotCloud):
    """ECS snapshots of the account that the credentials belong to."""

    snapshot_id_pattern = r"s-[0-9a-z]+"
    snapshot_id_example = "s-bp67acfmxazb4p****"
    disk_id_pattern = r"d-[0-9a-z]+"
    disk_id_example = "d-bp67acfmxazb4p****"
    name_rule = TextRule(
        longest=128,
        shortest=2,
        pattern=r"(?!https?://)[^\W\d_][\w:.\-]*",
        wants="a letter first, then letters, digits, and : _ . -",
    )
    description_rule = TextRule(
        longest=256, shortest=2, pattern=r"(?s)(?!https?://).*", wants="without http:// at its beginning"
    )
    tag_rules = TagRules(
        most=20, longest_key=128, longest_value=128, reserved=("acs:", "aliyun"), forbidden=r"https?://|^acs:|^aliyun"
    )
    copies_within_region = True
    cancels_by_deletion = True
    records_sources = True
    takes_client_token = True
    tagged_per_call = 50
    one_copy_per_disk = True

    def __init__(self, module: Any):
        super().__init__()
        self._service = Service(
            module.params,
            self.calls,
            "aliyunsdkecs.request.v20140526",
            "ALIBABA_CLOUD_ECS_ENDPOINT",
            None,
            ERRORS,
            HINTS,
        )
        self._tokens: dict[tuple[str, str], str] = {}

    def region_problem(self, region: str) -> str | None:
        return None if re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", region) else "is no region, they look like cn-hangzhou"

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        if not requests:
            return []
        first, found = requests[0], []
        if first.kms_key_id and not first.encrypted:
            found.append("kms_key_id: needs encrypted: true")
        days = first.retention_days
        if days is not None and not 1 <= days <= 65536:
            found.append(f"retention_days: {days} is not within 1 to 65536")
        if not first.encrypted and any(r.region == r.source_region for r in requests):
            found.append(f"destination_regions: {first.source_region} is the source region; that needs encrypted: true")
        return found

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        return {**self._by_id(region or "", snapshot_ids, f"Reading the source snapshots in {region}")}

    def refresh(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, Snapshot]:
        return self._by_id(region, snapshot_ids, f"Looking at the copies in {region}")

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> list[Snapshot]:
        return [s for s in self._listed(region, f"Listing the copies in {region}") if s.source]

    def list_snapshots(self, region: str) -> list[Snapshot]:
        return list(self._listed(region, f"Listing the snapshots in {region}"))

    def begin_one(self, order: CopyOrder) -> Snapshot:
        request = order.request
        tried = f"Copying {request.snapshot_id} from {request.source_region} to {request.region}"
        answer = self._service.write(
            "CopySnapshot",
            order.source.region,
            tried,
            SnapshotId=request.snapshot_id,
            DestinationRegionId=request.region,
            DestinationSnapshotName=order.name,
            DestinationSnapshotDescription=order.description,
            # One token per wanted copy and run: a replay of an older one may name a copy deleted since (contract F).
            ClientToken=self._tokens.setdefault((request.snapshot_id, request.region), uuid.uuid4().hex),
            Encrypted=True if request.encrypted else None,
            KMSKeyId=request.kms_key_id,
            RetentionDays=request.retention_days,
            **request.options,
            **numbered("Tag", [{"Key": key, "Value": value} for key, value in order.tags.items()]),
        )
        if answer.get("SnapshotId"):
            # Only a lost answer needs the token: once this copy is withdrawn, a replay would name it still.
            self._tokens.pop((request.snapshot_id, request.region), None)
        else:
            raise Ambiguous(f"{tried}: the call was accepted, but no ID was told")
        return self.begun(order, answer["SnapshotId"], "progressing", disk_id=order.source.disk_id, recorded=True)

    def delete_one(self, region: str, snapshot_id: str) -> None:
        tried = f"Deleting the copy {snapshot_id} in {region}"
        self._service.write("DeleteSnapshot", region, tried, SnapshotId=snapshot_id)

    def change_tags(self, region: str, snapshot_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        pairs = [{"Key": key, "Value": value} for key, value in change.set.items()]
        for ids in batches(snapshot_ids, self.tagged_per_call):
            tried = f"Tagging {', '.join(ids[:5])}{' ...' if len(ids) > 5 else ''} in {region}"
            given: dict[str, Any] = {"ResourceType": "snapshot", **numbered("ResourceId", ids)}
            if change.remove:
                self._service.write("UntagResources", region, tried, **given, **numbered("TagKey", change.remove))
            if pairs:
                self._service.write("TagResources", region, tried, **given, **numbered("Tag", pairs))
        return {}

    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        pairs = [{"Key": key} if value == "*" else {"Key": key, "Value": value} for key, value in tags.items()]
        filters = [{"DiskIds": ids} for ids in batches(disk_ids, PAGE)] or [{}]
        disks = [
            disk_of(shown, region)
            for by_id in filters
            for shown in self._pages(
                "DescribeDisks",
                region,
                f"Listing the disks in {region}",
                "Disks",
                "Disk",
                **by_id,
                **numbered("Tag", pairs),
            )
        ]
        return [disk for disk in disks if disk.bears(tags)]

    def _by_id(self, region: str, snapshot_ids: Sequence[str], tried: str) -> dict[str, Snapshot]:
        found = [s for ids in batches(snapshot_ids, PAGE) for s in self._listed(region, tried, SnapshotIds=ids)]
        return {s.snapshot_id: s for s in found}

    def _listed(self, region: str, tried: str, **given: Any) -> Iterator[Snapshot]:
        for shown in self._pages("DescribeSnapshots", region, tried, "Snapshots", "Snapshot", **given):
            yield snapshot_of(shown, region)

    def _pages(
        self, action: str, region: str, tried: str, outer: str, inner: str, **given: Any
    ) -> Iterator[dict[str, Any]]:
        """Read all pages. Raises Unreachable where the pages never end."""
        token, seen = None, set()
        while True:
            answer = self._service.read(action, region, tried, MaxResults=PAGE, NextToken=token, **given)
            yield from items_of(answer, outer, inner, tried=tried)
            token = answer.get("NextToken")
            if not token:
                return
            if token in seen:
                raise Unreachable(f"{tried}: the pages of the listing do not end")
            seen.add(token)
