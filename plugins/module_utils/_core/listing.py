# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a listing showed, and how its pages are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .model import Resource
from .pacing import retry_until_answered
from .waiting import Deadline

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Listing:
    """The copies that a listing showed, possibly with other snapshots.

    ``may_be_incomplete``: it came in several pages, and a change between two pages may have hidden a copy. ``pages`` is
    the number of calls.
    """

    copies: Sequence[Resource]
    may_be_incomplete: bool = False
    pages: int = 1


class Pages:
    """Reads the pages of one listing. If a page after the first fails, only that page is read again."""

    def __init__(self, deadline: Deadline, seconds: float):
        self._deadline, self._seconds = deadline, seconds
        #: The number of pages read, and whether two of them may not join.
        self.number, self.may_be_incomplete = 0, False

    def record_gap(self) -> None:
        """Record that two pages may not join, so that an item may be missing between them."""
        self.may_be_incomplete = True

    def read(self, page: Callable[[], Answer]) -> Answer:
        """Read a page. Raises a CopyError, for the first page immediately, because the caller repeats that."""
        answer = retry_until_answered(page, self._deadline.within(self._seconds)) if self.number else page()
        self.number += 1
        return answer

    def listing(self, copies: Sequence[Resource]) -> Listing:
        """Return the copies that these pages showed."""
        return Listing(copies, self.may_be_incomplete, self.number)
