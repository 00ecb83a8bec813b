# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that a restore makes from EBS snapshots.

See api-facts: ebs-disk-create, ebs-disk-token, ebs-disk-delete, ebs-disk-warm, ebs-disk-attach.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from string import ascii_lowercase
from typing import Any

from ..._core.disks import DiskCloud, Offer
from ..._core.errors import Busy, CopyError, Refused, Underway
from ..._core.keys import Key, why_unusable
from ..._core.listing import Pages
from ..._core.model import CopyOrder, CopyRequest, Disk, Resource, Snapshot, Trait
from ..._core.ranges import range_problems
from ..._core.tags import RESTORE_ID
from ..._core.times import iso_utc
from ..paging import items_of, returned
from .ebs import EbsCloud
from .ebs_answers import disk_of, is_warm
from .ebs_capabilities import TAG_RULES
from .ebs_queries import tag_filters
from .ebs_requests import volume_arguments_of
from .ec2_calls import Filters, queries_of
from .errors import KMS_ACTIONS

#: States of zones that the account can use.
USABLE = ("opt-in-not-required", "opted-in")
#: Smallest and largest size of each type in GiB. No call returns these, or the types of a zone
#: (api-facts: ebs-disk-offers).
TYPES = {
    "gp2": (1, 16384),
    "gp3": (1, 65536),
    "st1": (125, 16384),
    "sc1": (125, 16384),
    "standard": (1, 1024),
}


#: The device names, those that AWS recommends first.
DEVICES = [*(f"/dev/sd{c}" for c in "fghijklmnop"), *(f"/dev/xvd{a}{b}" for a in "bc" for b in ascii_lowercase)]


