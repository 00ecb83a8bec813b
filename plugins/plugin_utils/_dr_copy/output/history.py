# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What earlier runs have left in the directory of reports: the last report, the dated reports, and the months."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypedDict, cast

from ..._role.files import read_json
from ..._role.naming import file_name, label
from ..._role.parsing import RawVariables, without_values
from ..._role.rows import only, parse_time
from ..input.variables import Variables, part_of_plan
from .pages import index_page, page_name
from .report_type import BareReport, IndexedReport, Month, Report

#: The keys of a dated report: all except the lists that grow with the plan and are of no use years later.
_DATED = (
    "schema", "kind", "host", "name", "check_mode", "started_at", "finished_at", "cloud", "source_region",
    "destination_regions", "source_listed", "settings", "rpo_hours", "within_rpo", "totals", "breaches", "unjudged",
    "failures", "warnings", "sets", "counts", "versions",
)  # fmt: skip
_COLUMNS = (
    "disk_id", "disk_name", "region", "snapshot_id", "source_snapshot_id", "source_created_at", "age_hours", "state",
    "within_rpo", "unknown",
)  # fmt: skip


class _JudgedTotals(TypedDict, total=False):
    recovery_points: int
    unjudged: int
    breaches: int


class _DatedReport(TypedDict, total=False):
    """The keys that are read from a dated report."""

    rpo_hours: int
    totals: _JudgedTotals


class OtherPlan(TypedDict):
    """A plan of the inventory without a report of this run; ``problem`` says what went wrong, or is empty."""

    plan: str
    shard: str
    problem: str


def other_plans(hosts: Sequence[str], hostvars: Mapping[str, RawVariables]) -> list[OtherPlan]:
    """Return the plans of these hosts. A variable that cannot be evaluated is the problem of its host alone."""
    return [_other_plan(host, hostvars[host]) for host in hosts]


def _other_plan(host: str, variables: RawVariables) -> OtherPlan:
    try:
        plan, shard = part_of_plan(variables.get("dr_copy_plan"), variables.get("dr_copy_shard"), host)
        return {"plan": plan, "shard": shard, "problem": str(variables.get("_dr_status_problem", ""))}
    except Exception as error:  # the page shows the other plans
        return {"plan": host, "shard": "", "problem": str(error)}


def index_over(reports: Sequence[IndexedReport], directory: str, others: Sequence[OtherPlan] = ()) -> str:
    """Return the page of all plans of an inventory: those in ``reports``, and the last reports of the ``others``."""
    plans = [_linked(report, directory) for report in reports]
    silent = {}
    for other in others:
        report = None if other["problem"] else _newest(directory, other["plan"], other["shard"])
        if report:
            plans.append(report)
        else:
            unseen = "it was not checked, and there is no earlier report"
            why = without_values(other["problem"]) if other["problem"] else unseen
            silent[label(other["plan"], other["shard"])] = why
    return index_page(plans, silent)


def _linked(report: IndexedReport, directory: str) -> IndexedReport:
    """Return a report with the path of its page from this directory, if the page is in another one."""
    other = report.get("report_dir") or directory
    if other == directory:
        return report
    return {**report, "page": os.path.join(os.path.relpath(other, directory), page_name(report))}


def _newest(directory: str, plan: str, shard: str) -> IndexedReport | None:
    try:
        path = file_name(plan, shard)
    except ValueError:  # an invalid shard, which the plan itself refuses
        return None
    now = datetime.now(timezone.utc)
    found: list[IndexedReport] = []
    for end in (".status", ""):
        report = read_json(Path(directory) / f"{path}{end}.json")
        if report.get("valid_until"):
            ends_at = parse_time(str(report["valid_until"]))
            facts = {"page": f"{path}{end}.html", "outdated": ends_at is None or ends_at < now}
            found.append(cast(IndexedReport, {**report, **facts}))
    return max(found, key=lambda report: str(report["finished_at"]), default=None)


