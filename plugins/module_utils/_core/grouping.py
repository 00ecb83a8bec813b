# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups of items that share a key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
Key = TypeVar("Key")


def grouped(items: Iterable[T], key: Callable[[T], Key]) -> dict[Key, list[T]]:
    """Return the items by key. Keys and items keep the order of the items."""
    found: dict[Key, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def grouped_pairs(pairs: Iterable[tuple[Key, T]]) -> dict[Key, list[T]]:
    """Return the second items of pairs by their first. Both keep the order of the pairs."""
    found: dict[Key, list[T]] = {}
    for key, item in pairs:
        found.setdefault(key, []).append(item)
    return found


def largest_groups(items: Iterable[T], key: Callable[[T], object]) -> list[list[T]]:
    """Return the items with the same key, the largest group first."""
    return sorted(grouped(items, key).values(), key=len, reverse=True)
