# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One destination: what its looks showed, and when to look at it next."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from ..cloud import SnapshotCloud
from ..decide.desired import Policy
from ..decide.sightings import Survivor, counts_from
from ..errors import CopyError, Retry, Unreachable
from ..grouping import grouped
from ..listing import Listing
from ..model import State
from ..pacing import (
    COMPARE_AFTER,
    FRESH_SECONDS,
    LONG_LOOK,
    RECHECK_SECONDS,
    RETRY_SECONDS,
    SAME_SECOND,
    STALE_SECONDS,
    Retries,
    hang_pause,
)
from ..safe_calls import batches, read_safely
from .attempt import Attempt
from .room import Room


class Region:
    """One destination and its requests. Times are seconds on the monotonic clock."""

    def __init__(self, name: str, cloud: SnapshotCloud, policy: Policy):
        self.name = name
        self.room = Room(cloud, policy.max_in_flight)
        self.attempts: list[Attempt] = []
        self.active: dict[Attempt, None] = {}  #: Unsettled requests that do not wait for room.
        self._cloud, self._deadline = cloud, cloud.deadline
        self.unread: CopyError | None = None  #: Why it cannot be read at the moment.
        self._wait_delay = policy.wait_delay
        self._retries = Retries(cloud.deadline)
        #: The times of the last attempted look, of the last successful look, and of the last listing of all copies.
        self.tried_at = self._looked_at = self._listed_at = -math.inf
        self._pages = 1  #: The number of calls of the last listing of all copies.
        self.look_lasted = 0.0  #: How long (seconds) the last look took.

    def assign(self, attempt: Attempt) -> None:
        """Sort a request by what was decided for it."""
        self.room.assign(attempt)
        if attempt.is_open and not attempt.waits_to_begin:
            self.active[attempt] = None
        else:
            self.active.pop(attempt, None)

    @property
    def was_listed(self) -> bool:
        return self._listed_at > -math.inf

    def due_at(self, now: float) -> float:
        """Return when this region is next worth a look or a call."""
        if not self.active and not self.room.queue:
            return math.inf
        if not self.was_listed:
            return self._retries.due_at
        looks = [a.steps.look.at for a in self.active]
        looks += [at for at, _waiting in self._comparisons]
        if self.room.queue:
            looks += [*(a.poll_at(self.room.window) for a in self.room.in_progress), self._recount_at]
            looks += [-math.inf] if self._stale_requests(now) else []
            looks += self.room.reopens_at(now)
            if min(looks) == math.inf:
                looks.append(self._looked_at + min(self._wait_delay, RETRY_SECONDS))
        look_at = max(self._retries.due_at, min(looks, default=math.inf))
        return min([look_at, *(a.steps.retry_at for a in self.active)])

    @property
    def _recount_at(self) -> float:
        return self.room.recount_at(max(self._wait_delay, RETRY_SECONDS))

    @property
    def _compare_at(self) -> float:
        """When to look for copies of other runs: shortly after the last copy was started, but not too often."""
        # If the run waits for nothing else, a copy that has just shown needs only a second listing.
        pause = COMPARE_AFTER if self.room.in_progress or self.room.queue else SAME_SECOND
        since_started = min(self.room.last_started + COMPARE_AFTER, self.room.first_started + FRESH_SECONDS)
        return max(since_started, self._listed_at + pause)

    @property
    def _recheck_at(self) -> float:
        """When to look for late copies of other runs once copies of this run are complete."""
        return self._listed_at + RECHECK_SECONDS if self.room.in_progress or self.room.queue else -math.inf

    @property
    def _comparisons(self) -> list[tuple[float, list[Attempt]]]:
        """The due listings that show the copies of other runs: when, and for which requests.

        A copy that the last look did not show comes first.
        """
        shown = [a for a in self.active if a.is_shown]
        compared = [a for a in shown if a.steps.look.compare]
        rechecked = [a for a in shown if a.steps.look.recheck]
        both = ((self._compare_at, compared), (self._recheck_at, rechecked))
        return [(at, waiting) for at, waiting in both if waiting]

    @property
    def check_mode_needs_look(self) -> bool:
        """Whether check mode needs a look: the first one, or another one if the first has left something unsure."""
        return not self.was_listed or any(a.steps.look.unsure for a in self.active)

    def _stale_requests(self, now: float) -> list[Attempt]:
        """Return the requests that may start, if the first of them needs a new look."""
        chosen = self.room.next_to_begin(now)
        stale = [a for a in chosen if now - a.memory.listings.fresh_at > STALE_SECONDS]
        return stale if stale and stale[0] is chosen[0] else []

    def look(self, is_final: bool = False) -> list[Attempt]:
        """Look at what is due, or with ``is_final`` at everything for the last time. Returns the requests concerned."""
        now = self._deadline.now()
        if now < self._retries.due_at:
            return []
        self.tried_at = now
        refreshed: list[Attempt] = []
        try:
            started_elsewhere = self._count_in_progress(now)
            refreshed += self._list(now, started_elsewhere)
            self._refresh(now, refreshed, is_final)
        except CopyError as error:
            return refreshed + self._record_failed_look(error)
        finally:
            self.look_lasted = self._deadline.now() - now
        self.unread = None
        self._retries.record_success()
        self.room.record_look(now)
        self._looked_at = self._deadline.now()
        return refreshed

    def _list(self, now: float, started_elsewhere: Sequence[Attempt]) -> list[Attempt]:
        """List all copies of the sources that need it, or of all sources if the cloud only lists all copies.

        ``started_elsewhere``: waiting requests that have a copy in progress.
        """
        first = not self.was_listed
        due = [*started_elsewhere, *self._due_for_listing(now)]
        recounts = not self._cloud.lists_in_progress and self._recount_at <= now
        if not (first or due or recounts):
            return []
        everything = not (self._cloud.lists_by_source or self._is_cheaper_by_mark(due))
        concerned = due
        if first or everything:
            concerned = self.attempts if first else [*self.active, *self.room.queue, *self.room.in_progress]
        concerned = list(dict.fromkeys(concerned))
        ids = None if everything else sorted({a.request.snapshot_id for a in concerned})
        listing = read_safely(lambda: self._cloud.list_copies(self.name, ids))
        self._record_listing(listing, concerned, now)
        if everything:
            self._pages = listing.pages
            self.room.record_in_progress([c for c in listing.copies if c.source and c.state is State.PENDING], now)
        if any(a.steps.look.compare for a in concerned):
            self.room.record_comparison()
        self._listed_at = now
        return concerned

    def _due_for_listing(self, now: float) -> list[Attempt]:
        due = [a for a in self.active if a.steps.look.list_all and a.steps.look.at <= now]
        due += [a for at, waiting in self._comparisons if at <= now for a in waiting]
        return due + self._stale_requests(now)

    def _record_listing(self, listing: Listing, attempts: Iterable[Attempt], started: float) -> None:
        """Give each request what the listing shows of its source's copies, and of the copies that it made itself."""
        until = self._deadline.now()
        listed = {copy.id: copy for copy in listing.copies}
        by_source = grouped([c for c in listing.copies if c.source], lambda c: c.source and c.source.snapshot_id)
        for attempt in attempts:
            of_source = by_source.get(attempt.request.snapshot_id, ())
            shown = {copy.id: copy for copy in of_source if attempt.request.is_copied_by(copy)}
            shown |= {i: listed[i] for i in attempt.memory.own_copies if i in listed}
            attempt.memory.record_listing(shown, started, until, listing.may_be_incomplete)

    def _is_cheaper_by_mark(self, due: list[Attempt]) -> bool:
        """Whether a second look that only confirms what a long listing lacks takes fewer calls by our mark."""
        if not (self._cloud.finds_by_mark and due) or any(a.memory.listings.is_confirmed for a in due):
            return False
        return self.was_listed and len({a.request.snapshot_id for a in due}) < self._pages

    def _refresh(self, now: float, refreshed: list[Attempt], is_final: bool) -> None:
        """Look at copies in progress, to be deleted or just deleted; add their requests to ``refreshed``.

        Requests with the oldest looks come first; within a request, the copies with the oldest looks. Survivors follow
        their copies. If this takes long, the next pass continues, so that writes follow before the first looks are too
        old.
        """
        watched = dict.fromkeys([*self.active, *(self.room.in_progress if self.room.queue else ())])
        for attempt in refreshed:
            watched.pop(attempt, None)
        looks = {a: a.next_look(self.room.window if self.room.queue else None) for a in watched}
        if min(looks.values(), default=math.inf) > now and not is_final:
            return
        # Requests that wait only for a listing are skipped here: they would dominate the answers of a long run.
        asked = [a for a in watched if is_final or looks[a] < math.inf]
        asked.sort(key=lambda attempt: attempt.memory.looked_at)
        pairs: list[tuple[str, Attempt | None]] = []
        survivors: dict[str, Survivor] = {}
        for attempt in asked:
            others = {i: attempt.memory.survivors[i] for i in attempt.steps.must_show if i not in survivors}
            pairs += [(i, attempt) for i in (*attempt.memory.oldest_looks_first, *attempt.memory.still_shown)]
            pairs += [(i, None) for i in others]
            survivors |= others
        for batch in batches(pairs, self._cloud.read_per_call):  # each batch has its own age, because the next may wait
            self._read(batch, survivors)
            refreshed += dict.fromkeys(attempt for _id, attempt in batch if attempt)
            if self._deadline.now() - now >= LONG_LOOK and not is_final:
                break
        refreshed += [a for a in asked if a.steps.must_show]

    def look_back(self, attempts: Sequence[Attempt]) -> list[Attempt]:
        """Look at the copies of these requests by ID. Returns the requests with new facts."""
        refreshed: list[Attempt] = []
        try:
            for batch in batches([(i, a) for a in attempts for i in a.memory.seen], self._cloud.read_per_call):
                self._read(batch, {})
                refreshed += dict.fromkeys(attempt for _id, attempt in batch)
        except CopyError as error:
            self.unread = error
        return refreshed

    def _read(self, pairs: Sequence[tuple[str, Attempt | None]], survivors: Mapping[str, Survivor]) -> None:
        """Look at copies by ID, in one call; survivors come without a request."""
        started = self._deadline.now()
        shown = read_safely(lambda: self._cloud.refresh(self.name, [i for i, _attempt in pairs]))
        until = self._deadline.now()
        for attempt, own_pairs in groupby(pairs, key=itemgetter(1)):
            ids = [i for i, _attempt in own_pairs]
            if attempt is None:
                for copy_id in ids:
                    survivors[copy_id].record_look(shown.get(copy_id), counts_from(started, until))
                continue
            if attempt in self.room.in_progress and attempt.is_shown_complete(shown):
                self.room.window.record_duration(started - attempt.started_at)
            attempt.memory.record_refresh({i: shown[i] for i in ids if i in shown}, ids, started, until)

    def _count_in_progress(self, now: float) -> list[Attempt]:
        """Count the copies in progress, if the cloud can list only these.

        Returns the waiting requests that have one.
        """
        if not self._cloud.lists_in_progress or self._recount_at > now:
            return []
        listed = read_safely(lambda: self._cloud.list_in_progress(self.name))
        self.room.record_in_progress(listed, now)
        found = {c.source.snapshot_id for c in listed if c.source}
        return [a for a in self.room.queue if a.request.snapshot_id in found]

    def _record_failed_look(self, error: CopyError) -> list[Attempt]:
        """Record that a look failed; without credentials it is the last one.

        Returns the requests that fail because of it.
        """
        self.unread = error
        # Only for fairness (test_destinations_that_go_dark_delay_no_other).
        hangs = self.was_listed and isinstance(error, Unreachable)
        final = self._retries.record_failure(error, hang_pause(self._deadline.now() - self.tried_at) if hangs else 0.0)
        if error.retry is not Retry.NEVER and (self.was_listed or not final):
            return []
        failed = [a for a in self.attempts if a.is_open]
        for attempt in failed:
            attempt.fail(error)
        return failed
