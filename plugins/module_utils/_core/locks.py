# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks on snapshots, and the checks of their options. All clouds with locks have the same limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from .model import CopyRequest, Resource, Trait
from .ranges import range_problems

MAX_LOCK_DAYS = 36500
Lockable = TypeVar("Lockable", bound=Resource)


@dataclass(frozen=True)
class Lock:
    """A lock on a snapshot. It ends at ``until`` (aware; None if the end is not shown), or has ended."""

    until: datetime | None
    is_over: bool = False

    def on(self, snapshot: Lockable) -> Lockable:
        """Return a snapshot with this lock. A lock without an end is a lock, too (promises: locks)."""
        traits = snapshot.traits if self.until else tuple(dict.fromkeys((*snapshot.traits, Trait.LOCKED)))
        return replace(snapshot, locked_until=self.until, traits=traits)


def lock_problems(request: CopyRequest) -> list[str]:
    """Return the problems of lock_days. Makes no call."""
    if request.lock is None:
        return []
    days = request.lock.days
    if problems := range_problems("lock_days", days, 1, MAX_LOCK_DAYS):
        return problems
    if request.retention_days is not None and days > request.retention_days:
        return [
            f"lock_days: {days} is more than retention_days ({request.retention_days}): the lock would outlive the copy"
        ]
    return []
