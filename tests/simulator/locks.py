# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks on snapshots, as EC2 and ECS implement them (api-facts: ebs-locks, ecs-locks)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class SimulatedLock:
    """A lock for a number of days from ``started``; ``cool_off`` is in hours, None for governance."""

    mode: str
    days: int
    cool_off: int | None
    started: datetime
    #: When it was set, if its days do not count from that time.
    created: datetime | None = None

    @property
    def until(self) -> datetime:
        return self.started + timedelta(days=self.days)

    @property
    def cools_off_until(self) -> datetime:
        return self.started + timedelta(hours=self.cool_off or 0)

    def state(self, now: datetime) -> str:
        if now >= self.until:
            return "expired"
        return "compliance-cooloff" if self.mode == "compliance" and now < self.cools_off_until else self.mode

    def holds(self, now: datetime) -> bool:
        return self.state(now) != "expired"

    def may_become(self, other: SimulatedLock, now: datetime) -> bool:
        """Whether a lock may change in this way: in compliance mode it may only become longer, once its cool-off is
        over.
        """
        if self.state(now) != "compliance":
            return True
        return other.mode == "compliance" and not other.cool_off and other.until >= self.until


def lock_of(snapshot: object) -> SimulatedLock | None:
    """Return the lock of a snapshot of any service."""
    found = getattr(snapshot, "lock", None)
    return found if isinstance(found, SimulatedLock) else None


def holds(snapshot: object, now: datetime) -> bool:
    """Whether a lock prevents the deletion of a snapshot."""
    lock = lock_of(snapshot)
    return lock is not None and lock.holds(now)
