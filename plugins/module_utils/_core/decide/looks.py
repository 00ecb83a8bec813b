# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What looks have shown of one request. Written by ``act``.

Times are seconds on the monotonic clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ..errors import Underway
from ..model import Snapshot, State
from ..waiting import FRESH_SECONDS, UNSEEN_LOOKS, UNSEEN_SECONDS
from . import sightings
from .copy_call import CopyCall
from .sightings import AGE, ATTACH, DELETE, EXPIRY, TAGS, Absence, Refusal, Sighting, Survivor, kept


@dataclass(eq=False, slots=True)
class Looks:
    """What looks have shown of one request, and what follows for the calls of this run that they show."""

    seen: dict[str, Sighting] = field(default_factory=dict)
    #: How long (seconds) a copy stays unseen before it is missing.
    unseen_seconds: float = UNSEEN_SECONDS
    #: Copies of other sources that must stay. All requests of a run share them.
    survivors: Mapping[str, Survivor] = field(default_factory=dict)
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
    #: Whether what listings lack is not there: one had no seam, or there were two (promises: listings).
    is_confirmed: bool = False
    #: Since when no listing has shown any copy.
    nothing_shown: Absence = field(default_factory=Absence)
    #: Copies that this run made, or very likely made by a call whose answer was lost.
    own: dict[str, float] = field(default_factory=dict)
    #: Own copies that a listing showed together with every earlier one: an earlier copy shows earlier. And those that
    #: a listing was made for once they were complete, since another run's may have shown late.
    compared: set[str] = field(default_factory=set)
    rechecked: set[str] = field(default_factory=set)
    copy_call: CopyCall = field(default_factory=CopyCall)
    #: Refused writes, by copy and kind of write.
    refusals: dict[tuple[str, str], Refusal] = field(default_factory=dict)
    changed: bool = False
    updated: bool = False

    def looked(
        self,
        shown: Mapping[str, Snapshot],
        asked: Iterable[str] | None,
        at: float,
        until: float | None = None,
        has_seam: bool = False,
    ) -> None:
        """Note a look from ``at`` to ``until``: at all copies of the source (``asked`` None), or at these.

        What a long listing showed may be gone by its end, so its copies count as shown at its start."""
        self.looked_at = until = sightings.counts_from(at, at if until is None else until)
        shown = {i: self._as_own(copy) if i in self.own else copy for i, copy in shown.items()}
        if asked is None:
            self._take_listing(shown, at, has_seam)
            self.fresh_at = until if self.is_confirmed else self.fresh_at
        for snapshot_id in [*self.seen, *self.still_shown] if asked is None else asked:
            if snapshot_id not in shown and snapshot_id in self.seen:
                self._unseen(snapshot_id, at)
            elif snapshot_id not in shown and at >= self.deleted.get(snapshot_id, math.inf):
                self.still_shown.discard(snapshot_id)
        for snapshot_id, copy in shown.items():
            if snapshot_id not in self.deleted or (copy.disk and copy.disk.is_recycled):
                self._shown(snapshot_id, copy, at if asked is None else until)
        if asked is None:
            self.rechecked.update(i for i in shown if i in self.own and i in self.seen and self._is_complete(i, at))

    def _as_own(self, shown: Snapshot) -> Snapshot:
        """Return a copy of this run as what its call made, whatever its fields show of its source."""
        sighting = self.seen.get(shown.snapshot_id)
        known = sighting.copy if sighting else self.gone.get(shown.snapshot_id)
        if known is None or known.source is None or (shown.disk and shown.disk.is_recycled):
            return shown
        if shown.is_copy and shown.source and shown.source.snapshot_id == known.source.snapshot_id:
            return shown
        return replace(shown, source=known.source, is_copy=True, certain=False)

    def _is_complete(self, snapshot_id: str, at: float) -> bool:
        """Whether a look has shown it complete by then."""
        return self.seen[snapshot_id].complete_at <= at

    def _take_listing(self, shown: Mapping[str, Snapshot], at: float, has_seam: bool) -> None:
        self.listed_at = at
        # Clouds show times in whole seconds: a copy of the same second may show a second later.
        self.compared.update(
            i
            for i in shown
            if i in self.own and i in self.seen and at - self.seen[i].first_shown_at >= sightings.SAME_SECOND
        )
        if self.known is None or (self.may_begin and not self.is_confirmed):
            before = self.known or frozenset()
            self.is_confirmed = self.known is not None or not has_seam
            self.known = before | {i for i, c in shown.items() if c.is_copy and c.state is not State.ABSENT}
            self.failed_first |= {i for i, copy in shown.items() if copy.state is State.ERROR}
        elif self.copy_call.is_in_doubt or self.copy_call.lost:
            self._find_lost({i: c for i, c in shown.items() if i not in self.known and i not in self.seen}, at)
        if any(copy.is_copy and copy.state is not State.ABSENT for copy in shown.values()):
            self.nothing_shown = Absence()
        else:
            self.nothing_shown.noted(at)

    def _find_lost(self, new: Mapping[str, Snapshot], at: float) -> None:
        """Note that copies appear after a call whose answer was lost: one of ours begun since then is that call's.

        So the doubt is over. Whether another run's copy stands beside it, a later listing shows.
        """
        found = {i: at for i, copy in new.items() if self._may_be_own(copy)}
        self.changed = self.changed or bool(found)
        self.own.update(found)
        if found or (new and isinstance(self.copy_call.error, Underway)):
            self.copy_call = self.copy_call.found()

    def _may_be_own(self, copy: Snapshot) -> bool:
        """Whether a lost call of this run may have made a copy: ours, started while the call was out."""
        made, unsure = copy.created_at, sightings.CLOCK_UNSURE
        may_be_ours = copy.ours or not copy.certain
        return may_be_ours and (made is None or any(a - unsure <= made <= z + unsure for a, z in self.copy_call.lost))

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
            now_held, was_held = (disk.attached_to if disk else None for disk in (copy.disk, was.disk))
            news = {TAGS: copy.tags != was.tags, EXPIRY: copy.expires_at and not was.expires_at}
            for what, new in {**news, ATTACH: now_held and not was_held}.items():
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

    # -- what they allow ---------------------------------------------------------------------------------

    @property
    def copies(self) -> list[Snapshot]:
        """The copies that exist, as far as is known."""
        return [sighting.copy for sighting in self.seen.values()]

    @property
    def may_begin(self) -> bool:
        """Whether no copy call of this run is out or may have taken effect."""
        return not (self.copy_call.may_have_made_one or self.own)

    def unseen(self, snapshot_id: str) -> bool:
        """Whether the last look did not show a copy."""
        return snapshot_id not in self.seen or self.seen[snapshot_id].unseen > 0

    def is_fresh(self, now: float) -> bool:
        """Whether the last look at all copies is fresh enough to start a copy."""
        return now - self.fresh_at <= FRESH_SECONDS

    def may_delete(self, goes: str, stays: str, now: float) -> bool:
        """Whether a fresh look shows what goes, not held, and what stays in its place.

        What may have been deleted already needs a look since then, but need not show: to delete it twice is harmless.
        """
        if goes not in self.seen or self.seen[goes].copy.held:
            return False
        refusal = self.refusal_of(goes, DELETE)
        if refusal and refusal.was_lost:
            is_known = refusal.at < self.looked_at and now - self.looked_at <= FRESH_SECONDS
        else:
            is_known = self.seen[goes].is_fresh(now)
        return is_known and (goes == stays or self._stays(stays, now))

    def _stays(self, snapshot_id: str, now: float) -> bool:
        if snapshot_id in self.survivors:
            return self.survivors[snapshot_id].is_certain(now)
        return snapshot_id in self.seen and self.seen[snapshot_id].is_fresh(now)

    def refusal_of(self, snapshot_id: str, what: str) -> Refusal | None:
        return self.refusals.get((snapshot_id, what))
