# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types of the report of a run, and of its parts for jobs and for the page of all plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from ..._role.answers import CopyFacts, SharedRow
from ..._role.naming import label
from ..._role.parsing import RawVariables
from ..._role.reported import DiskFacts
from ..decide.judging.breaches import BreachCounts
from ..decide.judging.unfinished import UnfinishedCopy
from ..decide.result_type import (
    Coverage,
    KeptCopy,
    Orphan,
    PlanCopy,
    PlanRow,
    RecoveryPoint,
    RunFailure,
    SetStatus,
    VanishedPoint,
)
from ..input.last_report import LastReport, RememberedPoint


class Settings(TypedDict):
    """The variables of the role that a report repeats, in this order."""

    disk_tags: Mapping[str, str]
    disk_ids: Sequence[str]
    snapshot_tags: Mapping[str, str]
    exclude_snapshot_tags: Mapping[str, str]
    exclude_tags: Mapping[str, str]
    select: str
    max_snapshot_age_hours: int
    keep: int
    keep_days: int
    keep_daily: int
    keep_weekly: int
    keep_monthly: int
    keep_yearly: int
    timezone: str
    group_tag: str
    set_tag: str
    set_seconds: int
    consistency: str
    retention_days: int
    lock_days: int
    lock_mode: str
    former_plans: Sequence[str]
    min_disks: int
    max_deletions: int
    encrypted: bool
    kms_key_id: str
    copy_options: RawVariables
    shard: str


class _LatePoint(TypedDict):
    disk_id: str
    disk_name: str | None
    region: str
    snapshot_id: str | None
    source_created_at: str | None
    locked_until: str | None
    age_hours: float | None
    state: str
    reason: str
    why: str


class LatePoint(_LatePoint, total=False):
    """A recovery point in a report that is late or could not be checked."""

    key_problem: str


class BriefCopy(CopyFacts):
    """A copy in a report. It has only the kind of an error, because the failures contain the rest."""

    error: str | None


class Month(TypedDict):
    """The ``share`` (from 0 to 1) of recovery points within the RPO, out of ``judged`` points on ``days`` days."""

    month: str
    days: int
    judged: int
    share: float


class Totals(TypedDict):
    """The totals of a report."""

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


class SummaryFacts(TypedDict):
    """What a job passes on. It is small, because AWX stores it with the job and passes it to every following job."""

    kind: str
    cloud: str | None
    finished_at: str
    valid_until: str
    check_mode: bool
    rpo_hours: int
    within_rpo: bool | None
    totals: Totals


class WorstBreach(TypedDict):
    """A breach in a job's summary."""

    disk_id: str
    disk_name: str | None
    region: str
    age_hours: float | None
    why: str


class Summary(SummaryFacts):
    """The summary of a report, with its worst breaches."""

    breaches: list[WorstBreach]


class ShortSummary(TypedDict):
    """What a job passes on about a plan if there are many plans."""

    within_rpo: bool | None
    breaches: list[WorstBreach]


class PlanFacts(SummaryFacts):
    """What the page of all plans shows of a report."""

    host: str
    name: str
    source_region: str | None
    source_listed: bool
    source_problem: str | None
    destination_regions: list[str]
    settings: Settings
    warnings: list[str]
    versions: dict[str, str]
    failures: list[RunFailure]


class Brief(PlanFacts):
    """What the playbooks show of a run: the ``lines`` of the log, and the facts for the page of all plans."""

    breach_counts: BreachCounts
    lines: list[str]
    report_dir: str


class IndexedReport(PlanFacts, total=False):
    """A brief, or a report that was read from JSON, for the page of all plans.

    A brief has ``breach_counts``; a report has the ``breaches`` themselves. ``page`` is the file of a report that was
    read. ``outdated``: it was no longer current when it was read. ``report_dir``: where a brief has its page.
    """

    breach_counts: BreachCounts
    breaches: list[LatePoint]
    report_dir: str
    page: str
    outdated: bool


class BareReport(PlanFacts):
    """A report without facts from earlier runs."""

    schema: int
    started_at: str
    source_answered: bool
    account: str | None
    breaches: list[LatePoint]
    unjudged: list[LatePoint]
    plan: list[PlanRow]
    pruned: list[PlanCopy]
    kept_for_others: list[KeptCopy]
    orphans: list[Orphan]
    vanished: list[VanishedPoint]
    sets: list[SetStatus]
    disks: list[DiskFacts]
    recovery_points: list[RecoveryPoint]
    copies: list[BriefCopy]
    unfinished: list[UnfinishedCopy]
    coverage: Coverage
    shared: list[SharedRow]
    counts: dict[str, int]
    api_calls: dict[str, int]


class Report(BareReport):
    """A report with the share by month, and with facts about disks from the last report."""

    months: list[Month]
    last: LastReport
    unread_points: list[RememberedPoint]


def label_of(report: PlanFacts) -> str:
    """Return the name of a report's plan or shard for people."""
    return label(str(report["name"]), shard_of(report))


def shard_of(report: PlanFacts) -> str:
    """Return the shard of a report, empty if it has none; a report that was read from JSON may lack the key."""
    settings = report.get("settings")
    return str((settings and settings.get("shard")) or "")
