# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only ENS can do or refuse (api-facts: ens-copy-call)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from aliyunsdkcore.http import protocol_type
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba import client as alibaba
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ens_answers import snapshot_of

from tests.simulator.alibaba.service import signature

NODES = ["cn-chengdu-26", "cn-shanghai-27"]
G4 = {
    "SnapshotId": "sp-src1",
    "DestinationRegionIds": '["cn-hangzhou-26", "cn-hangzhou-27"]',
    "DestinationSnapshotName": "n1",
    "InstanceBillingCycle": "Day",
    "Version": "2017-11-10",
    "Action": "CopySnapshot",
    "Format": "JSON",
    "RegionId": "cn-hangzhou",
    "Timestamp": "2026-11-21T02:34:11Z",
    "SignatureMethod": "HMAC-SHA1",
    "SignatureType": "",
    "SignatureVersion": "1.0",
    "SignatureNonce": "fce9756b28887e7b381a0a9f6c3cd369",
    "AccessKeyId": "LTAItestid",
}


def test_the_simulator_signs_as_the_service():
    assert signature("testsecret", "POST", G4) == "bvfl3qxQGewWVchEuIjJWjDz/KA="


def test_one_call_serves_all_nodes_with_the_same_name(ens):
    source = ens.snapshot()
    out = ens.run(source, destination_regions=NODES, wait=True, instance_billing_cycle="Month")
    assert out["counts"]["completed"] == 2 and ens.calls["CopySnapshot"] == 1
    assert ens.copies()[0].billing_cycle == "Month" and ens.copies()[0].name == f"copy-of-{source}"


def test_nodes_with_names_of_their_own_get_calls_of_their_own(ens):
    ens.run(ens.snapshot(), destination_regions=NODES, name="to-{destination_region}")
    assert ens.calls["CopySnapshot"] == 2


def test_partial_success_is_read_node_by_node_and_the_next_run_asks_for_the_rest(ens):
    source = ens.snapshot()
    ens.settings(refused_nodes=[NODES[1]])
    out = ens.run(source, destination_regions=NODES, wait=True)
    assert [r["state"] for r in out["copies"]] == ["completed", "absent"]
    failure = out.failure()
    assert failure["region"] == NODES[1] and failure["kind"] == "refused" and "no reason" in failure["hint"]
    ens.settings(refused_nodes=[])
    out = ens.run(source, destination_regions=NODES, wait=True)
    assert [r["action"] for r in out["copies"]] == ["none", "created"]
    assert len(ens.copies(NODES[0])) == len(ens.copies(NODES[1])) == 1


@pytest.mark.parametrize("shape", ["error", "empty"])
def test_a_call_that_fails_on_every_node_reports_each(ens, shape):
    ens.settings(refused_nodes=NODES, all_refused_as=shape)
    out = ens.run(ens.snapshot(), destination_regions=NODES, wait=True)
    assert [f["kind"] for f in out["failures"]] == ["refused", "refused"] and all(f["hint"] for f in out["failures"])


def test_a_bad_node_fails_alone(ens):
    source = ens.snapshot()
    out = ens.run(source, destination_regions=[NODES[0], "cn-nowhere", NODES[1]], wait=True)
    assert [r["state"] for r in out["copies"]] == ["completed", "absent", "completed"]
    failure = out.failure()
    assert (failure["region"], failure["code"]) == ("cn-nowhere", "InvalidDestinationRegionIds")
    assert failure["kind"] == "refused"
    assert len(ens.copies(NODES[0])) == len(ens.copies(NODES[1])) == 1 and ens.calls["CopySnapshot"] == 4


@pytest.mark.parametrize("kind", ["lose_answer", "error_after", "throttle"])
def test_nodes_get_no_call_each_if_something_may_have_started(ens, kind):
    ens.set_faults({"action": "CopySnapshot", "fault": kind, "nth": [1]})
    out = ens.run(ens.snapshot(), destination_regions=NODES, wait=True)
    assert not out.failed and len(ens.copies(NODES[0])) == len(ens.copies(NODES[1])) == 1
    assert ens.calls["CopySnapshot"] <= 3


def test_a_copy_that_is_not_named_by_its_own_id_is_found_by_its_source(ens):
    source = ens.snapshot()
    ens.settings(returned_ids="instance")
    out = ens.run(source, destination_regions=NODES, wait=True)
    assert not out.failed, out["msg"]
    assert [r["snapshot_id"] for r in out["copies"]] == [ens.copies(node)[0].id for node in NODES]
    assert ens.calls["CopySnapshot"] == 1 and [r["action"] for r in out["copies"]] == ["created", "created"]


def test_a_copy_whose_answered_id_never_shows_is_found_by_its_source(ens):
    source = ens.snapshot()
    ens.settings(returned_ids="another")
    out = ens.run(source, wait=True)
    assert not out.failed, out["msg"]
    assert out["snapshot_id"] == ens.copies()[0].id and len(ens.copies()) == 1 and ens.calls["CopySnapshot"] == 1


@pytest.mark.parametrize(
    ("endpoint", "region"),
    [
        ("https://ens.ap-southeast-1.aliyuncs.com", "ap-southeast-1"),
        ("ens.ap-southeast-1.aliyuncs.com", "ap-southeast-1"),
        ("https://ens.aliyuncs.com", "cn-hangzhou"),
        (None, "cn-hangzhou"),
    ],
)
def test_the_region_of_the_api_follows_from_the_endpoint(ens, monkeypatch, endpoint, region):
    # A proxy maps the well-known host to the simulator, which has no TLS.
    monkeypatch.setenv("HTTP_PROXY", ens.url)
    monkeypatch.setattr(alibaba, "protocol_type", SimpleNamespace(HTTPS=protocol_type.HTTP, HTTP=protocol_type.HTTP))
    seen = set()
    answer = ens.server._answer

    def noting(given):
        seen.add(given["RegionId"])
        return answer(given)

    monkeypatch.setattr(ens.server, "_answer", noting)
    out = ens.run(ens.snapshot(), endpoint_url=endpoint, wait=True)
    assert not out.failed, out["msg"]
    assert seen == {region}


