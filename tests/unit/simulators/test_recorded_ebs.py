# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real answers of AWS: the parsers accept them, the simulator matches them, and requests fit the model."""

from __future__ import annotations

from datetime import datetime

import boto3
import botocore.loaders
import botocore.model
import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_answers import disk_of, snapshot_of
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.errors import translated
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import Provenance
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from tests.recorded import recorded, shape
from tests.simulator.aws.ec2 import ACCESS_KEY, ACCOUNT, OTHER_ACCESS_KEY, OTHER_ACCOUNT, OTHER_SECRET_KEY, SECRET_KEY
from tests.support.harness import run_module

SNAPSHOTS, DISKS = recorded("ebs", "snapshot"), recorded("ebs", "disk")
ERRORS = {name.removeprefix("error-"): item for name, item in recorded("ebs", "error").items()}
#: The account of the recorded answers.
OURS = "111122223333"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
MODEL = botocore.model.ServiceModel(botocore.loaders.Loader().load_service_model("ec2", "service-2"), "ec2")
SNAPSHOT, VOLUME = MODEL.shape_for("Snapshot"), MODEL.shape_for("Volume")


def as_botocore_gives(facts, model):
    """Return an answer as botocore parses it: it converts times, and drops what its model lacks."""
    given = {}
    for key, value in facts.items():
        member = model.members.get(key)
        if member and member.type_name == "structure":
            given[key] = as_botocore_gives(value, member)
        elif member:
            given[key] = datetime.fromisoformat(value) if member.type_name == "timestamp" else value
    return given


def types_of(facts):
    return {key: kind for key, kind in shape(facts).items() if key != "Tags"}


# -- parsers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_recorded_snapshot_is_understood(name):
    item = SNAPSHOTS[name]
    shown = as_botocore_gives(item["snapshot"], SNAPSHOT)
    made = snapshot_of(shown, "us-east-1", shown["OwnerId"] == OURS)
    for field, value in item["becomes"].items():
        if field == "source":
            value = Provenance(**value) if value else None
        value = tuple(value) if field == "traits" else value
        assert getattr(made, field) == value, (field, item.get("note"))
    assert made.created_at == shown["StartTime"] and not made.certainly_ours


@pytest.mark.parametrize("name", SNAPSHOTS)
def test_a_snapshot_with_a_volume_is_never_deletable(name):
    marks = [{"Key": "dr-copy:source-snapshot-id", "Value": "snap-0aa10000000000009"}]
    shown = {**as_botocore_gives(SNAPSHOTS[name]["snapshot"], SNAPSHOT), "Tags": marks}
    made = snapshot_of(shown, "us-east-1", shown["OwnerId"] == OURS)
    assert made.certainly_ours == (set(shown["VolumeId"][4:]) == {"f"} and shown["OwnerId"] == OURS)
    with_volume = snapshot_of({**shown, "VolumeId": "vol-0bb10000000000001"}, "us-east-1", True)
    assert not with_volume.certainly_ours


@pytest.mark.parametrize("name", DISKS)
def test_a_recorded_disk_is_understood(name):
    item = DISKS[name]
    made = disk_of(as_botocore_gives(item["disk"], VOLUME), "us-east-1")
    for field, value in item["becomes"].items():
        assert getattr(made, field) == value, (field, item.get("note"))


@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_has_the_expected_class(name):
    item = ERRORS[name]
    recorded, becomes = item["error"], item["becomes"]
    answer = {
        "Error": {"Code": recorded["code"], "Message": recorded["message"]},
        "ResponseMetadata": {"HTTPStatusCode": recorded["status"], "RequestId": "8ab6b0ae"},
    }
    error = translated(ClientError(answer, item["call"]), "Trying")
    assert (error.kind, type(error).__name__) == (becomes["kind"], becomes["class"]), item.get("note")
    assert (error.code, error.request_id) == (recorded["code"], "8ab6b0ae")
    assert becomes.get("hint", "") in (error.hint or "")
    if "without" in becomes:
        assert becomes["without"] not in error.message
    else:
        assert recorded["message"].strip() in error.message


# -- the simulator ---------------------------------------------------------------------------------------


@pytest.fixture
def client(ebs):
    def make(region="eu-west-1", access_key=ACCESS_KEY, secret_key=SECRET_KEY):
        keys = {"aws_access_key_id": access_key, "aws_secret_access_key": secret_key}
        return boto3.client("ec2", region_name=region, endpoint_url=ebs.url, **keys)

    return make


