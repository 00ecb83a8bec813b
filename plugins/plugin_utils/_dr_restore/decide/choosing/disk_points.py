# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The recovery point of one disk: the copy that it is restored from, or why there is none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.keys import why_unusable
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import Trait
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tag_matching import is_our_mark

from ...._role.answers import SnapshotRow
from ...._role.marks import ATTACHED_TO, DISK_NAME
from ...._role.rows import age_in_hours, counting_key, is_archived, is_complete, taken_at, time_or_now
from ...input.variables import Variables
from .points import ChosenCopy, Missing, MissingReason, Obstacle, Point


def point_of_disk(
    disk_id: str,
    own: Sequence[SnapshotRow],
    used: Collection[str],
    at: datetime,
    values: Variables,
    source_id: str | None,
) -> Point:
    """Return the point of a disk: a copy that is already used, else one of ``source_id``, else the newest one."""
    own = sorted(own, key=counting_key)
    pairs = sorted(((t, copy) for copy in own if (t := taken_at(copy))), key=lambda pair: pair[0], reverse=True)
    timed = [copy for _taken, copy in pairs]
    before = [copy for taken, copy in pairs if taken.time <= at]
    chosen = _chosen(own, before, used, source_id, values)
    # The chosen copy describes the disk. If somebody else made it, it has no marks, and another copy does.
    described_by = [copy for copy in (chosen, *before, *timed, *own) if copy is not None]
    tags = [copy.get("tags") or {} for copy in described_by]
    where = next((found[ATTACHED_TO] for found in tags if found.get(ATTACHED_TO)), "")
    instance, _space, device = where.partition(" ")
    newer = [c for c in before[: before.index(chosen)] if is_complete(c)] if chosen in before else []
    return Point(
        disk_id=disk_id,
        disk_name=next((found[DISK_NAME] for found in tags if found.get(DISK_NAME)), None),
        restored_from=_copy(chosen, values) if chosen else _why(own, timed, before),
        instance=instance or None,
        device=device or None,
        tags={key: value for key, value in tags[0].items() if not is_our_mark(key)},
        size_gib=chosen["size_gib"] if chosen else None,
        passed_over=next((_passed_over(copy) for copy in newer if obstacle_to(copy)), None) or _with_problem(own),
        key_problem=key_problem_of(chosen) if chosen else None,
    )


def _copy(chosen: SnapshotRow, values: Variables) -> ChosenCopy:
    source = chosen["source"]
    return ChosenCopy(
        copy_id=chosen["snapshot_id"],
        encrypted=chosen["encrypted"],
        key=chosen.get("kms_key_id") if chosen["encrypted"] else None,
        source_snapshot_id=source["snapshot_id"] if source else None,
        source_region=source["region"] if source else None,
        taken_at=_taken_at(chosen),
        age_hours=age_in_hours(_taken_at(chosen), time_or_now(values.started_at)),
    )


def _chosen(
    own: Sequence[SnapshotRow],
    before: Sequence[SnapshotRow],
    used: Collection[str],
    source_id: str | None,
    values: Variables,
) -> SnapshotRow | None:
    """Return the copy that a disk is restored from. ``before``: those of its ``own`` copies in time, newest first."""
    # A drill proves the newest copy. If its key cannot be used, it is not proven, and no older copy is tried instead.
    with_key = not values.is_drill
    usable = [copy for copy in before if is_complete(copy) and not obstacle_to(copy, with_key)]
    # The disk from a used copy exists, whatever has happened to the copy since.
    preferred = [copy for copy in (*before, *(c for c in own if not taken_at(c))) if copy["snapshot_id"] in used]
    preferred += [c for c in usable if source_id and c["source"] and c["source"]["snapshot_id"] == source_id]
    return next(iter([*preferred, *usable]), None)


def obstacle_to(copy: SnapshotRow, with_key: bool = True) -> str:
    """Return why no disk can be created from a complete copy now, as the end of a sentence; empty if one can."""
    if Trait.SYSTEM_DISK.value in copy["traits"]:  # (api-facts: cbs-traits)
        return Obstacle.SYSTEM_DISK.value
    if is_archived(copy):
        return Obstacle.ARCHIVED.value
    return (key_problem_of(copy) or "") if with_key else ""


def key_problem_of(copy: SnapshotRow) -> str | None:
    """Return the problem with the key of a copy; a key with an unknown state counts as usable."""
    key = copy.get("key")
    if not key or key["enabled"] is not False:
        return None
    return Obstacle.KEY.value.format(arn=key["arn"], why=why_unusable(key["state"], key["deletion_date"]))


def _taken_at(copy: SnapshotRow | None) -> str | None:
    return copy["source"]["created_at"] if copy and copy["source"] else None


def _passed_over(copy: SnapshotRow) -> str:
    return f"the newer copy {copy['snapshot_id']} of {_taken_at(copy)} {obstacle_to(copy)}"


def _with_problem(own: Sequence[SnapshotRow]) -> str | None:
    """Return the first complete copy whose time is wrong: it may be the newest one."""
    return next((f"the copy {_problem(c)}" for c in own if c.get("provenance_problem") and is_complete(c)), None)


def _problem(copy: SnapshotRow) -> str:
    return f"{copy['snapshot_id']} {copy['provenance_problem']}"


def _why(own: Sequence[SnapshotRow], timed: Sequence[SnapshotRow], before: Sequence[SnapshotRow]) -> Missing:
    if not timed:
        problem = next((f": {_problem(copy)}" for copy in own if copy.get("provenance_problem")), "")
        return MissingReason.UNTIMED.of(problem=problem)
    if not before:
        return MissingReason.YOUNGER.of(time=_taken_at(timed[-1]))
    for copy in before:
        if obstacle := obstacle_to(copy):
            return MissingReason.UNUSABLE.of(copy=copy["snapshot_id"], obstacle=obstacle)
    copy = before[0]
    return MissingReason.INCOMPLETE.of(copy=copy["snapshot_id"], state=copy["provider_state"] or copy["state"])
