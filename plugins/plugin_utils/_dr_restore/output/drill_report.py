# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a drill, and what the screen shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import (
    MAX_NAMED,
    pluralize,
    quoted_failures,
)

from ..._role.answers import Answer
from ..._role.documents import collection_version
from ..._role.enumerations import first_in_words
from ..._role.failures import failures_of
from ..._role.proofs import proofs_not_covered
from ..._role.reported import SCHEMA
from ..._role.rows import only
from ..decide.choosing.points import NamedRow, label_of_disk
from ..decide.choosing.waves import too_late
from ..decide.proving.candidates import Candidate, ProofRow, overdue, untried, with_new_proofs
from ..decide.proving.reaping import RemainingDisk
from ..decide.proving.trials import Trial
from ..input.last_drill import ProvenDisk
from ..input.variables import Variables
from .report_type import DrilledDisk, DrillReport, DrillTotals
from .server_lines import server_in_words

#: What each level does not prove.
NOT_PROVEN = {
    "creatable": "This level does not prove that the data can be read, or that a system boots from the disk.",
    "readable": "This level does not prove that a file system is intact, or that a system boots from the disk.",
    "usable": "This level proves only what the checks cover. It does not prove that a system boots from the disks.",
}


class DrillSteps(NamedTuple):
    """What a drill has done.

    This has the ``answers`` of its calls, what it ``tried``, the IDs that it ``reaped``, the disks that it ``left``,
    the minutes until its last disk was available, warnings about the copies' marks, and the disks of ``earlier``
    drills that it did not look at.
    """

    answers: Sequence[Answer]
    tried: Sequence[Trial] = ()
    reaped: Sequence[str] = ()
    left: Sequence[RemainingDisk] = ()
    took_minutes: float | None = None
    warnings: Sequence[str] = ()
    earlier: Sequence[ProvenDisk] = ()


def drill_report(
    candidates: Sequence[Candidate], steps: DrillSteps, values: Variables, check_mode: bool, finished_at: str
) -> DrillReport:
    """Return the report of a drill over all disks with their earlier proofs.

    In check mode a disk is not overdue if the drill would try it.
    """
    disks = with_new_proofs(candidates, steps.tried, values)
    failures = [failure for answer in steps.answers for failure in failures_of(answer)]
    would_try = {row["disk_id"] for row in steps.tried if check_mode}
    due = [disk for disk in disks if disk.key_problem or disk.disk_id not in would_try]
    late = [candidate.as_row() for candidate in overdue(due, values)]
    never_tried = untried(candidates, values)
    return {
        "schema": SCHEMA,
        "kind": "drill",
        "host": values.host,
        "id": values.id,
        "check_mode": check_mode,
        "started_at": values.started_at,
        "finished_at": finished_at,
        "cloud": values.cloud,
        "region": values.region,
        "zone": values.zone,
        "level": values.level,
        "count": values.count,
        "max_gib": values.max_gib,
        "max_age_days": values.max_age_days,
        "test_instance": values.test_instance,
        "test_host": values.test_host,
        "checks": values.checks,
        "rto_minutes": values.rto_minutes,
        "took_minutes": steps.took_minutes,
        "too_late": "" if check_mode else too_late(steps.took_minutes, values),
        "not_proven": NOT_PROVEN[values.level],
        "totals": _totals(steps, disks, len(late), len(never_tried), len(failures)),
        "tried": list(steps.tried),
        "overdue": late,
        "untried": never_tried,
        "failures": failures,
        "warnings": list(steps.warnings),
        "reaped": list(steps.reaped),
        "left": list(steps.left),
        "disks": [only(DrilledDisk, disk.as_row()) for disk in disks],
        "earlier": list(steps.earlier),
        "collection": collection_version(),
    }


def _totals(
    steps: DrillSteps, disks: Sequence[Candidate], overdue_disks: int, untried_disks: int, failures: int
) -> DrillTotals:
    return {
        "disks": len(disks),
        "tried": len(steps.tried),
        "proven": sum(row["proven"] for row in steps.tried),
        "uncompared": len(uncompared(steps.tried)),
        "never": sum(disk.proven_at is None for disk in disks),
        "overdue": overdue_disks,
        "untried": untried_disks,
        "reaped": len(steps.reaped),
        "left": len(steps.left),
        "failures": failures,
    }


def uncompared(tried: Sequence[Trial]) -> list[Trial]:
    """Return the copies that are proven as far as possible, but whose blocks could not be read or compared."""
    return [row for row in tried if row["proven"] and row["note"]]


