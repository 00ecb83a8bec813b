# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of disks and keys for a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from ...._role.enumerations import first_in_words
from ...._role.naming import disk_label
from ...._role.reported import ReportedDisk
from ..result_type import NearMiss


def disks_in_words(disks: Sequence[ReportedDisk]) -> str:
    """Return the names of disks for a sentence."""
    return names_in_words([disk_label(disk["disk_name"], disk["disk_id"]) for disk in disks])


def near_misses_in_words(disks: Sequence[NearMiss]) -> str:
    """Name disks in a sentence, each with the tags that nearly match."""
    return names_in_words(
        [
            f"{disk_label(disk['disk_name'], disk['disk_id'])} has {', '.join(map('='.join, disk['tags'].items()))}"
            for disk in disks
        ]
    )


def names_in_words(names: Sequence[str]) -> str:
    """Return the first names for a sentence, and how many more there are."""
    return first_in_words(names, before_rest=", and")
