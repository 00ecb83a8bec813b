# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks that a restore makes from snapshots. The engine treats them as copies of snapshots in their own region."""

from __future__ import annotations

import abc
import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .cloud import SnapshotCloud, reads
from .errors import CopyError
from .listing import Listing, Pages
from .model import (
    CopyOrder,
    CopyRequest,
    Disk,
    Evidence,
    Provenance,
    Resource,
    RestoredDisk,
    Snapshot,
    State,
    Trait,
)
from .tags import RESTORE_ATTACHED_TO, RESTORE_EXPIRES_AT, RESTORE_ID, RESTORE_SNAPSHOT_ID, TagRules
from .words import NO_DISK_FROM_SYSTEM_DISK


@dataclass(frozen=True)
class Offer:
    """Disks of one type that a zone offers (None if the cloud has no zones); sizes are in GiB."""

    zone: str | None
    disk_type: str
    min_gib: int
    max_gib: int
    step: int = 1


class DiskCloud(SnapshotCloud):
    """A cloud whose copies are the disks of one restore. It is a mixin before the cloud's own class.

    An order's request has the disk's ``zone``, ``disk_type`` and ``size_gib`` (None: the size of the snapshot), and all
    its tags. The call sets them. Afterwards only the time of expiry and the mark of an attachment change.
    """

    copies_within_region = True
    lists_in_progress = False
    lists_by_source = False
    finds_by_mark = False
    many_destinations_per_call = False
    one_copy_per_disk = False
    tags_in_copy_call = True
    expires_after_copying = False
    lock_modes: tuple[str, ...] = ()
    deleted_per_call = 1
    tag_rules: TagRules | None = None
    #: The pattern that a complete device name matches, and an example; None if the cloud chooses the device.
    device_pattern: str | None = None
    device_example = ""
    #: Whether the cloud shows when all data of a disk is loaded.
    shows_warm = False
    misfit_hint = "Set another restore_id for other disks, or delete this one first (state: absent)."
    #: What the cloud accepts as tags of disks.
    disk_tag_rules: TagRules

    def __init__(self, module: Any):
        super().__init__(module)  # type: ignore[call-arg]
        self.restore_id = str(module.params["restore_id"])
        #: The number of answered client tokens, by snapshot and region.
        self._answered: Counter[tuple[str, str]] = Counter()
        #: The snapshots of the disks that this run has made, by disk ID.
        self._by_this_run: dict[str, str] = {}

    # -- what a cloud shows ---------------------------------------------------------------------------

    @reads
    @abc.abstractmethod
    def list_restored(self, region: str, pages: Pages) -> list[Disk]:
        """List the disks of this restore in a region with these pages; further disks do no harm."""

    @reads
    @abc.abstractmethod
    def read_disks(self, region: str, disk_ids: Sequence[str]) -> list[Disk]:
        """Read disks by ID; those that the cloud does not show are omitted."""

    @reads
    @abc.abstractmethod
    def list_offers(self, region: str) -> list[Offer]:
        """List the disks that a region offers."""

    @reads
    def warm_disks(self, region: str, disk_ids: Sequence[str]) -> set[str]:
        """Return which of these disks have all their data loaded, if ``shows_warm``."""
        return set()

    def begin(self, orders: Sequence[CopyOrder]) -> list[Resource | CopyError]:
        # Not super(): the method of the cloud's own class sends its copy call.
        return SnapshotCloud.begin(self, orders)

    # -- disks as copies -------------------------------------------------------------------------------

    def list_copies(self, region: str, source_ids: Collection[str] | None = None) -> Listing:
        pages = self.pages()
        return pages.listing(self._as_copies(self.list_restored(region, pages)))

    def refresh(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        return {copy.id: copy for copy in self._as_copies(self.read_disks(region, resource_ids))}

    def _as_copies(self, disks: Sequence[Disk]) -> list[RestoredDisk]:
        return [copy for disk in disks if (copy := self.as_copy(disk)) and copy.state is not State.ABSENT]

    def as_copy(self, disk: Disk) -> RestoredDisk | None:
        """Return a disk of this restore as a copy of its snapshot, or None for any other disk.

        If the cloud and the tags show different snapshots, it is no copy, and the run never changes it. If
        the cloud shows no snapshot although it shows those of other disks, the tags count, so that no second disk is
        made; but the run does not change the disk either.
        """
        # A disk that this run has made is recognized by its ID, whatever its tags show.
        source_id = self.source_of(disk) or self._by_this_run.get(disk.disk_id)
        return None if source_id is None else self._copy_of(disk, source_id)

    def _copy_of(self, disk: Disk, source_id: str) -> RestoredDisk:
        is_certain, is_other = disk.snapshot_id in (None, source_id), disk.snapshot_id not in (None, "", source_id)
        where = f"is attached to {disk.attached_to}" if disk.attached_to else f"is in use ({disk.provider_state})"
        return RestoredDisk(
            id=disk.disk_id,
            region=disk.region,
            state=disk.state,
            provider_state=disk.provider_state,
            progress=100 if disk.state is State.COMPLETED else 0,
            size_gib=disk.size_gib,
            encrypted=disk.encrypted,
            kms_key=disk.kms_key,
            created_at=disk.created_at,
            name=disk.name,
            tags=disk.tags,
            is_copy=not is_other and not disk.is_recycled,
            source=Provenance(source_id, disk.region, managed=is_certain),
            evidence=_evidence_of(disk, is_certain),
            obstacle=where if disk.in_use else None,
            traits=(Trait.IN_USE,) if disk.in_use else (),
            disk=disk,
        )

    def source_of(self, disk: Disk) -> str | None:
        """Return the snapshot of a disk of this restore, from our tags; None for any other disk."""
        return disk.tags.get(RESTORE_SNAPSHOT_ID) if disk.tags.get(RESTORE_ID) == self.restore_id else None

    def new_disk(
        self,
        order: CopyOrder,
        disk_id: str,
        provider_state: str,
        *,
        name: str = "",
        size_gib: int | None = None,
        shows_snapshot: bool = True,
    ) -> RestoredDisk:
        """Return a disk that the cloud has just accepted, with what is known before the first read.

        ``name`` and ``size_gib`` are what the answer shows. ``shows_snapshot``: whether the cloud shows from which
        snapshot a disk was made.
        """
        request = order.request
        disk = Disk(
            disk_id,
            request.region,
            name=name,
            size_gib=size_gib or request.disk.size_gib or order.source.size_gib,
            tags=dict(request.tags or {}),
            encrypted=self.expected_encryption(order),
            zone=request.disk.zone,
            disk_type=request.disk.disk_type,
            state=State.PENDING,
            provider_state=provider_state,
            snapshot_id=request.snapshot_id if shows_snapshot else None,
        )
        self._answered[request.snapshot_id, request.region] += 1
        self._by_this_run[disk_id] = request.snapshot_id
        return self._copy_of(disk, self.source_of(disk) or request.snapshot_id)

    # -- repeated calls --------------------------------------------------------------------------------

    def token_of(self, order: CopyOrder) -> str:
        """Return the client token of a call.

        It is the same in every run, so that a run after a kill makes no second disk. After an answer or the refusal of
        a token, the next token is used.
        """
        request = order.request
        number = self._answered[request.snapshot_id, request.region]
        what = (self.restore_id, request.snapshot_id, request.region, str(request.disk.zone), str(number))
        return hashlib.sha256("\n".join(what).encode()).hexdigest()[:40]

    def record_used_token(self, order: CopyOrder) -> None:
        """Record that a token belongs to another call, or to a disk that is gone."""
        self._answered[order.request.snapshot_id, order.request.region] += 1

    # -- what fits -------------------------------------------------------------------------------------

    def other_misfit(self, request: CopyRequest, copy: Resource) -> str | None:
        if not isinstance(copy, RestoredDisk):
            return None
        disk, wanted = copy.disk, request.disk
        if wanted.zone and disk.zone and wanted.zone != disk.zone:
            return f"it is in {disk.zone}, not in {wanted.zone}"
        if wanted.size_gib and disk.size_gib and disk.size_gib < wanted.size_gib:
            return f"it has {disk.size_gib} GiB, not {wanted.size_gib}"
        if wanted.disk_type and disk.disk_type and wanted.disk_type != disk.disk_type:
            return f"its type is {disk.disk_type}, not {wanted.disk_type}"
        return None

    def obstacle_to(self, request: CopyRequest, source: Snapshot) -> str | None:
        """Return why no disk can be created from a snapshot, which then fails by itself before any call for it."""
        if _is_of_system_disk(self, source):
            return NO_DISK_FROM_SYSTEM_DISK
        return super().obstacle_to(request, source)

    def obstacle_hint(self, source: Snapshot) -> str:
        return "Make an image from it instead." if _is_of_system_disk(self, source) else super().obstacle_hint(source)

    def input_problem(self, request: CopyRequest, source: Snapshot) -> str | None:
        size = request.disk.size_gib
        if size and source.size_gib and size < source.size_gib:
            return f"size_gib: {size} is less than the {source.size_gib} GiB of {source.id}"
        return None


def _is_of_system_disk(cloud: DiskCloud, source: Snapshot) -> bool:
    return Trait.SYSTEM_DISK in source.traits and not cloud.restores_system_disks


def restore_tags(
    tags: Mapping[str, str],
    restore_id: str,
    snapshot_id: str,
    expires_at: str | None,
    attach_to: str | None,
) -> dict[str, str]:
    """Return the tags of a disk: the user's and ours."""
    ours: dict[str, str | None] = {
        RESTORE_ID: restore_id,
        RESTORE_SNAPSHOT_ID: snapshot_id,
        RESTORE_EXPIRES_AT: expires_at,
        RESTORE_ATTACHED_TO: attach_to,
    }
    return {**tags, **{key: value for key, value in ours.items() if value}}


def _evidence_of(disk: Disk, is_certain: bool) -> Evidence:
    """Return what shows the snapshot of a disk. ``is_certain``: the cloud does not contradict our tags."""
    if not is_certain:
        return Evidence.UNSURE
    # A disk in the recycle bin counts as gone, but can be deleted for good.
    return Evidence.RECORDED if disk.is_recycled else Evidence.MARKED
