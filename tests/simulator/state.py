# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks and snapshots of a simulated cloud, apart from how its API writes them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .history import History
from .locks import SimulatedLock

_numbers = itertools.count(1)


def number_anew() -> None:
    """Begin the IDs anew, so that a storm has the same ones each time."""
    global _numbers
    _numbers = itertools.count(1)


def new_id(prefix: str, length: int = 20) -> str:
    """Return an ID that no other thing of this process has."""
    return f"{prefix}{next(_numbers):0{length}x}"


@dataclass
class Disk:
    """A disk; one made of a snapshot is being made for ``duration`` seconds from ``started`` (monotonic).

    ``loading_until`` is when its data is loaded, ``gone_at`` when one that was deleted is shown no longer, ``recycled``
    whether it is in the recycle bin. ``attached_at`` is when it is attached in full, ``detached_at`` when it is free
    again.
    """

    id: str
    region: str
    name: str = ""
    size: int = 40
    tags: dict[str, str] = field(default_factory=dict)
    attached_to: str = ""
    device: str = ""
    attached_at: float = 0.0
    detached_at: float | None = None
    zone: str = ""
    category: str = ""
    snapshot_id: str = ""
    encrypted: bool = False
    kms_key_id: str = ""
    encrypt_type: str = ""
    created: str = "2026-01-01T00:00:00Z"
    started: float = 0.0
    duration: float = 0.0
    visible_at: float = 0.0
    loading_until: float = 0.0
    gone_at: float | None = None
    recycled: bool = False
    billing_cycle: str | None = None
    performance_level: str = ""
    #: Where a replica shows it: the moment that the replica has come to.
    seen_at: float = math.inf

    def holder(self, now: float) -> tuple[str, str]:
        """Return the instance that it is attached to, and whether it is "attaching", "attached" or "detaching"."""
        now = min(now, self.seen_at)
        if not self.attached_to or (self.detached_at is not None and now >= self.detached_at):
            return "", ""
        if self.detached_at is not None:
            return self.attached_to, "detaching"
        return self.attached_to, "attaching" if now < self.attached_at else "attached"

    def is_being_made(self, now: float) -> bool:
        return min(now, self.seen_at) - self.started < self.duration

    def is_shown(self, now: float) -> bool:
        now = min(now, self.seen_at)
        return self.visible_at <= now and (self.gone_at is None or now < self.gone_at)


def as_truth(disk: Disk) -> dict[str, Any]:
    """Return the facts of a disk; infinity is no JSON."""
    return {name: value for name, value in vars(disk).items() if name != "seen_at"}


@dataclass
class SimulatedSnapshot:
    """A snapshot or a copy; a copy is under way for ``duration`` seconds from ``started`` (monotonic)."""

    id: str
    region: str
    created: datetime
    disk_id: str
    name: str = ""
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    size: int = 40
    encrypted: bool = False
    kms_key_id: str = ""
    category: str = "standard"
    source_id: str = ""
    source_region: str = ""
    started: float = 0.0
    duration: float = 0.0
    failure: str | None = None
    visible_at: float = 0.0
    forced_state: str | None = None
    retention_days: int | None = None
    billing_cycle: str | None = None
    lock: SimulatedLock | None = None
    #: Where a replica shows it: the moment that the replica has come to.
    seen_at: float = math.inf

    def phase(self, now: float) -> str:
        """Return "running", "complete" or "failed"."""
        now = min(now, self.seen_at)
        if self.forced_state:
            return self.forced_state
        if now - self.started < self.duration:
            return "running"
        return "failed" if self.failure else "complete"

    def progress(self, now: float) -> int:
        now = min(now, self.seen_at)
        if self.phase(now) != "running" or not self.duration:
            return 100
        return int(100 * (now - self.started) / self.duration)


@dataclass
class SnapshotGroup:
    """Snapshots that were taken by one call. ``kind`` is CBS's SnapshotGroupType; ``instance_id`` only ECS shows."""

    id: str
    region: str
    snapshot_ids: list[str]
    instance_id: str = ""
    state: str = "complete"
    kind: str = "NORMAL"
    name: str = ""
    created: str = "2026-01-01T00:00:00Z"


class Estate:
    """All disks and snapshots of one account, by region."""

    def __init__(self, clock: Any):
        self.clock = clock
        self.clear()

    def clear(self) -> None:
        self.disks: dict[str, dict[str, Disk]] = {}
        self.snapshots: dict[str, dict[str, SimulatedSnapshot]] = {}
        self.groups: dict[str, dict[str, SnapshotGroup]] = {}
        #: Where there is one, reads are answered by replicas that lag.
        self.history: History | None = None
        self.disk_history: History | None = None

    def add(self, thing: Any) -> Any:
        kind: Any = self.disks if isinstance(thing, Disk) else self.snapshots
        kind = self.groups if isinstance(thing, SnapshotGroup) else kind
        kind.setdefault(thing.region, {})[thing.id] = thing
        return thing

    def shown(self, region: str) -> list[SimulatedSnapshot]:
        """Return the snapshots of a region that a read shows by now."""
        if self.history:
            return self.history.seen(region)
        now = self.clock.monotonic()
        return [s for s in self.snapshots.get(region, {}).values() if s.visible_at <= now]

    def shown_disks(self, region: str) -> list[Disk]:
        """Return the disks of a region that a read shows by now; those that were deleted go after a while."""
        now, kept = self.clock.monotonic(), self.disks.get(region, {})
        if self.disk_history:
            return [disk for disk in self.disk_history.seen(region) if disk.is_shown(now)]
        for disk_id in [disk.id for disk in kept.values() if disk.gone_at is not None and now >= disk.gone_at]:
            del kept[disk_id]
        return [disk for disk in kept.values() if disk.visible_at <= now]

    def disks_being_made(self, region: str) -> int:
        now = self.clock.monotonic()
        return sum(disk.is_being_made(now) for disk in self.disks.get(region, {}).values())

    def members(self, group: SnapshotGroup, forgets: bool) -> list[str]:
        """Return the members of a group that are shown; whether that are those too that are gone, no cloud tells."""
        kept = self.snapshots.get(group.region, {})
        return [i for i in group.snapshot_ids if i in kept or not forgets]

    def find(self, snapshot_id: str) -> SimulatedSnapshot | None:
        for snapshots in self.snapshots.values():
            if snapshot_id in snapshots:
                return snapshots[snapshot_id]
        return None

    def forget(self, snapshot_id: str) -> None:
        for snapshots in self.snapshots.values():
            snapshots.pop(snapshot_id, None)

    def finish(self, seconds: float) -> None:
        """Let the copies under way be complete after so many seconds more."""
        now = self.clock.monotonic()
        for region in self.snapshots:
            for copy in self.running_copies(region):
                copy.duration = now + seconds - copy.started

    def running_copies(self, region: str) -> list[SimulatedSnapshot]:
        now = self.clock.monotonic()
        return [s for s in self.snapshots.get(region, {}).values() if s.source_id and s.phase(now) == "running"]
