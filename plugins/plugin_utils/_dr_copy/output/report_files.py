# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a run's report: their names and contents, and how they are written."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ..._role.documents import report_text
from ..._role.files import try_to, unwritten_in_words, write_atomically, write_reports
from ..._role.naming import file_name, label
from ..._role.plain_page import page_of_failure, page_of_start
from ..._role.run_context import RunContext
from ..decide.result_type import Result
from ..decide.step_results import StepResults
from ..input.variables import Variables
from .history import dated_files, outdated_files
from .junit import junit_text
from .pages import report_page
from .report import report_of
from .report_type import Report, label_of


class WrittenReport(NamedTuple):
    """A report, and a message about the files that could not be written."""

    report: Report
    unwritten: str


def write_report(result: Result, steps: StepResults, values: Variables, context: RunContext) -> WrittenReport:
    """Return the report of a run (see report_of) once it is written.

    In check mode the last report stays unchanged. A run that only reads writes no metrics.
    """
    report = report_of(result, steps, values, context)
    problems: list[str] = []
    if values.report_dir and not context.check_mode:
        problems += _write_files(report, values)
    if values.metrics_dir and not context.check_mode and not values.reads_only:
        from ..._role.metrics import MISSING
        from .metrics import write_metrics

        # If its package is missing, the run has failed before its first call, and says so.
        was_stopped, why = steps.stopped is not None, ""
        if not MISSING:
            why = try_to(write_metrics, report, values.metrics_dir, not problems, was_stopped)
        problems += [f"The metrics could not be written to {values.metrics_dir}: {why}."] if why else []
    return WrittenReport(report, " ".join(problems))


class ReportFile(NamedTuple):
    """A file of a run, and what renders a report for it."""

    path: Path
    render: Callable[[Report], str]


def report_files(report: Report, values: Variables) -> list[ReportFile]:
    """Return the files of a run. Their names contain the plan and the shard."""
    start = _start_of(values)
    return [
        ReportFile(Path(f"{start}.html"), report_page),
        ReportFile(Path(f"{start}.json"), report_text),
        ReportFile(Path(f"{start}.junit.xml"), junit_text),
        *(ReportFile(path, render) for path, render in dated_files(report, values)),
    ]


def write_page_of_start(values: Variables) -> None:
    """Replace the page of an earlier run with one that says that this run has begun, if possible.

    If a directory is not writable, the run reports that at its end.
    """
    if values.report_dir:
        plan = label(values.plan, values.shard)
        try_to(write_plain_page, values, page_of_start(plan, values.started_at))


def write_plain_page(values: Variables, page: str) -> None:
    """Write a page in place of the report's page. Raises OSError."""
    write_atomically(Path(f"{_start_of(values)}.html"), page)


def _start_of(values: Variables) -> str:
    """Return the path of a run's files without the extension."""
    plan = file_name(values.plan, values.shard)
    return f"{values.report_dir}/{plan}{'.status' if values.reads_only else ''}"


def _write_files(report: Report, values: Variables) -> list[str]:
    """Write the files of a run and remove outdated ones. Returns messages about the files that could not be written."""
    files = report_files(report, values)
    unwritten = write_reports((file.path, partial(file.render, report)) for file in files)
    page = next(file.path for file in files if file.render is report_page)
    if page in unwritten:
        try_to(write_plain_page, values, page_of_failure(label_of(report), unwritten[page]))
    problems = unwritten_in_words(unwritten)
    for path in outdated_files(values):
        why = try_to(os.unlink, path)
        problems += [f"The old report {path} could not be removed: {why}."] if why else []
    return problems
