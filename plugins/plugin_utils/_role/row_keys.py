# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys by which rows are compared: a copy, a source or a disk, each with a region."""

from __future__ import annotations

from typing import NamedTuple

from .answers import CopyRow, SnapshotRow


class CopyAt(NamedTuple):
    """One copy: its ID and its region."""

    copy_id: str
    region: str


class SourceAt(NamedTuple):
    """The copies of one source in a destination: the source's ID, and the destination."""

    source_id: str
    region: str


class DiskAt(NamedTuple):
    """The recovery points of one disk in a destination."""

    disk_id: str
    region: str


def copy_at(copy: CopyRow | SnapshotRow) -> CopyAt:
    return CopyAt(str(copy["snapshot_id"]), str(copy["region"]))


def source_at(copy: SnapshotRow) -> SourceAt | None:
    """Return the source of a copy; None for a snapshot that is not known to be a copy."""
    source = copy.get("source")
    return SourceAt(str(source["snapshot_id"]), str(copy["region"])) if source else None
