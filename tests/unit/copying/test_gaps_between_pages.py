# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No copy hides between two pages, through the module's main() (promises: listings)."""

from __future__ import annotations

import pytest

from tests.unit.contracts.bad_days import clouds, copies_of, ids, with_script

PAGE = {"ecs": 100, "ens": 50, "cbs": 100}
PAGED = clouds("ecs", "ens", "cbs")


def with_a_full_page(cloud):
    """Fill a page of the destination with older snapshots."""
    others = [cloud.snapshot(region=cloud.destination, age_hours=1000 - n) for n in range(PAGE[cloud.cloud.name])]
    cloud.clock.sleep(5)
    return others


def our_copies(cloud, number=1):
    """Create a source with this many copies of ours, the first one first."""
    source, copies = cloud.snapshot(), []
    for _copy in range(number):
        copies.append(cloud.create_our_copy(source))
        cloud.clock.sleep(5)
    return source, *copies


def changing(cloud, others, before=2):
    """Before page ``before`` an old snapshot is deleted and a new one appears, so that the count is the same."""
    pages = []

    def fault_of(action, region):
        if action == cloud.list_action:
            pages.append(region)
            if len(pages) == before:
                cloud.forget(others[0], cloud.destination)
                cloud.snapshot(region=cloud.destination, age_hours=0)

    with_script(cloud, fault_of)


@PAGED
@pytest.mark.parametrize("wait", [False, True])
def test_no_second_copy_is_made_of_one_between_two_pages(cloud, wait):
    others = with_a_full_page(cloud)
    source, there = our_copies(cloud)
    changing(cloud, others)
    out = cloud.run(source, wait=wait)
    assert not out.failed and not out["changed"] and out["snapshot_id"] == there.id
    assert ids(copies_of(cloud, source)) == {there.id} and not cloud.calls[cloud.copy_action]


@PAGED
@pytest.mark.parametrize("check", [False, True])
def test_absent_finds_the_one_between_two_pages(cloud, check):
    others = with_a_full_page(cloud)
    source, _there = our_copies(cloud)
    changing(cloud, others)
    out = cloud.run(source, state="absent", wait=True, check=check)
    assert not out.failed and out["changed"] and out["counts"]["deleted"] == 1
    assert len(copies_of(cloud, source)) == check


@clouds("ecs")
@pytest.mark.parametrize("check", [False, True])
def test_no_copy_is_locked_while_the_one_that_counts_is_between_two_pages(cloud, check):
    others = with_a_full_page(cloud)
    source, counts, _double = our_copies(cloud, 2)
    changing(cloud, others)
    out = cloud.run(source, lock_days=7, wait=True, check=check)
    assert not out.failed and out["snapshot_id"] == counts.id
    assert [copy.id for copy in copies_of(cloud, source) if copy.lock] == ([] if check else [counts.id])


@PAGED
def test_somebody_elses_copy_between_two_pages_counts(cloud):
    others = with_a_full_page(cloud)
    sources = [cloud.snapshot() for _n in range(3)]
    there = cloud.create_foreign_copy(sources[0])
    cloud.clock.sleep(5)
    changing(cloud, others)
    out = cloud.run(*sources, wait=True)
    assert not out.failed and out["copies"][0]["snapshot_id"] == there.id and len(cloud.copies()) == 3


@clouds("ens", "cbs")
def test_a_first_page_of_a_replica_that_lags_hides_nothing(cloud, monkeypatch):
    others = with_a_full_page(cloud)
    source = cloud.snapshot()
    there = cloud.create_our_copy(source)
    cloud.clock.sleep(60)
    kept, asked = cloud.server.account.snapshots, []
    gone = kept[cloud.destination].pop(others[0])
    new = cloud.snapshot(region=cloud.destination, age_hours=0)
    real = cloud.server.account.shown

    def shown(region):
        asked.append(region)
        if region == cloud.destination and asked.count(region) == 1:
            return [gone, *[s for s in kept[region].values() if s.id != new]]
        return real(region)

    monkeypatch.setattr(cloud.server.account, "shown", shown)
    out = cloud.run(source)
    assert not out["changed"] and ids(copies_of(cloud, source)) == {there.id}


@PAGED
@pytest.mark.parametrize(("older", "sources", "more"), [(0, 1, 0), (-20, 5, 0), (5, 1, 1), (5, 3, 3)])
def test_a_missing_copy_costs_at_most_one_call_for_each_source(cloud, older, sources, more):
    """No call if everything is on one page (promises: listings)."""
    number = PAGE[cloud.cloud.name] + older - (1 if older <= 0 else 0)
    for n in range(number):
        cloud.snapshot(region=cloud.destination, age_hours=1000 - n)
    asked = [cloud.snapshot() for _n in range(sources)]
    listed = []
    with_script(
        cloud,
        lambda action, region: (
            listed.append(action) if action == cloud.list_action and region == cloud.destination else None
        ),
    )
    out = cloud.run(*asked, state="absent")
    assert not out.failed and not out["changed"]
    pages = -(-number // PAGE[cloud.cloud.name]) or 1
    calls = len(listed) if listed else cloud.calls[cloud.list_action]
    assert calls <= pages + more


def test_many_pages_of_copies_of_the_console_hide_none_on_aws(ebs):
    """AWS's pages come by tokens, so a second look requests only the sources that are to be copied."""
    sources = [ebs.snapshot() for _n in range(3)]
    there = ebs.create_foreign_copy(sources[0])
    for _n in range(1100):
        ebs.create_foreign_copy(sources[1], seconds=0.0)
    pages = []
    real = ebs.adapter.list_copies

    def list_copies(cloud, region, ids_=None):
        pages.append(ids_)
        listing = real(cloud, region, ids_)
        if len(pages) == 1:  # as if one were missed between two pages
            assert listing.may_be_incomplete
            copies = [c for c in listing.copies if c.id != there.id]
            return type(listing)(copies, listing.may_be_incomplete, listing.pages)
        return listing

    ebs.adapter.list_copies = list_copies
    try:
        out = ebs.run(sources[0], sources[2])
    finally:
        ebs.adapter.list_copies = real
    assert out["copies"][0]["snapshot_id"] == there.id and out["counts"]["created"] == 1 and len(pages) == 2
