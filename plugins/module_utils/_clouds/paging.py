# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pagination: listings that come in several pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

from .._core.errors import Ambiguous, Unreachable
from .._core.listing import Pages

Item = TypeVar("Item")
Answer = TypeVar("Answer")
#: More pages than any account has.
MAX_PAGES = 2000


def returned(
    value: Answer | None,
    what: str,
    activity: str,
    request_id: str | None = None,
    error: type[Ambiguous] = Ambiguous,
) -> Answer:
    """Return what a write must return.

    Raises ``error`` if it is missing: Ambiguous if the call may be sent again once nothing shows, as with a client
    token; AcceptedWithoutId if that would be a second order.
    """
    if not value:
        raise error(f"{activity}: the call was accepted, but returned no {what}", request_id=request_id)
    return value


def items_of(answer: Mapping[str, Any], *keys: str, activity: str) -> list[Any]:
    """Return the list under these keys of an answer; with a count of 0 an empty list may be null or missing.

    Raises Unreachable if there is no list, which is not the same as an empty one (api-facts: null-listings).
    """
    found: Any = answer
    for key in keys:
        if isinstance(found, Mapping) and found.get(key) is None and answer.get("TotalCount") == 0:
            return []
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        raise Unreachable(
            f"{activity}: the response contains no {keys[-1]}", hint="Check the endpoint and the proxy, then run again."
        )
    return found


def identified(listed: list[Any], key: str, activity: str) -> list[Any]:
    """Return a list of items with their IDs, which are optional in the service's model (api-facts: optional-members).

    Raises Unreachable if an ID is missing: an item without an ID can be neither followed nor ignored.
    """
    if not all(item.get(key) for item in listed):
        raise Unreachable(f"{activity}: the response contains an item without {key}", hint="Check the proxy, if any.")
    return listed


def token_pages(
    page: Callable[[Any], tuple[Mapping[str, Any], list[Item]]], pages: Pages, activity: str
) -> Iterator[Item]:
    """Read all pages of a listing whose answers contain a token for the next page.

    ``page`` takes a token, None for the first page, and returns answer and items. A token may be an offset, so pages
    may not join (api-facts: page-gaps). Raises Unreachable if the pages never end.
    """
    token, seen = None, set()
    while True:
        answer, items = pages.read(partial(page, token))
        yield from items
        token = answer.get("NextToken")
        if not token:
            return
        if token in seen:
            raise Unreachable(f"{activity}: the pages of the listing do not end")
        seen.add(token)
        pages.record_gap()


class Page(NamedTuple):
    """The items of a page, the count of all items that it shows, and the page size if the service may reduce it."""

    items: list[dict[str, Any]]
    total: Any
    size: int | None = None


@dataclass(frozen=True)
class Span:
    """The items of a list on one page: ``limit`` items from ``offset`` on.

    ``given`` are the parameters that request the page.
    """

    offset: int
    limit: int
    given: Mapping[str, Any]


def by_offset(size: int) -> Callable[[int, int], Span]:
    """Return a function from an index to the page that begins there, for services that accept an offset."""
    return lambda index, _end: Span(index, size, {"Limit": size, "Offset": index})


def by_number(size: int) -> Callable[[int, int], Span]:
    """Return a function from an index to a page that begins there or earlier.

    It is for services that accept a page number and size. Pages of one size never overlap. So it chooses the size, up
    to ``size``, whose page shows most items beyond ``end``.
    """

    def span_of(index: int, end: int) -> Span:
        spans = (_numbered(index // length + 1, length) for length in range(size, 0, -1))
        return max(spans, key=lambda span: (span.offset + span.limit > end, span.offset + span.limit))

    return span_of


def _numbered(number: int, size: int) -> Span:
    return Span((number - 1) * size, size, {"PageNumber": number, "PageSize": size})


def joined_pages(
    page: Callable[[Mapping[str, Any]], Page],
    span_of: Callable[[int, int], Span],
    id_of: Callable[[dict[str, Any]], Any],
    pages: Pages,
    activity: str,
    max_items: int | None = None,
) -> list[dict[str, Any]]:
    """Read all pages of a list that is sorted oldest first. Each page includes the last item of the previous one.

    So no item is missed that exists during the entire listing, whatever comes and goes meanwhile. A page without an
    item of the earlier ones does not join: then a page that begins one page earlier is read. If that does not join
    either, or if the count is higher than the number of items shown, a gap is recorded in ``pages``. No count ends a
    list; only a short page does (api-facts: page-gaps).

    ``page`` takes the parameters of a page, and reads it. ``max_items`` is the maximum number of items, if known.
    Raises Unreachable if the pages never end.
    """
    found: dict[Any, dict[str, Any]] = {}
    index, end, back_from = 0, 0, -1
    for _number in range(MAX_PAGES):
        span = span_of(index, end)
        items, total, size = pages.read(partial(page, span.given))
        before = len(found)
        joins = not found or any(id_of(item) in found for item in items)
        if not joins and back_from != end:
            index, back_from = max(0, end - span.limit), end
            continue
        if not joins:
            pages.record_gap()
        found.update((id_of(item), item) for item in items)
        is_short, shows_new = len(items) < min(span.limit, size or span.limit), len(found) > before
        says_more = isinstance(total, int) and total > span.offset + len(items)
        if len(found) == max_items or (is_short and not (says_more and shows_new)):
            if says_more and len(found) != max_items:
                pages.record_gap()
            return list(found.values())
        end = max(end, span.offset + len(items))
        # If a page shows nothing new, earlier items are gone, and the next ones are further on.
        index = end - 1 if shows_new else end
    raise Unreachable(f"{activity}: the pages of the listing do not end")
