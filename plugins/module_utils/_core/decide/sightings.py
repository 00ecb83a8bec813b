# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One copy: as last shown, as made or deleted by this run, its lock. Times are seconds on the monotonic clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import CopyError
from ..locks import Lock
from ..model import Resource, State, Trait, disk_of
from ..pacing import ABSENT_LOOKS, ABSENT_SECONDS, FRESH_SECONDS, LONG_LOOK, MAX_ABSENT_PAUSE, SAME_SECOND
from ..tag_matching import is_hold
from .writes import WriteKind

#: Order of states: a look that shows an earlier state comes from a lagging replica. So a copy that was seen complete
#: stays complete (test_a_complete_copy_remains_complete_if_a_replica_lags).
STATE_ORDER = {State.PENDING: 0, State.COMPLETED: 1, State.ERROR: 2, State.ABSENT: 3}


@dataclass(eq=False, slots=True)
class Sighting:
    """One copy as a look last showed it, or the answer to a call returned it.

    ``known_at``: when its ID was first known. ``answered_at``: when an answer to a call returned it. ``looked_at``: the
    last look that would have shown it; ``shown_at``: the last one that did. ``complete_at``: when a look first showed
    it complete.
    """

    copy: Resource
    known_at: float
    answered_at: float = -math.inf
    looked_at: float = -math.inf
    first_shown_at: float = math.inf
    complete_at: float = math.inf
    shown_at: float = -math.inf
    misses: int = 0

    def record(self, copy: Resource, at: float) -> tuple[WriteKind, ...]:
        """Record what a look showed. Returns the kinds of writes whose effect it shows for the first time."""
        was, news = self.copy, {}
        if copy is not was and STATE_ORDER[copy.state] >= STATE_ORDER[was.state]:
            attached_now, attached_before = _instance_of(copy), _instance_of(was)
            news[WriteKind.TAGS] = copy.tags != was.tags
            news[WriteKind.EXPIRY] = copy.expires_at is not None and was.expires_at is None
            news[WriteKind.ATTACH] = attached_now is not None and attached_before is None
            self.copy = with_known_facts(was, copy)
        self.first_shown_at = min(self.first_shown_at, at)
        if copy.state is State.COMPLETED:
            self.complete_at = min(self.complete_at, at)
        self.shown_at, self.misses = at, 0
        return tuple(kind for kind, is_new in news.items() if is_new)

    def record_miss(self) -> None:
        """Record a look that did not show it."""
        self.misses += 1

    def record_look(self, at: float) -> None:
        """Record that a look at ``at`` would have shown it."""
        self.looked_at = at

    def update(self, **facts: Any) -> None:
        """Record what an accepted write has changed."""
        self.copy = replace(self.copy, **facts)

    def record_lock(self, lock: Lock) -> None:
        self.copy = lock.on(self.copy)

    def is_fresh(self, now: float) -> bool:
        """Whether the last look showed it and is fresh enough for a write."""
        return self.misses == 0 and now - self.shown_at <= FRESH_SECONDS

    def is_known(self, now: float) -> bool:
        """Whether a fresh look showed it, or a recent answer to a call returned it."""
        return self.is_fresh(now) or now - self.answered_at <= FRESH_SECONDS


@dataclass(eq=False, slots=True)
class OwnCopy:
    """A copy that this run made. ``made_at``: when its call was answered, or when it showed after a lost answer.

    ``compared``: a listing showed it together with all earlier copies, because an earlier copy shows earlier.
    ``rechecked``: a listing was made after it was complete, because another run's copy may show late.
    """

    made_at: float
    compared: bool = False
    rechecked: bool = False

    def record_made(self, at: float) -> None:
        self.made_at = at

    def record_listing(self, sighting: Sighting, at: float) -> None:
        """Record a listing that began at ``at`` and showed the copy.

        Clouds show times in whole seconds, so a copy of the same second may show a second later.
        """
        self.compared |= at - sighting.first_shown_at >= SAME_SECOND

    def record_recheck(self, sighting: Sighting, at: float) -> None:
        """Record a listing that began at ``at``. It counts if the copy was complete by then."""
        self.rechecked |= sighting.complete_at <= at


