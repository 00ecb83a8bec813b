# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run decides after listing: which disks it covers, and what it copies."""

from __future__ import annotations

from collections.abc import Sequence

from ..._role.answers import DiskRow, InfoAnswer, SnapshotRow
from ..._role.failures import has_failed
from ..._sets.copies import copies_of
from ..input.last_report import LastReport
from ..input.variables import Variables
from .copying.plan_rules import rules_of
from .copying.planning import plan_by
from .destinations import copies_with_known_sources
from .judging.coverage import near_misses
from .result_type import PlanRow
from .selection import own_disks, remembered_disks, selected_snapshots, too_few
from .set_marks import groups_in, marks_by_source
from .step_results import RunDecision
from .wording.names import near_misses_in_words

_NOTHING: RunDecision = {"stopped": None, "disks": [], "plan": [], "marks": {}}


def decide_run(source: InfoAnswer, before: Sequence[InfoAnswer], values: Variables, last: LastReport) -> RunDecision:
    """Return the ``disks`` that a run covers, its ``plan``, and the ``marks`` of sets by snapshot.

    If the run may write nothing, ``stopped`` says why. ``source`` and ``before`` are the listings of the source region
    and of the destinations; ``last`` has the facts from the plan's last report. Without a listing of the source region
    there is no plan.
    """
    near = near_misses(source["other_disks"], values) if "other_disks" in source else []
    if has_failed(source):
        copies = [copy for answer in before for copy in answer.get("snapshots") or ()]
        return {**_NOTHING, "disks": remembered_disks(copies, values, last)}
    disks, snapshots = own_disks(source, values), selected_snapshots(source, values)
    plan = plan_snapshots(snapshots, disks, before, values)
    if stopped := too_few(source, values, near_misses_in_words(near)):
        return {**_NOTHING, "stopped": stopped, "disks": disks, "plan": plan}
    marks: dict[str, dict[str, str]] = {}
    if groups := groups_in(source, values):
        known = copies_of(copies_with_known_sources(before, snapshots, values))
        marks = marks_by_source(groups, source, known, values)
    return {**_NOTHING, "disks": disks, "plan": plan, "marks": marks}


def plan_snapshots(
    snapshots: Sequence[SnapshotRow], disks: Sequence[DiskRow], before: Sequence[InfoAnswer], values: Variables
) -> list[PlanRow]:
    """Return the plan for these snapshots and disks; ``before`` are the listings of the destinations."""
    copies = copies_with_known_sources(before, snapshots, values)
    return plan_by(rules_of(values), snapshots, disks, copies)
