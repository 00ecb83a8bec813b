# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only ECS can do or refuse, and what ECS and ENS share (api-facts: ecs-copy-call)."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from aliyunsdkcore.http import protocol_type
from aliyunsdkecs.request.v20140526.DescribeSnapshotsRequest import DescribeSnapshotsRequest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba import client as alibaba
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs import EcsCloud

from tests.simulator.alibaba.service import signature

KEY = "0e478b7a-4262-4802-b8cb-00d3fb401111"
G2 = {
    "SnapshotId": "s-src1",
    "DestinationRegionId": "us-east-1",
    "DestinationSnapshotName": "n1",
    "DestinationSnapshotDescription": "d e",
    "RetentionDays": "30",
    "Tag.1.Key": "k1",
    "Tag.1.Value": "",
    "ClientToken": "tok-1",
    "Version": "2014-05-26",
    "Action": "CopySnapshot",
    "Format": "JSON",
    "RegionId": "cn-chengdu",
    "Timestamp": "2026-11-21T02:34:11Z",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureType": "",
    "SignatureVersion": "1.0",
    "SignatureNonce": "2fbd99937ca862273929cc5028b0dc3f",
    "AccessKeyId": "LTAItestid",
}
G3 = {
    "DestinationSnapshotName": "copy of é 快照 a+b*c~d",
    "DestinationSnapshotDescription": "d e/s=c&r",
    "SnapshotId": "s-src1",
    "DestinationRegionId": "us-east-1",
    "RetentionDays": "30",
    "Tag.1.Key": "k1",
    "Tag.1.Value": "v1",
    "Tag.2.Key": "k2",
    "Tag.2.Value": "",
    "Encrypted": "True",
    "KMSKeyId": "kms-1",
    "Version": "2014-05-26",
    "Action": "CopySnapshot",
    "Format": "JSON",
    "RegionId": "cn-chengdu",
    "Timestamp": "2026-11-21T02:06:37Z",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureType": "",
    "SignatureVersion": "1.0",
    "SignatureNonce": "5e2d16b2b3dc455b49461fbb7c4e066e",
    "AccessKeyId": "LTAItestid",
}


@pytest.mark.parametrize(
    ("given", "expected"), [(G2, "5E59t5JMmgmcgK05siwsbiQC+9E="), (G3, "9nYk5OcLCPOAvz8Le/7FQhLoTPA=")]
)
def test_the_simulator_signs_as_the_service(given, expected):
    assert signature("testsecret", "POST", given) == expected


def test_name_description_and_tags_are_sent_in_the_call(ecs):
    source = ecs.snapshot()
    ecs.run(source, tags={"team": "dr"}, retention_days=30)
    copy = ecs.copies()[0]
    assert copy.name == f"copy-of-{source}" and copy.description == f"Copied from {source} in cn-hangzhou"
    assert copy.tags["team"] == "dr" and copy.tags["dr-copy:source-snapshot-id"] == source and copy.retention_days == 30
    assert ecs.calls["TagResources"] == 0


def test_snapshots_of_one_disk_are_copied_one_after_the_other_oldest_first(ecs):
    disk = ecs.disk()
    young, old, middle = ecs.snapshot(disk, 1), ecs.snapshot(disk, 9), ecs.snapshot(disk, 5)
    other = ecs.snapshot()
    out = ecs.run(young, old, middle, other, wait=True)
    assert not out.failed
    started = {copy.source_id: copy.started for copy in ecs.copies()}
    assert started[old] < started[middle] < started[young] and started[other] <= started[middle]
    assert ecs.calls["CopySnapshot"] == 4


def test_an_unfinished_copy_of_the_disk_is_waited_for(ecs):
    disk = ecs.disk()
    ecs.create_foreign_copy(ecs.snapshot(disk), seconds=40)
    ecs.settings(copy_seconds=5.0)
    out = ecs.run(ecs.snapshot(disk), ecs.snapshot(), wait=True)
    assert not out.failed and len(ecs.copies()) == 3


def test_each_copy_of_a_run_has_one_token(ecs):
    source = ecs.snapshot()
    ecs.set_faults({"action": "CopySnapshot", "fault": "drop", "nth": [1, 2]})
    ecs.run(source, wait=True)
    assert len(ecs.server.tokens) == 1 and len(ecs.copies()) == 1
    ecs.run(source, state="absent")
    ecs.run(source, wait=True)
    assert len(ecs.server.tokens) == 2 and len(ecs.copies()) == 1


