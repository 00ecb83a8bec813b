# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows that a run decides, and the result of the role, ``dr_copy_result``, as types."""

from __future__ import annotations

from typing import TypedDict

from ..._role.answers import CopyRow, Failure, SharedRow, SnapshotRow
from ..._role.reported import ReportedDisk


class PlanRow(TypedDict):
    """Whether a snapshot of a disk is copied to a region, and why (see plan_reasons.REASONS)."""

    disk_id: str
    disk_name: str | None
    region: str
    snapshot_id: str | None
    source_created_at: str | None
    age_hours: float | None
    chosen: bool
    reason: str


class _RecoveryPoint(TypedDict):
    disk_id: str
    disk_name: str | None
    region: str
    snapshot_id: str | None
    source_snapshot_id: str | None
    source_created_at: str | None
    locked_until: str | None
    age_hours: float | None
    state: str
    within_rpo: bool | None
    unknown: str | None


class PointFacts(TypedDict, total=False):
    """Facts about a recovery point's copy and the disk's other points (see point_facts.with_facts)."""

    points: int
    oldest: str
    size_gib: int
    encrypted: bool
    kms_key_id: str
    expires_at: str
    minutes: float


class Proof(TypedDict, total=False):
    """When a drill last proved a copy of a disk, at which level, and which copy.

    ``proofs`` has the times of all levels if an earlier proof covers more than the last one.
    """

    proven_at: str
    proven_level: str
    proven_snapshot_id: str
    proofs: dict[str, str]


class RecoveryPoint(_RecoveryPoint, PointFacts, Proof, total=False):
    """The newest complete copy of a disk in a region (see recovery.recovery_points), with what is known about it.

    ``key_problem`` says why nobody can restore it (see keys.with_key).
    """

    key_problem: str


class Breach(RecoveryPoint):
    """A recovery point that is late or could not be checked, with the name of a Reason and a sentence."""

    reason: str
    why: str


class RunFailure(Failure):
    """A failure with the name of the affected disk."""

    disk_name: str | None


class ExpiredCopy(SnapshotRow):
    """A copy that may be deleted; ``survivor`` is the ID of its survivor, None if that is only planned."""

    survivor: str | None


class PlanCopy(TypedDict):
    """A copy of the plan in the form of the result."""

    snapshot_id: str
    region: str
    state: str
    disk_id: str | None
    source_snapshot_id: str
    source_created_at: str | None


class Orphan(PlanCopy):
    """A copy of a disk that the run has not selected; ``kind`` is "gone", "unselected" or None."""

    disk_name: str | None
    kind: str | None


class KeptCopy(TypedDict):
    """An expired copy that another plan made, so that this plan keeps it."""

    snapshot_id: str
    region: str
    plan: str | None


class VanishedPoint(TypedDict):
    """A recovery point of the last report that is missing."""

    snapshot_id: str
    disk_id: str
    region: str


class NearMiss(ReportedDisk):
    """A disk, with those of its ``tags`` that nearly match."""

    tags: dict[str, str]


class DiskWithCopies(ReportedDisk):
    """A disk that is not selected, with the number and regions of its copies."""

    copies: int
    regions: list[str]


class TornDiskRow(TypedDict):
    """A disk whose newest copy is not part of its server's set, and when the source of that copy was taken."""

    disk_id: str
    source_created_at: str | None


class SetFacts(TypedDict):
    """A server with several disks in a region: its newest complete ``set``, and the disks that are not part of it."""

    group: str
    region: str
    set: str | None
    consistency: str | None
    source_created_at: str | None
    age_hours: float | None
    within_rpo: bool | None
    torn: list[TornDiskRow]
    unknown: str | None


class SetStatus(SetFacts):
    """SetFacts with the IDs of all disks of the server."""

    disks: list[str]


class Coverage(TypedDict):
    """Which disks a run selected and which it did not (see coverage.coverage_of); None means unknown."""

    selected: int
    excluded: list[ReportedDisk]
    unselected: int | None
    missing: list[ReportedDisk]
    near_misses: list[NearMiss] | None
    lost: list[DiskWithCopies] | None
    gone: list[DiskWithCopies] | None


class CoverageWithWarnings(Coverage):
    """Coverage with warnings: sentences about what looks like a mistake."""

    warnings: list[str]


class _Result(TypedDict):
    plan: list[PlanRow]
    copies: list[CopyRow]
    failures: list[RunFailure]
    pruned: list[PlanCopy]
    kept_for_others: list[KeptCopy]
    orphans: list[Orphan]
    vanished: list[VanishedPoint]
    coverage: CoverageWithWarnings
    recovery_points: list[RecoveryPoint]
    sets: list[SetStatus]
    counts: dict[str, int]


class Result(_Result, total=False):
    """What a run has found and done. ``shared`` exists only across accounts."""

    shared: list[SharedRow]