def simulated(ebs, client, name):
    """Let the simulator show a snapshot like the recorded one of this name, over HTTP."""
    source = ebs.snapshot(suite="copies")
    given = {"SourceRegion": "us-east-1", "SourceSnapshotId": source, "Description": "a copy"}
    if "encrypted" in name or name == "copy-failed-key":
        given.update(Encrypted=True)
    if name == "copy-time-based":
        given.update(CompletionDurationMinutes=15)
    if name == "copy-failed-source-missing":
        given.update(SourceSnapshotId=ebs.unknown_id)
    if name == "copy-failed-source-pending":
        ebs.make_unfinished(source)
    if name == "copy-failed-key":
        ebs.settings(keys_of_kms={KEY: "unusable"})
        given.update(KmsKeyId=KEY)
    ebs.settings(copy_seconds=100.0)
    copy = client().copy_snapshot(**given)["SnapshotId"]
    if "phase-1" not in name:
        ebs.clock.sleep(80 if "phase-2" in name else 200)
    return client().describe_snapshots(SnapshotIds=[copy])["Snapshots"][0]


def check_match(shown, item):
    wanted = types_of(as_botocore_gives(item["snapshot"], SNAPSHOT))
    assert types_of(shown) == wanted, item.get("note")
    for key in ("State", "StateMessage", "TransferType", "StorageTier", "VolumeId"):
        if key != "VolumeId" or set(item["snapshot"][key][4:]) == {"f"}:
            assert shown.get(key) == item["snapshot"].get(key)


@pytest.mark.parametrize("name", [name for name in SNAPSHOTS if name.startswith("copy-")])
def test_the_simulator_shows_a_copy_as_aws_does(ebs, client, name):
    shown = simulated(ebs, client, name)
    item = SNAPSHOTS[name]
    check_match(shown, item)
    assert (shown["VolumeSize"] == 0) == (item["snapshot"]["VolumeSize"] == 0)
    assert (
        shown.get("KmsKeyId", "").partition("/")[0].partition(":")[0]
        == (item["snapshot"].get("KmsKeyId", "").partition("/")[0].partition(":")[0])
    ), "an alias or an ARN"
    if item["snapshot"]["State"] == "pending" and "encrypted" not in name:
        assert shown["Progress"] == item["snapshot"]["Progress"]


def test_the_simulator_shows_ordinary_snapshots_as_aws_does(ebs, client):
    item = SNAPSHOTS["snapshot-completed"]
    snapshot = ebs.snapshot(**{"snapshot-only": "native"})
    reader = client("us-east-1")
    shown = reader.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]
    check_match(shown, item)
    assert shown["Tags"] == item["snapshot"]["Tags"]
    ebs.make_unfinished(snapshot)
    pending = reader.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]
    own = {"StorageTier": "str", "TransferType": "str"}
    assert types_of(pending) == {
        **own,
        **types_of(as_botocore_gives(SNAPSHOTS["snapshot-pending"]["snapshot"], SNAPSHOT)),
    }
    assert pending["Progress"] == ""


def test_the_simulator_shows_a_shared_snapshot_as_aws_does(ebs, client):
    source = ebs.snapshot(secret="tag")
    client("us-east-1").modify_snapshot_attribute(
        SnapshotId=source, Attribute="createVolumePermission", OperationType="add", UserIds=[OTHER_ACCOUNT]
    )
    other = client("us-east-1", OTHER_ACCESS_KEY, OTHER_SECRET_KEY)
    shown = other.describe_snapshots(SnapshotIds=[source])["Snapshots"][0]
    assert "Tags" not in shown and shown["OwnerId"] == ACCOUNT
    check_match({**shown, "VolumeId": "vol-ffffffff"}, SNAPSHOTS["shared-with-us"])
    assert other.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_the_simulator_shows_a_disk_as_aws_does(ebs, client):
    disk = ebs.disk(Name="database")
    shown = client("us-east-1").describe_volumes(VolumeIds=[disk])["Volumes"][0]
    assert types_of(shown) == types_of(as_botocore_gives(DISKS["disk"]["disk"], VOLUME))