@pytest.mark.parametrize("category", ["archive", "Flash"])
def test_a_category_that_cannot_be_copied_fails_alone(ecs, category):
    bad, good = ecs.snapshot(), ecs.snapshot()
    ecs.get(bad).category = category
    out = ecs.run(bad, good, wait=True)
    assert out.failure()["kind"] == "refused" and ecs.calls["CopySnapshot"] == 1 and len(ecs.copies()) == 1


@pytest.mark.parametrize("asked", [True, False])
def test_an_encrypted_source_is_always_copied_encrypted(ecs, asked):
    source, plain = ecs.snapshot(), ecs.snapshot()
    ecs.get(source).encrypted = True
    out = ecs.run(source, plain, encrypted=asked, wait=True)
    assert not out.failed, out["msg"]
    assert [row["encrypted"] for row in out["copies"]] == [True, asked]
    assert not ecs.run(source, plain, encrypted=asked)["changed"]


def test_a_copy_of_an_encrypted_source_is_shown_encrypted_before_the_first_look(ecs):
    source = ecs.snapshot()
    ecs.get(source).encrypted = True
    assert ecs.run(source).copy()["encrypted"] is True and ecs.run(source, check=True).copy()["encrypted"] is True


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("OperationDenied.NonCompliantDestinationRegion", "mainland China"),
        ("InvalidParameter.KMSKeyId.KMSUnauthorized", "AliyunECSDiskEncryptDefaultRole"),
        ("InvalidAccountStatus.NotEnoughBalance", "Add funds"),
        ("InvalidRegionId.NotSupportedEncryptedSnapshotCopy", "another destination"),
        ("InvalidParameter.KMSKeyId.NotFound", "destination region"),
    ],
)
def test_refusals_come_with_what_to_do(ecs, code, word):
    ecs.refuse("CopySnapshot", code, status=403)
    failure = ecs.run(ecs.snapshot(), wait=True).failure()
    assert (failure["kind"], failure["code"]) == ("refused", code) and word in failure["hint"]
    assert ecs.calls["CopySnapshot"] == 1


def test_a_key_of_the_destination_is_used_and_known_again(ecs):
    source = ecs.snapshot()
    asked = {"encrypted": True, "kms_key_id": KEY}
    ecs.run(source, **asked, wait=True)
    assert ecs.copies()[0].kms_key_id == KEY and not ecs.run(source, **asked)["changed"]


def test_keys_are_compared_by_their_last_part():
    differ = EcsCloud.keys_differ
    arn = f"acs:kms:cn-beijing:1234567890123456:key/{KEY}"
    assert not differ(None, KEY, KEY) and not differ(None, arn, KEY) and not differ(None, KEY, arn)
    assert differ(None, KEY, "another") and differ(None, arn, "another")
    assert not differ(None, KEY, None) and not differ(None, KEY, "")
    for alias in ("alias/dr", "acs:kms:cn-beijing:1234567890123456:alias/dr"):
        assert not differ(None, alias, "another")


def test_tag_keys_that_differ_by_case_alone_are_one(ecs):
    source = ecs.snapshot(Team="storage", Site="berlin")
    out = ecs.run(source, tags={"team": "dr"}, copy_tags=True, wait=True)
    assert not out.failed, out["msg"]
    copy = ecs.copies()[0]
    users = {key: value for key, value in copy.tags.items() if not key.startswith("dr-copy:")}
    assert users == {"team": "dr", "Site": "berlin"}
    assert not ecs.run(source, tags={"TEAM": "dr"}, copy_tags=True, purge_tags=True)["changed"]
    out = ecs.run(source, tags={"TEAM": "nights", "DR-COPY:Source-Region": "x"}, purge_tags=True)
    assert not out.failed, out["msg"]
    users = {key: value for key, value in copy.tags.items() if not key.startswith("dr-copy:")}
    assert users == {"team": "nights"} and copy.tags["dr-copy:source-region"] == "cn-hangzhou"


