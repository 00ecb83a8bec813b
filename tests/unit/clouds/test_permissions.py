# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies in the documentation: complete for each cloud, and for AWS checked with moto's IAM."""

from __future__ import annotations

import json
import re
import uuid
from fnmatch import fnmatchcase

import boto3
import pytest
from moto import settings as moto_settings

from tests.clouds import CLOUDS
from tests.simulator.aws import ec2
from tests.support.estates import EbsEstate
from tests.support.harness import run_module
from tests.support.night_runs import night
from tests.support.repository import PLUGINS, REPOSITORY


def policies():
    text = (REPOSITORY / "docs" / "docsite" / "rst" / "permissions.rst").read_text()
    blocks = re.findall(r"\.\. code-block:: json\n   :caption: .+\n   :name: (\S+)\n\n((?:   .*\n|\n)+)", text)
    return {name: json.loads(block) for name, block in blocks}


def actions(policy):
    statements = policy.get("Statement") or policy["statement"]
    found = set()
    for statement in statements:
        actions = statement.get("Action") or statement.get("action")
        found |= {actions} if isinstance(actions, str) else set(actions)
    return found


#: Second names of actions in the vendor's documentation (api-facts: cbs-cam-names).
ALIASES = {
    "DescribeCbsStorages": "DescribeDisks",
    "CreateCbsStorages": "CreateDisks",
    "TerminateCbsStorages": "TerminateDisks",
    "DeleteSnapshot": "DeleteSnapshots",
}


def by_the_names_of_the_api(named):
    """Return actions by their names in the API. An action with two names must have both, and no other may have two."""
    assert {alias for alias, name in ALIASES.items() if name in named} == named & {*ALIASES}
    return named - {*ALIASES}


@pytest.mark.parametrize("cloud", sorted(set(CLOUDS) - {"ebs"}))
def test_a_policy_names_just_the_actions_that_the_adapter_calls(cloud):
    adapter = next((PLUGINS / "module_utils" / "_clouds").glob(f"*/{cloud}.py"))
    parts = [adapter, adapter.with_name(f"{cloud}_tags.py"), adapter.with_name(f"{cloud}_reads.py")]
    text = "".join(part.read_text() for part in parts if part.exists())
    called = set(re.findall(r'"((?:Describe|Copy|Delete|Lock|Tag|UnTag|Untag|Modify)[A-Z][A-Za-z]+)"', text)) - {
        "TagKey",
        "TagKeys",
    }
    called |= {"CopySnapshot"} if cloud != "cbs" else set()
    named = actions(policies()[cloud])
    bare = {action.partition(":")[2] for action in named}
    assert (by_the_names_of_the_api(bare) if cloud == "cbs" else bare) == called - {"TagValue"}
    if cloud == "cbs":
        # CAM uses the prefix cvm for the actions of CBS (api-facts: cbs-cam-prefix).
        assert {action.partition(":")[0] for action in named} == {"name/cvm", "name/tag"}
        assert {action for action in named if action.startswith("name/tag:")} == {
            "name/tag:TagResources",
            "name/tag:UnTagResources",
            "name/tag:DeleteTags",
        }


@pytest.mark.parametrize("cloud", sorted(set(CLOUDS) - {"ebs"}))
def test_a_policy_of_restoring_names_just_the_actions_that_the_adapter_calls(cloud):
    text = next((PLUGINS / "module_utils" / "_clouds").glob(f"*/{cloud}_disks.py")).read_text()
    called = set(re.findall(r'"((?:Describe|Create|Delete|Terminate|Attach|Detach)[A-Z][A-Za-z]+)"', text))
    named = {action.rpartition(":")[2] for action in actions(policies()[f"{cloud}-restore"])}
    attaching = policies().get(f"{cloud}-attach")
    named |= {action.rpartition(":")[2] for action in actions(attaching)} if attaching else set()
    # Reads are the same as for copies; on ECS, tags in the call need a permission of their own. ENS changes none.
    tags = {"TagResources", "UntagResources", "UnTagResources", "DeleteTags"}
    named = by_the_names_of_the_api(named) if cloud == "cbs" else named
    reads = {"DescribeDisks", "DescribeSnapshots", *(["DescribeLockedSnapshots"] if cloud == "ecs" else ())}
    assert named - tags == called | reads and (named & tags == set()) == (cloud == "ens")


