# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks on EC2's snapshots (api-facts: ebs-locks)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses.elastic_block_store import ElasticBlockStore

from ..locks import SimulatedLock, lock_of
from .ec2_rules import check_snapshot_id, invalid


class Locks:
    """LockSnapshot and DescribeLockedSnapshots of one simulated EC2."""

    def __init__(self, ec2: Any):
        self._ec2 = ec2

    def install(self, answering: Any) -> None:
        ElasticBlockStore.lock_snapshot = answering(self.lock)  # type: ignore[attr-defined]
        ElasticBlockStore.describe_locked_snapshots = answering(self.describe)  # type: ignore[attr-defined]

    def lock(self, call: Any) -> ActionResult:
        snapshot_id, mode, days = (call._get_param(name) for name in ("SnapshotId", "LockMode", "LockDuration"))
        check_snapshot_id(snapshot_id)
        cool_off, now = call._get_param("CoolOffPeriod"), self._ec2.clock.utc()
        if mode not in ("governance", "compliance") or days is None or not 1 <= days <= 36500:
            raise invalid("Value for parameter LockMode or LockDuration is invalid.", "InvalidParameterValue")
        if cool_off is not None and (mode != "compliance" or not 1 <= cool_off <= 72):
            raise invalid("Value for parameter CoolOffPeriod is invalid.", "InvalidParameterValue")
        call.error_on_dryrun()
        snapshot = call.ec2_backend.snapshots.get(snapshot_id)
        if snapshot is None or snapshot.owner_id != call.current_account:
            raise invalid(f"The snapshot '{snapshot_id}' does not exist.", "InvalidSnapshot.NotFound")
        # The days of a lock on an unfinished copy count from its completion.
        started = max(now, getattr(snapshot, "completed_at", snapshot.start_time).replace(tzinfo=timezone.utc))
        lock, before = SimulatedLock(mode, days, cool_off, started), lock_of(snapshot)
        if before and not before.may_become(lock, now):
            raise invalid("The lock of the snapshot cannot be changed so.", "InvalidParameterCombination")
        snapshot.lock = lock
        return ActionResult(_lock_shown(snapshot, now))

    def describe(self, call: Any) -> ActionResult:
        call.error_on_dryrun()
        ids, now = call._get_param("SnapshotIds", []) or [], self._ec2.clock.utc()
        history = self._ec2.history
        there = history.seen(call.region, locks=True) if history else call.ec2_backend.snapshots.values()
        own = [s for s in there if s.owner_id == call.current_account and lock_of(s)]
        shown = [_lock_shown(s, now) for s in own if not ids or s.id in ids]
        return self._ec2.page(call, shown, "Snapshots", bool(ids))


def _lock_shown(snapshot: Any, now: datetime) -> dict[str, Any]:
    lock = snapshot.lock
    facts = {
        "OwnerId": snapshot.owner_id,
        "SnapshotId": snapshot.id,
        "LockState": lock.state(now),
        "LockDuration": lock.days,
        "LockCreatedOn": lock.started,
        "LockDurationStartTime": lock.started,
        "LockExpiresOn": lock.until,
    }
    if lock.cool_off:
        facts.update(CoolOffPeriod=lock.cool_off, CoolOffPeriodExpiresOn=lock.cools_off_until)
    return facts