@dataclass(eq=False, slots=True)
class DeletedCopy:
    """A copy that this run deleted, when, and whether a look may still show it."""

    at: float
    still_shown: bool

    def record_miss(self, at: float) -> None:
        """Record a look at ``at`` that did not show the copy."""
        self.still_shown = self.still_shown and at < self.at


@dataclass(eq=False, slots=True)
class KnownLocks:
    """The locks of copies as last read (None for no lock), when that was, and why they could not be read."""

    found: dict[str, Lock | None] = field(default_factory=dict)
    at: float = -math.inf
    unread: CopyError | None = None

    def __contains__(self, copy_id: str) -> bool:
        return copy_id in self.found

    def record(self, found: Mapping[str, Lock | None], at: float) -> None:
        self.found.update(found)
        self.at = at

    def record_unread(self, error: CopyError) -> None:
        """Record why locks cannot be read."""
        self.unread = error

    def forget(self, copy_id: str) -> None:
        self.found.pop(copy_id, None)


@dataclass(eq=False, slots=True)
class Absence:
    """Looks in succession that did not show something; it may be late for ``seconds``."""

    looks: int = 0
    since: float = math.inf
    last: float = -math.inf
    seconds: float = ABSENT_SECONDS

    def record_miss(self, at: float) -> None:
        """Record a look at ``at`` that did not show it."""
        self.looks, self.since, self.last = self.looks + 1, min(self.since, at), at

    @property
    def is_missing(self) -> bool:
        """Whether it counts as missing, after enough looks over enough time without it (promises: unseen)."""
        return self.looks >= ABSENT_LOOKS and self.last - self.since >= self.seconds

    @property
    def next_look(self) -> float:
        """When to look again. The pauses grow if it may be late for long; the last look is at the end of that time."""
        pause, ends_at = ABSENT_SECONDS / (ABSENT_LOOKS - 1), self.since + self.seconds
        growing = min(pause * max(1, self.looks - 1), MAX_ABSENT_PAUSE)
        return min(self.last + growing, ends_at) if self.last < ends_at else self.last + pause


@dataclass(eq=False, slots=True)
class Survivor:
    """A copy that must be complete and stay, so that another one may be deleted."""

    copy: Resource | None = None
    shown_at: float = -math.inf
    #: Looks that did not show it complete.
    absence: Absence = field(default_factory=Absence)

    def record_look(self, shown: Resource | None, at: float) -> None:
        """Record what a look at ``at`` showed of it."""
        self.copy = shown
        if shown and shown.owned and shown.state is State.COMPLETED:
            self.shown_at, self.absence = at, Absence()
        else:
            self.absence.record_miss(at)

    @property
    def is_complete(self) -> bool:
        """Whether the last look showed it complete."""
        return self.absence.looks == 0 and self.shown_at > -math.inf

    def is_safe(self, now: float) -> bool:
        """Whether the last look showed it complete, and is fresh."""
        return self.is_complete and now - self.shown_at <= FRESH_SECONDS

    @property
    def next_look(self) -> float:
        """When to look at it again, unless it is certain: now, or after a pause if a look did not show it."""
        return self.absence.next_look if self.absence.looks else -math.inf


def _instance_of(copy: Resource) -> str | None:
    disk = disk_of(copy)
    return disk.attached_to if disk else None


def counts_from(at: float, until: float) -> float:
    """Return from when a look from ``at`` to ``until`` counts.

    That is its start, or its end if it took long, because a listing may take minutes.
    """
    return at if until - at < LONG_LOOK else until


def with_known_facts(before: Resource, now: Resource) -> Resource:
    """Return what a look shows, completed with what an earlier look showed and this one does not.

    Once seen, a hold or a lock counts for the rest of the run: a look that does not show it may be stale.
    """
    known: dict[str, Any] = {
        name: getattr(before, name)
        for name in ("size_gib", "encrypted", "created_at", "expires_at", "locked_until")
        if getattr(now, name) is None and getattr(before, name) is not None
    }
    if before.held:
        known["tags"] = {**{key: value for key, value in before.tags.items() if is_hold(key)}, **now.tags}
        known["traits"] = (*now.traits, *({Trait.LOCKED} & {*before.traits} - {*now.traits}))
    return replace(now, **known) if known else now
