# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that a restore makes from CBS snapshots (api-facts: cbs-disk-create, cbs-disk-token, cbs-disk-encryption,
cbs-disk-delete, cbs-disk-offers, cbs-disk-attach)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.disks import DiskCloud, Offer
from ..._core.errors import Busy, CopyError, NotFound, Underway
from ..._core.listing import Pages
from ..._core.model import CopyOrder, CopyRequest, Disk, Resource
from ..._core.safe_calls import batches
from ..._core.tags import RESTORE_ID, RESTORE_KEYS
from ..paging import items_of, returned
from .cbs import CbsCloud
from .cbs_answers import disk_of
from .cbs_capabilities import TAG_RULES
from .cbs_reads import PAGE

#: Billing by the hour.
HOURLY = "POSTPAID_BY_HOUR"
#: How many refused tokens are tried before the run looks again: nobody has recorded what else the refusal may mean.
TOKENS_AT_ONCE = 100


class CbsDisks(DiskCloud, CbsCloud):
    """CBS disks of one restore."""

    disk_tag_rules = TAG_RULES
    tagged_resource = "volume"
    passing_tags = RESTORE_KEYS
    deletes_later = True
    deleted_per_call = 50
    may_answer_with_gone = True
    #: CBS does not show a disk before it is made, or a failed disk.
    unseen_seconds = 600.0
    #: The same token makes a repeated call safe (api-facts: cbs-disk-token). But a refused token may belong to a disk
    #: that is being made and does not show yet.
    doubt_seconds, underway_seconds = 10.0, unseen_seconds
    gone_hint = (
        "Look for the disk in CloudAudit and in the console's messages, and check the account's balance and quota. "
        "Then run again. CBS does not show failed disks, and gives no reason."
    )

    def __init__(self, module: Any):
        super().__init__(module)
        self._encrypt_type: str | None = module.params["encrypt_type"]
        #: When (monotonic) a token was first refused, by snapshot and region.
        self._refused_at: dict[tuple[str, str], float] = {}

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        is_alone = self._encrypt_type and not any(request.encrypted for request in requests)
        return [*super().option_problems(requests), *(["encrypt_type needs encrypted: true"] if is_alone else ())]

    def list_restored(self, region: str, pages: Pages) -> list[Disk]:
        filters = [{"Name": f"tag:{RESTORE_ID}", "Values": [self.restore_id]}]
        activity = f"Listing the disks of {self.restore_id} in {region}"
        return self._disks(region, activity, [{"Filters": filters}], pages)

    def read_disks(self, region: str, disk_ids: Sequence[str]) -> list[Disk]:
        """Read by ID. If the service refuses the call because of a missing ID, read all disks of this restore."""
        queries = [{"DiskIds": ids} for ids in batches(disk_ids, PAGE)]
        try:
            return self._disks(region, f"Reading the disks in {region}", queries)
        except NotFound:
            return [disk for disk in self.list_restored(region, self.pages()) if disk.disk_id in disk_ids]

    def _disks(
        self, region: str, activity: str, queries: Sequence[Mapping[str, Any]], pages: Pages | None = None
    ) -> list[Disk]:
        items = self._reads.all_pages("DescribeDisks", "DiskSet", region, activity, queries, pages)
        return [disk_of(item, region) for item in items]

    def list_offers(self, region: str) -> list[Offer]:
        activity = f"Listing the available disk types in {region}"
        given = {"InquiryType": "INQUIRY_CBS_CONFIG", "DiskChargeType": HOURLY, "DiskUsage": "DATA_DISK"}
        answer = self._service.read("DescribeDiskConfigQuota", region, activity, **given)
        # The service also returns offers that were not requested.
        sold = [
            item
            for item in items_of(answer, "DiskConfigSet", activity=activity)
            if item.get("Available") and item.get("DiskChargeType") == HOURLY and item.get("DiskUsage") == "DATA_DISK"
        ]
        return [
            Offer(i.get("Zone"), str(i.get("DiskType")), i["MinDiskSize"], i["MaxDiskSize"], i.get("StepSize") or 1)
            for i in sold
            if i.get("MinDiskSize") and i.get("MaxDiskSize")
        ]

    def begin_one(self, order: CopyOrder) -> Resource:
        """Make a disk.

        The disk of a refused token shows by the time the next token is tried. The disks of later tokens show by then
        too, so there is no further wait for them.
        """
        key = (order.request.snapshot_id, order.request.region)
        tried = 0
        while True:
            try:
                return self._made(order)
            except Underway:
                self.record_used_token(order)
                now, tried = self.deadline.now(), tried + 1
                waits = now < self._refused_at.setdefault(key, now) + self.underway_seconds
                if waits or tried == TOKENS_AT_ONCE or self.deadline.passed:
                    raise

    def _made(self, order: CopyOrder) -> Resource:
        request, disk = order.request, order.request.disk
        activity = f"Creating a disk from {request.snapshot_id} in {disk.zone}"
        name = f"{request.snapshot_id}.{self.restore_id}"[: self.name_rule.max_length]
        is_encrypted = request.encrypted or order.source.encrypted
        answer = self._service.write(
            "CreateDisks",
            request.region,
            activity,
            Placement={"Zone": disk.zone},
            DiskChargeType=HOURLY,
            DiskType=disk.disk_type,
            DiskName=name,
            DiskSize=disk.size_gib,
            DiskCount=1,
            SnapshotId=request.snapshot_id,
            Tags=[{"Key": key, "Value": value} for key, value in (request.tags or {}).items()],
            Encrypt="ENCRYPT" if is_encrypted else None,
            EncryptType=self._encrypt_type if is_encrypted else None,
            KmsKeyId=request.kms_key_id,
            ClientToken=self.token_of(order),
        )
        ids = answer.get("DiskIdSet")
        ids = returned(ids if isinstance(ids, list) else None, "disk ID", activity, answer.get("RequestId"))
        return self.new_disk(order, str(ids[0]), "", name=name, shows_snapshot=False)

    def attach(self, region: str, disk_id: str, instance_id: str, device: str | None) -> None:
        self._change_attachment("AttachDisks", region, disk_id, instance_id, f"Attaching the disk {disk_id} to")

    def detach(self, region: str, disk_id: str, instance_id: str) -> None:
        self._change_attachment("DetachDisks", region, disk_id, instance_id, f"Detaching the disk {disk_id} from")

    def _change_attachment(self, action: str, region: str, disk_id: str, instance_id: str, activity: str) -> None:
        activity = f"{activity} {instance_id} in {region}"
        try:
            self._service.write(action, region, activity, InstanceId=instance_id, DiskIds=[disk_id])
        except CopyError as error:
            if error.code in ("ResourceUnavailable.Attached", "FailedOperation.DiskAttached"):
                raise error.as_kind(Underway) from error
            if "retry later" in str(error):
                raise error.as_kind(Busy) from error
            raise

    def _delete_all(self, region: str, resource_ids: Sequence[str], activity: str) -> None:
        self._service.write("TerminateDisks", region, activity, DiskIds=list(resource_ids))
