# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a drill as JUnit XML, with a test case for each disk and for each server with several disks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped

from ..._role.junit import CaseResult, Suite
from ..decide.choosing.points import NamedRow, label_of_disk
from ..decide.proving.candidates import ProofRow
from ..decide.proving.trials import Trial
from .drill_report import last_proof
from .report_type import DrilledDisk, DrillReport
from .server_lines import by_group

#: A disk, by its ID and name.
Key = tuple[str | None, str | None]


def drill_junit_text(report: DrillReport, problems: str) -> str:
    """Return JUnit XML. ``problems`` says why the drill fails, empty if it does not.

    A disk passes if this drill has proven its copy without reservation, or an earlier drill has proven it recently
    enough. A server passes if one drill has proven all its disks from one set.
    """
    suite = Suite(report["host"], report["finished_at"])
    tried = {_key(row): row for row in report["tried"]}
    results = _judged(report, tried)
    seconds = {key: row["seconds"] for key, row in tried.items()}
    for disk in report["disks"]:
        suite.case(report["region"], label_of_disk(disk), results[_key(disk)], seconds.get(_key(disk)))
    for name, own in _by_set(report["disks"]).items():
        longest = max(filter(None, (seconds.get(_key(disk)) for disk in own)), default=None)
        suite.case(report["region"], f"set of {name}", _judged_set(own, results), longest)
    suite.case(report["host"], "the drill itself", ("failure", problems) if problems else None)
    return suite.as_text()


def junit_of_failure(host: str, time: str, message: str) -> str:
    """Return the JUnit XML of a drill that ended before it could look at any disk."""
    suite = Suite(host, time)
    suite.case(host, "the drill itself", ("failure", message))
    return suite.as_text()


def _by_set(disks: Sequence[DrilledDisk]) -> dict[str, list[DrilledDisk]]:
    """Return the disks of each server with several disks; if several plans protect its disks, those of each set."""
    found: dict[str, list[DrilledDisk]] = {}
    for group, own in by_group(disks).items():
        sets = grouped(own, lambda disk: disk["set"])
        if len(sets) == 1 or any(disk["torn"] for disk in own):
            found[group] = own
        else:
            found.update({f"{group} ({', '.join(map(label_of_disk, of_set))})": of_set for of_set in sets.values()})
    return {name: own for name, own in found.items() if len(own) > 1}


def _judged(report: DrillReport, tried: Mapping[Key, Trial]) -> dict[Key, CaseResult]:
    untried = {_key(row): row["why"] for row in report["untried"]}
    late = {_key(row) for row in report["overdue"]}
    results: dict[Key, CaseResult] = {}
    for disk in report["disks"]:
        key = _key(disk)
        if key in tried:
            results[key] = _tried(tried[key])
        elif key in late:
            why = f", because {untried[key]}" if key in untried else ""
            days = f"not proven {report['level']} within {report['max_age_days']} days"
            results[key] = "failure", f"{days}: {last_proof(disk)}{why}"
        else:
            results[key] = _not_tried(disk, untried.get(key), report)
    return results


def _judged_set(disks: Sequence[DrilledDisk], results: Mapping[Key, CaseResult]) -> CaseResult:
    """Return the result of a server.

    It passes only if all its disks pass, belong to one set, and were proven by one drill.
    """
    shown = [(label_of_disk(disk), result) for disk in disks if (result := results[_key(disk)])]
    failed = [f"{name}: {message}" for name, (kind, message) in shown if kind == "failure"]
    if failed:
        return "failure", "; ".join(failed)
    if any(disk["torn"] for disk in disks):
        names = ", ".join(map(label_of_disk, disks))
        return "skipped", f"it has no complete set of copies, so its disks are from different times: {names}"
    if shown:
        return "skipped", "not fully proven: " + "; ".join(f"{name}: {message}" for name, (_kind, message) in shown)
    if len({disk["proven_at"] for disk in disks}) > 1:
        times = ", ".join(f"{label_of_disk(disk)} on {disk['proven_at']}" for disk in disks)
        return "skipped", f"its disks were not proven by one drill: {times}"
    return None


def _key(row: NamedRow) -> Key:
    return row["disk_id"], row["disk_name"]


def _tried(row: Trial) -> CaseResult:
    if not row["proven"]:
        return "failure", f"not proven: {row['why']}"
    note = row["note"] or row["passed_over"]
    return ("skipped", f"proven {row['level']}, but {note}") if note else None


def _not_tried(disk: ProofRow, why: str | None, report: DrillReport) -> CaseResult:
    if why:
        return "skipped", f"cannot be tested: {why}"
    if report["max_age_days"]:
        return None
    last = f"last proven {report['level']} on {disk['proven_at']}" if disk["proven_at"] else ""
    unjudged = "dr_restore_max_age_days is not set"
    return "skipped", f"not tested: {last or 'never proven ' + report['level']}; {unjudged}"
