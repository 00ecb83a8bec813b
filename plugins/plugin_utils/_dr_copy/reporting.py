# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run returns after its steps: the result, the report and its files, or a plain red page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .._role.call import Arguments
from .._role.failures import run_failure, unexpected_error
from .._role.files import try_to
from .._role.naming import label
from .._role.plain_page import page_of_failure
from .._role.run_context import RunContext
from .decide.result import role_result
from .decide.result_type import Result
from .decide.step_results import StepResults
from .input.variables import Variables
from .output.job_summary import brief_of, job_data
from .output.report_files import write_plain_page, write_report
from .output.report_type import Brief, Report, ShortSummary, Summary
from .output.screen import failure_message, log_lines


@dataclass(frozen=True, kw_only=True)
class PlanContext(RunContext):
    """Also whether the run only reads.

    ``hosts_of_plan`` returns the hosts of the play, in order, that have the run's plan and shard. ``defaults`` returns
    the user's ``module_defaults`` for a module.
    """

    reads_only: bool = False
    hosts_of_plan: Callable[[], Sequence[str]] = tuple
    defaults: Callable[[str], Arguments] = lambda _module: {}


class PlanOutcome(NamedTuple):
    """What a run returns.

    - ``result`` is ``dr_copy_result``, ``report`` the complete report, ``brief`` what the playbooks show of it.
    - ``message`` says why the run fails, or is empty; ``unwritten`` says which files could not be written; ``summary``
      is for later jobs.
    - ``selections`` are those of the plans that the play has run for this host; ``warnings`` are those about the
      variables and those of the modules.
    """

    result: Result
    report: Report
    brief: Brief
    message: str
    unwritten: str
    summary: dict[str, Summary | ShortSummary]
    selections: dict[str, str]
    warnings: list[Any]


def report_run(
    steps: StepResults,
    values: Variables,
    context: PlanContext,
    selections: Mapping[str, str],
    warnings: Sequence[Any],
) -> PlanOutcome:
    """Report a run. ``steps`` is what its steps have returned and decided, ``values`` the variables at its end.

    If reporting fails, a red page says why and shows no results. Nothing is raised.
    """
    try:
        return _write_and_return(steps, values, values.report_dir, context, selections, warnings)
    except Exception as error:
        why = unexpected_error(error)
    if values.report_dir and not context.check_mode:
        page = page_of_failure(label(values.plan, values.shard), why)
        try_to(write_plain_page, values, page)
    messages = [steps.stopped["message"]] if steps.stopped else []
    nothing = StepResults(stopped=run_failure("; ".join([*messages, why])))
    return _write_and_return(nothing, replace(values, report_dir=""), values.report_dir, context, selections, warnings)


def _write_and_return(
    steps: StepResults,
    values: Variables,
    report_dir: str,
    context: PlanContext,
    selections: Mapping[str, str],
    warnings: Sequence[Any],
) -> PlanOutcome:
    result = role_result(steps, values, context.check_mode)
    report, unwritten = write_report(result, steps, values, context)
    return PlanOutcome(
        result=result,
        report=report,
        brief=brief_of(report, log_lines(report, values.log), report_dir),
        message=failure_message(report, unwritten),
        unwritten=unwritten,
        summary=job_data(report, context.plans),
        selections=dict(selections),
        warnings=list(warnings),
    )
