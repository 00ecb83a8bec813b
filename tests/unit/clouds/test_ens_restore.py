# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises of every restore module on ENS, and what is specific to ENS."""

from __future__ import annotations

import pytest

from tests.unit.contracts.restoring import RestoreContract, row_of


class TestEns(RestoreContract):
    on = "ens_disks"

    # -- the size of a snapshot is uncertain (api-facts: ens-sizes) ---------------------------

    def test_a_size_below_a_snapshots_is_refused_before_any_write(self, cloud):
        """The service raises a size that is too small."""
        out = cloud.restore(cloud.copy(size=60), size_gib=50, wait=True)
        assert not out.failed and row_of(out)["size_gib"] == 60, out.text
        assert not cloud.restore(cloud.copy(size=60), size_gib=50, wait=True).failed

    def test_an_unknown_type_and_a_bad_size_are_reported_together_before_any_write(self, cloud):
        for check in (True, False):
            out = cloud.restore(cloud.copy(), disk_type="cloud_of_dreams", wait=True, check=check)
            assert out.failed and "cloud_of_dreams" in out["msg"] and not cloud.disks()
            assert cloud.disk_type in out["msg"], "what there is instead is named"
        out = cloud.restore(cloud.copy(), size_gib=5, wait=True)
        assert out.failed and "20 to 32000 GiB" in out["msg"] and not cloud.disks()

    # -- specific to ENS -----------------------------------------------------------------------------------

    def test_a_disk_that_has_lost_its_tags_is_known_by_its_name(self, cloud):
        copy = cloud.copy()
        cloud.restore(copy, wait=True, restore_id="flood.2026_11")
        (disk,) = cloud.disks()
        assert disk.name == f"{copy}:flood:2026_11"
        disk.tags.clear()
        out = cloud.restore(copy, wait=True, restore_id="flood.2026_11")
        assert not out["changed"] and len(cloud.disks()) == 1
        cloud.restore(copy, wait=True, restore_id="flood.2026.11")
        assert len(cloud.disks()) == 2, "another restore's name is another name"
        disk.tags.update(cloud.restore_tags_of(copy, "somebody-elses"))
        gone = cloud.restore(copy, state="absent", wait=True, restore_id="flood.2026_11")
        assert not gone["changed"] and len(cloud.disks()) == 2, "its tags say otherwise"

    def test_an_order_that_is_billed_is_given_once(self, cloud):
        """After a lost answer the run looks for the disk for two minutes before it orders again."""
        cloud.settings(visible_after=100.0)
        cloud.set_faults({"action": cloud.make_action, "fault": "lose_answer", "nth": [1]})
        out = cloud.restore(*[cloud.copy() for _n in range(3)], wait=True)
        assert not out.failed and len(cloud.disks()) == 3 and cloud.calls[cloud.make_action] == 3

    @pytest.mark.parametrize("cycle", [None, "Hour", "Month"])
    def test_disks_are_billed_by_the_cycle_that_is_asked(self, cloud, cycle):
        out = cloud.restore(cloud.copy(), wait=True, instance_billing_cycle=cycle or ...)
        assert not out.failed and [disk.billing_cycle for disk in cloud.disks()] == [cycle]
        refused = cloud.restore(cloud.copy(), instance_billing_cycle="Year")
        assert refused.failed and "instance_billing_cycle" in refused["msg"] and len(cloud.disks()) == 1

    def test_an_order_that_could_not_be_created_is_tried_a_few_times(self, cloud):
        answer = {"code": "Order.CreateFailed", "message": "no order"}
        cloud.set_faults({"action": cloud.make_action, "fault": "refuse", "times": 2, **answer})
        assert not cloud.restore(cloud.copy(), wait=True).failed
        cloud.set_faults({"action": cloud.make_action, "fault": "refuse", **answer})
        out = cloud.restore(cloud.copy(), wait=True)
        assert out.failure()["code"] == "Order.CreateFailed" and len(cloud.disks()) == 1
