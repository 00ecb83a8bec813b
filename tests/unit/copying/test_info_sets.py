# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of snapshots in the info modules: from the cloud's groups, from EBS's descriptions and tags, from marks."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.alibaba.ecs_answers import set_of as ecs_set
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.aws.ebs_sets import sets_of
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs_answers import set_of as cbs_set
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import Snapshot, State
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    Consistency,
    SnapshotSet,
    set_of_mark,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.recorded import recorded, shape
from tests.simulator.aws.ec2 import ACCOUNT, ec2_backends
from tests.simulator.state import SnapshotGroup, new_id
from tests.support.estates import service_of
from tests.support.tencent_requests import call

GROUPS = "DescribeSnapshotGroups"
#: A type that CBS could call consistent; its documentation names only one that is not.
CONSISTENT = "CONSISTENCY"
SCRIPTS = {"aws:dlm:pre-script": "SUCCESS", "aws:dlm:post-script": "SUCCESS"}


@pytest.fixture(params=["ecs", "cbs"])
def cloud(request):
    """A cloud that lists groups of snapshots."""
    return request.getfixturevalue(request.param)


def server_disks(cloud, number, instance="i-1"):
    """Create disks that are attached to one instance."""
    disks = [cloud.disk() for _n in range(number)]
    for disk in disks:
        cloud.server.account.disks[cloud.source][disk].attached_to = instance
    return disks


def group_of(cloud, snapshots, instance="i-1", **facts):
    kind = {"kind": CONSISTENT, "instance_id": ""} if cloud.cloud.name == "cbs" else {"instance_id": instance}
    made = SnapshotGroup(new_id("csnap-", 8), cloud.source, list(snapshots), **{**kind, **facts})
    return cloud.server.account.add(made).id


def sets(cloud, region=None, **options):
    rows = cloud.info(region or cloud.source, **{"sets": True, **options})["snapshots"]
    return {row["snapshot_id"]: row["set"] for row in rows}


# -- groups that the cloud lists -------------------------------------------------------------------------


def test_the_members_of_a_group_show_its_id_its_size_and_that_it_is_crash_consistent(cloud):
    first, second, other = (cloud.snapshot(disk) for disk in server_disks(cloud, 3))
    group = group_of(cloud, [first, second])
    found = {"id": group, "size": 2, "consistency": "crash"}
    assert sets(cloud) == {first: found, second: found, other: None}
    assert cloud.calls[GROUPS] == 1


def test_an_info_call_without_sets_lists_no_group_and_returns_no_set(cloud):
    snapshots = [cloud.snapshot(disk) for disk in server_disks(cloud, 2)]
    group_of(cloud, snapshots)
    assert sets(cloud, sets=False) == dict.fromkeys(snapshots)
    assert not cloud.calls[GROUPS]


def test_servers_of_one_disk_cost_no_listing_of_groups(cloud):
    for number in range(3):
        (disk,) = server_disks(cloud, 1, f"i-{number}")
        cloud.snapshot(disk)
    assert set(sets(cloud).values()) == {None}
    assert not cloud.calls[GROUPS]
    for disk in cloud.server.account.disks[cloud.source].values():
        disk.tags["app"] = "shop"
    sets(cloud, group_tag="app")
    assert cloud.calls[GROUPS] == 1


def test_a_region_of_copies_costs_no_listing_of_groups(cloud):
    cloud.create_our_copy(cloud.snapshot())
    sets(cloud, cloud.destination)
    assert not cloud.calls[GROUPS]


def test_a_shard_has_the_snapshots_of_whole_servers(cloud):
    servers = [server_disks(cloud, 3, f"i-{number}") for number in range(4)]
    snapshots = [[cloud.snapshot(disk) for disk in disks] for disks in servers]
    for own in snapshots:
        group_of(cloud, own)
    disk_ids = [disk for disks in servers for disk in disks]
    parts = [sets(cloud, disk_ids=disk_ids, shard=f"{part}/2") for part in (1, 2)]
    assert sorted([*parts[0], *parts[1]]) == sorted(snapshot for own in snapshots for snapshot in own)
    for own in snapshots:
        assert [snapshot in parts[0] for snapshot in own] in ([True] * 3, [False] * 3)
    assert all(found["size"] == 3 for part in parts for found in part.values())


