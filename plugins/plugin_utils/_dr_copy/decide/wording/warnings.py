# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Warnings about what looks like a mistake although nothing failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize, quoted_failures

from ...._role.failures import failures_of, has_failed
from ...._role.marks import plan_of
from ...._role.rows import is_archived, parse_time
from ...input.variables import Variables
from .. import plan_reasons
from ..copying.copy_marks import names_plan
from ..destinations import listed_copies, managed_copies
from ..judging.keys import keys_of, unseen_by
from ..result_type import Coverage, PlanRow, Result, VanishedPoint
from ..step_results import StepResults
from .names import disks_in_words, names_in_words, near_misses_in_words

#: Reasons for leaving out snapshots that the user did not request.
_UNASKED = (plan_reasons.IS_A_COPY, plan_reasons.UNFINISHED, plan_reasons.OBSTACLE, plan_reasons.FAILED)


def warnings_of(result: Result, steps: StepResults, values: Variables) -> list[str]:
    """Return the warnings of a run, from its result and the results of its steps."""
    source = steps.source
    parts = []
    if has_failed(source):
        parts.append(
            f"The source region {values.source_region} could not be listed. The recovery points come from the last "
            "report and from the tags of the copies. Disks that are in neither are not shown."
        )
    else:
        parts += _about_plan(result["plan"], result["coverage"]["selected"])
    return [
        *parts,
        *_about_unread_report(steps),
        *_about_other_disks(steps, values),
        *_about_plan_name(values),
        *_about_former_plans(steps, values),
        *_about_coverage(result["coverage"]),
        *_about_disk_ids(steps, result["coverage"], values),
        *_about_vanished(result["vanished"]),
        *_about_keys(steps),
        *_about_archive(steps),
    ]


def _about_unread_report(steps: StepResults) -> list[str]:
    if not steps.unread_report:
        return []
    return [
        f"The last report cannot be read ({steps.unread_report}). So it is unknown which of its recovery points and "
        "disks are gone. This run replaces the report."
    ]


def _about_other_disks(steps: StepResults, values: Variables) -> list[str]:
    if "disk_ids" not in steps.last or sorted(steps.last["disk_ids"]) == sorted(values.disk_ids):
        return []
    if values.reads_only:
        what, empty = "This status overwrites the report", "an empty dr_copy_report_dir"
    else:
        what = "This run overwrites the report, the history and the metrics"
        empty = "an empty dr_copy_report_dir and dr_copy_metrics_dir"
    return [
        f"The last run of {values.plan} had other dr_copy_disk_ids. {what} of those disks. To run only some disks of a "
        f"plan, also set another dr_copy_plan, or {empty}."
    ]


def _about_plan_name(values: Variables) -> list[str]:
    cloud = CLOUDS.get(values.cloud)
    if cloud is None or cloud.tag_rules or names_plan(values):
        return []
    return [
        f"The copies do not name the plan {values.plan!r}, so another plan may delete them. On this cloud the "
        "description names the plan. Choose a dr_copy_plan without ( ) { }. If the description is too long, shorten "
        "dr_copy_plan or dr_copy_description."
    ]


def _about_plan(plan_rows: Sequence[PlanRow], selected: int) -> list[str]:
    usable = {row["disk_id"] for row in plan_rows if row["reason"] in plan_reasons.USABLE}
    left_out = sum(row["reason"] in _UNASKED for row in plan_rows)
    taken = sum(row["reason"] in plan_reasons.USABLE for row in plan_rows)
    reasons = Counter(row["reason"] for row in plan_rows if row["reason"] not in plan_reasons.USABLE)
    in_words = ", ".join(f"{reason} ({number})" for reason, number in reasons.most_common())
    if selected and not usable:
        return [f"None of the selected disks has a usable snapshot. Why each was skipped: {in_words}."]
    if left_out > taken:
        return [f"More snapshots were skipped ({left_out}) than selected ({taken}). Why: {in_words}."]
    return []


