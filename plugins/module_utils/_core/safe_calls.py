# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls of a cloud: in batches, with errors of one kind, with retries of reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from .errors import Ambiguous, CopyError, Unreachable
from .pacing import retry_until_answered
from .waiting import Deadline

Answer = TypeVar("Answer")
Item = TypeVar("Item")


def batches(values: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """Split a list into batches for one call each."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def call_safely(kind: type[CopyError], call: Callable[[], Answer]) -> Answer:
    """Make a call. Any other exception becomes a CopyError of this kind, so that it does not affect other calls."""
    try:
        return call()
    except CopyError:
        raise
    except Exception as error:
        raise kind(
            f"The response could not be read ({type(error).__name__}: {error})",
            hint="Check the endpoint and the proxy.",
        ) from error


def read_safely(read: Callable[[], Answer]) -> Answer:
    """Read once from a cloud. Raises a CopyError, but never Ambiguous: a read leaves nothing in doubt."""
    try:
        return call_safely(Unreachable, read)
    except Ambiguous as error:
        raise error.as_kind(Unreachable) from error


def read_with_retries(read: Callable[[], Answer], deadline: Deadline) -> Answer:
    """Read from a cloud; a failure that may pass is retried until the deadline. Raises a CopyError."""
    return retry_until_answered(lambda: read_safely(read), deadline)
