# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings by offset and page number that change while they are read (promises: listings)."""

from __future__ import annotations

import math

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds import paging
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.paging import (
    by_number,
    by_offset,
    items_of,
    joined_pages,
    token_pages,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Unreachable
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.listing import Pages
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.waiting import Clock, Deadline
from hypothesis import given
from hypothesis import strategies as st

SIZE = 10
WAYS = {"offset": by_offset, "number": by_number}


class Listing:
    """A list that a service shows in pages of ten, oldest first.

    ``changes`` says what happens to it before the first, second, ... requested page. ``way``: how a page is requested.
    ``most``: the largest page. ``count``: the count that the service reports.
    """

    def __init__(self, ids, changes=None, way="offset", most=SIZE, count=len):
        self.ids, self.changes, self.way, self.most, self.count = list(ids), changes or {}, way, most, count
        self.asked = 0
        self.pages = Pages(Deadline(Clock(), math.inf), 30.0)

    def page(self, given):
        self.asked += 1
        self.changes.get(self.asked, lambda ids: None)(self.ids)
        if self.way == "offset":
            start, size = given["Offset"], given["Limit"]
        else:
            size = given["PageSize"]
            start = (given["PageNumber"] - 1) * size
        assert 1 <= size <= SIZE and start >= 0
        found = self.ids[start : start + min(size, self.most)]
        return paging.Page([{"id": i} for i in found], self.count(self.ids))

    def read(self, most=None):
        span_of = WAYS[self.way](SIZE)
        return [i["id"] for i in joined_pages(self.page, span_of, lambda i: i["id"], self.pages, "Listing", most)]


ways = pytest.mark.parametrize("way", WAYS)


@ways
@pytest.mark.parametrize(("number", "calls"), [(0, 1), (1, 1), (9, 1), (10, 2), (11, 2), (17, 2)])
def test_a_listing_of_one_page_takes_one_call(way, number, calls):
    listing = Listing(range(number), way=way)
    assert listing.read() == list(range(number)) and listing.asked == calls and not listing.pages.may_be_incomplete


@ways
@pytest.mark.parametrize("number", [25, 99, 100, 500])
def test_every_page_begins_before_the_end_of_the_one_before(way, number):
    listing = Listing(range(number), way=way)
    assert listing.read() == list(range(number)) and not listing.pages.may_be_incomplete
    assert listing.asked <= 2 + number / (SIZE - (1 if way == "offset" else 4))


@ways
def test_a_deleted_item_and_a_new_one_hide_none_between_pages(way):
    listing = Listing(range(25), {2: lambda ids: (ids.remove(3), ids.append(99))}, way)
    assert {*listing.read()} >= {*range(25), 99} - {3} and not listing.pages.may_be_incomplete


@ways
def test_many_deletions_at_once_are_reported_as_a_gap(way):
    listing = Listing(range(80), {3: lambda ids: ids.__delitem__(slice(0, 40))}, way)
    assert listing.read() and listing.pages.may_be_incomplete


@ways
def test_a_first_page_of_a_replica_that_lags_hides_none(way):
    late = [-1, *range(24)]  # it still shows one that is deleted, and not yet the newest one
    listing = Listing(late, {2: lambda ids: (ids.remove(-1), ids.append(24))}, way)
    assert {*listing.read()} >= {*range(25)}


@ways
@given(data=st.data())
def test_everything_that_exists_all_the_time_is_listed_or_a_gap_is_reported(way, data):
    number = data.draw(st.integers(0, 60))
    changes, gone = {}, set()
    for asked in range(2, 9):
        deleted = data.draw(st.lists(st.integers(0, max(0, number - 1)), max_size=6))
        comes = data.draw(st.integers(0, 4))
        gone.update(deleted)
        changes[asked] = lambda ids, deleted=deleted, comes=comes, asked=asked: (
            ids.__setitem__(slice(None), [i for i in ids if i not in deleted]),
            ids.extend(range(1000 * asked, 1000 * asked + comes)),
        )
    listing = Listing(range(number), changes, way)
    found = listing.read()
    assert len(found) == len({*found})
    assert listing.pages.may_be_incomplete or {*range(number)} - gone <= {*found}


@ways
@pytest.mark.parametrize("number", range(0, 130, 7))
def test_a_listing_with_small_pages_ends(way, number):
    """No page of four overlaps with pages that end at the twelfth item: that is reported as a gap."""
    listing = Listing(range(number), way=way)
    found = joined_pages(listing.page, WAYS[way](4), lambda item: item["id"], listing.pages, "Listing")
    assert [item["id"] for item in found] == list(range(number)) and listing.asked <= 3 + number
    assert way == "number" or not listing.pages.may_be_incomplete


@ways
@pytest.mark.parametrize("count", [lambda ids: 3, lambda ids: None, lambda ids: "25"])
def test_no_count_ends_a_listing(way, count):
    listing = Listing(range(25), way=way, count=count)
    assert listing.read() == list(range(25)) and not listing.pages.may_be_incomplete


@ways
def test_a_count_that_says_more_than_all_pages_show_is_a_gap(way):
    listing = Listing(range(5), way=way, count=lambda ids: 99)
    assert listing.read() == list(range(5)) and listing.asked == 2 and listing.pages.may_be_incomplete


def test_a_short_page_is_not_the_last_while_the_count_says_more():
    listing = Listing(range(25), most=7)
    assert listing.read() == list(range(25)) and not listing.pages.may_be_incomplete


@ways
def test_a_page_with_everything_needs_no_further_page(way):
    listing = Listing(range(10), way=way)
    assert listing.read(most=10) == list(range(10)) and listing.asked == 1


def test_pages_that_never_end_are_reported(monkeypatch):
    monkeypatch.setattr(paging, "MAX_PAGES", 20)
    numbers = iter(range(1000))
    pages = Listing([]).pages
    with pytest.raises(Unreachable, match="do not end"):
        joined_pages(
            lambda _given: paging.Page([{"id": 0}, *({"id": next(numbers)} for _n in range(9))], 999),
            by_offset(SIZE),
            lambda item: item["id"],
            pages,
            "Listing",
        )


@pytest.mark.parametrize(("tokens", "may_be_incomplete"), [([None], False), (["10", None], True), ([""], False)])
def test_pages_by_token_are_not_known_to_join(tokens, may_be_incomplete):
    pages, answers = Listing([]).pages, iter(tokens)
    assert list(token_pages(lambda _token: ({"NextToken": next(answers)}, [1]), pages, "Listing")) == [1] * len(tokens)
    assert pages.may_be_incomplete == may_be_incomplete and pages.number == len(tokens)


def test_null_is_empty_only_with_a_count_of_0():
    for answer in ({"SnapshotSet": None, "TotalCount": 0}, {"TotalCount": 0}):
        assert items_of(answer, "SnapshotSet", activity="Listing") == []
    assert (
        items_of({"Snapshots": {"Snapshot": None}, "TotalCount": 0}, "Snapshots", "Snapshot", activity="Listing") == []
    )
    for answer in ({"SnapshotSet": None, "TotalCount": 3}, {"SnapshotSet": None}, {"TotalCount": 3}, {}):
        with pytest.raises(Unreachable, match="contains no SnapshotSet"):
            items_of(answer, "SnapshotSet", activity="Listing")
