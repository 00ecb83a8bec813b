# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated CBS and tag service refuse what the services refuse (api-facts: cbs-wire)."""

from __future__ import annotations

import pytest

from tests.simulator.tencent.service import signature
from tests.support.tencent_requests import call


def test_the_simulator_signs_as_the_service():
    body = b'{"DestinationRegions": ["ap-beijing"], "SnapshotId": "snap-ckgjwkqh"}'
    headers = [("content-type", "application/json"), ("host", "127.0.0.1:18331")]
    wanted = "3d4a0e57788eda588eeb7ae26934d84d57986b4392ce425492d17c36042dc6d7"
    assert signature("testkey", "cbs", "1795228451", headers, body) == wanted


def test_each_request_is_authenticated(cbs):
    assert call(cbs, "DescribeSnapshots")["SnapshotSet"] is None
    assert call(cbs, "DescribeSnapshots", key="AKIDnobody") == "AuthFailure.SecretIdNotFound"
    assert call(cbs, "DescribeSnapshots", secret="wrong") == "AuthFailure.SignatureFailure"
    assert call(cbs, "DescribeSnapshots", age=400) == "AuthFailure.SignatureExpire"
    assert call(cbs, "DescribeSnapshots", token="x") == "AuthFailure.TokenFailure"
    assert call(cbs, "DescribeNothing") == "InvalidAction"
    assert call(cbs, "DescribeSnapshots", "ap-nowhere") == "UnsupportedRegion"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "MissingParameter"),
        ({"SnapshotId": "snap-aaaaaaaa", "DestinationRegions": []}, "MissingParameter"),
        ({"SnapshotId": "snap-aaaaaaaa", "DestinationRegions": "ap-beijing"}, "InvalidParameter"),
        ({"SnapshotId": "snap-aaaaaaaa", "DestinationRegions": ["ap-beijing"], "Tags": []}, "UnknownParameter"),
        ({"SnapshotId": "snap-aaaaaaaa", "DestinationRegions": ["ap-beijing"]}, "InvalidSnapshotId.NotFound"),
        (
            {"SnapshotId": "snap-aaaaaaaa", "DestinationRegions": ["ap-beijing"], "SnapshotName": "n" * 61},
            "InvalidParameterValue",
        ),
    ],
)
def test_a_wrong_copy_call_is_refused(cbs, given, code):
    assert call(cbs, "CopySnapshotCrossRegions", **given) == code


def test_results_are_mixed_and_a_repeat_conflicts(cbs):
    source = cbs.snapshot()
    given = {"SnapshotId": source, "DestinationRegions": ["ap-beijing", "ap-guangzhou"]}
    first = call(cbs, "CopySnapshotCrossRegions", **given)["SnapshotCopyResultSet"]
    assert [item["Code"] for item in first] == ["Success", "InvalidParameterValue"]
    again = call(cbs, "CopySnapshotCrossRegions", **given)["SnapshotCopyResultSet"]
    assert again[0]["Code"] == "ResourceInUse.CopySnapshotConflict" and again[0]["SnapshotId"] == ""


def test_a_copy_passes_through_its_states(cbs):
    source = cbs.snapshot()
    cbs.settings(copy_seconds=100.0)
    call(cbs, "CopySnapshotCrossRegions", SnapshotId=source, DestinationRegions=["ap-beijing"])
    shown = call(cbs, "DescribeSnapshots", "ap-beijing")["SnapshotSet"][0]
    assert shown["SnapshotState"] == "COPYING_FROM_REMOTE" and shown["CopyFromRemote"] and shown["DiskId"] == ""
    assert (
        shown["SnapshotName"] == f"Copied {source} from ap-guangzhou" and shown["CreateTime"] == "2026-11-21 10:00:00"
    )
    assert call(cbs, "DescribeSnapshots")["SnapshotSet"][0]["CopyingToRegions"] == ["ap-beijing"]
    ids = [shown["SnapshotId"]]
    assert call(cbs, "DeleteSnapshots", "ap-beijing", SnapshotIds=ids) == "UnsupportedOperation.StateError"
    cbs.clock.sleep(95)
    assert call(cbs, "DescribeSnapshots", "ap-beijing")["SnapshotSet"][0]["SnapshotState"] == "CHECKING_COPIED"
    cbs.clock.sleep(10)
    assert call(cbs, "DescribeSnapshots", "ap-beijing")["SnapshotSet"][0]["SnapshotState"] == "NORMAL"
    assert (
        call(cbs, "DeleteSnapshots", "ap-beijing", SnapshotIds=[*ids, "snap-aaaaaaaa"]) == "InvalidSnapshotId.NotFound"
    )
    assert cbs.copies()
    call(cbs, "DeleteSnapshots", "ap-beijing", SnapshotIds=ids)
    assert not cbs.copies()


def test_the_simulator_limits_and_checks_listings_as_cbs_does(cbs):
    for _n in range(30):
        cbs.snapshot()
    answer = call(cbs, "DescribeSnapshots")
    assert len(answer["SnapshotSet"]) == 20 and answer["TotalCount"] == 30
    assert call(cbs, "DescribeSnapshots", Limit=101) == "InvalidParameterValue"
    assert call(cbs, "DescribeSnapshots", SnapshotIds=["snap-a"], Filters=[]) == "InvalidParameter"
    assert call(cbs, "DescribeSnapshots", Filters=[{"Name": "tag:x", "Values": ["y"]}]) == "InvalidFilter"
    assert call(cbs, "DescribeDisks", Filters=[{"Name": "tag:x", "Values": ["y"]}])["DiskSet"] is None
    assert call(cbs, "DescribeSnapshots", Offset=30)["SnapshotSet"] == []
    assert call(cbs, "DescribeSnapshots", Filters=[{"Name": "nonsense", "Values": ["y"]}]) == "InvalidFilter"


