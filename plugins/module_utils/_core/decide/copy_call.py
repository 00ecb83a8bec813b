# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a request's copy call. Each method returns the next state.

.. code-block:: text

    state        meaning                                                 becomes
    Idle         none was sent, or the last one returned a copy          Sent
    Sent         its answer is outstanding                               Idle, InDoubt, CallRefused
    InDoubt      its answer was lost, or another call makes the copy     Found, once a copy shows; Sent, once
                                                                         doubt_seconds are over
    Found        it was in doubt, and its copy, or another one, shows    Sent, if that copy fails or is gone
    CallRefused  it was refused: for good, or until it is sent again     Sent, unless for good

A failure that applies to all calls to a region changes every state except Sent to CallRefused.
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
    """``at``: time by the cloud's clock (aware). ``error``: that of the previous call."""

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
class CallRefused:
    error: CopyError
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class CopyCall:
    """The state of the copy calls that this run sent for a request."""

    state: Idle | Sent | InDoubt | Found | CallRefused = Idle()
    #: From when until when calls with a lost answer were outstanding, by the cloud's clock (aware).
    lost_spans: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def is_out(self) -> bool:
        """Whether a call is outstanding now."""
        return isinstance(self.state, Sent)

    @property
    def is_in_doubt(self) -> bool:
        """Whether the last call may have taken effect, or another call makes the copy, and no copy has shown."""
        return isinstance(self.state, InDoubt)

    @property
    def may_have_made_one(self) -> bool:
        """Whether a call is outstanding, or the answer to one was lost."""
        return self.is_out or bool(self.lost_spans)

    @property
    def error(self) -> CopyError | None:
        """Why the last call that was answered or lost returned no copy."""
        return self.state.error

    @property
    def final_error(self) -> CopyError | None:
        """Why no further call is sent."""
        return self.state.error if isinstance(self.state, CallRefused) and self.state.is_final else None

    def sent(self, utc_now: datetime) -> CopyCall:
        return replace(self, state=Sent(utc_now, self.error))

    def not_sent(self) -> CopyCall:
        """Return the state if a call that was due was not sent."""
        return replace(self, state=CallRefused(self.error) if self.error else Idle())

    def accepted(self) -> CopyCall:
        return replace(self, state=Idle())

    def in_doubt(self, error: CopyError, now: float, utc_now: datetime) -> CopyCall:
        """Return the state after a lost answer, or if (``Underway``) another call is making the copy."""
        since = self.state.at if isinstance(self.state, Sent) else utc_now
        spans = self.lost_spans if isinstance(error, Underway) else (*self.lost_spans, (since, utc_now))
        return CopyCall(InDoubt(error, now), spans)

    def refused(self, error: CopyError, for_good: bool) -> CopyCall:
        return replace(self, state=CallRefused(error, for_good))

    def found(self) -> CopyCall:
        """Return the state after a copy appeared that ends the doubt about the last call, if there is any."""
        return replace(self, state=Found(self.state.error)) if isinstance(self.state, InDoubt) else self
