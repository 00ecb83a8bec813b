# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alibaba Cloud ECS disks: CopySnapshot 2014-05-26 (api-facts: ecs-copy-call)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from ..._core.cloud import SnapshotCloud
from ..._core.errors import CopyError, NotFound
from ..._core.listing import Listing, Pages
from ..._core.locks import Lock, lock_problems
from ..._core.model import (
    CopyOrder,
    CopyRequest,
    Disk,
    Evidence,
    Resource,
    Snapshot,
    SnapshotFilter,
    State,
    TagChange,
)
from ..._core.ranges import range_problems
from ..._core.safe_calls import batches
from ..._core.sets import ListedSet
from ..._core.tags import SOURCE_DISK_ID, SOURCE_SNAPSHOT_ID
from ..paging import identified, items_of, returned, token_pages
from ..wording import first_ids
from .client import Api, Service, numbered
from .ecs_answers import COMPLETE_GROUP, disk_of, lock_of, set_of, snapshot_of
from .ecs_capabilities import EcsCapabilities
from .ecs_errors import ERRORS, HINTS
from .ecs_rules import key_problems

#: The API's limit: IDs and results of a describe call (api-facts: ecs-describe-limits).
PAGE = 100
#: The key of the ID in the items of each listing.
ID_KEYS = {
    **dict.fromkeys(("DescribeSnapshots", "DescribeLockedSnapshots"), "SnapshotId"),
    "DescribeDisks": "DiskId",
    "DescribeSnapshotGroups": "SnapshotGroupId",
}
#: The listings that also accept page numbers.
COUNTED = ("DescribeSnapshots", "DescribeDisks")
#: The most disks that the service lists by tag; it does not show that there are more (api-facts: ecs-disks-by-tag).
MAX_BY_TAG = 1000
#: The most disks that are read individually, because a call takes only one. For more disks, the entire region is
#: listed.
MAX_BY_DISK = 20


