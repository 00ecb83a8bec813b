# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs may cost: calls, and time on the simulated clock. tests/benchmark measures full sizes."""

from __future__ import annotations

import pytest

from tests.clouds import CLOUDS

MINUTES = 60


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ebs", "ecs", "cbs"])
def test_a_full_window_of_long_copies_loses_no_time_and_costs_few_reads(request, name):
    """80 copies of ten minutes with a quota of 20 take four rounds (promises: quota)."""
    cloud, copies, quota, seconds, latency = request.getfixturevalue(name), 80, 20, 10 * MINUTES, 0.3
    sources = [cloud.snapshot(age_hours=n + 1) for n in range(copies)]
    cloud.settings(copy_seconds=float(seconds), quota=quota, latency=latency)
    started = cloud.clock.monotonic()
    out = cloud.run(*sources, wait=True, wait_timeout=36000)
    assert not out.failed and out["counts"]["completed"] == copies and cloud.peak_in_progress() == quota
    bound = copies / quota * seconds + copies * latency
    assert cloud.clock.monotonic() - started <= 1.02 * bound
    assert cloud.calls[cloud.list_action] <= 5 * copies


@pytest.mark.slow
@pytest.mark.parametrize("name", CLOUDS)
def test_a_full_window_of_short_copies_loses_little_time(request, name):
    """80 copies of five seconds with a quota of 20, with short latencies (promises: quota)."""
    cloud, copies, quota, seconds, latency = request.getfixturevalue(name), 80, 20, 5.0, 0.003
    sources = [cloud.snapshot(age_hours=n + 1) for n in range(copies)]
    cloud.settings(copy_seconds=seconds, quota=quota, latency=latency)
    out = cloud.run(*sources, wait=True)
    assert not out.failed and out["counts"]["completed"] == copies
    started = sorted(cloud.started_at(copy) for copy in cloud.copies())
    assert started[-1] + seconds - started[0] <= 1.05 * (copies / quota * seconds + copies * latency)
    assert cloud.calls[cloud.list_action] <= 2 * copies
