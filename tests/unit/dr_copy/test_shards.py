# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans that are divided into shards: each disk is in one, and their reports cover all."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import disks_in_shard, is_in_shard
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.keeping.pruning import (
    orphans,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.selection import (
    own_disks,
    selected_snapshots,
    shard_disks_to_list,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.text(min_size=1), unique=True, max_size=40), st.integers(1, 9))
def test_each_disk_is_in_just_one_shard(disks, parts):
    for disk in disks:
        assert sum(is_in_shard(disk, f"{part}/{parts}") for part in range(1, parts + 1)) == 1
        assert is_in_shard(disk, "")


@given(
    st.dictionaries(st.text(min_size=1), st.sampled_from([None, "", "i-1", "i-2", "i-3"]), max_size=40),
    st.integers(1, 9),
)
def test_disks_that_belong_together_are_in_one_shard(groups, parts):
    found = [disks_in_shard(groups, f"{part}/{parts}") for part in range(1, parts + 1)]
    assert sorted(disk for part in found for disk in part) == sorted(groups), "each disk is in just one"
    for group in filter(None, groups.values()):
        assert sum(any(groups[disk] == group for disk in part) for part in found) == 1
    alone = [disk for disk, group in groups.items() if not group]
    assert all(is_in_shard(disk, f"{n}/{parts}") is (disk in part) for n, part in enumerate(found, 1) for disk in alone)


def test_shards_are_about_equal_and_take_their_snapshots_along():
    disks = [{"disk_id": f"vol-{n:017x}", "name": str(n)} for n in range(2000)]
    listing = {"disks": disks, "snapshots": [{"disk_id": d["disk_id"], "source": None} for d in disks], "failures": []}
    sizes = []
    for part in range(1, 9):
        given = checked_variables({"shard": f"{part}/8"}).values
        own, snapshots = own_disks(listing, given), selected_snapshots(listing, given)
        assert [d["disk_id"] for d in own] == [s["disk_id"] for s in snapshots]
        sizes.append(len(own))
    assert sum(sizes) == 2000 and min(sizes) > 200 and max(sizes) < 300


def test_a_shard_lists_the_copies_of_its_disks_and_the_first_reports_all_orphans():
    ids = [f"vol-{n:017x}" for n in range(9)]
    disks = [{"disk_id": disk_id, "name": ""} for disk_id in ids[:6]]
    source = {"disks": disks, "snapshots": [], "failures": []}
    provenance = {"region": "us-east-1", "created_at": "2026-11-21T01:00:00Z", "managed": True}
    mark = {"dr-copy:plan": "orders"}
    copies = [
        {"snapshot_id": f"c{disk_id}", "region": "eu-west-1", "state": "completed", "tags": mark, "disk_id": None}
        | {"source": {**provenance, "snapshot_id": f"s{disk_id}", "disk_id": disk_id}}
        for disk_id in ids
    ]
    basics = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": "eu-west-1", "plan": "orders"}
    whole = checked_variables(basics).values
    values = [replace(whole, shard=f"{part}/3") for part in (1, 2, 3)]
    assert shard_disks_to_list(source, values[0]) == shard_disks_to_list(source, whole) == []
    for part in values[1:]:
        assert shard_disks_to_list(source, part) == [d for d in ids[:6] if is_in_shard(d, part.shard)]
        assert shard_disks_to_list({"failures": [{}]}, part) == []
        assert orphans(copies, own_disks(source, part), part, source) == []
    first = orphans(copies, own_disks(source, values[0]), values[0], source)
    assert {row["disk_id"] for row in first} == set(ids[6:])
    assert orphans(copies, disks, whole, source) == first
