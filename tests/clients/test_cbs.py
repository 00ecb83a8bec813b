# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tccli against the simulated CBS, tag service and STS."""

from __future__ import annotations

import pytest

from tests.simulator.state import SnapshotGroup
from tests.simulator.tencent.service import ACCOUNT

from .operations import operations_sent_by

SOURCE, DESTINATION = "ap-guangzhou", "ap-beijing"
ROLE = f"qcs::cam::uin/{ACCOUNT}:roleName/dr"


def create_disk(cbs, region=SOURCE, **given):
    asked = {"Placement": {"Zone": f"{region}-3"}, "DiskChargeType": "POSTPAID_BY_HOUR", "DiskType": "CLOUD_PREMIUM"}
    (made,) = cbs.call("CreateDisks", region=region, **{**asked, "DiskSize": 20, **given})["DiskIdSet"]
    cbs.clock.sleep(5)
    return made


def create_snapshot(cbs, disk, **given):
    made = cbs.call("CreateSnapshot", DiskId=disk, **given)["SnapshotId"]
    cbs.clock.sleep(5)
    return made


def copy_snapshot(cbs, snapshot, *regions, **given):
    asked = {"SnapshotId": snapshot, "DestinationRegions": list(regions or [DESTINATION]), **given}
    return cbs.call("CopySnapshotCrossRegions", **asked)["SnapshotCopyResultSet"]


def snapshot_ids(cbs, region=SOURCE, **given):
    return [s["SnapshotId"] for s in cbs.call("DescribeSnapshots", region=region, **given)["SnapshotSet"] or ()]


def disk_ids(cbs, region=SOURCE, **given):
    return [d["DiskId"] for d in cbs.call("DescribeDisks", region=region, **given)["DiskSet"] or ()]


def filters(**pairs):
    return [{"Name": name, "Values": [value]} for name, value in pairs.items()]


def test_each_operation_that_the_adapter_sends_is_answered(cbs):
    disk = create_disk(cbs, Tags=[{"Key": "team", "Value": "db"}])
    source = create_snapshot(cbs, disk)
    (result,) = copy_snapshot(cbs, source, SnapshotName="copy")
    copy = result["SnapshotId"]
    assert (result["Code"], result["DestinationRegion"]) == ("Success", DESTINATION)
    cbs.clock.sleep(5)
    (shown,) = cbs.call("DescribeSnapshots", region=DESTINATION, SnapshotIds=[copy])["SnapshotSet"]
    assert (shown["SnapshotState"], shown["CopyFromRemote"], shown["DiskId"]) == ("NORMAL", True, "")
    resource = f"qcs::cvm:{DESTINATION}:uin/{ACCOUNT}:snapshot/{copy}"
    pair = [{"TagKey": "team", "TagValue": "db"}, {"TagKey": "a", "TagValue": "b"}]
    assert not cbs.call("TagResources", service="tag", ResourceList=[resource], Tags=pair)["FailedResources"]
    assert not cbs.call("UnTagResources", service="tag", ResourceList=[resource], TagKeys=["team"])["FailedResources"]
    (shown,) = cbs.call("DescribeSnapshots", region=DESTINATION)["SnapshotSet"]
    assert shown["Tags"] == [{"Key": "a", "Value": "b"}]
    assert cbs.refusal("DeleteTags", service="tag", Tags=pair[1:]) != "client"  # it is still in use
    cbs.call("UnTagResources", service="tag", ResourceList=[resource], TagKeys=["a"])
    cbs.call("DeleteTags", service="tag", Tags=pair[1:])
    attribute = {"SnapshotId": copy, "IsPermanent": False, "Deadline": "2099-01-01T00:00:00+00:00"}
    cbs.call("ModifySnapshotAttribute", region=DESTINATION, **attribute)
    offered = cbs.call("DescribeDiskConfigQuota", region=DESTINATION, InquiryType="INQUIRY_CBS_CONFIG")
    assert offered["DiskConfigSet"]
    made = create_disk(cbs, region=DESTINATION, SnapshotId=copy, ClientToken="once")
    assert disk_ids(cbs, region=DESTINATION, DiskIds=[made]) == [made]
    zone = cbs.call("DescribeDisks", region=DESTINATION, DiskIds=[made])["DiskSet"][0]["Placement"]["Zone"]
    cbs.cloud.control.settings["instances"] = {"ins-1a2b3c4d": {"zone": zone}}
    cbs.call("AttachDisks", region=DESTINATION, InstanceId="ins-1a2b3c4d", DiskIds=[made])
    cbs.clock.sleep(5)
    cbs.call("DetachDisks", region=DESTINATION, InstanceId="ins-1a2b3c4d", DiskIds=[made])
    cbs.clock.sleep(5)
    cbs.call("TerminateDisks", region=DESTINATION, DiskIds=[made])
    cbs.call("DeleteSnapshots", region=DESTINATION, SnapshotIds=[copy])
    group = cbs.cloud.account.add(SnapshotGroup("csnap-00000001", SOURCE, [source])).id
    (shown,) = cbs.call("DescribeSnapshotGroups", Filters=filters(**{"snapshot-id": source}))["SnapshotGroupSet"]
    assert (shown["SnapshotGroupId"], shown["SnapshotGroupType"]) == (group, "NORMAL")
    cbs.cloud.control.settings["roles"] = {ROLE: {}}
    cbs.cloud.control.settings["web_identities"] = {ROLE: ["idp", "token"]}
    who = {"RoleArn": ROLE, "RoleSessionName": "dr"}
    assert cbs.call("AssumeRole", service="sts", **who)["Credentials"]["TmpSecretId"]
    identity = {"ProviderId": "idp", "WebIdentityToken": "token"}
    assert cbs.call("AssumeRoleWithWebIdentity", service="sts", **who, **identity)["Credentials"]["Token"]
    sent = {
        (service, operation) for service, operations in operations_sent_by("cbs").items() for operation in operations
    }
    assert sent <= cbs.answered


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("snapshot-id", "SNAPSHOT", "snap-none0000"),
        ("snapshot-name", "first", "none"),
        ("snapshot-state", "NORMAL", "CREATING"),
        ("disk-usage", "DATA_DISK", "SYSTEM_DISK"),
        ("project-id", "0", "1"),
        ("disk-id", "DISK", "disk-none0000"),
        ("encrypt", "FALSE", "TRUE"),
        ("snapshot-type", "PRIVATE_SNAPSHOT", "SHARED_SNAPSHOT"),
    ],
)
def test_a_filter_of_snapshots_finds_what_it_names_and_nothing_else(cbs, name, value, other):
    disk = create_disk(cbs)
    snapshot = create_snapshot(cbs, disk, SnapshotName="first")
    value = {"DISK": disk, "SNAPSHOT": snapshot}.get(value, value)
    assert snapshot_ids(cbs, Filters=filters(**{name: value})) == [snapshot]
    assert snapshot_ids(cbs, Filters=filters(**{name: other})) == []


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [
        ("disk-usage", "DATA_DISK", "SYSTEM_DISK"),
        ("disk-charge-type", "POSTPAID_BY_HOUR", "PREPAID"),
        ("portable", "TRUE", "FALSE"),
        ("project-id", "0", "1"),
        ("disk-id", "DISK", "disk-none0000"),
        ("disk-name", "first", "none"),
        ("disk-type", "CLOUD_PREMIUM", "CLOUD_SSD"),
        ("disk-state", "UNATTACHED", "ATTACHED"),
        ("zone", f"{SOURCE}-3", f"{SOURCE}-4"),
        ("tag-key", "team", "none"),
        ("tag-value", "db", "none"),
        ("tag:team", "db", "none"),
    ],
)
def test_a_filter_of_disks_finds_what_it_names_and_nothing_else(cbs, name, value, other):
    disk = create_disk(cbs, DiskName="first", Tags=[{"Key": "team", "Value": "db"}])
    assert disk_ids(cbs, Filters=filters(**{name: disk if value == "DISK" else value})) == [disk]
    assert disk_ids(cbs, Filters=filters(**{name: other})) == []


