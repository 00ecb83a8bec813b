# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run decides once it has listed: which disks it looks at, and what it copies. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._role.registered import is_listed
from ..._role.rows import Row, opened, plain
from ..._sets.copies import copies_of
from ..input.variables import Variables
from .coverage import listed, near_misses
from .destinations import copies_there
from .planning import copy_plan
from .retention import limits_of
from .selection import select, too_few
from .set_marks import groups_in, marks_by_source

NOTHING: dict[str, Any] = {"stopped": "", "disks": [], "plan": [], "marks": {}}


def decide(source: Row, before: Sequence[Row], values: Variables, last: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``disks`` that a run looks at, its ``plan``, and the ``marks`` of sets by snapshot; or why it has
    ``stopped``, a text.

    ``source`` and ``before`` are the listings of the source region and of the destinations; ``last`` is what is
    remembered of the plan's last report. Without a listing of the source region there is no plan.
    """
    source, before = opened(source), [opened(call) for call in plain(before)]
    near = near_misses(source["other_disks"], values) if "other_disks" in source else []
    stopped = too_few(source, values, listed(near))
    if stopped:
        return {**NOTHING, "stopped": stopped}
    if not is_listed(source):
        copies = [copy for call in before for copy in plain(call.get("snapshots") or ())]
        return {**NOTHING, "disks": select(source, copies, values, last)["disks"]}
    selected = select(source, [], values, last)
    plan = planned(selected["snapshots"], selected["disks"], before, values)
    marks = {}
    if groups := groups_in(source, values):
        there = copies_of(copies_there(before, selected["snapshots"], values))
        marks = marks_by_source(groups, source, there, values)
    return {**NOTHING, "disks": selected["disks"], "plan": plan, "marks": marks}


def planned(
    snapshots: Sequence[Row], disks: Sequence[Row], before: Sequence[Row], values: Variables
) -> list[dict[str, Any]]:
    """Return the plan for these snapshots and disks by the role's variables; ``before`` are the destinations'
    listings."""
    there = copies_there(before, snapshots, values)
    return copy_plan(
        snapshots,
        disks,
        there,
        values.destination_regions,
        select=values.select,
        retention_days=values.retention_days,
        max_snapshot_age_hours=values.max_snapshot_age_hours,
        snapshot_tags=values.snapshot_tags,
        exclude_snapshot_tags=values.exclude_snapshot_tags,
        group_tag=values.group_tag,
        set_seconds=values.set_seconds,
        now=values.now,
        **limits_of(values),
    )
