# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promises of every restore module on EBS, and what is specific to EBS."""

from __future__ import annotations

import pytest

from tests.unit.contracts.restoring import RestoreContract, row_of


class TestEbs(RestoreContract):
    on = "ebs_disks"

    # -- specific to EBS -----------------------------------------------------------------------------------

    def test_a_disk_that_vanishes_for_its_key_has_failed(self, cloud):
        bad, good = cloud.copy(), cloud.copy()
        cloud.settings(vanishing=[bad], disk_seconds=30.0)
        started = cloud.clock.monotonic()
        out = cloud.restore(bad, good, wait=True)
        assert out.failure()["kind"] == "failed_copy" and "key" in out["msg"] and "no longer shown" in out["msg"]
        assert 120 <= cloud.clock.monotonic() - started < 150 and len(cloud.disks()) == 1
        assert cloud.calls[cloud.make_action] == 2, "another attempt would fail too"

    def test_a_disk_that_is_being_deleted_is_not_listed(self, cloud):
        kept, copy = cloud.copy(), cloud.copy()
        cloud.settings(deleting_seconds=600.0)
        cloud.restore(kept, copy, wait=True)
        cloud.restore(copy, state="absent", wait=True)
        shown = cloud.info(cloud.destination, disk_tags={"dr-restore:id": "*"})["disks"]
        assert [d["tags"]["dr-restore:snapshot-id"] for d in shown] == [kept]
        there = cloud.info(cloud.destination, disk_tags={"dr-restore:id": "*"}, other_disks=True)["other_disks"]
        assert not [d for d in there if "dr-restore:id" in d["tags"]]

    def test_a_key_encrypts_the_disk(self, cloud):
        key = f"arn:aws:kms:eu-west-1:123456789012:key/{'1' * 8}-2222-3333-4444-555555555555"
        copy = cloud.copy()
        out = cloud.restore(copy, encrypted=True, kms_key_id=key, wait=True)
        assert not out.failed and row_of(out)["encrypted"] is True and cloud.disks()[0].kms_key_id == key
        assert row_of(out)["kms_key_id"] == key
        other = cloud.restore(copy, encrypted=True, kms_key_id=key.replace("5", "6"), wait=True)
        assert other.failure()["kind"] == "mismatch"
        elsewhere = cloud.restore(copy, encrypted=True, kms_key_id=key.replace("eu-west-1", "us-east-1"))
        assert elsewhere.failed and "us-east-1" in elsewhere["msg"]

    def test_a_disk_of_an_encrypted_snapshot_is_encrypted(self, cloud):
        key = "arn:aws:kms:eu-west-1:1:key/a"
        out = cloud.restore(cloud.copy(encrypted=True, kms_key_id=key), wait=True)
        assert not out.failed and row_of(out)["encrypted"] is True and row_of(out)["kms_key_id"] == key

    def test_check_mode_asks_whether_it_would_be_allowed(self, cloud):
        cloud.settings(denied=["CreateVolume"])
        out = cloud.restore(cloud.copy(), cloud.copy(), check=True)
        assert out.failed and {f["kind"] for f in out["failures"]} == {"credentials"} and not cloud.disks()
        assert "ec2:CreateVolume" in out["failures"][0]["hint"] and cloud.calls["CreateVolume"] == 1

    @pytest.mark.parametrize("rate", [100, 200, 300])
    def test_data_is_loaded_at_the_requested_rate(self, cloud, rate):
        """The request is checked against botocore's model: an unknown member would not leave this machine."""
        asked = []
        cloud.settings(disk_seconds=1.0)
        cloud.server.control.trim = lambda action, _answer: asked.append(action)
        out = cloud.restore(cloud.copy(size=100), wait=True, initialization_rate=rate)
        (disk,) = cloud.disks()
        assert not out.failed and disk.rate == rate and row_of(out)["warm_at"] is None, out.text
        assert asked.count("CreateVolume") == asked.count("DescribeVolumeStatus") == 1

    @pytest.mark.parametrize("rate", [1, 99, 301, -1])
    def test_a_rate_that_aws_does_not_take_is_refused_before_any_write(self, cloud, rate):
        out = cloud.restore(cloud.copy(), initialization_rate=rate, restore_id="a b")
        assert (
            out.failed
            and f"initialization_rate must be between 100 and 300, not {rate} MiB/s" in out["msg"]
            and "restore_id" in out["msg"]
        )
        assert not cloud.calls[cloud.make_action]

    def test_a_disk_is_warm_once_all_its_data_is_loaded(self, cloud):
        quick, slow = cloud.copy(size=10), cloud.copy(size=1000)
        cloud.restore(quick, slow, wait=True, initialization_rate=100)
        cloud.clock.sleep(120)
        out = cloud.restore(quick, slow, wait=True)
        assert not out["changed"] and [row["warm_at"] for row in out["disks"]] == [
            cloud.clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ"),
            None,
        ]

    def test_whether_a_disk_is_warm_need_not_be_known(self, cloud):
        cloud.settings(denied=["DescribeVolumeStatus"])
        out = cloud.restore(cloud.copy(), wait=True)
        assert not out.failed and row_of(out)["warm_at"] is None and "It is unknown whether all data" in out.text

    def test_no_room_in_a_zone_is_reported_with_what_to_do(self, cloud):
        cloud.settings(no_stock=["eu-west-1a"])
        out = cloud.restore(cloud.copy(), wait=True)
        assert out.failure()["code"] == "InsufficientVolumeCapacity" and "zone" in out.failure()["hint"]
        assert cloud.calls["CreateVolume"] == 1

    def test_a_quota_that_no_waiting_helps_is_reported(self, cloud):
        cloud.settings(storage_limit=100)
        copies = [cloud.copy(size=20) for _n in range(8)]
        out = cloud.restore(*copies, wait=True)
        assert {f["code"] for f in out["failures"]} == {"VolumeLimitExceeded"}
        made = len(cloud.disks())
        assert out["counts"]["available"] == made and made + out["counts"]["failed"] == 8

    def test_a_disk_that_only_has_our_tags_is_kept(self, cloud):
        """AWS shows the snapshot of a disk: tags that contradict it are not ours."""
        one, two = cloud.copy(), cloud.copy()
        theirs = cloud.plant(two, cloud.restore_tags_of(one))
        out = cloud.restore(one, wait=True)
        assert not out.failed and out["disk_id"] != theirs.id and row_of(out)["action"] == "created"
        gone = cloud.restore(one, state="absent", wait=True)
        assert gone.failed and theirs.id in gone["msg"] and [d.id for d in cloud.disks()] == [theirs.id]

    def test_the_region_of_the_connection_is_taken(self, cloud):
        out = cloud.restore(cloud.copy(), region=...)
        assert out.failed and "region" in out["msg"] and not cloud.calls