def test_groups_are_read_page_by_page(cloud):
    disks = server_disks(cloud, 2)
    nights = []
    for number in range(130):
        snapshots = [cloud.snapshot(disk, age_hours=number + 1) for disk in disks]
        nights.append((group_of(cloud, snapshots), snapshots))
    found = sets(cloud)
    assert all(found[snapshot]["id"] == group for group, snapshots in nights for snapshot in snapshots)
    assert cloud.calls[GROUPS] == 2


@pytest.mark.parametrize("state", ["running", "failed"])
def test_a_group_that_is_not_complete_is_no_set(cloud, state):
    if cloud.cloud.name == "cbs" and state == "failed":
        pytest.skip("CBS has no such state")
    snapshots = [cloud.snapshot(disk) for disk in server_disks(cloud, 2)]
    group_of(cloud, snapshots, state=state)
    assert sets(cloud) == dict.fromkeys(snapshots)


@pytest.mark.parametrize("forgets", [False, True])
def test_a_member_that_is_gone_counts_as_long_as_the_cloud_lists_it(cloud, forgets):
    cloud.settings(groups_forget=forgets)
    first, second, third = (cloud.snapshot(disk) for disk in server_disks(cloud, 3))
    group_of(cloud, [first, second, third])
    cloud.forget(third)
    assert {found["size"] for found in sets(cloud).values()} == {2 if forgets else 3}


def test_a_snapshot_that_two_groups_claim_is_in_no_set(cloud):
    first, second, third = (cloud.snapshot(disk) for disk in server_disks(cloud, 3))
    group_of(cloud, [first, second])
    other = group_of(cloud, [second, third])
    found = sets(cloud)
    assert found[second] is None and found[third]["id"] == other


def test_filters_and_latest_do_not_change_the_size_of_a_set(cloud):
    disks = server_disks(cloud, 2)
    first, second = (cloud.snapshot(disk) for disk in disks)
    group_of(cloud, [first, second])
    assert sets(cloud, latest=True)[first]["size"] == 2
    assert sets(cloud, snapshot_ids=[first, second])[first]["size"] == 2


@pytest.mark.parametrize("fault", [{"denied": [GROUPS]}, "broken"])
def test_groups_that_cannot_be_read_are_a_warning_and_the_snapshots_are_listed(cloud, fault):
    snapshots = [cloud.snapshot(disk) for disk in server_disks(cloud, 2)]
    group_of(cloud, snapshots)
    if fault == "broken":
        cloud.set_faults({"action": GROUPS, "fault": "garbage"})
    else:
        cloud.settings(**fault)
    outcome = cloud.info(cloud.source, sets=True)
    assert not outcome.failed
    assert {row["snapshot_id"]: row["set"] for row in outcome["snapshots"]} == dict.fromkeys(snapshots)
    assert len(outcome["warnings"]) == 1
    warning = str(outcome["warnings"])
    assert f"The snapshot groups in {cloud.source} could not be read" in warning
    assert "unknown which snapshots were taken together" in warning


# -- ECS -------------------------------------------------------------------------------------------------


def test_a_group_over_two_instances_is_a_set_of_each(ecs):
    ours, theirs = server_disks(ecs, 2, "i-1"), server_disks(ecs, 1, "i-2")
    a, b, c = (ecs.snapshot(disk) for disk in [*ours, *theirs])
    group = group_of(ecs, [a, b, c], instance="")
    found = sets(ecs)
    assert (found[a]["size"], found[b]["size"], found[c]["size"]) == (2, 2, 1)
    assert {one["id"] for one in found.values()} == {group}


def test_a_group_across_two_instances_with_one_set_tag_is_one_set(ecs):
    a, b = (ecs.snapshot(disk) for disk in [*server_disks(ecs, 1, "i-1"), *server_disks(ecs, 1, "i-2")])
    for disk in ecs.server.account.disks[ecs.source].values():
        disk.tags["app"] = "shop"
    group_of(ecs, [a, b], instance="")
    assert {found["size"] for found in sets(ecs, group_tag="app").values()} == {2}


def test_a_disk_that_moved_changes_no_older_set_of_its_instance(ecs):
    disks = server_disks(ecs, 2)
    snapshots = [ecs.snapshot(disk) for disk in disks]
    group_of(ecs, snapshots)
    ecs.snapshot(server_disks(ecs, 1, "i-2")[0])
    ecs.server.account.disks[ecs.source][disks[1]].attached_to = "i-2"
    assert {found["size"] for found in sets(ecs).values() if found} == {2}