def test_our_own_tag_for_the_disk_takes_precedence_over_the_cloud(ecs):
    source = ecs.snapshot()
    copy = ecs.create_our_copy(source)
    copy.disk_id = "d-anotherone"
    disk = ecs.get(source).disk_id
    shown = ecs.info(ecs.destination, copies_from=[ecs.source])["snapshots"]
    assert shown[0]["source"]["disk_id"] == disk
    copy.tags.pop("dr-copy:source-disk-id")
    shown = ecs.info(ecs.destination, copies_from=[ecs.source])["snapshots"]
    assert shown[0]["source"]["disk_id"] == "d-anotherone"


def test_disks_beyond_the_limit_of_a_listing_by_tag_are_found(ecs):
    ecs.settings(most_by_tag=1000)
    for _n in range(1005):
        ecs.disk(**{"dr-copy": "true"})
    ecs.disk(env="prod")
    assert len(ecs.info(ecs.source, disk_tags={"dr-copy": "*"})["disks"]) == 1005
    few = ecs.disk(site="berlin")
    before = ecs.calls["DescribeDisks"]
    assert [d["disk_id"] for d in ecs.info(ecs.source, disk_tags={"site": "berlin"})["disks"]] == [few]
    assert ecs.calls["DescribeDisks"] - before == 1


@pytest.mark.parametrize("left_out", [["Snapshots", "Disks"], ["Snapshot", "Disk"]])
def test_an_empty_list_may_be_missing_and_one_that_is_not_empty_may_not(ecs, left_out):
    """In no case is a second copy made (api-facts: null-listings)."""
    source, must_be_empty = ecs.snapshot(), True

    def corrupt(action, body, _type):
        answer = json.loads(body)
        for part in (answer, answer.get("Snapshots", {}), answer.get("Disks", {})):
            for key in left_out:
                if not must_be_empty or part.get(key) in ([], {"Snapshot": []}, {"Disk": []}):
                    part.pop(key, None)
        return json.dumps(answer).encode()

    ecs.server.control.corrupt = corrupt
    out = ecs.run(source, wait=True)
    assert not out.failed and out.copy()["state"] == "completed"
    shown = ecs.info(ecs.destination)
    assert [s["snapshot_id"] for s in shown["snapshots"]] == [out["snapshot_id"]] and shown["disks"] == []
    must_be_empty = False
    out = ecs.run(source, wait=True, wait_timeout=60)
    assert out.failed and "the response contains no Snapshot" in out["msg"] and len(ecs.copies()) == 1


def test_a_copy_in_progress_is_tagged_and_cancelled(ecs):
    source = ecs.snapshot()
    copy = ecs.create_our_copy(source, seconds=1000)
    copy.tags["old"] = "1"
    assert ecs.run(source, tags={"new": "1"}, purge_tags=True)["counts"]["adopted"] == 1
    assert copy.tags["new"] == "1" and "old" not in copy.tags and copy.tags["dr-copy:source-snapshot-id"] == source
    assert ecs.run(source, state="absent")["changed"] and not ecs.copies()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"name": "1st"}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "https://x"}, "name"),
        ({"name": "n" * 129}, "128"),
        ({"description": "d"}, "description"),
        ({"description": "http://x"}, "description"),
        ({"tags": {"acs:x": "1"}}, "acs:x"),
        ({"tags": {"Aliyun": "1"}}, "Aliyun"),
        ({"tags": {"k": "see http://x"}}, "'k'"),
        (
            {"tags": {f"k{n}": "v" for n in range(17)}},
            "at most 16 are allowed. The other 4 of 20 are reserved for the tags of this",
        ),
        ({"retention_days": 0}, "retention_days"),
        ({"retention_days": 65537}, "retention_days"),
        ({"kms_key_id": "k"}, "encrypted"),
        ({"kms_key_id": KEY, "encrypted": True, "destination_regions": ["cn-beijing", "cn-shanghai"]}, "in one region"),
        ({"kms_key_id": f"acs:kms:cn-wuhan:1:key/{KEY}", "encrypted": True}, "a key of cn-wuhan"),
        ({"tags": {"Team": "a", "team": "b"}}, "Team, team differ only in case"),
        ({"resource_group_id": "rg-1"}, "resource_group_id"),
        ({"sts_endpoint": "sts/x"}, "sts_endpoint"),
        ({"destination_regions": ["cn-hangzhou"]}, "source region"),
        ({"destination_regions": ["Hangzhou"]}, "Hangzhou"),
    ],
)
def test_bad_input_is_named_and_nothing_called(ecs, options, word):
    out = ecs.run(ecs.snapshot(), **options)
    assert out.failed and word in out["msg"] and not ecs.calls
    assert "provenance and name" not in out["msg"], "names are no tags"


