# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest of a restore and the report of a drill as types; all their forms are made from these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from ..._role.answers import Failure
from ..decide.choosing.points import NamedRow, PointRow, RowOfServer
from ..decide.choosing.waves import Times
from ..decide.proving.candidates import CandidateRow, ProofRow, UntriedDisk
from ..decide.proving.reaping import RemainingDisk
from ..decide.proving.trials import Trial
from ..input.last_drill import ProvenDisk
from ..input.last_manifest import EarlierRow


class _Report(TypedDict):
    schema: int
    kind: str
    host: str
    id: str
    check_mode: bool
    started_at: str
    finished_at: str
    cloud: str
    region: str
    zone: str
    rto_minutes: float
    took_minutes: float | None
    too_late: str
    failures: list[Failure]
    warnings: list[str]
    collection: str


class ManifestRow(PointRow, Times):
    """A disk of a manifest, and what was made from its copy. Without a new disk, ``missing`` says why."""

    new_disk_id: str | None
    zone: str | None
    disk_type: str | None
    state: str
    action: str | None
    encrypted: bool | None
    seconds: float | None


class ManifestTotals(TypedDict):
    """The totals of a manifest: the number of disks of each kind."""

    disks: int
    restored: int
    creating: int
    missing: int
    claimed: int
    torn: int


class Manifest(_Report):
    """The manifest of a restore in the form of its JSON."""

    source_region: str
    at: str
    consistency: str
    waves: Sequence[Mapping[str, str]]
    expected: int | None
    totals: ManifestTotals
    disks: list[ManifestRow]
    earlier: list[EarlierRow]
    unidentified_copies: list[str]
    counts: dict[str, int]


class DrilledDisk(NamedRow, RowOfServer, ProofRow):
    """A disk with its newest restorable copy, or why that is ``missing``, and its proofs."""

    copy_id: str | None
    taken_at: str | None
    missing: str | None


class DrillTotals(TypedDict):
    """The totals of what a drill has done and found."""

    disks: int
    tried: int
    proven: int
    uncompared: int
    never: int
    overdue: int
    untried: int
    reaped: int
    left: int
    failures: int


class DrillReport(_Report):
    """The report of a drill in the form of its JSON."""

    level: str
    count: int
    max_gib: int
    max_age_days: int
    test_instance: str
    test_host: str
    checks: str
    not_proven: str
    totals: DrillTotals
    tried: list[Trial]
    overdue: list[CandidateRow]
    untried: list[UntriedDisk]
    reaped: list[str]
    left: list[RemainingDisk]
    disks: list[DrilledDisk]
    #: Disks of earlier drills that this one did not look at.
    earlier: list[ProvenDisk]
