# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run as a type: each form of it, the page as well as the metrics, is made of this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from ..._role.answers import CopyFacts, SharedRow
from ..decide.result import (
    Coverage,
    KeptCopy,
    Orphan,
    OwnCopy,
    PlanRow,
    RecoveryPoint,
    RunFailure,
    SetStanding,
    VanishedPoint,
)
from ..decide.standing import UnfinishedCopy
from ..input.last_report import DiskFacts, LastReport


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
    copy_options: Mapping[str, Any]
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
    """What a report tells of a recovery point that is late, or that could not be judged."""

    key_problem: str


class BriefCopy(CopyFacts):
    """What a report tells of a copy: of an error only its kind, since the failures tell it whole."""

    error: str | None


class Month(TypedDict):
    """The ``share`` (from 0 to 1) of recovery points within the RPO, of ``judged`` ones on ``days`` days."""

    month: str
    days: int
    judged: int
    share: float


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
    settings: Settings
    rpo_hours: int
    within_rpo: bool | None
    totals: Totals
    breaches: list[LatePoint]
    unjudged: list[LatePoint]
    failures: list[RunFailure]
    plan: list[PlanRow]
    pruned: list[OwnCopy]
    kept_for_others: list[KeptCopy]
    orphans: list[Orphan]
    vanished: list[VanishedPoint]
    sets: list[SetStanding]
    disks: list[DiskFacts]
    recovery_points: list[RecoveryPoint]
    copies: list[BriefCopy]
    unfinished: list[UnfinishedCopy]
    coverage: Coverage
    warnings: list[str]
    shared: list[SharedRow]
    counts: dict[str, int]
    api_calls: dict[str, int]
    versions: dict[str, str]


class Report(BareReport):
    """A report: with the share of the months, and what the last report remembers of disks."""

    months: list[Month]
    last: LastReport
