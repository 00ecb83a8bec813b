# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated EC2 behaves like AWS where moto does not (api-facts: ebs-moto)."""

from __future__ import annotations

import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.simulator.aws.ec2 import ACCESS_KEY, BUDGETS, OTHER_ACCESS_KEY, OTHER_ACCOUNT, OTHER_SECRET_KEY, SECRET_KEY


@pytest.fixture
def ec2(ebs):
    def client(region="eu-west-1", access_key=ACCESS_KEY, secret_key=SECRET_KEY, token=None):
        return boto3.client(
            "ec2",
            region_name=region,
            endpoint_url=ebs.url,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )

    return client


def code_of(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    metadata = caught.value.response["ResponseMetadata"]
    return caught.value.response["Error"]["Code"], metadata["HTTPStatusCode"]


def tags(count=1, key="k", value="v", kind="snapshot"):
    return [{"ResourceType": kind, "Tags": [{"Key": f"{key}{n or ''}", "Value": value} for n in range(count)]}]


def test_a_copy_is_pending_then_complete(ebs, ec2):
    source = ebs.snapshot()
    copy = ec2().copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=source)["SnapshotId"]
    states = []
    for _n in range(3):
        shown = ec2().describe_snapshots(SnapshotIds=[copy])["Snapshots"][0]
        states.append((shown["State"], shown["Progress"]))
        ebs.clock.sleep(1)
    assert states == [("pending", "0%"), ("pending", "99%"), ("completed", "100%")]
    assert shown["TransferType"] == "standard" and shown["VolumeId"] == "vol-ffffffff"


def test_times_have_milliseconds(ebs, ec2):
    """So copies that start within one second have an order (api-facts: ebs-times)."""
    source, made = ebs.snapshot(), []
    for _n in range(3):
        ebs.clock.sleep(0.123)
        made.append(ec2().copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=source)["SnapshotId"])
    times = {s["SnapshotId"]: s["StartTime"] for s in ec2().describe_snapshots(SnapshotIds=made)["Snapshots"]}
    assert times[made[0]] < times[made[1]] < times[made[2]]
    assert any(time.microsecond for time in times.values())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"SourceSnapshotId": "snap-1"}, "InvalidParameterValue"),
        ({"SourceSnapshotId": "snap-0123456789abcdef0"}, "InvalidParameterValue"),
        ({"SourceSnapshotId": "snap-00000000000000000"}, "InvalidParameterValue"),
        ({"SourceRegion": "mars-north-1"}, "InvalidRegion"),
        ({"Description": "d" * 256}, "InvalidParameterValue"),
        ({"KmsKeyId": "alias/x"}, "InvalidParameterCombination"),
        ({"CompletionDurationMinutes": 7}, "InvalidParameterValue"),
        ({"CompletionDurationMinutes": 2895}, "InvalidParameterValue"),
        ({"TagSpecifications": tags(51)}, "TagLimitExceeded"),
        ({"TagSpecifications": tags(key="aws:x")}, "InvalidParameterValue"),
        ({"TagSpecifications": tags(key="k" * 129)}, "InvalidParameterValue"),
        ({"TagSpecifications": tags(value="v" * 257)}, "InvalidParameterValue"),
        ({"TagSpecifications": tags(kind="volume")}, "InvalidParameterValue"),
        (
            {"TagSpecifications": [{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "1"}] * 2}]},
            "InvalidParameterValue",
        ),
    ],
)
def test_bad_copy_calls_are_refused_and_nothing_is_made(ebs, ec2, arguments, code):
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": ebs.snapshot(), **arguments}
    assert code_of(ec2().copy_snapshot, **given) == (code, 400) and not ebs.copies()


@pytest.mark.parametrize(
    ("source", "message"),
    [("unfinished", "Source snapshot is not complete"), ("unknown", "Source snapshot is not found")],
)
def test_a_snapshot_that_cannot_be_copied_becomes_a_failed_copy(ebs, ec2, source, message):
    source = ebs.create_unfinished_snapshot() if source == "unfinished" else ebs.unknown_id
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": source}
    copy = ec2().copy_snapshot(**given)["SnapshotId"]
    ebs.clock.sleep(5)
    shown = ec2().describe_snapshots(SnapshotIds=[copy])["Snapshots"][0]
    assert (shown["State"], shown["StateMessage"], shown["VolumeSize"]) == ("error", message, 0)
    assert code_of(ec2().copy_snapshot, **given, DryRun=True) == ("DryRunOperation", 412)


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("disabled", 400, "InvalidParameterValue"),
        ("invalid", 400, "InvalidParameterValue"),
        ("undescribable", 403, "AuthFailure"),
    ],
)
def test_a_copy_call_with_an_unusable_key_is_refused_at_once(ebs, ec2, what, status, code):
    ebs.settings(keys_of_kms={"alias/dr": what})
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": ebs.snapshot(), "Encrypted": True, "KmsKeyId": "alias/dr"}
    assert code_of(ec2().copy_snapshot, **given) == (code, status) and not ebs.copies()


