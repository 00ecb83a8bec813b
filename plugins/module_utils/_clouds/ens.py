# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alibaba Cloud Edge Node Service: CopySnapshot 2017-11-10 (contract, part C)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .._copy.errors import Ambiguous, Busy, CopyError, NotFound, Refused
from .._copy.model import CopyOrder, CopyRequest, Snapshot, TagChange
from .._copy.texts import TextRule
from .alibaba import Service
from .base import Disk, SnapshotCloud
from .ens_answers import begun_source, disk_of, snapshot_of
from .listings import batches, items_of, steady_pages

ENDPOINT = "https://ens.aliyuncs.com"
#: The region of the central endpoint's API; it has nothing to do with nodes (contract C.4).
API_REGION = "cn-hangzhou"
ERRORS: dict[str, type[CopyError]] = {
    "ens.interface.error": Ambiguous,
    **dict.fromkeys(("InvalidSnapshotId", "ERROR_SNAPSHOT_NOT_FOUND", "INSTANCE_ID_NOT_FOUND"), NotFound),
    **dict.fromkeys(("Order.CreateFailed", "ERROR_SNAPSHOT_COPY_IN_PROGRESS", "DISK_SNAPSHOT_STATUS_NOT_MATCH"), Busy),
}
HINTS = {
    "ENS_SERVICE_ARREARAGE": "Settle the account's bill.",
    "SaleControl.VerificationFailed": "Ask Alibaba Cloud to allow this account to buy the resource on that node.",
    "Order.CreateFailed": "Check the account's balance and the node's capacity, then run again.",
    "SNAPSHOT_CLONE_DISK_NOT_NULL": "A disk was made of it: delete the disk first, or keep the copy.",
}
#: A refused node comes without a reason (contract C.1).
UNTOLD = (
    "The service gives no reason. Likely ones: a sales rule for the node, arrears, or no capacity there. Order a disk "
    "snapshot on that node in the console, which tells it, or ask the support with the request ID."
)
#: How often an order that could not be created is tried: it may be passing or permanent (contract C.1).
ORDER_ATTEMPTS = 4
#: Results of a page, and IDs of a describe call (contract C.2, C.3).
PAGE, IDS = 50, 100


