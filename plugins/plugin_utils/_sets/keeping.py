# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copies retention keeps because they are members of sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped

from .._role.row_keys import CopyAt
from .copies import Copy, CopySet
from .groups import Group
from .marked import SetsOfGroups, joint_set, newest_whole, set_key, sets_of_copies


def possible_set_members(copies: Sequence[Copy]) -> set[CopyAt]:
    """Return the copies of incomplete sets that are newer than all complete sets of their group.

    Together with unlisted copies, they may form the newest complete set.
    """
    perhaps: set[CopyAt] = set()
    for sets in _with_and_without_archived(copies):
        whole = newest_whole(sets)
        for copy_set in sets:
            newest = whole.get((copy_set.region, copy_set.group_id, copy_set.plan))
            if newest is None or copy_set.taken_at > newest.taken_at:
                perhaps |= copy_set.keys
    return perhaps


def kept_by_sets(
    copies: Sequence[Copy], groups: Sequence[Group] = (), regions: Sequence[str] = (), plans: Collection[str] = ()
) -> set[CopyAt]:
    """Return the copies that are members of a group's newest complete set in their region.

    Each plan has a newest set; it counts unless a newer complete set has all of its disks. Copies of several plans that
    may form a complete set together are kept until each of their disks is in a newer set. If a member is archived, the
    newest set that can be restored now is kept too.

    Besides the marks, the disks of a plan's ``groups`` show which copies of other plans in its ``regions`` belong to
    its sets. ``plans`` are the plan's current and former names.
    """
    kept: set[CopyAt] = set()
    names, places = {"", *plans}, [(region, group) for group in groups for region in regions]
    for sets in _with_and_without_archived(copies):
        sets_of_groups = SetsOfGroups(sets)
        of_plan = [sets_of_groups.newest(region, group.group_id, group.disk_ids, names) for region, group in places]
        kept = kept.union(*(copy_set.keys for copy_set in (*_kept_by_marks(sets), *of_plan) if copy_set))
    return kept


def _with_and_without_archived(copies: Sequence[Copy]) -> Iterator[list[CopySet]]:
    """Yield the sets of all copies and, if some copies are archived, those of the copies that can be restored now."""
    yield sets_of_copies(copies)[0]
    if not all(copy.is_restorable for copy in copies):
        yield sets_of_copies(copies, lambda copy: copy.is_restorable)[0]


def _kept_by_marks(sets: Sequence[CopySet]) -> Iterator[CopySet]:
    of_groups = grouped(newest_whole(sets).values(), lambda copy_set: (copy_set.region, copy_set.group_id))
    for of_plans in of_groups.values():
        for copy_set in of_plans:
            if not any(
                set_key(other) > set_key(copy_set) and other.disk_ids >= copy_set.disk_ids for other in of_plans
            ):
                yield copy_set
    for copy_set in _perhaps_whole(sets):
        newer = [
            other
            for other in of_groups.get((copy_set.region, copy_set.group_id), ())
            if set_key(other) > set_key(copy_set)
        ]
        if copy_set.disk_ids.difference(*(other.disk_ids for other in newer)):
            yield copy_set


def _perhaps_whole(sets: Iterable[CopySet]) -> list[CopySet]:
    """Return the sets that copies of several plans form together if all these plans protect the same disks."""
    by_id = grouped(sets, lambda copy_set: (copy_set.region, copy_set.group_id, copy_set.mark.set_id))
    found = []
    for parts in by_id.values():
        members = [copy for part in parts for copy in part.members]
        if len(parts) > 1 and (joint := joint_set(parts[0], members, parts[0].mark.size)):
            found.append(joint)
    return found
