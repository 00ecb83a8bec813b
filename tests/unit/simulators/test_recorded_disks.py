# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real answers to calls that make and delete disks, compared with simulators and modules."""

from __future__ import annotations

import base64
import hashlib

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.clouds import CLOUDS
from tests.recorded import recorded, shape
from tests.simulator.aws.ec2 import ACCESS_KEY, SECRET_KEY

ERRORS = [(cloud, name) for cloud in CLOUDS for name in recorded(cloud, "disk_error")]


@pytest.mark.parametrize(("name", "item"), ERRORS)
def test_a_recorded_error_of_a_disk_has_the_expected_class(request, name, item):
    cloud = request.getfixturevalue(f"{name}_disks")
    item = recorded(name)[item]
    answer, becomes = item["disk_error"], item["becomes"]
    copy = cloud.copy()
    deleting, attaching = item["call"] == cloud.delete_disk_action, item["call"] == cloud.attach_action
    attach = {"attach_to": cloud.server_id, "wait": True} if attaching else {}
    cloud.settings(instances={cloud.server_id: {"zone": cloud.zone}})
    if deleting:
        assert not cloud.restore(copy, wait=True).failed
    cloud.set_faults({"action": item["call"], "fault": "refuse", **answer})
    out = cloud.restore(copy, state="absent" if deleting else "present", wait_timeout=40, **attach)
    if becomes["kind"] is None:
        assert not out.failed and out["counts"]["deleted"] == 1, item.get("note")
        return
    failure = out.failure()
    assert (failure["kind"], failure["code"]) == (becomes["kind"], answer["code"]), item.get("note")
    assert answer["message"].rstrip(".") in failure["message"] and failure["request_id"]
    assert becomes.get("hint", "") in (failure["hint"] or "")
    assert "copy" not in out["msg"].replace(copy, ""), "the message is about a disk"


# -- the simulated EC2, by boto3 ---------------------------------------------------------------------------


@pytest.fixture
def ec2(ebs_disks):
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    return boto3.client("ec2", region_name=ebs_disks.destination, endpoint_url=ebs_disks.url, **keys)


def refused(call, **given):
    with pytest.raises(ClientError) as error:
        call(**given)
    return error.value.response["Error"]["Code"]


def test_a_disk_is_answered_with_the_keys_and_types_of_aws(ebs_disks, ec2):
    given = {"SnapshotId": ebs_disks.copy(), "AvailabilityZone": "eu-west-1a", "VolumeType": "gp3"}
    answer = ec2.create_volume(**given)
    item = recorded("ebs")["disk-call-accepted"]["answer"]
    made = {key: kind for key, kind in shape(answer).items() if key != "ResponseMetadata"}
    assert {**made, "CreateTime": "str", "Tags": []} == {**shape(item), "Tags": []}
    shown = ec2.describe_volumes(VolumeIds=[answer["VolumeId"]])["Volumes"][0]
    assert shown["State"] == "creating" and shown["SnapshotId"] == given["SnapshotId"]
    ebs_disks.clock.sleep(10)
    assert ec2.describe_volumes(VolumeIds=[answer["VolumeId"]])["Volumes"][0]["State"] == "available"


def test_a_size_below_the_snapshots_is_raised_silently(ebs_disks, ec2):
    given = {"SnapshotId": ebs_disks.copy(size=20), "AvailabilityZone": "eu-west-1a"}
    assert ec2.create_volume(**given, Size=5)["Size"] == 20
    assert ec2.create_volume(**given)["VolumeType"] == "gp2"


