# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the sets among copies by their marks. A mark is no proof: contradictory marks make no set.

A plan's group contains the disks that this plan protects, so each plan has its own sets. Plans that protect the same
disks share copies. Then a set of one plan has members with the mark of another plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    SnapshotSet,
    disks_mark,
    is_in_mark,
    weakest,
)

from .copies import Contradiction, Copy, CopySet

#: A region, a group, and the ID of a set or the name of a plan.
SetKey = tuple[str, str, str]


def _all(_copy: Copy) -> bool:
    return True


def sets_of_copies(
    copies: Iterable[Copy], counts: Callable[[Copy], bool] = _all
) -> tuple[list[CopySet], list[Contradiction]]:
    """Return the sets that the marks of copies name, complete or not, newest first; and the contradictory ones.

    Only copies that ``counts`` accepts become members; the others also reveal contradictions.
    """
    marked: dict[SetKey, dict[str, list[Copy]]] = {}
    of_plans: dict[SetKey, set[str]] = {}
    for copy in copies:
        if copy.group_id:
            of_plans.setdefault((copy.region, copy.group_id, copy.plan), set()).add(copy.disk_id)
        if copy.mark:
            by_plan = marked.setdefault((copy.region, copy.group_id, copy.mark.set_id), {})
            by_plan.setdefault(copy.plan, []).append(copy)
    sets, contradictions = [], []
    for (region, group_id, set_id), by_plan in sorted(marked.items()):
        parts = []
        for plan, members in sorted(_with_unnamed(by_plan).items()):
            if reason := _contradiction(group_id, members):
                contradictions.append(Contradiction(region, group_id, set_id, reason, tuple(members)))
            elif found := _set_of(filter(counts, members), plan):
                parts.append(found)
        sets += [_completed(copy_set, parts, of_plans[region, group_id, copy_set.plan]) for copy_set in parts]
    sets.sort(key=set_key, reverse=True)
    return sets, contradictions


def _with_unnamed(by_plan: Mapping[str, list[Copy]]) -> dict[str, list[Copy]]:
    """If all named copies name the same plan, assign the copies without a plan to it."""
    named = [plan for plan in by_plan if plan]
    if len(named) != 1:
        return dict(by_plan)
    return {named[0]: [copy for members in by_plan.values() for copy in members]}


def _set_of(members: Iterable[Copy], plan: str) -> CopySet | None:
    own = sorted(members, key=lambda copy: (copy.disk_id, copy.snapshot_id))
    mark = own[0].mark if own else None
    return CopySet(own[0].region, own[0].group_id, mark, tuple(own), plan) if mark else None


def _contradiction(group_id: str, members: Sequence[Copy]) -> str:
    """Return why marks of one plan cannot all be true, as the end of a sentence; empty if they can."""
    marks = sorted({copy.mark.tag_value for copy in members if copy.mark})
    if len(marks) > 1:
        return f"their tags differ ({', '.join(marks)})"
    return _impossible(group_id, members, members[0].mark.size if members[0].mark else 0)


def _impossible(group_id: str, members: Sequence[Copy], size: int) -> str:
    sources: dict[str, set[str]] = {}
    for copy in members:
        sources.setdefault(copy.disk_id, set()).add(copy.source_id)
    for disk_id, of_disk in sorted(sources.items()):
        if len(of_disk) > 1:
            return f"it has {len(of_disk)} snapshots of the disk {disk_id}"
    if len(sources) > size:
        return f"it has {len(sources)} disks instead of {size}"
    instances = sorted({copy.instance_id for copy in members if copy.instance_id})
    if group_id in instances and len(instances) > 1:
        return f"they were attached to {', '.join(instances)}"
    return ""


def _completed(own: CopySet, parts: Sequence[CopySet], disk_ids: set[str]) -> CopySet:
    """Return a plan's set with the members that other plans have copied, if these make it complete.

    Otherwise return it unchanged. ``parts`` are the sets of all plans with this ID. The plan's mark of disks says which
    disks belong to the set. Without such a mark they are the ``disk_ids``: all disks of which the plan has a copy.
    """
    others = [copy for part in parts for copy in part.members if part is not own and copy.disk_id not in own.disk_ids]
    if own.is_whole or not others:
        return own
    mark = next((copy.disks_mark for copy in own.members if copy.disks_mark), "")
    added = [copy for copy in others if (is_in_mark(copy.disk_id, mark) if mark else copy.disk_id in disk_ids)]
    joint = joint_set(own, [*own.members, *added], own.mark.size)
    return joint if joint and (not mark or disks_mark(joint.disk_ids) == mark) else own


def joint_set(base: CopySet, members: Iterable[Copy], size: int) -> CopySet | None:
    """Return copies of several plans as one complete set of this size; None if they do not match.

    Its consistency is the weakest among them.
    """
    members = tuple(dict.fromkeys(members))
    if not members or _impossible(base.group_id, members, size):
        return None
    mark = SnapshotSet(base.mark.set_id, size, weakest(copy.mark.consistency for copy in members if copy.mark))
    joint = replace(base, mark=mark, members=members)
    return joint if joint.is_whole else None


def newest_whole(sets: Iterable[CopySet]) -> dict[SetKey, CopySet]:
    """Return the newest complete set of each region, group and plan; ``sets`` have the order of ``sets_of_copies``."""
    found: dict[SetKey, CopySet] = {}
    for copy_set in sets:
        if copy_set.is_whole:
            found.setdefault((copy_set.region, copy_set.group_id, copy_set.plan), copy_set)
    return found


class SetsOfGroups:
    """Finds the newest complete set of a group with known disks. ``sets`` have the order of ``sets_of_copies``."""

    def __init__(self, sets: Iterable[CopySet]):
        self._of_groups = grouped(sets, lambda copy_set: (copy_set.region, copy_set.group_id))

    def newest(
        self, region: str, group_id: str, disk_ids: frozenset[str], plans: Collection[str] = ()
    ) -> CopySet | None:
        """Return the newest set that is complete by the mark of one of these ``plans``, or that has all of these disks.

        In the second case it has members that other plans have copied. Without ``plans``, a set must have all the
        disks.
        """
        sets = self._of_groups.get((region, group_id), ())
        found = [
            copy_set
            for copy_set in sets
            if copy_set.is_whole and (copy_set.plan in plans if plans else disk_ids <= copy_set.disk_ids)
        ]
        by_id = grouped(sets, lambda copy_set: copy_set.mark.set_id)
        for parts in by_id.values():
            if len(parts) > 1 or parts[0].plan not in plans:
                members = [copy for part in parts for copy in part.members if copy.disk_id in disk_ids]
                if joint := joint_set(parts[0], members, len(disk_ids)):
                    found.append(joint)
        return max(found, key=set_key, default=None)


def set_key(copy_set: CopySet) -> tuple[datetime, str]:
    return copy_set.taken_at, copy_set.mark.set_id


def disks_that_left(newest: Iterable[Copy], sets: Iterable[CopySet]) -> set[str]:
    """Return the disks that have left their group since their newest copy.

    The plan of that copy has a newer complete set without them. ``newest`` is the newest copy of each disk.
    """
    whole: dict[tuple[str, str], CopySet] = {}
    for copy_set in newest_whole(sets).values():
        key = (copy_set.group_id, copy_set.plan)
        whole[key] = max(copy_set, whole.get(key, copy_set), key=set_key)
    since = ((copy, whole.get((copy.group_id, copy.plan))) for copy in newest)
    return {
        copy.disk_id
        for copy, copy_set in since
        if copy_set and copy.time < copy_set.taken_at and copy.disk_id not in copy_set.disk_ids
    }
