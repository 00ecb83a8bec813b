# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run as a type: each form of it, the page as well as the metrics, is made of this."""

from __future__ import annotations

from typing import Any, TypedDict

from ..decide.result import Cells, Coverage


class Totals(TypedDict):
    """How many there are of each."""

    disks: int
    recovery_points: int
    complete: int
    breaches: int
    late_sets: int
    unjudged: int
    failures: int
    pruned: int
    orphans: int
    lost: int
    vanished: int
    absent: int
    unfinished: int


class BareReport(TypedDict):
    """A report without what earlier nights have left."""

    schema: int
    kind: str
    host: str
    name: str
    check_mode: bool
    started_at: str
    finished_at: str
    valid_until: str
    cloud: str | None
    source_region: str | None
    destination_regions: list[str]
    source_answered: bool
    source_listed: bool
    source_problem: str | None
    account: str | None
    settings: dict[str, Any]
    rpo_hours: int
    within_rpo: bool | None
    totals: Totals
    breaches: list[Cells]
    unjudged: list[Cells]
    failures: list[Cells]
    plan: list[Cells]
    pruned: list[Cells]
    kept_for_others: list[Cells]
    orphans: list[Cells]
    vanished: list[Cells]
    sets: list[Cells]
    disks: list[Cells]
    recovery_points: list[Cells]
    copies: list[Cells]
    unfinished: list[Cells]
    coverage: Coverage
    warnings: list[str]
    shared: list[Cells]
    counts: dict[str, int]
    api_calls: dict[str, int]
    versions: dict[str, str]


class Report(BareReport):
    """A report: with the share of the months, and what the last report remembers of disks."""

    months: list[Cells]
    last: dict[str, Any]
