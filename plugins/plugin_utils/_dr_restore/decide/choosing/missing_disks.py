# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requested disks that cannot be restored, and why nothing can be restored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize, quoted_failures

from ...._role.answers import InfoAnswer, SnapshotRow
from ...._role.enumerations import first_in_words
from ...._role.failures import failures_of
from ...._role.marks import DISK_NAME
from ...input.expected import Expected
from ...input.variables import Variables
from .disk_selection import names_of, tags_in_words, with_facts_of_report
from .listed_copies import is_from, source_disk
from .points import Missing, MissingReason, Point, by_reason, label_of_disk


def missing_disks(
    found: Sequence[Point],
    chosen: Sequence[Point],
    without: Sequence[Expected],
    known: Mapping[str, Expected],
    values: Variables,
) -> list[Point]:
    """Return the requested disks that are not ``chosen``, each with the reason why it is missing.

    ``found`` are the disks with copies, ``without`` the expected disks without copies, ``known`` the disks of the
    report.
    """
    origin = f" from {values.source_region}" if values.source_region else ""
    no_copy = MissingReason.NO_COPY.of(region=values.region, origin=origin)
    reason = MissingReason.EXPECTED.of(by="dr_restore_expected", region=values.region, origin=origin)
    missing = [with_facts_of_report(Point(disk.disk_id, disk.name, reason), disk) for disk in without]
    rows = [*chosen, *missing]
    ids = {point.disk_id for point in rows}
    names: set[str] = set().union(*(names_of(point, known.get(str(point.disk_id))) for point in rows))
    asked: list[tuple[str | None, str | None]] = [(None, name) for name in values.disk_names if name not in names]
    if not values.disk_names:
        asked += [(disk_id, None) for disk_id in values.disk_ids if disk_id not in ids]
    for disk_id, name in asked:
        own = [p for p in found if p.disk_id == disk_id or name in names_of(p, known.get(str(p.disk_id)))]
        missing += [Point(p.disk_id, p.disk_name, _unfit(p, values)) for p in own] or [Point(disk_id, name, no_copy)]
    return missing


def _unfit(point: Point, values: Variables) -> Missing:
    """Return which variable leaves out a disk that has copies, although its ID or name was requested."""
    ids, tags = values.disk_ids, values.disk_tags
    by = f"disk_ids {', '.join(ids)}" if ids and point.disk_id not in ids else f"disk_tags {tags_in_words(tags)}"
    return MissingReason.UNFIT.of(region=values.region, by=f"dr_restore_{by}")


def refusal(points: Sequence[Point], listed: InfoAnswer, values: Variables) -> str:
    """Return why nothing at all can be restored, before anything is made; empty if something can.

    ``listed`` is the listing of all copies in the region, from any source region.
    """
    if any(point.copy_id for point in points):
        return ""
    if unread := quoted_failures(failures_of(listed)):
        reasons = by_reason([(point.disk_label, point.missing.text if point.missing else "") for point in points])
        return (
            f"{reasons}{'. ' if reasons else ''}No copy from {values.source_region} can be restored, and it is unknown "
            f"which other copies are in {values.region}: {unread}"
        )
    copies = [copy for copy in listed.get("snapshots") or () if copy.get("source")]
    fits_region = [copy for copy in copies if is_from(copy, values.source_region)]
    if points and (fits_region or not copies):
        why = by_reason([(point.disk_label, point.missing.text if point.missing else "") for point in points])
        return f"No disk has a recovery point that can be restored. {why}. {what_is_there(copies, values)}"
    if not copies:
        return f"There is nothing to restore. {what_is_there(copies, values)}"
    filters = {
        "source_region": values.source_region,
        "disk_tags": tags_in_words(values.disk_tags),
        "disk_ids": ", ".join(values.disk_ids),
        "disk_names": ", ".join(values.disk_names),
    }
    asked = [f"dr_restore_{name} {given}" for name, given in filters.items() if given]
    fits = f"matches {', '.join(asked)}" if asked else "names a disk"
    return f"No copy in {values.region} {fits}, so there is nothing to restore. {what_is_there(copies, values)}"


def what_is_there(copies: Sequence[SnapshotRow], values: Variables) -> str:
    """Describe the copies in the region: how many there are, and the regions and names of their disks."""
    if not copies:
        return (
            f"The account of this connection has no copies in {values.region}. "
            "Check dr_restore_region, and check which account you are logged in to."
        )
    regions = Counter((copy["source"] and copy["source"]["region"]) or "an unknown region" for copy in copies)
    disks: dict[str, str] = {}
    for copy in copies:
        if disk_id := source_disk(copy):
            name = (copy.get("tags") or {}).get(DISK_NAME)
            disks[disk_id] = label_of_disk({"disk_id": disk_id, "disk_name": name})
    sources = " and ".join(f"{number} of disks in {region}" for region, number in sorted(regions.items()))
    shown = first_in_words(sorted(disks.values())) or "they name no disk"
    return f"{values.region} has {pluralize(len(copies), 'copy', 'copies')}, {sources}: {shown}."
