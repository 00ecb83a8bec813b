# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``alibabacloud_ecs20140526`` against the simulated ECS."""

from __future__ import annotations

import json

import pytest

from tests.simulator.state import SnapshotGroup

from .operations import operations_sent_by

SOURCE, DESTINATION = "cn-hangzhou", "cn-beijing"


def create_disk(ecs, region=SOURCE, **given):
    asked = {"ZoneId": f"{region}-b", "DiskCategory": "cloud_essd", "Size": 40, **given}
    made = ecs.call("CreateDisk", region=region, **asked)["DiskId"]
    ecs.clock.sleep(5)
    return made


def create_snapshot(ecs, disk, wait=True, **given):
    made = ecs.call("CreateSnapshot", DiskId=disk, **given)["SnapshotId"]
    ecs.clock.sleep(5 if wait else 0)
    return made


def copy_snapshot(ecs, snapshot, **given):
    asked = {"DestinationRegionId": DESTINATION, "DestinationSnapshotName": "copy-of", **given}
    return ecs.call("CopySnapshot", SnapshotId=snapshot, **asked)["SnapshotId"]


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def snapshot_ids(ecs, region=SOURCE, **given):
    return [s["SnapshotId"] for s in ecs.call("DescribeSnapshots", region=region, **given)["Snapshots"]["Snapshot"]]


def disk_ids(ecs, region=SOURCE, **given):
    return [d["DiskId"] for d in ecs.call("DescribeDisks", region=region, **given)["Disks"]["Disk"]]


def test_each_operation_that_the_adapter_sends_is_answered(ecs):
    disk = create_disk(ecs, Tag=tags(team="db"))
    source = create_snapshot(ecs, disk)
    copy = copy_snapshot(ecs, source, DestinationSnapshotDescription="a copy", Tag=tags(team="db"), ClientToken="once")
    assert copy == copy_snapshot(
        ecs, source, DestinationSnapshotDescription="a copy", Tag=tags(team="db"), ClientToken="once"
    )
    ecs.clock.sleep(5)
    (shown,) = ecs.call("DescribeSnapshots", region=DESTINATION, SnapshotIds=json.dumps([copy]))["Snapshots"][
        "Snapshot"
    ]
    assert (shown["Status"], shown["SourceSnapshotId"], shown["SourceRegionId"]) == ("accomplished", source, SOURCE)
    resources = {"region": DESTINATION, "ResourceType": "snapshot", "ResourceId": [copy]}
    ecs.call("TagResources", **resources, Tag=tags(a="b"))
    ecs.call("UntagResources", **resources, TagKey=["team"])
    (shown,) = ecs.call("DescribeSnapshots", region=DESTINATION)["Snapshots"]["Snapshot"]
    assert shown["Tags"]["Tag"] == [{"TagKey": "a", "TagValue": "b"}]
    offered = ecs.call("DescribeAvailableResource", region=DESTINATION, DestinationResource="DataDisk")
    assert offered["AvailableZones"]["AvailableZone"]
    made = create_disk(ecs, region=DESTINATION, SnapshotId=copy)
    assert disk_ids(ecs, region=DESTINATION) == [made]
    ecs.clock.sleep(60)
    zone = ecs.call("DescribeDisks", region=DESTINATION)["Disks"]["Disk"][0]["ZoneId"]
    ecs.cloud.control.settings["instances"] = {"i-1": {"zone": zone}}
    ecs.call("AttachDisk", region=DESTINATION, DiskId=made, InstanceId="i-1")
    ecs.clock.sleep(5)
    ecs.call("DetachDisk", region=DESTINATION, DiskId=made, InstanceId="i-1")
    ecs.clock.sleep(5)
    ecs.call("DeleteDisk", region=DESTINATION, DiskId=made)
    lock = {"LockMode": "compliance", "LockDuration": 1, "CoolOffPeriod": 3}
    ecs.call("LockSnapshot", region=DESTINATION, SnapshotId=copy, **lock)
    (locked,) = ecs.call("DescribeLockedSnapshots", region=DESTINATION)["LockedSnapshotsInfo"]
    assert (locked["SnapshotId"], locked["LockStatus"]) == (copy, "compliance-cooloff")
    assert ecs.refusal("DeleteSnapshot", region=DESTINATION, SnapshotId=copy) == "InvalidOperation.SnapshotIsLocked"
    group = ecs.cloud.account.add(SnapshotGroup("ssg-1", SOURCE, [source], instance_id="i-1")).id
    given = {"Status": ["accomplished"], "InstanceId": "i-1", "MaxResults": 100}
    (shown,) = ecs.call("DescribeSnapshotGroups", **given)["SnapshotGroups"]["SnapshotGroup"]
    assert (shown["SnapshotGroupId"], shown["Snapshots"]["Snapshot"][0]["SnapshotId"]) == (group, source)
    ecs.call("DeleteSnapshot", SnapshotId=source)
    sent = {("ecs", operation) for operation in operations_sent_by("ecs")["ecs"]}
    assert sent <= ecs.answered