@pytest.mark.parametrize("name", ["快照-1", "été.1", "a:b_c-d.e"])
def test_names_begin_with_a_letter_of_any_script(ecs, name):
    assert ecs.run(ecs.snapshot(), name=name, wait=True).copy()["name"] == name


DELETED_LATER = [
    "IncorrectDiskStatus.CreatingSnapshot",
    "Operation.Conflict",
    "InvalidOperation.RelatedSnapshotNotFinished",
]


@pytest.mark.parametrize("code", DELETED_LATER)
@pytest.mark.parametrize("wait", [False, True])
def test_a_deletion_refused_for_a_while_is_repeated(ecs, code, wait):
    sources = ecs.create_copied_snapshots(3)
    ecs.refuse("DeleteSnapshot", code, status=403, times=4)
    out = ecs.run(*sources, state="absent", wait=wait)
    assert not out.failed and out["counts"]["deleted"] == 3 and not ecs.copies()


@pytest.mark.parametrize("code", DELETED_LATER)
def test_a_deletion_that_is_always_refused_is_busy_and_says_what_to_do(ecs, code):
    source = ecs.snapshot()
    copy = ecs.create_our_copy(source)
    ecs.refuse("DeleteSnapshot", code, status=403)
    failure = ecs.run(source, state="absent", wait_timeout=60).failure()
    assert (failure["kind"], failure["code"], failure["snapshot_id"]) == ("busy", code, copy.id)
    assert failure["request_id"] and failure["hint"]


def test_a_copy_that_is_copied_further_is_deleted_after_that(ecs):
    source = ecs.snapshot()
    ecs.settings(copies_hold_sources=True, copy_seconds=60.0)
    copy = ecs.create_our_copy(source)
    further = {"source_region": ecs.destination, "destination_regions": [ecs.other_destination]}
    assert ecs.run(copy.id, **further)["counts"]["created"] == 1
    out = ecs.run(source, state="absent")
    assert not out.failed and not ecs.copies() and len(ecs.copies(ecs.other_destination)) == 1


# -- calling -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "protocol", "host"),
    [
        (None, protocol_type.HTTPS, "ecs.cn-beijing.aliyuncs.com"),
        ("https://ecs.{region}.example.com", protocol_type.HTTPS, "ecs.cn-beijing.example.com"),
        ("http://127.0.0.1:8080/", protocol_type.HTTP, "127.0.0.1:8080"),
        ("ecs.example.com", protocol_type.HTTPS, "ecs.example.com"),
    ],
)
def test_https_is_used_unless_the_endpoint_says_otherwise(endpoint, protocol, host):
    given = {"access_key": "k", "secret_key": "s", "endpoint_url": endpoint, "connect_timeout": 5, "read_timeout": 30}
    api = alibaba.Api("aliyunsdkecs.request.v20140526", "NO_SUCH_VARIABLE", {}, {})
    service = alibaba.Service(api, given, Counter(), print)
    request = DescribeSnapshotsRequest()
    service._address(request, "cn-beijing")
    # The SDK compares by identity: an equal string would mean HTTP (api-facts: alibaba-https).
    assert request.get_protocol_type() is protocol and request.endpoint == host


def test_an_endpoint_of_the_environment_is_used(ecs, monkeypatch):
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_ENDPOINT", ecs.url)
    assert not ecs.run(ecs.snapshot(), endpoint_url=..., wait=True).failed


def test_an_earlier_call_with_the_token_is_waited_for(ecs):
    ecs.refuse("CopySnapshot", "LastTokenProcessing", status=403, times=2)
    assert not ecs.run(ecs.snapshot(), wait=True).failed and len(ecs.copies()) == 1


def test_a_connection_error_is_reported_without_the_request(ecs):
    closed = "http://127.0.0.1:1"
    out = ecs.run(
        ecs.snapshot(), endpoint_url=closed, security_token="aVeryLongSecurityToken0123456789", wait_timeout=5
    )
    failure = out.failure()
    assert failure["kind"] == "connection" and "refused" in failure["message"] and "127.0.0.1" in failure["message"]
    for part in ("Signature", "AccessKeyId", "SecurityToken", "aVeryLong", "url:", " object at "):
        assert part not in out.text
