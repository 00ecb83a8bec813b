# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS EBS: EC2 CopySnapshot 2016-11-15 (api-facts: ebs-copy-call)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from functools import partial
from typing import Any

from ..._core.cloud import SnapshotCloud
from ..._core.errors import AcceptedWithoutId, CopyError, Credentials
from ..._core.keys import Key
from ..._core.listing import Listing
from ..._core.locks import Lock
from ..._core.model import CopyOrder, CopyRequest, Disk, Resource, Snapshot, SnapshotFilter, State, TagChange, Trait
from ..._core.safe_calls import batches
from ..._core.sets import ListedSet
from ..paging import identified, items_of, returned, token_pages
from ..wording import first_ids
from .client import AwsModule
from .ebs_answers import disk_of, is_local_zone
from .ebs_capabilities import EbsCapabilities
from .ebs_queries import COPIES_IN_PROGRESS, queries_for_copies, snapshots_for, tag_filters
from .ebs_requests import arguments_of, tag_list
from .ebs_rules import keys_differ, known_regions, option_problems, partition_problems, place_problems
from .ebs_sets import sets_of
from .ec2_calls import OWN, PAGE, VALUES_PER_FILTER, Ec2Calls, queries_of
from .errors import KMS_ACTIONS
from .kms import KeyStates

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # Clients reports the missing package by name

#: The hint about a snapshot in the archive tier (api-facts: ebs-archive).
ARCHIVED_HINT = (
    "Restore it from the archive tier (RestoreSnapshotTier: in the console, or aws ec2 restore-snapshot-tier), which "
    "takes up to 72 hours, then run again; or use an older snapshot that is in the standard tier."
)