def test_parameters_are_judged_before_permission_and_dry_run(ebs, ec2):
    ebs.settings(denied=["CopySnapshot"])
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": ebs.snapshot(), "DryRun": True}
    assert code_of(ec2().copy_snapshot, **given, CompletionDurationMinutes=1)[0] == "InvalidParameterValue"
    assert code_of(ec2().copy_snapshot, **{**given, "SourceSnapshotId": "bad"})[0] == "InvalidParameterValue"
    assert code_of(ec2().copy_snapshot, **given) == ("UnauthorizedOperation", 403)


def test_a_key_shows_as_it_was_asked_until_the_copy_is_complete(ebs, ec2):
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": ebs.snapshot(), "Encrypted": True}
    copies = [ec2().copy_snapshot(**given, **key)["SnapshotId"] for key in ({}, {"KmsKeyId": "alias/dr"})]

    def keys():
        return [ec2().describe_snapshots(SnapshotIds=[c])["Snapshots"][0]["KmsKeyId"] for c in copies]

    assert keys() == ["alias/aws/ebs", "alias/dr"]
    ebs.clock.sleep(5)
    assert all(key.startswith("arn:aws:kms:eu-west-1:") and ":key/" in key for key in keys())


def test_a_snapshot_just_shared_is_unknown_for_a_while(ebs, ec2):
    source = ebs.snapshot()
    ebs.settings(shared_after=20.0)
    ec2("us-east-1").modify_snapshot_attribute(
        SnapshotId=source, Attribute="createVolumePermission", OperationType="add", UserIds=[OTHER_ACCOUNT]
    )
    other = ec2("us-east-1", OTHER_ACCESS_KEY, OTHER_SECRET_KEY)
    assert other.describe_snapshots(RestorableByUserIds=["self"])["Snapshots"] == []
    ebs.clock.sleep(21)
    assert [s["SnapshotId"] for s in other.describe_snapshots(RestorableByUserIds=["self"])["Snapshots"]] == [source]


def test_roles_are_assumed_by_arn_and_external_id_and_sessions_end(ebs, ec2):
    arn = f"arn:aws:iam::{OTHER_ACCOUNT}:role/copies"
    ebs.settings(roles={arn: {"external_id": "ours"}}, session_seconds=900.0)
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    sts = boto3.client("sts", region_name="eu-west-1", endpoint_url=ebs.url, **keys)
    given = {"RoleArn": arn, "RoleSessionName": "copies"}
    assert code_of(sts.assume_role, **given) == ("AccessDenied", 403)
    session = sts.assume_role(**given, ExternalId="ours")["Credentials"]
    assert (session["Expiration"] - ebs.clock.utc()).total_seconds() == pytest.approx(900, abs=1)
    client = ec2("eu-west-1", session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    assert client.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []
    ebs.clock.sleep(901)
    assert code_of(client.describe_snapshots) == ("RequestExpired", 400)


def test_dry_runs_answer_by_permission(ebs, ec2):
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": ebs.snapshot(), "DryRun": True}
    assert code_of(ec2().copy_snapshot, **given) == ("DryRunOperation", 412)
    assert code_of(ec2().describe_snapshots, DryRun=True) == ("DryRunOperation", 412)
    ebs.settings(denied=["CopySnapshot"])
    assert code_of(ec2().copy_snapshot, **given) == ("UnauthorizedOperation", 403) and not ebs.copies()


def test_the_quota_counts_unfinished_copies_of_a_region(ebs, ec2):
    ebs.settings(quota=1)
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": ebs.snapshot()}
    ec2().copy_snapshot(**given)
    assert code_of(ec2().copy_snapshot, **given) == ("ResourceLimitExceeded", 400)
    ec2("eu-central-1").copy_snapshot(**given)
    ebs.clock.sleep(5)
    ec2().copy_snapshot(**given)


def test_encryption_follows_source_default_and_request(ebs, ec2):
    source = ebs.snapshot()
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": source}
    ec2().copy_snapshot(**given, Encrypted=True)
    ebs.settings(encryption_by_default=["eu-west-1"])
    ec2().copy_snapshot(**given)
    ebs.settings(encryption_by_default=[])
    ebs.get(source).encrypted = True
    ec2().copy_snapshot(**given)
    assert [c.encrypted for c in ebs.copies()] == [True] * 3 and all(
        ":eu-west-1:" in c.kms_key_id for c in ebs.copies()
    )


def test_lists_come_in_pages(ebs, ec2):
    for _n in range(12):
        ebs.snapshot()
    pages = (
        ec2("us-east-1")
        .get_paginator("describe_snapshots")
        .paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 5})
    )
    assert [len(page["Snapshots"]) for page in pages] == [5, 5, 2]
    assert code_of(ec2("us-east-1").describe_snapshots, MaxResults=4)[0] == "InvalidParameterValue"
    volumes = ec2("us-east-1").get_paginator("describe_volumes").paginate(PaginationConfig={"PageSize": 10})
    assert [len(page["Volumes"]) for page in volumes] == [10, 2]