def test_the_documented_group_of_ecs_is_parsed_and_the_simulator_matches_it(ecs):
    item = recorded("ecs")["snapshot-group"]
    made = ecs_set(item["group"])
    assert {key: getattr(made, key) for key in item["becomes"]} == item["becomes"]
    assert [(m.snapshot_id, m.disk_id) for m in made.members] == [("s-aa11bb22cc33dd44ee55", "d-aa11bb22cc33dd44ee55")]
    group_of(ecs, [ecs.snapshot()])
    answer = service_of(ecs).read(GROUPS, ecs.source, "Trying")
    assert set(answer) == {"RequestId", "NextToken", "SnapshotGroups"}
    assert shape(answer["SnapshotGroups"]["SnapshotGroup"][0]) == shape(item["group"])


# -- CBS -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "is_consistent"),
    [
        ("NORMAL", False),
        ("", False),
        ("SOMETHING", False),
        ("NON_CONSISTENCY", False),
        ("INCONSISTENT", False),
        (CONSISTENT, True),
        ("CRASH_CONSISTENT", True),
    ],
)
def test_a_cbs_group_is_a_set_only_if_cbs_calls_it_consistent(cbs, kind, is_consistent):
    snapshots = [cbs.snapshot(disk) for disk in server_disks(cbs, 2)]
    group_of(cbs, snapshots, kind=kind)
    assert [found is not None for found in sets(cbs).values()] == [is_consistent] * 2


def test_the_documented_group_of_cbs_is_no_set_and_the_simulator_matches_it(cbs):
    item = recorded("cbs")["snapshot_group"]
    assert cbs_set(item["group"], {}) is item["becomes"]
    made = cbs_set({**item["group"], "SnapshotGroupType": CONSISTENT}, {})
    assert (made.set_id, len(made.members)) == ("csnap-aa11bb22", 3)
    group_of(cbs, [cbs.snapshot()])
    (shown,) = call(cbs, GROUPS, cbs.source)["SnapshotGroupSet"]
    assert shape(shown) == shape(item["group"])


# -- EBS -------------------------------------------------------------------------------------------------


def attach(ebs, disk, instance):
    volume = ec2_backends[ACCOUNT][ebs.source].volumes[disk]
    volume.attachment = SimpleNamespace(
        instance=SimpleNamespace(id=instance), device="/dev/sdf", volume=volume, status="attached"
    )


def of_image(ebs, disk, image="ami-0aa11bb22cc33dd44", instance="i-0aa11bb22cc33dd44", ending="", **tags):
    made = ebs.snapshot(disk, **tags)
    ebs.get(made).description = f"Created by CreateImage({instance}) for {image}{ending}"
    return made


def test_the_snapshots_of_one_image_are_a_set_whether_or_not_they_name_their_volume(ebs):
    disks = [ebs.disk() for _n in range(3)]
    a = of_image(ebs, disks[0])
    b = of_image(ebs, disks[1], ending=f" from {disks[1]}")
    c = of_image(ebs, disks[2], image="ami-0ff11bb22cc33dd44")
    found = sets(ebs)
    assert found[a] == found[b] == {"id": "ami-0aa11bb22cc33dd44", "size": 2, "consistency": "crash"}
    assert found[c]["size"] == 1
    assert set(ebs.calls) == {"DescribeSnapshots", "DescribeVolumes", "GetCallerIdentity"}


@pytest.mark.parametrize(
    "description",
    [
        "nightly",
        "Created by CreateImage() for ami-0aa11bb22cc33dd44",
        "Created by CreateImage(i-0aa11bb22cc33dd44) for ami-0aa11bb22cc33dd44 and more",
        "Copied for DestinationAmi ami-0cc10000000000001 from SourceAmi ami-0cc10000000000002",
    ],
)
def test_other_descriptions_name_no_set(ebs, description):
    made = ebs.snapshot()
    ebs.get(made).description = description
    assert sets(ebs) == {made: None}


