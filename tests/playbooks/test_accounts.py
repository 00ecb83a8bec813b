# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role across two AWS accounts: disks and snapshots in one, their copies in the other."""

from __future__ import annotations

import json

import pytest

from tests.simulator.aws import ec2

from .test_role import BASICS, role


@pytest.fixture
def connections(clouds):
    here = {key: clouds.ebs[key] for key in ("endpoint_url", "access_key", "secret_key")}
    there = {**here, "access_key": ec2.OTHER_ACCESS_KEY, "secret_key": ec2.OTHER_SECRET_KEY}
    return {"dr_copy_source_connection": here, "dr_copy_connection": there}


def permissions(clouds, snapshot_id):
    answer = clouds.client("us-east-1").describe_snapshot_attribute(
        SnapshotId=snapshot_id, Attribute="createVolumePermission"
    )
    return [entry["UserId"] for entry in answer["CreateVolumePermissions"]]


def test_snapshots_are_shared_with_the_account_that_copies(clouds, connections):
    disk = clouds.create_ebs_disk("database", dr_copy="true")
    source = clouds.create_ebs_snapshot(disk)
    clouds.client("us-east-1").create_tags(Resources=[source], Tags=[{"Key": "owner", "Value": "orders"}])
    predicted, output = role(clouds, "--check", "-vvv", **connections)
    assert predicted["counts"]["created"] == 1 and not permissions(clouds, source)
    assert predicted["shared"] == [
        {"snapshot_id": source, "region": "us-east-1", "account": ec2.OTHER_ACCOUNT, "changed": True}
    ]
    result, more = role(clouds, "-vvv", dr_copy_keep=1, dr_copy_rpo_hours=24, **connections)
    assert result["counts"]["created"] == 1 and permissions(clouds, source) == [ec2.OTHER_ACCOUNT]
    assert result["copies"][0]["tags"]["owner"] == "orders", "a shared snapshot's tags are passed on"
    assert not clouds.copies(), "the copy is in the other account"
    assert result["recovery_points"][0]["within_rpo"] is True and result["pruned"] == []
    again, output_again = role(clouds, **connections)
    assert again["counts"]["unchanged"] == 1 and again["shared"] == [] and "changed=0" in output_again
    for keys in connections.values():
        assert keys["secret_key"] not in output + more


def test_a_snapshot_under_the_key_of_aws_is_refused_with_what_to_do(clouds, connections):
    client = clouds.client("us-east-1")
    volume = client.create_volume(
        Size=8,
        AvailabilityZone="us-east-1a",
        Encrypted=True,
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "dr-copy", "Value": "true"}]}],
    )["VolumeId"]
    locked = clouds.create_ebs_snapshot(volume)
    good = clouds.create_ebs_snapshot(clouds.create_ebs_disk("files", dr_copy="true"))
    result, output = role(clouds, expect=2, **connections)
    assert [c["source_snapshot_id"] for c in result["copies"]] == [good]
    failure = result["failures"][0]
    assert failure["source_snapshot_id"] == locked and failure["code"] == "OperationNotPermitted"
    assert "key of yours" in failure["hint"] and "key of yours" in " ".join(output.split())


def test_an_account_that_is_not_known_fails_at_the_end(clouds, connections):
    source = clouds.create_ebs_snapshot(clouds.create_ebs_disk("database", dr_copy="true"))
    clouds.control("faults", [{"fault": "expire", "action": "GetCallerIdentity", "region": "eu-west-1"}])
    result, output = role(clouds, expect=2, **connections)
    assert "Nothing was shared: the ID of the account that copies is unknown" in " ".join(output.split())
    assert result["copies"] == []
    assert result["plan"][0]["snapshot_id"] == source and not permissions(clouds, source)


def test_a_blank_source_connection_means_none(clouds):
    clouds.create_ebs_snapshot(clouds.create_ebs_disk("database", dr_copy="true"))
    keys = {key: clouds.ebs[key] for key in ("endpoint_url", "access_key", "secret_key")}
    code, output = clouds.play(
        [{"include_role": {"name": "multicloud.snapshots.dr_copy"}}],
        "-e",
        json.dumps({**BASICS, "dr_copy_connection": keys, "dr_copy_source_connection": " "}),
        AWS_ACCESS_KEY_ID="",
        AWS_SECRET_ACCESS_KEY="",
    )
    assert code == 0 and len(clouds.copies()) == 1, output