def months_of(values: Variables, report: BareReport) -> list[Month]:
    """Return the share of recovery points within the RPO by month, newest first, including this ``report``."""
    days = {path.stem: cast(_DatedReport, read_json(path)) for path in _dated_files(values, ".json")}
    if report["recovery_points"]:
        days[_date(report)] = {"rpo_hours": report["rpo_hours"], "totals": only(_JudgedTotals, report["totals"])}
    judged: dict[str, list[tuple[int, int]]] = {}
    for date, report_of_day in days.items():
        totals_of_day = _totals_of(report_of_day)
        number = totals_of_day.get("recovery_points", 0) - totals_of_day.get("unjudged", 0)
        if report_of_day.get("rpo_hours") and number > 0:
            judged.setdefault(date[:7], []).append((number, number - totals_of_day.get("breaches", 0)))
    return [
        {
            "month": month,
            "days": len(numbers),
            "judged": sum(all_ for all_, _within in numbers),
            "share": round(sum(within for _all, within in numbers) / sum(all_ for all_, _within in numbers), 4),
        }
        for month, numbers in sorted(judged.items(), reverse=True)
    ]


def _totals_of(report: _DatedReport) -> _JudgedTotals:
    """Return the totals of a dated report; empty if it has an unexpected form."""
    totals: Any = report.get("totals")
    is_whole = isinstance(totals, Mapping) and all(isinstance(number, int) for number in totals.values())
    return cast(_JudgedTotals, totals) if is_whole else {}


def dated_files(report: Report, values: Variables) -> list[tuple[Path, Callable[[Report], str]]]:
    """Return the dated files of a run, each with what renders a report for it; a run that only reads has none.

    A run that found nothing to judge does not replace the files of an earlier run of the day.
    """
    if not values.history_days or report["kind"] != "copy":
        return []
    dated = {path.stem for path in _dated_files(values, ".json")}
    if not report["recovery_points"] and _date(report) in dated:
        return []
    directory, date = _directory(values), _date(report)
    return [(directory / f"{date}.json", brief_text), (directory / f"{date}.csv", csv_text)]


def brief_text(report: Report) -> str:
    """Return as JSON the part of a report that is kept for years."""
    whole: Mapping[str, object] = report
    return json.dumps({key: whole[key] for key in _DATED}, indent=1) + "\n"


def csv_text(report: Report) -> str:
    """Return a report's recovery points as CSV, one line each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    points: Sequence[Mapping[str, object]] = report["recovery_points"]
    writer.writerows([_cell(point[column]) for column in _COLUMNS] for point in points)
    return text.getvalue()


def outdated_files(values: Variables) -> list[str]:
    """Return the dated files that are older than ``history_days``. The last of these days is the day of the run."""
    now = parse_time(values.started_at)
    if now is None or not values.report_dir:
        return []
    days = min(values.history_days - 1, now.toordinal() - 1)  # a large number means to keep all; stay after year 1
    oldest = (now - timedelta(days=days)).date().isoformat()
    return [str(path) for end in (".json", ".csv") for path in _dated_files(values, end) if path.stem < oldest]


def _dated_files(values: Variables, end: str) -> Iterable[Path]:
    directory = _directory(values)
    try:
        names = os.listdir(directory) if values.report_dir else []
    except OSError:  # it does not exist, or this user may not enter it; then writing the report fails, too
        return []
    return [directory / name for name in sorted(names) if re.fullmatch(r"\d{4}-\d\d-\d\d" + re.escape(end), name)]


def _directory(values: Variables) -> Path:
    return Path(values.report_dir) / "history" / file_name(values.plan, values.shard)


def _date(report: BareReport) -> str:
    moment = parse_time(report["started_at"])
    return moment.strftime("%Y-%m-%d") if isinstance(moment, datetime) else str(report["started_at"])[:10]


def _cell(value: object) -> str:
    """Return a value for a cell; a string that a spreadsheet would interpret as a formula is quoted."""
    if not isinstance(value, str):
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{value}" if value.lstrip()[:1] in ("=", "+", "-", "@") else value
