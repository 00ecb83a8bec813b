# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent Cloud CBS: CopySnapshotCrossRegions 2017-03-12 (api-facts: cbs-copy-call)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from ..._core.cloud import SnapshotCloud
from ..._core.errors import AcceptedWithoutId, Ambiguous, Busy, CopyError, NotFound, Throttled
from ..._core.listing import Listing
from ..._core.model import CopyOrder, CopyRequest, Disk, Resource, Snapshot, SnapshotFilter, State, TagChange, Trait
from ..._core.pacing import retry_until_answered
from ..._core.ranges import range_problems
from ..._core.safe_calls import batches
from ..._core.sets import ListedSet
from ..wording import first_ids
from .cbs_answers import deadline_text, disk_of, set_of, source_of_order
from .cbs_capabilities import CbsCapabilities
from .cbs_names import full_name, name_ending
from .cbs_reads import PAGE, CbsReads, only
from .cbs_tags import TAGS_PER_CALL, Tags
from .client import Service
from .errors import failure

#: The most disks in a filter, and the most disks to read by filter; for more, the entire region is listed
#: (api-facts: cbs-describe-limits).
DISKS_PER_FILTER, MAX_BY_DISK = 10, 100
#: The states of copies in progress.
IN_PROGRESS = ("COPYING_FROM_REMOTE", "CHECKING_COPIED")


