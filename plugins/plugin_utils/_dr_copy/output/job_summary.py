# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run passes on to later jobs and to the page of all plans: the small part of its report."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..decide.breaches import locked_out
from .report_type import Brief, Report, ShortSummary, Summary, SummaryFacts, WorstBreach
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
        {
            "disk_id": breach["disk_id"],
            "disk_name": breach["disk_name"],
            "region": breach["region"],
            "age_hours": breach["age_hours"],
            "why": shorten(breach["why"], 200),
        }
        for breach in report["breaches"]
    ]
    whole: Summary = {**_summary_facts(report), "breaches": []}
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
        **_summary_facts(report),
        "host": report["host"],
        "name": report["name"],
        "source_region": report["source_region"],
        "source_listed": report["source_listed"],
        "source_problem": report["source_problem"],
        "destination_regions": report["destination_regions"],
        "settings": report["settings"],
        "warnings": report["warnings"],
        "versions": report["versions"],
        "failures": report["failures"][:1],
        "locked_out": locked_out(report["breaches"]),
        "lines": list(lines),
        "report_dir": report_dir,
    }


def _summary_facts(report: Report) -> SummaryFacts:
    return {
        "kind": report["kind"],
        "cloud": report["cloud"],
        "finished_at": report["finished_at"],
        "valid_until": report["valid_until"],
        "check_mode": report["check_mode"],
        "rpo_hours": report["rpo_hours"],
        "within_rpo": report["within_rpo"],
        "totals": report["totals"],
    }