@pytest.mark.parametrize("cloud", sorted(CLOUDS))
def test_a_status_needs_just_the_reading_actions_of_a_plan(cloud, request):
    named = actions(policies()[f"{cloud}-status"])
    assert named == {action for action in actions(policies()[cloud]) if ":Describe" in action}
    estate = request.getfixturevalue(cloud)
    estate.snapshot(estate.disk(**{"dr-copy": "true"}))
    night(estate)
    before = dict(estate.calls)
    night(estate, reads_only=True, check_keys=cloud == "ebs")
    called = {action for action, number in estate.calls.items() if number > before.get(action, 0)}
    assert called and called - {"GetCallerIdentity"} <= {action.rpartition(":")[2] for action in named}


@pytest.mark.parametrize("name", ["ens", "ens-restore", "ens-status"])
def test_the_policies_of_ens_name_disks_as_the_resource_of_their_listing(name):
    """The service's own page names it this way (api-facts: ens-permissions)."""
    resources = {
        action: statement["Resource"]
        for statement in policies()[name]["Statement"]
        for action in actions({"Statement": [statement]})
    }
    assert fnmatchcase("acs:ens::1234567890123456:disk/d-5nnqx3qsr4lx9cqm5", resources.pop("ens:DescribeDisks"))
    assert set(resources.values()) == {"*"}


# -- the conditions of AWS's policies, which moto does not check --------------------------------------------

OURS = {"aws:ResourceTag/dr-copy:source-snapshot-id": "snap-0aa10000000000001"}
SOURCE = "arn:aws:ec2:us-east-1::snapshot/snap-0aa10000000000001"
NEW, COPY = "arn:aws:ec2:eu-west-1::snapshot/*", "arn:aws:ec2:eu-west-1::snapshot/snap-0aa10000000000002"
KEYS = [f"arn:aws:kms:{key}" for key in ("us-east-1:123456789012:key/11111111", "eu-west-1:123456789012:key/66666666")]


def listed(value):
    return [value] if isinstance(value, str) else value


FOR_ALL = "ForAllValues:StringEquals"


def is_allowed(policy, action, resource, context=None):
    """Check a call as IAM does, as far as these policies need: only Allow, a few operators, wildcards."""
    context = context or {}
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow" and set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
        if not any(fnmatchcase(action, pattern) for pattern in listed(statement["Action"])):
            continue
        if not any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"])):
            continue
        tests = [(how, *test) for how, of in statement.get("Condition", {}).items() for test in of.items()]
        assert {how for how, _key, _value in tests} <= {"StringEquals", "StringLike", "Bool", FOR_ALL}
        if all(_holds(how, context.get(key), value) for how, key, value in tests):
            return True
    return False


def _holds(how, given, value):
    if how == FOR_ALL:  # true for an empty list of values
        return {*(given or ())} <= {*value}
    return given is not None and fnmatchcase(given, value)


@pytest.mark.parametrize(
    ("action", "resource", "context", "allowed"),
    [
        ("ec2:DescribeSnapshots", "*", {}, True),
        ("ec2:CopySnapshot", SOURCE, {}, True),
        ("ec2:CopySnapshot", NEW, {}, True),
        ("ec2:CopySnapshot", NEW.replace("eu-west-1", "ap-south-1"), {}, False),
        ("ec2:CreateTags", NEW, {"ec2:CreateAction": "CopySnapshot"}, True),
        ("ec2:CreateTags", NEW, {"ec2:CreateAction": "CreateSnapshot"}, False),
        ("ec2:CreateTags", COPY, {}, False),
        ("ec2:CreateTags", COPY, OURS, True),
        ("ec2:CreateTags", SOURCE, {}, False),
        ("ec2:CreateTags", SOURCE, {"ec2:CreateAction": "CopySnapshot"}, False),
        ("ec2:CreateTags", "arn:aws:ec2:eu-west-1:123456789012:instance/i-1", {}, False),
        ("ec2:DeleteTags", COPY, {}, False),
        ("ec2:DeleteTags", COPY, OURS, True),
        ("ec2:DeleteSnapshot", COPY, {}, False),
        ("ec2:DeleteSnapshot", COPY, {"aws:ResourceTag/Name": "database"}, False),
        ("ec2:DeleteSnapshot", COPY, {"ec2:CreateAction": "CopySnapshot"}, False),
        ("ec2:DeleteSnapshot", COPY, OURS, True),
        ("ec2:DeleteSnapshot", SOURCE, {}, False),
        ("ec2:DescribeLockedSnapshots", "*", {}, True),
        ("ec2:LockSnapshot", COPY, OURS, True),
        ("ec2:LockSnapshot", COPY, {}, False),
        ("ec2:LockSnapshot", SOURCE, {}, False),
        ("ec2:UnlockSnapshot", COPY, OURS, False),
        ("ec2:ModifySnapshotAttribute", COPY, OURS, False),
        ("ec2:CreateSnapshot", NEW, {}, False),
    ],
)
def test_the_policy_of_aws_allows_just_what_is_needed(action, resource, context, allowed):
    assert is_allowed(policies()["ebs"], action, resource, context) is allowed


