# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated EC2 is AWS where moto is not (contract, E.6, row by row)."""

from __future__ import annotations

import subprocess
import sys

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.simulator.ec2 import ACCESS_KEY, SECRET_KEY


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
    assert states == [("pending", "0%"), ("pending", "50%"), ("completed", "100%")]
    assert shown["TransferType"] == "standard" and shown["VolumeId"] == "vol-ffffffff"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"SourceSnapshotId": "snap-1"}, "InvalidSnapshotID.Malformed"),
        ({"SourceSnapshotId": "snap-0123456789abcdef0"}, "InvalidSnapshot.NotFound"),
        ({"SourceRegion": "mars-north-1"}, "InvalidParameterValue"),
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


def test_a_source_that_is_not_complete_is_refused(ebs, ec2):
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": ebs.unfinished_snapshot()}
    assert code_of(ec2().copy_snapshot, **given) == ("IncorrectState", 400)


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


def test_owners_are_told_apart(ebs, ec2):
    own, shared = ebs.snapshot(), ebs.snapshot(env="prod")
    hidden = ebs.snapshot()
    for foreign in (shared, hidden):
        ebs.get(foreign).owner_id = "999999999999"
    ebs.get(shared).create_volume_permission_userids.add("123456789012")
    client = ec2("us-east-1")
    shown = {s["SnapshotId"]: s for s in client.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    assert set(shown) == {own, shared} and not shown[shared].get("Tags")
    assert [s["SnapshotId"] for s in client.describe_snapshots(OwnerIds=["999999999999"])["Snapshots"]] == [shared]
    assert client.describe_snapshots(OwnerIds=["111111111111"])["Snapshots"] == []
    assert code_of(client.describe_snapshots, SnapshotIds=[hidden])[0] == "InvalidSnapshot.NotFound"


def test_filters_read_brackets_as_they_are_and_refuse_unknown_names(ebs, ec2):
    source = ebs.snapshot()
    ebs.foreign_copy(source)

    def found(name, value):
        return len(ec2().describe_snapshots(Filters=[{"Name": name, "Values": [value]}])["Snapshots"])

    assert found("description", f"[Copied {source}*") == 1 and found("transfer-type", "standard") == 1
    assert found("description", "?Copied*") == 1 and found("description", "\\*Copied*") == 0
    assert code_of(ec2().describe_snapshots, Filters=[{"Name": "state", "Values": ["x"]}])[0] == "InvalidParameterValue"


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


WITHOUT_BOTO3 = """
import sys
sys.modules.update({"boto3": None, "botocore": None})
from tests.simulator.clock import FakeClock
from tests.unit.harness import run_module
given = {"snapshot_ids": "snap-0123456789abcdef0", "source_region": "us-east-1", "destination_regions": "eu-west-1"}
out = run_module("ebs_snapshot_copy", given, FakeClock())
assert out.failed and "boto3" in out["msg"] and out["copies"] == [], out.text
out = run_module("ebs_snapshot_info", {"region": "us-east-1"}, FakeClock())
assert out.failed and "boto3" in out["msg"] and out["snapshots"] == [], out.text
"""


def test_a_missing_boto3_is_named():
    done = subprocess.run([sys.executable, "-c", WITHOUT_BOTO3], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
