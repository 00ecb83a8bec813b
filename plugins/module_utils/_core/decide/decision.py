# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a decision. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from ..errors import CopyError
from ..model import Resource, TagChange
from .drift import NO_DRIFT, Drift
from .writes import WriteKind


class NextStep(Enum):
    """The next step for a request that has not failed."""

    GO_ON = "go on"  #: Look, read and write, as the decision says.
    BEGIN = "begin"  #: Send the copy call.
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Failed:
    """A request failed. ``cause``: the copy that is the reason, if none counts."""

    error: CopyError
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class Deletions:
    """Which copies are deleted.

    - ``to_delete``: copies to delete in the end; ``now``: deletions that may be sent now; ``survivor_of``: the survivor
      of each; ``must_show``: survivors of other sources that must be seen complete first.
    - ``refused``: copies that should be deleted but must not be.
    """

    to_delete: tuple[Resource, ...] = ()
    now: tuple[Resource, ...] = ()
    survivor_of: Mapping[str, str] = field(default_factory=dict)
    must_show: tuple[str, ...] = ()
    refused: tuple[tuple[Resource, CopyError], ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """When (monotonic) another look is worthwhile.

    - ``at``: when; ``at_all``: at all copies; ``poll_at``: when to look at a copy in progress while others wait for
      room.
    - ``compare``: a listing is needed at some time; ``recheck``: one is needed once a copy of this run is complete.
    - ``unsure``: only another look shows whether a missing copy does not exist, in check mode too.
    """

    at: float = math.inf
    at_all: bool = False
    poll_at: float = math.inf
    compare: bool = False
    recheck: bool = False
    unsure: bool = False


#: Look at all copies now.
LIST_NOW = Look(at=-math.inf, at_all=True)


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do for one request now, and which copy counts.

    ``copy`` is the one that counts; ``update``: the kind of write to it that may be sent now; ``detach``: the disks
    that may be detached now; ``retry_at``: when (monotonic) a refused write may be sent again.
    """

    copy: Resource | None = None
    next: NextStep | Failed = NextStep.GO_ON
    look: Look = Look()
    deletions: Deletions = Deletions()
    drift: Drift = NO_DRIFT
    update: WriteKind | None = None
    detach: tuple[Resource, ...] = ()
    needs_locks: bool = False
    needs_source: bool = False
    retry_at: float = math.inf

    @property
    def begin(self) -> bool:
        return self.next is NextStep.BEGIN

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do or to wait for."""
        return self.next is NextStep.NOTHING or isinstance(self.next, Failed)

    @property
    def error(self) -> CopyError | None:
        return self.next.error if isinstance(self.next, Failed) else None

    @property
    def cause(self) -> str | None:
        """The copy because of which the request failed, if none counts."""
        return self.next.cause if isinstance(self.next, Failed) else None

    @property
    def change(self) -> TagChange:
        """The change of tags that may be sent now."""
        return self.drift.tags.first_change if self.update == WriteKind.TAGS else TagChange()

    @property
    def expiry(self) -> datetime | None:
        """The time of expiry that may be sent now."""
        return self.drift.expiry.at if self.update == WriteKind.EXPIRY else None


def failed(error: CopyError, copy: Resource | None = None, cause: str | None = None) -> Decision:
    """Return the decision that a request failed. ``copy``: the one that counts; ``cause``: if none counts."""
    return Decision(copy, Failed(error, cause))
