# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises about attaching, on each cloud that attaches disks, and what is specific to one cloud."""

from __future__ import annotations

from tests.unit.contracts.attaching import AttachingContract


class TestEbs(AttachingContract):
    on = "ebs_disks"

    def test_a_device_that_is_taken_leads_to_the_next_one(self, cloud):
        cloud.settings(instances={cloud.server_id: {"zone": cloud.zone, "devices": ["/dev/sdf"]}})
        out = cloud.restore(cloud.copy(), attach_to=cloud.server_id, wait=True)
        assert not out.failed and out["disks"][0]["device"] == "/dev/sdg", out.text

    def test_the_requested_device_is_used_or_the_disk_fails(self, cloud):
        cloud.settings(instances={cloud.server_id: {"zone": cloud.zone, "devices": ["/dev/sdf"]}})
        out = cloud.restore(cloud.copy(), attach_to=cloud.server_id, device="/dev/sdp", wait=True)
        assert not out.failed and out["disks"][0]["device"] == "/dev/sdp", out.text
        out = cloud.restore(cloud.copy(), attach_to=cloud.server_id, device="/dev/sdf", wait=True)
        assert out.failure()["code"] == "InvalidParameterValue"
        assert out["disks"][0]["error"] == out.failure() and out["disks"][0]["state"] == "available"

    def test_a_refused_change_of_tags_stops_no_attachment_of_a_marked_disk(self, cloud):
        """A killed run has set the mark by which the disk can be detached again."""
        copy = cloud.copy()
        cloud.refuse("AttachVolume", "SomethingNew")
        marked = cloud.restore(copy, attach_to=cloud.server_id, expires_after_hours=3, wait=True)
        assert marked.failed and marked["disks"][0]["tags"]["dr-restore:attached-to"] == cloud.server_id
        cloud.refuse("CreateTags", "UnauthorizedOperation")
        out = cloud.restore(copy, attach_to=cloud.server_id, expires_after_hours=9, wait=True)
        assert set(self.attached(cloud).values()) == {(cloud.server_id, "attached")}, out.text
        assert out.failure()["code"] == "UnauthorizedOperation"


class TestEcs(AttachingContract):
    on = "ecs_disks"

    def test_the_requested_device_is_used_or_the_disk_fails(self, cloud):
        out = cloud.restore(cloud.copy(), attach_to=cloud.server_id, device="/dev/xvdh", wait=True)
        assert not out.failed and out["disks"][0]["device"] == "/dev/xvdh", out.text
        out = cloud.restore(cloud.copy(), attach_to=cloud.server_id, device="/dev/xvdh", wait=True)
        assert out.failure()["code"] == "InvalidDevice.InUse"


class TestCbs(AttachingContract):
    on = "cbs_disks"