@pytest.mark.parametrize("action", ["DescribeKey", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "Decrypt"])
def test_the_policy_of_aws_has_the_whole_list_of_kms_on_both_keys(action):
    policy = policies()["ebs"]
    for key in KEYS:
        whole = next(r for s in policy["Statement"] for r in listed(s["Resource"]) if r.startswith(key))
        for name in (action, "ReEncryptFrom", "ReEncryptTo"):
            assert is_allowed(policy, f"kms:{name}", whole)
        assert is_allowed(policy, "kms:CreateGrant", whole, {"kms:GrantIsForAWSResource": "true"})
        assert not is_allowed(policy, "kms:CreateGrant", whole)
        assert not is_allowed(policy, "kms:ScheduleKeyDeletion", whole)


FOR_AWS = {"kms:GrantIsForAWSResource": "true"}
#: The key for disks with another key than their snapshots.
OTHER_KEY = "arn:aws:kms:eu-west-1:123456789012:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
RESTORED = {"aws:ResourceTag/dr-restore:id": "flood"}
VOLUME = "arn:aws:ec2:eu-west-1:123456789012:volume/vol-0bb10000000000001"


@pytest.mark.parametrize(
    ("action", "resource", "context", "allowed"),
    [
        ("ec2:DescribeAvailabilityZones", "*", {}, True),
        ("ec2:DescribeVolumeStatus", "*", {}, True),
        ("ec2:CreateVolume", COPY, {}, True),
        ("ec2:CreateVolume", SOURCE, {}, False),
        ("ec2:CreateVolume", VOLUME, {}, False),
        ("ec2:CreateVolume", VOLUME, {"aws:RequestTag/dr-restore:id": "flood"}, True),
        ("ec2:CreateTags", VOLUME, {"ec2:CreateAction": "CreateVolume"}, True),
        ("ec2:CreateTags", VOLUME, {}, False),
        ("ec2:CreateTags", VOLUME, {**RESTORED, "aws:TagKeys": ["dr-restore:expires-at"]}, True),
        ("ec2:DeleteTags", VOLUME, {**RESTORED, "aws:TagKeys": ["dr-restore:expires-at"]}, True),
        ("ec2:DeleteTags", VOLUME, {**RESTORED, "aws:TagKeys": ["dr-restore:id"]}, False),
        ("ec2:DeleteTags", VOLUME, {"aws:TagKeys": ["dr-restore:expires-at"]}, False),
        ("ec2:DeleteVolume", VOLUME, {}, False),
        ("ec2:DeleteVolume", VOLUME, RESTORED, True),
        ("ec2:DeleteSnapshot", COPY, OURS, False),
        ("ec2:CopySnapshot", SOURCE, {}, False),
        ("kms:CreateGrant", KEYS[1] + "-7777-8888-9999-000000000000", {}, False),
        ("kms:CreateGrant", KEYS[1] + "-7777-8888-9999-000000000000", FOR_AWS, True),
        ("kms:CreateGrant", OTHER_KEY, FOR_AWS, True),
        ("kms:ReEncryptFrom", KEYS[1] + "-7777-8888-9999-000000000000", {}, True),
        ("kms:ReEncryptTo", OTHER_KEY, {}, True),
        ("kms:GenerateDataKeyWithoutPlaintext", OTHER_KEY, {}, True),
        ("kms:DescribeKey", OTHER_KEY, {}, True),
        ("kms:Decrypt", OTHER_KEY, {}, False),
    ],
)
def test_the_policy_of_restoring_allows_just_what_is_needed(action, resource, context, allowed):
    assert is_allowed(policies()["ebs-restore"], action, resource, context) is allowed


