# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises of every restore module on ECS, and what is specific to ECS."""

from __future__ import annotations

import pytest

from tests.unit.contracts.restoring import RestoreContract, row_of


class TestEcs(RestoreContract):
    on = "ecs_disks"

    # -- specific to ECS -----------------------------------------------------------------------------------

    def test_the_deletion_of_a_disk_that_still_loads_data_is_repeated(self, cloud):
        copies = [cloud.copy() for _n in range(3)]
        cloud.settings(disks_load_for=120.0)
        cloud.restore(*copies, wait=True)
        out = cloud.restore(*copies, state="absent", wait=True)
        assert not out.failed and not cloud.disks() and out["counts"]["deleted"] == 3, out.text
        cloud.restore(*copies, wait=True, restore_id="drill")
        out = cloud.restore(*copies, state="absent", restore_id="drill", wait_timeout=20)
        assert {f["code"] for f in out["failures"]} == {"IncorrectDiskStatus.Initializing"} and len(cloud.disks()) == 3
        assert {f["kind"] for f in out["failures"]} == {"busy"}

    def test_a_snapshot_of_a_system_disk_that_the_service_refuses_fails_alone(self, cloud):
        system, good = cloud.copy(), cloud.copy()
        cloud.settings(system_disks=[system])
        out = cloud.restore(system, good, wait=True)
        assert out.failure()["code"] == "InvalidSnapshotId.NotDataDiskSnapshot" and "image" in out.failure()["hint"]
        assert len(cloud.disks()) == 1

    def test_a_snapshot_below_the_smallest_size_of_a_type_needs_a_size(self, cloud):
        small = cloud.copy(size=5)
        out = cloud.restore(small, disk_type="cloud_efficiency", wait=True)
        assert out.failed and small in out["msg"] and "20 to" in out["msg"] and not cloud.disks()
        assert not cloud.restore(small, disk_type="cloud_efficiency", size_gib=20, wait=True).failed

    def test_a_zone_that_is_sold_out_is_reported_before_any_write(self, cloud):
        out = cloud.restore(cloud.copy(), zone="cn-beijing-a", wait=True)
        assert out.failed and "cn-beijing-b" in out["msg"] and not cloud.disks()

    def test_a_disk_of_an_encrypted_snapshot_is_encrypted(self, cloud):
        out = cloud.restore(cloud.copy(encrypted=True), wait=True)
        assert not out.failed and row_of(out)["encrypted"] is True, out.text

    def test_a_token_that_is_worked_on_is_sent_again(self, cloud):
        answer = {"code": "LastTokenProcessing", "message": "The last token request is processing.", "status": 403}
        cloud.set_faults({"action": cloud.make_action, "fault": "refuse", "times": 2, **answer})
        out = cloud.restore(cloud.copy(), wait=True)
        assert not out.failed and len(cloud.disks()) == 1

    def test_a_token_of_another_call_leads_to_a_look_first(self, cloud):
        """The killed run's call had another expiry, so the token is refused; its disk shows later."""
        copy = cloud.copy()
        cloud.settings(visible_after=8.0)
        cloud.set_faults({"action": cloud.make_action, "fault": "lose_answer"})
        cloud.restore(copy, wait_timeout=2, expires_after_hours=5)
        cloud.set_faults()
        out = cloud.restore(copy, wait=True, expires_after_hours=5)
        assert not out.failed and len(cloud.disks()) == 1, out.text

    @pytest.mark.parametrize(
        ("size", "asked", "level"),
        [(10, {}, "PL0"), (19, {}, "PL0"), (20, {}, ""), (10, {"size_gib": 12}, "PL0"), (10, {"size_gib": 20}, "")],
    )
    def test_a_disk_below_the_smallest_of_its_usual_level_gets_the_level_that_has_it(self, cloud, size, asked, level):
        out = cloud.restore(cloud.copy(size=size), wait=True, **asked)
        assert not out.failed, out["msg"]
        (disk,) = cloud.disks()
        assert (disk.size, disk.performance_level) == (asked.get("size_gib", size), level)
        assert not cloud.restore(disk.snapshot_id, wait=True, **asked)["changed"]
