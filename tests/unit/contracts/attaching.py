# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the restore modules promise about disks that are attached to an instance (promises: attaching)."""

from __future__ import annotations

import pytest

from tests.unit.contracts.bad_days import with_script
from tests.unit.contracts.copying import OnOneCloud

TAG = "dr-restore:attached-to"


class AttachingContract(OnOneCloud):
    """The promises, each through the module's main() against the simulated cloud on a fake clock."""

    @pytest.fixture(autouse=True)
    def _servers(self, cloud):
        zone = cloud.zone
        there = {cloud.server_id: {"zone": zone}, cloud.other_server_id: {"zone": zone}}
        cloud.settings(instances={**there, cloud.far_server_id: {"zone": cloud.other_zone}})

    def attached(self, cloud):
        return {disk.id: cloud.holder_of(disk) for disk in cloud.disks()}

    def test_disks_are_attached_once_they_are_available(self, cloud):
        copies = [cloud.copy() for _n in range(3)]
        out = cloud.restore(*copies, attach_to=cloud.server_id, wait=True)
        assert not out.failed and out["changed"] and out["counts"]["in_use"] == 3, out.text
        assert set(self.attached(cloud).values()) == {(cloud.server_id, "attached")}
        for row in out["disks"]:
            assert (row["action"], row["state"], row["attached_to"]) == ("created", "in_use", cloud.server_id)
            assert row["tags"][TAG] == cloud.server_id
            assert row["guest_device"] == cloud.path_in_the_guest(row["disk_id"])
        devices = [row["device"] for row in out["disks"]]
        assert len(set(devices)) == 3 or set(devices) == {None}
        assert all(cloud.tags_of_disk(disk)[TAG] == cloud.server_id for disk in cloud.disks())
        before = cloud.calls.copy()
        again = cloud.restore(*copies, attach_to=cloud.server_id, wait=True)
        assert not again.failed and not again["changed"]
        assert not (cloud.calls - before)[cloud.attach_action]

    def test_a_disk_that_is_there_is_attached_and_tagged(self, cloud):
        copy = cloud.copy()
        cloud.restore(copy, wait=True)
        out = cloud.restore(copy, attach_to=cloud.server_id)
        assert not out.failed and out["changed"] and out["disks"][0]["action"] == "none", out.text
        assert self.attached(cloud) == {out["disk_id"]: (cloud.server_id, "attaching")}
        assert cloud.tags_of_disk(cloud.disks()[0])[TAG] == cloud.server_id

    def test_a_run_that_does_not_wait_warns_of_disks_that_it_does_not_attach(self, cloud):
        cloud.settings(disk_seconds=20)
        copy = cloud.copy()
        out = cloud.restore(copy, attach_to=cloud.server_id)
        assert not out.failed and out["disks"][0]["state"] == "creating", out.text
        warnings = str(out["warnings"])
        assert out["disk_id"] in warnings and "Run again to attach them" in warnings
        cloud.clock.sleep(30)
        assert "warnings" not in cloud.restore(copy, attach_to=cloud.server_id).result
        assert self.attached(cloud) == {out["disk_id"]: (cloud.server_id, "attaching")}

    @pytest.mark.parametrize("kind", ["lose_answer", "drop"])
    def test_a_lost_answer_attaches_no_disk_twice(self, cloud, kind):
        copies = [cloud.copy() for _n in range(2)]
        cloud.set_faults({"action": cloud.attach_action, "fault": kind, "nth": [1]})
        out = cloud.restore(*copies, attach_to=cloud.server_id, wait=True)
        assert not out.failed and out["counts"]["in_use"] == 2, out.text
        assert set(self.attached(cloud).values()) == {(cloud.server_id, "attached")}
        assert cloud.calls[cloud.attach_action] == (2 if kind == "lose_answer" else 3)

    def test_the_next_run_attaches_the_disks_that_a_killed_run_left(self, cloud):
        copies = [cloud.copy() for _n in range(3)]
        cloud.settings(attach_seconds=30.0)
        out = cloud.restore(*copies, attach_to=cloud.server_id, wait=True, wait_timeout=10)
        assert out.failed and "attached" in out["msg"]
        again = cloud.restore(*copies, attach_to=cloud.server_id, wait=True)
        assert not again.failed and len(cloud.disks()) == 3, again.text
        assert cloud.calls[cloud.attach_action] == 3

    def test_a_disk_that_is_attached_elsewhere_is_named_and_left(self, cloud):
        one, two = cloud.copy(), cloud.copy()
        cloud.restore(one, attach_to=cloud.other_server_id, wait=True)
        first = self.attached(cloud)
        out = cloud.restore(one, two, attach_to=cloud.server_id, wait=True)
        (failure,) = out["failures"]
        assert failure["disk_id"] in first and cloud.other_server_id in failure["message"] and failure["hint"]
        assert out["counts"]["in_use"] == 2 and first.items() <= self.attached(cloud).items()
        check = cloud.restore(one, two, attach_to=cloud.server_id, wait=True, check=True)
        assert [(f["disk_id"], f["message"]) for f in check["failures"]] == [(failure["disk_id"], failure["message"])]
        assert not cloud.calls[cloud.detach_action]

    def test_an_instance_of_another_zone_fails_and_the_disk_remains(self, cloud):
        out = cloud.restore(cloud.copy(), attach_to=cloud.far_server_id, wait=True)
        assert out.failure()["kind"] == "refused" and out.failure()["hint"] and out.failure()["code"], out.text
        assert set(self.attached(cloud).values()) == {("", "")}

    def test_absent_detaches_what_it_attached_and_deletes_it(self, cloud):
        copies = [cloud.copy() for _n in range(3)]
        cloud.restore(*copies, attach_to=cloud.server_id, wait=True)
        check = cloud.restore(*copies, attach_to=cloud.server_id, state="absent", wait=True, check=True)
        assert check["changed"] and check["counts"]["deleted"] == 3 and not cloud.calls[cloud.detach_action]
        out = cloud.restore(*copies, attach_to=cloud.server_id, state="absent", wait=True)
        assert not out.failed and out["counts"]["deleted"] == 3 and not cloud.disks(), out.text
        assert cloud.calls[cloud.detach_action] == 3

    @pytest.mark.parametrize("kind", ["lose_answer", "drop"])
    def test_a_lost_answer_to_a_detachment_is_no_failure(self, cloud, kind):
        copies = [cloud.copy() for _n in range(2)]
        cloud.restore(*copies, attach_to=cloud.server_id, wait=True)
        cloud.set_faults({"action": cloud.detach_action, "fault": kind, "nth": [1]})
        out = cloud.restore(*copies, attach_to=cloud.server_id, state="absent", wait=True)
        assert not out.failed and out["counts"]["deleted"] == 2 and not cloud.disks(), out.text

    def test_absent_leaves_what_it_did_not_attach(self, cloud):
        """Disks that somebody else attached; disks of another instance; and all disks without attach_to."""
        copies = [cloud.copy() for _n in range(2)]
        cloud.restore(*copies, wait=True)
        theirs, other = cloud.disks()
        cloud.attach(theirs, cloud.server_id)
        cloud.restore(copies[1], attach_to=cloud.other_server_id, wait=True)
        before = self.attached(cloud)
        for options in ({"attach_to": cloud.server_id}, {}):
            out = cloud.restore(*copies, state="absent", wait=True, **options)
            assert out.failed and {f["disk_id"] for f in out["failures"]} == {theirs.id, other.id}
            assert all(cloud.holder_of(disk)[0] in out["msg"] + out.text for disk in cloud.disks())
        assert self.attached(cloud) == before and not cloud.calls[cloud.detach_action]

    def test_a_disk_that_somebody_else_attached_to_the_instance_does_not_become_ours(self, cloud):
        copy = cloud.copy()
        cloud.restore(copy, wait=True)
        (disk,) = cloud.disks()
        cloud.attach(disk, cloud.server_id)
        before = cloud.tags_of_disk(disk)
        out = cloud.restore(copy, attach_to=cloud.server_id, wait=True)
        assert not out.failed and not out["changed"] and out["counts"]["in_use"] == 1, out.text
        assert cloud.tags_of_disk(disk) == before
        gone = cloud.restore(copy, attach_to=cloud.server_id, state="absent", wait=True)
        assert gone.failure()["disk_id"] == disk.id and cloud.disks() == [disk] and not cloud.calls[cloud.detach_action]

    def test_a_disk_that_somebody_detaches_meanwhile_is_not_attached_again_by_that_run(self, cloud):
        copy = cloud.copy()

        def detaches(action, _region):
            held = [disk for disk in cloud.disks() if cloud.holder_of(disk)[1] == "attached"]
            if action == cloud.list_disks_action and held and cloud.calls[cloud.attach_action] == 1:
                cloud.detach(held[0])

        cloud.settings(attach_seconds=1.0)
        with_script(cloud, detaches)
        out = cloud.restore(copy, attach_to=cloud.server_id, wait=True, wait_timeout=60)
        assert out.failed and "attached" in out["msg"] and cloud.calls[cloud.attach_action] == 1
        assert len(cloud.disks()) == 1

    def test_check_mode_attaches_nothing_and_predicts_it(self, cloud):
        copy = cloud.copy()
        cloud.restore(copy, wait=True)
        out = cloud.restore(copy, attach_to=cloud.server_id, wait=True, check=True)
        assert not out.failed and out["changed"] and not cloud.calls[cloud.attach_action]
        assert set(self.attached(cloud).values()) == {("", "")}

    def test_bad_names_of_instance_and_device_are_refused_before_any_write(self, cloud):
        out = cloud.restore(cloud.copy(), cloud.copy(), attach_to="a server", device="sda;", restore_id="a b")
        assert all(word in out["msg"] for word in ("attach_to", "device", "restore_id")), out["msg"]
        out = cloud.restore(cloud.copy(), device="/dev/xvdf")
        assert "device" in out["msg"] and not cloud.calls[cloud.make_action]

    @pytest.mark.parametrize("seed", [3, 7])
    def test_all_are_attached_and_deleted_again_though_a_fifth_of_all_answers_is_lost(self, cloud, seed):
        copies = [cloud.copy() for _n in range(5)]
        cloud.set_faults({"action": "*", "fault": "lose_answer", "share": 0.2, "seed": seed})
        out = cloud.restore(*copies, attach_to=cloud.server_id, wait=True, wait_timeout=900, **cloud.quick_reads)
        assert not out.failed and len(cloud.disks()) == 5, out.text
        assert set(self.attached(cloud).values()) == {(cloud.server_id, "attached")}
        gone = {"state": "absent", "wait": True, "wait_timeout": 900, **cloud.quick_reads}
        out = cloud.restore(*copies, attach_to=cloud.server_id, **gone)
        assert not out.failed and not cloud.disks(), out.text
