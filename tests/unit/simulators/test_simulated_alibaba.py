# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated ECS and ENS refuse what the services refuse (api-facts: alibaba-rpc)."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

import pytest

from tests.simulator.alibaba.service import ACCESS_KEY, SECRET_KEY, signature


def call(estate, action, secret=SECRET_KEY, age=0, **given):
    """Send a request in the wire format; return the answer, or the error's code and status."""
    version = "2014-05-26" if estate.module.startswith("ecs") else "2017-11-10"
    stamp = datetime.now(timezone.utc) - timedelta(seconds=age)
    parameters = {
        "Action": action,
        "Version": version,
        "Format": "JSON",
        "RegionId": "cn-hangzhou",
        "AccessKeyId": ACCESS_KEY,
        "Timestamp": stamp.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "SignatureMethod": "HMAC-SHA1",
        "SignatureType": "",
        "SignatureVersion": "1.0",
        "SignatureNonce": uuid.uuid4().hex,
        **given,
    }
    parameters["Signature"] = signature(secret, "POST", parameters)
    request = urllib.request.Request(f"{estate.url}/?{urlencode(parameters)}", b"", method="POST")
    try:
        with urllib.request.urlopen(request, timeout=900) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        body = json.loads(error.read())
        assert body["RequestId"] and body["HostId"]
        return body["Code"], error.code


def test_each_request_is_authenticated(ecs):
    assert call(ecs, "DescribeSnapshots")["Snapshots"] == {"Snapshot": []}
    assert call(ecs, "DescribeSnapshots", AccessKeyId="LTAInobody") == ("InvalidAccessKeyId.NotFound", 404)
    assert call(ecs, "DescribeSnapshots", secret="wrong") == ("SignatureDoesNotMatch", 400)
    assert call(ecs, "DescribeSnapshots", age=1000) == ("InvalidTimeStamp.Expired", 400)
    assert call(ecs, "DescribeSnapshots", SecurityToken="x") == ("InvalidSecurityToken.Malformed", 400)
    assert "Snapshots" in call(ecs, "DescribeSnapshots", SignatureNonce="once")
    assert call(ecs, "DescribeSnapshots", SignatureNonce="once") == ("SignatureNonceUsed", 400)
    assert call(ecs, "DescribeNothing") == ("InvalidAction.NotFound", 404)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Nonsense": "1"}, "InvalidParameter"),
        ({"SnapshotId": ""}, "MissingParameter.SnapshotId"),
        ({"DestinationSnapshotName": ""}, "MissingParameter.DestinationSnapshotName"),
        ({"DestinationSnapshotName": "1st"}, "InvalidSnapshotName.Malformed"),
        ({"DestinationSnapshotDescription": "d"}, "InvalidDescription.Malformed"),
        ({"RetentionDays": "0"}, "InvalidRetentionDays.Malformed"),
        ({"Encrypted": "perhaps"}, "InvalidEncrypted"),
        ({"KMSKeyId": "k"}, "InvalidEncrypted.NotMatchKmsKeyId"),
        ({"Tag.1.Key": "acs:x"}, "InvalidTagKey.Malformed"),
        ({"Tag.1.Key": "a", "Tag.2.Key": "A"}, "Duplicate.TagKey"),
        ({"ResourceGroupId": "rg-1"}, "InvalidParameter"),
        ({"DestinationRegionId": "cn-hangzhou"}, "InvalidOperation.NotSupportCopyInSameRegion"),
        ({"SnapshotId": "s-nothing"}, "InvalidSnapshotId.NotFound"),
    ],
)
def test_bad_copy_calls_are_refused_and_nothing_is_made(ecs, given, code):
    source = ecs.snapshot()
    asked = {"SnapshotId": source, "DestinationRegionId": "cn-beijing", "DestinationSnapshotName": "copy", **given}
    answer = call(ecs, "CopySnapshot", **asked)
    assert answer[0] == code and not ecs.copies()


def test_a_client_token_replays_and_a_mismatch_is_refused(ecs):
    given = {"SnapshotId": ecs.snapshot(), "DestinationRegionId": "cn-beijing", "DestinationSnapshotName": "copy"}
    given["ClientToken"] = "t"
    first = call(ecs, "CopySnapshot", **given)["SnapshotId"]
    assert call(ecs, "CopySnapshot", **given)["SnapshotId"] == first and len(ecs.copies()) == 1
    assert call(ecs, "CopySnapshot", **given, RetentionDays="3") == ("IdempotentParameterMismatch", 403)
    again = {**given, "ClientToken": "u"}
    assert call(ecs, "CopySnapshot", **again) == ("InvalidOperation.UnfinishedCrossRegionCopy", 403)


def test_a_listing_is_paginated_by_token_or_by_number(ecs):
    for _n in range(25):
        ecs.snapshot()
    page = call(ecs, "DescribeSnapshots", MaxResults="20")
    assert len(page["Snapshots"]["Snapshot"]) == 20 and page["NextToken"]
    rest = call(ecs, "DescribeSnapshots", MaxResults="20", NextToken=page["NextToken"])
    assert len(rest["Snapshots"]["Snapshot"]) == 5 and not rest["NextToken"]
    numbered = call(ecs, "DescribeSnapshots", PageNumber="3", PageSize="10")
    assert len(numbered["Snapshots"]["Snapshot"]) == 5 and numbered["TotalCount"] == 25
    assert call(ecs, "DescribeSnapshots", MaxResults="101")[0] == "InvalidMaxResults"
    assert call(ecs, "DescribeSnapshots", SnapshotIds="s-1,s-2")[0] == "InvalidSnapshotIds.Malformed"