@pytest.mark.parametrize("word", ["Available", "available"])
def test_states_are_known_however_they_are_spelt(word):
    assert snapshot_of({"SnapshotId": "sp-1", "Status": word}, "cn-1").state.value == "completed"


def test_the_source_node_is_looked_up(ens):
    source = ens.snapshot()
    out = ens.run(source, source_region=..., wait=True)
    assert out.copy()["source_region"] == "cn-hangzhou-26" and "in cn-hangzhou-26" in out.copy()["description"]
    ens.forget(source)
    again = ens.run(source, source_region=...)
    assert not again["changed"] and again.copy()["source_region"] == "cn-hangzhou-26"


def test_a_source_on_no_node_or_on_several_fails_alone(ens):
    twice, good = ens.snapshot(), ens.snapshot()
    twin = ens.get(twice)
    ens.server.account.snapshots.setdefault("cn-wuxi-3", {})[twice] = type(twin)(
        twice, "cn-wuxi-3", twin.created, twin.disk_id
    )
    out = ens.run(twice, ens.unknown_id, good, source_region=..., wait=True)
    assert [f["kind"] for f in out["failures"]] == ["refused", "not_found"] and "several nodes" in out["msg"]
    assert len(ens.copies()) == 1


def test_a_backend_failure_is_looked_for(ens):
    ens.refuse("CopySnapshot", "ens.interface.error", nth=[1])
    assert not ens.run(ens.snapshot(), wait=True).failed and len(ens.copies()) == 1


def test_an_order_that_cannot_be_created_is_tried_a_few_times(ens):
    source = ens.snapshot()
    ens.refuse("CopySnapshot", "Order.CreateFailed", times=2)
    assert not ens.run(source, wait=True).failed
    ens.refuse("CopySnapshot", "Order.CreateFailed")
    before = ens.calls["CopySnapshot"]
    out = ens.run(ens.snapshot(), wait=True)
    assert out.failure()["kind"] == "refused" and out.failure()["hint"] and ens.calls["CopySnapshot"] - before == 4


def test_a_copy_in_progress_is_not_cancelled_but_deleted_when_complete(ens):
    source = ens.snapshot()
    ens.create_our_copy(source, seconds=30)
    ens.create_our_copy(source, seconds=60)
    out = ens.run(source, state="absent")
    assert out.failed and "wait: true" in out["failures"][0]["hint"] and len(ens.copies()) == 2
    out = ens.run(source, state="absent", wait=True)
    assert not out.failed and out["counts"]["deleted"] == 2 and not ens.copies()


def test_encryption_is_unknown_where_the_service_shows_none(ens):
    source = ens.snapshot()
    rows = [ens.run(source, check=True).copy(), ens.run(source).copy(), ens.run(source, wait=True).copy()]
    assert [row["state"] for row in rows] == ["planned", "pending", "completed"]
    assert [row["encrypted"] for row in rows] == [None, None, None]


def test_ens_modules_have_no_options_for_tags(ens):
    for option in ("tags", "purge_tags", "copy_tags"):
        out = ens.run(ens.snapshot(), **{option: True})
        assert out.failed and option in out["msg"] and not ens.calls


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"name": "with.period"}, "period"),
        ({"name": "1st"}, "name"),
        ({"description": "d"}, "description"),
        ({"destination_regions": ["cn-hangzhou-26"]}, "source region"),
        ({"destination_regions": ["Somewhere"]}, "Somewhere"),
    ],
)
def test_bad_input_is_named_and_nothing_called(ens, options, word):
    out = ens.run(ens.snapshot(), **options)
    assert out.failed and word in out["msg"] and not ens.calls


# -- listings --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counts", ["items", "pages", "zero", "nothing"])
def test_no_count_leaves_disks_or_snapshots_out(ens, counts):
    """The service's own SDK describes TotalCount as a number of pages (api-facts: page-gaps)."""
    ens.settings(counts=counts)
    disks = [ens.disk(**{"dr-copy": "true"}) for _n in range(120)]
    sources = [ens.snapshot(disk) for disk in disks]
    copies = [ens.create_our_copy(source) for source in sources]
    shown = ens.info(ens.source, disk_tags={"dr-copy": "true"})
    assert [d["disk_id"] for d in shown["disks"]] == sorted(disks)
    assert {s["snapshot_id"] for s in shown["snapshots"]} == set(sources)
    out = ens.run(*sources, wait=True)
    assert not out["changed"] and {r["snapshot_id"] for r in out["copies"]} == {copy.id for copy in copies}


@pytest.mark.parametrize("counts", ["items", "pages", "zero", "nothing"])
@pytest.mark.parametrize("number", [0, 1, 20, 21, 40, 60])
def test_pages_smaller_than_asked_are_no_end(ens, counts, number):
    """The largest page of DescribeSnapshots is not documented (api-facts: ens-describe-limits)."""
    ens.settings(counts=counts, page_cap=20)
    copies = [ens.create_our_copy(ens.snapshot()) for _n in range(number)]
    shown = ens.info(ens.destination, copies_from=[ens.source])["snapshots"]
    assert {s["snapshot_id"] for s in shown} == {copy.id for copy in copies}
    assert ens.calls["DescribeSnapshots"] <= 2 + number // 10
