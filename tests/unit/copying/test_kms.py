# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys: a key that is disabled or pending deletion makes every copy with it useless (api-facts: kms-key-states)."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.simulator.aws.ec2 import ACCESS_KEY, SECRET_KEY
from tests.unit.contracts.restoring import row_of

ENABLED, BAD = (f"arn:aws:kms:eu-west-1:123456789012:key/{n * 8}-2222-3333-4444-555555555555" for n in "16")
NOT_ENABLED = ("Disabled", "PendingDeletion", "PendingImport", "PendingReplicaDeletion", "Unavailable")


@pytest.fixture
def cloud(ebs_disks):
    return ebs_disks


def checked(cloud, **options):
    out = cloud.info(cloud.destination, check_keys=True, **options)
    assert not out.failed, out.text
    return out, {row["snapshot_id"]: row["key"] for row in out["snapshots"]}


def encrypted(cloud, key):
    return cloud.copy(encrypted=True, kms_key_id=key)


@pytest.mark.parametrize("state", NOT_ENABLED)
def test_each_key_is_read_once_and_returned_with_each_snapshot(cloud, state):
    good, one, two, plain = encrypted(cloud, ENABLED), encrypted(cloud, BAD), encrypted(cloud, BAD), cloud.copy()
    cloud.settings(keys_of_kms={BAD: state})
    out, keys = checked(cloud)
    deleted = (cloud.clock.utc() + timedelta(days=7)).strftime("%Y-%m-%d") if state == "PendingDeletion" else None
    assert keys[good] == {"arn": ENABLED, "state": "Enabled", "enabled": True, "deletion_date": None}
    assert keys[plain] is None and keys[one] == keys[two]
    assert (keys[one]["arn"], keys[one]["state"], keys[one]["enabled"]) == (BAD, state, False)
    assert (keys[one]["deletion_date"] or "")[:10] == (deleted or "")
    assert out["api_calls"]["DescribeKey"] == 2 and not out.result.get("warnings")


def test_an_info_call_without_check_keys_reads_no_key(cloud):
    copy = encrypted(cloud, BAD)
    out = cloud.info(cloud.destination)
    assert [row["key"] for row in out["snapshots"]] == [None] and copy and "DescribeKey" not in out["api_calls"]


@pytest.mark.parametrize("what", ["denied", "undescribable", "invalid", "Creating", "unreachable", "not shown"])
def test_an_unknown_state_is_one_warning_and_no_failure(cloud, what):
    copies = [encrypted(cloud, key) for key in (BAD, ENABLED, BAD)]
    if what == "denied":
        cloud.settings(denied=["DescribeKey"])
    elif what == "unreachable":
        cloud.set_faults({"action": "DescribeKey", "fault": "drop"})
    elif what == "not shown":
        cloud.server.control.corrupt = lambda action, body, _kind: b"{}" if action == "DescribeKey" else body
    else:
        cloud.settings(keys_of_kms={BAD: what})
    out, keys = checked(cloud)
    assert keys[copies[0]]["enabled"] is None and keys[copies[0]]["arn"] == BAD
    (warning,) = map(str, out.result["warnings"])
    assert (BAD in warning or ENABLED in warning) and "unknown" in warning
    assert ("grant the caller kms:DescribeKey" in warning) == (what in ("denied", "undescribable", "invalid"))
    if what in ("undescribable", "invalid", "Creating"):
        assert keys[copies[1]]["enabled"] is True and "The key state of 2 snapshots in " in warning


def test_a_throttled_kms_is_no_missing_permission(cloud):
    encrypted(cloud, BAD)
    cloud.set_faults({"action": "DescribeKey", "fault": "throttle"})
    out, _keys = checked(cloud)
    (warning,) = map(str, out.result["warnings"])
    assert "unknown" in warning and "grant the caller" not in warning


def test_an_unreachable_kms_is_called_for_one_key_only(cloud):
    for number in range(6):
        encrypted(cloud, BAD.replace("6", str(number)))
    cloud.set_faults({"action": "DescribeKey", "fault": "drop"})
    started = cloud.clock.monotonic()
    out, keys = checked(cloud)
    assert {key["enabled"] for key in keys.values()} == {None} and len(out.result["warnings"]) == 1
    assert cloud.clock.monotonic() - started < 60


@pytest.mark.parametrize("state", NOT_ENABLED)
@pytest.mark.parametrize("check", [True, False])
def test_no_disk_is_requested_if_its_key_is_not_enabled(cloud, state, check):
    bad, good = encrypted(cloud, BAD), encrypted(cloud, ENABLED)
    cloud.settings(keys_of_kms={BAD: state})
    out = cloud.restore(bad, good, wait=True, check=check)
    failure = out.failure()
    assert (failure["snapshot_id"], failure["kind"]) == (bad, "refused") and BAD in failure["message"]
    assert state in failure["message"] and "another copy" in failure["hint"]
    assert len(cloud.disks()) == (0 if check else 1) and [row["state"] for row in out["disks"]][0] == "absent"
    assert out["api_calls"]["DescribeKey"] == 2


def test_a_disk_is_made_without_the_permission_to_read_its_key(cloud):
    copy = encrypted(cloud, ENABLED)
    cloud.settings(denied=["DescribeKey"])
    out = cloud.restore(copy, wait=True)
    assert not out.failed and row_of(out)["state"] == "available" and not out.result.get("warnings"), out.text


def test_an_archived_copy_alone_is_refused_with_a_hint(cloud):
    archived, good = cloud.copy(storage_tier="archive"), cloud.copy()
    out = cloud.restore(archived, good, wait=True)
    failure = out.failure()
    assert (failure["snapshot_id"], failure["kind"]) == (archived, "refused") and "is archived" in failure["message"]
    assert "RestoreSnapshotTier" in failure["hint"] and "72 hours" in failure["hint"]
    assert len(cloud.disks()) == 1 and cloud.calls[cloud.make_action] == 1


# -- the simulator -----------------------------------------------------------------------------------------


def test_the_simulated_kms_answers_in_the_forms_of_the_service(cloud):
    keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
    kms = boto3.client("kms", region_name="eu-west-1", endpoint_url=cloud.url, **keys)
    shown = kms.describe_key(KeyId=ENABLED)["KeyMetadata"]
    assert (shown["Arn"], shown["KeyState"], shown["Enabled"]) == (ENABLED, "Enabled", True)
    cloud.settings(keys_of_kms={BAD: "PendingDeletion", ENABLED: "invalid"})
    shown = kms.describe_key(KeyId=BAD)["KeyMetadata"]
    assert shown["DeletionDate"] > cloud.clock.utc() and not shown["Enabled"]
    for setting, code in (({BAD: "invalid"}, "NotFoundException"), ({BAD: "undescribable"}, "AccessDeniedException")):
        cloud.settings(keys_of_kms=setting)
        with pytest.raises(ClientError) as refused:
            kms.describe_key(KeyId=BAD)
        assert refused.value.response["Error"]["Code"] == code and BAD in refused.value.response["Error"]["Message"]
