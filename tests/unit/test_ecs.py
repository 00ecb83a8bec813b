# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only ECS can do or refuse, and what ECS and ENS share (contract, parts A and B)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest
from aliyunsdkcore.http import protocol_type
from aliyunsdkecs.request.v20140526.DescribeSnapshotsRequest import DescribeSnapshotsRequest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds import alibaba
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba_login import Login, find_login
from ansible_collections.multicloud.snapshots.plugins.module_utils._copy.errors import Credentials

from tests.simulator.alibaba import signature

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


def test_snapshots_of_one_disk_go_one_after_the_other_oldest_first(ecs):
    disk = ecs.disk()
    young, old, middle = ecs.snapshot(disk, 1), ecs.snapshot(disk, 9), ecs.snapshot(disk, 5)
    other = ecs.snapshot()
    out = ecs.run(young, old, middle, other, wait=True)
    assert not out.failed
    begun = {copy.source_id: copy.begun for copy in ecs.copies()}
    assert begun[old] < begun[middle] < begun[young] and begun[other] <= begun[middle]
    assert ecs.calls["CopySnapshot"] == 4


def test_an_unfinished_copy_of_the_disk_is_waited_for(ecs):
    disk = ecs.disk()
    ecs.foreign_copy(ecs.snapshot(disk), seconds=40)
    ecs.settings(copy_seconds=5.0)
    out = ecs.run(ecs.snapshot(disk), ecs.snapshot(), wait=True)
    assert not out.failed and len(ecs.copies()) == 3


def test_one_token_per_copy_and_run(ecs):
    source = ecs.snapshot()
    ecs.faults({"action": "CopySnapshot", "fault": "drop", "nth": [1, 2]})
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


def test_an_encrypted_source_is_left_to_the_api_and_its_refusal_explained(ecs):
    source = ecs.snapshot()
    ecs.get(source).encrypted = True
    out = ecs.run(source)
    assert out.failure()["code"] == "InvalidSnapshotId.EncryptedNotSupport" and "editions" in out.failure()["hint"]


def test_cancelling_and_tagging(ecs):
    source = ecs.snapshot()
    copy = ecs.our_copy(source, seconds=1000)
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
        ({"tags": {f"k{n}": "v" for n in range(17)}}, "16"),
        ({"retention_days": 0}, "retention_days"),
        ({"retention_days": 65537}, "retention_days"),
        ({"kms_key_id": "k"}, "encrypted"),
        ({"destination_regions": ["cn-hangzhou"]}, "source region"),
        ({"destination_regions": ["Hangzhou"]}, "Hangzhou"),
    ],
)
def test_bad_input_is_named_and_nothing_called(ecs, options, word):
    out = ecs.run(ecs.snapshot(), **options)
    assert out.failed and word in out["msg"] and not ecs.calls


@pytest.mark.parametrize("name", ["快照-1", "été.1", "a:b_c-d.e"])
def test_names_begin_with_a_letter_of_any_script(ecs, name):
    assert ecs.run(ecs.snapshot(), name=name, wait=True).copy()["name"] == name


def test_a_rerun_over_a_thousand_copies_makes_few_calls(ecs):
    sources = [ecs.snapshot() for _n in range(1000)]
    for source in sources:
        ecs.our_copy(source)
    assert ecs.run(*sources)["counts"]["unchanged"] == 1000 and sum(ecs.calls.values()) <= 15


# -- logging in ----------------------------------------------------------------------------------------


def written(tmp_path, *profiles, current="default"):
    (tmp_path / ".aliyun").mkdir()
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps({"current": current, "profiles": list(profiles)}))
    return tmp_path


AK = {"name": "default", "mode": "AK", "access_key_id": "file", "access_key_secret": "s"}
ENVIRONMENT = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s"}


def test_options_come_before_the_environment_and_that_before_the_file(tmp_path):
    home = written(tmp_path, AK)
    given = {"access_key": "option", "secret_key": "s", "security_token": "t"}
    assert find_login(given, ENVIRONMENT, home) == Login("option", "s", "t")
    assert find_login({}, ENVIRONMENT, home).key_id == "env" and find_login({}, {}, home).key_id == "file"
    assert find_login({"profile": "default"}, ENVIRONMENT, home).key_id == "file"
    assert find_login({}, {"ALICLOUD_ACCESS_KEY": "old", "ALICLOUD_SECRET_KEY": "s"}, home).key_id == "old"


