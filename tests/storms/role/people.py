# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people do in a storm of nights: to disks, copies, keys and runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.clouds import CLOUDS
from tests.simulator.aws.ec2 import ACCOUNT, ec2_backends
from tests.simulator.locks import SimulatedLock

from ..faults import Event
from ..scheduler import Scheduler
from ..simulation import FOREIGN, HOLD, Runs
from .storms import LOCK_MODES, RoleStorm

EXCLUDE = "dr-copy-exclude"
#: The group tag that plans may use, the mark of a copy's set, and the states of a key.
GROUP_TAG, SET = "app", "dr-copy:set"
KEY_STATES = ("", "Disabled", "PendingDeletion")


class PeopleSimulation(Runs):
    """The estate of a storm, as people change it."""

    storm: RoleStorm
    scheduler: Scheduler
    disks: list[str]
    regions: list[str]
    #: The disk of each source, and when it was taken; the existing sources; copies that no run has made.
    taken: dict[str, tuple[str, Any]]
    planted: dict[str, str]
    _alive: list[str]
    _tonight: list[str]
    #: The changes of the copies' key: when (monotonic seconds), and to which state; empty for enabled.
    key_states: list[tuple[float, str]]

    def tag_of(self, plan: int) -> str:
        """Return the tag by which a plan selects its disks."""
        return f"plan-{self.storm.plans[plan].first_name}"

    @property
    def key(self) -> str:
        """The key of the copies, if they are encrypted."""
        return f"arn:aws:kms:{self.regions[0]}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"

    def set_key(self, state: str) -> None:
        self.key_states.append((self.scheduler.monotonic(), state))
        self.estate.settings(keys_of_kms={self.key: state} if state else {})

    def attach(self, disk: str, server: int) -> None:
        """Attach a disk to a server, or to none if the number is below 0."""
        instance = f"i-0a{server}" if server >= 0 else ""
        if self.storm.cloud != "ebs":
            self.estate.server.account.disks[self.estate.source][disk].attached_to = instance
            return
        volume = ec2_backends[ACCOUNT][self.estate.source].volumes[disk]
        there = SimpleNamespace(instance=SimpleNamespace(id=instance), device="/dev/sdf", volume=volume, status="x")
        volume.attachment = there if instance else None

    def server_of(self, disk: str) -> str:
        """Return the server that a disk is attached to now, or an empty string."""
        if self.storm.cloud != "ebs":
            return str(self.estate.server.account.disks[self.estate.source][disk].attached_to)
        attachment = ec2_backends[ACCOUNT][self.estate.source].volumes[disk].attachment
        return str(attachment.instance.id) if attachment else ""

    def tags_of_disk(self, disk: str) -> dict[str, str]:
        if self.storm.cloud == "ebs":
            return dict(ec2_backends[ACCOUNT][self.estate.source].tags.get(disk, {}))
        return dict(self.estate.server.account.disks[self.estate.source][disk].tags)

    # -- what happens ------------------------------------------------------------------------------------

    def apply_event(self, event: Event) -> None:
        region = self.regions[event.number % 2]
        copies = [s for s in self.estate.all_snapshots(region) if getattr(s, "source_id", "") in self.taken]
        complete = [s for s in copies if self.estate.phase_of(s) == "complete" and not getattr(s, "gone_at", None)]
        taken = complete[event.number % len(complete)] if complete else None
        disk = self.disks[event.number % len(self.disks)]
        plan = event.number % len(self.storm.plans)
        if event.kind == "move":
            self.attach(disk, event.number % 3 - 1)
        elif event.kind == "regroup":
            self.set_disk(disk, GROUP_TAG, (None, "app-0", "app-1")[event.number % 3])
        elif event.kind == "key":
            self.set_key(KEY_STATES[event.number % len(KEY_STATES)])
        elif event.kind == "untag":
            self.set_disk(disk, self.tag_of(plan), None)
        elif event.kind == "retag":
            if plan in self.storm.disks[self.disks.index(disk)]:
                self.set_disk(disk, self.tag_of(plan), "true")
        elif event.kind in ("exclude", "include"):
            self.set_disk(disk, EXCLUDE, "true" if event.kind == "exclude" else None)
        elif event.kind == "quota":
            self.estate.settings(quota=1 + event.number % 12)
        elif event.kind == "kill":
            self.scheduler.kill(self._tonight[event.number % len(self._tonight)])
        elif event.kind == "foreign":
            self._copy_by_hand(region, event.number)
        elif taken is not None and event.kind == "delete" and not self._is_locked(taken):
            self.estate.forget(taken.id, region)
        elif taken is not None and CLOUDS[self.storm.cloud].snapshots_have_tags:
            self._change_copy(taken, event.kind)
        self.history.record_changes("event")

    def _change_copy(self, copy: Any, kind: str) -> None:
        if kind == "hold":
            self.estate.set_tags(copy, **{HOLD: "audit"})
        elif kind == "mark":
            self.estate.set_tags(copy, looked="1")
        elif kind == "unhold":
            self._untag_copy(copy, HOLD)
        elif kind == "contradict":
            self._contradict(copy)
        elif kind == "lock" and self.storm.cloud in LOCK_MODES:
            copy.lock = SimulatedLock("compliance", 2, None, self.estate.clock.utc())

    def _contradict(self, copy: Any) -> None:
        """Change the size in the mark of a copy's set, so that it contradicts the other members'."""
        size, _space, rest = self.estate.tags_of(copy).get(SET, "").partition(" ")
        if size:
            self.estate.set_tags(copy, **{SET: f"{int(size) + 1} {rest}"})

    def _untag_copy(self, copy: Any, key: str) -> None:
        if self.storm.cloud == "ebs":
            copy.ec2_backend.tags[copy.id].pop(key, None)
        else:
            copy.tags.pop(key, None)

    def set_disk(self, disk: str, key: str, value: str | None) -> None:
        if self.storm.cloud == "ebs":
            backend = ec2_backends[ACCOUNT][self.estate.source]
            backend.delete_tags([disk], {key: None}) if value is None else backend.create_tags([disk], {key: value})
            return
        tags = self.estate.server.account.disks[self.estate.source][disk].tags
        tags.pop(key, None)
        if value is not None:
            tags[key] = value

    def _is_locked(self, snapshot: Any) -> bool:
        lock = getattr(snapshot, "lock", None)
        return bool(lock and lock.holds(self.estate.clock.utc()))

    def _copy_by_hand(self, region: str, number: int) -> None:
        there = {s.source_id for s in self.estate.all_snapshots(region) if getattr(s, "source_id", "")}
        sources = [source for source in self._alive if source not in there]
        if sources:
            seconds = (0.0, self.storm.copy_seconds)[number % 2]
            self.planted[self.estate.create_foreign_copy(sources[number % len(sources)], region, seconds).id] = FOREIGN

    def group_of(self, disk: str, by_tag: bool) -> str:
        """Return the group of a disk now, its server or the value of the group tag, or an empty string."""
        return self.tags_of_disk(disk).get(GROUP_TAG, "") if by_tag else self.server_of(disk)
