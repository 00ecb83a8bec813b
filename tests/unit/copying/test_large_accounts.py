# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Large accounts: a run reads what it needs, and little else. The benchmark has full sizes, these tests a tenth."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.simulator.aws.ec2 import BUDGETS
from tests.simulator.control import Watch

SHARDS = 8


@pytest.fixture
def large(ebs):
    """300 tagged disks with 30 snapshots each, all copied, among 3,000 snapshots of other disks."""
    ebs.server.fill(disks=300, snapshots=12000, copies=9000)
    ebs.settings(budgets=BUDGETS)
    return ebs


def reads(estate):
    return {action: count for action, count in estate.calls.items() if action.startswith("Describe")}


def newest(large):
    return sorted(large.server.large[large.source].snapshots)[8700:9000]


@pytest.mark.slow
def test_disks_and_their_snapshots_are_asked_for_by_disk(large):
    out = large.info(large.source, disk_tags={"dr-copy": "true"})
    assert len(out["disks"]) == 300 and len(out["snapshots"]) == 9000
    # One page of all, to see that there are many; 6 and 3 of two batches of disks; 2 for copies of these disks.
    assert reads(large) == {"DescribeVolumes": 1, "DescribeSnapshots": 12}


@pytest.mark.slow
def test_a_few_disks_among_many_cost_a_few_reads(large):
    disks = [d["disk_id"] for d in large.info(large.source, disk_tags={"Name": "disk-0000*", "dr-copy": "*"})["disks"]]
    assert disks == []  # a tag value is not a pattern
    volumes = sorted({s.volume.id for s in large.server.large[large.source].snapshots.values()})[-3:]
    before = large.calls.copy()
    shown = large.info(large.source, disk_ids=volumes)["snapshots"]
    there = large.info(large.destination, source_disk_ids=volumes)["snapshots"]
    assert len(shown) == len(there) == 90 and {s["source"]["disk_id"] for s in there} == set(volumes)
    assert (large.calls - before)["DescribeSnapshots"] == 6


@pytest.mark.slow
def test_copies_are_requested_by_their_source_region_and_no_disk_is_listed_there(large):
    foreign = large.create_foreign_copy(large.snapshot())
    imported = large.snapshot(region=large.destination)
    out = large.info(large.destination, copies_from=[large.source])
    ids = {s["snapshot_id"] for s in out["snapshots"]}
    assert len(ids) == 9001 and foreign.id in ids and imported not in ids and out["disks"] == []
    assert large.info(large.destination, copies_from=["eu-central-1"])["snapshots"] == []
    assert reads(large) == {"DescribeSnapshots": 11 + 3, "DescribeLockedSnapshots": 1}


@pytest.mark.slow
def test_a_snapshot_is_asked_for_by_its_id(large):
    wanted = newest(large)[:2]
    shown = large.info(large.source, snapshot_ids=wanted, disk_tags={"dr-copy": "true"})["snapshots"]
    assert [s["snapshot_id"] for s in shown] == wanted and large.calls["DescribeSnapshots"] == 1


@pytest.mark.slow
def test_shards_read_what_they_have(large):
    ids, rows = set(), 0
    for part in range(1, SHARDS + 1):
        out = large.info(large.source, disk_tags={"dr-copy": "true"}, shard=f"{part}/{SHARDS}")
        assert len(out["disks"]) == 300  # all are listed, so that an empty part does not count as an empty plan
        own = {s["disk_id"] for s in out["snapshots"]}
        assert not own & ids
        ids |= own
        rows += len(out["snapshots"])
        there = large.info(large.destination, source_disk_ids=sorted(own))
        assert {s["source"]["disk_id"] for s in there["snapshots"]} == own
    assert len(ids) == 300 and rows == 9000
    assert sum(reads(large).values()) <= SHARDS * 11


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"shard": "9/8", "disk_tags": {"a": "b"}}, "shard must be"),
        ({"shard": "1/8"}, "shard needs"),
        ({"source_disk_ids": ["disk"]}, "source_disk_ids: 'disk'"),
    ],
)
def test_bad_parts_are_refused_before_any_call(ebs, options, word):
    out = ebs.info(ebs.source, **options)
    assert out.failed and word in out["msg"] and not ebs.calls


@pytest.mark.slow
def test_a_rerun_over_many_reads_copies_by_their_source(large):
    out = large.run(*newest(large))
    assert not out.failed and out["counts"]["unchanged"] == 300
    # One page of all, two batches by our tags, one for copies of the console.
    assert reads(large) == {"DescribeSnapshots": 4}


@pytest.mark.slow
def test_copies_of_others_are_found_among_many(large):
    """No second copy is made of a source that the console copied, however many are requested."""
    sources = [large.snapshot() for _n in range(2)]
    theirs = [large.create_foreign_copy(source) for source in sources]
    for asked in (sources, [*sources, *newest(large)]):
        out = large.run(*asked)
        assert not out["changed"] and {c.id for c in theirs} <= {r["snapshot_id"] for r in out["copies"]}


@pytest.mark.slow
def test_copying_among_many_reads_few_pages(large):
    sources = [large.snapshot() for _n in range(60)]
    large.settings(copy_seconds=30.0)
    out = large.run(*sources, wait=True)
    assert out["counts"]["created"] == 60 and len(large.copies()) == 60
    assert large.calls["DescribeSnapshots"] <= 5 * 60