class CbsCloud(CbsCapabilities, SnapshotCloud):
    """CBS snapshots of the account that the credentials belong to."""

    #: The tag service's name for the resources whose tags are changed.
    tagged_resource = "snapshot"

    def __init__(self, module: Any):
        super().__init__()
        self._service = Service(module.params, self.calls, lambda: self.deadline, self.clock.record_date)
        self._tags = Tags(self._service)
        self.refused_tags = self._tags.refused
        self._reads = CbsReads(self._service, self.pages, self.utc, self.warnings)

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        return range_problems("retention_days", requests[0].retention_days, 1, 65536) if requests else []

    def full_name(self, name: str, snapshot_id: str, source: Snapshot | None = None) -> str:
        """Add the source as our mark, because the name is the only mark that CBS sets together with the copy."""
        return full_name(name, snapshot_id, source)

    def name_problem(self, name: str, snapshot_id: str) -> str | None:
        if not name:
            return "is empty"
        full = self.full_name(name, snapshot_id)
        if len(full) <= self.name_rule.max_length:
            return super().name_problem(name, snapshot_id)
        left = self.name_rule.max_length - len(name_ending(snapshot_id))
        return (
            f"has {len(name)} characters, but at most {left} are allowed. The module appends "
            f"{name_ending(snapshot_id)!r} to identify the copy"
        )

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        found = self._reads.by_id(region or "", snapshot_ids, f"Reading the source snapshots in {region}")
        instant = sorted(snapshot_id for snapshot_id, snapshot in found.items() if Trait.INSTANT in snapshot.traits)
        if instant:
            self.warnings.append(
                f"{first_ids(instant)} in {region}: instant snapshots are kept on the disk's own cluster, and CBS does "
                "not say whether they can be copied. If it refuses, take an ordinary snapshot of the disk"
            )
        return {**found}

    def refresh(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        return self._reads.by_id(region, resource_ids, f"Reading the copies in {region}")

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> Listing:
        pages = self.pages()
        listed = self._reads.listed(region, f"Listing the copies in {region}", pages=pages)
        return pages.listing([s for s in listed if s.owned and (s.source or s.is_copy)])

    def list_in_progress(self, region: str) -> list[Snapshot]:
        activity = f"Listing the copies in progress in {region}"
        listed = self._reads.listed(region, activity, [only("snapshot-state", IN_PROGRESS)])
        return [s for s in listed if s.owned and s.is_copy and s.state is State.PENDING]

    def list_snapshots(self, region: str, wanted: SnapshotFilter) -> list[Snapshot]:
        """List by ID or, for a few disks, by disk.

        There is no filter on the source of a copy (api-facts: cbs-describe-limits).
        """
        activity = f"Listing the snapshots in {region}"
        if wanted.snapshot_ids is not None:
            return [s for s in self._reads.by_id(region, sorted(wanted.snapshot_ids), activity).values() if s.owned]
        queries: list[dict[str, Any]] = [{}]
        disk_ids = sorted(wanted.disk_ids or ())
        if wanted.disk_ids is not None and wanted.disks_are_here and len(disk_ids) <= MAX_BY_DISK:
            queries = [only("disk-id", ids) for ids in batches(disk_ids, DISKS_PER_FILTER)]
        return [s for s in self._reads.listed(region, activity, queries) if s.owned]

    def list_sets(self, region: str, snapshots: Sequence[Snapshot]) -> list[ListedSet]:
        """List the snapshot groups that CBS calls consistent (api-facts: cbs-snapshot-groups)."""
        disks = {snapshot.id: snapshot.disk_id for snapshot in snapshots}
        activity = f"Listing the snapshot groups in {region}"
        groups = self._reads.all_pages("DescribeSnapshotGroups", "SnapshotGroupSet", region, activity, [{}])
        return [found for shown in groups if (found := set_of(shown, disks))]

    def may_be_of_one(self, error: CopyError) -> bool:
        """Whether one of several copies may be the reason for an error.

        The service does not name the destination or the copy that it refuses, even if only that one is busy
        (api-facts: cbs-conflict, cbs-delete).
        """
        is_busy = isinstance(error, Busy) and not isinstance(error, Throttled)
        return is_busy or super().may_be_of_one(error)

    def begin(self, orders: Sequence[CopyOrder]) -> list[Resource | CopyError]:
        first, regions = orders[0], [order.request.region for order in orders]
        activity = f"Copying {first.request.snapshot_id} from {first.source.region} to {', '.join(regions)}"
        answer = self._service.write(
            "CopySnapshotCrossRegions",
            first.source.region,
            activity,
            SnapshotId=first.request.snapshot_id,
            DestinationRegions=regions,
            SnapshotName=first.name,
        )
        shown = answer.get("SnapshotCopyResultSet")
        if not isinstance(shown, list):
            raise Ambiguous(f"{activity}: the response contains no result", request_id=answer.get("RequestId"))
        results = {item.get("DestinationRegion"): item for item in shown if isinstance(item, dict)}
        return [self._result(order, results.get(order.request.region), answer.get("RequestId")) for order in orders]

    def _result(self, order: CopyOrder, item: Mapping[str, Any] | None, request_id: Any) -> Snapshot | CopyError:
        """Return the result for one destination, because a call may fail for some (api-facts: cbs-copy-results)."""
        request = order.request
        activity = f"Copying {request.snapshot_id} from {order.source.region} to {request.region}"
        if item is None:
            return Ambiguous(f"{activity}: the response does not mention this region", request_id=request_id)
        if not item.get("Code"):
            return Ambiguous(
                f"{activity}: the response does not say whether the copy was started", request_id=request_id
            )
        if item["Code"] != "Success":
            return failure(item.get("Code"), item.get("Message"), activity, request_id)
        if not item.get("SnapshotId"):
            # The call accepts no client token, so a second one may make a second copy (api-facts: cbs-copy-call).
            return AcceptedWithoutId(
                f"{activity}: the call was accepted, but returned no snapshot ID", request_id=request_id
            )
        copy = self.new_copy(order, item["SnapshotId"], "COPYING_FROM_REMOTE")
        return replace(copy, tags={}, source=source_of_order(order), marked_ours=True)

    def delete(self, region: str, resource_ids: Sequence[str]) -> dict[str, CopyError]:
        """Delete with one call, which deletes all copies or none."""
        activity = f"Deleting {first_ids(resource_ids)} in {region}"
        try:
            self._delete_all(region, resource_ids, activity)
        except NotFound:
            if len(resource_ids) > 1:
                raise
        return {}

    def _delete_all(self, region: str, resource_ids: Sequence[str], activity: str) -> None:
        self._service.write("DeleteSnapshots", region, activity, SnapshotIds=list(resource_ids))

    def change_tags(self, region: str, resource_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        failed: dict[str, CopyError] = {}
        for ids in batches(resource_ids, self.tagged_per_call):
            failed.update(self._tags.change(region, self.tagged_resource, ids, change))
        return failed

    def delete_tags(self, region: str, tags: Sequence[tuple[str, str]], each: bool) -> None:
        for some_tags in batches(tags, TAGS_PER_CALL):
            retry_until_answered(
                partial(self._tags.delete, region, some_tags, each), self.deadline.within(self.page_seconds)
            )

    def set_expiry(self, region: str, copy_id: str, moment: datetime) -> None:
        activity = f"Setting the expiry of {copy_id} in {region} to {deadline_text(moment)}"
        self._service.write(
            "ModifySnapshotAttribute",
            region,
            activity,
            SnapshotId=copy_id,
            IsPermanent=False,
            Deadline=deadline_text(moment),
        )

    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        """List by ID or by tag, because the service accepts only one of them; the other is compared here."""
        activity = f"Listing the disks in {region}"
        filters = [
            {"Name": "tag-key", "Values": [key]} if value == "*" else {"Name": f"tag:{key}", "Values": [value]}
            for key, value in tags.items()
        ]
        asked: list[dict[str, Any]] = [{"DiskIds": ids} for ids in batches(disk_ids, PAGE)]
        shown = self._reads.all_pages(
            "DescribeDisks", "DiskSet", region, activity, asked or [{"Filters": filters or None}]
        )
        return [disk for item in shown if (disk := disk_of(item, region)).has_tags(tags)]
