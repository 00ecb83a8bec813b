# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marks of copies of servers with several disks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..._role.answers import InfoAnswer
from ..._role.failures import has_failed
from ..._sets.copies import Copy
from ..._sets.groups import Group, groups_of
from ..._sets.inputs import sources_of_copies
from ..._sets.set_plan import marks_of_sources
from ..input.variables import Variables
from .copying.plan_rules import rules_of
from .copying.planning import sources_for_sets
from .selection import own_disks, plans_of, selected_snapshots


def marks_by_source(
    groups: Sequence[Group],
    source: InfoAnswer,
    copies: Sequence[Copy],
    values: Variables,
    bare: Iterable[Copy] = (),
) -> dict[str, dict[str, str]]:
    """Return the marks of group and set that copies get, by the snapshot's ID.

    ``source`` is the listing of the source region, ``copies`` are those at all destinations. The ``bare``
    copies have no marks; they stand for their sources, which may be gone or not listed.
    """
    read = sources_for_sets(selected_snapshots(source, values), rules_of(values))
    sources = {found.snapshot_id: found for found in [*sources_of_copies(bare), *read]}
    return marks_of_sources(groups, [*sources.values()], copies, values.set_seconds, plans_of(values))


def groups_in(source: InfoAnswer, values: Variables) -> list[Group]:
    """Return the groups of the disks that this run protects; none if the source region was not listed."""
    return [] if has_failed(source) else groups_of(own_disks(source, values), values.group_tag)
