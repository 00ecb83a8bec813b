# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which disks a restore covers: by ID, name and tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tag_matching import has_tags

from ...input.expected import Expected
from ...input.variables import Variables
from .points import Point


def expected_disks(values: Variables) -> dict[str, Expected]:
    """Return the disks of ``dr_restore_expected`` by ID, as far as the run selects them by ID, name and tags.

    A disk without known tags is never left out because of tags.
    """
    ids, names, tags = values.disk_ids, values.disk_names, values.disk_tags
    return {
        disk.disk_id: disk
        for disk in values.expected
        if (not ids or disk.disk_id in ids)
        and (not names or disk.name in names)
        and (disk.tags is None or has_tags(with_name(disk.tags, disk.name), tags))
    }


def with_facts_of_report(point: Point, disk: Expected) -> Point:
    """Add to a point the facts about its disk from a report.

    A copy has the tags of its snapshot; the report has those of the disk.
    """
    return replace(
        point,
        disk_name=point.disk_name or disk.name,
        tags={**point.tags, **(disk.tags or {})},
        size_gib=point.size_gib or disk.size_gib,
        instance=point.instance or disk.instance,
        device=point.device or (None if point.instance else disk.device),
    )


def is_selected(point: Point, disk: Expected | None, values: Variables) -> bool:
    """Whether a run covers a disk; ``disk`` has the facts from the report."""
    ids, wanted, names = values.disk_ids, values.disk_names, names_of(point, disk)
    return (
        (not ids or point.disk_id in ids)
        and (not wanted or not names.isdisjoint(wanted))
        and any(has_tags(with_name(point.tags, name), values.disk_tags) for name in names or (None,))
    )


def names_of(point: Point, disk: Expected | None) -> set[str]:
    """Return the names of a disk: it may have been renamed since its copy was made."""
    return {name for name in (point.disk_name, disk and disk.name) if name}


def tags_of(point: Point) -> dict[str, str]:
    """Return the tags by which a disk is selected and sorted into waves: the known ones, and its name."""
    return with_name(point.tags, point.disk_name)


def with_name(tags: Mapping[str, str], name: str | None) -> dict[str, str]:
    return {**tags, **({"Name": name} if name else {})}


def tags_in_words(tags: Mapping[str, str]) -> str:
    """Return tags for a sentence."""
    return ", ".join(f"{key}={value}" for key, value in tags.items())
