# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies of the documentation: complete for each cloud, and for AWS held against moto's IAM."""

from __future__ import annotations

import json
import re
import uuid

import boto3
import pytest
from moto import settings as moto_settings

from tests.simulator import ec2
from tests.unit.harness import run_module

from .estates import EbsEstate
from .test_structure import PLUGINS, REPOSITORY


def policies():
    text = (REPOSITORY / "docs" / "docsite" / "rst" / "permissions.rst").read_text()
    blocks = re.findall(r"\.\. code-block:: json\n   :name: (\S+)\n\n((?:   .*\n|\n)+)", text)
    return {name: json.loads(block) for name, block in blocks}


def actions(policy):
    statements = policy.get("Statement") or policy["statement"]
    found = set()
    for statement in statements:
        told = statement.get("Action") or statement.get("action")
        found |= {told} if isinstance(told, str) else set(told)
    return found


@pytest.mark.parametrize("cloud", ["ecs", "ens", "cbs"])
def test_a_policy_names_just_the_actions_that_the_adapter_calls(cloud):
    text = (PLUGINS / "module_utils" / "_clouds" / f"{cloud}.py").read_text()
    called = set(re.findall(r'"((?:Describe|Copy|Delete|Tag|UnTag|Untag|Modify)[A-Z][A-Za-z]+)"', text)) - {
        "TagKey",
        "TagKeys",
    }
    called |= {"CopySnapshot"} if cloud != "cbs" else set()
    assert {action.partition(":")[2] for action in actions(policies()[cloud])} == called - {"TagValue"}


@pytest.fixture
def ebs(_ec2):
    from tests.simulator.clock import FakeClock

    server, clock, url = _ec2
    clock.clock = FakeClock()
    server.reset()
    yield EbsEstate(server, clock.clock, url)
    moto_settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")
    server.reset()


class User:
    """A user of the simulated account with a policy, whom moto's IAM lets do no more than that.

    moto judges actions; it asks for every call on all resources and knows no conditions, so these two are left out.
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


def test_without_a_permission_the_failure_names_it(ebs):
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