@pytest.mark.parametrize(
    ("given", "other"),
    [
        ({"SnapshotIds": "SNAPSHOTS"}, {"SnapshotIds": '["s-none"]'}),
        ({"DiskId": "DISK"}, {"DiskId": "d-none"}),
        ({"SnapshotType": "user"}, {"SnapshotType": "auto"}),
        ({"SnapshotType": "all"}, {"SnapshotType": "auto"}),
        ({"Status": "accomplished"}, {"Status": "progressing"}),
        ({"Status": "all"}, {"Status": "failed"}),
        ({"Tag": tags(team="db")}, {"Tag": tags(team="other")}),
        ({"Tag": [{"Key": "team"}]}, {"Tag": [{"Key": "none"}]}),
    ],
)
def test_a_filter_of_snapshots_finds_what_it_names_and_nothing_else(ecs, given, other):
    disk = create_disk(ecs)
    snapshot = create_snapshot(ecs, disk, SnapshotName="first", Tag=tags(team="db"))
    values = {"DISK": disk, "SNAPSHOTS": json.dumps([snapshot])}
    given = {name: values.get(value, value) if isinstance(value, str) else value for name, value in given.items()}
    assert snapshot_ids(ecs, **given) == [snapshot]
    assert snapshot_ids(ecs, **other) == []


@pytest.mark.parametrize(
    ("given", "other"),
    [
        ({"DiskIds": "DISKS"}, {"DiskIds": '["d-none"]'}),
        ({"Status": "Available"}, {"Status": "In_use"}),
        ({"Status": "All"}, {"Status": "Creating"}),
        ({"Tag": tags(team="db")}, {"Tag": tags(team="other")}),
    ],
)
def test_a_filter_of_disks_finds_what_it_names_and_nothing_else(ecs, given, other):
    disk = create_disk(ecs, Tag=tags(team="db"))
    given = {name: json.dumps([disk]) if value == "DISKS" else value for name, value in given.items()}
    assert disk_ids(ecs, **given) == [disk]
    assert disk_ids(ecs, **other) == []


def test_both_kinds_of_pages_hold_each_snapshot_once(ecs):
    disk = create_disk(ecs)
    made = {create_snapshot(ecs, disk) for _n in range(12)}
    by_number = [snapshot_ids(ecs, PageNumber=number, PageSize=5) for number in (1, 2, 3)]
    assert sorted(sum(by_number, [])) == sorted(made)
    by_token, token = [], None
    while token != "":
        given = {"NextToken": token} if token else {}
        answer = ecs.call("DescribeSnapshots", MaxResults=10, **given)
        by_token += [snapshot["SnapshotId"] for snapshot in answer["Snapshots"]["Snapshot"]]
        token = answer.get("NextToken", "")
    assert sorted(by_token) == sorted(made)


def test_a_performance_level_has_its_smallest_size(ecs):
    """The model of CreateDisk: ESSD PL0 1 GiB, PL1 20, PL2 461, PL3 1261."""
    for level, least in (("PL0", 1), ("PL1", 20), ("PL2", 461), ("PL3", 1261)):
        create_disk(ecs, PerformanceLevel=level, Size=least)
        if least > 1:
            asked = {"ZoneId": f"{SOURCE}-b", "DiskCategory": "cloud_essd", "PerformanceLevel": level}
            refused = ecs.refusal("CreateDisk", **asked, Size=least - 1)
            assert refused == "InvalidDataDiskSize.ValueNotSupported", level
    assert ecs.refusal("CreateDisk", ZoneId=f"{SOURCE}-b", DiskCategory="cloud_essd", Size=19)


def test_a_lock_on_an_unfinished_snapshot_begins_when_that_is_complete(ecs):
    """The model: "If the snapshot is in the creating state, the lock starts once the creation is complete"."""
    snapshot = create_snapshot(ecs, create_disk(ecs), wait=False)
    lock = {"LockMode": "compliance", "LockDuration": 1, "CoolOffPeriod": 3}
    shown = ecs.call("LockSnapshot", SnapshotId=snapshot, **lock)["LockedSnapshotInfo"]
    assert shown["LockDurationStartTime"] > shown["LockCreationTime"]


def test_the_simulator_requires_the_models_mandatory_parameters(ecs):
    source = create_snapshot(ecs, create_disk(ecs))
    copy = {"SnapshotId": source, "DestinationRegionId": DESTINATION, "DestinationSnapshotName": "copy"}
    for name in copy:
        refused = ecs.refusal("CopySnapshot", **{key: value for key, value in copy.items() if key != name})
        assert refused.startswith("MissingParameter"), name


def test_the_simulator_takes_no_parameter_that_the_model_lacks(ecs):
    for operation, taken in ecs.cloud.parameters.items():
        known = ecs.parameters(operation, service="ecs").keys()
        assert {parameter.removesuffix(".N") for parameter in taken} <= known, operation


def test_a_parameter_that_is_not_simulated_is_refused_and_never_ignored(ecs):
    for operation, given in (
        ("DescribeSnapshots", {"Usage": "image"}),
        ("DescribeDisks", {"ZoneId": f"{SOURCE}-b"}),
        ("DescribeLockedSnapshots", {"LockStatus": "expired"}),
        ("LockSnapshot", {"DryRun": True}),
        ("DeleteSnapshot", {"Force": True}),
        ("UntagResources", {"All": True}),
    ):
        assert ecs.refusal(operation, **given) == "InvalidParameter", operation


def test_an_error_has_its_code(ecs):
    assert ecs.refusal("DeleteSnapshot", SnapshotId="s-none") == "InvalidSnapshotId.NotFound"
    assert ecs.refusal("DeleteDisk", DiskId="d-none") == "InvalidDiskId.NotFound"
    ecs.cloud.control.settings["denied"] = ["DescribeDisks"]
    assert ecs.refusal("DescribeDisks") == "Forbidden.RAM"