class EbsDisks(DiskCloud, EbsCloud):
    """EBS volumes of one restore. Types that require a number of operations per second are not offered."""

    disk_tag_rules = TAG_RULES
    shows_warm = True
    device_pattern = r"(?:/dev/)?(?:sd|xvd)[a-z]{1,2}[0-9]{0,2}"
    device_example = "/dev/sdf"
    gone_hint = (
        "If AWS cannot use the key, it removes the new disk without giving a reason. Check that the key of the "
        "snapshot, or kms_key_id, exists in the region and is enabled, and that the caller may use it "
        f"({KMS_ACTIONS}). If the key is not the cause, look in CloudTrail to see who deleted the disk. Then run again."
    )

    def __init__(self, module: Any):
        super().__init__(module)
        #: Slots of devices that this run has requested, by instance.
        self._asked: defaultdict[str, set[str]] = defaultdict(set)
        self._rate: int = module.params["initialization_rate"]

    def option_problems(self, requests: Sequence[CopyRequest]) -> list[str]:
        least, most = self.initialization_rates or (0, 0)
        found = range_problems("initialization_rate", self._rate or None, least, most)
        return [*super().option_problems(requests), *(f"{text} MiB/s (0: AWS's own rate)" for text in found)]

    def obstacle_to(self, request: CopyRequest, source: Snapshot) -> str | None:
        if Trait.ARCHIVED in source.traits:
            return source.obstacle
        if (source.place or "").startswith("arn:"):
            return "is on an Outpost, so disks can be created from it only there"
        return None

    def read_sources(self, region: str | None, snapshot_ids: Sequence[str]) -> dict[str, Snapshot | CopyError]:
        """Read sources, but refuse those whose key is not enabled: AWS would silently remove the disk."""
        found = super().read_sources(region, snapshot_ids)
        shown = [s for s in found.values() if isinstance(s, Snapshot) and s.encrypted and s.kms_key]
        keys = self.read_keys(region or "", dict.fromkeys(s.kms_key for s in shown if s.kms_key))
        unusable = [s for s in shown if keys[s.kms_key or ""].enabled is False]
        return {**found, **{s.id: _refusal_for_key(s, keys[s.kms_key or ""]) for s in unusable}}

    def list_restored(self, region: str, pages: Pages) -> list[Disk]:
        filters = tag_filters({RESTORE_ID: self.restore_id})
        return self._disks(region, f"Listing the disks of {self.restore_id} in {region}", [filters], pages)

    def read_disks(self, region: str, disk_ids: Sequence[str]) -> list[Disk]:
        # With a filter, because a call with VolumeIds fails as a whole if one is missing.
        return self._disks(region, f"Reading the disks in {region}", queries_of("volume-id", disk_ids))

    def list_offers(self, region: str) -> list[Offer]:
        activity = f"Listing the zones of {region}"
        ask = self._ec2.reader(region).describe_availability_zones
        answer = self._ec2.read(activity, lambda: ask(Filters=[{"Name": "opt-in-status", "Values": list(USABLE)}]))
        zones = items_of(answer, "AvailabilityZones", activity=activity)
        usable = (zone for zone in zones if zone.get("State", "available") != "unavailable")
        names = [str(zone["ZoneName"]) for zone in usable if zone.get("ZoneName")]
        return [Offer(name, kind, *limits) for name in names for kind, limits in TYPES.items()]

    def begin_one(self, order: CopyOrder) -> Resource:
        request = order.request
        activity = f"Creating a disk from {request.snapshot_id} in {request.disk.zone}"
        create = self._ec2.writer(request.region).create_volume
        try:
            answer = self._ec2.write(activity, partial(create, **self._arguments(order)))
        except Underway:
            self.record_used_token(order)
            raise
        disk_id: str = returned(answer.get("VolumeId"), "disk ID", activity)
        size = answer.get("Size") or order.source.size_gib  # AWS silently raises a size below the snapshot's
        return self.new_disk(order, disk_id, answer.get("State", "creating"), size_gib=size)

    def delete_one(self, region: str, resource_id: str) -> None:
        delete = self._ec2.writer(region).delete_volume
        self._ec2.write(f"Deleting the disk {resource_id} in {region}", partial(delete, VolumeId=resource_id))

    def attach(self, region: str, disk_id: str, instance_id: str, device: str | None) -> None:
        name = device or self._free_device(region, instance_id)
        attach = partial(self._ec2.writer(region).attach_volume, VolumeId=disk_id, InstanceId=instance_id, Device=name)
        try:
            self._ec2.write(f"Attaching the disk {disk_id} to {instance_id} in {region} as {name}", attach)
        except CopyError as error:
            if error.code == "VolumeInUse":
                raise error.as_kind(Underway) from error
            if error.code == "InvalidParameterValue" and "already in use" in str(error) and not device:
                raise error.as_kind(Busy) from error
            raise

    def _free_device(self, region: str, instance_id: str) -> str:
        """Choose a device that no volume of an instance uses, because AWS requires one."""
        activity = f"Checking which devices of {instance_id} in {region} are free"
        query = [{"Name": "attachment.instance-id", "Values": [instance_id]}]
        used = {_slot(disk.device or "") for disk in self._disks(region, activity, [query])} | self._asked[instance_id]
        device = next((name for name in DEVICES if _slot(name) not in used), None)
        if device is None:
            raise Refused(f"{instance_id} in {region} has no free device", hint="Detach unneeded disks there.")
        self._asked[instance_id].add(_slot(device))
        return device

    def detach(self, region: str, disk_id: str, instance_id: str) -> None:
        detach = partial(self._ec2.writer(region).detach_volume, VolumeId=disk_id, InstanceId=instance_id)
        try:
            self._ec2.write(f"Detaching the disk {disk_id} from {instance_id} in {region}", detach)
        except CopyError as error:
            if error.code not in ("IncorrectState", "InvalidAttachment.NotFound"):
                raise

    def check_permission(self, order: CopyOrder) -> None:
        request = order.request
        what = f"a disk may be created from {request.snapshot_id} in {request.disk.zone}"
        activity = f"Checking with AWS whether {what} (DryRun)"
        create = self._ec2.reader(request.region).create_volume
        create = partial(create, **self._arguments(order))
        self._dry_run(activity, create, f"Grant ec2:CreateVolume and ec2:CreateTags in {request.region} to the caller.")

    def warm_disks(self, region: str, disk_ids: Sequence[str]) -> set[str]:
        activity = f"Checking whether all data of the disks in {region} is loaded"
        shown = self._ec2.volume_statuses(region, activity, disk_ids)
        return {str(status["VolumeId"]) for status in shown if is_warm(status)}

    def _arguments(self, order: CopyOrder) -> dict[str, Any]:
        return volume_arguments_of(order, self.token_of(order), self._rate)

    def _disks(self, region: str, activity: str, queries: Sequence[Filters], pages: Pages | None = None) -> list[Disk]:
        return [disk_of(volume, region) for volume in self._ec2.volumes(region, activity, queries, pages)]


def _slot(device: str) -> str:
    """Return the part of a name that identifies the device: /dev/sdf is also /dev/xvdf."""
    return re.sub(r"^(?:/dev/)?(?:sd|xvd)", "", device)


def _refusal_for_key(snapshot: Snapshot, key: Key) -> Refused:
    why = why_unusable(key.state, iso_utc(key.deletion_date))
    return Refused(
        f"No disk can be created from {snapshot.id} in {snapshot.region}: its key {key.arn} cannot be used: {why}",
        hint="In KMS, enable the key (first cancel its deletion if it is pending), then run again. Or restore another "
        "copy.",
    )
