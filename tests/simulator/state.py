# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks and snapshots of a simulated cloud, independent of the format of its API."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .history import History
from .locks import SimulatedLock

_numbers = itertools.count(1)


def restart_ids() -> None:
    """Restart the numbering of IDs, so that a storm has the same IDs each time."""
    global _numbers
    _numbers = itertools.count(1)


def new_id(prefix: str, length: int = 20) -> str:
    """Return an ID that is unique in this process."""
    return f"{prefix}{next(_numbers):0{length}x}"


@dataclass
class Disk:
    """A disk. If it was made from a snapshot, it is in progress for ``duration`` seconds from ``started`` (monotonic).

    ``loading_until``: when all its data is loaded; ``gone_at``: when it stops showing after its deletion; ``recycled``:
    whether it is in the recycle bin. ``attached_at``: when its attachment is complete; ``detached_at``: when it is free
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
    #: If a replica shows it: the time that the replica has reached.
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


@dataclass
class SimulatedSnapshot:
    """A snapshot or a copy; a copy is in progress for ``duration`` seconds from ``started`` (monotonic)."""

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
    #: If a replica shows it: the time that the replica has reached.
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


def course(settings: Mapping[str, Any], source_id: str, now: float) -> dict[str, Any]:
    """Return what the settings say about a copy that begins now: how long it takes, whether it fails, when it shows."""
    failure = settings["fail_copies_of"].get(source_id)
    seconds = settings["copy_seconds_of"].get(source_id, settings["copy_seconds"])
    return {
        "started": now,
        "duration": min(seconds, settings["fails_after"]) if failure else seconds,
        "failure": failure,
        "visible_at": now + settings["visible_after"],
    }


@dataclass
class SnapshotGroup:
    """Snapshots that one call took. ``kind`` is CBS's SnapshotGroupType; only ECS shows ``instance_id``."""

    id: str
    region: str
    snapshot_ids: list[str]
    instance_id: str = ""
    state: str = "complete"
    kind: str = "NORMAL"
    name: str = ""
    created: str = "2026-01-01T00:00:00Z"


class AccountState:
    """All disks and snapshots of one account, by region."""

    def __init__(self, clock: Any):
        self.clock = clock
        self.clear()

    def clear(self) -> None:
        self.disks: dict[str, dict[str, Disk]] = {}
        self.snapshots: dict[str, dict[str, SimulatedSnapshot]] = {}
        self.groups: dict[str, dict[str, SnapshotGroup]] = {}
        #: If set, reads are answered by lagging replicas.
        self.history: History | None = None
        self.disk_history: History | None = None

    def add(self, thing: Any) -> Any:
        kind: Any = self.disks if isinstance(thing, Disk) else self.snapshots
        kind = self.groups if isinstance(thing, SnapshotGroup) else kind
        kind.setdefault(thing.region, {})[thing.id] = thing
        return thing

    def shown(self, region: str) -> list[SimulatedSnapshot]:
        """Return the snapshots of a region that a read shows now."""
        if self.history:
            return self.history.seen(region)
        now = self.clock.monotonic()
        return [s for s in self.snapshots.get(region, {}).values() if s.visible_at <= now]

    def shown_disks(self, region: str) -> list[Disk]:
        """Return the disks of a region that a read shows now; deleted disks show for a while."""
        now, kept = self.clock.monotonic(), self.disks.get(region, {})
        if self.disk_history:
            return [disk for disk in self.disk_history.seen(region) if disk.is_shown(now)]
        for disk_id in [disk.id for disk in kept.values() if disk.gone_at is not None and now >= disk.gone_at]:
            del kept[disk_id]
        return [disk for disk in kept.values() if disk.visible_at <= now]

    def true_disks(self) -> list[dict[str, Any]]:
        """Return the true state of every disk that exists; JSON has no infinity."""
        now = self.clock.monotonic()
        every = [disk for kept in self.disks.values() for disk in kept.values()]
        return [
            {"kind": "disk", "source_id": "", **{key: value for key, value in vars(disk).items() if key != "seen_at"}}
            for disk in every
            if disk.gone_at is None or now < disk.gone_at
        ]

    def disks_being_made(self, region: str) -> int:
        now = self.clock.monotonic()
        return sum(disk.is_being_made(now) for disk in self.disks.get(region, {}).values())

    def members(self, group: SnapshotGroup, forgets: bool) -> list[str]:
        """Return the members of a group that still show. No cloud documents whether a group lists deleted members."""
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
        """Let the copies in progress be complete after this many more seconds."""
        now = self.clock.monotonic()
        for region in self.snapshots:
            for copy in self.running_copies(region):
                copy.duration = now + seconds - copy.started

    def running_copies(self, region: str) -> list[SimulatedSnapshot]:
        now = self.clock.monotonic()
        return [s for s in self.snapshots.get(region, {}).values() if s.source_id and s.phase(now) == "running"]
