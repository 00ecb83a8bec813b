# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``alibabacloud_ens20171110`` against the simulated Edge Node Service."""

from __future__ import annotations

import json

import pytest

from .operations import operations_sent_by

SOURCE, DESTINATION = "cn-hangzhou-26", "cn-chengdu-26"


def create_disk(ens, node=SOURCE, **given):
    asked = {"Category": "cloud_efficiency", "InstanceChargeType": "PostPaid", "Size": 40, **given}
    (made,) = ens.call("CreateDisk", EnsRegionId=node, **asked)["InstanceIds"]
    ens.clock.sleep(5)
    return made


def create_snapshot(ens, disk, **given):
    (made,) = ens.call("CreateSnapshot", EnsRegionId=SOURCE, DiskId=disk, **given)["SnapShotId"]
    ens.clock.sleep(5)
    return made


def snapshot_ids(ens, **given):
    return [snapshot["SnapshotId"] for snapshot in ens.call("DescribeSnapshots", **given)["Snapshots"]]


def disk_ids(ens, **given):
    return [disk["DiskId"] for disk in ens.call("DescribeDisks", **given)["Disks"]["Disks"]]


def test_each_operation_that_the_adapter_sends_is_answered(ens):
    disk = create_disk(ens, Tag=[{"Key": "team", "Value": "db"}], InstanceBillingCycle="Hour")
    source = create_snapshot(ens, disk)
    asked = {"DestinationSnapshotName": "copy-of", "DestinationSnapshotDescription": "a copy"}
    answer = ens.call(
        "CopySnapshot", SnapshotId=source, DestinationRegionIds=[DESTINATION], InstanceBillingCycle="Hour", **asked
    )
    (taken,) = answer["AllocationId"]
    ens.clock.sleep(5)
    (shown,) = ens.call("DescribeSnapshots", EnsRegionId=DESTINATION)["Snapshots"]
    assert [shown["SnapshotId"]] == taken["InstanceId"]
    assert (shown["Status"], shown["SourceSnapshotId"], shown["SourceEnsRegionId"]) == ("available", source, SOURCE)
    offered = ens.call("DescribeCloudDiskAvailableResourceInfo")["SupportResources"]["SupportResource"]
    assert DESTINATION in {offer["EnsRegionId"] for offer in offered}
    made = create_disk(ens, node=DESTINATION, SnapshotId=shown["SnapshotId"])
    assert disk_ids(ens, EnsRegionId=DESTINATION) == [made]
    ens.call("DeleteDisk", DiskId=made)
    ens.call("DeleteSnapshot", SnapshotId=shown["SnapshotId"])
    sent = {("ens", operation) for operation in operations_sent_by("ens")["ens"]}
    assert sent <= ens.answered


@pytest.mark.parametrize(
    ("given", "other"),
    [
        ({"SnapshotId": "SNAPSHOT"}, {"SnapshotId": "sp-none"}),
        ({"SnapshotName": "first"}, {"SnapshotName": "none"}),
        ({"DiskId": "DISK"}, {"DiskId": "d-none"}),
        ({"EnsRegionId": SOURCE}, {"EnsRegionId": DESTINATION}),
        ({"EnsRegionIds": json.dumps([SOURCE])}, {"EnsRegionIds": json.dumps([DESTINATION])}),
    ],
)
def test_a_filter_of_snapshots_finds_what_it_names_and_nothing_else(ens, given, other):
    disk = create_disk(ens)
    snapshot = create_snapshot(ens, disk, SnapshotName="first")
    values = {"DISK": disk, "SNAPSHOT": snapshot}
    assert snapshot_ids(ens, **{name: values.get(value, value) for name, value in given.items()}) == [snapshot]
    assert snapshot_ids(ens, **other) == []


@pytest.mark.parametrize(
    ("given", "other"),
    [
        ({"DiskId": "DISK"}, {"DiskId": "d-none"}),
        ({"DiskIds": "DISKS"}, {"DiskIds": '["d-none"]'}),
        ({"DiskName": "first"}, {"DiskName": "none"}),
        ({"EnsRegionId": SOURCE}, {"EnsRegionId": DESTINATION}),
        ({"EnsRegionIds": json.dumps([SOURCE])}, {"EnsRegionIds": json.dumps([DESTINATION])}),
        ({"Status": "Available"}, {"Status": "In-use"}),
        ({"SnapshotId": "SNAPSHOT"}, {"SnapshotId": "sp-none"}),
    ],
)
def test_a_filter_of_disks_finds_what_it_names_and_nothing_else(ens, given, other):
    snapshot = create_snapshot(ens, create_disk(ens, node=SOURCE))
    for old in disk_ids(ens):
        ens.call("DeleteDisk", DiskId=old)
    ens.clock.sleep(5)
    disk = create_disk(ens, SnapshotId=snapshot, DiskName="first")
    values = {"DISK": disk, "DISKS": json.dumps([disk]), "SNAPSHOT": snapshot}
    assert disk_ids(ens, **{name: values.get(value, value) for name, value in given.items()}) == [disk]
    assert disk_ids(ens, **other) == []


def test_pages_hold_each_disk_once(ens):
    made = {create_disk(ens) for _n in range(12)}
    shown = [disk_ids(ens, PageNumber=str(number), PageSize="5") for number in (1, 2, 3)]
    assert sorted(sum(shown, [])) == sorted(made)


def test_a_node_that_refuses_is_reported_with_the_others(ens):
    source = create_snapshot(ens, create_disk(ens))
    ens.cloud.control.settings["refused_nodes"] = [DESTINATION]
    given = {"SnapshotId": source, "DestinationRegionIds": [DESTINATION, "cn-shanghai-27"]}
    answer = ens.call("CopySnapshot", **given, DestinationSnapshotName="copy-of")
    assert answer["UnAllocationId"] == [{"EnsRegionId": DESTINATION}] and len(answer["AllocationId"]) == 1


def test_the_simulator_takes_no_parameter_that_the_model_lacks(ens):
    for operation, taken in ens.cloud.parameters.items():
        known = ens.parameters(operation, service="ens").keys()
        assert {parameter.removesuffix(".N") for parameter in taken} <= known, operation


def test_a_parameter_that_is_not_simulated_is_refused_and_never_ignored(ens):
    assert ens.refusal("DescribeDisks", DiskChargeType="postpay") == "InvalidParameter"


def test_an_error_has_its_code(ens):
    assert ens.refusal("DeleteSnapshot", SnapshotId="sp-none") == "ERROR_SNAPSHOT_NOT_FOUND"
    assert ens.refusal("DeleteDisk", DiskId="d-none") == "InvalidDiskId.NotFound"
    ens.cloud.control.settings["denied"] = ["DescribeDisks"]
    assert ens.refusal("DescribeDisks") == "Forbidden.RAM"