@pytest.mark.parametrize(
    ("name", "settings", "given"),
    [
        ("id-impossible", {}, {"SourceSnapshotId": "snap-00000000000000000"}),
        ("source-region", {}, {"SourceRegion": "not-a-region"}),
        ("duration", {}, {"CompletionDurationMinutes": 1}),
        ("key-disabled", {"keys_of_kms": {KEY: "disabled"}}, {"Encrypted": True, "KmsKeyId": KEY}),
        ("key-unknown", {"keys_of_kms": {KEY: "invalid"}}, {"Encrypted": True, "KmsKeyId": KEY}),
        ("key-not-authorized", {"keys_of_kms": {KEY: "undescribable"}}, {"Encrypted": True, "KmsKeyId": KEY}),
        ("unauthorized", {"denied": ["CopySnapshot"]}, {}),
        ("dry-run", {}, {"DryRun": True}),
        ("dry-run", {}, {"DryRun": True, "SourceSnapshotId": "snap-0f1e2d3c4b5a69788"}),
        ("copies-in-progress", {"quota": 0}, {}),
        ("snapshots-total", {"snapshot_limit": 0}, {}),
    ],
)
def test_the_simulator_refuses_in_the_words_of_aws(ebs, client, name, settings, given):
    ebs.settings(**settings)
    with pytest.raises(ClientError) as caught:
        client().copy_snapshot(**{"SourceRegion": "us-east-1", "SourceSnapshotId": ebs.snapshot(), **given})
    answer, wanted = caught.value.response, ERRORS[name]["error"]
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (wanted["code"], wanted["status"])
    of_aws = [word for word in wanted["message"].split() if word.isalpha()]
    assert [word for word in answer["Error"]["Message"].split() if word.isalpha()] == of_aws


def test_the_simulator_answers_for_missing_things_as_aws_does(ebs, client):
    for name, snapshot_id in (
        ("not-found", "snap-0f1e2d3c4b5a69788"),
        ("id-impossible-read", "snap-0123456789abcdef0"),
    ):
        with pytest.raises(ClientError) as caught:
            client().describe_snapshots(SnapshotIds=[snapshot_id])
        wanted = ERRORS[name]["error"]
        message = wanted["message"].replace("snap-0aa10000000000001", snapshot_id)
        assert caught.value.response["Error"] == {"Code": wanted["code"], "Message": message}


# -- requests --------------------------------------------------------------------------------------------


@pytest.fixture
def requests_sent(monkeypatch):
    """Record the operation and the parameters of every request that a client sends."""
    sent = []
    original = BaseClient._make_api_call

    def noted(self, operation, params, *more, **named):
        sent.append((operation, params))
        return original(self, operation, params, *more, **named)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return sent


def faults_of(shape_of, value, where):
    """Return what the model lacks: members, and values that it does not list."""
    if shape_of.type_name == "structure":
        unknown = [f"{where}.{key}" for key in value if key not in shape_of.members]
        known = [
            (shape_of.members[key], part, f"{where}.{key}") for key, part in value.items() if key in shape_of.members
        ]
        return unknown + [fault for each in known for fault in faults_of(*each)]
    if shape_of.type_name == "list":
        return [fault for part in value for fault in faults_of(shape_of.member, part, where)]
    enum = getattr(shape_of, "enum", None)
    return [f"{where}: {value}"] if enum and value not in enum else []


def test_every_request_fits_the_model_of_the_service(ebs, requests_sent):
    disk = ebs.disk(**{"dr-copy": "true"})
    source, local = ebs.snapshot(disk, Name="n"), ebs.snapshot(region="eu-west-1")
    outpost = "arn:aws:outposts:eu-west-1:123456789012:outpost/op-0123456789abcdef0"
    ebs.info("us-east-1", disk_tags={"dr-copy": "*"}, disk_ids=[disk])
    options = {"encrypted": True, "kms_key_id": KEY, "tags": {"a": "b"}, "copy_tags": True, "name": "n"}
    ebs.run(source, check=True, **options)
    ebs.run(source, completion_duration_minutes=15, wait=True, **options)
    ebs.run(source, tags={"a": "c"}, purge_tags=True)
    ebs.run(local, source_region="eu-west-1", encrypted=True, destination_outpost_arn=outpost)
    zone = "eu-west-1-lon-1a"
    ebs.run(local, source_region="eu-west-1", destination_availability_zone=zone)
    ebs.run(source, ebs.unknown_id, state="absent")
    given = {"snapshot_ids": [source], "account_id": OTHER_ACCOUNT, "region": "us-east-1", **ebs.connection()}
    run_module("ebs_snapshot_share", given, ebs.clock)
    names = {operation for operation, _params in requests_sent}
    assert names >= {"CopySnapshot", "DescribeSnapshots", "DescribeVolumes", "CreateTags", "DeleteTags"}
    assert names >= {"DeleteSnapshot", "ModifySnapshotAttribute", "GetCallerIdentity"}
    for operation, params in requests_sent:
        if operation not in MODEL.operation_names:
            continue
        takes = MODEL.operation_model(operation).input_shape
        assert faults_of(takes, params, operation) == []
        assert not ParamValidator().validate(params, takes).has_errors()
