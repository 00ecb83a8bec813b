# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state after the steps of a run."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import quoted_failures

from ..._role.answers import InfoAnswer
from ..._role.failures import failures_of
from ..._role.provenance import with_provenance_problems
from ..._role.row_keys import SourceAt, source_at
from ..input.variables import Variables
from .check_mode import as_if_shared, with_planned
from .copying.falling_back import share_without_gone, without_gone
from .destinations import listed_copies
from .judging.keys import with_known_keys
from .judging.unseen import without_missing
from .result_type import RecoveryPoint
from .selection import selected_snapshots
from .step_results import StepResults


class RunState:
    """The state after a run, from the results of its steps. In check mode it is the state that a run would reach."""

    def __init__(self, steps: StepResults, values: Variables, check_mode: bool):
        #: The results without the snapshots that were gone before they could be copied.
        self.steps = steps = _without_gone(steps)
        #: The snapshots that the run covers.
        self.snapshots = selected_snapshots(steps.source, values)
        self.shared = steps.shared
        self.copied = as_if_shared(steps.copied, self.shared) if check_mode else steps.copied
        # A stale listing may still show copies that this run took back.
        taken_back = {snapshot_id for answer in self.copied for snapshot_id in answer.get("deleted_ids") or ()}
        shown = listed_copies([*steps.listed, *steps.seen], values)
        shown = [copy for copy in shown if copy["snapshot_id"] not in taken_back]
        #: The copies at the destinations as the last listing or look showed them.
        self.copies = with_provenance_problems(shown, self.snapshots, values.judged_at)
        if check_mode and values.wait:
            self.copies = with_planned(self.copies, self.copied, self.snapshots)
        self.copies = with_known_keys(self.copies, steps.keys)
        self.planned = {source for copy in self.copies if copy.get("planned") and (source := source_at(copy))}
        read: list[tuple[str, InfoAnswer]] = [(answer["region"], answer) for answer in steps.listed]
        read += [(answer["target"]["region"], answer) for answer in steps.seen]
        self.unread = {region: quoted_failures(failures_of(answer)) for region, answer in read if failures_of(answer)}

    def judged(self, point: RecoveryPoint) -> RecoveryPoint:
        """Return a recovery point with its state; the state is unknown if the region could not be listed."""
        if point["region"] in self.unread:
            why = f"the region could not be listed: {self.unread[point['region']]}"
            return {**point, "state": "unknown", "within_rpo": None, "unknown": why}
        is_planned = SourceAt(str(point["source_snapshot_id"]), point["region"]) in self.planned
        return {**point, "state": "planned" if is_planned else point["state"]}


def _without_gone(steps: StepResults) -> StepResults:
    copied = without_gone(without_missing(steps.copied, steps.seen), steps.plan_rows)
    share = share_without_gone(steps.share, steps.plan_rows) if steps.share else None
    return replace(steps, copied=copied, share=share)
