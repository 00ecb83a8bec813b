# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists that come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

from .._core.cloud import Pages
from .._core.errors import Unreachable

Item = TypeVar("Item")
#: More pages than any account fills.
MOST_PAGES = 2000
#: How often a listing is read at most if it changes while it is read.
READS = 5


def items_of(answer: Mapping[str, Any], *keys: str, tried: str) -> list[Any]:
    """Return the list that an answer holds under these keys; null beside a count of 0 is an empty list.

    Raises Unreachable if there is no list: that is not an empty one (api-facts: null-listings).
    """
    found: Any = answer
    for key in keys:
        if isinstance(found, Mapping) and found.get(key, "absent") is None and answer.get("TotalCount") == 0:
            return []
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        raise Unreachable(
            f"{tried}: the answer contains no {keys[-1]}", hint="Check the endpoint and the proxy, then run again."
        )
    return found


def token_pages(
    page: Callable[[Any], tuple[Mapping[str, Any], list[Item]]], pages: Pages, tried: str
) -> Iterator[Item]:
    """Read all pages of a listing whose answers name the next one by a token.

    ``page`` takes a token, None for the first, and returns answer and items. Raises Unreachable where the pages never
    end.
    """
    token, seen = None, set()
    while True:
        answer, items = pages.read(partial(page, token))
        yield from items
        token = answer.get("NextToken")
        if not token:
            return
        if token in seen:
            raise Unreachable(f"{tried}: the pages of the listing do not end")
        seen.add(token)


def steady_pages(
    page: Callable[[int], tuple[list[dict[str, Any]], Any]],
    size: int,
    id_of: Callable[[dict[str, Any]], Any],
    tried: str,
) -> list[dict[str, Any]]:
    """Read all pages of a listing by number or offset. It is sorted oldest first, so growth comes at its end.

    ``page`` takes a number from 1 and returns items and the count. The listing is read again where the count fell, an
    ID came twice, or fewer items came than the count says. Raises Unreachable where that goes on, or the pages never
    end.
    """
    before: list[Any] = []
    for _attempt in range(READS):
        listed, fell, total = _all_pages(page, size, tried)
        ids = [id_of(item) for item in listed]
        repeated = len(set(ids)) < len(ids)
        complete = not isinstance(total, int) or len(listed) >= total
        # A count that is always wrong must not stop a run: the same items twice count as all there are.
        if not repeated and not fell and (complete or ids == before):
            return listed
        before = ids
    raise Unreachable(f"{tried}: the listing kept changing while it was read", hint="Run again.")


def _all_pages(
    page: Callable[[int], tuple[list[dict[str, Any]], Any]], size: int, tried: str
) -> tuple[list[dict[str, Any]], bool, Any]:
    """Read pages until the count is reached or one is empty; without a count, until one is short.

    Returns the items, whether the count fell meanwhile, though it may have risen again, and the last count.
    """
    listed: list[dict[str, Any]] = []
    before, fell = 0, False
    for number in range(1, MOST_PAGES + 1):
        items, total = page(number)
        listed += items
        counted = isinstance(total, int)
        if counted:
            fell, before = fell or total < before, total
        if not items or (len(listed) >= total if counted else len(items) < size):
            return listed, fell, total
    raise Unreachable(f"{tried}: the pages of the listing do not end")
