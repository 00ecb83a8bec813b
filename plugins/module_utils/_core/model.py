# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The immutable values that a cloud's adapter, the engine and the runner exchange."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, IntEnum
from typing import Any, ClassVar, Literal, NamedTuple

from .tag_matching import has_tags, is_hold, is_our_mark


class State(str, Enum):
    """The state of a snapshot or disk, the same for every cloud."""

    PENDING = "pending"
    COMPLETED = "completed"
    ERROR = "error"
    ABSENT = "absent"


class Trait(str, Enum):
    """A fact about a snapshot or disk that its state does not show. Results contain the values."""

    ARCHIVED = "archived"
    INSTANT = "instant"
    IN_USE = "in_use"
    LOCKED = "locked"
    SYSTEM_DISK = "system_disk"


class Evidence(IntEnum):
    """What shows the source of a copy. Each level allows more than the one before."""

    #: Nothing, only a name, or the ID that a copy call returned. The copy counts, but nothing is written to it.
    UNSURE = 0
    #: Our marks, but the cloud does not show that this is a copy. If it is ours, it may be written to.
    UNCONFIRMED = 1
    #: Our marks. If the copy is ours, it may be deleted.
    MARKED = 2
    #: The cloud's own record. A user may have the copy deleted even if it is not ours.
    RECORDED = 3


class Action(str, Enum):
    """What a run did, or in check mode would do, for one requested copy."""

    NONE = "none"
    CREATED = "created"
    ADOPTED = "adopted"
    REPLACED = "replaced"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True)
class Provenance:
    """Which snapshot a copy was made from.

    ``managed`` is true for a copy made by this collection ("ours"). ``disk_id`` and ``created_at`` are those of the
    source; None if unknown.
    """

    snapshot_id: str
    region: str | None = None
    disk_id: str | None = None
    created_at: datetime | None = None
    managed: bool = False


Attachment = Literal["attaching", "attached", "detaching"]


@dataclass(frozen=True)
class Disk:
    """A disk. ``attached_to`` is an instance ID or None, ``device`` its name there; ``created_at`` is in UTC.

    ``in_use``: attached, or otherwise in use. ``snapshot_id`` is the snapshot that it was made from: empty if there
    is none, None if the cloud does not show it. ``is_recycled``: in the recycle bin. ``guest_device`` is its path by
    ID on a Linux instance.
    """

    disk_id: str
    region: str
    name: str = ""
    size_gib: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    attached_to: str | None = None
    device: str | None = None
    attachment: Attachment | None = None
    guest_device: str | None = None
    encrypted: bool | None = None
    kms_key: str | None = None
    zone: str | None = None
    disk_type: str | None = None
    state: State = State.COMPLETED
    provider_state: str = ""
    in_use: bool = False
    is_recycled: bool = False
    snapshot_id: str | None = None
    created_at: datetime | None = None

    def has_tags(self, tags: Mapping[str, str]) -> bool:
        """Whether it has all these tags; the value "*" means any value."""
        return has_tags(self.tags, tags)


@dataclass(frozen=True)
class Resource:
    """What a run copies or makes, as a cloud shows it: a snapshot, or a disk that a restore makes from one.

    - ``size_gib`` is in GiB, ``progress`` in percent; ``created_at`` is aware (UTC).
    - ``place`` is a site inside the region (an Outpost, a Local Zone), None for the region itself.
    - ``is_copy``: it counts as a copy. ``evidence``: what shows its source.
    - ``owned``: it does not belong to another account. ``marked_ours``: something other than tags shows that the copy
      is ours.
    - ``reason``: why it failed; ``obstacle``: why it cannot be copied when complete, or not be deleted.
    - ``expires_at`` is when the cloud deletes it, ``locked_until`` when its lock ends, if known.
    """

    id: str
    region: str
    state: State
    provider_state: str
    progress: int = 0
    size_gib: int | None = None
    encrypted: bool | None = None
    kms_key: str | None = None
    created_at: datetime | None = None
    name: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    place: str | None = None
    owned: bool = True
    is_copy: bool = False
    source: Provenance | None = None
    evidence: Evidence = Evidence.UNSURE
    reason: str | None = None
    obstacle: str | None = None
    marked_ours: bool = False
    expires_at: datetime | None = None
    locked_until: datetime | None = None
    traits: tuple[Trait, ...] = ()

    noun: ClassVar[str]  #: The noun for it in messages about a copy.

    @property
    def ours(self) -> bool:
        """Whether this collection made it, so that a run may write to it."""
        if self.source is None or self.evidence is Evidence.UNSURE:
            return False
        return self.source.managed or self.marked_ours

    @property
    def is_locked(self) -> bool:
        """Whether it has a lock; the end of the lock may be unknown."""
        return self.locked_until is not None or Trait.LOCKED in self.traits

    @property
    def is_archived(self) -> bool:
        """Whether it must be taken out of an archive before a disk can be made from it."""
        return Trait.ARCHIVED in self.traits

    @property
    def has_hold_tag(self) -> bool:
        return any(map(is_hold, self.tags))

    @property
    def held(self) -> bool:
        """Whether it must never be deleted (promises: held)."""
        return self.is_locked or Trait.IN_USE in self.traits or self.has_hold_tag

    @property
    def certainly_ours(self) -> bool:
        """Whether this is certainly a copy of ours."""
        return self.ours and self.is_copy and self.owned and self.evidence >= Evidence.MARKED

    @property
    def deletable(self) -> bool:
        """Whether a run may delete it without being asked to."""
        return self.certainly_ours and not self.held

    @property
    def deletable_on_request(self) -> bool:
        """Whether ``state: absent`` may delete it, unless it is held.

        It is a copy of ours, or the cloud itself records its source.
        """
        return self.certainly_ours or (self.owned and self.evidence is Evidence.RECORDED)