@pytest.mark.slow
def test_ordinary_snapshots_do_not_count_as_copies_in_progress(large):
    """Others' copies take room; snapshots of the destination's own disks do not."""
    large.settings(copy_seconds=60.0)
    for _n in range(3):
        made = large.snapshot(region=large.destination)
        large.get(made, large.destination).status = "pending"
    others = [large.create_foreign_copy(large.snapshot(), seconds=90.0) for _n in range(2)]
    out = large.run(*[large.snapshot() for _n in range(6)], max_in_flight=4, wait=False, wait_timeout=30)
    started = [c for c in large.copies() if c not in others]
    assert len(started) == 2 and out["counts"]["created"] == 2


@pytest.mark.slow
def test_a_page_that_fails_is_asked_for_again_alone(large):
    large.set_faults({"action": "DescribeSnapshots", "fault": "throttle", "nth": [5, 6]})
    out = large.info(large.destination, copies_from=[large.source], **large.quick_reads)
    assert len(out["snapshots"]) == 9000
    assert large.calls["DescribeSnapshots"] == 11 + 2


@pytest.mark.slow
def test_a_budget_that_others_have_used_up_is_waited_for(large, monkeypatch):
    monkeypatch.setattr("random.uniform", lambda _least, most: most)  # pauses are drawn, and so is the number of calls
    large.settings(budgets={"DescribeSnapshots": [6, 1]})
    out = large.info(large.destination, copies_from=[large.source], **large.quick_reads)
    assert len(out["snapshots"]) == 9000
    assert large.calls["DescribeSnapshots"] <= 11 + 5


def test_ecs_asks_for_a_few_disks_by_disk(ecs):
    disks = [ecs.disk() for _n in range(3)]
    own = [ecs.snapshot(disk) for disk in disks for _n in range(2)]
    for _n in range(300):
        ecs.snapshot("d-of-others")
    shown = ecs.info(ecs.source, disk_ids=disks)["snapshots"]
    assert {s["snapshot_id"] for s in shown} == set(own)
    assert ecs.calls["DescribeSnapshots"] == 6
    before = ecs.calls.copy()
    assert len(ecs.info(ecs.source, snapshot_ids=own)["snapshots"]) == 6
    assert (ecs.calls - before)["DescribeSnapshots"] == 1


def test_ecs_lists_copies_of_disks_of_another_region_whole(ecs):
    source = ecs.snapshot()
    disk = ecs.get(source).disk_id
    copy = ecs.create_our_copy(source)
    theirs = ecs.create_foreign_copy(source)
    shown = ecs.info(ecs.destination, source_disk_ids=[disk])["snapshots"]
    assert {s["snapshot_id"] for s in shown} == {copy.id, theirs.id}
    assert {s["snapshot_id"] for s in ecs.info(ecs.destination, disk_ids=[disk])["snapshots"]} == {copy.id, theirs.id}


def test_cbs_asks_for_disks_by_ten(cbs):
    disks = [cbs.disk() for _n in range(12)]
    own = [cbs.snapshot(disk) for disk in disks]
    for _n in range(300):
        cbs.snapshot()
    shown = cbs.info(cbs.source, disk_ids=disks)["snapshots"]
    assert {s["snapshot_id"] for s in shown} == set(own) and cbs.calls["DescribeSnapshots"] == 2
    before = cbs.calls.copy()
    assert len(cbs.info(cbs.source, snapshot_ids=own)["snapshots"]) == 12
    assert (cbs.calls - before)["DescribeSnapshots"] == 1


@pytest.mark.parametrize("name", ["ecs", "cbs"])
def test_copies_in_progress_are_counted_in_a_listing_of_their_own(request, name):
    """A run that waits for room lists no complete copies meanwhile."""
    cloud = request.getfixturevalue(name)
    for _n in range(150):
        cloud.create_our_copy(cloud.snapshot())
    cloud.settings(copy_seconds=20.0)
    for _n in range(2):
        cloud.create_foreign_copy(cloud.snapshot(), seconds=300.0)
    sources = [cloud.snapshot() for _n in range(3)]
    cloud.server.control.watch = Watch()
    out = cloud.run(*sources, max_in_flight=2, wait=True)
    assert out["counts"]["created"] == 3
    asked = [call.given for call in cloud.server.control.recorded_calls if call.action == "DescribeSnapshots"]
    counts = [given for given in asked if "Status" in given or "Filters" in given]
    whole = [given for given in asked if not {"Status", "Filters", "SnapshotIds"} & given.keys()]
    assert len(counts) >= 2 and len(whole) <= 4 * 8  # pages, at the first look, before each copy and after it


CLIENTS = """
import re
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.client import AwsModule
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs import EbsCloud
from ansible_collections.multicloud.snapshots.tests.support.harness import module_args
with module_args({"region": "us-east-1", "access_key": "a", "secret_key": "b"}):
    cloud = EbsCloud(AwsModule(argument_spec={}))
for region in ("us-east-1", "eu-west-1", "eu-central-1"):
    assert cloud._ec2.reader(region) and cloud._ec2.writer(region)
    assert cloud.region_problem(region) is None
print(int(re.findall(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[0]) / 1024)
"""


def test_clients_of_many_regions_share_the_models_of_the_sdk():
    """A module that waits uses at most 100 MB; each client with its own EC2 model takes 25."""
    done = subprocess.run([sys.executable, "-c", CLIENTS], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 90
