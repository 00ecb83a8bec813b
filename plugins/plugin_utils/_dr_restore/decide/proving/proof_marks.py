# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The marks that a drill writes on copies that it has proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import NotFound
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped, grouped_pairs

from ...._role.answers import CopyAnswer, CopyRow, InfoAnswer, SnapshotRow
from ...._role.proofs import proofs_in, tags_of_proof
from ...._role.row_keys import source_at
from ...._role.rows import counting_key, is_complete, time_or_now
from ...input.variables import Variables
from ..choosing.listed_copies import copies_of_listing
from .trials import Trial


@dataclass(frozen=True)
class MarkCall:
    """A call that writes on proven copies what was proven. Like the copy modules, it names the sources."""

    source_region: str
    source_ids: tuple[str, ...]
    tags: Mapping[str, str]


def marks_of(trials: Sequence[Trial], listed: InfoAnswer, values: Variables) -> list[MarkCall]:
    """Return the calls that write on proven copies what was proven: one for each source region and each set of tags.

    They write only to our own copies, and only to those that such a call writes to. On a cloud whose snapshots have no
    tags, there are none.
    """
    rules = CLOUDS[values.cloud].tag_rules
    if rules is None:
        return []
    written_to = _copies_written_to(listed)
    together = grouped_pairs(
        ((region, tuple(_tags_for(copy["tags"], values, rules.max_tags).items())), source_id)
        for trial in trials
        if trial["proven"]
        and (copy := written_to.get(trial["copy_id"]))
        and _is_ours(copy)
        and (region := trial["source_region"])
        and (source_id := trial["source_snapshot_id"])
    )
    return [MarkCall(region, tuple(ids), dict(tags)) for (region, tags), ids in together.items()]


def unmarkable(trials: Sequence[Trial], listed: InfoAnswer, values: Variables) -> list[str]:
    """Return warnings about proven copies of ours to which a call that names their source does not write."""
    if CLOUDS[values.cloud].tag_rules is None:
        return []
    written_to = _copies_written_to(listed)
    counting = {source_at(copy): copy["snapshot_id"] for copy in written_to.values()}
    ours = {copy["snapshot_id"]: copy for copy in copies_of_listing(listed) if _is_ours(copy)}
    tested = [ours[i] for trial in trials if trial["proven"] and (i := str(trial["copy_id"])) in ours]
    return [
        f"The proof of {copy['snapshot_id']} is only in the reports, not in its tags, because "
        + (
            f"it is in {copy['place']}"
            if copy.get("place")
            else f"a run tags only {counting.get(source_at(copy))}, the primary copy for this snapshot"
        )
        for copy in tested
        if copy["snapshot_id"] not in written_to
    ]


def _copies_written_to(listed: InfoAnswer) -> dict[str | None, SnapshotRow]:
    """Return by ID the primary copies of their sources, which are those that a copy call writes to."""
    of_source = grouped(
        (copy for copy in copies_of_listing(listed) if is_complete(copy) and not copy.get("place")),
        source_at,
    )
    counting = [min(copies, key=counting_key) for copies in of_source.values()]
    return {copy["snapshot_id"]: copy for copy in counting}


def _is_ours(copy: SnapshotRow) -> bool:
    return bool(copy["source"] and copy["source"]["managed"])


def _tags_for(current_tags: Mapping[str, str], values: Variables, most: int) -> dict[str, str]:
    """Return the tags for a copy that is proven now; without its earlier proofs if there is no room for them."""
    level, now = values.level, values.started_at
    tags = tags_of_proof(level, now, proofs_in(current_tags, time_or_now(now)))
    return tags if len({*current_tags, *tags}) <= most else tags_of_proof(level, now, {})


def with_written_marks(trials: Sequence[Trial], answers: Sequence[CopyAnswer]) -> list[Trial]:
    """Return the trials, updated with the results of the calls that wrote the marks.

    The copy that was tried may be gone by then. A mark on another copy of the same source proves nothing about that
    copy.
    """
    found = {row["source_snapshot_id"]: row for answer in answers for row in answer.get("copies") or ()}
    return [_as_marked(trial, found.get(str(trial["source_snapshot_id"]))) for trial in trials]


def _as_marked(trial: Trial, copy: CopyRow | None) -> Trial:
    if not trial["proven"] or copy is None or copy["snapshot_id"] == trial["copy_id"]:
        return trial
    if copy["snapshot_id"] is None and not (copy["error"] and copy["error"]["kind"] == NotFound.kind):
        return trial  # it could not be marked, which is a separate failure
    instead = f"; {copy['snapshot_id']}, which exists now, was not tested" if copy["snapshot_id"] else ""
    why = f"the copy {trial['copy_id']} disappeared while the drill was running{instead}"
    return {**trial, "proven": False, "level": None, "why": why}
