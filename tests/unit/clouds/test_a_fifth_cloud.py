# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cloud that was written from the guide alone keeps the promises, runs a night of the role, and passes storms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulator.clock import ExchangeableClock
from tests.simulator.wire import wired
from tests.storms.collisions import draw_collision
from tests.storms.harder import draw_hard_storm
from tests.storms.role.draws import draw_role_storm
from tests.storms.servers import URL, StormServer
from tests.support.night_runs import night
from tests.toy import plugged
from tests.toy.adapter import PAGE
from tests.toy.estate import ToyEstate
from tests.toy.server import Toy
from tests.unit.contracts.bad_days import BadDaysContract, PagedListings, TaggedCopies
from tests.unit.contracts.copying import CopyContract
from tests.unit.contracts.writes import TagWrites, WritesContract


@pytest.fixture
def toy():
    clock = ExchangeableClock()
    server = Toy(clock)
    with plugged(), wired({URL: server.app}):
        yield ToyEstate(server, clock.clock, URL)


class TestCopies(CopyContract):
    on = "toy"
    test_a_profile_that_is_not_there_says_what_to_do_next = None  # the toy accepts only keys


class TestBadDays(TaggedCopies, PagedListings, BadDaysContract):
    on = "toy"
    page_size = PAGE


class TestWrites(TagWrites, WritesContract):
    on = "toy"


def test_a_night_copies_prunes_and_judges(toy):
    disks = [toy.disk(**{"dr-copy": "true"}) for _n in range(3)]
    for disk in disks:
        toy.create_our_copy(toy.snapshot(disk, 90))
        toy.snapshot(disk, 30)
    toy.disk(**{"dr-copy": "true"})  # without snapshots
    first = night(toy, keep=1, rpo_hours=48)
    assert "1 of 4 recovery points misses the RPO" in first.message
    assert first.result["counts"]["created"] == 3 and len(first.result["pruned"]) == 3 == len(toy.copies())
    before = toy.calls.copy()
    again = night(toy, keep=1, rpo_hours=48)
    assert again.message == first.message and set(toy.calls - before) == {"DescribeSnapshots", "DescribeDisks"}


@pytest.mark.parametrize("storm_of", [draw_hard_storm, draw_collision])
@pytest.mark.parametrize("seed", range(3))
def test_a_storm_loses_nothing_and_makes_no_second_copy(storm_of, seed):
    with plugged():
        findings = StormServer("toy").run_and_check(storm_of("toy", seed))
    assert not findings.violations and findings.calls > 10


def test_a_storm_of_nights_loses_nothing_and_reports_the_truth():
    with plugged():
        storm = draw_role_storm("toy", 0, evenings=2)
        # The toy makes no disks.
        storm = replace(storm, evenings=tuple(replace(evening, restores=()) for evening in storm.evenings))
        findings = StormServer("toy").run_and_check(storm)
    assert not findings.violations and findings.calls > 10
