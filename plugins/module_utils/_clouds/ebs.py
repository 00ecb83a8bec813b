# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS EBS: EC2 CopySnapshot 2016-11-15 (contract, part E)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from .._copy.errors import Ambiguous, CopyError, Credentials, Unreachable
from .._copy.model import CopyOrder, CopyRequest, Snapshot, State, TagChange
from .._copy.tagging import SOURCE_SNAPSHOT_ID, TagRules
from .._copy.texts import TextRule
from .aws import AwsModule, Clients, translated
from .base import Disk, SnapshotCloud
from .ebs_answers import disk_of, snapshot_of
from .ebs_rules import known_regions, option_problems, place_problems
from .listings import batches, items_of

try:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
except ImportError:
    pass  # Clients says so by name

Answer = TypeVar("Answer")

#: EC2's limits: snapshots in a page, values in a filter (contract E.2).
PAGE, VALUES = 1000, 200


class EbsCloud(SnapshotCloud):
    """EBS snapshots of the account that the module's credentials belong to."""

    snapshot_id_pattern = r"snap-(?:[0-9a-f]{17}|[0-9a-f]{8})"
    snapshot_id_example = "snap-0123456789abcdef0"
    disk_id_pattern = r"vol-(?:[0-9a-f]{17}|[0-9a-f]{8})"
    disk_id_example = "vol-0123456789abcdef0"
    name_rule = TextRule(longest=256)
    description_rule = TextRule(longest=255)
    tag_rules = TagRules(most=50, longest_key=128, longest_value=256, reserved=("aws:",), name_key="Name")
    copies_within_region = True
    cancels_by_deletion = True
    calls_at_once = 4
    tells_permission = True
    lists_in_progress = True
    limits_copies_in_progress = True
    tagged_per_call = 1000

    def __init__(self, module: AwsModule):
        super().__init__()
        self._clients = Clients(module, self.calls)
        self.home_region = module.region
        self._account: str | None = None

    def region_problem(self, region: str) -> str | None:
        return None if region in known_regions() else "is no region that the installed boto3 knows (a newer boto3 may)"

    def place_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        return place_problems(requests)

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        return option_problems(requests)

    def _account_id(self, region: str) -> str:
        """Return the account's ID, asked once; in ``region``, since accounts belong to a partition of AWS."""
        if self._account is None:
            ask = self._clients.account_reader(region).get_caller_identity
            self._account = str(
                self._read("Asking for the account's ID (sts:GetCallerIdentity)", lambda: ask()["Account"])
            )
        return self._account

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        tried = f"Reading the source snapshots in {region}"
        region = region or ""
        found = self._by_id(region, snapshot_ids, tried, OwnerIds=["self"])
        others = [snapshot_id for snapshot_id in snapshot_ids if snapshot_id not in found]
        return {**found, **self._by_id(region, others, tried)}

    def refresh(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, Snapshot]:
        return self._by_id(region, snapshot_ids, f"Looking at the copies in {region}", OwnerIds=["self"])

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> list[Snapshot]:
        filters = []
        if source_ids and len(source_ids) <= VALUES:
            filters = [{"Name": f"tag:{SOURCE_SNAPSHOT_ID}", "Values": sorted(source_ids)}]
        listed = self._describe(region, f"Listing the copies in {region}", OwnerIds=["self"], Filters=filters)
        return [s for s in listed if s.owned and s.state is not State.ABSENT and (s.source or s.is_copy)]

    def list_in_progress(self, region: str) -> list[Snapshot]:
        filters = [{"Name": "status", "Values": ["pending"]}]
        listed = self._describe(
            region, f"Listing the copies in progress in {region}", OwnerIds=["self"], Filters=filters
        )
        return [s for s in listed if s.owned and s.state is State.PENDING and (s.source or s.is_copy)]

    def list_snapshots(self, region: str) -> list[Snapshot]:
        return [s for s in self._describe(region, f"Listing the snapshots in {region}", OwnerIds=["self"]) if s.owned]

    def begin_one(self, order: CopyOrder) -> Snapshot:
        request = order.request
        tried = f"Copying {request.snapshot_id} from {request.source_region} to {request.region}"
        copy = self._clients.writer(request.region).copy_snapshot
        answer = self._write(tried, partial(copy, **_arguments(order)))
        if not answer.get("SnapshotId"):
            raise Ambiguous(f"{tried}: AWS accepted the call but told no ID")
        return replace(self.begun(order, answer["SnapshotId"], "pending"), name=order.tags.get("Name", ""))

    def delete_one(self, region: str, snapshot_id: str) -> None:
        delete = self._clients.writer(region).delete_snapshot
        self._write(f"Deleting the copy {snapshot_id} in {region}", partial(delete, SnapshotId=snapshot_id))

    def change_tags(self, region: str, snapshot_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        client = self._clients.writer(region)
        for ids in batches(snapshot_ids, self.tagged_per_call):
            tried = f"Tagging {', '.join(ids[:5])}{' ...' if len(ids) > 5 else ''} in {region}"
            if change.remove:
                keys = [{"Key": key} for key in change.remove]
                self._write(tried, partial(client.delete_tags, Resources=ids, Tags=keys))
            if change.set:
                self._write(tried, partial(client.create_tags, Resources=ids, Tags=_tag_list(change.set)))
        return {}

    def check_permission(self, order: CopyOrder) -> None:
        request = order.request
        tried = f"Asking AWS whether {request.snapshot_id} may be copied to {request.region} (DryRun)"

        def ask() -> None:
            try:
                self._clients.reader(request.region).copy_snapshot(DryRun=True, **_arguments(order))
            except ClientError as error:
                if error.response["Error"]["Code"] != "DryRunOperation":
                    raise

        try:
            self._read(tried, ask)
        except Credentials as error:
            if error.code == "UnauthorizedOperation":
                error.hint = f"Grant ec2:CopySnapshot and ec2:CreateTags in {request.region} to the caller."
            raise

    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        filters = [
            {"Name": "tag-key", "Values": [key]}
            if value == "*"
            else {"Name": f"tag:{key}", "Values": [_literal(value)]}
            for key, value in tags.items()
        ]
        by_ids = [[{"Name": "volume-id", "Values": ids}] for ids in batches(disk_ids, VALUES)] or [[]]
        disks = []
        for by_id in by_ids:
            pages = (
                self._clients.reader(region)
                .get_paginator("describe_volumes")
                .paginate(Filters=filters + by_id, PaginationConfig={"PageSize": PAGE})
            )
            tried = f"Listing the volumes in {region}"
            volumes: list[Any] = self._read(tried, partial(list, _collected(pages, "Volumes")))
            disks += [disk_of(volume, region) for volume in volumes]
        return [disk for disk in disks if disk.bears(tags)]

    def failure_hint(self, copy: Snapshot) -> str:
        return (
            f"If it is about the KMS key: check that the key exists in {copy.region}, is enabled, and that the caller may "
            "use it (kms:DescribeKey, kms:CreateGrant, kms:GenerateDataKey*, kms:Decrypt). Then run again."
        )

    def _by_id(self, region: str, snapshot_ids: Sequence[str], tried: str, **scope: Any) -> dict[str, Snapshot]:
        """Read by filter, since asking by SnapshotIds fails as a whole where one is missing."""
        found = {}
        for ids in batches(snapshot_ids, VALUES):
            for snapshot in self._describe(region, tried, Filters=[{"Name": "snapshot-id", "Values": ids}], **scope):
                found[snapshot.snapshot_id] = snapshot
        return {i: s for i, s in found.items() if s.state is not State.ABSENT}

    def _describe(self, region: str, tried: str, **arguments: Any) -> list[Snapshot]:
        pages = (
            self._clients.reader(region)
            .get_paginator("describe_snapshots")
            .paginate(PaginationConfig={"PageSize": PAGE}, **arguments)
        )
        # Translated page by page, so that raw answers of many thousand snapshots are never held at once.
        return self._read(tried, lambda: [self._snapshot(s, region) for s in _collected(pages, "Snapshots")])

    def _snapshot(self, shown: Mapping[str, Any], region: str) -> Snapshot:
        return snapshot_of(shown, region, shown.get("OwnerId") == self._account_id(region))

    def _read(self, tried: str, call: Callable[[], Answer]) -> Answer:
        try:
            return self._write(tried, call)
        except Ambiguous as error:
            raise error.as_kind(Unreachable) from error

    def _write(self, tried: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            raise translated(error, tried) from error


def _arguments(order: CopyOrder) -> dict[str, Any]:
    """Return the arguments of CopySnapshot; botocore itself adds DestinationRegion and PresignedUrl."""
    request = order.request
    arguments = {
        "SourceRegion": request.source_region,
        "SourceSnapshotId": request.snapshot_id,
        "Description": order.description,
        "Encrypted": request.encrypted or None,
        "KmsKeyId": request.kms_key_id,
        "TagSpecifications": [{"ResourceType": "snapshot", "Tags": _tag_list(order.tags)}],
        **request.options,
    }
    return {key: value for key, value in arguments.items() if value is not None}


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _collected(pages: Any, key: str) -> Iterator[Any]:
    """Return what all pages hold. Raises Unreachable for an answer that holds no list, which a proxy may give."""
    for page in pages:
        yield from items_of(page, key, tried="Reading a page")


def _literal(value: str) -> str:
    """Take the meaning of wildcards from a filter's value."""
    return re.sub(r"([*?\\])", r"\\\1", value)
