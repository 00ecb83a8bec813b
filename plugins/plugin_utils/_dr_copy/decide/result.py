# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of the role, from the results of its steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.messages import COPY_COUNTS

from ..._role.answers import Answer, CopyAnswer
from ..._role.failures import failures_of, has_answered
from ..._role.provenance import failures_of_provenance
from ..._role.rows import disk_id_of
from ..input.variables import Variables
from .destinations import with_known_sources
from .judging.coverage import coverage_of
from .judging.keys import copies_with_keys, keys_of, one_copy_for_each_other_key, with_key
from .judging.recovery import recovery_points
from .judging.server_sets import sets_of
from .keeping.pruning import deleted_copies, orphans, prunes
from .result_type import Result
from .run_failures import failures_with_disks, too_many_deletions
from .run_state import RunState
from .step_results import StepResults
from .wording.sets import warnings_of_sets
from .wording.warnings import warnings_of

#: Actions of copies that may fail after they were started.
STARTED = ("created", "replaced", "adopted")


def copies_to_check(steps: StepResults, values: Variables, check_mode: bool) -> dict[str, list[str]]:
    """Return by region the IDs of the copies whose keys should be checked: the newest of each disk.

    If the run may delete copies, also one copy for each other key, because the copies that remain must be restorable.
    """
    state = RunState(steps, values, check_mode)
    copies = with_known_sources(state.copies, state.snapshots)
    points = recovery_points(steps.disks, copies, values.destination_regions, 0, values.judged_at.isoformat())
    asked = copies_with_keys([state.judged(point) for point in points], copies)
    if prunes(values) and not values.reads_only:
        chosen = {disk["disk_id"] for disk in steps.disks}
        for other in one_copy_for_each_other_key(asked, [copy for copy in copies if disk_id_of(copy) in chosen]):
            asked.setdefault(other.region, []).append(other.copy_id)
    return asked


def role_result(steps: StepResults, values: Variables, check_mode: bool) -> Result:
    """Return the result of the role from the results of its steps."""
    state = RunState(steps, values, check_mode)
    steps = state.steps
    answers: list[Answer] = [*state.copied, *steps.deleted, *steps.listed, *steps.seen]
    if steps.share:
        answers.insert(0, steps.share)
    if not (values.reads_only and not has_answered(steps.source)):
        answers.insert(0, steps.source)
    copies = with_known_sources(state.copies, state.snapshots)
    chosen = {disk["disk_id"] for disk in steps.disks}
    own = [copy for copy in copies if copy.get("source") and disk_id_of(copy) in chosen]
    points = recovery_points(
        steps.disks, copies, values.destination_regions, values.rpo_hours, values.judged_at.isoformat()
    )
    failures = [failure for answer in answers for failure in failures_of(answer)]
    failures += [*failures_of_provenance(own), *too_many_deletions(steps.expired, values)]
    if stopped := steps.stopped:
        failures.insert(0, stopped)
    keys = keys_of(steps.keys)
    orphan_copies = orphans(state.copies, steps.disks, values, steps.source)
    sets, contradictions = sets_of(state, copies, values)
    coverage = coverage_of(steps.source, steps.disks, values, steps.last, orphan_copies)
    result: Result = {
        "plan": list(steps.plan_rows),
        "copies": [row for answer in state.copied for row in answer.get("copies") or ()],
        "failures": failures_with_disks(failures, steps.disks, state.snapshots, state.copies),
        "pruned": deleted_copies(steps.expired, steps.deleted),
        "kept_for_others": list(steps.kept_for_others),
        "orphans": orphan_copies,
        "vanished": list(steps.vanished),
        "coverage": {**coverage, "warnings": []},
        "recovery_points": [with_key(state.judged(point), keys) for point in points],
        "sets": sets,
        "counts": _counts(state.copied, steps.deleted),
    }
    result["coverage"]["warnings"] = [
        *warnings_of(result, steps, values),
        *warnings_of_sets(sets, contradictions, values.set_seconds),
    ]
    if values.across_accounts:
        result["shared"] = state.shared
    return result


def _counts(copied: Sequence[CopyAnswer], deleted: Sequence[CopyAnswer]) -> dict[str, int]:
    """Add up the counts of the calls. A copy that started and then failed counts only as failed."""
    counts: Counter[str] = Counter(dict.fromkeys(COPY_COUNTS, 0))
    for answer in copied:
        counts.update(answer.get("counts") or {})
        failed = [row for row in answer.get("copies") or () if row["error"] and row["state"] in ("error", "absent")]
        counts.subtract(str(row["action"]) for row in failed if row.get("action") in STARTED)
    for answer in deleted:
        counts.update({key: (answer.get("counts") or {}).get(key, 0) for key in ("deleted", "failed")})
    return dict(counts)
