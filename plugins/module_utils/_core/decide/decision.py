# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided for one request: the primary copy, what it lacks, and what follows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import CopyError
from ..model import Resource
from .drift import NO_DRIFT, Drift
from .updates import Update


@dataclass(frozen=True, slots=True)
class Look:
    """When (monotonic) another look is worthwhile.

    - ``at``: when; ``list_all``: at all copies.
    - ``compare``: a listing must still show whether another run started an earlier copy (``Region`` says when).
    - ``recheck``: after a copy of this run is complete, one more listing must show whether a late copy is earlier.
    - ``unsure``: only another look shows whether a missing copy does not exist, in check mode too.
    """

    at: float = math.inf
    list_all: bool = False
    compare: bool = False
    recheck: bool = False
    unsure: bool = False


#: Look at all copies now.
LIST_NOW = Look(at=-math.inf, list_all=True)


@dataclass(frozen=True, slots=True)
class Continue:
    """The request goes on: what to look at, to read and to write now.

    - ``update``: the write to the primary copy; ``delete``, ``detach``: the copies to delete, or to detach.
    - ``must_show``: survivors of other sources that must be seen complete before a deletion.
    - ``retry_at``: when (monotonic) a refused write may be sent again.
    """

    look: Look = Look()
    needs_source: bool = False
    needs_locks: bool = False
    update: Update | None = None
    delete: tuple[Resource, ...] = ()
    must_show: tuple[str, ...] = ()
    detach: tuple[Resource, ...] = ()
    retry_at: float = math.inf


@dataclass(frozen=True, slots=True)
class Begin:
    """Send the copy call."""


BEGIN = Begin()


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do or to wait for."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The request failed. ``cause``: the copy that is the reason, if none counts."""

    error: CopyError
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedDeletions:
    """Which copies are deleted in the end.

    ``survivor_of``: the survivor of each copy; ``refused``: copies that should be deleted but must not be.
    """

    to_delete: tuple[Resource, ...] = ()
    survivor_of: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[tuple[Resource, CopyError], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one request.

    ``copy`` is the primary copy, ``drift`` what it lacks. ``poll_at``: when to look at it while it is in progress
    and others wait for its room.
    """

    next: Continue | Begin | Done | Failed
    copy: Resource | None = None
    drift: Drift = NO_DRIFT
    deletions: PlannedDeletions = PlannedDeletions()
    poll_at: float = math.inf

    @property
    def steps(self) -> Continue:
        """What to do now: nothing if the request does not go on."""
        return self.next if isinstance(self.next, Continue) else NO_STEPS

    @property
    def begins(self) -> bool:
        return isinstance(self.next, Begin)

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do or to wait for."""
        return isinstance(self.next, (Done, Failed))

    @property
    def error(self) -> CopyError | None:
        return self.next.error if isinstance(self.next, Failed) else None

    @property
    def cause(self) -> str | None:
        """The copy because of which the request failed, if none counts."""
        return self.next.cause if isinstance(self.next, Failed) else None


NO_STEPS = Continue()


def failed(error: CopyError, copy: Resource | None = None, cause: str | None = None) -> Decision:
    """Return the decision that a request failed. ``copy``: the primary copy; ``cause``: if none counts."""
    return Decision(Failed(error, cause), copy)
