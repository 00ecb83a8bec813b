# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run knows about one request: what looks showed, and what its own calls did. ``act`` writes it.

Times are seconds on the monotonic clock.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..errors import Busy, CopyError, Underway
from ..locks import Lock
from ..model import Evidence, Resource, State, TagChange, disk_of, is_recycled
from ..pacing import CLOCK_UNSURE, FRESH_SECONDS, UNSEEN_LOOKS, UNSEEN_SECONDS
from . import sightings
from .copy_call import CopyCall
from .listings import Listings
from .sightings import DeletedCopy, KnownLocks, OwnCopy, Sighting, Survivor
from .writes import WriteKind, Writes


@dataclass(eq=False, slots=True)
class Memory:
    """What this run knows about one request. Only its methods change it and its parts."""

    #: How long (seconds) a copy may be unseen before it is missing.
    unseen_seconds: float = UNSEEN_SECONDS
    #: Survivors of other sources. All requests of a run share them.
    survivors: Mapping[str, Survivor] = field(default_factory=dict)
    #: The keys of tags that the cloud has refused in this run, with the refusal. All requests share them.
    refused_tags: Mapping[str, CopyError] = field(default_factory=dict)
    #: When the last look started.
    looked_at: float = -math.inf
    listings: Listings = field(default_factory=Listings)
    seen: dict[str, Sighting] = field(default_factory=dict)
    #: Copies that the cloud no longer shows, or shows as being deleted, and those that this run deleted.
    gone: dict[str, Resource] = field(default_factory=dict)
    #: Missing copies that no look has ever shown.
    never_shown: set[str] = field(default_factory=set)
    #: Copies that this run made, or very likely made with a call whose answer was lost.
    own_copies: dict[str, OwnCopy] = field(default_factory=dict)
    #: Copies of others, or of earlier runs, that were in progress when they first showed.
    found_in_progress: set[str] = field(default_factory=set)
    #: Copies that this run deleted.
    deleted: dict[str, DeletedCopy] = field(default_factory=dict)
    copy_call: CopyCall = field(default_factory=CopyCall)
    writes: Writes = field(default_factory=Writes)
    locks: KnownLocks = field(default_factory=KnownLocks)
    #: Whether an existing copy was changed.
    updated: bool = False

    # -- looks -------------------------------------------------------------------------------------------

    def record_listing(
        self, shown: Mapping[str, Resource], at: float, until: float | None = None, may_be_incomplete: bool = False
    ) -> None:
        """Record a look from ``at`` to ``until`` at all copies of the source.

        Copies that a long listing showed may be gone by its end, so they count as shown at its start.
        """
        self.looked_at = until = sightings.counts_from(at, at if until is None else until)
        shown = self._with_own(shown)
        self._compare_with_listing(shown, at, may_be_incomplete)
        self.listings.record(shown, at, until)
        self._record_shown_and_unseen(shown, [*self.seen, *self.still_shown], at, at)
        for copy_id in shown.keys() & self.own_copies.keys() & self.seen.keys():
            self.own_copies[copy_id].record_recheck(self.seen[copy_id], at)

    def record_refresh(
        self, shown: Mapping[str, Resource], asked: Collection[str], at: float, until: float | None = None
    ) -> None:
        """Record a look from ``at`` to ``until`` at the copies in ``asked``."""
        self.looked_at = until = sightings.counts_from(at, at if until is None else until)
        self._record_shown_and_unseen(self._with_own(shown), asked, at, until)

    def _record_shown_and_unseen(
        self, shown: Mapping[str, Resource], asked: Collection[str], at: float, shown_at: float
    ) -> None:
        for copy_id in asked:
            if copy_id not in shown and copy_id in self.seen:
                self._record_unseen(copy_id, at)
            elif copy_id not in shown and copy_id in self.deleted:
                self.deleted[copy_id].record_miss(at)
        for copy_id, copy in shown.items():
            if copy_id not in self.deleted or is_recycled(copy):
                self._record_shown(copy_id, copy, shown_at)
        for copy_id in self.seen.keys() & {*asked, *shown}:
            self.seen[copy_id].record_look(self.looked_at)

    def _with_own(self, shown: Mapping[str, Resource]) -> dict[str, Resource]:
        return {i: self._as_own(copy) if i in self.own_copies else copy for i, copy in shown.items()}

    def _as_own(self, shown: Resource) -> Resource:
        """Return a copy of this run with the source of its call, whatever source its fields show."""
        sighting = self.seen.get(shown.id)
        known = sighting.copy if sighting else self.gone.get(shown.id)
        if known is None or known.source is None or is_recycled(shown):
            return shown
        if shown.is_copy and shown.source and shown.source.snapshot_id == known.source.snapshot_id:
            return shown
        return replace(shown, source=known.source, is_copy=True, evidence=Evidence.UNSURE)

    def _compare_with_listing(self, shown: Mapping[str, Resource], at: float, may_be_incomplete: bool) -> None:
        """Record which copies of this run a listing compares with others, and which ones lost calls have made."""
        for copy_id in shown.keys() & self.own_copies.keys() & self.seen.keys():
            self.own_copies[copy_id].record_listing(self.seen[copy_id], at)
        if not self.was_listed or (self.has_requested_nothing and not self.listings.is_confirmed):
            self.listings.record_initial(shown, may_be_incomplete)
        elif self.copy_call.is_in_doubt or self.copy_call.lost_spans:
            self._find_lost(
                {i: c for i, c in shown.items() if i not in self.initially_there and i not in self.seen}, at
            )

    def _find_lost(self, new: Mapping[str, Resource], at: float) -> None:
        """Record that copies appeared after a lost answer.

        A copy of ours that was started since then was made by that call. So the doubt is over. A later listing shows
        whether there is also a copy of another run.
        """
        found = [i for i, copy in new.items() if self._may_be_own(copy)]
        for copy_id in found:
            self._record_made(copy_id, at)
        if found or (new and isinstance(self.copy_call.error, Underway)):
            self.copy_call = self.copy_call.found()

    def _may_be_own(self, copy: Resource) -> bool:
        """Whether a lost call may have made a copy: it is ours and was started while the answer was outstanding."""
        made, unsure = copy.created_at, CLOCK_UNSURE
        if not copy.ours and copy.evidence > Evidence.UNSURE:
            return False
        return any(made is None or a - unsure <= made <= z + unsure for a, z in self.copy_call.lost_spans)

    def _record_shown(self, copy_id: str, copy: Resource, at: float) -> None:
        if copy.state is State.ABSENT:
            self._record_gone(copy_id, copy, at)
        elif copy_id in self.seen:
            for kind in self.seen[copy_id].record(copy, at):
                # It took effect although its answer was lost.
                self.updated |= self.writes.was_lost(copy_id, kind)
        else:
            self.seen[copy_id] = sighting = Sighting(copy, at)
            sighting.record(copy, at)
            self.gone.pop(copy_id, None)
            if copy.state is State.PENDING and copy_id not in self.own_copies:
                self.found_in_progress.add(copy_id)

    def _record_unseen(self, copy_id: str, at: float) -> None:
        """Record that a look did not show a copy. It is missing only after several looks (promises: unseen)."""
        sighting = self.seen[copy_id]
        sighting.record_miss()
        since = max(sighting.known_at, sighting.shown_at)
        if sighting.misses >= UNSEEN_LOOKS and at - since >= self.unseen_seconds:
            if sighting.shown_at == -math.inf:
                self.never_shown.add(copy_id)
            self._record_gone(copy_id, sighting.copy, at)

    def _record_gone(self, copy_id: str, copy: Resource, at: float) -> None:
        """Record that a copy is gone. If the answer to its deletion was lost, this run deleted it."""
        if self.writes.forget_failure(copy_id, WriteKind.DELETE):
            self.deleted[copy_id] = DeletedCopy(at, copy_id in self.still_shown)
        self._forget(copy_id, copy)

    def _forget(self, copy_id: str, copy: Resource) -> None:
        self.seen.pop(copy_id, None)
        self.gone[copy_id] = replace(copy, state=State.ABSENT)

    # -- answers to calls --------------------------------------------------------------------------------

    def record_copy_sent(self, utc_now: datetime) -> None:
        """Record that a copy call is sent; the doubt about an earlier one is over."""
        self.copy_call = self.copy_call.sent(utc_now)

    def record_copy_accepted(self, copy: Resource, now: float) -> None:
        """Record that the cloud answered a copy call with a copy."""
        self.copy_call = self.copy_call.accepted()
        self.seen[copy.id] = Sighting(copy, now, answered_at=now)
        self._record_made(copy.id, now)

    def record_copy_in_doubt(self, error: CopyError, now: float, utc_now: datetime) -> None:
        """Record that it is unknown whether a copy call took effect, or that somebody else is making the copy."""
        self.copy_call = self.copy_call.in_doubt(error, now, utc_now)

    def record_copy_not_sent(self) -> None:
        self.copy_call = self.copy_call.not_sent()

    def record_copy_refused(self, error: CopyError) -> None:
        """Record that a copy call was refused; it may be sent again."""
        self.copy_call = self.copy_call.refused(error)

    def record_copy_rejected(self, error: CopyError) -> None:
        """Record that a copy call was refused for good."""
        self.copy_call = self.copy_call.rejected(error)

    def _record_made(self, copy_id: str, at: float) -> None:
        """Record that this run made a copy, and when its ID was first known."""
        self.own_copies.setdefault(copy_id, OwnCopy(at)).record_made(at)

    def record_deletion(self, copy_id: str, now: float) -> None:
        """Record that the cloud accepted a deletion."""
        self.deleted[copy_id] = DeletedCopy(now, still_shown=True)
        self._forget(copy_id, self.seen[copy_id].copy)
        self.writes.forget_failure(copy_id, WriteKind.DELETE)

    def record_refusal(self, copy_id: str, kind: WriteKind, error: CopyError, now: float) -> None:
        """Record that a write was refused, or its answer was lost; it may be sent again."""
        self.writes.record_failure(copy_id, kind, error, now)
        if kind in (WriteKind.DELETE, WriteKind.LOCK) and not isinstance(error, Busy):
            self.locks.forget(copy_id)  # it may be locked by now

    def record_postponed(self, copy_id: str, kind: WriteKind, error: CopyError, until: float) -> None:
        """Record that a write was not sent, and when it may be."""
        self.writes.postpone(copy_id, kind, error, until)

    def record_tags(self, copy_id: str, change: TagChange, now: float) -> None:
        self.writes.accept_tags(copy_id, change, now)
        self._record_update(copy_id, tags=change.applied_to(self.seen[copy_id].copy.tags))

    def record_expiry(self, copy_id: str, moment: datetime, now: float) -> None:
        self.writes.accept(copy_id, WriteKind.EXPIRY, now)
        self._record_update(copy_id, expires_at=moment)

    def record_attachment(self, copy_id: str, instance: str, now: float) -> None:
        self.writes.accept(copy_id, WriteKind.ATTACH, now)
        disk = disk_of(self.seen[copy_id].copy)
        attached = replace(disk, attached_to=instance, attachment="attaching", in_use=True) if disk else None
        self._record_update(copy_id, disk=attached)

    def record_detachment(self, copy_id: str, now: float) -> None:
        self.writes.accept(copy_id, WriteKind.DETACH, now)
        self._record_update(copy_id)

    def record_lock(self, copy_id: str, until: datetime, now: float) -> None:
        self.writes.accept(copy_id, WriteKind.LOCK, now)
        self._record_update(copy_id, locked_until=until)

    def _record_update(self, copy_id: str, **facts: Any) -> None:
        self.updated = True
        self.seen[copy_id].update(**facts)

    def record_locks(self, found: Mapping[str, Lock], at: float) -> None:
        self.locks.record({copy_id: found.get(copy_id) for copy_id in self.seen}, at)
        for copy_id, sighting in self.seen.items():
            lock = found.get(copy_id)
            if lock and not lock.is_over:
                self.writes.forget_failure(copy_id, WriteKind.DELETE)
                self.updated |= self.writes.forget_failure(copy_id, WriteKind.LOCK)
                sighting.record_lock(lock)

    def record_unread_locks(self, error: CopyError, to_lock: str | None, now: float) -> None:
        """Record why locks cannot be read.

        Copies that were to be locked are not, because a new lock might change an existing one.
        """
        self.locks.record_unread(error)
        if to_lock is not None:
            self.writes.give_up(to_lock, WriteKind.LOCK, error, now)
            self.locks.forget(to_lock)

    # -- what follows from all that ----------------------------------------------------------------------

    @property
    def was_listed(self) -> bool:
        """Whether all copies were listed."""
        return self.listings.at_first is not None

    @property
    def initially_there(self) -> frozenset[str]:
        """The copies that existed before this run wrote anything."""
        return self.listings.at_first.known if self.listings.at_first else frozenset()

    @property
    def initially_failed(self) -> frozenset[str]:
        """The copies that had failed before this run wrote anything."""
        return self.listings.at_first.failed if self.listings.at_first else frozenset()

    @property
    def copies(self) -> list[Resource]:
        """The copies that exist, as far as known."""
        return [sighting.copy for sighting in self.seen.values()]

    @property
    def oldest_looks_first(self) -> list[str]:
        """The copies that exist, as far as known, in the order in which they are to be looked at."""
        return sorted(self.seen, key=lambda copy_id: self.seen[copy_id].looked_at)

    @property
    def still_shown(self) -> list[str]:
        """The copies that this run deleted, and that a look may still show."""
        return [copy_id for copy_id, deletion in self.deleted.items() if deletion.still_shown]

    @property
    def changed(self) -> bool:
        """Whether this run has changed anything."""
        return self.updated or bool(self.own_copies or self.deleted)

    @property
    def has_requested_nothing(self) -> bool:
        """Whether no copy call of this run is outstanding or may have taken effect."""
        return not (self.copy_call.may_have_made_one or self.own_copies)

    def is_unseen(self, copy_id: str) -> bool:
        """Whether the last look did not show a copy."""
        return copy_id not in self.seen or self.seen[copy_id].misses > 0

    def is_fresh(self, now: float) -> bool:
        """Whether the last look at all copies is fresh enough to start a copy."""
        return now - self.listings.fresh_at <= FRESH_SECONDS

    def may_delete(self, copy_id: str, survivor_id: str, now: float) -> bool:
        """Whether a fresh look shows a copy that is not held, and its survivor (the copy itself if it needs none).

        If a copy may already be deleted, a later look at it is needed, but it need not show the copy: a second deletion
        is harmless.
        """
        if copy_id not in self.seen or self.seen[copy_id].copy.held:
            return False
        failure, looked_at = self.writes.failure_of(copy_id, WriteKind.DELETE), self.seen[copy_id].looked_at
        if failure and failure.tries.was_lost:
            is_known = failure.tries.at < looked_at and now - looked_at <= FRESH_SECONDS
        else:
            is_known = self.seen[copy_id].is_fresh(now)
        return is_known and (copy_id == survivor_id or self._survives(survivor_id, now))

    def _survives(self, copy_id: str, now: float) -> bool:
        if copy_id in self.survivors:
            return self.survivors[copy_id].is_safe(now)
        return copy_id in self.seen and self.seen[copy_id].is_fresh(now)
