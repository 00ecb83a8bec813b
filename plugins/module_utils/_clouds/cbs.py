# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent Cloud CBS: CopySnapshotCrossRegions 2017-03-12 (contract, part D)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from .._copy.errors import Ambiguous, Busy, CopyError, NotFound, Retry, Throttled, Underway
from .._copy.model import CopyOrder, CopyRequest, Snapshot, State, TagChange
from .._copy.tagging import PROVENANCE_KEYS, SOURCE_SNAPSHOT_ID, TagRules
from .._copy.texts import TextRule
from .base import Disk, SnapshotCloud
from .cbs_answers import SNAPSHOT_ID, begun_source, closing, disk_of, snapshot_of, source_in_name, time_text
from .listings import batches, items_of, steady_pages
from .tencent import Service
from .tencent_errors import failure

#: The API's limits: IDs and results of a describe call, tags of a tag call (contract D.2, D.3).
PAGE, TAGS = 100, 10
#: A creation time so far ahead of this machine's clock means that the service writes times of another zone.
AHEAD = timedelta(minutes=5)


class CbsCloud(SnapshotCloud):
    """CBS snapshots of the account that the credentials belong to."""

    snapshot_id_pattern = SNAPSHOT_ID
    snapshot_id_example = "snap-ckgjwkqh"
    disk_id_pattern = r"disk-[0-9a-z]{8}"
    disk_id_example = "disk-hdh1y4za"
    name_rule = TextRule(longest=60, shortest=1)
    description_rule = None
    tag_rules = TagRules(
        most=50,
        longest_key=127,
        longest_value=255,
        shortest_value=1,
        reserved=("qcs:", "project"),
        forbidden=r"[^\w +\-=.:/@()\[\],;><]|^ | $",
    )
    many_destinations_per_call = True
    tags_in_copy_call = False
    tagged_per_call = 10
    deleted_per_call = PAGE
    names_tell_sources = True
    expires_after_copying = True
    loss_hint = (
        "CBS shows no failed copies and gives no reason: look for the copy in CloudAudit and in the console's messages, "
        "and at the account's balance and snapshot quota there. Run again to make a new copy."
    )

    def __init__(self, module: Any):
        super().__init__()
        self._service = Service(module.params, self.calls, lambda: self.deadline)
        #: Regions whose clock was seen to be ahead, and warned of.
        self._ahead: set[str] = set()

    def region_problem(self, region: str) -> str | None:
        return None if re.fullmatch(r"[a-z]{2}(-[a-z0-9]+)+", region) else "is no region, they look like ap-guangzhou"

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        days = requests[0].retention_days if requests else None
        return [] if days is None or 1 <= days <= 65536 else [f"retention_days: {days} is not within 1 to 65536"]

    def full_name(self, name: str, snapshot_id: str) -> str:
        """Add the source's ID where the name does not tell it: a name is the only mark that comes with the copy."""
        return name if source_in_name(name)[0] == snapshot_id else name + closing(snapshot_id)

    def name_problem(self, name: str, snapshot_id: str) -> str | None:
        full = self.full_name(name, snapshot_id)
        if full == name or len(full) <= self.name_rule.longest:
            return super().name_problem(name, snapshot_id)
        left = self.name_rule.longest - len(closing(snapshot_id))
        return (
            f"has {len(name)} characters, at most {left} are allowed, since {closing(snapshot_id)!r} is added to a name "
            f"that does not hold the source's ID alone"
        )

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        return {**self._by_id(region or "", snapshot_ids, f"Reading the source snapshots in {region}")}

    def refresh(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, Snapshot]:
        return self._by_id(region, snapshot_ids, f"Looking at the copies in {region}")

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> list[Snapshot]:
        listed = self._listed(region, f"Listing the copies in {region}")
        return [s for s in listed if s.owned and (s.source or s.is_copy)]

    def list_snapshots(self, region: str) -> list[Snapshot]:
        return [s for s in self._listed(region, f"Listing the snapshots in {region}") if s.owned]

    def begin(self, orders: Sequence[CopyOrder]) -> list[Snapshot | CopyError]:
        try:
            return self._begin(orders)
        except CopyError as error:
            if len(orders) == 1 or error.spreads or not (error.retry is Retry.NEVER or isinstance(error, Underway)):
                raise
        # Which destination the service meant it does not say, so each is asked for alone.
        answers: list[Snapshot | CopyError] = []
        for order in orders:
            try:
                answers += self._begin([order])
            except CopyError as error:
                answers.append(error)
        return answers

    def _begin(self, orders: Sequence[CopyOrder]) -> list[Snapshot | CopyError]:
        first, regions = orders[0], [order.request.region for order in orders]
        tried = f"Copying {first.request.snapshot_id} from {first.source.region} to {', '.join(regions)}"
        answer = self._service.write(
            "CopySnapshotCrossRegions",
            first.source.region,
            tried,
            SnapshotId=first.request.snapshot_id,
            DestinationRegions=regions,
            SnapshotName=first.name,
        )
        shown = answer.get("SnapshotCopyResultSet")
        if not isinstance(shown, list):
            raise Ambiguous(f"{tried}: the answer holds no result", request_id=answer.get("RequestId"))
        results = {item.get("DestinationRegion"): item for item in shown if isinstance(item, dict)}
        return [self._result(order, results.get(order.request.region), answer.get("RequestId")) for order in orders]

    def _result(self, order: CopyOrder, item: Mapping[str, Any] | None, request_id: Any) -> Snapshot | CopyError:
        """Read what came of one destination; a call can succeed as a whole and fail for some (contract D.1)."""
        request = order.request
        tried = f"Copying {request.snapshot_id} from {order.source.region} to {request.region}"
        if item is None:
            return Ambiguous(f"{tried}: the answer does not mention this region", request_id=request_id)
        if not item.get("Code"):
            return Ambiguous(f"{tried}: the answer does not say whether it was begun", request_id=request_id)
        if item["Code"] != "Success":
            return failure(item.get("Code"), item.get("Message"), tried, request_id)
        if not item.get("SnapshotId"):
            return Ambiguous(f"{tried}: the call was accepted, but no ID was told", request_id=request_id)
        source = begun_source(order)
        return self.begun(order, item["SnapshotId"], "COPYING_FROM_REMOTE", tags={}, source=source, marked_ours=True)

    def delete(self, region: str, snapshot_ids: Sequence[str]) -> dict[str, CopyError]:
        """Delete in one call; it is all or nothing, so one that is refused is made for each copy alone."""
        tried = f"Deleting {_some(snapshot_ids)} in {region}"
        try:
            self._service.write("DeleteSnapshots", region, tried, SnapshotIds=list(snapshot_ids))
        except CopyError as error:
            is_of_one = error.retry is Retry.NEVER or (isinstance(error, Busy) and not isinstance(error, Throttled))
            if is_of_one and not error.spreads and len(snapshot_ids) > 1:
                return {i: failed for one in snapshot_ids for i, failed in self.delete(region, [one]).items()}
            return {} if isinstance(error, NotFound) else dict.fromkeys(snapshot_ids, error)
        return {}

    def change_tags(self, region: str, snapshot_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        """Change tags through the tag service, provenance last, so that a copy that has it has all others too."""
        failed: dict[str, CopyError] = {}
        pairs = sorted(change.set.items(), key=lambda pair: (pair[0] in PROVENANCE_KEYS, pair[0] == SOURCE_SNAPSHOT_ID))
        calls: list[tuple[str, dict[str, Any]]] = [
            ("UnTagResources", {"TagKeys": keys}) for keys in batches(change.remove, TAGS)
        ]
        for some in batches(pairs, TAGS):
            calls.append(("TagResources", {"Tags": [{"TagKey": key, "TagValue": value} for key, value in some]}))
        for ids in batches(snapshot_ids, self.tagged_per_call):
            for action, given in calls:
                left = [snapshot_id for snapshot_id in ids if snapshot_id not in failed]
                if left:
                    failed.update(self._tag_call(action, region, left, **given))
        return failed

    def _tag_call(self, action: str, region: str, ids: Sequence[str], **given: Any) -> dict[str, CopyError]:
        tried = f"Tagging {_some(ids)} in {region}"
        names = {f"qcs::cvm:{region}:uin/:snapshot/{snapshot_id}": snapshot_id for snapshot_id in ids}
        answer = self._service.write(action, region, tried, service="tag", ResourceList=list(names), **given)
        failed: dict[str, CopyError] = {}
        for item in answer.get("FailedResources") or ():
            # The service may write the account into the name, so the ID at its end is compared.
            snapshot_id = str(item.get("Resource")).rpartition("/")[2]
            tried = f"Tagging {snapshot_id} in {region}"
            failed[snapshot_id] = failure(item.get("Code"), item.get("Message"), tried, answer.get("RequestId"))
        return failed

    def set_expiry(self, region: str, snapshot_id: str, moment: datetime) -> None:
        tried = f"Setting the deadline of {snapshot_id} in {region} to {time_text(moment)} (Asia/Shanghai)"
        self._service.write(
            "ModifySnapshotAttribute",
            region,
            tried,
            SnapshotId=snapshot_id,
            IsPermanent=False,
            Deadline=time_text(moment),
        )

    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        """List by ID or by tag, since the service takes only one of both; the rest is compared here."""
        tried = f"Listing the disks in {region}"
        filters = [
            {"Name": "tag-key", "Values": [key]} if value == "*" else {"Name": f"tag:{key}", "Values": [value]}
            for key, value in tags.items()
        ]
        asked: list[dict[str, Any]] = [{"DiskIds": ids} for ids in batches(disk_ids, PAGE)]
        asked = asked or [{"Filters": filters or None}]
        shown = [item for given in asked for item in self._pages("DescribeDisks", "DiskSet", region, tried, **given)]
        return [disk for item in shown if (disk := disk_of(item, region)).bears(tags)]

    def _by_id(self, region: str, snapshot_ids: Sequence[str], tried: str) -> dict[str, Snapshot]:
        """Read by ID; where an ID that is missing makes the service refuse them all, out of the whole listing."""
        found: list[Snapshot] = []
        for ids in batches(snapshot_ids, PAGE):
            try:
                found += self._listed(region, tried, SnapshotIds=ids)
            except NotFound:
                found += [s for s in self._listed(region, tried) if s.snapshot_id in ids]
        return {s.snapshot_id: s for s in found}

    def _listed(self, region: str, tried: str, **given: Any) -> list[Snapshot]:
        order = {} if given else {"OrderField": "CREATE_TIME", "Order": "ASC"}
        shown = self._pages("DescribeSnapshots", "SnapshotSet", region, tried, **given, **order)
        listed = [snapshot_of(item, region) for item in shown]
        newest = max((s.created_at for s in listed if s.created_at), default=None)
        if newest and newest > self.deadline.utc() + AHEAD and region not in self._ahead:
            self._ahead.add(region)
            self.warnings.append(
                f"{region}: the newest snapshot seems to be made in the future ({newest:%Y-%m-%d %H:%M} UTC). Either this "
                "machine's clock is slow, or CBS writes times of another zone than Asia/Shanghai here; ages and "
                "retention_days are then off by as much"
            )
        return [s for s in listed if s.state is not State.ABSENT]

    def _pages(self, action: str, key: str, region: str, tried: str, **given: Any) -> list[dict[str, Any]]:
        def page(number: int) -> tuple[list[dict[str, Any]], Any]:
            offset = (number - 1) * PAGE
            answer = self._service.read(action, region, tried, Limit=PAGE, Offset=offset, **given)
            return items_of(answer, key, tried=tried), answer.get("TotalCount")

        id_key = "SnapshotId" if key == "SnapshotSet" else "DiskId"
        return steady_pages(page, PAGE, lambda item: item.get(id_key), tried)


def _some(ids: Sequence[str]) -> str:
    return f"{', '.join(ids[:5])}{' ...' if len(ids) > 5 else ''}"
