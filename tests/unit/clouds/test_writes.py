# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs write on each cloud: the promises for all, and what is specific to one."""

from __future__ import annotations

import pytest

from tests.unit.contracts.bad_days import failed_ids, ids, with_script, wrong_rows
from tests.unit.contracts.writes import EncryptedCopies, TagWrites, WritesContract, writes_follow_fresh_looks


@pytest.mark.slow  # a call of the simulated EC2 takes 10 ms, on the others 3
class TestEbs(TagWrites, EncryptedCopies, WritesContract):
    on = "ebs"


class TestEcs(TagWrites, EncryptedCopies, WritesContract):
    on = "ecs"

    def test_a_busy_disk_without_an_id_is_rarely_polled(self, cloud):
        """It is unknown which disk is busy, so the region gets growing pauses (promises: quota)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        cloud.get(source).disk_id = ""
        seconds = 600
        refusal = {"fault": "refuse", "code": "InvalidOperation.DiskHasUnfinishedSnapshotCopy"}
        cloud.server.control.script = lambda action, region: (
            refusal if action == cloud.copy_action and cloud.clock.monotonic() < started + seconds else None
        )
        out = cloud.run(source, wait=True)
        assert not out.failed and ids(cloud.copies()) == {out["snapshot_id"]} and not wrong_rows(cloud, out)
        assert 10 <= cloud.calls[cloud.copy_action] <= seconds / 12 + 5
        assert cloud.clock.monotonic() - started < seconds + 40


class TestEns(WritesContract):
    on = "ens"


class TestCbs(TagWrites, WritesContract):
    on = "cbs"

    def test_expiry_is_written_on_looks_of_fifteen_seconds_at_most(self, cloud):
        """Each copy needs a call of its own (promises: exactly-once, expiry)."""
        latency, sources = 4.0, [cloud.snapshot() for _n in range(12)]
        for source in sources:
            cloud.create_our_copy(source)
        cloud.settings(latency=latency)
        seen = with_script(cloud)
        out = cloud.run(*sources, retention_days=30, wait=True)
        assert not out.failed and all(copy.deadline for copy in cloud.copies())
        assert cloud.calls["ModifySnapshotAttribute"] == 12
        assert writes_follow_fresh_looks(cloud, seen, {"ModifySnapshotAttribute"}, latency)

    @pytest.mark.parametrize("kind", ["lose_answer", "error_after", "broken_answer"])
    def test_an_expiry_whose_answer_was_lost_is_looked_at_and_set_once(self, cloud, kind):
        """It took effect, so it is not set again, and changed is true (promises: exactly-once, expiry)."""
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source)
        cloud.set_faults({"action": "ModifySnapshotAttribute", "fault": kind, "nth": [1]})
        out = cloud.run(source, retention_days=30, wait=True)
        assert not out.failed, out["msg"]
        assert cloud.calls["ModifySnapshotAttribute"] == 1 and copy.deadline and out["changed"]
        assert out.copy()["action"] == "updated" and not wrong_rows(cloud, out)

    def test_an_expiry_that_was_not_set_fails_its_copy_alone(self, cloud):
        """Each copy is decided by itself (promises: all-are-tried, expiry)."""
        sources = [cloud.snapshot() for _n in range(3)]
        copies = [cloud.create_our_copy(source) for source in sources]
        cloud.refuse("ModifySnapshotAttribute", "InvalidParameter", nth=[2])
        out = cloud.run(*sources, retention_days=30, wait=True)
        assert out.failed and failed_ids(out) == {copies[1].id} and cloud.calls["ModifySnapshotAttribute"] == 3
        assert [bool(copy.deadline) for copy in copies] == [True, False, True]
