# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What listings of all copies of a source have shown. Times are seconds on the monotonic clock."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model import Resource, State
from .sightings import Absence


@dataclass(frozen=True, slots=True)
class InitialCopies:
    """What existed before this run wrote anything: from one listing, or from two if one may lack copies."""

    known: frozenset[str]
    failed: frozenset[str]
    #: Whether missing copies do not exist: one listing had no gap, or there were two listings (promises: listings).
    is_confirmed: bool


@dataclass(eq=False, slots=True)
class Listings:
    """``at``: when the last one started. ``fresh_at``: from when the last one counts that allows a copy to start."""

    at: float = -math.inf
    fresh_at: float = -math.inf
    at_first: InitialCopies | None = None
    #: The listings in succession that have shown no copy.
    nothing_shown: Absence = field(default_factory=Absence)

    @property
    def is_confirmed(self) -> bool:
        return self.at_first is not None and self.at_first.is_confirmed

    def record_initial(self, shown: Mapping[str, Resource], may_be_incomplete: bool) -> None:
        """Record what existed before this run wrote anything, in addition to what an earlier listing has shown."""
        before = self.at_first or InitialCopies(frozenset(), frozenset(), False)
        self.at_first = InitialCopies(
            before.known | {i for i, copy in shown.items() if _is_there(copy)},
            before.failed | {i for i, copy in shown.items() if copy.state is State.ERROR},
            is_confirmed=self.at_first is not None or not may_be_incomplete,
        )

    def record(self, shown: Mapping[str, Resource], at: float, counts_from: float) -> None:
        """Record a listing that started at ``at``, and counts from ``counts_from``."""
        self.at = at
        self.fresh_at = counts_from if self.is_confirmed else self.fresh_at
        if any(_is_there(copy) for copy in shown.values()):
            self.nothing_shown = Absence()
        else:
            self.nothing_shown.record_miss(at)


def _is_there(copy: Resource) -> bool:
    return copy.is_copy and copy.state is not State.ABSENT
