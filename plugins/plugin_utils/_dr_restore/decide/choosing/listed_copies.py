# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The listed copies that a restore may use, and what each shows of its disk."""

from __future__ import annotations

from collections.abc import Collection

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize

from ...._role.answers import InfoAnswer, SnapshotRow
from ...._role.enumerations import first_in_words
from ...input.variables import Variables


def unidentified(listed: InfoAnswer, values: Variables) -> list[str]:
    """Return the copies that do not show their disk: no disk can be restored by name from them."""
    return [copy["snapshot_id"] for copy in copies_that_count(listed, values) if not source_disk(copy)]


def warnings_of_unidentified(listed: InfoAnswer, values: Variables) -> list[str]:
    """Return a warning about copies that do not show their disk, or nothing: one may be the newest of a disk."""
    if not (found := unidentified(listed, values)):
        return []
    copies = pluralize(len(found), "copy does not show its disk", "copies do not show their disk")
    return [
        f"{copies}, so this restore does not use {'it' if len(found) == 1 else 'them'}: "
        f"{first_in_words(found)}. A restored or missing disk may have a newer copy among them. The restore module can "
        "create a disk from such a copy by its ID"
    ]


def copies_that_count(listed: InfoAnswer, values: Variables, used: Collection[str] = ()) -> list[SnapshotRow]:
    """Return the copies that count: those from which disks can be made in the zone, and those that are already used."""
    region, places = values.source_region, (None, values.zone)
    return [
        copy
        for copy in listed.get("snapshots") or ()
        if copy.get("source") and (copy.get("place") in places or copy["snapshot_id"] in used) and is_from(copy, region)
    ]


def is_from(copy: SnapshotRow, region: str) -> bool:
    """Whether the disk of a copy may be in this region (empty: any). A copy that does not show the region may match."""
    source = copy["source"]
    return not region or source is None or source["region"] in (region, None)


def source_disk(copy: SnapshotRow) -> str:
    return (copy["source"] and copy["source"]["disk_id"]) or ""


def copies_of_listing(listed: InfoAnswer) -> list[SnapshotRow]:
    return [copy for copy in listed.get("snapshots") or () if copy.get("source")]
