# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys by which rows are compared: a copy, a source or a disk, each with a region.

They are classes of their own, so that keys of different kinds are never equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from .answers import CopyRow, Failure, SnapshotRow
from .rows import disk_id_of


@dataclass(frozen=True, slots=True)
class CopyAt:
    """One copy: its ID and its region."""

    copy_id: str
    region: str


@dataclass(frozen=True, slots=True)
class SourceAt:
    """A source and the destination of its copies."""

    source_id: str
    region: str


@dataclass(frozen=True, slots=True)
class DiskAt:
    """The recovery points of one disk in a destination."""

    disk_id: str
    region: str


class RowOfDisk(TypedDict):
    """A row about a disk in a destination, such as a row of a plan or a recovery point."""

    disk_id: str
    region: str


class RowOfPlan(TypedDict):
    """A row about a snapshot of a plan; ``region`` is its destination, and a disk may have no snapshot."""

    snapshot_id: str | None
    region: str


def disk_at(row: RowOfDisk) -> DiskAt:
    return DiskAt(row["disk_id"], row["region"])


def source_disk_at(copy: SnapshotRow) -> DiskAt:
    """Return the disk of a copy's source, empty if it is unknown, with the region of the copy."""
    return DiskAt(disk_id_of(copy), str(copy["region"]))


def copy_at(copy: SnapshotRow) -> CopyAt:
    return CopyAt(copy["snapshot_id"], str(copy["region"]))


def returned_copy_at(row: CopyRow) -> CopyAt | None:
    """Return the copy that a copy call returned, or None."""
    return CopyAt(row["snapshot_id"], row["region"]) if row["snapshot_id"] else None


def requested_at(row: CopyRow | Failure) -> SourceAt:
    """Return the source that a copy call was to copy, and its destination."""
    return SourceAt(str(row["source_snapshot_id"]), str(row["region"]))


def planned_at(row: RowOfPlan) -> SourceAt:
    """Return the snapshot of a plan's row, and its destination."""
    return SourceAt(str(row["snapshot_id"]), row["region"])


def source_at(copy: SnapshotRow) -> SourceAt | None:
    """Return the source of a copy; None for a snapshot that is not known to be a copy."""
    source = copy.get("source")
    return SourceAt(str(source["snapshot_id"]), str(copy["region"])) if source else None