INSTANCE = "arn:aws:ec2:eu-west-1:123456789012:instance/i-0cc10000000000001"


@pytest.mark.parametrize(
    ("action", "resource", "context", "allowed"),
    [
        ("ec2:AttachVolume", VOLUME, RESTORED, True),
        ("ec2:AttachVolume", VOLUME, {}, False),
        ("ec2:DetachVolume", VOLUME, RESTORED, True),
        ("ec2:DetachVolume", VOLUME, {}, False),
        ("ec2:AttachVolume", INSTANCE, {}, True),
        ("ec2:CreateTags", VOLUME, {**RESTORED, "aws:TagKeys": ["dr-restore:attached-to"]}, True),
        ("ec2:CreateTags", VOLUME, {**RESTORED, "aws:TagKeys": ["dr-restore:id"]}, False),
        ("ec2:CreateTags", VOLUME, {"aws:TagKeys": ["dr-restore:attached-to"]}, False),
    ],
)
def test_the_policy_of_attaching_allows_just_what_is_needed(action, resource, context, allowed):
    assert is_allowed(policies()["ebs-attach"], action, resource, context) is allowed


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("ebs:ListSnapshotBlocks", COPY, True),
        ("ebs:GetSnapshotBlock", COPY, True),
        ("ebs:ListSnapshotBlocks", SOURCE, True),
        ("ebs:GetSnapshotBlock", SOURCE, True),
        ("ebs:GetSnapshotBlock", SOURCE.replace("us-east-1", "ap-south-1"), False),
        ("ebs:PutSnapshotBlock", COPY, False),
        ("ebs:StartSnapshot", COPY, False),
        ("ec2:DeleteSnapshot", COPY, False),
        ("kms:Decrypt", KEYS[1] + "-7777-8888-9999-000000000000", True),
        ("kms:DescribeKey", KEYS[0] + "-2222-3333-4444-555555555555", True),
        ("kms:DescribeKey", KEYS[1] + "-7777-8888-9999-000000000000", True),
        ("kms:CreateGrant", KEYS[1] + "-7777-8888-9999-000000000000", False),
    ],
)
def test_the_policy_of_reading_blocks_allows_just_what_is_needed(action, resource, allowed):
    assert is_allowed(policies()["ebs-readable"], action, resource) is allowed


@pytest.mark.parametrize("name", ["ebs", "ebs-source"])
def test_nothing_that_writes_is_allowed_without_a_condition(name):
    for statement in policies()[name]["Statement"]:
        writes = {a for a in listed(statement["Action"]) if re.search(r":(Create|Delete|Modify)", a)}
        assert not writes or statement["Condition"], statement["Sid"]
        assert "*" not in listed(statement["Resource"]) or statement["Sid"] == "Read"


def test_a_snapshot_is_shared_with_the_one_account_only():
    policy = policies()["ebs-source"]
    context = {"ec2:Add/userId": "210987654321"}
    assert is_allowed(policy, "ec2:ModifySnapshotAttribute", SOURCE, context)
    assert not is_allowed(policy, "ec2:ModifySnapshotAttribute", SOURCE, {"ec2:Add/userId": "999999999999"})
    assert not is_allowed(policy, "ec2:ModifySnapshotAttribute", SOURCE, {"ec2:Add/group": "all"})


def test_readers_of_other_partitions_and_of_the_readme_find_the_policy():
    text = (REPOSITORY / "docs" / "docsite" / "rst" / "permissions.rst").read_text()
    assert "arn:aws-cn" in text and "arn:aws-us-gov" in text
    readme = (REPOSITORY / "README.md").read_text()
    assert "/docsite/permissions.html" in readme and '"Statement"' not in readme


