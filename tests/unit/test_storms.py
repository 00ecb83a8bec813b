# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storms, and runs that collide: see tests/storms. Fixed seeds, a few new ones each day, and each that ever failed."""

from __future__ import annotations

import itertools
import os
from datetime import date

import pytest

from tests.storms.collisions import collided
from tests.storms.harbour import Harbour
from tests.storms.shrink import smallest
from tests.storms.weather import storm_of

CLOUDS = ("ebs", "ecs", "ens", "cbs")
#: Told by `make test`; all workers of a run must have the same.
NEW = int(os.environ.get("STORM_SEED") or date.today().strftime("%Y%m%d"))
#: Seeds that once went wrong, in the code or in the judgement.
KEPT = [
    ("ebs", 26), ("ebs", 45), ("ebs", 51), ("ebs", 60),
    ("ecs", 247), ("ecs", 260), ("ecs", 371),
    ("ens", 34), ("ens", 80), ("ens", 220),
    ("cbs", 36), ("cbs", 41), ("cbs", 72), ("cbs", 258), ("cbs", 284),
]  # fmt: skip


def brief(cloud, begin, number):
    """Return the first seeds from ``begin`` on whose storms take seconds: a call costs up to 20 ms, most of it on EC2.

    The long ones pass with the others in `make storm`.
    """
    storms = ((seed, storm_of(cloud, seed)) for seed in itertools.count(begin))
    return list(itertools.islice((seed for seed, storm in storms if calls_of(storm) <= 150), number))


def calls_of(storm):
    """Estimate the calls of a storm: each copy is begun, and followed by polls for as long as the window needs."""
    copies = len(storm.sources) * storm.destinations
    window = min(storm.options["max_in_flight"], storm.quota)
    seconds = copies / window * (storm.copy_seconds + storm.visible_after)
    return copies * 5 + seconds / storm.options["wait_delay"]


SEEDS = [(cloud, seed) for cloud in CLOUDS for seed in (*brief(cloud, 0, 25), *brief(cloud, NEW, 5))] + KEPT
COLLISIONS = [(cloud, seed) for cloud in CLOUDS for seed in (*range(8), *range(NEW, NEW + 2))] + [
    ("ebs", 28),
    ("cbs", 22),
]


@pytest.fixture
def harbours(request):
    served = {"ebs": "_ec2", "ecs": "_alibaba_ecs", "ens": "_alibaba_ens", "cbs": "_tencent_cbs"}
    return lambda cloud: Harbour(cloud, request.getfixturevalue(served[cloud]))


@pytest.mark.parametrize(("cloud", "seed"), SEEDS)
def test_a_storm_loses_doubles_and_touches_nothing(harbours, cloud, seed):
    harbour = harbours(cloud)
    verdict = harbour.passed(seed)
    if verdict.faults:
        least = smallest(storm_of(cloud, seed), lambda storm: harbour.judged(storm).faults, tries=60)
        pytest.fail(f"seed {seed}: {verdict.faults[:5]}\nsmallest: {least}\n{harbour.judged(least).faults}")


@pytest.mark.parametrize(("cloud", "seed"), COLLISIONS)
def test_runs_that_collide_lose_nothing_and_withdraw_or_tell_each_double(harbours, cloud, seed):
    harbour = harbours(cloud)
    found = collided(seed, harbour.estate_on)
    assert not found.faults
    assert not found.left or cloud in ("ens", "cbs")  # which cannot cancel; what is left was told, or would be a fault