def test_disks_are_listed_in_the_requested_order(cbs):
    for order in ("ASC", "DESC"):
        assert call(cbs, "DescribeDisks", Order=order)["TotalCount"] == 0
    assert call(cbs, "DescribeDisks", Order="UP") == "InvalidParameterValue"


def test_each_filter_looks_at_its_member(cbs):
    snapshot = cbs.snapshot()

    def found(name, value):
        return len(call(cbs, "DescribeSnapshots", Filters=[{"Name": name, "Values": [value]}])["SnapshotSet"] or ())

    for name, value in (
        ("snapshot-id", snapshot),
        ("encrypt", "FALSE"),
        ("project-id", "0"),
        ("zone", "ap-guangzhou-1"),
    ):
        assert found(name, value) == 1 and found(name, "none") == 0, name


def test_the_tag_service_takes_a_wrong_name_without_a_word(cbs):
    copy = cbs.create_our_copy(cbs.snapshot(), tagged=False)
    right = f"qcs::cvm:ap-beijing:uin/:snapshot/{copy.id}"
    for wrong in (f"qcs::cbs:ap-beijing:uin/:snapshot/{copy.id}", f"qcs::cvm:ap-shanghai:uin/:snapshot/{copy.id}"):
        assert (
            call(cbs, "TagResources", ResourceList=[wrong], Tags=[{"TagKey": "k", "TagValue": "v"}])["FailedResources"]
            == []
        )
    assert not copy.tags and len(cbs.server.stray_tags) == 2
    call(cbs, "TagResources", ResourceList=[right], Tags=[{"TagKey": "k", "TagValue": "v"}])
    assert copy.tags == {"k": "v"}
    call(cbs, "UnTagResources", ResourceList=[right], TagKeys=["k"])
    assert not copy.tags


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ([{"TagKey": "k", "TagValue": ""}], "InvalidParameterValue.TagValueEmpty"),
        ([{"TagKey": "qcs:k", "TagValue": "v"}], "InvalidParameterValue.ReservedTagKey"),
        ([{"TagKey": "k|", "TagValue": "v"}], "InvalidParameterValue.TagKeyCharacterIllegal"),
        ([{"TagKey": "k" * 128, "TagValue": "v"}], "InvalidParameterValue.TagKeyLengthExceeded"),
        ([{"TagKey": f"k{n}", "TagValue": "v"} for n in range(11)], "LimitExceeded.TagNumPerRequest"),
        ([{"TagKey": "k", "TagValue": "v" * 256}], "InvalidParameterValue.TagValueLengthExceeded"),
        ([{"TagKey": "k", "TagValue": "v"}] * 2, "InvalidParameterValue.TagKeyDuplicate"),
    ],
)
def test_the_simulator_refuses_tags_beyond_the_limits(cbs, tags, code):
    copy = cbs.create_our_copy(cbs.snapshot())
    assert call(cbs, "TagResources", ResourceList=[f"qcs::cvm:ap-beijing:uin/:snapshot/{copy.id}"], Tags=tags) == code


def test_a_call_tags_ten_resources_and_each_holds_fifty(cbs):
    copies = [cbs.create_our_copy(cbs.snapshot(), tagged=False) for _n in range(11)]
    names = [f"qcs::cvm:ap-beijing:uin/:snapshot/{copy.id}" for copy in copies]
    tag = [{"TagKey": "k", "TagValue": "v"}]
    assert call(cbs, "TagResources", ResourceList=names, Tags=tag) == "LimitExceeded.ResourceNumPerRequest"
    assert call(cbs, "UnTagResources", ResourceList=names, TagKeys=["k"]) == "LimitExceeded.ResourceNumPerRequest"
    copies[0].tags = {f"k{n}": "v" for n in range(50)}
    failed = call(cbs, "TagResources", ResourceList=names[:2], Tags=tag)["FailedResources"]
    assert [(item["Resource"], item["Code"]) for item in failed] == [(names[0], "LimitExceeded.ResourceAttachedTags")]
    assert copies[1].tags == {"k": "v"}


def test_the_recycle_bin_shows_and_nothing_deletes_from_it(cbs):
    copy = cbs.create_our_copy(cbs.snapshot())
    copy.forced_state = "recycled"
    assert call(cbs, "DescribeSnapshots", "ap-beijing")["SnapshotSet"][0]["SnapshotState"] == "TORECYCLE"
    assert call(cbs, "DeleteSnapshots", "ap-beijing", SnapshotIds=[copy.id]) == "UnsupportedOperation.StateError"


def test_each_change_of_tags_shows_after_its_own_delay(cbs):
    copy = cbs.create_our_copy(cbs.snapshot(), tagged=False)
    cbs.settings(tags_visible_after=6.0)
    for number in range(2):
        tag = [{"TagKey": f"k{number}", "TagValue": "v"}]
        call(cbs, "TagResources", ResourceList=[f"qcs::cvm:ap-beijing:uin/:snapshot/{copy.id}"], Tags=tag)
        cbs.clock.sleep(4)
    now = cbs.clock.monotonic()
    assert [copy.visible_tags(now + late) for late in (-4, 0, 3)] == [{}, {"k0": "v"}, {"k0": "v", "k1": "v"}]
