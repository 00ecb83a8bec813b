# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a request's copy call. Pure; each method returns the state that follows.

.. code-block:: text

    state      meaning                                                  becomes
    Idle       none was sent, or the last one returned a copy           Sent
    Sent       it is out                                                Idle, InDoubt, Refused
    InDoubt    its answer was lost, or another call makes the copy      Found, once a copy shows; Sent, once the time
                                                                        of doubt is over
    Found      it was in doubt, and its copy, or another's, shows       Sent, where that copy fails or goes
    Refused    it was refused: for good, or until it is sent again      Sent, unless for good

A failure that holds for all calls to a region makes Refused of each state but Sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ..errors import CopyError, Underway


@dataclass(frozen=True, slots=True)
class Idle:
    error: None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """``at``: by the cloud's clock (aware). ``error``: that of the call before it."""

    at: datetime
    error: CopyError | None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """``since``: seconds on the monotonic clock."""

    error: CopyError
    since: float


@dataclass(frozen=True, slots=True)
class Found:
    error: CopyError


@dataclass(frozen=True, slots=True)
class Refused:
    error: CopyError
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class CopyCall:
    """What became of the copy calls that this run sent for a request."""

    state: Idle | Sent | InDoubt | Found | Refused = Idle()
    #: When calls whose answer was lost were out, by the cloud's clock (aware).
    lost: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def is_out(self) -> bool:
        """Whether a call is out now."""
        return isinstance(self.state, Sent)

    @property
    def is_in_doubt(self) -> bool:
        """Whether the last call may have taken effect, or another one makes the copy, and no copy has shown."""
        return isinstance(self.state, InDoubt)

    @property
    def may_have_made_one(self) -> bool:
        """Whether a call is out, or the answer to one was lost."""
        return self.is_out or bool(self.lost)

    @property
    def error(self) -> CopyError | None:
        """Why the last call that was answered, or lost, returned no copy."""
        return self.state.error

    @property
    def final_error(self) -> CopyError | None:
        """Why no call is sent any more."""
        return self.state.error if isinstance(self.state, Refused) and self.state.is_final else None

    def sent(self, today: datetime) -> CopyCall:
        return replace(self, state=Sent(today, self.error))

    def not_sent(self) -> CopyCall:
        """A call that was to be sent was not."""
        return replace(self, state=Refused(self.error) if self.error else Idle())

    def accepted(self) -> CopyCall:
        return replace(self, state=Idle())

    def in_doubt(self, error: CopyError, now: float, today: datetime) -> CopyCall:
        """It is unknown whether the call took effect; or (``Underway``) another call is just making the copy."""
        since = self.state.at if isinstance(self.state, Sent) else today
        lost = self.lost if isinstance(error, Underway) else (*self.lost, (since, today))
        return CopyCall(InDoubt(error, now), lost)

    def refused(self, error: CopyError, for_good: bool) -> CopyCall:
        return replace(self, state=Refused(error, for_good))

    def found(self) -> CopyCall:
        """A copy shows that ends the doubt about the last call, if there is any."""
        return replace(self, state=Found(self.state.error)) if isinstance(self.state, InDoubt) else self
