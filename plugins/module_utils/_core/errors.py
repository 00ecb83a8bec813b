# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The failures of a copy, and whether each allows another attempt.

.. code-block:: text

    CopyError                 kind          another attempt
    |- Refused                refused       never
    |  |- BadInput            refused       never: found before anything was sent
    |  |- NotFound            not_found     never
    |  |- NotReady            not_ready     never
    |  |- FailedCopy          failed_copy   never in this run
    |  |- TagsFull            refused       never in this run: a quota of tags is used up
    |  |- Mismatch            mismatch      never
    |  '- TimedOut            timeout       by the next run
    |- Credentials            credentials   never, and no further call to that region
    |  '- Forbidden           credentials   never, but for other copies
    |- Busy                   busy          later, until the deadline
    |  |- Throttled           busy          later; the pauses grow
    |  |  '- NotSent           busy          later: no call was sent
    |  |- QuotaFull           busy          when a copy in progress has ended
    |  |- DiskBusy            busy          when the other copy of the disk has ended
    |  '- Underway            busy          after looking for the copy that somebody has started
    |- Unreachable            connection    later: the request was never sent
    '- Ambiguous              ambiguous     only after looking for the effect of the write
       '- AcceptedWithoutId ambiguous     never: the call took effect, but its answer names no copy

Each adapter converts the errors of its SDK into these classes, with one table of codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from . import minimum_python  # noqa: F401  # pylint: disable=unused-import  # it ends a module on an older Python

#: The hint about a refusal of a cloud for which nothing better is known.
FIX_THE_CAUSE = "Read the cloud's message, fix the cause, then run again."
#: The hint if an account has reached its limit of snapshots.
TOO_MANY_SNAPSHOTS = "Delete unneeded snapshots in this region, or request a higher quota."


class Retry(Enum):
    """What a failed call means for another attempt."""

    NEVER = "never"
    LATER = "later"
    LOOK_FIRST = "look first"


_SECRETS = (
    (
        re.compile(r"(?i)((?:access_?key_?id|signature|security_?token|x-[a-z0-9-]+|credential|secret)=)[^&\s\"',]+"),
        r"\1***",
    ),
    (re.compile(r"(?i)((?:security|tc)-token\s*:\s*)[^\s\"',\\]+"), r"\1***"),
    (re.compile(r"(?i)(authorization:?\s*)[a-z0-9]+-hmac-sha256.*"), r"\1***"),
    (re.compile(r"(?i)(presignedurl=)\S+"), r"\1***"),
    (re.compile(r"(?is)(header value\b).*"), r"\1 ***"),
    (re.compile(r"(?i)(https?://)[^/\s:@]+:[^/\s@]+@"), r"\1***@"),
)


def redacted(text: str) -> str:
    """Return ``text`` without keys, signatures, tokens and signed URLs."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class CopyError(Exception):
    """A failure with the cloud's message; ``code`` and ``request_id`` come from the cloud."""

    kind = "refused"
    retry = Retry.NEVER
    #: Whether the failure of one copy call applies to all further calls to the same destination.
    holds_for_all = False
    #: The hint if there is no more specific one.
    usual_hint: str | None = None

    def __init__(
        self, message: str, *, code: str | None = None, request_id: str | None = None, hint: str | None = None
    ):
        super().__init__(redacted(message))
        self.code = code
        self.request_id = request_id
        self.hint = hint or self.usual_hint

    @property
    def message(self) -> str:
        return str(self)

    def as_kind(self, kind: type[CopyError], message: str | None = None, hint: str | None = None) -> CopyError:
        """Return this failure as another class, with the same code and request ID.

        A hint that is usual for its class is replaced by the usual one of the other class.
        """
        own = self.hint if self.hint != self.usual_hint else None
        return kind(message or self.message, code=self.code, request_id=self.request_id, hint=hint or own)

    def as_result(self, snapshot_id: str | None, region: str | None, copy_id: str | None = None) -> dict[str, Any]:
        """Return the failure in the form of the result, for a source ``snapshot_id`` and a destination ``region``."""
        return {
            "source_snapshot_id": snapshot_id,
            "region": region,
            "snapshot_id": copy_id,
            "kind": self.kind,
            "code": self.code,
            "message": self.message,
            "request_id": self.request_id,
            "hint": self.hint,
        }


def kind_of(code: str, errors: Mapping[str, type[CopyError]]) -> type[CopyError] | None:
    """Return the class of a code, or None. An unlisted code means the same as the part before its dot."""
    while code:
        if code in errors:
            return errors[code]
        code = code.rpartition(".")[0]
    return None


def failure_kinds(of: type[CopyError] = CopyError) -> set[str]:
    """Return the values of ``kind`` in the results."""
    return {of.kind}.union(*(failure_kinds(kind) for kind in of.__subclasses__()))


class Refused(CopyError):
    """The cloud or a rule of this collection refuses the call; another attempt does not help."""


class BadInput(Refused):
    """The user's options are invalid; found before anything was sent."""

    usual_hint = "Correct the options, then run again."

    def __init__(self, problems: Sequence[str] | str, **facts: str | None):
        """``facts`` are those of every CopyError: ``code``, ``request_id`` and ``hint``."""
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("; ".join(self.problems), **facts)


class NotFound(Refused):
    kind = "not_found"
    usual_hint = "Check the ID and the region."


class NotReady(Refused):
    kind = "not_ready"
    usual_hint = "Check its state in the console, then run again."


class FailedCopy(Refused):
    kind = "failed_copy"


class TagsFull(Refused):
    """The account has reached its limit of tags: no new key, or no new value of a key, can be set on any copy."""


class Mismatch(Refused):
    kind = "mismatch"


class TimedOut(Refused):
    kind = "timeout"


class Credentials(CopyError):
    """The login is missing or has expired: every further call to the region would fail too."""

    kind = "credentials"
    holds_for_all = True


class Forbidden(Credentials):
    """The caller lacks a permission. It may depend on the snapshot and its tags, so the other calls are still sent."""

    holds_for_all = False


class Busy(CopyError):
    kind = "busy"
    retry = Retry.LATER


class Throttled(Busy):
    """Too many requests: try again after a growing pause."""


class NotSent(Throttled):
    """The call was not sent, because the cloud's limit of calls left no time for it before the deadline."""


class QuotaFull(Busy):
    """Too many copies in progress at the destination: try again when one has ended."""


class DiskBusy(Busy):
    """The disk has an unfinished copy at the destination: try again when that has ended."""


class Underway(Busy):
    """Somebody else is making the same copy: wait until it shows, and adopt it."""

    retry = Retry.LOOK_FIRST


class Unreachable(CopyError):
    kind = "connection"
    retry = Retry.LATER
    usual_hint = "Check the network, the proxy, and whether the region exists."


class Ambiguous(CopyError):
    """The answer to a write was lost or is missing: the call may have taken effect or not. No read raises it."""

    kind = "ambiguous"
    retry = Retry.LOOK_FIRST
    usual_hint = "Run again. The next run checks whether the call took effect."


class AcceptedWithoutId(Ambiguous):
    """The cloud accepted a copy call, but its answer names no copy.

    The call is not sent again: that would be a second order.
    """

    usual_hint = "Look for the copy in the cloud's console before running again: another run may make a second one."