class EnsCloud(SnapshotCloud):
    """ENS snapshots of the account that the credentials belong to. A region is a node, such as cn-hangzhou-26."""

    snapshot_id_pattern = r"sp-[0-9a-z]+"
    snapshot_id_example = "sp-5nnqx3qsr4lx9cqm5****"
    disk_id_pattern = r"d-[0-9a-z]+"
    disk_id_example = "d-5nnqx3qsr4lx9cqm5****"
    name_rule = TextRule(
        longest=128,
        shortest=2,
        pattern=r"(?!https?://)[^\W\d_][\w:\-]*",
        wants="a letter first, then letters, digits, and : _ - (no period)",
    )
    description_rule = TextRule(
        longest=256, shortest=2, pattern=r"(?s)(?!https?://).*", wants="without http:// at its beginning"
    )
    tag_rules = None
    many_destinations_per_call = True
    records_sources = True

    def __init__(self, module: Any):
        super().__init__()
        self._service = Service(
            module.params,
            self.calls,
            "aliyunsdkens.request.v20171110",
            "ALIBABA_CLOUD_ENS_ENDPOINT",
            ENDPOINT,
            ERRORS,
            HINTS,
        )
        self._failed_orders: Counter[str] = Counter()

    def region_problem(self, region: str) -> str | None:
        return None if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", region) else "is no node, they look like cn-hangzhou-26"

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        return []

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        """Read by ID, on one node or, without one, on all; an ID that stands on several nodes is an error of its own."""
        tried = f"Reading the source snapshots on {region or 'all nodes'}"
        found: dict[str, Snapshot | CopyError] = {}
        for ids in batches(snapshot_ids, IDS):
            for source in self._snapshots(tried, EnsRegionId=region, SnapshotId=ids):
                if source.snapshot_id in found:
                    found[source.snapshot_id] = Refused(
                        f"The source snapshot {source.snapshot_id} stands on several nodes", hint="Set source_region."
                    )
                else:
                    found[source.snapshot_id] = source
        return found

    def refresh(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, Snapshot]:
        tried = f"Looking at the copies on {region}"
        listed = [
            s for ids in batches(snapshot_ids, IDS) for s in self._snapshots(tried, EnsRegionId=region, SnapshotId=ids)
        ]
        return {s.snapshot_id: s for s in listed}

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> list[Snapshot]:
        return [s for s in self._snapshots(f"Listing the copies on {region}", EnsRegionId=region) if s.source]

    def list_snapshots(self, region: str) -> list[Snapshot]:
        return self._snapshots(f"Listing the snapshots on {region}", EnsRegionId=region)

    def begin(self, orders: Sequence[CopyOrder]) -> list[Snapshot | CopyError]:
        first, nodes = orders[0], [order.request.region for order in orders]
        tried = f"Copying {first.request.snapshot_id} from {first.source.region} to {', '.join(nodes)}"
        try:
            answer = self._service.write(
                "CopySnapshot",
                API_REGION,
                tried,
                SnapshotId=first.request.snapshot_id,
                DestinationRegionIds=nodes,
                DestinationSnapshotName=first.name,
                DestinationSnapshotDescription=first.description,
                **first.request.options,
            )
        except Busy as error:
            raise self._patience(first, error) from error
        return [self._allocated(order, answer, tried) for order in orders]

    def _patience(self, order: CopyOrder, error: Busy) -> CopyError:
        """An order that could not be created is asked for a few times, then it counts as refused."""
        if error.code != "Order.CreateFailed":
            return error
        self._failed_orders[order.request.snapshot_id] += 1
        if self._failed_orders[order.request.snapshot_id] < ORDER_ATTEMPTS:
            return error
        return error.as_kind(Refused)

    def _allocated(self, order: CopyOrder, answer: Mapping[str, Any], tried: str) -> Snapshot | CopyError:
        """Read what came of one node; the status of the whole answer says too little (contract C.1)."""
        node, request_id = order.request.region, answer.get("RequestId")
        for item in answer.get("AllocationId") or ():
            if item.get("EnsRegionId") == node and item.get("InstanceId"):
                source = begun_source(order)
                return self.begun(order, item["InstanceId"][0], "creating", disk_id=order.source.disk_id, source=source)
        if any(item.get("EnsRegionId") == node for item in answer.get("UnAllocationId") or ()):
            return Refused(
                f"{tried}: the node {node} refused", code="UnAllocationId", request_id=request_id, hint=UNTOLD
            )
        return Ambiguous(f"{tried}: the answer does not mention {node}", code="MissingNode", request_id=request_id)

    def delete_one(self, region: str, snapshot_id: str) -> None:
        self._service.write(
            "DeleteSnapshot", API_REGION, f"Deleting the copy {snapshot_id} on {region}", SnapshotId=snapshot_id
        )

    def change_tags(self, region: str, snapshot_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        """ENS knows no tags of snapshots, and the engine asks for none where tag_rules is None."""
        return {}

    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        shown = self._pages("DescribeDisks", f"Listing the disks on {region}", "DiskId", EnsRegionId=region)
        disks = [disk_of(item, region) for item in shown]
        return [disk for disk in disks if disk.bears(tags) and (not disk_ids or disk.disk_id in disk_ids)]

    def failure_hint(self, copy: Snapshot) -> str:
        return f"ENS gives no reason; look at {copy.snapshot_id} in the console of {copy.region}. The next run replaces it."

    def _snapshots(self, tried: str, **given: Any) -> list[Snapshot]:
        return [snapshot_of(item) for item in self._pages("DescribeSnapshots", tried, "SnapshotId", **given)]

    def _pages(self, action: str, tried: str, key: str, **given: Any) -> list[dict[str, Any]]:
        def page(number: int) -> tuple[list[dict[str, Any]], Any]:
            answer = self._service.read(action, API_REGION, tried, PageNumber=number, PageSize=PAGE, **given)
            keys = ("Snapshots",) if action == "DescribeSnapshots" else ("Disks", "Disks")
            return items_of(answer, *keys, tried=tried), answer.get("TotalCount")

        return steady_pages(page, PAGE, lambda item: (item[key], item.get("EnsRegionId")), tried)
