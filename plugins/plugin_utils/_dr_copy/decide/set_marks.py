# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How copies of servers of several disks are marked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._role.registered import is_listed
from ..._role.rows import Row
from ..._sets.copies import copies_of
from ..._sets.groups import Group, groups_of
from ..._sets.planning import marks_of_sources
from .planning import rules_of, sources_for_sets
from .selection import selected_snapshots, wanted_disks


def marks_by_source(source: Row, copies: Sequence[Row], values: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the marks of group and set that copies get, by the snapshot's ID.

    ``source`` is the opened listing of the source region, ``copies`` are those at all destinations. A part of a plan
    sees the snapshots of its own disks alone, so it knows no set.
    """
    groups = groups_in(source, values)
    if not groups:
        return {}
    sources = sources_for_sets(selected_snapshots(source, values), rules_of(values))
    return marks_of_sources(groups, sources, copies_of(copies), values["set_seconds"])


def groups_in(source: Row, values: Mapping[str, Any]) -> list[Group]:
    """Return the groups of the plan's disks; none without a listing of the source region, or in a part of a plan."""
    if values["shard"] or not is_listed(source):
        return []
    return groups_of(wanted_disks(source, values), values["group_tag"])
