# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a request's copy call. Each method returns the next state.

.. code-block:: text

    state      meaning                                                   becomes
    Idle       none was sent                                             Sent
    Sent       its answer is outstanding                                 Accepted, InDoubt, Refused, Rejected; the state
                                                                         before, if it was not sent after all
    Accepted   it returned a copy                                        Sent, if that copy never showed and is gone
    InDoubt    its answer was lost, or another call makes the copy       Found, once a copy shows; Sent, once
                                                                         doubt_seconds are over
    Found      it was in doubt, and its copy, or another one, shows      Sent, if that copy fails or is gone
    Refused    it was refused, and may be sent again                     Sent
    Rejected   it was refused for good                                   nothing

If a failure applies to all calls to a region, the queued requests that have requested nothing become Rejected too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ..errors import CopyError, Underway


@dataclass(frozen=True, slots=True)
class Idle:
    """None was sent."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The last call returned a copy."""


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


@dataclass(frozen=True, slots=True)
class Rejected:
    error: CopyError


@dataclass(frozen=True, slots=True)
class Sent:
    """``at``: time by the cloud's clock (aware). ``before``: the state to which it returns if it was not sent."""

    at: datetime
    before: Idle | Accepted | InDoubt | Found | Refused


@dataclass(frozen=True, slots=True)
class CopyCall:
    """The state of the copy calls that this run sent for a request."""

    state: Idle | Sent | Accepted | InDoubt | Found | Refused | Rejected = Idle()
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
        state = self.state.before if isinstance(self.state, Sent) else self.state
        return None if isinstance(state, (Idle, Accepted)) else state.error

    @property
    def final_error(self) -> CopyError | None:
        """Why no further call is sent."""
        return self.state.error if isinstance(self.state, Rejected) else None

    def _outstanding(self) -> Sent:
        """Return the outstanding call. Raises ValueError if there is none."""
        if not isinstance(self.state, Sent):
            raise ValueError(f"an answer to a copy call came although the last one is {type(self.state).__name__}")
        return self.state

    def sent(self, utc_now: datetime) -> CopyCall:
        """Return the state after a call was sent. Raises ValueError if none may be."""
        if isinstance(self.state, (Sent, Rejected)):
            raise ValueError(f"a copy call was sent although the last one is {type(self.state).__name__}")
        return replace(self, state=Sent(utc_now, before=self.state))

    def not_sent(self) -> CopyCall:
        """Return the state if the call was not sent after all. Raises ValueError if none is outstanding."""
        return replace(self, state=self._outstanding().before)

    def accepted(self) -> CopyCall:
        """Return the state after a copy was returned. Raises ValueError if no call is outstanding."""
        self._outstanding()
        return replace(self, state=Accepted())

    def in_doubt(self, error: CopyError, now: float, utc_now: datetime) -> CopyCall:
        """Return the state after a lost answer, or if (``Underway``) another call is making the copy.

        Raises ValueError if no call is outstanding.
        """
        sent_at = self._outstanding().at
        spans = self.lost_spans if isinstance(error, Underway) else (*self.lost_spans, (sent_at, utc_now))
        return CopyCall(InDoubt(error, now), spans)

    def refused(self, error: CopyError) -> CopyCall:
        """Return the state after a call was refused. Raises ValueError if none is outstanding."""
        self._outstanding()
        return replace(self, state=Refused(error))

    def rejected(self, error: CopyError) -> CopyCall:
        """Return the state after this call, or one that stands for all, was refused for good."""
        return replace(self, state=Rejected(error))

    def found(self) -> CopyCall:
        """Return the state after a copy appeared that ends the doubt about the last call, if there is any."""
        return replace(self, state=Found(self.state.error)) if isinstance(self.state, InDoubt) else self