def test_filters_of_snapshots_take_the_words_of_the_model_alone(ecs):
    made = ecs.snapshot()
    for given, number in (({"SnapshotType": "user"}, 1), ({"SnapshotType": "auto"}, 0), ({"Status": "failed"}, 0)):
        assert [s["SnapshotId"] for s in call(ecs, "DescribeSnapshots", **given)["Snapshots"]["Snapshot"]] == (
            [made] * number
        )
    assert call(ecs, "DescribeSnapshots", Status="complete") == ("InvalidStatus.NotFound", 404)
    assert call(ecs, "DescribeSnapshots", SnapshotType="copied") == ("InvalidSnapshotType.NotFound", 404)
    assert len(call(ecs, "DescribeDisks", Status="Available")["Disks"]["Disk"]) == 1
    assert call(ecs, "DescribeDisks", Status="In_use")["Disks"]["Disk"] == []


def test_ens_takes_a_list_of_nodes_in_numbered_parts_too(ens):
    made = ens.snapshot()
    for node, found in (("cn-hangzhou-26", [made]), ("cn-chengdu-26", [])):
        answer = call(ens, "DescribeSnapshots", **{"EnsRegionIds.1": node})
        assert [s["SnapshotId"] for s in answer["Snapshots"]] == found
    assert call(ens, "DescribeSnapshots", **{"SnapshotId.1": made})[0] == "InvalidParameter"


def test_ens_takes_its_list_as_json_and_answers_flat_and_nested(ens):
    source = ens.snapshot()
    assert (
        call(ens, "CopySnapshot", SnapshotId=source, DestinationRegionIds="cn-chengdu-26")[0]
        == "InvalidDestinationRegionIds"
    )
    answer = call(ens, "CopySnapshot", SnapshotId=source, DestinationRegionIds='["cn-chengdu-26", "cn-hangzhou-26"]')
    assert answer["BizStatusCode"] == "PartSuccess" and answer["UnAllocationId"] == [{"EnsRegionId": "cn-hangzhou-26"}]
    copy = answer["AllocationId"][0]["InstanceId"][0]
    shown = call(ens, "DescribeSnapshots", EnsRegionId="cn-chengdu-26")["Snapshots"][0]
    assert (shown["SnapshotId"], shown["Status"], shown["SourceEnsRegionId"]) == (copy, "creating", "cn-hangzhou-26")
    assert call(ens, "DeleteSnapshot", SnapshotId=copy) == ("ERROR_SNAPSHOT_COPY_IN_PROGRESS", 400)
    assert call(ens, "DescribeDisks", EnsRegionId="cn-hangzhou-26")["Disks"]["Disks"][0]["Tags"] == {"Tags": []}
    assert call(ens, "DescribeSnapshots", PageSize="51")[0] == "InvalidPageSize"
    assert call(ens, "CopySnapshot", SnapshotId=source, DestinationRegionIds="[]", Tag="x")[0] == "InvalidParameter"


def test_a_tag_without_a_value_finds_every_value_of_its_key(ecs):
    ecs.snapshot(team="db")
    for given, found in (({}, 1), ({"Tag.1.Value": "db"}, 1), ({"Tag.1.Value": "x"}, 0)):
        answer = call(ecs, "DescribeSnapshots", **{"Tag.1.Key": "team"}, **given)
        assert len(answer["Snapshots"]["Snapshot"]) == found


def test_a_parameter_that_ecs_does_not_simulate_is_refused_by_name(ecs):
    assert call(ecs, "LockSnapshot", DryRun="true") == ("InvalidParameter", 400)
    assert call(ecs, "UntagResources", All="true") == ("InvalidParameter", 400)


def test_the_newer_signature_is_verified(ecs):
    """Alibaba Cloud's documentation signs its sample request in this way (api-facts: alibaba-acs3)."""

    def send(secret=SECRET_KEY, action="DescribeSnapshots", body=b""):
        headers = {
            "host": ecs.url.partition("://")[2],
            "x-acs-action": action,
            "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
            "x-acs-date": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": uuid.uuid4().hex,
            "x-acs-version": "2014-05-26",
        }
        query, names = "RegionId=cn-hangzhou", ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{headers['x-acs-content-sha256']}"
        text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signed = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = f"ACS3-HMAC-SHA256 Credential={ACCESS_KEY},SignedHeaders={names},Signature={signed}"
        request = urllib.request.Request(f"{ecs.url}/?{query}", body, headers, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=900) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return json.loads(error.read())["Code"]

    assert send()["Snapshots"] == {"Snapshot": []}
    assert send(secret="wrong") == "SignatureDoesNotMatch"
    assert send(action="DescribeNothing") == "InvalidAction.NotFound"


@pytest.mark.parametrize("fault", [{"fault": "nothing"}, {"fault": "refuse"}, {}])
def test_a_fault_that_cannot_be_made_is_refused(ecs, fault):
    body = json.dumps([{"action": "CopySnapshot", **fault}]).encode()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{ecs.url}/_simulator/faults", body, timeout=900)
    assert refused.value.code == 400
