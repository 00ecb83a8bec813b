# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storms and collisions of tests/storms: fixed seeds, a few new ones each day, and each seed that ever failed.

`make test` runs a third of the fixed seeds, another third each day.
"""

from __future__ import annotations

import itertools
import os
import re
from datetime import date

import pytest

from tests.clouds import CLOUDS
from tests.storms.attaching import draw_drill_storm
from tests.storms.collisions import draw_collision
from tests.storms.harder import draw_hard_storm
from tests.storms.role.draws import draw_role_storm
from tests.storms.servers import StormServer
from tests.storms.shrink import describe, shrink_storm
from tests.support.daily import daily_part, daily_sample

pytestmark = pytest.mark.slow

#: Set by `make test`; all workers of a run must have the same.
NEW = int(os.environ.get("STORM_SEED") or date.today().strftime("%Y%m%d"))
#: How many storms and collisions of each cloud run here, and how many new ones; a call costs 10 ms on EC2, 3 elsewhere.
NUMBER = {name: (14, 6, 2) if cloud.is_slow else (25, 8, 4) for name, cloud in CLOUDS.items()}
#: The most calls of a short storm or collision, as estimated.
BRIEF = 150
#: Seeds that once failed because of an error in the code or in the checks.
KEPT = [("ens", 3006)]
KEPT_COLLISIONS = [("ebs", 3008)]


def brief(cloud, begin, number, draw=draw_hard_storm):
    """Return the first seeds from ``begin`` on whose storms take seconds; `make storm` runs the long ones."""
    seeds = (seed for seed in itertools.count(begin) if calls_of(draw(cloud, seed)) <= BRIEF)
    return list(itertools.islice(seeds, number))


def calls_of(storm):
    """Estimate the calls of a storm: each copy is started, and polled while it is in the window."""
    copies = len(storm.sources) * storm.destinations * sum(len(round_.runs) for round_ in storm.rounds)
    seconds = (len(storm.sources) + 9 * len(storm.slow)) * storm.copy_seconds / min(storm.quota, 20)
    waits = sum(run.wait for round_ in storm.rounds for run in round_.runs)
    return copies * 4 + storm.destinations * waits * (15 + seconds / storm.options["wait_delay"])


SEEDS = [
    (cloud, seed)
    for cloud, (storms, _collisions, new) in NUMBER.items()
    for seed in (*daily_part(brief(cloud, 0, storms), 3), *brief(cloud, NEW, new))
] + KEPT
COLLISIONS = [
    (cloud, seed)
    for cloud, (_s, number, _n) in NUMBER.items()
    for seed in (*daily_part(brief(cloud, 0, number, draw_collision), 3), *brief(cloud, NEW, 2, draw_collision))
]
COLLISIONS += KEPT_COLLISIONS
#: Storms over drills: a few fixed ones, one of each day, and those that once failed.
DRILLS = [(cloud, seed) for cloud in CLOUDS for seed in (0, 1, 4, NEW)] + [("ebs", 5012)]


def few_disks(cloud, begin):
    """Return the first seed from ``begin`` on whose storm of nights takes seconds: it has no large server."""
    return next(seed for seed in itertools.count(begin) if len(draw_role_storm(cloud, seed).disks) <= 5)


#: Storms of a few nights: one with servers, sets, renamed or split plans, restores and drills, and a new one each day.
NIGHTS = [("ebs", 49), ("ecs", 53), ("ens", 51), ("cbs", 23)]
NIGHTS += [(cloud, few_disks(cloud, NEW)) for cloud in CLOUDS]


@pytest.fixture
def server(served, cloud):
    return StormServer(cloud, served(cloud))


@pytest.fixture
def server_with_disks(served, cloud):
    return StormServer(cloud, served(cloud, "server_with_disks"), with_disks=True)


@pytest.mark.parametrize(("cloud", "seed"), SEEDS)
def test_a_storm_loses_nothing_and_makes_no_second_copy(server, cloud, seed):
    hold(server, draw_hard_storm(cloud, seed))


@pytest.mark.parametrize(("cloud", "seed"), COLLISIONS)
def test_runs_that_collide_leave_one_copy(server, cloud, seed):
    hold(server, draw_collision(cloud, seed))


@pytest.mark.parametrize(("cloud", "seed"), DRILLS)
def test_a_storm_over_drills_leaves_no_disk_and_touches_no_other(server_with_disks, cloud, seed):
    hold(server_with_disks, draw_drill_storm(cloud, seed))


@pytest.mark.parametrize(("cloud", "seed"), NIGHTS)
def test_a_storm_of_nights_loses_nothing_and_reports_the_truth(server_with_disks, cloud, seed):
    hold(server_with_disks, draw_role_storm(cloud, seed, evenings=4))


def without_request_ids(result):
    """Return a result as text without request IDs, which are random on the simulated clouds as on the real ones."""
    return re.sub(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", "an ID", repr(result))


@pytest.mark.parametrize("cloud", daily_sample(CLOUDS))
def test_the_same_seed_gives_the_same_storm(server, cloud):
    storm = draw_collision(cloud, 2)
    first, second = server.run_and_check(storm), server.run_and_check(storm)
    assert first.log == second.log and first.calls > 10
    results = [[without_request_ids(outcome.result) for outcome in one.simulation.outcomes] for one in (first, second)]
    assert results[0] == results[1]


@pytest.mark.parametrize("cloud", daily_sample(CLOUDS))
def test_the_same_seed_gives_the_same_storm_of_nights(server_with_disks, cloud):
    nights = draw_role_storm(cloud, 2, evenings=2)
    assert server_with_disks.run_and_check(nights).log == server_with_disks.run_and_check(nights).log


def hold(server, storm):
    findings = server.run_and_check(storm)
    if findings.violations:
        least = server.run_and_check(
            shrink_storm(storm, lambda smaller: server.run_and_check(smaller).violations, tries=60, seconds=60)
        )
        pytest.fail(
            f"{findings.violations[:5]}\nthe smallest that fails in the same way: {least.storm}\n{describe(least)}"
        )
