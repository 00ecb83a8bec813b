# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run knows of one request: what looks showed, and what its own calls did. Written by ``act``.

Times are seconds on the monotonic clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..errors import Ambiguous, Busy, CopyError, Retry, Underway
from ..locks import Lock
from ..model import Snapshot, State, TagChange
from ..waiting import ATTEMPTS, ATTEMPTS_SECONDS, FRESH_SECONDS, UNSEEN_LOOKS, UNSEEN_SECONDS
from . import sightings
from .sightings import AGE, DELETE, EXPIRY, LOCK, LONGEST_PAUSE, TAGS, Refusal, Sighting, kept


@dataclass(eq=False, slots=True)
class Memory:
    """What this run knows of one request. Only its methods, and ``act.locks``, change it."""

    seen: dict[str, Sighting] = field(default_factory=dict)
    #: How long (seconds) a copy stays unseen before it is missing.
    unseen_seconds: float = UNSEEN_SECONDS
    #: Missing copies that no look has ever shown.
    never_shown: set[str] = field(default_factory=set)
    #: Copies that the cloud no longer shows, or shows as being deleted, and those that this run deleted.
    gone: dict[str, Snapshot] = field(default_factory=dict)
    deleted: dict[str, float] = field(default_factory=dict)
    #: Deleted copies that a look may still show.
    still_shown: set[str] = field(default_factory=set)
    #: When the last look started, and the last one at all copies of the source; what the first one showed.
    looked_at: float = -math.inf
    fresh_at: float = -math.inf
    listed_at: float = -math.inf
    known: frozenset[str] | None = None
    failed_first: frozenset[str] = frozenset()
    #: Copies that this run made, or very likely made by a call whose answer was lost.
    own: dict[str, float] = field(default_factory=dict)
    #: Own copies that a listing showed together with every earlier one: an earlier copy shows earlier.
    compared: set[str] = field(default_factory=set)
    under_way: bool = False
    lost_at: float | None = None
    #: When calls whose answer was lost were out, and when the call that is out now was sent (aware).
    lost_calls: list[tuple[datetime, datetime]] = field(default_factory=list)
    asked_at: datetime | None = None
    refusal: CopyError | None = None
    fatal: CopyError | None = None
    #: Refused writes, by copy and kind of write.
    refusals: dict[tuple[str, str], Refusal] = field(default_factory=dict)
    #: Changes of tags that the cloud accepted, by copy, and when.
    tags_sent: dict[str, TagChange] = field(default_factory=dict)
    tags_sent_at: dict[str, float] = field(default_factory=dict)
    expiring: set[str] = field(default_factory=set)  #: Copies whose expiry the cloud accepted.
    #: Locks by copy as they were last read, None for no lock; when that was; why they could not be read.
    locks: dict[str, Lock | None] = field(default_factory=dict)
    locks_at: float = -math.inf
    locks_unread: CopyError | None = None
    changed: bool = False
    updated: bool = False

    # -- what looks have shown -------------------------------------------------------------------------

    def looked(
        self, shown: Mapping[str, Snapshot], asked: Iterable[str] | None, at: float, until: float | None = None
    ) -> None:
        """Note a look from ``at`` to ``until``: at all copies of the source (``asked`` None), or at these.

        What a long listing showed may be gone by its end, so its copies count as shown at its start."""
        self.looked_at = until = sightings.counts_from(at, at if until is None else until)
        if asked is None:
            self._take_listing(shown, at)
            self.fresh_at = until
        for snapshot_id in [*self.seen, *self.still_shown] if asked is None else asked:
            if snapshot_id not in shown and snapshot_id in self.seen:
                self._unseen(snapshot_id, at)
            elif snapshot_id not in shown and at >= self.deleted.get(snapshot_id, math.inf):
                self.still_shown.discard(snapshot_id)
        for snapshot_id, copy in shown.items():
            if snapshot_id not in self.deleted or (copy.disk and copy.disk.is_recycled):
                self._shown(snapshot_id, copy, at if asked is None else until)

    def _take_listing(self, shown: Mapping[str, Snapshot], at: float) -> None:
        self.listed_at = at
        # Clouds show times in whole seconds: a copy of the same second may show a second later.
        self.compared.update(
            i
            for i in shown
            if i in self.own and i in self.seen and at - self.seen[i].first_shown_at >= sightings.SAME_SECOND
        )
        if self.known is None:
            self.known = frozenset(i for i, copy in shown.items() if copy.is_copy and copy.state is not State.ABSENT)
            self.failed_first = frozenset(i for i, copy in shown.items() if copy.state is State.ERROR)
        elif self.lost_calls:
            # A copy of ours that appears after a lost call counts as made by that call.
            new = {
                i: at for i, c in shown.items() if i not in self.known and i not in self.seen and self._may_be_own(c)
            }
            self.changed = self.changed or bool(new)
            self.own.update(new)

    def _may_be_own(self, copy: Snapshot) -> bool:
        """Whether a lost call of this run may have made a copy: ours, started while the call was out."""
        made, skew = copy.created_at, sightings.CLOCK_SKEW
        return copy.ours and (made is None or any(a - skew <= made <= z + skew for a, z in self.lost_calls))

    def _shown(self, snapshot_id: str, copy: Snapshot, at: float) -> None:
        if copy.state is State.ABSENT:
            self._gone(snapshot_id, copy, at)
            return
        sighting = self.seen.get(snapshot_id)
        if sighting is None:
            sighting = self.seen[snapshot_id] = Sighting(copy, at, first_state=copy.state)
            self.gone.pop(snapshot_id, None)
        elif AGE[copy.state] >= AGE[sighting.copy.state]:
            was = sighting.copy
            for what, new in ((TAGS, copy.tags != was.tags), (EXPIRY, copy.expires_at and not was.expires_at)):
                lost = self.refusal_of(snapshot_id, what)
                if lost and lost.was_lost and new:
                    self.changed = self.updated = True  # the change whose answer was lost took effect
            sighting.copy = kept(was, copy)
        sighting.first_shown_at = min(sighting.first_shown_at, at)
        if copy.state is State.COMPLETED:
            sighting.complete_at = min(sighting.complete_at, at)
        sighting.shown_at, sighting.unseen = at, 0

    def _unseen(self, snapshot_id: str, at: float) -> None:
        """Note that a look did not show it: it is missing only after a while and several looks (promises: unseen)."""
        sighting = self.seen[snapshot_id]
        sighting.unseen += 1
        since = max(sighting.known_at, sighting.shown_at)
        if sighting.unseen >= UNSEEN_LOOKS and at - since >= self.unseen_seconds:
            if sighting.shown_at == -math.inf:
                self.never_shown.add(snapshot_id)
            self._gone(snapshot_id, sighting.copy, at)

    def _gone(self, snapshot_id: str, copy: Snapshot, at: float) -> None:
        """Note that a copy is gone: this run deleted it, if the answer to its deletion was lost."""
        refusal = self.refusals.pop((snapshot_id, DELETE), None)
        if refusal and refusal.was_lost:
            self.deleted[snapshot_id], self.changed = at, True
        self._forget(snapshot_id, copy)

    def _forget(self, snapshot_id: str, copy: Snapshot) -> None:
        self.seen.pop(snapshot_id, None)
        self.gone[snapshot_id] = replace(copy, state=State.ABSENT)

    @property
    def copies(self) -> list[Snapshot]:
        """The copies that exist, as far as is known."""
        return [sighting.copy for sighting in self.seen.values()]

    @property
    def may_begin(self) -> bool:
        """Whether no copy call of this run is out or may have taken effect."""
        return not (self.under_way or self.own or self.lost_calls)

    def is_fresh(self, now: float) -> bool:
        """Whether the last look at all copies is fresh enough to start a copy."""
        return now - self.fresh_at <= FRESH_SECONDS

    # -- what calls of this run did --------------------------------------------------------------------

    def copy_sent(self, today: datetime) -> None:
        """Note that a copy call is sent; the doubt about an earlier one is over."""
        self.under_way, self.asked_at, self.lost_at = True, today, None

    def copy_accepted(self, copy: Snapshot, now: float) -> None:
        """Note that the cloud answered a copy call with a copy."""
        self.under_way, self.changed, self.refusal, self.lost_at = False, True, None, None
        self.seen[copy.snapshot_id] = Sighting(copy, now)
        self.own[copy.snapshot_id] = now

    def copy_in_doubt(self, error: CopyError, now: float, today: datetime) -> None:
        """Note that it is unknown whether a copy call took effect, or that somebody is just making the copy."""
        self.under_way, self.refusal, self.lost_at = False, error, now
        if not isinstance(error, Underway):
            self.lost_calls.append((self.asked_at or today, today))

    def copy_not_sent(self) -> None:
        self.under_way = False

    def copy_refused(self, error: CopyError, for_good: bool) -> None:
        self.under_way, self.refusal = False, error
        if for_good:
            self.fatal = error

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
        refusal.until = math.inf if error.retry is Retry.NEVER or lasts else now + pause

    def write_postponed(self, snapshot_id: str, what: str, error: CopyError, until: float) -> None:
        """Note that a write was not sent, since its service pauses until then."""
        self.refusals.setdefault((snapshot_id, what), Refusal(error, since=until)).until = until

    def refusal_of(self, snapshot_id: str, what: str) -> Refusal | None:
        return self.refusals.get((snapshot_id, what))

    def tags_accepted(self, snapshot_id: str, change: TagChange, now: float) -> None:
        sent = self.tags_sent.get(snapshot_id, TagChange())
        self.tags_sent[snapshot_id] = TagChange({**sent.set, **change.set}, (*sent.remove, *change.remove))
        self.tags_sent_at[snapshot_id] = now
        self._updated(snapshot_id, TAGS, tags=change.applied_to(self.seen[snapshot_id].copy.tags))

    def expiry_accepted(self, snapshot_id: str, moment: datetime) -> None:
        self.expiring.add(snapshot_id)
        self._updated(snapshot_id, EXPIRY, expires_at=moment)

    def locks_read(self, found: Mapping[str, Lock], at: float) -> None:
        self.locks_at = at
        for snapshot_id, sighting in self.seen.items():
            lock = self.locks[snapshot_id] = found.get(snapshot_id)
            if lock and not lock.is_over:
                self.refusals.pop((snapshot_id, DELETE), None)
                lost = self.refusals.pop((snapshot_id, LOCK), None)
                took_effect = lost is not None and lost.was_lost
                self.changed, self.updated = self.changed or took_effect, self.updated or took_effect
                sighting.copy = replace(sighting.copy, locked_until=lock.until)

    def locked(self, snapshot_id: str, until: datetime) -> None:
        self._updated(snapshot_id, LOCK, locked_until=until)

    def _updated(self, snapshot_id: str, what: str, **facts: Any) -> None:
        self.changed = self.updated = True
        self.refusals.pop((snapshot_id, what), None)
        self.seen[snapshot_id].copy = replace(self.seen[snapshot_id].copy, **facts)
