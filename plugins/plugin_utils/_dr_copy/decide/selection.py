# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which disks and snapshots a run covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import disks_in_shard, is_first_shard
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tag_matching import has_tag
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize

from ..._role.answers import DiskRow, Failure, InfoAnswer, SnapshotRow
from ..._role.failures import has_failed, run_failure
from ..._role.marks import DISK_NAME, plan_of
from ..._role.rows import disk_id_of, parse_time
from ..._sets.copies import Copy, copies_of
from ..._sets.groups import group_ids_of
from ..._sets.marked import disks_that_left, sets_of_copies
from ..input.last_report import LastReport
from ..input.variables import Variables
from .destinations import managed_copies


def selected_snapshots(source: InfoAnswer, values: Variables) -> list[SnapshotRow]:
    """Return the snapshots that this run covers; none if the source region could not be listed."""
    snapshots = [] if has_failed(source) else source.get("snapshots") or []
    left_out = {str(disk["disk_id"]) for disk in excluded_disks(source, values)}
    own = [s for s in snapshots if disk_id_of(s) not in left_out]
    part = shard_disks(source, values) if values.shard else ()
    return [s for s in own if disk_id_of(s) in part] if values.shard else own


def shard_disks_to_list(source: InfoAnswer, values: Variables) -> list[str]:
    """Return the disks whose copies a shard lists; empty if it lists all copies.

    The first shard lists all copies, because it reports the orphans of all shards. A shard without a listing of the
    source region lists all copies too.
    """
    if is_first_shard(values.shard) or has_failed(source):
        return []
    return sorted(shard_disks(source, values))


def shard_disks(source: InfoAnswer, values: Variables) -> frozenset[str]:
    """Return the disks with the plan's tags in this run's shard, including those that a tag excludes.

    The info modules divide the disks in the same way. Disks of one group are in one shard.
    """
    return disks_in_shard(group_ids_of(source.get("disks") or (), values.group_tag), values.shard)


def shard_disks_by_marks(copies: Sequence[SnapshotRow], values: Variables) -> frozenset[str]:
    """Return the disks of copies in this run's shard, if the source region could not be listed."""
    own = managed_copies(copies, values)
    disks = dict.fromkeys(filter(None, map(disk_id_of, own)), "")
    return disks_in_shard({**disks, **group_ids_by_marks(copies_of(own))}, values.shard)


def group_ids_by_marks(copies: Sequence[Copy]) -> dict[str, str]:
    """Return the group of each disk according to the marks of its newest copy, if they show it.

    The group is empty for a disk that has left it since.
    """
    newest = {copy.disk_id: copy for copy in sorted(copies, key=lambda c: (c.time, c.source_id))}
    left = disks_that_left(newest.values(), sets_of_copies(copies)[0])
    return {disk_id: "" if disk_id in left else copy.group_id for disk_id, copy in newest.items() if copy.group_id}


def own_disks(source: InfoAnswer, values: Variables) -> list[DiskRow]:
    """Return the disks that this run protects: in its shard, with the plan's tags, not excluded by a tag."""
    part = shard_disks(source, values)
    return [disk for disk in wanted_disks(source, values) if disk["disk_id"] in part]


def wanted_disks(source: InfoAnswer, values: Variables) -> list[DiskRow]:
    """Return the disks with the plan's tags and without a tag that excludes them, in all shards."""
    return [disk for disk in source.get("disks") or () if not is_excluded(disk, values.exclude_tags)]


def excluded_disks(source: InfoAnswer, values: Variables) -> list[DiskRow]:
    """Return the disks with the plan's tags that a tag excludes, in all shards."""
    return [disk for disk in source.get("disks") or () if is_excluded(disk, values.exclude_tags)]


def too_few(source: InfoAnswer, values: Variables, near: str = "") -> Failure | None:
    """Return why a run must stop with the disks that were found, or None. Counts the disks of all shards.

    ``near`` names disks whose tags nearly match.
    """
    if has_failed(source):
        return None
    number = len(wanted_disks(source, values))
    if number >= values.min_disks and (number or values.allow_empty):
        return None
    tags = ", ".join(f"{key}={value}" for key, value in values.disk_tags.items())
    has = [f"the tags {tags}"] if tags else []
    has += [f"one of the IDs {', '.join(values.disk_ids)}"] if values.disk_ids else []
    is_empty = number == 0 and not values.allow_empty
    verbs = ("has", "exists") if is_empty or number == 1 else ("have", "exist")
    named = f"{verbs[0]} {' and '.join(has)}" if has else verbs[1]
    nothing = "" if values.reads_only else ". Nothing was copied"
    if is_empty:
        nearly = f". The tags of these disks nearly match: {near}" if near else ""
        check = "Check dr_copy_disk_ids. " if values.disk_ids else ""
        return run_failure(
            f"No disk in {values.source_region} {named}{nothing}{nearly}",
            f"{check}Tag the disks, or set dr_copy_allow_empty to true.",
        )
    found = f"{pluralize(number, 'disk')} in {values.source_region}"
    return run_failure(
        f"Only {found} {named}, fewer than dr_copy_min_disks ({values.min_disks}){nothing}",
        "Look for disks that have lost their tags, or lower dr_copy_min_disks.",
    )


def plans_of(values: Variables) -> list[str]:
    """Return the plan's name and its former names."""
    return [values.plan, *values.former_plans]


def is_excluded(disk: DiskRow | None, exclude: Mapping[str, str]) -> bool:
    tags = (disk and disk.get("tags")) or {}
    return any(has_tag(tags, key, value) for key, value in exclude.items())


def remembered_disks(copies: Sequence[SnapshotRow], values: Variables, last: LastReport) -> list[DiskRow]:
    """Return the disks that a run covers if the source region could not be listed.

    They are those of the plan's ``last`` report (see input.last_report) and those of copies with this plan's mark.
    """
    own = [copy for copy in managed_copies(copies, values) if disk_id_of(copy)]
    marked = [copy for copy in own if plan_of(copy) in plans_of(values)]
    known = {str(disk["disk_id"]): disk["disk_name"] for disk in last.get("disks") or ()}
    if not known and not marked:
        # Copies from before marks were introduced: nothing shows their plan.
        marked = [copy for copy in own if plan_of(copy) is None]
    left = _disks_that_left(marked, last)
    marked = [copy for copy in marked if disk_id_of(copy) not in left]
    for copy in marked:
        disk_id = disk_id_of(copy)
        known[disk_id] = known.get(disk_id) or (copy.get("tags") or {}).get(DISK_NAME)
    # The last report covers only this shard.
    part = shard_disks_by_marks(copies, values) | {str(disk["disk_id"]) for disk in last.get("disks") or ()}
    wanted = set(known) & part & (set(values.disk_ids) or part)
    return [{"disk_id": i, "name": known[i], "region": values.source_region} for i in sorted(wanted)]


def _disks_that_left(copies: Sequence[SnapshotRow], last: LastReport) -> set[str]:
    """Return the disks that the ``last`` report no longer selected: excluded, without the plan's tags, or deleted.

    A disk is selected again if a copy of it was made since.
    """
    finished = parse_time(last.get("finished_at"))
    made = [(disk_id_of(copy), parse_time(copy.get("created_at"))) for copy in copies]
    since = {disk_id for disk_id, time in made if finished and time and time > finished}
    return set(last.get("left") or ()) - since
