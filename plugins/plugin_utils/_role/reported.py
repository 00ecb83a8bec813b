# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report of dr_copy says about disks. The role's next run and restores read it."""

from __future__ import annotations

from typing import TypedDict


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