class EbsCloud(EbsCapabilities, SnapshotCloud):
    """EBS snapshots of the account that the module's credentials belong to."""

    def __init__(self, module: AwsModule):
        super().__init__()
        self._ec2 = Ec2Calls(module, self.calls, self.warnings, self._utc_now, self.pages, self.clock.record_date)
        self._keys = KeyStates(self._ec2)
        self.home_region = module.region
        self._set_tag = module.params.get("set_tag") or ""

    @property
    def account(self) -> str | None:  # type: ignore[override]
        return self._ec2.account

    @property
    def read_per_call(self) -> int:  # type: ignore[override]
        """As many as a filter accepts; a full page while all snapshots of the account fit into one."""
        return VALUES_PER_FILTER if self._ec2.has_long_listings else PAGE

    def keys_differ(self, asked: str, shown: str | None) -> bool:
        return keys_differ(asked, shown)

    def _utc_now(self) -> datetime:
        return self.deadline.utc()

    def region_problem(self, region: str) -> str | None:
        if region in known_regions():
            return None
        similar = get_close_matches(region, known_regions(), 1)
        example = f"did you mean {similar[0]}?" if similar else "example: eu-central-1"
        return f"is not a region that the installed boto3 knows ({example})"

    def place_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        return [*partition_problems(requests), *place_problems(requests)]

    def obstacle_to(self, request: CopyRequest, source: Snapshot) -> str | None:
        # Within the region AWS itself decides to which Local Zones it copies.
        may_stay = is_local_zone(source.place, source.region) and request.region == source.region
        return None if may_stay and Trait.ARCHIVED not in source.traits else source.obstacle

    def obstacle_hint(self, source: Snapshot) -> str:
        return ARCHIVED_HINT if Trait.ARCHIVED in source.traits else super().obstacle_hint(source)

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        return option_problems(requests)

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        activity = f"Reading the source snapshots in {region}"
        region = region or ""
        found: dict[str, Snapshot | CopyError] = {}
        # The account's own snapshots, those that others share with it, and public ones.
        for scope in (OWN, {"RestorableByUserIds": ["self"]}, {}):
            found.update(
                self._ec2.snapshots_by_id(region, [i for i in snapshot_ids if i not in found], activity, **scope)
            )
        return found

    def refresh(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        return self._ec2.snapshots_by_id(region, resource_ids, f"Reading the copies in {region}", **OWN)

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> Listing:
        queries = [()] if source_ids is None else queries_for_copies(sorted(source_ids))
        pages, activity = self.pages(), f"Listing the copies in {region}"
        listed = self._ec2.snapshots(region, activity, queries, pages, **OWN).values()
        copies = [s for s in listed if s.owned and s.state is not State.ABSENT and (s.source or s.is_copy)]
        return pages.listing(copies)

    def list_in_progress(self, region: str) -> list[Snapshot]:
        activity = f"Listing the copies in progress in {region}"
        listed = self._ec2.snapshots(region, activity, [COPIES_IN_PROGRESS], **OWN).values()
        return [s for s in listed if s.owned and s.state is State.PENDING and s.is_copy]

    def list_snapshots(self, region: str, wanted: SnapshotFilter) -> list[Snapshot]:
        listed = self._ec2.snapshots(region, f"Listing the snapshots in {region}", snapshots_for(wanted), **OWN)
        return [s for s in listed.values() if s.owned]

    def list_sets(self, region: str, snapshots: Sequence[Snapshot]) -> list[ListedSet]:
        return sets_of(snapshots, self._set_tag)

    def begin_one(self, order: CopyOrder) -> Resource:
        request = order.request
        activity = f"Copying {request.snapshot_id} from {request.source_region} to {request.region}"
        copy = self._ec2.writer(request.region).copy_snapshot
        answer = self._ec2.write(activity, partial(copy, **arguments_of(order)))
        # CopySnapshot accepts no client token, so a second call would make a second copy (api-facts: ebs-copy-call).
        request_id = answer["ResponseMetadata"].get("RequestId")
        copy_id: str = returned(answer.get("SnapshotId"), "snapshot ID", activity, request_id, AcceptedWithoutId)
        return replace(self.new_copy(order, copy_id, "pending"), name=order.tags.get("Name", ""))

    def delete_one(self, region: str, resource_id: str) -> None:
        delete = self._ec2.writer(region).delete_snapshot
        self._ec2.write(f"Deleting the copy {resource_id} in {region}", partial(delete, SnapshotId=resource_id))

    def read_keys(self, region: str, key_ids: Collection[str]) -> dict[str, Key]:
        """Read the states of KMS keys by the given IDs; a key that cannot be read is unknown."""
        return self._keys.read(region, key_ids, self.deadline)

    def change_tags(self, region: str, resource_ids: Sequence[str], change: TagChange) -> dict[str, CopyError]:
        client = self._ec2.writer(region)
        for ids in batches(resource_ids, self.tagged_per_call):
            activity = f"Tagging {first_ids(ids)} in {region}"
            if change.remove:
                keys = [{"Key": key} for key in change.remove]
                self._ec2.write(activity, partial(client.delete_tags, Resources=ids, Tags=keys))
            if change.set:
                self._ec2.write(activity, partial(client.create_tags, Resources=ids, Tags=tag_list(change.set)))
        return {}

    def list_locks(self, region: str) -> dict[str, Lock]:
        # Without IDs: it is unknown what AWS answers for an ID without a lock (api-facts: ebs-locks).
        activity = f"Listing the locks on snapshots in {region}"
        describe = self._ec2.reader(region).describe_locked_snapshots

        def page(token: str | None) -> tuple[Mapping[str, Any], list[dict[str, Any]]]:
            given = {"NextToken": token} if token else {}
            answer = self._ec2.read(activity, partial(describe, MaxResults=PAGE, **given))
            return answer, identified(items_of(answer, "Snapshots", activity=activity), "SnapshotId", activity)

        shown = token_pages(page, self.pages(), activity)
        return {s["SnapshotId"]: Lock(s.get("LockExpiresOn"), s.get("LockState") == "expired") for s in shown}

    def lock(self, region: str, copy_id: str, days: int, mode: str) -> datetime:
        send = partial(self._ec2.writer(region).lock_snapshot, SnapshotId=copy_id, LockMode=mode, LockDuration=days)
        activity = f"Locking the copy {copy_id} in {region}"
        until: datetime = returned(self._ec2.write(activity, send).get("LockExpiresOn"), "end of the lock", activity)
        return until

    def check_permission(self, order: CopyOrder) -> None:
        request = order.request
        activity = f"Checking with AWS whether {request.snapshot_id} may be copied to {request.region} (DryRun)"
        copy = partial(self._ec2.reader(request.region).copy_snapshot, **arguments_of(order))
        self._dry_run(activity, copy, f"Grant ec2:CopySnapshot and ec2:CreateTags in {request.region} to the caller.")

    def _dry_run(self, activity: str, call: Callable[..., Any], hint: str) -> None:
        def ask() -> None:
            try:
                call(DryRun=True)
            except ClientError as error:
                if error.response["Error"]["Code"] != "DryRunOperation":
                    raise

        try:
            self._ec2.read(activity, ask)
        except Credentials as error:
            if error.code == "UnauthorizedOperation":
                error.hint = f"{hint} {error.hint}"
            raise

    def list_disks(self, region: str, tags: Mapping[str, str], disk_ids: Sequence[str]) -> list[Disk]:
        by_tag = tag_filters(tags)
        queries = queries_of("volume-id", dict.fromkeys(disk_ids), *by_tag) or [by_tag]
        volumes = self._ec2.volumes(region, f"Listing the volumes in {region}", queries)
        found = [disk_of(volume, region) for volume in volumes]
        return [d for d in found if d.has_tags(tags) and (not disk_ids or d.disk_id in disk_ids)]

    def failure_hint(self, copy: Resource) -> str:
        if copy.reason and copy.reason.startswith("Source snapshot"):
            return (
                "Check that the source is complete, in source_region, and visible to the account that copies. Then "
                "run again."
            )
        return (
            f"If the reason is the KMS key: check that the key exists in {copy.region}, that it is enabled, and that "
            f"the caller is allowed to use it ({KMS_ACTIONS}). Then run again."
        )
