# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is late or failed, by its reason, and what to do next. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ..._role.rows import Row
from .screen import worst_first

#: The parts of a reason that differ from disk to disk: IDs, times, percentages.
_OF_ONE = re.compile(
    r"\b(?:[a-z]+-[0-9a-z]{6,}|\d{4}-\d\d-\d\dT[\d:.]+Z)\b(?:, request [^\]]+)?"
    r"|\(\d+ %\)|, request [^\]]+|, but it was.*"
)
#: What to do if no failure says it, by words in the reason.
_NEXT = (
    ("no complete snapshot", "Find out why no snapshot of these disks is taken: check their schedule and its tags."),
    ("no newer snapshot", "Find out why the schedule takes no more snapshots of these disks."),
    ("dr_copy_max_snapshot_age_hours", "Find out why the schedule takes no more snapshots of these disks."),
    ("is unfinished", "Wait until the cloud has completed it. If it stays unfinished, check its state in the console."),
    ("has failed", "Take a new snapshot, and check in the cloud's console why this one failed."),
    ("cannot be copied", "See under plan in the JSON report why not, and take another snapshot."),
    ("in progress", "Wait: the next run adopts the copy. If that lasts, check the size of the disk."),
    ("not copied yet", "Run dr_copy, or find out why it has not run since the snapshot was taken."),
    ("source region could not be listed", "If the region stays unreachable, restore from the copies: see dr_restore."),
    ("does not show when", "Set the tag dr-copy:source-created-at on the copy, or let the next run make a new one."),
    ("the region could not be listed", "Fix what the failure below names, then run again."),
)


class Group(NamedTuple):
    """Rows of one reason: recovery points if ``points``, else failures."""

    why: str
    next: str
    rows: list[Row]
    points: bool


def late_groups(report: Row) -> list[Group]:
    """Return the late recovery points by their reason, the largest group first, the worst of each first."""
    hints = {(f["disk_id"], f["region"]): f["hint"] for f in report["failures"] if f.get("disk_id") and f["hint"]}
    late = [{**breach, "within_rpo": False, "unknown": None} for breach in report["breaches"]]
    return _grouped(late, lambda row: str(row["why"]), lambda row: hints.get((row["disk_id"], row["region"])), True)


def unjudged_groups(report: Row) -> list[Group]:
    """Return the recovery points that could not be checked, by their reason."""
    rows = [{**point, "within_rpo": None, "unknown": point["why"]} for point in report["unjudged"]]
    return _grouped(rows, lambda row: str(row["why"]), lambda row: None, True)


def failure_groups(report: Row) -> tuple[list[Group], int]:
    """Return the failures by kind and words, and how many others stand with a late recovery point already."""
    late = {
        (breach["disk_id"], breach["region"]) for breach in report["breaches"] if "its copy failed" in breach["why"]
    }
    parts = [f for f in report["failures"] if f["snapshot_id"] or (f.get("disk_id"), f["region"]) not in late]

    def words(failure: Row) -> str:
        code = f" [{failure['code']}]" if failure["code"] else ""
        return f"{failure['kind'].replace('_', ' ')}: {failure['message']}{code}"

    groups = _grouped(parts, words, lambda row: row["hint"], False)
    return groups, len(report["failures"]) - len(parts)


def _grouped(rows: Iterable[Row], words: Callable[[Row], str], hint: Callable[[Row], Any], points: bool) -> list[Group]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(_OF_ONE.sub("…", words(row)), []).append(row)
    made = []
    for why, alike in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        own = words(alike[0]) if len(alike) == 1 else why
        hints = [found for row in alike if (found := hint(row))]
        step = hints[0] if hints else next((step for part, step in _NEXT if part in own), "")
        made.append(Group(own, step, sorted(alike, key=worst_first) if points else list(alike), points))
    return made
