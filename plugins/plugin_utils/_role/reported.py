# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reports say that other runs read: the schema version, and the disks of a report of dr_copy."""

from __future__ import annotations

from typing import TypedDict

#: The schema version of the roles' JSON. No key is removed or changes its meaning without a new version.
SCHEMA = 1


class ReportedDisk(TypedDict):
    """A disk by its ID and name."""

    disk_id: str
    disk_name: str | None


class DiskFacts(ReportedDisk, total=False):
    """What a report says about a disk; unknown keys are omitted."""

    size_gib: int
    tags: dict[str, str]
    instance: str
    device: str