def _about_former_plans(steps: StepResults, values: Variables) -> list[str]:
    """Name the former plans that have made a copy since this plan made its newest one, because they still run."""
    newest: dict[str, datetime] = {}
    for copy in managed_copies(listed_copies(steps.before, values), values):
        plan, made = plan_of(copy), parse_time(copy.get("created_at"))
        if plan and made:
            newest[plan] = max(made, newest.get(plan, made))
    if values.plan not in newest:
        return []
    return [
        f"dr_copy_former_plans names {plan}, which has made copies since the last copy of {values.plan}. If {plan} "
        f"still runs, remove it from dr_copy_former_plans. Otherwise retention of {values.plan} deletes the copies of "
        f"{plan}."
        for plan in values.former_plans
        if plan in newest and newest[plan] > newest[values.plan]
    ]


def _about_coverage(coverage: Coverage) -> list[str]:
    lost, gone = coverage["lost"] or [], coverage["gone"] or []
    known = {disk["disk_id"] for disk in [*lost, *gone]}
    missing = [disk for disk in coverage["missing"] if disk["disk_id"] not in known]
    parts = []
    if lost:
        parts.append(
            "These disks have copies, but no longer have the plan's tags, so they get no new copies: "
            f"{disks_in_words(lost)}. Tag them again, or exclude them by a tag of dr_copy_exclude_tags."
        )
    if missing:
        number = len(missing)
        parts.append(
            f"{pluralize(number, 'disk')} of the last report {'is' if number == 1 else 'are'} no longer selected: "
            f"{disks_in_words(missing)}."
        )
    if coverage["near_misses"]:
        parts.append(f"Disks whose tags nearly match are not copied: {near_misses_in_words(coverage['near_misses'])}.")
    return parts


def _about_disk_ids(steps: StepResults, coverage: Coverage, values: Variables) -> list[str]:
    """Name the disks of dr_copy_disk_ids that the source region does not show and no other warning names."""
    source = steps.source
    named = [*(source.get("disks") or ()), *(coverage["lost"] or ()), *coverage["missing"]]
    known = {str(disk["disk_id"]) for disk in named}
    unknown = [disk_id for disk_id in values.disk_ids if disk_id not in known]
    if "disks" not in source or not unknown:
        return []
    return [
        f"Disks of dr_copy_disk_ids are not copied, because they do not exist in {values.source_region} or lack the "
        f"plan's tags: {names_in_words(unknown)}."
    ]


def _about_vanished(vanished: Sequence[VanishedPoint]) -> list[str]:
    if not vanished:
        return []
    them = "it" if len(vanished) == 1 else "them"
    named = names_in_words([f"{point['snapshot_id']} of {point['disk_id']} in {point['region']}" for point in vanished])
    return [
        f"{pluralize(len(vanished), 'recovery point')} of the last report vanished, although neither retention nor the "
        f"cloud's own expiry deleted {them}: {named}. Find out who deleted {them}."
    ]


def _about_keys(steps: StepResults) -> list[str]:
    looks = steps.keys
    keys = keys_of(looks).values()
    unknown = sorted({str(key.get("arn") or "one without a name") for key in keys if key.get("enabled") is None})
    parts = []
    if unknown:
        parts.append(
            f"It is unknown whether these keys of the newest copies can be used: {names_in_words(unknown)}. "
            "Allow the caller to read their state, or set dr_copy_check_keys to false."
        )
    if unseen := unseen_by(looks):
        parts.append(
            f"It is unknown whether the keys of {names_in_words(unseen)} can be used: "
            "the cloud does not show these copies yet. The next run checks them."
        )
    why = quoted_failures([failure for look in looks for failure in failures_of(look)])
    return [*parts, *([f"The keys of the newest copies could not be checked: {why}"] if why else [])]


def _about_archive(steps: StepResults) -> list[str]:
    archived = sum(is_archived(copy) for copy in steps.expired)
    if not archived:
        return []
    return [
        f"{archived} of the copies that retention deletes {'is' if archived == 1 else 'are'} archived: the cloud bills "
        "the remaining minimum time of the archive tier."
    ]
