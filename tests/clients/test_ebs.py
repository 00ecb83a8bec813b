# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""awscli against the simulated EC2, EBS direct APIs, KMS and STS."""

from __future__ import annotations

import pytest

from .operations import operations_sent_by

SOURCE, DESTINATION = "us-east-1", "eu-west-1"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0aa11bb2-2cc3-4dd4-8ee5-5ff667788990"
ROLE = "arn:aws:iam::123456789012:role/dr"


def tags(kind="snapshot", **pairs):
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in pairs.items()]}]


def create_disk(ebs, **given):
    made = ebs.call("CreateVolume", **{"AvailabilityZone": f"{SOURCE}a", "Size": 8, "VolumeType": "gp3", **given})
    ebs.clock.sleep(5)
    return made["VolumeId"]


def create_snapshot(ebs, volume, **given):
    made = ebs.call("CreateSnapshot", VolumeId=volume, **given)["SnapshotId"]
    ebs.clock.sleep(5)
    return made


def copy_snapshot(ebs, snapshot, **given):
    asked = {"SourceSnapshotId": snapshot, "SourceRegion": SOURCE, **given}
    return ebs.call("CopySnapshot", region=DESTINATION, **asked)["SnapshotId"]


def list_ids(ebs, region=SOURCE, operation="DescribeSnapshots", **filters):
    given = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    scope = {"OwnerIds": ["self"]} if operation == "DescribeSnapshots" else {}
    (shown,) = ebs.call(operation, region=region, Filters=given, **scope).values()
    return [thing.get("SnapshotId" if scope else "VolumeId") for thing in shown]


def test_each_operation_that_the_adapter_sends_is_answered(ebs):
    volume = create_disk(ebs, TagSpecifications=tags("volume", team="db"))
    source = create_snapshot(ebs, volume)
    copy = copy_snapshot(ebs, source, Description="a copy", TagSpecifications=tags(team="db"))
    (shown,) = ebs.call("DescribeSnapshots", region=DESTINATION, SnapshotIds=[copy])["Snapshots"]
    assert shown["State"] == "pending" and shown["Tags"] == [{"Key": "team", "Value": "db"}]
    ebs.clock.sleep(5)
    (shown,) = ebs.call("DescribeSnapshots", region=DESTINATION, SnapshotIds=[copy])["Snapshots"]
    assert (shown["State"], shown["VolumeSize"], shown["Progress"]) == ("completed", 8, "100%")
    ebs.call("CreateTags", region=DESTINATION, Resources=[copy], Tags=[{"Key": "a", "Value": "b"}])
    ebs.call("DeleteTags", region=DESTINATION, Resources=[copy], Tags=[{"Key": "team"}])
    (shown,) = ebs.call("DescribeSnapshots", region=DESTINATION, SnapshotIds=[copy])["Snapshots"]
    assert shown["Tags"] == [{"Key": "a", "Value": "b"}]
    permission = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": ["210987654321"]}
    ebs.call("ModifySnapshotAttribute", region=DESTINATION, SnapshotId=copy, **permission)
    blocks = ebs.call("ListSnapshotBlocks", service="ebs", region=DESTINATION, SnapshotId=copy)
    first = blocks["Blocks"][0]
    block = {"BlockIndex": first["BlockIndex"], "BlockToken": first["BlockToken"]}
    content = ebs.call("GetSnapshotBlock", service="ebs", region=DESTINATION, SnapshotId=copy, **block)
    assert content["BlockData"] == content["DataLength"] == blocks["BlockSize"]
    zones = ebs.call("DescribeAvailabilityZones", region=DESTINATION)["AvailabilityZones"]
    made = ebs.call(
        "CreateVolume", region=DESTINATION, AvailabilityZone=zones[0]["ZoneName"], SnapshotId=copy, ClientToken="once"
    )
    ebs.clock.sleep(5)
    assert list_ids(ebs, DESTINATION, "DescribeVolumes", snapshot_id=copy) == [made["VolumeId"]]
    (status,) = ebs.call("DescribeVolumeStatus", region=DESTINATION, VolumeIds=[made["VolumeId"]])["VolumeStatuses"]
    assert {"Name": "initialization-state", "Status": "initializing"} in status["VolumeStatus"]["Details"]
    server = {"InstanceId": "i-0cc11dd22ee33ff44", "VolumeId": made["VolumeId"]}
    ebs.cloud.control.settings["instances"] = {server["InstanceId"]: {"zone": zones[0]["ZoneName"]}}
    assert ebs.call("AttachVolume", region=DESTINATION, Device="/dev/sdf", **server)["State"] == "attaching"
    ebs.clock.sleep(5)
    assert ebs.call("DetachVolume", region=DESTINATION, **server)["State"] == "detaching"
    ebs.clock.sleep(5)
    ebs.call("DeleteVolume", region=DESTINATION, VolumeId=made["VolumeId"])
    ebs.call("LockSnapshot", region=DESTINATION, SnapshotId=copy, LockMode="governance", LockDuration=1)
    (locked,) = ebs.call("DescribeLockedSnapshots", region=DESTINATION)["Snapshots"]
    assert locked["SnapshotId"] == copy and locked["LockState"] == "governance"
    ebs.call("DeleteSnapshot", SnapshotId=source)
    shown = ebs.call("DescribeKey", service="kms", KeyId=KEY)["KeyMetadata"]
    assert (shown["Arn"], shown["KeyState"]) == (KEY, "Enabled")
    ebs.cloud.control.settings["roles"] = {ROLE: {}}
    assert ebs.call("GetCallerIdentity", service="sts")["Account"] == "123456789012"
    role = ebs.call("AssumeRole", service="sts", RoleArn=ROLE, RoleSessionName="dr")
    assert {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"} <= set(role["Credentials"])
    sent = {
        (service, operation) for service, operations in operations_sent_by("ebs").items() for operation in operations
    }
    assert sent <= ebs.answered


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("description", "first"),
        ("encrypted", "false"),
        ("owner-id", "123456789012"),
        ("progress", "100%"),
        ("snapshot-id", "SNAPSHOT"),
        ("start-time", "20??-*"),
        ("status", "completed"),
        ("storage-tier", "standard"),
        ("tag:team", "db"),
        ("tag-key", "team"),
        ("transfer-type", "standard"),
        ("volume-id", "VOLUME"),
        ("volume-size", "8"),
    ],
)
def test_a_filter_of_snapshots_finds_what_it_names_and_nothing_else(ebs, name, value):
    volume = create_disk(ebs)
    snapshot = create_snapshot(ebs, volume, Description="first", TagSpecifications=tags(team="db"))
    value = {"SNAPSHOT": snapshot, "VOLUME": volume}.get(value, value)
    assert list_ids(ebs, **{name: value}) == [snapshot]
    assert list_ids(ebs, **{name: "nothing-has-this"}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attachment.status", None),
        ("availability-zone", f"{SOURCE}a"),
        ("availability-zone-id", "use1-az6"),
        ("create-time", "20??-*"),
        ("encrypted", "false"),
        ("multi-attach-enabled", "false"),
        ("size", "8"),
        ("snapshot-id", None),
        ("status", "available"),
        ("tag:team", "db"),
        ("tag-key", "team"),
        ("volume-id", "VOLUME"),
        ("volume-type", "gp3"),
    ],
)
def test_a_filter_of_volumes_finds_what_it_names_and_nothing_else(ebs, name, value):
    volume = create_disk(ebs, TagSpecifications=tags("volume", team="db"))
    if value is not None:
        assert list_ids(ebs, operation="DescribeVolumes", **{name: volume if value == "VOLUME" else value}) == [volume]
    assert list_ids(ebs, operation="DescribeVolumes", **{name: "nothing-has-this"}) == []


