# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A destination with slow calls, answered or not, keeps no other waiting (promises: all-are-tried).

The slow one is always the first, and its calls take so long that each look is too old when they end.
"""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Ambiguous, Unreachable

from tests.clouds import CLOUDS
from tests.support.daily import daily_sample
from tests.unit.contracts.bad_days import clouds, wrong_rows

HANG = 60.0


ALL = clouds("ebs", "ecs", "ens", "cbs")


def slow(cloud, monkeypatch, method, hits, seconds=HANG, error=None):
    """Let the calls of an adapter that ``hits`` chooses take long, and then fail with ``error``."""
    one = f"{method}_one"
    name = one if one in vars(cloud.adapter) else method
    real = getattr(cloud.adapter, name)

    def call(self, *arguments, **named):
        if hits(*arguments):
            cloud.clock.sleep(seconds)
            if error:
                raise error
        return real(self, *arguments, **named)

    monkeypatch.setattr(cloud.adapter, name, call)


def is_for(*regions):
    """Return a function that is true for calls about these regions."""

    def hits(given, *_more):
        if isinstance(given, str):
            return given in regions
        orders = given if isinstance(given, (list, tuple)) else [given]
        return any(order.request.region in regions for order in orders)

    return hits


def regions_of(cloud, count=2):
    return [cloud.destination, cloud.other_destination, cloud.third_destination][:count]


@ALL
@pytest.mark.parametrize("count", [2, 5])
def test_copy_calls_that_hang_delay_no_other_destination(cloud, monkeypatch, count):
    bad, good = regions_of(cloud)
    slow(cloud, monkeypatch, "begin", is_for(bad), error=Ambiguous("lost"))
    sources = [cloud.snapshot() for _n in range(count)]
    out = cloud.run(*sources, destination_regions=[bad, good], wait=True, wait_timeout=900)
    assert len(cloud.copies(good)) == count and not cloud.copies(bad)
    assert {f["region"] for f in out["failures"]} == {bad} and not wrong_rows(cloud, out)


@ALL
def test_deletions_that_hang_delay_no_other_destination(cloud, monkeypatch):
    bad, good = regions_of(cloud)
    sources = cloud.create_copied_snapshots(8, bad, good)
    slow(cloud, monkeypatch, "delete", is_for(bad), error=Ambiguous("lost"))
    out = cloud.run(*sources, destination_regions=[bad, good], state="absent", wait=True, wait_timeout=900)
    assert not cloud.copies(good) and len(cloud.copies(bad)) == 8
    assert {f["region"] for f in out["failures"]} == {bad}


@ALL
def test_deletions_that_hang_delay_no_other_of_their_destination(cloud, monkeypatch):
    sources = cloud.create_copied_snapshots(12)
    chosen = [copy.id for copy in cloud.copies()][:6]

    def hits(_region, given):
        return bool({*([given] if isinstance(given, str) else given)} & {*chosen})

    slow(cloud, monkeypatch, "delete", hits, error=Ambiguous("lost"))
    cloud.run(*sources, state="absent", wait=True, wait_timeout=600)
    assert {copy.id for copy in cloud.copies()} == {*chosen}


@clouds("ebs", "ecs")
def test_deletions_that_hang_delay_no_locks_of_another_destination(cloud, monkeypatch):
    bad, good = regions_of(cloud)
    sources = cloud.create_copied_snapshots(8, bad)
    cloud.clock.sleep(5)
    for source in sources:
        cloud.create_our_copy(source, bad)
    cloud.settings(copy_seconds=30.0)
    slow(cloud, monkeypatch, "delete", is_for(bad), error=Ambiguous("lost"))
    options = {"remove_duplicates": True, "lock_days": 7, "wait": True, "wait_timeout": 400}
    out = cloud.run(*sources, destination_regions=[bad, good], **options)
    assert [bool(row["locked_until"]) for row in out["copies"] if row["region"] == good] == [True] * 8


@clouds("ebs", "ecs", "cbs")
def test_tags_that_hang_delay_no_other_destination(cloud, monkeypatch):
    bad, good = regions_of(cloud)
    sources = cloud.create_copied_snapshots(8, bad, good)
    slow(cloud, monkeypatch, "change_tags", is_for(bad), error=Ambiguous("lost"))
    cloud.run(*sources, destination_regions=[bad, good], tags={"team": "dr"}, wait=True, wait_timeout=900)
    assert [cloud.tags_of(copy).get("team") for copy in cloud.copies(good)] == ["dr"] * 8


@clouds("ebs", "ecs")
def test_locks_that_hang_delay_no_other_destination(cloud, monkeypatch):
    bad, good = regions_of(cloud)
    sources = cloud.create_copied_snapshots(8, bad, good)
    slow(cloud, monkeypatch, "lock", is_for(bad), error=Ambiguous("lost"))
    out = cloud.run(*sources, destination_regions=[bad, good], lock_days=7, wait=True, wait_timeout=900)
    locked = {row["region"] for row in out["copies"] if row["locked_until"]}
    assert locked == {good} and sum(bool(row["locked_until"]) for row in out["copies"]) == 8


@clouds(*daily_sample(CLOUDS))
@pytest.mark.parametrize(
    ("hang", "after", "count", "copy_seconds", "wait_timeout"),
    [(HANG, 20, 30, 30.0, 1800), (20.0, 20, 30, 30.0, 1800), (20.0, 4, 100, 5.0, 360)],
    ids=["long", "short", "short_of_time"],
)
def test_destinations_that_go_dark_delay_no_other(cloud, monkeypatch, hang, after, count, copy_seconds, wait_timeout):
    *dark, good = regions_of(cloud, 3)
    started = cloud.clock.monotonic()

    def hits(region, *_more):
        return region in dark and cloud.clock.monotonic() > started + after

    for method in ("list_copies", "refresh", "list_in_progress"):
        slow(cloud, monkeypatch, method, hits, hang, Unreachable("no answer"))
    sources = [cloud.snapshot() for _n in range(count)]
    cloud.settings(copy_seconds=copy_seconds)
    options = {"wait": True, "max_in_flight": 5, "wait_timeout": wait_timeout}
    cloud.run(*sources, destination_regions=[*dark, good], **options)
    assert len(cloud.copies(good)) == count


@clouds("ebs", "ecs")
def test_copies_are_locked_even_if_locks_are_slow_to_list(cloud, monkeypatch):
    *slow_ones, quick = regions_of(cloud, 3)
    sources = cloud.create_copied_snapshots(3, *slow_ones)
    slow(cloud, monkeypatch, "list_locks", is_for(*slow_ones), 20.0)
    out = cloud.run(*sources, destination_regions=[*slow_ones, quick], lock_days=7, wait=True, wait_timeout=900)
    assert not out.failed and len(cloud.copies(quick)) == 3
    assert all(row["locked_until"] for row in out["copies"]) and len(out["copies"]) == 9
    assert out["api_calls"]["DescribeLockedSnapshots"] < 10


@ALL
def test_destinations_that_are_slow_to_list_delay_no_other(cloud, monkeypatch):
    *slow_ones, quick = regions_of(cloud, 3)
    for method in ("list_copies", "list_in_progress"):
        slow(cloud, monkeypatch, method, is_for(*slow_ones), 20.0)
    sources = [cloud.snapshot() for _n in range(40)]
    cloud.settings(copy_seconds=60.0)
    options = {"wait": True, "max_in_flight": 5, "wait_timeout": 1200}
    cloud.run(*sources, destination_regions=[*slow_ones, quick], **options)
    assert len(cloud.copies(quick)) == 40


@ALL
@pytest.mark.parametrize("method", ["list_copies", "read_sources"])
def test_one_call_that_hangs_costs_little_more_than_its_own_time(cloud, monkeypatch, method):
    left = iter(range(1))
    started = cloud.clock.monotonic()
    slow(cloud, monkeypatch, method, lambda *_given: next(left, None) == 0, 100.0, Unreachable("no answer"))
    sources = [cloud.snapshot() for _n in range(3)]
    cloud.settings(copy_seconds=5.0)
    assert not cloud.run(*sources, wait=True, wait_timeout=900).failed
    assert cloud.clock.monotonic() - started < 140
