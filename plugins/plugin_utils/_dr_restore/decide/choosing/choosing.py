# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which recovery point each disk is restored from, according to the copies in one region."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import RESTORE_ID

from ...._role.answers import InfoAnswer, SnapshotRow
from ...._role.provenance import with_provenance_problems
from ...._role.rows import time_or_now
from ...input.expected import Expected
from ...input.last_manifest import EarlierRow
from ...input.variables import Variables
from .disk_points import key_problem_of, point_of_disk
from .disk_selection import expected_disks, is_selected, with_facts_of_report
from .listed_copies import copies_that_count, source_disk
from .made_before import (
    MadeDisk,
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
from .servers import Servers, servers_of, warnings_of_contradictions, with_sets

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
    made = made_before(copy_listing, disk_listing, last, values)
    candidates = _candidates_of(copy_listing, made, values)
    found = [candidates.point_of(disk_id) for disk_id in dict.fromkeys([*candidates.by_disk, *candidates.kept])]
    selected = [point for point in found if is_selected(point, candidates.known.get(str(point.disk_id)), values)]
    servers = _servers_of(selected, candidates)
    points = _with_sets(selected, servers, candidates)
    found_ids = {point.disk_id for point in found}
    expected = {} if values.is_drill else expected_disks(values)
    without = [disk for disk in expected.values() if disk.disk_id not in found_ids]
    points += missing_disks(found, points, without, candidates.known, values)
    points.sort(key=lambda point: (str(point.disk_name or point.disk_id), str(point.disk_id)))
    warnings = [
        *warnings_of_contradictions(servers.contradictions),
        *warnings_of_made(points, made, values),
        *made_the_day_before(copy_listing, disk_listing, points, values),
        *_warnings_of_unknown_servers(len(found_ids), values),
    ]
    return RestoreChoice(points, warnings, second_disks(points, made, values))


@dataclass(frozen=True)
class _Candidates:
    """What a restore chooses from.

    ``by_disk``: the copies of each disk. ``used``: copies from which this restore has made disks. ``kept``: the points
    of disks whose copies are no longer listed. ``known``: the disks of the report.
    """

    by_disk: Mapping[str, Sequence[SnapshotRow]]
    used: Collection[str]
    kept: Mapping[str, Point]
    known: Mapping[str, Expected]
    values: Variables

    def point_of(self, disk_id: str, source_id: str | None = None) -> Point:
        """Return the point of a disk: the kept one, else one of ``source_id``, else the newest one."""
        if disk_id in self.kept:
            return self.kept[disk_id]
        at = latest_time(self.values)
        point = point_of_disk(disk_id, self.by_disk[disk_id], self.used, at, self.values, source_id)
        return with_facts_of_report(point, self.known[disk_id]) if disk_id in self.known else point


def _candidates_of(copy_listing: InfoAnswer, made: Sequence[MadeDisk], values: Variables) -> _Candidates:
    used = {made_disk.copy_id for made_disk in made}
    counting = copies_that_count(copy_listing, values, used)
    copies = with_provenance_problems(counting, [], time_or_now(values.started_at))
    by_disk = grouped((copy for copy in copies if source_disk(copy)), source_disk)
    known = {} if values.is_drill else {disk.disk_id: disk for disk in values.expected}
    return _Candidates(by_disk, used, kept_points(made, by_disk, values), known, values)


def _servers_of(points: Sequence[Point], candidates: _Candidates) -> Servers:
    """Return the servers of the points, each with the set that it is restored from."""
    values = candidates.values
    copies = [copy for own in candidates.by_disk.values() for copy in own]
    locked_out = {str(copy["snapshot_id"]) for copy in copies if not values.is_drill and key_problem_of(copy)}
    reported = [] if CLOUDS[values.cloud].tag_rules else values.expected
    return servers_of(
        copies,
        latest_time(values),
        {str(point.disk_id) for point in points},
        candidates.used,
        locked_out - set(candidates.used),
        reported,
        bool(values.disk_ids or values.disk_names),
    )


def _with_sets(points: Sequence[Point], servers: Servers, candidates: _Candidates) -> list[Point]:
    """Return the points of the disks, with the consistency "set" those of their servers' sets."""
    by_set = candidates.values.consistency == "set"
    kept = [point for point in points if point.disk_id in candidates.kept]
    free = [point for point in points if point.disk_id not in candidates.kept]
    if by_set:
        free = [candidates.point_of(str(point.disk_id), servers.source_of(point.disk_id)) for point in free]
    return torn_beside([*kept, *with_sets(free, servers, by_set)], candidates.kept)


def _warnings_of_unknown_servers(disks: int, values: Variables) -> list[str]:
    is_known = CLOUDS[values.cloud].tag_rules or any(disk.set_seconds is not None for disk in values.expected)
    return [] if is_known or disks < 2 else [NO_SERVERS.format(cloud=values.cloud)]


def tags_of_restored_disks(values: Variables) -> dict[str, str]:
    """Return the tags by which the disks of this restore are found.

    If its ID was generated, these are the tags of all restores, to find the disks of the day before.
    """
    return {RESTORE_ID: "*" if has_generated_id(values) else values.id}