def test_the_simulator_distinguishes_owners(ebs, ec2):
    own, shared = ebs.snapshot(), ebs.snapshot(env="prod")
    hidden = ebs.snapshot()
    for foreign in (shared, hidden):
        ebs.get(foreign).owner_id = "999999999999"
    ebs.get(shared).create_volume_permission_userids.add("123456789012")
    client = ec2("us-east-1")
    shown = {s["SnapshotId"]: s for s in client.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    assert set(shown) == {own}
    restorable = {s["SnapshotId"]: s for s in client.describe_snapshots(RestorableByUserIds=["self"])["Snapshots"]}
    assert set(restorable) == {own, shared} and "Tags" not in restorable[shared]
    assert [s["SnapshotId"] for s in client.describe_snapshots(OwnerIds=["999999999999"])["Snapshots"]] == [shared]
    assert client.describe_snapshots(OwnerIds=["111111111111"])["Snapshots"] == []
    assert code_of(client.describe_snapshots, SnapshotIds=[hidden])[0] == "InvalidSnapshot.NotFound"


def test_filters_read_brackets_as_they_are_and_refuse_unknown_names(ebs, ec2):
    source = ebs.snapshot()
    ebs.create_foreign_copy(source)

    def found(name, value):
        return len(ec2().describe_snapshots(Filters=[{"Name": name, "Values": [value]}])["Snapshots"])

    assert found("description", f"[Copied {source}*") == 1 and found("transfer-type", "standard") == 1
    assert found("description", "?Copied*") == 1 and found("description", "\\*Copied*") == 0
    for client in (ec2(), ec2("ap-south-1")):  # even if there is nothing to find
        for call in (client.describe_snapshots, client.describe_volumes):
            assert code_of(call, Filters=[{"Name": "state", "Values": ["x"]}])[0] == "InvalidParameterValue"


def test_filters_of_volumes_look_at_what_the_answer_shows(ebs, ec2):
    client = ec2("us-east-1")
    volume = client.create_volume(AvailabilityZone="us-east-1a", Size=8, VolumeType="gp3")["VolumeId"]
    (shown,) = client.describe_volumes()["Volumes"]

    def found(name, value):
        return [v["VolumeId"] for v in client.describe_volumes(Filters=[{"Name": name, "Values": [value]}])["Volumes"]]

    for name, value in (
        ("availability-zone-id", shown["AvailabilityZoneId"]),
        ("create-time", "20*"),
        ("multi-attach-enabled", "false"),
        ("size", "8"),
    ):
        assert found(name, value) == [volume] and found(name, "none") == [], name
    assert found("attachment.status", "attached") == []


@pytest.mark.parametrize(
    ("keys", "status"),
    [(("AKIAUNKNOWN", SECRET_KEY), 401), ((ACCESS_KEY, "wrong"), 401), ((ACCESS_KEY, SECRET_KEY, "token"), 401)],
)
def test_signatures_are_verified(ec2, keys, status):
    assert code_of(ec2("eu-west-1", *keys).describe_snapshots) == ("AuthFailure", status)


def test_a_rate_limit_throttles(ebs, ec2):
    ebs.settings(rate_limit=3)
    for _n in range(3):
        ec2().describe_snapshots()
    assert code_of(ec2().describe_snapshots) == ("RequestLimitExceeded", 503)
    ebs.clock.sleep(1)
    ec2().describe_snapshots()


def test_a_budget_of_reads_is_a_bucket_that_fills_again(ebs, ec2):
    for _n in range(110):
        ec2_reads = ec2().describe_snapshots()
        assert ec2_reads["Snapshots"] == []  # off by default
    ebs.settings(budgets=BUDGETS)
    reader = ec2()
    for _n in range(100):
        reader.describe_snapshots()
    assert code_of(reader.describe_snapshots) == ("RequestLimitExceeded", 503)
    assert code_of(reader.describe_snapshots) == ("RequestLimitExceeded", 503)
    ec2("us-east-1").describe_snapshots()  # each region has one of its own
    reader.describe_volumes()  # and each action
    ebs.clock.sleep(0.1)
    reader.describe_snapshots()
    reader.describe_snapshots()
    assert code_of(reader.describe_snapshots) == ("RequestLimitExceeded", 503)


def of_copies(ebs, ec2):
    pages = ec2().get_paginator("describe_snapshots").paginate(OwnerIds=["self"], PaginationConfig={"PageSize": 1000})
    return [snapshot for page in pages for snapshot in page["Snapshots"]]


@pytest.mark.slow
def test_a_large_estate_is_made_in_seconds_and_shows_as_a_small_one_does(ebs, ec2):
    copy = ebs.create_our_copy(ebs.snapshot())
    (small,) = of_copies(ebs, ec2)
    started = time.thread_time()
    ebs.server.fill(disks=3000, snapshots=150000, copies=90000)
    assert time.thread_time() - started < 30
    assert len(ec2("us-east-1").describe_volumes()["Volumes"]) == 3001
    assert sum(len(ebs.server.large[region].snapshots) for region in ("us-east-1", "eu-west-1")) == 240000
    page = ec2().describe_snapshots(OwnerIds=["self"], MaxResults=1000)
    first, second = page["Snapshots"][:2]
    assert first["SnapshotId"] == copy.id and first == small
    assert {key: type(value) for key, value in second.items()} == {key: type(value) for key, value in small.items()}
    assert len(page["Snapshots"]) == 1000 and page["NextToken"]


def test_a_large_estate_is_found_by_filters_changed_and_copied(ebs, ec2):
    ebs.server.fill(disks=10, snapshots=400, copies=300, due=1)
    there, here = ec2(), ec2("us-east-1")

    def found(client=there, **filters):
        asked = [{"Name": name.replace("__", "-"), "Values": values} for name, values in filters.items()]
        return client.describe_snapshots(Filters=asked, OwnerIds=["self"])["Snapshots"]

    copies = found(volume__id=["vol-ffffffff*"], status=["completed"])
    assert len(copies) == 300 and len(found(description=["Copied from snap-0a* in us-east-1"])) == 300
    assert found(status=["pending"]) == [] and len(found(**{"tag__key": ["dr-copy:source-region"]})) == 300
    source = next(t["Value"] for t in copies[7]["Tags"] if t["Key"] == "dr-copy:source-snapshot-id")
    assert [s["SnapshotId"] for s in found(**{"tag:dr-copy:source-snapshot-id": [source]})] == [copies[7]["SnapshotId"]]
    volume = found(here, snapshot__id=[source])[0]["VolumeId"]
    assert len(found(here, volume__id=[volume])) == 31
    there.create_tags(Resources=[copies[0]["SnapshotId"]], Tags=[{"Key": "team", "Value": "a"}])
    assert [s["SnapshotId"] for s in found(**{"tag:team": ["a"]})] == [copies[0]["SnapshotId"]]
    there.delete_snapshot(SnapshotId=copies[0]["SnapshotId"])
    assert found(**{"tag:team": ["a"]}) == [] and found(snapshot__id=[copies[0]["SnapshotId"]]) == []
    code = code_of(there.delete_snapshot, SnapshotId=copies[0]["SnapshotId"])
    assert code == ("InvalidSnapshot.NotFound", 400)
    made = there.copy_snapshot(SourceRegion="us-east-1", SourceSnapshotId=source, Description="d")["SnapshotId"]
    ebs.clock.sleep(5)
    assert found(snapshot__id=[made])[0]["State"] == "completed"
