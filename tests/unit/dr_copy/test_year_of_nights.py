# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nights on each simulated cloud, one after the other; `make nights` runs a whole year.

Storms of nights run on all clouds every day, in test_storms.py.
"""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.batches import copy_batches
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan

from tests.clouds import CLOUDS
from tests.nights.year import Year
from tests.storms.servers import StormServer
from tests.support.daily import daily_sample

pytestmark = pytest.mark.slow

#: As many nights as prune, plus the week in which the source region is down.
NIGHTS = 22


@pytest.mark.parametrize("cloud", daily_sample(CLOUDS))
def test_nights_end_with_just_what_the_variables_describe(cloud, served, tmp_path):
    year = Year(cloud, StormServer(cloud, served(cloud)).estate(), tmp_path)
    for number in range(NIGHTS):
        year.night(fails=number % 9 == 5)
    year.night(fails=False)
    assert not year.wrong
    assert year.points() == year.described() and year.pruned > 5


def test_no_disk_starves_in_nights_that_are_too_short(ecs):
    """Each night has time for a quarter of the disks, and all disks have a new snapshot."""
    cloud = ecs
    disks = [cloud.disk(**{"dr-copy": "true"}) for _n in range(8)]
    cloud.settings(copy_seconds=100.0)
    newest = dict.fromkeys(disks, 0)
    for night in range(1, 25):
        cloud.clock.sleep(86400 - (cloud.clock.monotonic() - 1000.0) % 86400)
        of_tonight = {cloud.snapshot(disk): disk for disk in disks}
        listed = cloud.info(cloud.source, disk_tags={"dr-copy": "true"})
        copies = cloud.info(cloud.destination, copies_from=[cloud.source])["snapshots"]
        now = cloud.clock.utc().isoformat()
        plan = copy_plan(listed["snapshots"], listed["disks"], copies, [cloud.destination], now=now)
        for call in copy_batches(plan, None, ()):
            out = cloud.run(*call["snapshot_ids"], wait=True, wait_timeout=150, max_in_flight=1)
            started = {row["source_snapshot_id"] for row in out["copies"] if row["snapshot_id"]}
            newest.update({of_tonight[i]: night for i in started & of_tonight.keys()})
        assert night < 8 or min(newest.values()) >= night - 4, (night, newest)
