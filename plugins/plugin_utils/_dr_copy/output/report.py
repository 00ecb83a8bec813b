# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run as stable JSON."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Sized
from datetime import datetime, timedelta
from typing import cast

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import quoted_failures

from ..._role.answers import Answer, CopyRow
from ..._role.documents import collection_version
from ..._role.failures import failures_of, has_answered, has_failed, is_listed
from ..._role.reported import SCHEMA, DiskFacts
from ..._role.rows import only
from ..._role.run_context import RunContext
from ..decide.judging.breaches import breaches_of, unjudged_of
from ..decide.judging.point_facts import with_facts
from ..decide.judging.server_sets import late_sets
from ..decide.judging.unfinished import unfinished_copies
from ..decide.result_type import Coverage, CoverageWithWarnings, Result
from ..decide.run_state import RunState
from ..decide.step_results import StepResults
from ..input.last_report import DiskAsKnown, LastReport, facts_of_disk
from ..input.variables import Variables
from .history import months_of
from .report_type import BareReport, BriefCopy, LatePoint, Report, Settings, Totals

#: Hours for which a report is current, unless a recovery point exceeds the RPO earlier: from one run to the next.
VALID_HOURS = 26


def report_of(result: Result, steps: StepResults, values: Variables, context: RunContext) -> Report:
    """Return the report of a run, which is current until ``valid_until``.

    ``values.judged_at`` is the end of the run.
    """
    state = RunState(steps, values, check_mode=False)  # The report shows what exists, not what a run would make.
    points = with_facts(result["recovery_points"], result["pruned"], state, values)
    result = {**result, "recovery_points": points}
    breaches, unjudged = breaches_of(result, values.source_region, steps.source), unjudged_of(result)
    late = late_sets(result["sets"], values.consistency)
    finished, unfinished = values.judged_at, unfinished_copies(state, values)
    report: BareReport = {
        "schema": SCHEMA,
        "kind": "status" if values.reads_only else "copy",
        "host": context.host,
        "name": values.plan or context.host,
        "check_mode": context.check_mode,
        "started_at": values.started_at,
        "finished_at": iso_utc(finished),
        "valid_until": iso_utc(_valid_until(result, finished, values.rpo_hours)),
        "cloud": values.cloud or None,
        "source_region": values.source_region or None,
        "destination_regions": list(values.destination_regions),
        "source_answered": has_answered(steps.source),
        "source_listed": is_listed(steps.source),
        "source_problem": quoted_failures(failures_of(steps.source)) or None,
        "account": _account(steps, values),
        "settings": cast(Settings, {name: getattr(values, name) for name in Settings.__annotations__}),
        "rpo_hours": values.rpo_hours,
        "within_rpo": _within_rpo(result, [*breaches, *late], unjudged, values),
        "totals": _totals(result, len(steps.disks), breaches, late, unjudged, unfinished),
        "breaches": [only(LatePoint, breach) for breach in breaches],
        "unjudged": [only(LatePoint, point) for point in unjudged],
        "failures": result["failures"],
        "plan": result["plan"],
        "pruned": result["pruned"],
        "kept_for_others": result["kept_for_others"],
        "orphans": result["orphans"],
        "vanished": result["vanished"],
        "sets": result["sets"],
        "disks": _disks(steps),
        "recovery_points": points,
        "copies": [_brief(row) for row in result["copies"]],
        "unfinished": unfinished,
        "coverage": _coverage(result["coverage"]),
        "warnings": result["coverage"]["warnings"],
        "shared": result.get("shared", []),
        "counts": result["counts"],
        "api_calls": _api_calls(steps),
        "versions": _versions(context),
    }
    unread_points = [point for point in steps.last.get("points") or () if point.get("region") in state.unread]
    return {**report, "months": months_of(values, report), "last": _last(steps), "unread_points": unread_points}


