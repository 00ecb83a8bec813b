# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each disk is restored from, or why there is nothing to restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, TypedDict

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped_pairs
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import (
    MAX_NAMED,
    NO_DISK_FROM_SYSTEM_DISK,
)

from ...._role import naming
from ...._role.enumerations import first_in_words
from ...._role.rows import only
from ...input.last_manifest import EarlierRow


class MissingReason(Enum):
    """Why a disk has no recovery point that can be restored; the braces in the text are placeholders for facts."""

    NO_COPY = "there is no copy of it{origin} in {region}"
    EXPECTED = "it is expected ({by}), but there is no copy of it{origin} in {region}"
    UNFIT = "it has copies in {region}, but does not match {by}"
    UNTIMED = "none of its copies has a plausible time{problem}"
    YOUNGER = "all its recovery points are newer than dr_restore_at; the oldest is from {time}"
    UNUSABLE = "its copy {copy} {obstacle}"
    INCOMPLETE = "none of its copies is complete; {copy} is {state}"

    def of(self, **facts: Any) -> Missing:
        return Missing(self, self.value.format(**facts))


class Obstacle(Enum):
    """Why no disk can be created from a complete copy now, as the end of a sentence about the copy."""

    SYSTEM_DISK = NO_DISK_FROM_SYSTEM_DISK
    ARCHIVED = "is archived: restore it to the standard tier first, which takes up to 72 hours"
    KEY = "has the key {arn}, which cannot be used: {why}"


class Missing(NamedTuple):
    """Why a disk cannot be restored: the reason and its text."""

    reason: MissingReason
    text: str


class NewerCopy(TypedDict):
    """A copy that is newer than the one that is restored, but not part of its server's set."""

    copy_id: str
    taken_at: str


class NamedRow(TypedDict):
    """A disk by its ID and name, if known."""

    disk_id: str | None
    disk_name: str | None


class RowOfServer(TypedDict):
    """The facts in a row about the server of its disk (see ServerOfDisk)."""

    group: str | None
    set: str | None
    consistency: str | None
    torn: bool


class CopyOfPoint(TypedDict):
    """The facts in a row about the copy that a disk is restored from (see ChosenCopy)."""

    copy_id: str | None
    copy_encrypted: bool | None
    copy_key: str | None
    source_snapshot_id: str | None
    source_region: str | None
    taken_at: str | None
    age_hours: float | None


class PointRow(NamedRow, RowOfServer, CopyOfPoint):
    """A point in the form of the manifest and the reports; ``missing`` is the text of the reason."""

    missing: str | None
    instance: str | None
    device: str | None
    tags: dict[str, str]
    size_gib: int | None
    passed_over: str | None
    former_group: str | None
    newer: NewerCopy | None
    wave: int
    claim: str | None


@dataclass(frozen=True)
class ChosenCopy:
    """The copy that a disk is restored from. ``age_hours`` is the age of its data; times are ISO 8601."""

    copy_id: str
    encrypted: bool | None = None
    key: str | None = None
    source_snapshot_id: str | None = None
    source_region: str | None = None
    taken_at: str | None = None
    age_hours: float | None = None

    def as_row(self) -> CopyOfPoint:
        return {
            "copy_id": self.copy_id,
            "copy_encrypted": self.encrypted,
            "copy_key": self.key,
            "source_snapshot_id": self.source_snapshot_id,
            "source_region": self.source_region,
            "taken_at": self.taken_at,
            "age_hours": self.age_hours,
        }


NO_COPY: CopyOfPoint = {
    "copy_id": None,
    "copy_encrypted": None,
    "copy_key": None,
    "source_snapshot_id": None,
    "source_region": None,
    "taken_at": None,
    "age_hours": None,
}


@dataclass(frozen=True)
class ServerOfDisk:
    """The server of a disk, and the set that it is restored from.

    ``group`` is the group of the disk, ``set`` the set of the copy, with its ``consistency``. ``torn``: the server has
    no set that includes the disk. ``former_group`` is the group that the disk has left since its newest copy was made.
    ``newer`` is a copy that is newer than the set.
    """

    group: str | None = None
    set: str | None = None
    consistency: str | None = None
    torn: bool = False
    former_group: str | None = None
    newer: NewerCopy | None = None


ALONE = ServerOfDisk()


@dataclass(frozen=True)
class Point:
    """A disk as its copies show it, and the recovery point that it is restored from.

    ``restored_from`` is the copy, or says why there is none. ``passed_over`` says which newer copy cannot be used, and
    why. ``key_problem`` says why a drill, which proves the newest copy, cannot use it. ``claim`` is the claim of a
    cluster that the disk was made for, as ``namespace/name``, if the claim is restored instead of a disk.
    """

    disk_id: str | None
    disk_name: str | None
    restored_from: ChosenCopy | Missing
    instance: str | None = None
    device: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    size_gib: int | None = None
    passed_over: str | None = None
    key_problem: str | None = None
    server: ServerOfDisk = ALONE
    wave: int = 1
    claim: str | None = None

    @property
    def disk_label(self) -> str:
        return naming.disk_label(self.disk_name, self.disk_id)

    @property
    def copy(self) -> ChosenCopy | None:
        return self.restored_from if isinstance(self.restored_from, ChosenCopy) else None

    @property
    def copy_id(self) -> str | None:
        return self.copy.copy_id if self.copy else None

    @property
    def missing(self) -> Missing | None:
        """Why there is no copy to restore from."""
        return self.restored_from if isinstance(self.restored_from, Missing) else None

    def as_row(self) -> PointRow:
        copy = self.copy.as_row() if self.copy else NO_COPY
        missing = self.missing.text if self.missing else None
        facts = {**vars(self), **vars(self.server), **copy, "tags": dict(self.tags), "missing": missing}
        return only(PointRow, facts)


def label_of_disk(row: NamedRow | EarlierRow) -> str:
    """Return name and ID of a row's disk, if known."""
    return naming.disk_label(row["disk_name"], row["disk_id"])


def by_reason(missing: Sequence[tuple[str, str]]) -> str:
    """Return a text that names disks by the reason why they are missing, at most ten per reason.

    ``missing`` are pairs of disk and reason.
    """
    groups = list(grouped_pairs((why.rstrip("."), name) for name, why in missing).items())
    parts = [f"{first_in_words(names)}: {why}" for why, names in groups[:MAX_NAMED]]
    others = sum(len(names) for _why, names in groups[MAX_NAMED:])
    return "; ".join(parts) + (f"; and {others} more for other reasons" if others else "")
