# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which existing copies need no copy call, because the listing shows that the module would not change them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.messages import COPY_COUNTS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import REQUIRED_PROVENANCE

from ...._role.answers import CopyAnswer, CopyRow, SnapshotRow
from ...._role.call import Arguments
from ...._role.row_keys import planned_at, source_at
from ...._role.rows import is_complete, only
from ..plan_reasons import THERE
from ..result_type import PlanRow
from ..step_results import ListedRegion

#: Arguments of the copy modules that change no complete copy and need none of the modules' checks. An argument that is
#: missing here may change copies, or the module may refuse it.
CHANGE_NO_COPY = frozenset(
    (
        *("snapshot_ids", "source_region", "destination_regions", "create"),
        *("copy_tags", "source_tags"),  # without tags and purge_tags
        *("wait", "wait_timeout", "wait_delay", "max_in_flight"),
    )
)


def may_change_copies(arguments: Arguments, connection: Iterable[str]) -> bool:
    """Whether a copy call with these arguments may change a complete copy; ``connection`` names those for the login."""
    harmless = CHANGE_NO_COPY.union(connection)
    return any(value and name not in harmless for name, value in arguments.items())


def unchanged_copies(plan_rows: Sequence[PlanRow], listed: Iterable[ListedRegion], cloud: Capabilities) -> CopyAnswer:
    """Return what a copy module would return for the copies that are there, if it changes no complete copy.

    A source with several copies at a destination, with one of somebody else, or with one whose provenance is not fully
    known, is left to the module.
    """
    of_source = grouped((copy for answer in listed for copy in answer.get("snapshots") or ()), source_at)
    there = [planned_at(row) for row in plan_rows if row["reason"] == THERE]
    rows = [_row(one.source_id, found[0]) for one in there if _is_settled(found := of_source.get(one, []), cloud)]
    counts = {**dict.fromkeys(COPY_COUNTS, 0), "unchanged": len(rows), "completed": len(rows)}
    return {"changed": False, "copies": rows, "counts": counts, "failures": []}


def _is_settled(copies: Sequence[SnapshotRow], cloud: Capabilities) -> bool:
    if len(copies) != 1 or not is_complete(copies[0]):
        return False
    source, tags = copies[0]["source"], copies[0]["tags"]
    # The module gives a copy the tags that a killed run did not set.
    is_tagged = cloud.tag_rules is None or tags.keys() >= REQUIRED_PROVENANCE
    return bool(source and source["managed"] and source["region"] and is_tagged)


def _row(source_id: str, copy: SnapshotRow) -> CopyRow:
    source_region = str(copy["source"] and copy["source"]["region"])
    of_call = {"source_snapshot_id": source_id, "source_region": source_region, "action": "none", "error": None}
    return only(CopyRow, {**copy, **of_call})