class EcsCloud(EcsCapabilities, SnapshotCloud):
    """ECS snapshots of the account that the credentials belong to."""

    api = Api("aliyunsdkecs.request.v20140526", "ALIBABA_CLOUD_ECS_ENDPOINT", ERRORS, HINTS)
    #: The service's name for the resources whose tags are changed.
    tagged_resource = "snapshot"

    def __init__(self, module: Any):
        super().__init__()
        self._service = Service(self.api, module.params, self.calls, self.clock.record_date)
        self._tokens: dict[tuple[str, str], str] = {}

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        if not requests:
            return []
        first, found = requests[0], []
        if first.kms_key_id:
            found += key_problems(first.kms_key_id, first.encrypted, list(dict.fromkeys(r.region for r in requests)))
        found += lock_problems(first)
        found += range_problems("retention_days", first.retention_days, 1, 65536)
        if not first.encrypted and any(r.region == r.source_region for r in requests):
            found.append(f"destination_regions: {first.source_region} is the source region; that needs encrypted: true")
        return found

    def keys_differ(self, asked: str, shown: str | None) -> bool:
        """Compare keys by their last part, because a key is shown as a bare ID (api-facts: ecs-key-id).

        An alias cannot be compared.
        """
        if not shown or asked.startswith("alias/") or ":alias/" in asked:
            return False
        return asked.rpartition("/")[2] != shown.rpartition("/")[2]

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        return {**self._by_id(region or "", snapshot_ids, f"Reading the source snapshots in {region}")}

    def refresh(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        return self._by_id(region, resource_ids, f"Reading the copies in {region}")

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> Listing:
        """List all copies, or by their mark the copies of some sources that this collection made."""
        pages, activity = self.pages(), f"Listing the copies in {region}"
        queries: list[dict[str, Any]] = [{}]
        if source_ids is not None:
            queries = [numbered("Tag", [{"Key": SOURCE_SNAPSHOT_ID, "Value": i}]) for i in sorted(source_ids)]
        return pages.listing([*self._listed(region, activity, *queries, pages=pages)])

    def list_in_progress(self, region: str) -> list[Snapshot]:
        listed = self._listed(region, f"Listing the copies in progress in {region}", {"Status": "progressing"})
        return [s for s in listed if s.source and s.state is State.PENDING]

    def list_snapshots(self, region: str, wanted: SnapshotFilter) -> list[Snapshot]:
        """List by ID or, for a few disks, by disk.

        There is no filter on the source of a copy (api-facts: ecs-describe-limits).
        """
        activity = f"Listing the snapshots in {region}"
        if wanted.snapshot_ids is not None:
            return list(self._by_id(region, sorted(wanted.snapshot_ids), activity).values())
        queries: list[dict[str, Any]] = [{}]
        disk_ids = wanted.disk_ids or ()
        if wanted.disk_ids is not None and wanted.disks_are_here and len(disk_ids) <= MAX_BY_DISK:
            tags = [numbered("Tag", [{"Key": SOURCE_DISK_ID, "Value": disk_id}]) for disk_id in sorted(disk_ids)]
            queries = [*({"DiskId": disk_id} for disk_id in sorted(disk_ids)), *tags]
        listed = {s.id: s for s in self._listed(region, activity, *queries)}
        return list(listed.values())

    def begin_one(self, order: CopyOrder) -> Resource:
        request = order.request
        activity = f"Copying {request.snapshot_id} from {request.source_region} to {request.region}"
        answer = self._service.write(
            "CopySnapshot",
            order.source.region,
            activity,
            SnapshotId=request.snapshot_id,
            DestinationRegionId=request.region,
            DestinationSnapshotName=order.name,
            DestinationSnapshotDescription=order.description,
            # One token per requested copy and run: the replay of an older one may name a copy that was deleted since
            # (api-facts: ecs-client-token).
            ClientToken=self._tokens.setdefault((request.snapshot_id, request.region), uuid.uuid4().hex),
            # The service copies an encrypted source only with this parameter (api-facts: ecs-encrypted-source).
            Encrypted=True if request.encrypted or order.source.encrypted else None,
            KMSKeyId=request.kms_key_id,
            RetentionDays=request.retention_days,
            **numbered("Tag", [{"Key": key, "Value": value} for key, value in order.tags.items()]),
        )
        copy_id: str = returned(answer.get("SnapshotId"), "snapshot ID", activity)
        # Only a lost answer needs the token. After this copy is taken back, a replay would still name it.
        self._tokens.pop((request.snapshot_id, request.region), None)
        copy = self.new_copy(order, copy_id, "progressing")
        return replace(copy, disk_id=order.source.disk_id, evidence=Evidence.RECORDED)

    def delete_one(self, region: str, resource_id: str) -> None:
        activity = f"Deleting the copy {resource_id} in {region}"
        self._service.write("DeleteSnapshot", region, activity, SnapshotId=resource_id)

    def change_tags(self, region: str, resource_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        pairs = [{"Key": key, "Value": value} for key, value in change.set.items()]
        for ids in batches(resource_ids, self.tagged_per_call):
            activity = f"Tagging {first_ids(ids)} in {region}"
            given: dict[str, Any] = {"ResourceType": self.tagged_resource, **numbered("ResourceId", ids)}
            if change.remove:
                self._service.write("UntagResources", region, activity, **given, **numbered("TagKey", change.remove))
            if pairs:
                self._service.write("TagResources", region, activity, **given, **numbered("Tag", pairs))
        return {}

    def list_locks(self, region: str) -> dict[str, Lock]:
        # Without IDs, because the call fails if one of them has no lock (api-facts: ecs-locks).
        activity = f"Listing the locks on snapshots in {region}"
        try:
            pages = self._all_pages("DescribeLockedSnapshots", region, activity, ("LockedSnapshotsInfo",), [{}])
            return {shown["SnapshotId"]: lock_of(shown) for shown in pages}
        except NotFound:
            return {}

    def lock(self, region: str, copy_id: str, days: int, mode: str) -> datetime:
        activity = f"Locking the copy {copy_id} in {region}"
        answer = self._service.write(
            "LockSnapshot",
            region,
            activity,
            SnapshotId=copy_id,
            LockMode=mode,
            LockDuration=days,
            # Required. With 0 nobody can ever undo the lock, as the documentation says.
            CoolOffPeriod=0,
            ClientToken=uuid.uuid4().hex,
        )
        lock = lock_of(answer.get("LockedSnapshotInfo") or {})
        return returned(lock.until, "end of the lock", activity)

    def list_sets(self, region: str, snapshots: Sequence[Snapshot]) -> list[ListedSet]:
        """List the snapshot-consistent groups (api-facts: ecs-snapshot-groups)."""
        activity, keys = f"Listing the snapshot-consistent groups in {region}", ("SnapshotGroups", "SnapshotGroup")
        complete = numbered("Status", [COMPLETE_GROUP])
        return [
            set_of(shown) for shown in self._all_pages("DescribeSnapshotGroups", region, activity, keys, [complete])
        ]

    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        pairs = [{"Key": key} if value == "*" else {"Key": key, "Value": value} for key, value in tags.items()]
        filters = [{"DiskIds": ids, **numbered("Tag", pairs)} for ids in batches(disk_ids, PAGE)]
        disks = self._disks(region, filters or [numbered("Tag", pairs)])
        if tags and not disk_ids and len(disks) >= MAX_BY_TAG:
            disks = self._disks(region, [{}])
        return [disk for disk in disks if disk.has_tags(tags)]

    def _disks(self, region: str, filters: Sequence[Mapping[str, Any]], pages: Pages | None = None) -> list[Disk]:
        activity = f"Listing the disks in {region}"
        shown = self._all_pages("DescribeDisks", region, activity, ("Disks", "Disk"), filters, pages)
        return [disk_of(item, region) for item in shown]

    def _by_id(self, region: str, snapshot_ids: Sequence[str], activity: str) -> dict[str, Snapshot]:
        queries = [{"SnapshotIds": ids} for ids in batches(snapshot_ids, PAGE)]
        return {s.id: s for s in self._listed(region, activity, *queries)}

    def _listed(
        self, region: str, activity: str, *queries: Mapping[str, Any], pages: Pages | None = None
    ) -> Iterator[Snapshot]:
        for shown in self._all_pages("DescribeSnapshots", region, activity, ("Snapshots", "Snapshot"), queries, pages):
            yield snapshot_of(shown, region)

    def _all_pages(
        self,
        action: str,
        region: str,
        activity: str,
        keys: tuple[str, ...],
        queries: Sequence[Mapping[str, Any]],
        pages: Pages | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Read all pages of all queries."""
        pages = pages or self.pages()

        def page(given: Mapping[str, Any], token: str | None) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
            answer = self._service.read(action, region, activity, MaxResults=PAGE, NextToken=token, **given)
            if token is None and action in COUNTED and (answer.get(keys[0]) or {}).get(keys[1]) is None:
                # An empty list may be missing. Only with a page number the count has a meaning (api-facts:
                # null-listings).
                with_count = self._service.read(action, region, activity, PageNumber=1, PageSize=PAGE, **given)
                answer = {**answer, "TotalCount": with_count.get("TotalCount")}
            return answer, identified(items_of(answer, *keys, activity=activity), ID_KEYS[action], activity)

        for given in queries:
            yield from token_pages(partial(page, given), pages, activity)
