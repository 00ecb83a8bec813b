# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of every snapshot at every time, for lagging replicas and for checks of who did what."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: A region and the ID of a snapshot.
Key = tuple[str, str]
#: The server's own object of a snapshot, and its tags.
Kept = tuple[Any, dict[str, str]]


@dataclass(frozen=True)
class Version:
    """A snapshot from ``moment`` on, changed by ``by``; ``thing`` is None after its deletion."""

    moment: float
    by: Any
    thing: Any
    tags: dict[str, str]


class History:
    """Records each change, and answers reads as replicas do.

    Each read is answered by one of several replicas, which lag by different times. So a read may show an older state
    than the read before it, and new copies, deletions and tags show late.
    """

    def __init__(self, clock: Any, truth: Callable[[], Iterable[tuple[Key, Kept]]], seed: int = 0):
        self._clock = clock
        self._truth = truth
        self._draw = random.Random(f"replicas {seed}")
        #: Reads of locks have their own random generator, so that they do not change the other draws.
        self._draw_of_locks = random.Random(f"replicas of locks {seed}")
        #: The lag of each replica, in seconds.
        self.lags: Sequence[float] = (0.0,)
        self.versions: dict[Key, list[Version]] = {}
        self.record_changes(None, -math.inf)

    def record_changes(self, by: Any, moment: float | None = None) -> list[Key]:
        """Record the changes since the last call, and return them."""
        moment = self._clock.monotonic() if moment is None else moment
        now = dict(self._truth())
        changed = []
        for key in [*self.versions, *(key for key in now if key not in self.versions)]:
            kept, versions = now.get(key), self.versions.setdefault(key, [])
            last = versions[-1] if versions else None
            if kept is None and last is not None and last.thing is not None:
                versions.append(Version(moment, by, None, {}))
            elif kept is not None and not (last and last.thing is not None and _same(last, kept)):
                versions.append(Version(moment, by, frozen(*kept), dict(kept[1])))
            else:
                continue
            changed.append(key)
        return changed

    def at(self, key: Key, moment: float) -> Version | None:
        """Return a snapshot as it was at a time; None if it did not exist then."""
        found = None
        for version in self.versions.get(key, ()):
            if version.moment > moment:
                break
            found = version
        return found if found is not None and found.thing is not None else None

    def seen(self, region: str, locks: bool = False) -> list[Any]:
        """Return the snapshots of a region as one of the replicas shows them, or as a replica for locks does."""
        moment = self._clock.monotonic() - (self._draw_of_locks if locks else self._draw).choice(self.lags)
        shown = []
        for key in self.versions:
            if key[0] == region and (version := self.at(key, moment)):
                version.thing.seen_at = moment
                shown.append(version.thing)
        return shown


def _same(version: Version, kept: Kept) -> bool:
    then, now = _facts(version.thing), _facts(kept[0])
    return version.tags == kept[1] and then == now


def _facts(thing: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(thing).items() if name not in ("tags", "seen_at", "seen_tags")}


def frozen(thing: Any, tags: dict[str, str]) -> Any:
    """Return a copy of the current state, which later changes do not affect."""
    frozen = copy.copy(thing)
    frozen.seen_tags = dict(tags)
    if "tags" in vars(thing):
        frozen.tags = frozen.seen_tags
    return frozen