@pytest.fixture
def ebs(served):
    from tests.simulator.clock import FakeClock

    server, clock, url = served("ebs")
    clock.clock = FakeClock()
    server.reset()
    yield EbsEstate(server, clock.clock, url)
    moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
    server.reset()


class User:
    """A user of the simulated account, to whom moto's IAM allows only what a policy allows.

    moto checks actions; for every call it checks all resources and ignores conditions, so these two are left out.
    """

    def __init__(self, estate, policy):
        judged = [{"Effect": s["Effect"], "Action": s["Action"], "Resource": "*"} for s in policy["Statement"]]
        keys = {"aws_access_key_id": ec2.ACCESS_KEY, "aws_secret_access_key": ec2.SECRET_KEY}
        iam = boto3.client("iam", endpoint_url=estate.url, region_name="us-east-1", **keys)
        name = f"dr-{uuid.uuid4()}"
        iam.create_user(UserName=name)
        document = json.dumps({"Version": policy["Version"], "Statement": judged})
        iam.put_user_policy(UserName=name, PolicyName="dr", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        estate.server.control.settings["keys"][key["AccessKeyId"]] = {"secret": key["SecretAccessKey"], "token": None}
        self.keys = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
        moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = 0


def test_the_policy_of_aws_is_enough_for_all_that_the_modules_do(ebs):
    disk = ebs.disk(**{"dr-copy": "true"})
    source = ebs.snapshot(disk, env="prod")
    keys = User(ebs, policies()["ebs"]).keys
    assert ebs.info(ebs.source, disk_tags={"dr-copy": "true"}, **keys)["snapshots"]
    assert not ebs.run(source, check=True, copy_tags=True, tags={"a": "b"}, **keys).failed
    made = ebs.run(source, copy_tags=True, tags={"a": "b"}, wait=True, **keys)
    assert not made.failed, made.text
    changed = ebs.run(source, tags={"a": "c"}, purge_tags=True, **keys)
    assert not changed.failed and changed["counts"]["updated"] == 1, changed.text
    gone = ebs.run(source, state="absent", **keys)
    assert not gone.failed and gone["counts"]["deleted"] == 1, gone.text


def test_the_failure_names_the_missing_permission(ebs):
    source = ebs.snapshot()
    policy = policies()["ebs"]
    policy["Statement"] = [s for s in policy["Statement"] if s["Action"] != "ec2:CopySnapshot"]
    outcome = ebs.run(source, **User(ebs, policy).keys)
    assert outcome.failure()["kind"] == "credentials" and "CopySnapshot" in outcome.failure()["message"]


def test_the_policy_of_the_sources_account_is_enough_to_share(ebs):
    source = ebs.snapshot()
    keys = User(ebs, policies()["ebs-source"]).keys
    given = {"snapshot_ids": [source], "account_id": ec2.OTHER_ACCOUNT, "region": ebs.source}
    given.update(ebs.connection(), **keys)
    first = run_module("ebs_snapshot_share", given, ebs.clock)
    assert not first.failed and first["changed"], first.text
    again = run_module("ebs_snapshot_share", given, ebs.clock)
    assert not again.failed and not again["changed"] and again["api_calls"]["DescribeSnapshots"] == 1
    denied = ebs.run(source, destination_regions=["eu-west-1"], **keys)
    assert denied.failure()["kind"] == "credentials"


def test_the_policy_of_restoring_is_enough_for_all_that_the_module_does(ebs_disks):
    copy = ebs_disks.copy()
    keys = User(ebs_disks, policies()["ebs-restore"]).keys
    try:
        assert not ebs_disks.restore(copy, check=True, **keys).failed
        made = ebs_disks.restore(copy, wait=True, tags={"a": "b"}, expires_after_hours=6, **keys)
        assert not made.failed and not made.result.get("warnings"), made.text
        for hours in (48, 0):
            later = ebs_disks.restore(copy, wait=True, tags={"a": "b"}, expires_after_hours=hours, **keys)
            assert not later.failed and later["changed"], later.text
        gone = ebs_disks.restore(copy, state="absent", wait=True, **keys)
        assert not gone.failed and gone["counts"]["deleted"] == 1, gone.text
    finally:
        moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
