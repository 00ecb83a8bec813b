# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of a run have returned and decided so far, as types. Pure."""

from __future__ import annotations

from typing import TypedDict

from ..._role.answers import CopyAnswer, DiskRow, Failure, InfoAnswer, ShareAnswer, SnapshotRow
from ..input.last_report import LastReport
from .result import ExpiredCopy, KeptCopy, PlanRow, VanishedPoint


class ListedRegion(InfoAnswer):
    """The listing of a destination."""

    region: str


class LookTarget(TypedDict):
    """The copies in a region to look at by ID."""

    region: str
    snapshot_ids: list[str]


class LookAnswer(InfoAnswer):
    """The answer to a look at copies by ID."""

    target: LookTarget


class CopyBatch(TypedDict):
    """What one call copies."""

    snapshot_ids: list[str]
    destination_regions: list[str]


class DeletionBatch(TypedDict):
    """What one call deletes: the IDs of copies, their sources, and the survivor of each copy."""

    region: str
    copy_ids: list[str]
    snapshot_ids: list[str]
    survivors: dict[str, str]


class RunDecision(TypedDict):
    """What a run decides after listing (see decision.decide_run)."""

    stopped: Failure | None
    disks: list[DiskRow]
    plan: list[PlanRow]
    marks: dict[str, dict[str, str]]


class _Steps(TypedDict):
    stopped: Failure | None
    last: LastReport
    source: InfoAnswer
    share: ShareAnswer
    disks: list[DiskRow]
    plan: list[PlanRow]
    before: list[ListedRegion]
    copied: list[CopyAnswer]
    listed: list[ListedRegion]
    listed_again: list[ListedRegion]
    seen: list[LookAnswer]
    expired: list[ExpiredCopy]
    deleted: list[CopyAnswer]
    kept_for_others: list[KeptCopy]
    vanished: list[VanishedPoint]
    keys: list[LookAnswer]


class StepResults(_Steps, total=False):
    """What the steps have returned: ``listed`` is the last listing of the destinations, ``before`` the first one.

    ``share`` is empty except across accounts. ``stopped`` says what ended the run early, ``last`` has the facts from
    the plan's last report. ``snapshots`` are those that the run covers (see run_state.prepare_step_results).
    """

    snapshots: list[SnapshotRow]