def test_profiles_of_every_mode(tmp_path):
    home = written(
        tmp_path,
        AK,
        {**AK, "name": "sts", "mode": "StsToken", "sts_token": "t"},
        {**AK, "name": "role", "mode": "RamRoleArn", "ram_role_arn": "acs:ram::1:role/dr", "ram_session_name": "night"},
        {"name": "instance", "mode": "EcsRamRole", "ram_role_name": "dr"},
        {"name": "cloud", "mode": "CloudSSO"},
    )
    assert find_login({"profile": "sts"}, {}, home).token == "t"
    role = find_login({}, {"ALIBABA_CLOUD_PROFILE": "role"}, home)
    assert (role.role_arn, role.session_name) == ("acs:ram::1:role/dr", "night")
    assert find_login({"profile": "instance"}, {}, home).instance_role == "dr"
    for name in ("cloud", "nobody"):
        with pytest.raises(Credentials, match=name if name == "nobody" else "CloudSSO"):
            find_login({"profile": name}, {}, home)


def test_roles_and_halves(tmp_path):
    assert find_login({"assume_role_arn": "acs:ram::1:role/dr"}, ENVIRONMENT, tmp_path).role_arn == "acs:ram::1:role/dr"
    assert find_login({"ecs_ram_role": "dr"}, {}, tmp_path).instance_role == "dr"
    for params, environ in (({"access_key": "x"}, {}), ({}, {"ALICLOUD_SECRET_KEY": "x"}), ({}, {})):
        with pytest.raises(Credentials):
            find_login(params, environ, tmp_path)


def test_a_token_is_not_beaten_by_variables_of_the_sdk(ecs, monkeypatch):
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("ALIYUN_ACCESS_KEY_SECRET", "else")
    keys = ecs.server.control.settings["keys"]
    key, facts = next(iter(keys.items()))
    ecs.settings(keys={key: {**facts, "token": "aVeryLongSecurityToken0123456789"}})
    out = ecs.run(ecs.snapshot(), security_token="aVeryLongSecurityToken0123456789")
    assert not out.failed, out["msg"]
    wrong = ecs.run(ecs.snapshot(), security_token="anotherVeryLongToken9876543210")
    assert wrong.failure()["kind"] == "credentials" and "anotherVery" not in wrong.text


@pytest.mark.parametrize(
    ("login", "kind"),
    [
        (Login("k", "s"), "AccessKeyCredential"),
        (Login("k", "s", "t"), "StsTokenCredential"),
        (Login("k", "s", role_arn="acs:ram::1:role/dr"), "RamRoleArnCredential"),
        (Login(instance_role="dr"), "EcsRamRoleCredential"),
    ],
)
def test_each_way_to_log_in_has_its_credential_of_the_sdk(login, kind):
    assert type(alibaba._credential(login)).__name__ == kind


@pytest.mark.parametrize(
    ("endpoint", "protocol", "host"),
    [
        (None, protocol_type.HTTPS, None),
        ("https://ecs.{region}.example.com", protocol_type.HTTPS, "ecs.cn-beijing.example.com"),
        ("http://127.0.0.1:8080/", protocol_type.HTTP, "127.0.0.1:8080"),
        ("ecs.example.com", protocol_type.HTTPS, "ecs.example.com"),
    ],
)
def test_https_is_used_unless_the_endpoint_says_otherwise(endpoint, protocol, host):
    given = {"access_key": "k", "secret_key": "s", "endpoint_url": endpoint, "connect_timeout": 5, "read_timeout": 30}
    service = alibaba.Service(given, Counter(), "aliyunsdkecs.request.v20140526", "NO_SUCH_VARIABLE", None, {}, {})
    request = DescribeSnapshotsRequest()
    service._address(request, "cn-beijing")
    # The SDK compares by identity: an equal text would be sent in the clear (contract A.4).
    assert request.get_protocol_type() is protocol and request.endpoint == host


def test_an_endpoint_of_the_environment_is_used(ecs, monkeypatch):
    monkeypatch.setenv("ALIBABA_CLOUD_ECS_ENDPOINT", ecs.url)
    assert not ecs.run(ecs.snapshot(), endpoint_url=..., wait=True).failed


def test_an_earlier_call_with_the_token_is_waited_for(ecs):
    ecs.faults({"action": "CopySnapshot", "fault": "refuse", "code": "LastTokenProcessing", "status": 403, "times": 2})
    assert not ecs.run(ecs.snapshot(), wait=True).failed and len(ecs.copies()) == 1


WITHOUT_SDK = """
import sys
sys.modules.update({"aliyunsdkcore": None, "aliyunsdkecs": None, "aliyunsdkens": None})
from tests.simulator.clock import FakeClock
from tests.unit.harness import run_module
for name, region in (("ecs", "cn-beijing"), ("ens", "cn-chengdu-26")):
    given = {"snapshot_ids": [], "source_region": region, "destination_regions": region}
    out = run_module(f"{name}_snapshot_copy", given, FakeClock())
    assert out.failed and f"aliyun-python-sdk-{name}" in out["msg"] and out["copies"] == [], out.text
"""


def test_a_missing_sdk_is_named():
    done = subprocess.run([sys.executable, "-c", WITHOUT_SDK], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
