# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reasons why a recovery point is late, missing or unchecked, each with its text and the next step."""

from __future__ import annotations

from enum import Enum

from ..plan_reasons import (
    EXCLUDED,
    FAILED,
    GONE,
    NEWER_THERE,
    NO_SNAPSHOT,
    OBSTACLE,
    STALE,
    THERE,
    UNFINISHED,
    UNTAGGED,
)

_SCHEDULE = "Find out why the schedule takes no more snapshots of these disks."
_TAGS = "Check dr_copy_snapshot_tags and dr_copy_exclude_snapshot_tags against the tags of the snapshots."


class Reason(Enum):
    """A reason: its text, and the next step. The hint of a failure comes before that step."""

    KEY = (
        "the key of the copy cannot be used, so the copy cannot be restored",
        "Enable the key, or cancel its deletion before KMS deletes it for good. Then run again.",
    )
    SOURCE_UNLISTED = (
        "the source region could not be listed",
        "If the region stays unreachable, restore from the copies: see dr_restore.",
    )
    COPY_FAILED = ("the copy failed", "Read the cloud's message, fix the cause, then run again.")
    IN_PROGRESS = (
        "the copy is in progress",
        "Wait: the next run adopts the copy. If this takes a long time, check the size of the disk.",
    )
    NOT_COPIED = (
        "the newest snapshot is not copied yet",
        "Run dr_copy, or find out why it has not run since the snapshot was taken.",
    )
    ARCHIVED = (
        "the copies are archived, so none can be restored now",
        "Restore one to the standard tier, which takes up to 72 hours, or take a new snapshot of the disk.",
    )
    NO_SNAPSHOT = (
        "the disk has no complete snapshot to copy",
        "Find out why no snapshot of these disks is taken: check their schedule and its tags.",
    )
    STALE = ("the newest snapshot is older than dr_copy_max_snapshot_age_hours", _SCHEDULE)
    UNFINISHED = (
        "the newest snapshot is unfinished",
        "Wait until the cloud has completed it. If it stays unfinished, check its state in the console.",
    )
    FAILED = (
        "the newest snapshot has failed",
        "Take a new snapshot, and check in the cloud's console why this one failed.",
    )
    OBSTACLE = (
        "the newest snapshot cannot be copied",
        "Take another snapshot. The info module returns the reason as obstacle of this snapshot.",
    )
    GONE = (
        "the newest snapshot was deleted before it could be copied",
        "Find out what deletes the snapshots so soon. Exclude these snapshots, or run at another time.",
    )
    EXCLUDED = ("the snapshots have a tag of dr_copy_exclude_snapshot_tags", _TAGS)
    UNTAGGED = ("the snapshots lack a tag of dr_copy_snapshot_tags", _TAGS)
    NO_NEWER = ("no newer snapshot of the disk has been taken", _SCHEDULE)
    REGION_UNLISTED = ("the region could not be listed", "Fix what the failure names, then run again.")
    UNDATED = (
        "the copy does not show when its source was taken",
        "Set the tag dr-copy:source-created-at on the copy, or let the next run make a new one.",
    )

    def __init__(self, text: str, step: str):
        self.text = text
        self.step = step

    @property
    def word(self) -> str:
        """The value of ``reason`` in rows."""
        return self.name.lower()


#: The reason for a plan's row whose snapshot was not copied.
OF_PLAN = {
    NO_SNAPSHOT: Reason.NO_SNAPSHOT,
    STALE: Reason.STALE,
    UNFINISHED: Reason.UNFINISHED,
    FAILED: Reason.FAILED,
    EXCLUDED: Reason.EXCLUDED,
    UNTAGGED: Reason.UNTAGGED,
    OBSTACLE: Reason.OBSTACLE,
    GONE: Reason.GONE,
    THERE: Reason.NO_NEWER,
    NEWER_THERE: Reason.NO_NEWER,
}
