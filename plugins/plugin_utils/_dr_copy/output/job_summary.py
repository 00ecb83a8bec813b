# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run passes on to later jobs and to the page of all plans: the small part of its report."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..._role.rows import only
from ..decide.judging.breaches import count_breaches
from .report_type import Brief, PlanFacts, Report, ShortSummary, Summary, SummaryFacts, WorstBreach
from .screen import shorten

#: The most characters of the summaries of all plans of a play together.
MAX_SUMMARY = 10000


def job_data(report: Report, plans: int = 1) -> dict[str, Summary | ShortSummary]:
    """Return the summary of a report by its host; empty if the play has so many ``plans`` that none has room."""
    data = {report["host"]: job_summary(report, plans)}
    return data if len(json.dumps(data)) <= MAX_SUMMARY // max(plans, 1) else {}


def job_summary(report: Report, plans: int = 1) -> Summary | ShortSummary:
    """Return the totals and the worst breaches of a report.

    It has as many breaches as there is room for besides the play's other ``plans``. If there are too many plans, the
    totals are left out, too.
    """
    breaches: list[WorstBreach] = [
        only(WorstBreach, {**breach, "why": shorten(breach["why"], 200)}) for breach in report["breaches"]
    ]
    whole: Summary = {**only(SummaryFacts, report), "breaches": []}
    short: ShortSummary = {"within_rpo": report["within_rpo"], "breaches": []}
    share = MAX_SUMMARY // max(plans, 1)
    summary: Summary | ShortSummary = whole if len(json.dumps({report["host"]: whole})) <= share else short
    room = share - len(json.dumps({report["host"]: summary}))
    worst: list[WorstBreach] = []
    for breach in breaches:
        room -= len(json.dumps(breach)) + 2
        if room < 0:
            break
        worst.append(breach)
    summary["breaches"] = worst
    return summary


def brief_of(report: Report, lines: Sequence[str], report_dir: str) -> Brief:
    """Return what the playbooks show of a run. Only the files contain its long lists."""
    return {
        **only(PlanFacts, report),
        "failures": report["failures"][:1],
        "breach_counts": count_breaches(report["breaches"]),
        "lines": list(lines),
        "report_dir": report_dir,
    }