def test_the_simulator_takes_no_parameter_that_the_model_lacks(cbs):
    types = {list: "list", str: "string", int: "int", bool: "bool", dict: "object"}
    for operation, (service, _version, taken) in cbs.cloud.actions.items():
        known = cbs.parameters(operation, service=service)
        assert {name: types[kind] for name, kind in taken.items()}.items() <= known.items(), operation


def test_ids_and_filters_exclude_each_other(cbs):
    assert cbs.refusal("DescribeDisks", DiskIds=["disk-none0000"], Filters=filters(zone="x")).startswith("Invalid")
    assert cbs.refusal("DescribeDisks", Filters=filters(nonsense="x")).startswith("Invalid")


def test_the_policies_of_a_disk_are_shown_on_request(cbs):
    create_disk(cbs)
    (asked,) = cbs.call("DescribeDisks", ReturnBindAutoSnapshotPolicy=True)["DiskSet"]
    assert asked["AutoSnapshotPolicyIds"] == []


def test_pages_hold_each_snapshot_once(cbs):
    disk = create_disk(cbs)
    made = {create_snapshot(cbs, disk) for _n in range(12)}
    shown = [snapshot_ids(cbs, Limit=5, Offset=offset, Order="ASC") for offset in (0, 5, 10, 15)]
    assert shown[-1] == [] and sorted(sum(shown, [])) == sorted(made)


def test_listings_are_sorted_by_creation_in_the_requested_order(cbs):
    both = [create_disk(cbs), create_disk(cbs)]
    made = [create_snapshot(cbs, disk) for disk in both]
    for listing, things in ((disk_ids, both), (snapshot_ids, made)):
        assert listing(cbs, OrderField="CREATE_TIME", Order="ASC") == things
        assert listing(cbs, OrderField="CREATE_TIME", Order="DESC") == things[::-1]
    assert cbs.refusal("DescribeDisks", Order="UP") == "InvalidParameterValue"


def test_an_unknown_region_is_refused(cbs):
    assert cbs.refusal("DescribeDisks", region="ap-nowhere") == "UnsupportedRegion"
    (result,) = copy_snapshot(cbs, create_snapshot(cbs, create_disk(cbs)), "ap-nowhere")
    assert result["Code"] != "Success" and not result["SnapshotId"]


def test_an_error_has_its_code(cbs):
    assert cbs.refusal("DeleteSnapshots", SnapshotIds=["snap-none0000"]) == "InvalidSnapshotId.NotFound"
    assert cbs.refusal("TerminateDisks", DiskIds=["disk-none0000"]) == "InvalidDiskId.NotFound"
    assert cbs.refusal("AssumeRole", service="sts", RoleArn=ROLE, RoleSessionName="dr").startswith("ResourceNotFound")
    cbs.cloud.control.settings["denied"] = ["DescribeDisks"]
    assert cbs.refusal("DescribeDisks") == "AuthFailure.UnauthorizedOperation"
