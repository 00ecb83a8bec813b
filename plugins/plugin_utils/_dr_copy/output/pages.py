# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTML pages of one report, and of the reports of several plans."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import Consistency

from ..._role.documents import render_page
from ..._role.naming import file_name
from ..._role.proofs import proofs_not_covered
from ..._role.row_keys import DiskAt, disk_at
from ..decide.judging.breaches import BreachCounts, count_breaches, worst_first
from ..decide.judging.server_sets import lagging_disks, worst_set_first
from ..decide.plan_reasons import THERE
from ..decide.result_type import RecoveryPoint, SetFacts
from ..decide.wording.sets import set_in_words
from .groups import failure_groups, late_groups, unjudged_groups
from .report_type import IndexedReport, Report, label_of, shard_of

#: The most rows of a list that a page shows; the JSON has all of them.
MAX_ROWS = 200


def report_page(report: Report) -> str:
    """Return a report as one self-contained HTML page, worst first."""
    points = sorted(report["recovery_points"], key=worst_first)
    well = [point for point in points if point["within_rpo"] is not False and not point["unknown"]]
    ages = [point["age_hours"] for point in points if point["age_hours"] is not None]
    left_out = [row for row in report["plan"] if not row["chosen"] and row["reason"] != THERE]
    failures, of_late = failure_groups(report)
    return render_page(
        "report.html.j2",
        report=report,
        points=points,
        well=well,
        servers=_servers(report),
        groups=late_groups(report),
        unjudged_groups=unjudged_groups(report),
        failures=failures,
        of_late=of_late,
        **count_breaches(report["breaches"]),
        scale=2 * report["rpo_hours"] or max(ages, default=0) or 1,
        policy=_policy(report),
        facts=_facts,
        consistency_words=lambda consistency: Consistency(consistency).words,
        plan=label_of(report),
        left_out=Counter(row["reason"] for row in left_out),
        left_out_rows=left_out[:MAX_ROWS],
        most=MAX_ROWS,
    )


class _DiskOfServer(RecoveryPoint):
    """``is_of_set``: its newest copy is part of the server's set. ``lags``: that copy is older than another disk's."""

    is_of_set: bool
    lags: bool


class _Server(SetFacts):
    """A server with the recovery points of its ``disks``.

    ``is_late``: it has no set, or its set is older than the RPO.
    """

    disks: list[_DiskOfServer]
    is_late: bool
    words: str


def _servers(report: Report) -> list[_Server]:
    """Return the servers with several disks, worst first."""
    apart = report["settings"]["set_seconds"]
    points = {disk_at(point): point for point in report["recovery_points"]}
    names = {point["disk_id"]: point["disk_name"] or point["disk_id"] for point in report["recovery_points"]}
    servers: list[_Server] = []
    for row in sorted(report["sets"], key=worst_set_first):
        torn, lagging = {disk["disk_id"] for disk in row["torn"]}, lagging_disks(row, apart)
        keys = [DiskAt(disk_id, row["region"]) for disk_id in row["disks"]]
        own = [points[key] for key in keys if key in points]
        disks: list[_DiskOfServer] = [
            {**point, "is_of_set": point["disk_id"] not in torn, "lags": point["disk_id"] in lagging} for point in own
        ]
        disks.sort(key=lambda disk: (not disk["lags"], disk["is_of_set"], disk["source_created_at"] or ""))
        is_late = not row["unknown"] and (row["set"] is None or row["within_rpo"] is False)
        servers.append({**row, "disks": disks, "is_late": is_late, "words": set_in_words(row, apart, names)})
    return servers