@dataclass(frozen=True)
class Snapshot(Resource):
    """A snapshot: a source, a copy, or neither. ``disk_id`` is the disk that it shows, ``full_size_bytes`` its size."""

    noun = "copy"
    disk_id: str | None = None
    completed_at: datetime | None = None
    full_size_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class RestoredDisk(Resource):
    """A disk that a restore has made from a snapshot: the copy of that snapshot, in its region."""

    noun = "disk"
    disk: Disk


def disk_of(copy: Resource | None) -> Disk | None:
    """Return the disk that a copy is; None for a snapshot."""
    return copy.disk if isinstance(copy, RestoredDisk) else None


def is_recycled(copy: Resource) -> bool:
    """Whether a copy is a disk in the recycle bin, which counts as gone."""
    return isinstance(copy, RestoredDisk) and copy.disk.is_recycled


@dataclass(frozen=True)
class SnapshotFilter:
    """Which snapshots a listing returns. None sets no limit; a snapshot must match all fields that are set.

    ``disk_ids`` are disks whose snapshots and copies are wanted; ``disks_are_here`` says that all of them are known to
    be in the listed region. ``copies_from`` are regions of sources, ``source_disk_ids`` disks of sources.
    """

    disk_ids: Collection[str] | None = None
    disks_are_here: bool = False
    snapshot_ids: Collection[str] | None = None
    copies_from: Collection[str] | None = None
    source_disk_ids: Collection[str] | None = None

    @property
    def only_copies(self) -> bool:
        return self.copies_from is not None or self.source_disk_ids is not None

    def passes(self, snapshot: Snapshot) -> bool:
        """Whether a snapshot is wanted.

        A copy passes ``source_disk_ids`` if the disk of its source is unknown. A managed copy passes ``copies_from`` if
        the region of its source is unknown, because only its name may show the region.
        """
        source = snapshot.source
        disk_id = snapshot.disk_id or (source.disk_id if source else None)
        of_disks = source is not None and (source.disk_id is None or source.disk_id in (self.source_disk_ids or ()))
        regions = self.copies_from or ()
        from_there = source is not None and (source.region in regions or (source.managed and source.region is None))
        return (
            (self.disk_ids is None or disk_id in self.disk_ids)
            and (self.snapshot_ids is None or snapshot.id in self.snapshot_ids)
            and (self.copies_from is None or from_there)
            and (self.source_disk_ids is None or of_disks)
        )


class LockRequest(NamedTuple):
    """How a copy is to be locked."""

    days: int
    mode: str


@dataclass(frozen=True, slots=True)
class DiskRequest:
    """What kind of disk is created from a snapshot, and to which instance it is attached; None where nothing is given.

    ``device``: the cloud's name for the device on that instance.
    """

    zone: str | None = None
    disk_type: str | None = None
    size_gib: int | None = None
    attach_to: str | None = None
    device: str | None = None


@dataclass(frozen=True)
class CopyRequest:
    """One requested copy: a source snapshot and a destination region.

    ``source_region`` is None if it must be looked up. ``name`` and ``description`` are templates (see templates.py).
    ``tags`` is None if the user set none, ``retention_days`` if copies do not expire, ``lock`` if copies are not
    locked. ``options`` has the cloud's own options. ``as_disk``: a disk of this kind is created instead of a copy.
    """

    snapshot_id: str
    source_region: str | None
    region: str
    place: str | None = None
    name: str | None = None
    description: str | None = None
    tags: Mapping[str, str] | None = None
    copy_tags: bool = False
    source_tags: Mapping[str, str] | None = None
    encrypted: bool = False
    kms_key_id: str | None = None
    retention_days: int | None = None
    lock: LockRequest | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    as_disk: DiskRequest | None = None

    @property
    def is_disk(self) -> bool:
        return self.as_disk is not None

    @property
    def disk(self) -> DiskRequest:
        """The requested kind of disk. Raises ValueError if a copy is requested."""
        if self.as_disk is None:
            raise ValueError("a copy is requested, not a disk")
        return self.as_disk

    @property
    def instance(self) -> str | None:
        """The instance to which a disk is to be attached, or from which it is to be detached."""
        return self.as_disk.attach_to if self.as_disk else None

    @property
    def noun(self) -> str:
        """The noun for the result in messages."""
        return "disk" if self.is_disk else "copy"

    def carried_tags(self, source: Snapshot | None) -> Mapping[str, str]:
        """Return the tags of the source that its copies get with ``copy_tags``; none if they are unknown."""
        if not self.copy_tags:
            return {}
        if self.source_tags is not None:
            return self.source_tags
        tags = source.tags if source else {}
        # If the source is itself a copy, its marks describe that copy: its plan, its set, its hold.
        return {key: value for key, value in tags.items() if not is_our_mark(key)}

    def is_copied_by(self, resource: Resource) -> bool:
        """Whether ``resource`` is a copy of this source in this place, whether it fits or not."""
        source = resource.source
        return (
            source is not None
            and resource.owned
            and source.snapshot_id == self.snapshot_id
            and (self.source_region is None or source.region in (None, self.source_region))
            and resource.place == self.place
        )


@dataclass(frozen=True)
class CopyOrder:
    """A request that is ready for the copy call: texts are rendered, tags complete, the source is known."""

    request: CopyRequest
    source: Snapshot
    name: str | None
    description: str | None
    tags: Mapping[str, str]


@dataclass(frozen=True)
class TagChange:
    """Tags to set on an existing copy, and keys to remove from it."""

    set: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.set or self.remove)

    def applied_to(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Return ``tags`` after this change."""
        kept = {key: value for key, value in tags.items() if key not in self.remove}
        return {**kept, **self.set}
