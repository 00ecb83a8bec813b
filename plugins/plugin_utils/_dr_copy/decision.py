# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run decides once it has listed: which disks it looks at, and what it copies. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .destinations import copies_there
from .planning import copy_plan
from .registered import is_listed
from .rows import Row, plain
from .selection import select, too_few

#: Variables of the role that copy_plan takes by the same names.
_RULES = (
    "select", "keep", "keep_days", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly", "timezone",
    "retention_days", "snapshot_tags", "exclude_snapshot_tags", "max_snapshot_age_hours", "now",
)  # fmt: skip
NOTHING: dict[str, Any] = {"stopped": "", "disks": [], "snapshots": [], "plan": []}


def decide(source: Row, before: Sequence[Row], values: Mapping[str, Any], last: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``disks`` and ``snapshots`` that a run looks at and its ``plan``; or why it has ``stopped``, a text.

    ``source`` and ``before`` are the listings of the source region and of the destinations; ``last`` is what is
    remembered of the plan's last report. Without a listing of the source region there is no plan.
    """
    stopped = too_few(source, values)
    if stopped:
        return {**NOTHING, "stopped": stopped}
    if not is_listed(source):
        copies = [copy for call in before for copy in plain(call.get("snapshots") or ())]
        return {**NOTHING, **select(source, copies, values, last)}
    selected = select(source, [], values, last)
    there = copies_there(before, selected["snapshots"], values)
    rules = {name: values[name] for name in _RULES}
    plan = copy_plan(selected["snapshots"], selected["disks"], there, values["destination_regions"], **rules)
    return {**NOTHING, **selected, "plan": plan}