def index_page(reports: Sequence[IndexedReport], silent: Mapping[str, str] | None = None) -> str:
    """Return one page over several plans, one line for each plan, worst first.

    ``silent`` says why a plan has no report.
    """
    unseen = [{"name": plan, "message": message} for plan, message in sorted((silent or {}).items())]
    judged = sorted(reports, key=_worst_plan_first)
    each, breaches = [report["totals"] for report in reports], list(map(_breach_counts, reports))
    totals = {
        "disks": sum(of_plan["disks"] for of_plan in each),
        "recovery_points": sum(of_plan["recovery_points"] for of_plan in each),
        "late": sum(of_plan["late"] for of_plan in breaches),
        "not_restorable": sum(of_plan["locked_out"] + of_plan["archived"] for of_plan in breaches),
    }
    look = len(unseen) + sum(overall_of(report) in ("bad", "amber") for report in reports)
    without_rpo = sum(not report["rpo_hours"] for report in reports)
    facts = {"plans": judged, "totals": totals, "look": look, "without_rpo": without_rpo, "breaches": _breach_counts}
    return render_page("index.html.j2", unseen=unseen, overall=overall_of, label=label_of, page=_page_of, **facts)


def _breach_counts(report: IndexedReport) -> BreachCounts:
    """Return the numbers of breaches of a brief or complete report."""
    return report["breach_counts"] if "breach_counts" in report else count_breaches(report["breaches"])


def _page_of(report: IndexedReport) -> str:
    """Return the path of a report's page from the directory of the index."""
    return str(report.get("page") or page_name(report))


def page_name(report: IndexedReport) -> str:
    """Return the file name of the page of a status."""
    return f"{file_name(str(report['name']), shard_of(report))}.status.html"


def overall_of(report: IndexedReport) -> str:
    """Return "bad" if anything is late, failed or unchecked, "amber" for warnings, else "good" or "".

    A report that is out of date shows nothing about today, so it is never "good".
    """
    totals = report["totals"]
    if totals["breaches"] or totals["failures"] or totals["unjudged"] or totals.get("late_sets"):
        return "bad"
    if report["warnings"] or totals["unfinished"] or totals.get("absent") or report.get("outdated"):
        return "amber"
    return "good" if report["within_rpo"] else ""


def _policy(report: Report) -> dict[str, str]:
    """Return the account, and the variables of the plan that are set."""
    settings = report["settings"]
    parts = {
        "account": report["account"] or "not reported by the cloud",
        "RPO": f"{report['rpo_hours']} h" if report["rpo_hours"] else "not judged",
    }
    for name, value in settings.items():
        if value or name == "encrypted":
            parts[name.replace("_", " ")] = _setting(value)
    if not settings["encrypted"]:
        parts["encrypted"] = "as the source"
    return parts


def _setting(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={entry}" for key, entry in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _facts(point: RecoveryPoint) -> str:
    """Return what is known about a recovery point's copy, as a text."""
    parts = [
        f"{point['size_gib']} GiB" if point.get("size_gib") else "",
        {True: "encrypted", False: "not encrypted"}.get(point.get("encrypted"), ""),  # type: ignore[arg-type]
        f"key {str(point['kms_key_id']).rpartition('/')[2]}" if point.get("kms_key_id") else "",
        f"expires {_day(point['expires_at'])}" if point.get("expires_at") else "",
        f"locked until {_day(point['locked_until'])}" if point.get("locked_until") else "",
        f"copied in {point['minutes']} min" if point.get("minutes") else "",
        _proof(point),
    ]
    return ", ".join(filter(None, parts)) or "–"


def _proof(point: RecoveryPoint) -> str:
    """Return as a text when a drill last proved a copy of the disk, and whether it was this copy."""
    if not point.get("proven_at"):
        return ""
    which = "" if point["proven_snapshot_id"] == point["snapshot_id"] else "an earlier copy "
    others = proofs_not_covered(point["proven_level"], point.get("proofs") or {})
    more = "".join(f", a copy of this disk {level} {_day(time)}" for level, time in others.items())
    return f"{which}proven {point['proven_level']} {_day(point['proven_at'])}{more}"


def _day(text: str | None) -> str:
    return str(text)[:10] if text else "an unknown day"


def _worst_plan_first(report: IndexedReport) -> tuple[int, bool, int, int, str]:
    """Sort plans; those that were stopped before anything could be checked come first."""
    totals = report["totals"]
    severity = ("bad", "amber", "", "good").index(overall_of(report))
    return (
        severity,
        totals["recovery_points"] > 0,
        -totals["breaches"] - totals["unjudged"],
        -totals["failures"],
        label_of(report),
    )
