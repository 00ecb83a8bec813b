# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run as JUnit XML, a test case for each recovery point."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import quoted_failures

from ..._role.junit import CaseResult, Suite
from ..._role.naming import disk_label
from ..._role.row_keys import DiskAt, disk_at
from ..decide.judging.breaches import is_unrestorable
from ..decide.judging.server_sets import BY_SET
from ..decide.result_type import RecoveryPoint, SetStatus
from ..decide.wording.sets import set_in_words
from .report_type import LatePoint, Report, label_of


def junit_text(report: Report) -> str:
    """Return JUnit XML.

    A point that could not be checked is an error; without an RPO it is skipped. Neither counts as passed.
    """
    breaches = {disk_at(breach): breach for breach in report["breaches"]}
    suite = Suite(label_of(report), report["finished_at"])
    for point in report["recovery_points"]:
        name = disk_label(point["disk_name"], point["disk_id"])
        suite.case(point["region"], name, _judged(point, breaches, report))
    for row in report["sets"]:
        suite.case(row["region"], f"set of {row['group']}", _judged_set(row, report))
    failed = report["failures"]
    why = ("failure", f"{len(failed)} failed. {quoted_failures(failed)}") if failed else None
    suite.case(label_of(report), "the run itself", why)
    return suite.as_text()


def _judged(point: RecoveryPoint, breaches: Mapping[DiskAt, LatePoint], report: Report) -> CaseResult:
    state = f"{point['state']}, " + ("no copy" if point["age_hours"] is None else f"{point['age_hours']:.1f} h old")
    if point["within_rpo"] is False:
        breach = breaches.get(disk_at(point))
        is_late = report["rpo_hours"] and not (breach and is_unrestorable(breach))
        what = f"misses the RPO of {report['rpo_hours']} h" if is_late else "cannot be restored"
        return "failure", f"{what}: {state}; {breach['why'] if breach else state}"
    if point["within_rpo"] is None and report["rpo_hours"]:
        return "error", f"could not be judged: {state}; {point['unknown']}"
    return ("skipped", f"no RPO is set: {state}") if point["within_rpo"] is None else None


def _judged_set(row: SetStatus, report: Report) -> CaseResult:
    """Return the result of a server.

    It passes only if all disks are part of its set, and fails only if dr_copy_consistency is ``set`` and the set misses
    the RPO.
    """
    words = set_in_words(row, report["settings"]["set_seconds"])
    if row["unknown"]:
        return "error" if report["rpo_hours"] else "skipped", words
    if row["within_rpo"] is False and report["settings"]["consistency"] == BY_SET:
        return "failure", f"misses the RPO of {report['rpo_hours']} h: {words}"
    if row["set"] is None or row["within_rpo"] is False or row["torn"]:
        return "skipped", f"needs attention: {words}"
    return ("skipped", f"no RPO is set: {words}") if row["within_rpo"] is None else None