def test_a_token_repeats_its_answer_refuses_other_arguments_and_outlives_its_copy(ebs_disks, ec2):
    given = {"SnapshotId": ebs_disks.copy(), "AvailabilityZone": "eu-west-1a", "ClientToken": "one"}
    first = ec2.create_volume(**given)["VolumeId"]
    assert ec2.create_volume(**given)["VolumeId"] == first and len(ebs_disks.disks()) == 1
    assert refused(ec2.create_volume, **given, Size=50) == "IdempotentParameterMismatch"
    ec2.delete_volume(VolumeId=first)
    assert refused(ec2.create_volume, **given) == "IdempotentParameterMismatch"
    assert refused(ec2.delete_volume, VolumeId=first) == "InvalidVolume.NotFound"
    assert not ebs_disks.disks()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"AvailabilityZone": "eu-west-1z"}, "InvalidZone.NotFound"),
        ({"VolumeType": "gp9"}, "UnknownVolumeType"),
        ({"SnapshotId": "snap-0f1e2d3c4b5a69788"}, "InvalidSnapshot.NotFound"),
        ({"KmsKeyId": "alias/mine"}, "InvalidParameterDependency"),
        ({"VolumeType": "io2"}, "MissingParameter"),
        ({"ClientToken": "x" * 65}, "InvalidParameterValue"),
    ],
)
def test_a_refused_create_volume_makes_no_disk(ebs_disks, ec2, change, code):
    given = {"SnapshotId": ebs_disks.copy(), "AvailabilityZone": "eu-west-1a", **change}
    assert refused(ec2.create_volume, **given) == code and not ebs_disks.disks()


# -- the EBS direct APIs ---------------------------------------------------------------------------------------


@pytest.fixture
def blocks(ebs_disks):
    def make(region):
        keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
        return boto3.client("ebs", region_name=region, endpoint_url=ebs_disks.url, **keys)

    return make


def all_blocks(client, snapshot, **given):
    found, token = {}, {}
    while True:
        page = client.list_snapshot_blocks(SnapshotId=snapshot, **given, **token)
        found.update((block["BlockIndex"], block["BlockToken"]) for block in page["Blocks"])
        if not page.get("NextToken"):
            return found, page
        token = {"NextToken": page["NextToken"]}


def test_a_copy_has_the_blocks_of_its_source_with_tokens_of_its_own(ebs_disks, blocks):
    source = ebs_disks.snapshot()
    copy = ebs_disks.create_our_copy(source).id
    there, here = blocks(ebs_disks.source), blocks(ebs_disks.destination)
    (theirs, page), (ours, _page) = all_blocks(there, source), all_blocks(here, copy, MaxResults=100)
    assert list(theirs) == sorted(theirs) == list(ours) and (page["BlockSize"], page["VolumeSize"]) == (524288, 8)
    index = list(ours)[7]
    one = there.get_snapshot_block(SnapshotId=source, BlockIndex=index, BlockToken=theirs[index])
    other = here.get_snapshot_block(SnapshotId=copy, BlockIndex=index, BlockToken=ours[index])
    assert one["Checksum"] == other["Checksum"] and one["ChecksumAlgorithm"] == "SHA256"
    data = other["BlockData"].read()
    assert len(data) == other["DataLength"] == 524288
    assert base64.b64encode(hashlib.sha256(data).digest()).decode() == other["Checksum"]
    assert refused(here.get_snapshot_block, SnapshotId=copy, BlockIndex=index, BlockToken=theirs[index]) == (
        "ValidationException"
    )
    ebs_disks.settings(broken_blocks={copy: [index]})
    broken = here.get_snapshot_block(SnapshotId=copy, BlockIndex=index, BlockToken=ours[index])
    assert broken["Checksum"] != one["Checksum"]


def test_blocks_show_late_in_pages_that_may_be_empty_and_not_to_everybody(ebs_disks, blocks):
    client, source = blocks(ebs_disks.destination), ebs_disks.snapshot()
    copy = ebs_disks.create_our_copy(source, seconds=30).id
    ebs_disks.settings(blocks_shown_after=40.0, empty_page_first=True)
    assert refused(client.list_snapshot_blocks, SnapshotId=copy) == "ResourceNotFoundException"
    ebs_disks.clock.sleep(35)
    assert refused(client.list_snapshot_blocks, SnapshotId=copy) == "ResourceNotFoundException"
    ebs_disks.clock.sleep(10)
    first = client.list_snapshot_blocks(SnapshotId=copy)
    assert first["Blocks"] == [] and first["NextToken"] and all_blocks(client, copy)[0]
    ebs_disks.settings(denied=["ListSnapshotBlocks"])
    assert refused(client.list_snapshot_blocks, SnapshotId=copy) == "AccessDeniedException"