def test_an_unknown_filter_is_refused(ebs):
    for operation in ("DescribeSnapshots", "DescribeVolumes", "DescribeAvailabilityZones"):
        assert ebs.refusal(operation, Filters=[{"Name": "nonsense", "Values": ["x"]}]) == "InvalidParameterValue"


def test_the_client_reads_all_pages(ebs):
    volume = create_disk(ebs)
    made = {ebs.call("CreateSnapshot", VolumeId=volume)["SnapshotId"] for _n in range(12)}
    shown = ebs.call("DescribeSnapshots", OwnerIds=["self"], flags=("--page-size", "5"))["Snapshots"]
    assert len(shown) == 12 and {snapshot["SnapshotId"] for snapshot in shown} == made


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion", "PendingImport", "Unavailable"])
def test_a_key_shows_its_state_in_words_of_the_model(ebs, state):
    ebs.cloud.control.settings["keys_of_kms"] = {KEY: state}
    shown = ebs.call("DescribeKey", service="kms", KeyId=KEY)["KeyMetadata"]
    assert shown["KeyState"] == state and ("DeletionDate" in shown) == (state == "PendingDeletion")


def test_an_error_has_its_code_and_message(ebs):
    ebs.cloud.control.settings["keys_of_kms"] = {KEY: "invalid", f"{KEY}0": "undescribable"}
    assert ebs.refusal("DescribeKey", service="kms", KeyId=KEY) == "NotFoundException"
    assert ebs.refusal("DescribeKey", service="kms", KeyId=f"{KEY}0") == "AccessDeniedException"
    assert ebs.refusal("DeleteSnapshot", SnapshotId="snap-0aa11bb22cc33dd44") == "InvalidSnapshot.NotFound"
    assert ebs.refusal("DeleteVolume", VolumeId="vol-0aa11bb22cc33dd44") == "InvalidVolume.NotFound"
    missing = {"service": "ebs", "SnapshotId": "snap-0aa11bb22cc33dd44"}
    assert ebs.refusal("ListSnapshotBlocks", **missing) == "ResourceNotFoundException"
    assert ebs.refusal("AssumeRole", service="sts", RoleArn=ROLE, RoleSessionName="dr") == "AccessDenied"
    copy = {"SourceRegion": SOURCE, "SourceSnapshotId": "snap-0aa11bb22cc33dd44"}
    assert ebs.refusal("CopySnapshot", **copy, DryRun=True) == "DryRunOperation"
