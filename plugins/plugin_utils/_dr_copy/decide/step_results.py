# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the steps of a run have returned and decided so far, as types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

from ..._role.answers import CopyAnswer, DiskRow, Failure, InfoAnswer, ShareAnswer, SharedRow
from ..input.last_report import LastReport
from .result_type import ExpiredCopy, KeptCopy, PlanRow, VanishedPoint


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


@dataclass
class StepResults:
    """What the steps of a run have returned and decided so far."""

    #: What ended the run early.
    stopped: Failure | None = None
    #: The facts from the plan's last report.
    last: LastReport = field(default_factory=LastReport)
    #: Why that report cannot be read, if it exists; empty otherwise.
    unread_report: str = ""
    #: The listing of the source region.
    source: InfoAnswer = field(default_factory=lambda: InfoAnswer(skipped=True))
    #: The first listing of the destinations.
    before: list[ListedRegion] = field(default_factory=list)
    #: The disks that the run covers.
    disks: list[DiskRow] = field(default_factory=list)
    #: What it copies.
    plan_rows: list[PlanRow] = field(default_factory=list)
    #: The result of sharing snapshots with the account of the copies; None if nothing was shared.
    share: ShareAnswer | None = None
    copied: list[CopyAnswer] = field(default_factory=list)
    #: The last listing of the destinations.
    listed_again: list[ListedRegion] = field(default_factory=list)
    #: Looks at copies by ID.
    seen: list[LookAnswer] = field(default_factory=list)
    #: The copies that retention no longer keeps.
    expired: list[ExpiredCopy] = field(default_factory=list)
    deleted: list[CopyAnswer] = field(default_factory=list)
    #: Copies that retention no longer keeps, but that another plan made.
    kept_for_others: list[KeptCopy] = field(default_factory=list)
    #: Recovery points of the last report that no longer exist.
    vanished: list[VanishedPoint] = field(default_factory=list)
    #: Looks at the keys of the newest copies.
    keys: list[LookAnswer] = field(default_factory=list)

    @property
    def shared(self) -> list[SharedRow]:
        """Return the snapshots that are shared with the account of the copies."""
        return list(self.share.get("shared") or ()) if self.share else []

    @property
    def listed(self) -> list[ListedRegion]:
        """Return the last listing of the destinations."""
        return self.listed_again or self.before