def drill_problems(report: DrillReport) -> str:
    """Return in one message why a drill fails, or an empty string."""
    parts = []
    failed = [row for row in report["tried"] if row["why"]]
    if failed:
        why = _disks_in_words([(row, row["why"]) for row in failed])
        was = "was" if len(failed) == 1 else "were"
        verb = "would not be proven" if report["check_mode"] else f"{was} not proven"
        parts.append(f"{len(failed)} of {len(report['tried'])} copies {verb} {report['level']}: {why}.")
    if not report["disks"] and not report["failures"]:
        parts.append(f"Nothing was proven: {report['region']} has no copy that matches this drill and shows its disk.")
    elif not report["tried"] and not report["failures"]:
        parts.append(f"No copy could be tested: {_disks_in_words([(row, row['why']) for row in report['untried']])}.")
    elif named := [(row, row["why"]) for row in report["untried"] if row["named"]]:
        disks = pluralize(
            len(named),
            "disk that was requested by ID or name cannot be tested",
            "disks that were requested by ID or name cannot be tested",
        )
        parts.append(f"{disks}: {_disks_in_words(named)}.")
    if report["overdue"]:
        cause = {row["disk_id"]: f", because {row['why']}" for row in report["untried"]}
        rows = [(row, last_proof(row) + cause.get(row["disk_id"], "")) for row in report["overdue"]]
        disks = pluralize(len(rows), "disk was", "disks were")
        parts.append(f"{disks} not proven within {report['max_age_days']} days: {_disks_in_words(rows)}.")
    if report["failures"] and not failed:
        parts.append(quoted_failures(report["failures"]))
    if report["too_late"]:
        parts.append(report["too_late"])
    own = [row for row in report["left"] if row["own"]]
    if own:
        disks = pluralize(len(own), "disk of this drill still exists", "disks of this drill still exist")
        parts.append(f"{disks}: {first_in_words([_where(row) for row in own])}.")
    return " ".join(parts)


def drill_lines(report: DrillReport) -> list[str]:
    """Return what the screen shows of a drill."""
    totals = report["totals"]
    place = report["zone"] or report["region"]
    head = f"{totals['proven']} of {totals['tried']} copies proven {report['level']} in {place}"
    if report["check_mode"]:
        head = f"{pluralize(totals['tried'], 'copy', 'copies')} would be tested in {place}"
    proven = totals["disks"] - totals["never"]
    rest = f"{proven} of {totals['disks']} disks proven {report['level']} at least once"
    lines = [f"{head}; {rest}", report["not_proven"], *(f"WARNING: {text}" for text in report["warnings"])]
    if totals["uncompared"]:
        lines.append(f"{totals['uncompared']} of {totals['tried']} copies NOT COMPARED with their sources")
    for row in report["tried"]:
        took = f" in {row['seconds']} s" if row["seconds"] is not None else ""
        if row["why"]:
            state = f"NOT PROVEN: {row['why']}"
        else:
            state = "would be tested" if report["check_mode"] else f"{row['level']}{took}{_read(row)}"
        older = f"; {row['passed_over']}" if row["passed_over"] else ""
        server = f" ({server_in_words(row)})" if row["group"] else ""
        lines.append(f"{label_of_disk(row)}: {row['copy_id']} of {row['taken_at']}{server}: {state}{older}")
    lines += [f"{label_of_disk(row)}: CANNOT BE TESTED: {row['why']}" for row in report["untried"][:MAX_NAMED]]
    if len(report["untried"]) > MAX_NAMED:
        lines.append(f"and {len(report['untried']) - MAX_NAMED} more that CANNOT BE TESTED, all in the report")
    lines += [
        f"{row['disk_id']} was not deleted, because it is attached to {row['attached_to']}"
        for row in report["left"]
        if not row["own"]
    ]
    return lines


def also_proven(disk: ProofRow) -> str:
    """Return what earlier drills have proven of a disk beyond its last proof, or an empty string."""
    others = proofs_not_covered(disk["proven_level"], disk["proofs"])
    return ", ".join(f"{level} on {time[:10]}" for level, time in others.items())


def _where(left: RemainingDisk) -> str:
    return f"{left['disk_id']} (attached to {left['attached_to']})" if left["attached_to"] else str(left["disk_id"])


def last_proof(row: ProofRow) -> str:
    """Return as a text when a disk was last proven at the level of the drill."""
    return f"last on {row['proven_at']}" if row["proven_at"] else "never"


def _read(row: Trial) -> str:
    if row["blocks"] is None:
        return ""
    what = "equal to the source's" if row["compared"] else "NOT COMPARED"
    return f", {row['blocks']} blocks read, {what}{'; ' + row['note'] if row['note'] else ''}"


def _disks_in_words(rows: Sequence[tuple[NamedRow, str | None]]) -> str:
    words = [f"{label_of_disk(row)}: {str(why).rstrip('.')}" for row, why in rows]
    return first_in_words(words, separator="; ", before_rest="; and")