def test_one_value_of_the_users_tag_is_a_set_of_each_instance(ebs):
    disks = [ebs.disk() for _n in range(3)]
    for disk, instance in zip(disks, ["i-0a", "i-0a", "i-0b"], strict=True):
        attach(ebs, disk, instance)
    a, b, c = (ebs.snapshot(disk, night="2026-11-20") for disk in disks)
    found = sets(ebs, set_tag="night")
    assert found[a] == found[b] == {"id": "2026-11-20", "size": 2, "consistency": "crash"}
    assert found[c]["size"] == 1
    assert set(sets(ebs).values()) == {None}


def test_a_set_is_consistent_for_applications_only_if_scripts_ran_for_every_member(ebs):
    disks = [ebs.disk() for _n in range(2)]
    a, b = (of_image(ebs, disk, **SCRIPTS) for disk in disks)
    assert sets(ebs)[a]["consistency"] == "application"
    ebs.set_tags(ebs.get(b), **{"aws:dlm:post-script": "FAILED"})
    assert {found["consistency"] for found in sets(ebs).values()} == {"crash"}


def test_scripts_alone_make_no_set(ebs):
    made = ebs.snapshot(**SCRIPTS)
    assert sets(ebs) == {made: None}


def test_a_tag_that_never_changes_is_no_set_and_is_named(ebs):
    disk, other = ebs.disk(), ebs.disk()
    for disk_id in (disk, other):
        for night in (1, 2):
            ebs.snapshot(disk_id, age_hours=24 * night, backup="nightly")
    outcome = ebs.info(ebs.source, sets=True, set_tag="backup")
    assert {str(row["set"]) for row in outcome["snapshots"]} == {"None"}
    assert len(outcome["warnings"]) == 1
    warning = str(outcome["warnings"])
    assert "The set nightly" in warning and "2 snapshots of the disk" in warning and "an ID of its own" in warning


@pytest.mark.parametrize("name", ["snapshot-of-image", "snapshot-of-image-old"])
def test_a_recorded_snapshot_of_an_image_names_its_set(name):
    item = recorded("ebs")[name]
    shown = item["snapshot"]
    (made,) = sets_of(
        [Snapshot(shown["SnapshotId"], "r", State.COMPLETED, "completed", description=shown["Description"])], ""
    )
    assert made.set_id == item["set"]["id"] and made.of_one_instance


# -- ENS, and copies -------------------------------------------------------------------------------------


def test_ens_shows_no_sets_and_receives_no_call_for_them(ens):
    made = ens.snapshot()
    outcome = ens.info(ens.source, sets=True)
    assert [row["set"] for row in outcome["snapshots"]] == [None] and made
    assert set(ens.calls) == {"DescribeSnapshots", "DescribeDisks"}


@pytest.mark.parametrize("with_option", [True, False])
@pytest.mark.parametrize("name", ["ebs", "ecs", "cbs"])
def test_a_copy_shows_the_set_that_it_is_marked_with(request, name, with_option):
    estate = request.getfixturevalue(name)
    copy = estate.create_our_copy(estate.snapshot())
    mark = f"2 near {(estate.clock.utc() - timedelta(hours=1)):%Y-%m-%dT%H:%M:%SZ}"
    estate.set_tags(copy, **{"dr-copy:group": "i-1", "dr-copy:set": mark})
    found = sets(estate, estate.destination, sets=with_option)
    assert found == {copy.id: {"id": mark.split()[2], "size": 2, "consistency": "near"}}
    estate.set_tags(copy, **{"dr-copy:set": "two near ones"})
    assert sets(estate, estate.destination) == {copy.id: None}


@pytest.mark.parametrize(
    "mark",
    ["", "2", "2 crash", "2 crash ", "0 crash x", "02 crash x", "-1 crash x", "2 torn x", "2 CRASH x", "2  crash x",
     " 2 crash x", "2 crash  x", "2 crash x ", "2 crash x\n", "99999 crash x", "\u0662 crash x", "2 crash\tx"],
)  # fmt: skip
def test_a_malformed_mark_is_no_set(mark):
    assert set_of_mark(mark) is None


@given(
    st.text(min_size=1).filter(lambda text: text.strip() == text and "\n" not in text),
    st.integers(1, 9999),
    st.sampled_from(Consistency),
)
def test_a_set_mark_reads_back_as_written_or_not_at_all(set_id, size, consistency):
    written = SnapshotSet(set_id, size, consistency)
    read = set_of_mark(written.tag_value)
    assert read in (written, None) and (read or not set_id.isprintable())
