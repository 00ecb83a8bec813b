# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the screen shows of a run: the message of a failure, and the lines of the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped_pairs, largest_groups
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import (
    MAX_NAMED,
    pluralize,
    quoted_failures,
)

from ..._role.enumerations import first_in_words
from ..._role.naming import disk_label
from ..decide.judging.breaches import count_breaches, is_unrestorable, is_unrestorable_point, worst_first
from ..decide.judging.server_sets import late_sets
from ..decide.result_type import RecoveryPoint, Result, RunFailure
from ..decide.run_failures import kind_in_words
from ..decide.wording.sets import set_in_words
from .report_type import LatePoint, Report

#: The most recovery points, and the most failures, that a brief log shows.
MAX_BRIEF_ROWS = 20
#: Characters of a line of a table; Ansible adds eleven on a screen with eighty columns.
MAX_TABLE_WIDTH = 69
#: The most characters of the message with which a run fails, and of its part about one failure.
MAX_MESSAGE_LENGTH, MAX_FAILURE_LENGTH = 4000, 300
#: What a failure affects that names no disk, snapshot or region.
_THE_RUN = "the run"


def failure_message(report: Report, unwritten: str = "") -> str:
    """Return in one message why the role fails at its end, or an empty string; at most 4,000 characters.

    ``unwritten`` says which files could not be written.
    """
    points, unjudged = len(report["recovery_points"]), report["unjudged"]
    lost = [breach for breach in report["breaches"] if is_unrestorable(breach)]
    late = [breach for breach in report["breaches"] if not is_unrestorable(breach)]
    parts = []
    if report["failures"]:
        parts.append(f"{pluralize(len(report['failures']), 'failure')}. {_grouped(report['failures'])}")
    if lost:
        words = _first_parts(f"{disk_label(b['disk_name'], b['disk_id'])} in {b['region']}: {b['why']}" for b in lost)
        parts.append(f"{len(lost)} of {points} recovery points cannot be restored: {words}.")
    if late:
        words = _first_parts(map(_late, late))
        misses = f"{'misses' if len(late) == 1 else 'miss'} the RPO of {report['rpo_hours']} h"
        parts.append(f"{len(late)} of {points} recovery points {misses}: {words}.")
    servers = late_sets(report["sets"], report["settings"]["consistency"])
    if servers:
        apart = report["settings"]["set_seconds"]
        words = _first_parts(f"{row['group']} in {row['region']}: {set_in_words(row, apart)}" for row in servers)
        have = f"{len(servers)} of {len(report['sets'])} servers {'has' if len(servers) == 1 else 'have'}"
        parts.append(f"{have} no complete set of copies within the RPO of {report['rpo_hours']} h: {words}.")
    if unjudged:
        words = _first_parts(_unjudged(unjudged))
        parts.append(f"{len(unjudged)} of {points} recovery points could not be judged: {words}.")
    parts += [unwritten] if unwritten else []
    # Each part gets an equal share of the length, so that no part displaces another.
    return " ".join(shorten(part, MAX_MESSAGE_LENGTH // len(parts) - 1) for part in parts)


def log_lines(report: Report, log: str = "brief") -> list[str]:
    """Return the lines of the log: what was done, what failed, and the recovery points, late ones first.

    A ``brief`` log shows totals, a line for each kind of failure, and the twenty worst recovery points; a ``full`` log
    shows everything. The message with which the run fails says what to do about failures.
    """
    most = MAX_BRIEF_ROWS if log == "brief" else None
    lines = [_done(report), *report["warnings"], *_kept_for_others(report)]
    failures = report["failures"]
    lines += [f"FAILED {_failed(f)}" for f in failures] if log == "full" else _failed_kinds(failures)
    unfinished = report["unfinished"]
    lines += [
        f"{'IN PROGRESS' if c['state'] == 'pending' else 'FAILED'} copy {c['snapshot_id']} in {c['region']} "
        f"(source {c['source_snapshot_id']}, disk {c['disk_id']})"
        for c in unfinished[:most]
    ]
    lines += _more(unfinished, most, "more copy that is not complete", "more copies that are not complete")
    if not report["recovery_points"]:
        return [*lines, "No disk was found."] if report["source_listed"] else lines
    points = sorted(report["recovery_points"], key=worst_first)
    widest = MAX_TABLE_WIDTH if log == "brief" else None
    return [*lines, *_table(points[:most], widest), *_more(points, most, "more recovery point")]


def _kept_for_others(report: Report) -> list[str]:
    kept = report["kept_for_others"]
    plans = ", ".join(sorted({str(copy["plan"]) for copy in kept}))
    why = "that other plans made, although retention of this plan would delete them"
    return [f"Kept {pluralize(len(kept), 'copy', 'copies')} {why} ({plans})"] if kept else []


def _failed_kinds(failures: Sequence[RunFailure]) -> list[str]:
    """Return a line for each kind of failure: how many there are, and what they affect."""
    lines = []
    for similar in _kinds_of(failures)[:MAX_NAMED]:
        first = similar[0]
        where = f" in {first['region']}" if first["region"] else ""
        hit = list(dict.fromkeys(map(_affected, similar)))
        if hit == [_THE_RUN]:
            hit = [failure["message"] for failure in similar]
        named = first_in_words([shorten(affected, MAX_FAILURE_LENGTH) for affected in hit], 3, separator="; ")
        number = f"{len(similar)} x " if len(similar) > 1 else ""
        lines.append(f"FAILED {number}{kind_in_words(first)}{where}: {named}")
    kinds = len(_kinds_of(failures))
    return [
        *lines,
        *(
            [f"and {pluralize(kinds - MAX_NAMED, 'more kind')} of failure: dr_copy_log=full shows all"]
            if kinds > MAX_NAMED
            else []
        ),
    ]


def _kinds_of(failures: Sequence[RunFailure]) -> list[list[RunFailure]]:
    return largest_groups(failures, lambda failure: (failure["kind"], failure["code"], failure["region"]))


def recovery_table(result: Result) -> list[str]:
    """Return the recovery points of a result as lines of a table, worst first."""
    return _table(sorted(result["recovery_points"], key=worst_first), MAX_TABLE_WIDTH)


def _done(report: Report) -> str:
    counts = {key: number for key, number in report["counts"].items() if number and key not in ("completed", "pending")}
    failed = max(counts.pop("failed", 0), len(report["failures"]))
    parts = [f"{number} {word}" for word, number in counts.items()]
    parts += [f"{failed} failed"] if failed else []
    totals = report["totals"]
    start = "planned" if report["check_mode"] else "done"
    done = f"{start}: {', '.join(parts) or 'no changes'}"
    if not (report["recovery_points"] or report["source_listed"]):
        return f"{done}; nothing was checked"
    state = f"{totals['complete']} of {totals['recovery_points']} recovery points complete"
    breaches = count_breaches(report["breaches"])
    if locked_out := breaches["locked_out"]:
        keys = "its key" if locked_out == 1 else "their keys"
        state += f", {locked_out} cannot be restored, because {keys} cannot be used"
    state += f", {breaches['archived']} cannot be restored now" if breaches["archived"] else ""
    if report["rpo_hours"]:
        state += f", {pluralize(breaches['late'], 'misses', 'miss')} the RPO of {report['rpo_hours']} h"
    state += f", {totals['unjudged']} could not be judged" if totals["unjudged"] else ""
    return f"{done}; {pluralize(totals['disks'], 'disk')}, {state}"


def _more(rows: Sequence[object], most: int | None, one: str, many: str = "") -> list[str]:
    if not most or len(rows) <= most:
        return []
    return [f"and {pluralize(len(rows) - most, one, many)}: dr_copy_log=full shows all"]


def _first_parts(parts: Iterable[str]) -> str:
    return first_in_words([shorten(part, MAX_FAILURE_LENGTH) for part in parts], separator="; ", before_rest="; and")


def _grouped(failures: Sequence[RunFailure]) -> str:
    """Group failures by kind, code and region: the disks of each group, then its first failure with the hint."""
    groups, parts = _kinds_of(failures), []
    for similar in groups[:MAX_NAMED]:
        words = quoted_failures(similar[:1])
        if len(similar) > 1:
            disks = list(dict.fromkeys(map(_affected, similar)))
            words = f"{len(similar)} of the same kind ({_first_parts(disks)}); the first: {words}"
        elif similar[0].get("disk_id"):
            words = f"{_affected(similar[0])}: {words}"
        parts.append(words)
    more = f" And {pluralize(len(groups) - MAX_NAMED, 'more kind')} of failure." if len(groups) > MAX_NAMED else ""
    return " ".join(parts) + more


def _affected(failure: RunFailure) -> str:
    return (
        disk_label(failure["disk_name"], failure["disk_id"])
        if failure.get("disk_id")
        else str(failure["source_snapshot_id"] or failure["region"] or _THE_RUN)
    )


def _failed(failure: RunFailure) -> str:
    where = f" in {failure['region']}" if failure["region"] else ""
    return f"{_affected(failure)}{where}: {quoted_failures([failure])}"


def _late(breach: LatePoint) -> str:
    age = "there is no complete copy" if breach["age_hours"] is None else f"{breach['age_hours']:.1f} h old"
    disk = disk_label(breach["disk_name"], breach["disk_id"])
    return f"{disk} in {breach['region']}: {age}, because {breach['why'].rstrip('.')}"


def _unjudged(points: Sequence[LatePoint]) -> list[str]:
    """Return each reason once, with the first disks that it concerns."""
    disks = grouped_pairs(
        ((point["region"], point["why"].rstrip(".")), disk_label(point["disk_name"], point["disk_id"]))
        for point in points
    )
    return [f"{first_in_words(names, 3)} in {region}: {why}" for (region, why), names in disks.items()]


def shorten(text: str, most: int) -> str:
    """Shorten a text at a word boundary, so that it stays readable."""
    if len(text) <= most:
        return text
    whole, _space, _part = text[: most - 3].rpartition(" ")
    return f"{whole or text[: most - 4]} ..."


def _table(points: Sequence[RecoveryPoint], widest: int | None = None) -> list[str]:
    """Return recovery points as lines of a table, one for each disk and region.

    If the table is wider than ``widest``, the least informative columns are left out first.
    """
    head = ("DISK", "NAME", "REGION", "COPY", "SOURCE TAKEN", "AGE", "STATE")
    rows = [head, *map(_cells, points)]
    widths = {name: max(len(row[column]) for row in rows) for column, name in enumerate(head)}
    # A region that all rows share says less than the names.
    is_shared = len({point["region"] for point in points}) == 1
    for least in ("COPY", "SOURCE TAKEN", *(("REGION", "NAME") if is_shared else ("NAME", "REGION"))):
        if not widest or sum(widths.values()) + 2 * (len(widths) - 1) <= widest:
            break
        del widths[least]
    lines = [[row[column].ljust(widths[name]) for column, name in enumerate(head) if name in widths] for row in rows]
    return ["  ".join(line).rstrip() for line in lines]


def _cells(point: RecoveryPoint) -> tuple[str, ...]:
    age = point["age_hours"]
    wrong = " CANNOT BE RESTORED" if is_unrestorable_point(point) else " MISSES RPO"
    late = wrong if point["within_rpo"] is False else " COULD NOT BE JUDGED" if point["unknown"] else ""
    facts = (point["disk_id"], point["disk_name"], point["region"], point["snapshot_id"], point["source_created_at"])
    return (*(str(fact or "-") for fact in facts), "-" if age is None else f"{age:.1f} h", f"{point['state']}{late}")
