# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys by which rows are compared: a copy, a source or a disk, each with a region."""

from __future__ import annotations

from typing import NamedTuple, TypedDict

from .answers import CopyRow, SnapshotRow
from .rows import disk_id_of


class CopyAt(NamedTuple):
    """One copy: its ID and its region."""

    copy_id: str
    region: str


class SourceAt(NamedTuple):
    """A source and a region: the destination of its copies. In a failure, the region of the failed call."""

    source_id: str
    region: str


class DiskAt(NamedTuple):
    """The recovery points of one disk in a destination."""

    disk_id: str
    region: str


class RowOfDisk(TypedDict):
    """A row about a disk in a destination, such as a row of a plan or a recovery point."""

    disk_id: str
    region: str


def disk_at(row: RowOfDisk) -> DiskAt:
    return DiskAt(row["disk_id"], row["region"])


def source_disk_at(copy: SnapshotRow) -> DiskAt:
    """Return the disk of a copy's source, empty if it is unknown, with the region of the copy."""
    return DiskAt(disk_id_of(copy), str(copy["region"]))


def copy_at(copy: CopyRow | SnapshotRow) -> CopyAt:
    return CopyAt(str(copy["snapshot_id"]), str(copy["region"]))


def source_at(copy: SnapshotRow) -> SourceAt | None:
    """Return the source of a copy; None for a snapshot that is not known to be a copy."""
    source = copy.get("source")
    return SourceAt(str(source["snapshot_id"]), str(copy["region"])) if source else None