def _totals(
    result: Result, disks: int, breaches: Sized, late_sets: Sized, unjudged: Sized, unfinished: Sized
) -> Totals:
    points = result["recovery_points"]
    return {
        "disks": disks,
        "recovery_points": len(points),
        "complete": sum(point["state"] == "completed" for point in points),
        "breaches": len(breaches),
        "late_sets": len(late_sets),
        "unjudged": len(unjudged),
        "failures": len(result["failures"]),
        "pruned": len(result["pruned"]),
        "orphans": len(result["orphans"]),
        "lost": len(result["coverage"]["lost"] or ()),
        "vanished": len(result["vanished"]),
        "absent": sum(point["snapshot_id"] is None and point["state"] != "unknown" for point in points),
        "unfinished": len(unfinished),
    }


def _api_calls(steps: StepResults) -> dict[str, int]:
    """Return the number of calls of all steps, by the cloud's name of the operation."""
    answers: list[Answer] = [steps.source, *steps.before, *([steps.share] if steps.share else [])]
    answers += [*steps.copied, *steps.deleted, *steps.listed_again, *steps.seen, *steps.keys]
    numbers: Counter[str] = Counter()
    for answer in answers:
        numbers.update(answer.get("api_calls") or {})
    return dict(sorted(numbers.items()))


def _versions(context: RunContext) -> dict[str, str]:
    return {
        "collection": collection_version(),
        "ansible": context.ansible,
        "python": platform.python_version(),
    }


def _last(steps: StepResults) -> LastReport:
    """Return the facts that could not be read now, from the last report, for the next run."""
    forgets = not has_failed(steps.source) and not steps.stopped
    return LastReport() if forgets else steps.last


def _coverage(found: CoverageWithWarnings) -> Coverage:
    """Return the coverage without its warnings, which are a separate key of the report."""
    return cast(Coverage, {key: value for key, value in found.items() if key != "warnings"})


def _disks(steps: StepResults) -> list[DiskFacts]:
    """Return the facts about the disks that a restore may need.

    If the source region does not show them now, they are the last known ones.
    """
    known = {disk["disk_id"]: disk for disk in steps.last.get("disks") or ()}
    rows = []
    for disk in steps.disks:
        named: DiskFacts = {"disk_id": disk["disk_id"], "disk_name": disk["name"]}
        facts: DiskAsKnown = {**known.get(disk["disk_id"], named), "disk_name": disk["name"]}
        if "tags" in disk:
            facts = {
                **named,
                "size_gib": disk["size_gib"],
                "tags": disk["tags"],
                "instance": disk["attached_to"],
                "device": disk["device"],
            }
        rows.append(facts_of_disk(facts))
    return rows


def _account(steps: StepResults, values: Variables) -> str | None:
    """Return the account, or both if the plan copies across accounts; else what the connection shows of it, or None."""
    accounts = [answer.get("account") for answer in (steps.source, *steps.before)]
    return " to ".join(dict.fromkeys(filter(None, accounts))) or values.login or None


def _brief(row: CopyRow) -> BriefCopy:
    error = row["error"]["kind"] if row["error"] else None
    return cast(BriefCopy, {**{key: row.get(key) for key in BriefCopy.__annotations__}, "error": error})


def _within_rpo(result: Result, breaches: Sized, unjudged: Sized, values: Variables) -> bool | None:
    """Return whether all recovery points are within the RPO, None if there is no RPO or that is unknown."""
    if breaches:
        return False
    return True if values.rpo_hours and result["recovery_points"] and not unjudged else None


def _valid_until(result: Result, finished: datetime, rpo_hours: int) -> datetime:
    """Return until when a report is current: until a recovery point within the RPO exceeds it, or a day has passed."""
    ages = [point["age_hours"] or 0 for point in result["recovery_points"] if point["within_rpo"]]
    left = min([rpo_hours - age for age in ages], default=VALID_HOURS)
    return finished + timedelta(hours=min(VALID_HOURS, left))
