# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alibaba Cloud Edge Node Service: CopySnapshot 2017-11-10 (api-facts: ens-copy-call)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..._core.cloud import SnapshotCloud
from ..._core.errors import AcceptedWithoutId, Ambiguous, Busy, CopyError, Credentials, NotFound, Refused
from ..._core.listing import Listing, Pages
from ..._core.model import CopyOrder, CopyRequest, Disk, Resource, Snapshot, SnapshotFilter, TagChange
from ..._core.safe_calls import batches
from ..paging import Page, Span, by_number, identified, items_of, joined_pages
from .client import Api, Service
from .ens_answers import disk_of, snapshot_of, source_of_order
from .ens_capabilities import EnsCapabilities
from .ens_errors import ERRORS, HINTS, ORDER_FAILED

ENDPOINT = "https://ens.aliyuncs.com"
#: The API region of the central endpoint; it has nothing to do with nodes. Accounts of the international site use an
#: endpoint with a region in its name (api-facts: ens-endpoint).
API_REGION = "cn-hangzhou"
_REGION_OF_HOST = re.compile(r"(?:https?://)?ens(?:-[a-z]+)?\.(?P<region>[a-z]+-[a-z0-9-]+)\.aliyuncs\.com(?::\d+)?/?")
#: How often an order that could not be created is tried; the cause may be temporary or permanent
#: (api-facts: ens-order-failed).
ORDER_ATTEMPTS = 4
#: The answer gives no reason for a refused node (api-facts: ens-partial-success).
NO_REASON = (
    "The service gives no reason. Likely reasons: a sales rule for the node, unpaid bills, or no capacity there. Order "
    "a disk snapshot on that node in the console, which shows the reason, or send the request ID to Alibaba Cloud's "
    "support."
)
#: The results per page, and the IDs per describe call (api-facts: ens-describe-limits).
PAGE, IDS_PER_CALL = 50, 100


