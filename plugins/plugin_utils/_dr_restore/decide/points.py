# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is restored of a disk, and why there is nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from ..._role.rows import Row

#: How many disks of one reason, and how many reasons, a message names.
NAMED = 10


class Reason(Enum):
    """Why a disk has no recovery point that can be restored; the text takes the facts in braces."""

    NO_COPY = "there is no copy of it in {region}{among}"
    EXPECTED = "it is expected ({by}), but there is no copy of it in {region}{among}"
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


@dataclass(frozen=True)
class Newer:
    """A copy that is newer than the one that is restored, and passed over for its server's set."""

    copy_id: str
    taken_at: str


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

    def as_row(self) -> dict[str, Any]:
        """Return the point as the manifest and the reports have it."""
        row = {**asdict(self), "tags": dict(self.tags), "missing": self.missing.text if self.missing else None}
        return {key: value for key, value in row.items() if key != "key_problem"}


def named(row: Row) -> str:
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
