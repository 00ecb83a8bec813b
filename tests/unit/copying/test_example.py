# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples of docs/development/testing.md."""

from __future__ import annotations

from tests.support.night_runs import night
from tests.unit.contracts.bad_days import clouds, ids


@clouds("ebs", "ecs", "ens", "cbs")
def test_a_lost_copy_is_adopted_by_the_next_run(cloud):
    """One copy, although the answer was lost (promises: exactly-once)."""
    source = cloud.snapshot()
    cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
    cloud.run(source, wait=True, wait_timeout=5)
    out = cloud.run(source, wait=True)
    assert not out.failed and ids(cloud.copies()) == {out["snapshot_id"]}
    assert cloud.calls[cloud.copy_action] == 1


def test_the_newest_snapshot_is_copied(ebs, tmp_path):
    disk = ebs.disk(**{"dr-copy": "true"})
    source = ebs.snapshot(disk)
    ended = night(ebs, report_dir=str(tmp_path), rpo_hours=24)
    assert not ended.message and [copy.source_id for copy in ebs.copies()] == [source]
