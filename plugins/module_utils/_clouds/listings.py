# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists that are cut into calls, and that come in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from .._copy.errors import Unreachable

Item = TypeVar("Item")
#: More pages than any account fills.
MOST_PAGES = 2000


def batches(values: Sequence[Item], size: int) -> Iterator[list[Item]]:
    """Cut a list into pieces that one call takes."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


def items_of(answer: Mapping[str, Any], *keys: str, tried: str) -> list[Any]:
    """Return the list that an answer holds under these keys. Raises Unreachable where there is none: it is not an empty one."""
    found: Any = answer
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    if not isinstance(found, list):
        raise Unreachable(
            f"{tried}: the answer holds no {keys[-1]}", hint="Check the endpoint and the proxy, then run again."
        )
    return found


def steady_pages(
    page: Callable[[int], tuple[list[dict[str, Any]], Any]],
    size: int,
    id_of: Callable[[dict[str, Any]], Any],
    tried: str,
) -> list[dict[str, Any]]:
    """Read all pages of a listing by number or offset; once more where it changed meanwhile, since pages then skip or repeat.

    ``page`` takes a number from 1 and returns items and the total. Raises Unreachable where the listing changes all the time
    or never ends.
    """
    for _attempt in range(5):
        listed: list[dict[str, Any]] = []
        totals = set()
        for number in range(1, MOST_PAGES + 1):
            items, total = page(number)
            listed += items
            totals.add(total)
            if len(items) < size or len(listed) == total:
                break
        else:
            raise Unreachable(f"{tried}: the pages of the listing do not end")
        if len(totals) == 1 and len({id_of(item) for item in listed}) == len(listed):
            return listed
    raise Unreachable(f"{tried}: the listing changes all the time", hint="Run again.")
