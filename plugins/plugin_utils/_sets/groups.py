# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups: disks that belong together. A single disk is in no group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .._role.answers import DiskRow


@dataclass(frozen=True)
class Group:
    """Two or more disks of one instance, or with the same value of the group tag.

    ``group_id`` is that instance or value.
    """

    group_id: str
    disk_ids: frozenset[str]


def groups_of(disks: Iterable[DiskRow], group_tag: str = "") -> list[Group]:
    """Return the groups of disks as the info modules return them, sorted by ID.

    With ``group_tag``, a tag key, the disks with the same value of that tag belong together; else those of one
    instance.
    """
    return groups_by_ids(group_ids_of(disks, group_tag))


def group_ids_of(disks: Iterable[DiskRow], group_tag: str = "") -> dict[str, str]:
    """Return by disk ID what each disk belongs to: an instance, or a value of the tag; empty if to nothing."""
    return {str(disk["disk_id"]): _group_of(disk, group_tag) for disk in disks}


def groups_by_ids(group_ids: Mapping[str, str]) -> list[Group]:
    """Return the groups, sorted by ID; ``group_ids`` says what each disk belongs to."""
    found: dict[str, set[str]] = {}
    for disk_id, group_id in group_ids.items():
        if group_id:
            found.setdefault(group_id, set()).add(disk_id)
    return [Group(group_id, frozenset(disks)) for group_id, disks in sorted(found.items()) if len(disks) > 1]


def group_of_each(groups: Iterable[Group]) -> dict[str, Group]:
    """Return the group of each disk that is in one."""
    return {disk_id: group for group in groups for disk_id in group.disk_ids}


def _group_of(disk: DiskRow, group_tag: str) -> str:
    return str((disk.get("tags") or {}).get(group_tag, "") if group_tag else disk.get("attached_to") or "")
