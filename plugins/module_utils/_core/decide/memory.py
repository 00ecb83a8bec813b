# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run knows of one request: what looks showed, and what its own calls did. Written by ``act``.

Times are seconds on the monotonic clock.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..errors import Ambiguous, Busy, CopyError, NotFound, Retry
from ..locks import Lock
from ..model import Snapshot, TagChange
from ..waiting import ATTEMPTS, ATTEMPTS_SECONDS
from .looks import Looks
from .sightings import ATTACH, DELETE, DETACH, EXPIRY, LOCK, LONGEST_PAUSE, TAGS, Refusal, Sighting


@dataclass(eq=False, slots=True)
class Memory(Looks):
    """What this run knows of one request. Only its methods, and ``act.locks``, change it."""

    #: Changes of tags that the cloud accepted, by copy, and when.
    tags_sent: dict[str, TagChange] = field(default_factory=dict)
    tags_sent_at: dict[str, float] = field(default_factory=dict)
    expiring: set[str] = field(default_factory=set)  #: Copies whose expiry the cloud accepted.
    #: Locks by copy as they were last read, None for no lock; when that was; why they could not be read.
    locks: dict[str, Lock | None] = field(default_factory=dict)
    locks_at: float = -math.inf
    locks_unread: CopyError | None = None
    #: When the cloud accepted that a disk is attached, or detached.
    attached: dict[str, float] = field(default_factory=dict)
    detached: dict[str, float] = field(default_factory=dict)

    def copy_sent(self, today: datetime) -> None:
        """Note that a copy call is sent; the doubt about an earlier one is over."""
        self.copy_call = self.copy_call.sent(today)

    def copy_accepted(self, copy: Snapshot, now: float) -> None:
        """Note that the cloud answered a copy call with a copy."""
        self.copy_call, self.changed = self.copy_call.accepted(), True
        self.seen[copy.snapshot_id] = Sighting(copy, now)
        self.own[copy.snapshot_id] = now

    def copy_in_doubt(self, error: CopyError, now: float, today: datetime) -> None:
        """Note that it is unknown whether a copy call took effect, or that somebody is just making the copy."""
        self.copy_call = self.copy_call.in_doubt(error, now, today)

    def copy_not_sent(self) -> None:
        self.copy_call = self.copy_call.not_sent()

    def copy_refused(self, error: CopyError, for_good: bool) -> None:
        self.copy_call = self.copy_call.refused(error, for_good)

    def deletion_accepted(self, snapshot_id: str, now: float) -> None:
        """Note that the cloud accepted a deletion."""
        self.deleted[snapshot_id] = now
        self.still_shown.add(snapshot_id)
        self._forget(snapshot_id, self.seen[snapshot_id].copy)
        self.refusals.pop((snapshot_id, DELETE), None)
        self.changed = True

    def write_refused(self, snapshot_id: str, what: str, error: CopyError, now: float) -> None:
        """Note that a write was refused, or its answer was lost; it may be sent again."""
        refusal = self.refusals.setdefault((snapshot_id, what), Refusal(error, since=now))
        refusal.error, refusal.at, refusal.was_lost = error, now, refusal.was_lost or isinstance(error, Ambiguous)
        if what in (DELETE, LOCK) and not isinstance(error, Busy):
            self.locks.pop(snapshot_id, None)  # it may be locked by now
        refusal.attempts += not isinstance(error, Busy)
        lasts = refusal.attempts >= ATTEMPTS and now - refusal.since >= ATTEMPTS_SECONDS
        refusal.sent += 1
        pause = min(2.0 ** min(refusal.sent, 9) / 2, LONGEST_PAUSE)  # the same for all of a call, which is repeated
        # Another service may not know yet what was just made (api-facts: read-lag).
        may_be_known_later = isinstance(error, NotFound) and what not in (DELETE, ATTACH, DETACH)
        never = error.retry is Retry.NEVER and not may_be_known_later
        refusal.until = math.inf if never or lasts else now + pause

    def write_postponed(self, snapshot_id: str, what: str, error: CopyError, until: float) -> None:
        """Note that a write was not sent, since its service pauses until then."""
        self.refusals.setdefault((snapshot_id, what), Refusal(error, since=until)).until = until

    def tags_accepted(self, snapshot_id: str, change: TagChange, now: float) -> None:
        sent = self.tags_sent.get(snapshot_id, TagChange())
        self.tags_sent[snapshot_id] = TagChange({**sent.set, **change.set}, (*sent.remove, *change.remove))
        self.tags_sent_at[snapshot_id] = now
        self._updated(snapshot_id, TAGS, tags=change.applied_to(self.seen[snapshot_id].copy.tags))

    def expiry_accepted(self, snapshot_id: str, moment: datetime) -> None:
        self.expiring.add(snapshot_id)
        self._updated(snapshot_id, EXPIRY, expires_at=moment)

    def attachment_accepted(self, snapshot_id: str, instance: str, now: float) -> None:
        self.attached[snapshot_id] = now
        disk = self.seen[snapshot_id].copy.disk
        held = replace(disk, attached_to=instance, attachment="attaching", in_use=True) if disk else None
        self._updated(snapshot_id, ATTACH, disk=held)

    def detachment_accepted(self, snapshot_id: str, now: float) -> None:
        self.detached[snapshot_id] = now
        self._updated(snapshot_id, DETACH)

    def locks_read(self, found: Mapping[str, Lock], at: float) -> None:
        self.locks_at = at
        for snapshot_id, sighting in self.seen.items():
            lock = self.locks[snapshot_id] = found.get(snapshot_id)
            if lock and not lock.is_over:
                self.refusals.pop((snapshot_id, DELETE), None)
                lost = self.refusals.pop((snapshot_id, LOCK), None)
                took_effect = lost is not None and lost.was_lost
                self.changed, self.updated = self.changed or took_effect, self.updated or took_effect
                sighting.copy = lock.on(sighting.copy)

    def locked(self, snapshot_id: str, until: datetime) -> None:
        self._updated(snapshot_id, LOCK, locked_until=until)

    def _updated(self, snapshot_id: str, what: str, **facts: Any) -> None:
        self.changed = self.updated = True
        self.refusals.pop((snapshot_id, what), None)
        self.seen[snapshot_id].copy = replace(self.seen[snapshot_id].copy, **facts)
