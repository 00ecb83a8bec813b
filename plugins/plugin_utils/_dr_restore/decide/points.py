# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is restored of a disk, and why there is nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, TypedDict

from ..input.last_drill import EarlierRow

#: How many disks of one reason, and how many reasons, a message names.
NAMED = 10


class Reason(Enum):
    """Why a disk has no recovery point that can be restored; the text takes the facts in braces."""

    NO_COPY = "there is no copy of it in {region}{among}"
    EXPECTED = "it is expected ({by}), but there is no copy of it in {region}{among}"
    UNFIT = "it has copies in {region}, but does not fit {by}"
    UNTIMED = "none of its copies has a plausible time{doubt}"
    YOUNGER = "all its recovery points are newer than dr_restore_at; the oldest is from {time}"
    UNUSABLE = "its copy {copy} {obstacle}"
    INCOMPLETE = "none of its copies is complete; {copy} is {state}"

    def of(self, **facts: Any) -> Missing:
        return Missing(self, self.value.format(**facts))


class Obstacle(Enum):
    """Why a complete copy can become no disk now, as the rest of a sentence about it."""

    SYSTEM_DISK = "is of a system disk, and the cloud cannot make a disk from it"
    ARCHIVED = "is archived: restore it to the standard tier first, which takes up to 72 hours"
    KEY = "has the key {arn}, which {state}"


class Missing(NamedTuple):
    """Why a disk cannot be restored, as a reason and in words."""

    reason: Reason
    text: str


class Newer(TypedDict):
    """A copy that is newer than the one that is restored, and passed over for its server's set."""

    copy_id: str
    taken_at: str


class NamedRow(TypedDict):
    """A disk by its ID and name, as far as they are known."""

    disk_id: str | None
    disk_name: str | None


class RowOfServer(TypedDict):
    """What a row tells of the server of its disk (see Point)."""

    group: str | None
    set: str | None
    consistency: str | None
    torn: bool


class PointRow(NamedRow, RowOfServer):
    """A point as the manifest and the reports have it: ``missing`` is the reason in words."""

    missing: str | None
    instance: str | None
    device: str | None
    tags: dict[str, str]
    size_gib: int | None
    copy_id: str | None
    copy_encrypted: bool | None
    copy_key: str | None
    source_snapshot_id: str | None
    source_region: str | None
    taken_at: str | None
    age_hours: float | None
    passed_over: str | None
    left: str | None
    newer: Newer | None
    wave: int
    claim: str | None


@dataclass(frozen=True)
class Point:
    """A disk, as far as its copies tell it, and the recovery point that it is restored from.

    ``missing`` says why there is none; then ``copy_id`` is None. ``passed_over`` says which newer copy cannot be used,
    and why; ``key_problem`` why the chosen one cannot, for a drill, which proves the newest. ``group`` is what the disk
    belongs to, ``set`` the set that the copy is of, with its ``consistency``. ``torn``: its server has no set that it
    is of. ``left`` is what the disk belonged to when its newest copy was made, and no longer does. ``claim`` is the
    claim of a cluster that the disk was made for, as ``namespace/name``, where that is restored in place of a disk.
    Times are ISO 8601.
    """

    disk_id: str | None
    disk_name: str | None
    missing: Missing | None = None
    instance: str | None = None
    device: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    size_gib: int | None = None
    copy_id: str | None = None
    copy_encrypted: bool | None = None
    copy_key: str | None = None
    source_snapshot_id: str | None = None
    source_region: str | None = None
    taken_at: str | None = None
    age_hours: float | None = None
    passed_over: str | None = None
    key_problem: str | None = None
    group: str | None = None
    set: str | None = None
    consistency: str | None = None
    torn: bool = False
    left: str | None = None
    newer: Newer | None = None
    wave: int = 1
    claim: str | None = None

    @property
    def named(self) -> str:
        return named({"disk_name": self.disk_name, "disk_id": self.disk_id})

    def as_row(self) -> PointRow:
        return {
            "disk_id": self.disk_id,
            "disk_name": self.disk_name,
            "missing": self.missing.text if self.missing else None,
            "instance": self.instance,
            "device": self.device,
            "tags": dict(self.tags),
            "size_gib": self.size_gib,
            "copy_id": self.copy_id,
            "copy_encrypted": self.copy_encrypted,
            "copy_key": self.copy_key,
            "source_snapshot_id": self.source_snapshot_id,
            "source_region": self.source_region,
            "taken_at": self.taken_at,
            "age_hours": self.age_hours,
            "passed_over": self.passed_over,
            "group": self.group,
            "set": self.set,
            "consistency": self.consistency,
            "torn": self.torn,
            "left": self.left,
            "newer": self.newer,
            "wave": self.wave,
            "claim": self.claim,
        }


def named(row: NamedRow | EarlierRow) -> str:
    """Name a disk by its name and ID, as far as they are known."""
    if row["disk_name"] and row["disk_id"]:
        return f"{row['disk_name']} ({row['disk_id']})"
    return str(row["disk_name"] or row["disk_id"])


def by_reason(missing: Sequence[tuple[str, str]]) -> str:
    """Name disks with why they are missing, given as pairs: those of one reason together, ten of them."""
    alike: dict[str, list[str]] = {}
    for name, why in missing:
        alike.setdefault(why.rstrip("."), []).append(name)
    parts = []
    for why, names in list(alike.items())[:NAMED]:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        parts.append(f"{', '.join(names[:NAMED])}{more}: {why}")
    others = sum(map(len, list(alike.values())[NAMED:]))
    return "; ".join(parts) + (f"; and {others} more for other reasons" if others else "")