class EnsCloud(EnsCapabilities, SnapshotCloud):
    """ENS snapshots of the account that the credentials belong to. A region is a node, such as cn-hangzhou-26."""

    api = Api("aliyunsdkens.request.v20171110", "ALIBABA_CLOUD_ENS_ENDPOINT", ERRORS, HINTS, ENDPOINT)

    def __init__(self, module: Any):
        super().__init__()
        self._service = Service(self.api, module.params, self.calls, self.clock.record_date)
        match = _REGION_OF_HOST.fullmatch(self._service.endpoint or "")
        self._api_region = match["region"] if match else API_REGION
        self._failed_orders: Counter[tuple[str, str]] = Counter()

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        return []

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        """Read by ID, on one node or, without a node, on all.

        If an ID exists on several nodes, that is an error for this ID.
        """
        activity = f"Reading the source snapshots on {region or 'all nodes'}"
        found: dict[str, Snapshot | CopyError] = {}
        for source in self._by_id(region, snapshot_ids, activity):
            if source.id in found:
                found[source.id] = Refused(
                    f"The source snapshot {source.id} is on several nodes", hint="Set source_region."
                )
            else:
                found[source.id] = source
        return found

    def refresh(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        return {s.id: s for s in self._by_id(region, resource_ids, f"Reading the copies on {region}")}

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> Listing:
        pages = self.pages()
        return pages.listing(self._snapshots(f"Listing the copies on {region}", [{"EnsRegionId": region}], pages))

    def list_snapshots(self, region: str, wanted: SnapshotFilter) -> list[Snapshot]:
        """List a node, or by ID.

        There is no filter on the disk or source of a snapshot (api-facts: ens-describe-limits).
        """
        activity = f"Listing the snapshots on {region}"
        if wanted.snapshot_ids is not None:
            return self._by_id(region, sorted(wanted.snapshot_ids), activity)
        return self._snapshots(activity, [{"EnsRegionId": region}])

    def may_be_of_one(self, error: CopyError) -> bool:
        """Whether one of several nodes may be the reason for an error.

        The service does not say which node it refused, but a missing source does not depend on the node
        (api-facts: ens-copy-call, ens-error-codes).
        """
        of_one = super().may_be_of_one(error) and not isinstance(error, (Credentials, NotFound))
        return of_one or error.code == ORDER_FAILED

    def begin(self, orders: Sequence[CopyOrder]) -> list[Resource | CopyError]:
        first, nodes = orders[0], [order.request.region for order in orders]
        activity = f"Copying {first.request.snapshot_id} from {first.source.region} to {', '.join(nodes)}"
        try:
            answer = self._service.write(
                "CopySnapshot",
                self._api_region,
                activity,
                SnapshotId=first.request.snapshot_id,
                DestinationRegionIds=nodes,
                DestinationSnapshotName=first.name,
                DestinationSnapshotDescription=first.description,
                **first.request.options,
            )
        except Busy as error:
            if len(orders) > 1:
                raise
            raise self._error_of_order(first, error) from error
        return [self._allocated(order, answer, activity) for order in orders]

    def _error_of_order(self, order: CopyOrder, error: Busy) -> CopyError:
        """Return the error of an order that could not be created: after a few attempts it counts as refused."""
        if error.code != ORDER_FAILED:
            return error
        key = order.request.snapshot_id, order.request.region
        self._failed_orders[key] += 1
        if self._failed_orders[key] < ORDER_ATTEMPTS:
            return error
        return error.as_kind(Refused)

    def _allocated(self, order: CopyOrder, answer: Mapping[str, Any], activity: str) -> Snapshot | CopyError:
        """Read the result for one node; the status of the answer is not enough (api-facts: ens-partial-success)."""
        node, request_id = order.request.region, answer.get("RequestId")
        for item in answer.get("AllocationId") or ():
            if item.get("EnsRegionId") == node and item.get("InstanceId"):
                answered = [str(snapshot_id) for snapshot_id in item["InstanceId"]]
                copy_id = next((i for i in answered if self.snapshot_ids.matches(i)), None)
                if copy_id is None:
                    # The documents call these instance IDs, so only the source fields identify the copy
                    # (api-facts: ens-copy-ids).
                    return AcceptedWithoutId(
                        f"{activity}: accepted on {node}, but {', '.join(answered)} is not a snapshot ID",
                        code="NoSnapshotId",
                        request_id=request_id,
                    )
                copy = self.new_copy(order, copy_id, "creating")
                return replace(copy, disk_id=order.source.disk_id, source=source_of_order(order))
        if any(item.get("EnsRegionId") == node for item in answer.get("UnAllocationId") or ()):
            return Refused(
                f"{activity}: the node {node} refused", code="UnAllocationId", request_id=request_id, hint=NO_REASON
            )
        return Ambiguous(f"{activity}: the response does not mention {node}", code="MissingNode", request_id=request_id)

    def delete_one(self, region: str, resource_id: str) -> None:
        self._service.write(
            "DeleteSnapshot", self._api_region, f"Deleting the copy {resource_id} on {region}", SnapshotId=resource_id
        )

    def change_tags(self, region: str, resource_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        """ENS has no snapshot tags; the engine changes no tags if ``tag_rules`` is None."""
        return {}

    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        node = {"EnsRegionId": region}
        shown = self._pages(self.pages(), "DescribeDisks", f"Listing the disks on {region}", "DiskId", node)
        disks = [disk_of(item, region) for item in shown]
        return [disk for disk in disks if disk.has_tags(tags) and (not disk_ids or disk.disk_id in disk_ids)]

    def failure_hint(self, copy: Resource) -> str:
        return f"ENS gives no reason; check {copy.id} in the ENS console, node {copy.region}. The next run replaces it."

    def _by_id(self, region: str | None, snapshot_ids: Sequence[str], activity: str) -> list[Snapshot]:
        return self._snapshots(
            activity, [{"EnsRegionId": region, "SnapshotId": ids} for ids in batches(snapshot_ids, IDS_PER_CALL)]
        )

    def _snapshots(
        self, activity: str, queries: Sequence[Mapping[str, Any]], pages: Pages | None = None
    ) -> list[Snapshot]:
        pages = pages or self.pages()
        shown = [self._pages(pages, "DescribeSnapshots", activity, "SnapshotId", given) for given in queries]
        return [
            snapshot_of(item, given.get("EnsRegionId") or "") for given, items in zip(queries, shown) for item in items
        ]

    def _pages(
        self, pages: Pages, action: str, activity: str, key: str, given: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        size = PAGE

        def page(given_page: Mapping[str, Any]) -> Page:
            nonlocal size
            answer = self._service.read(action, self._api_region, activity, **given_page, **given)
            keys = ("Snapshots",) if action == "DescribeSnapshots" else ("Disks", "Disks")
            shown_size = _integer(answer.get("PageSize")) or given_page["PageSize"]
            size = shown_size if shown_size < given_page["PageSize"] else size
            items = identified(items_of(answer, *keys, activity=activity), key, activity)
            return Page(items, answer.get("TotalCount"), shown_size)

        def span_of(index: int, end: int) -> Span:
            return by_number(size)(index, end)

        ids = given.get("SnapshotId") or given.get("DiskIds")
        max_items = len(ids) if ids and given.get("EnsRegionId") else None
        return joined_pages(
            page,
            span_of,
            lambda item: (item[key], item.get("EnsRegionId")),
            pages,
            activity,
            max_items,
        )


def _integer(shown: Any) -> int | None:
    """Return an integer that an answer shows as a number or as a string."""
    return int(shown) if str(shown).isdigit() else None
