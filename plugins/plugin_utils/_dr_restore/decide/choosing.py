# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which recovery point each disk is restored from, according to the copies in one region."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import RESTORE_ID

from ..._role.answers import InfoAnswer
from ..._role.provenance import with_provenance_problems
from ..._role.rows import time_or_now
from ..input.last_manifest import EarlierRow
from ..input.variables import Variables
from .disk_points import key_problem_of, point_of_disk
from .disk_selection import expected_disks, is_selected, with_facts_of_report
from .listed_copies import copies_that_count, source_disk
from .made_before import (
    has_generated_id,
    kept_points,
    latest_time,
    made_before,
    made_the_day_before,
    second_disks,
    torn_beside,
    warnings_of_made,
)
from .missing_disks import missing_disks
from .points import Point
from .servers import servers_of, warnings_of_contradictions, with_sets

NO_SERVERS = (
    "Copies on {cloud} do not show servers, so it is unknown which disks belong together. Each disk is restored from "
    "its newest copy. Set dr_restore_expected to the plan's last report, which shows the servers"
)
NO_ROWS: Mapping[str, EarlierRow] = MappingProxyType({})


class RestoreChoice(NamedTuple):
    """The disks to restore, each with its recovery point, and warnings.

    ``refused`` says why nothing is made from them.
    """

    points: list[Point]
    warnings: list[str]
    refused: str = ""


def choose(
    copy_listing: InfoAnswer, disk_listing: InfoAnswer, values: Variables, last: Mapping[str, EarlierRow] = NO_ROWS
) -> RestoreChoice:
    """Choose for each disk to restore its newest recovery point not later than ``at``.

    ``copy_listing`` lists the copies in the region, ``disk_listing`` the disks that restores have made. If this restore
    has already made a new disk for a disk, that disk stays with its recovery point, whatever copies have been made
    since. ``last`` are the rows of the manifest of earlier runs, by new disk or claim: with ``kubernetes``,
    claims stay with their recovery points too. With the consistency "set", disks that belong together get the newest
    complete set not later than ``at``, if there is one.
    """
    now = time_or_now(values.started_at)
    at = latest_time(values)
    made = made_before(copy_listing, disk_listing, last, values)
    used = {made_disk.copy_id for made_disk in made}
    copies = [
        copy
        for copy in with_provenance_problems(copies_that_count(copy_listing, values, used), [], now)
        if source_disk(copy)
    ]
    by_disk = grouped(copies, source_disk)
    kept = kept_points(made, by_disk, values)
    known = {} if values.is_drill else {disk.disk_id: disk for disk in values.expected}

    def point_of(disk_id: str, source_id: str | None = None) -> Point:
        point = point_of_disk(disk_id, by_disk[disk_id], used, at, values, source_id)
        return with_facts_of_report(point, known[disk_id]) if disk_id in known else point

    found = [kept.get(disk_id) or point_of(disk_id) for disk_id in dict.fromkeys([*by_disk, *kept])]
    points = [point for point in found if is_selected(point, known.get(str(point.disk_id)), values)]
    by_set = values.consistency == "set"
    locked_out = {str(copy["snapshot_id"]) for copy in copies if not values.is_drill and key_problem_of(copy)} - used
    has_marks = CLOUDS[values.cloud].tag_rules is not None
    reported = [] if has_marks else values.expected
    are_named = bool(values.disk_ids or values.disk_names)
    wanted = {str(point.disk_id) for point in points}
    servers = servers_of(copies, at, wanted, used, locked_out, reported, are_named)
    free = [point for point in points if point.disk_id not in kept]
    if by_set:
        free = [point_of(str(point.disk_id), servers.source_of(point.disk_id)) for point in free]
    own = [point for point in points if point.disk_id in kept]
    points = torn_beside([*own, *with_sets(free, servers, by_set)], kept)
    expected = {} if values.is_drill else expected_disks(values)
    found_ids = {point.disk_id for point in found}
    without = [disk for disk in expected.values() if disk.disk_id not in found_ids]
    points += missing_disks(found, points, without, known, values)
    points.sort(key=lambda point: (str(point.disk_name or point.disk_id), str(point.disk_id)))
    warnings = [
        *warnings_of_contradictions(servers.contradictions),
        *warnings_of_made(points, made, values),
        *made_the_day_before(copy_listing, disk_listing, points, values),
    ]
    if not has_marks and len(found_ids) > 1 and all(disk.set_seconds is None for disk in reported):
        warnings.append(NO_SERVERS.format(cloud=values.cloud))
    return RestoreChoice(points, warnings, second_disks(points, made, values))


def tags_of_restored_disks(values: Variables) -> dict[str, str]:
    """Return the tags by which the disks of this restore are found.

    If its ID was generated, these are the tags of all restores, to find the disks of the day before.
    """
    return {RESTORE_ID: "*" if has_generated_id(values) else values.id}
