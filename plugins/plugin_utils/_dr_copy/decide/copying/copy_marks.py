# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags that the role writes on copies besides the modules' provenance: the plan, and facts about the disk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...._role.answers import DiskRow, InfoAnswer, SnapshotRow
from ...._role.marks import ATTACHED_TO, DISK_NAME, PLAN
from ...._role.rows import disk_id_of
from ...input.variables import Variables
from ..plan_reasons import THERE
from ..result_type import PlanRow

#: The longest description on clouds without tags, and the longest value of a placeholder in it.
MAX_DESCRIPTION, MAX_VALUE = 256, 40


def source_tags(
    plan_rows: Sequence[PlanRow],
    source: InfoAnswer,
    values: Variables,
    sets: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, str]]:
    """Return the tags of copies, by snapshot: the marks and, on request, the tags of the snapshot and of the disk.

    They are set when the copy is made, and never change an existing copy, so two plans with the same disk do not
    overwrite each other's tags. If there is no room for all tags, marks are dropped last. A snapshot's tags take
    precedence over its disk's. ``source`` is the listing of the source region, ``sets`` the marks of group and set by
    snapshot.
    """
    wanted = {str(row["snapshot_id"]) for row in plan_rows if row["chosen"] or row["reason"] == THERE}
    disks = {disk["disk_id"]: disk for disk in source["disks"]}
    return {
        snapshot["snapshot_id"]: _tags(
            snapshot,
            disks.get(disk_id_of(snapshot)) or {"disk_id": "", "name": None},
            values,
            sets.get(snapshot["snapshot_id"], {}),
        )
        for snapshot in source["snapshots"]
        if snapshot["snapshot_id"] in wanted
    }


def description(values: Variables) -> str:
    """Return the description of a copy on a cloud without tags, with the plan if there is room for it.

    If the name and the description are the user's own, the source is added, so that it is known if the cloud does not
    show it.
    """
    text = values.description or "Copied from {snapshot_id} in {source_region}"
    end = " [{disk_id} {source_created_at}]"
    plan, source = f" (plan {values.plan})", " {snapshot_id}"
    if values.name and values.description and not text.endswith(source) and _fits(text + source + end):
        text += source
    has_room = _fits(text + plan + end) and not set("(){}") & set(values.plan)
    return f"{text}{plan if has_room else ''}{end}"


def _fits(description: str) -> bool:
    """Whether a description is short enough, whatever the values of its placeholders are."""
    return len(re.sub(r"\{\w+\}", "x" * MAX_VALUE, description)) <= MAX_DESCRIPTION


def names_plan(values: Variables) -> bool:
    """Whether the description of a copy on a cloud without tags names the plan."""
    return f" (plan {values.plan})" in description(values)


def _tags(snapshot: SnapshotRow, disk: DiskRow, values: Variables, sets: Mapping[str, str]) -> dict[str, str]:
    attached = " ".join(filter(None, (disk.get("attached_to"), disk.get("device"))))
    # If there is no room for all, the first ones are kept.
    marks = {PLAN: values.plan, **sets, DISK_NAME: disk["name"], ATTACHED_TO: attached}
    carried = {
        **((disk.get("tags") or {}) if values.copy_disk_tags else {}),
        **((snapshot.get("tags") or {}) if values.copy_tags else {}),
    }
    others = {key: str(value) for key, value in carried.items() if key not in marks}
    return {**{key: str(value) for key, value in marks.items() if value}, **others}
