# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a drill as JUnit XML, a test case for each disk. Pure."""

from __future__ import annotations

from ..._role.junit import Result, Suite
from ..decide.drill import ProofRow, Trial
from ..decide.points import NamedRow, named
from .drill_report import last_proof
from .report_type import DrillReport


def drill_junit_text(report: DrillReport, problems: str) -> str:
    """Return JUnit XML. ``problems`` is for what the drill fails, empty if for nothing.

    A disk passes if this drill has proven its copy without reservation, or an earlier one recently enough.
    """
    suite = Suite(report["host"], report["finished_at"])
    tried = {_key(row): row for row in report["tried"]}
    untried = {_key(row): row["why"] for row in report["untried"]}
    late = {_key(row) for row in report["overdue"]}
    for disk in report["disks"]:
        key = _key(disk)
        if key in tried:
            result: Result = _tried(tried[key])
        elif key in late:
            why = f", because {untried[key]}" if key in untried else ""
            days = f"not proven {report['level']} within {report['max_age_days']} days"
            result = "failure", f"{days}: {last_proof(disk)}{why}"
        else:
            result = _not_tried(disk, untried.get(key), report)
        suite.case(report["region"], named(disk), result, seconds=tried[key]["seconds"] if key in tried else None)
    suite.case(report["host"], "the drill itself", ("failure", problems) if problems else None)
    return suite.as_text()


def _key(row: NamedRow) -> tuple[str | None, str | None]:
    return row["disk_id"], row["disk_name"]


def _tried(row: Trial) -> Result:
    if not row["proven"]:
        return "failure", f"not proven: {row['why']}"
    doubt = row["note"] or row["passed_over"]
    return ("skipped", f"proven {row['level']}, but {doubt}") if doubt else None


def _not_tried(disk: ProofRow, why: str | None, report: DrillReport) -> Result:
    if why:
        return "skipped", f"cannot be tried: {why}"
    if report["max_age_days"]:
        return None
    last = f"last proven {report['level']} on {disk['proven_at']}" if disk["proven_at"] else ""
    unjudged = "dr_restore_max_age_days is not set"
    return "skipped", f"not tried: {last or 'never proven ' + report['level']}; {unjudged}"
