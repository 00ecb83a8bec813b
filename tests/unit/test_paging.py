# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings by offset and page number, read while they change (promises: listings)."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds import paging
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.paging import items_of, steady_pages
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Unreachable


class Listing:
    """A listing by offset, oldest first.

    ``changes`` says what happens to it before the first, second, ... page asked.
    """

    def __init__(self, ids, changes=None, longest=100):
        self.ids, self.changes, self.longest, self.asked, self.seen = list(ids), changes or {}, longest, 0, 0

    def page(self, number):
        self.asked += 1
        self.changes.get(self.asked, lambda ids: None)(self.ids)
        self.seen = 0 if number == 1 else self.seen
        found = self.ids[self.seen : self.seen + min(10, self.longest)]
        self.seen += len(found)
        return [{"id": i} for i in found], len(self.ids)

    def read(self):
        return [item["id"] for item in steady_pages(self.page, 10, lambda item: item["id"], "Listing")]


def test_all_pages_are_read_once():
    listing = Listing(range(25))
    assert listing.read() == list(range(25)) and listing.asked == 3
    assert Listing([]).read() == []


def test_a_short_page_is_not_the_last_while_the_count_says_more():
    listing = Listing(range(25), longest=7)
    assert listing.read() == list(range(25)) and listing.asked == 4


@pytest.mark.parametrize("before", [2, 3])
def test_growth_is_harmless_and_read_too(before):
    listing = Listing(range(25), {before: lambda ids: ids.append(99)})
    assert listing.read() == [*range(25), 99] and listing.asked == 3


def test_a_listing_that_grows_by_whole_pages_is_followed():
    listing = Listing(range(20), {2: lambda ids: ids.extend(range(100, 125))})
    assert listing.read() == [*range(20), *range(100, 125)]


def test_a_listing_that_shrinks_is_read_again():
    listing = Listing(range(25), {2: lambda ids: ids.remove(3)})
    # What came after the one that is gone has moved up, so the first reading lacks one.
    assert listing.read() == [i for i in range(25) if i != 3] and listing.asked == 6


def test_a_listing_that_shrinks_and_grows_again_is_read_again():
    listing = Listing(range(35), {2: lambda ids: ids.remove(3), 3: lambda ids: ids.append(99)})
    assert listing.read() == [*(i for i in range(35) if i != 3), 99] and listing.asked == 8


def test_an_id_that_comes_twice_makes_it_read_again():
    listing = Listing(range(25), {2: lambda ids: ids.insert(0, 99)})
    assert listing.read() == [99, *range(25)] and listing.asked == 6


def test_a_listing_that_never_rests_is_reported():
    changes = {n: lambda ids: ids.insert(0, -len(ids)) for n in range(2, 99)}
    with pytest.raises(Unreachable, match="kept changing"):
        Listing(range(25), changes).read()


def test_a_count_that_is_always_too_high_ends_when_two_readings_agree():
    asked = []

    def page(number):
        asked.append(number)
        return ([{"id": 1}] if number == 1 else []), 2

    assert steady_pages(page, 10, lambda item: item["id"], "Listing") == [{"id": 1}] and asked == [1, 2, 1, 2]


def test_without_a_count_a_short_page_is_the_last():
    asked = []

    def page(number):
        asked.append(number)
        return [{"id": (number, n)} for n in range(10 if number < 3 else 4)], None

    assert len(steady_pages(page, 10, lambda item: item["id"], "Listing")) == 24 and asked == [1, 2, 3]


def test_pages_that_never_end_are_reported(monkeypatch):
    monkeypatch.setattr(paging, "MOST_PAGES", 20)
    with pytest.raises(Unreachable, match="do not end"):
        steady_pages(lambda number: ([{"id": number}], 999), 1, lambda item: item["id"], "Listing")


def test_null_is_empty_only_beside_a_count_of_0():
    assert items_of({"SnapshotSet": None, "TotalCount": 0}, "SnapshotSet", tried="Listing") == []
    assert items_of({"Snapshots": {"Snapshot": None}, "TotalCount": 0}, "Snapshots", "Snapshot", tried="Listing") == []
    for answer in ({"SnapshotSet": None, "TotalCount": 3}, {"SnapshotSet": None}, {"TotalCount": 0}, {}):
        with pytest.raises(Unreachable, match="contains no SnapshotSet"):
            items_of(answer, "SnapshotSet", tried="Listing")
