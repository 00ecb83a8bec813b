# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retention: what may be deleted, and that planning and pruning agree in the end."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import disks_in_shard, is_in_shard
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.destinations import (
    copies_with_known_sources,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.pruning import (
    deleted_copies,
    orphans,
    prunable,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import expired_copies
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.selection import (
    own_disks,
    selected_snapshots,
    shard_disks_to_list,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.variables import checked_variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.failures import outdates_listing
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clouds import CLOUDS
from tests.nights.history import NightHistory
from tests.support.harness import examples
from tests.support.reports import done_with
from tests.support.rows import copy_row, snapshot_row

NOW = "2026-11-21T12:00:00Z"
MOMENT = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
#: Random histories for each cloud; `make nights` tries 10,000.
HISTORIES = int(os.environ.get("HISTORIES", "20"))


def copy(number, disk=0, days=1.0, region="dr-1", source=None, **facts):
    """Return a complete copy of ours whose source was taken this many days ago."""
    taken = (MOMENT - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    source_id, provenance = f"snap-{number if source is None else source}", facts.pop("provenance", {})
    row = copy_row(f"copy-{number}", source_id, f"disk-{disk}", taken, source_region="source-1", region=region)
    return {**row, "tags": {"team": "finance"}, "source": {**row["source"], **provenance}, **facts}


def ids(copies):
    return [row["snapshot_id"] for row in copies]


def _row(number, disk, days, region, source, kind):
    made = copy(number, disk, days, region, source)
    if kind in ("pending", "error"):
        made["state"] = kind
    elif kind == "foreign":
        made["source"]["managed"] = False
    elif kind == "held":
        made["tags"] = {"dr-copy:hold": ""}
    elif kind == "undated":
        made["source"]["created_at"] = None
    elif kind == "diskless":
        made["source"]["disk_id"] = None
    elif kind == "none":
        made["source"] = None
    return made


rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from((0.5, 1.0, 2.0, 2.0, 3.5, 8.0)),
        st.sampled_from(("dr-1", "dr-2")),
        st.sampled_from((None, None, 0, 1)),
        st.sampled_from(
            ("ours", "ours", "ours", "ours", "pending", "error", "foreign", "held", "undated", "diskless", "none")
        ),
    ),
    max_size=14,
).map(lambda facts: [_row(number, *fact) for number, fact in enumerate(facts)])


def may_be_deleted(row, copies, keep, keep_days):
    """A second implementation of the rule, for a single copy."""

    def counts(one):
        provenance = one["source"]
        known = provenance and provenance["managed"] and provenance["disk_id"] and provenance["created_at"]
        return known and one["state"] == "completed" and "dr-copy:hold" not in one["tags"]

    if not counts(row) or not (keep or keep_days):
        return False
    taken = {}
    for one in copies:
        if counts(one) and (one["source"]["disk_id"], one["region"]) == (row["source"]["disk_id"], row["region"]):
            provenance = one["source"]
            taken[provenance["snapshot_id"]] = max(taken.get(provenance["snapshot_id"], ""), provenance["created_at"])
    mine = (taken[row["source"]["snapshot_id"]], row["source"]["snapshot_id"])
    newer = sum((moment, source) > mine for source, moment in taken.items())
    age = MOMENT - datetime.fromisoformat(mine[0].replace("Z", "+00:00"))
    return newer >= max(keep, 1) and (not keep_days or age > timedelta(days=keep_days))


@settings(max_examples=examples(400))
@given(rows, st.integers(0, 4), st.sampled_from((0, 1, 2, 3.4, 7)), st.randoms(use_true_random=False))
def test_retention_deletes_only_copies_that_no_limit_keeps(copies, keep, keep_days, shuffler):
    expired = expired_copies(copies, keep, keep_days, now=NOW)
    assert set(ids(expired)) == {row["snapshot_id"] for row in copies if may_be_deleted(row, copies, keep, keep_days)}
    shuffled = list(copies)
    shuffler.shuffle(shuffled)
    assert expired_copies(shuffled, keep, keep_days, now=NOW) == expired, "the order does not depend on the listing's"
    kept = [row for row in copies if row not in expired]
    assert expired_copies(kept, keep, keep_days, now=NOW) == [], "the remaining copies are kept"
    assert set(ids(expired_copies(copies, keep + 1 if keep else 0, keep_days, now=NOW))) <= set(ids(expired))


def test_rows_are_oldest_first_and_duplicates_are_one_recovery_point():
    copies = [copy(1, days=1), copy(2, days=4), copy(3, days=4, source=2), copy(4, days=9), copy(5, days=2)]
    assert ids(expired_copies(copies, keep=2, now=NOW)) == ["copy-4", "copy-2", "copy-3"]
    assert ids(expired_copies(copies, keep=3, now=NOW)) == ["copy-4"]
    assert ids(expired_copies(copies, keep=1, keep_days=3, now=NOW)) == ["copy-4", "copy-2", "copy-3"]
    assert expired_copies(copies, now=NOW) == []


@pytest.mark.parametrize(
    "bad",
    [
        *({"keep": -1}, {"keep": 1.5}, {"keep": "x"}, {"keep_daily": None}, {"keep_days": -1}, {"keep_days": "x"}),
        *({"keep_days": None}, {"now": "tonight"}, {"sets": "x"}),
        {"keep": 1, "timezone": "Mars/Base"},
    ],
)
def test_limits_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=f"{next(reversed(bad))} must be|tonight"):
        expired_copies([copy(1)], **bad)


def source(number, disk=0, hours=1.0, state="completed"):
    taken = (MOMENT - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return snapshot_row(f"snap-{number}", f"disk-{disk}", taken, state=state)


DISK = [{"disk_id": "disk-0", "name": "database"}]


def reasons(sources, copies=(), **limits):
    plan = copy_plan(sources, DISK, list(copies), ["dr-1"], now=NOW, **limits)
    return {row["snapshot_id"]: row["reason"] for row in plan}


def test_sources_and_recovery_points_are_ranked_together():
    sources = [source(1, hours=1), source(2, hours=30), source(3, hours=60)]
    assert reasons(sources, select="all", keep=2) == {
        "snap-1": "newest",
        "snap-2": "within keep",
        "snap-3": "retention would delete it",
    }
    between = [copy(9, days=0.5)]
    assert reasons(sources, between, select="all", keep=2)["snap-2"] == "retention would delete it"
    assert reasons(sources, [copy(1, days=1 / 24)], select="all", keep=2)["snap-1"] == "already there"
    assert reasons(sources, select="all", keep_days=2)["snap-3"] == "retention would delete it"
    assert reasons(sources, select="all")["snap-3"] == "all are selected"


def test_the_clouds_own_expiry_leaves_out_what_it_would_take():
    sources = [source(1, hours=1), source(2, hours=60)]
    assert reasons(sources, select="all", retention_days=2)["snap-2"] == "retention would delete it"
    assert reasons([source(2, hours=60)], select="all", retention_days=2) == {"snap-2": "newest"}


def expired(copies, plan, disks=tuple(DISK), failed=(), **variables):
    """Return the IDs of the copies that a night with ``keep: 1`` deletes."""
    basics = {"cloud": "ebs", "source_region": "source-1", "destination_regions": ["dr-1"], "keep": 1, "plan": "orders"}
    values = replace(checked_variables({**basics, **variables}).values, started_at=NOW)
    return ids(prunable(done_with(copies, plan, disks, failed), values, False).to_delete)


def test_a_disk_whose_newest_snapshot_is_not_there_loses_nothing():
    old = [copy(8, days=3), copy(9, days=2)]
    plan = copy_plan([source(1)], DISK, old, ["dr-1"], keep=1, now=NOW)
    assert expired(old, plan) == []
    there = [*old, copy(1, days=1 / 24)]
    assert expired(there, plan) == ["copy-8", "copy-9"]
    assert expired(there, plan, disks=[]) == [], "a disk that is no longer selected"
    assert expired(there, plan, source_region="source-2") == []
    unfinished = copy_plan([source(1, state="pending")], DISK, there, ["dr-1"], keep=1, now=NOW)
    assert expired(there, unfinished) == [], "a disk that has no usable snapshot"


def test_retention_deletes_only_copies_of_its_own_plans_or_of_none():
    marks = ("orders", "other", "old", None)
    copies = [
        {**copy(n, days=n), "tags": {"dr-copy:plan": mark} if mark else {}} for n, mark in enumerate((*marks, "x"), 2)
    ]
    everything = [copy(1, days=1), *copies]
    assert ids(expired_copies(everything, keep=1, now=NOW)) == ["copy-6", "copy-5", "copy-4", "copy-3", "copy-2"]
    assert ids(expired_copies(everything, keep=1, plans=["orders", "old"], now=NOW)) == ["copy-5", "copy-4", "copy-2"]
    with pytest.raises(ValueError, match="plans must be a list"):
        expired_copies(everything, keep=1, plans="orders", now=NOW)


def of_set(number, disk, days, set_id, size=2):
    marks = {"dr-copy:group": "i-1", "dr-copy:set": f"{size} crash {set_id}"}
    return {**copy(number, disk=disk, days=days), "tags": marks}


def test_the_newest_complete_set_of_a_group_is_never_deleted():
    whole = [of_set(1, 0, 5, "a"), of_set(2, 1, 5, "a")]
    older = [of_set(3, 0, 9, "b"), of_set(4, 1, 9, "b")]
    torn = [of_set(5, 0, 2, "c"), copy(6, disk=1, days=1), copy(7, disk=0, days=1)]
    everything = [*whole, *older, *torn]
    assert ids(expired_copies(everything, keep=1, now=NOW)) == ["copy-3", "copy-4", "copy-5"]
    all_expired = ["copy-3", "copy-4", "copy-1", "copy-2", "copy-5"]
    for no in (False, "false", "no"):
        assert ids(expired_copies(everything, keep=1, sets=no, now=NOW)) == all_expired
    pending = [{**whole[0], "state": "pending"}, whole[1], *older, *torn]
    gone = set(ids(expired_copies(pending, keep=1, now=NOW)))
    assert not gone & {"copy-3", "copy-4"} and "copy-2" in gone, "the newest set that is complete"


def test_retention_prunes_no_disk_without_a_newer_copy_of_ours():
    copies = [copy(8, days=3), copy(1, days=1 / 24)]
    plan = copy_plan([source(1)], DISK, copies, ["dr-1"], keep=1, now=NOW)
    assert expired(copies, plan) == ["copy-8"]
    failed = [{"source_snapshot_id": "snap-1", "region": "dr-1"}]
    assert expired(copies, plan, failed=failed) == [], "its copy does not fit what was asked"
    console = copy(1, days=1 / 24, provenance={"managed": False, "disk_id": None, "created_at": None})
    assert expired([copy(8, days=3), copy(9, days=2), console], plan) == [], "known by its source alone"


def test_a_copy_elsewhere_in_the_region_is_none_in_the_region():
    listed = [{"region": "dr-1", "snapshots": [{**copy(1), "place": "dr-1-lax-1a"}, {**copy(2), "place": None}]}]
    values = replace(checked_variables({}).values, started_at=NOW)
    assert ids(copies_with_known_sources(listed, [], values)) == ["copy-2"]
    assert ids(copies_with_known_sources(listed, [], replace(values, place="dr-1-lax-1a"))) == ["copy-1"]


def test_a_snapshot_that_the_cloud_does_not_copy_hides_no_older_one():
    sources = [{**source(1), "obstacle": "is archived"}, source(2, hours=30)]
    assert reasons(sources) == {"snap-1": "cannot be copied", "snap-2": "newest"}


@pytest.mark.slow
def test_locked_copies_are_passed_over_and_make_no_room_for_others():
    """A locked copy is kept and protects nothing, and a plan does not copy another source in its place."""
    until = {"locked_until": "2026-12-24T00:00:00Z"}
    copies = [copy(1, days=1, **until), copy(2, days=2, **until), copy(3, days=3), copy(4, days=4)]
    assert ids(expired_copies(copies, keep=1, now=NOW)) == ["copy-4"], "the newest of those that count is kept"
    assert expired_copies([copy(1, days=9, **until), copy(2, days=1)], keep=1, now=NOW) == []
    sources = [source(1, hours=24), source(2, hours=48), source(3, hours=72)]
    assert reasons(sources, copies[:2], select="all", keep=2) == {
        "snap-1": "already there",
        "snap-2": "already there",
        "snap-3": "retention would delete it",
    }


@pytest.mark.slow
@pytest.mark.parametrize("cloud", CLOUDS)
def test_random_histories_lose_nothing_and_converge(cloud):
    deletions = 0
    for seed in range(HISTORIES):
        history = NightHistory(cloud, seed)
        for _run in range(24):
            history.pass_time(8)
            history.run()
        assert not history.wrong, (cloud, seed, history.wrong)
        deletions += history.deletions
    assert deletions > HISTORIES


def test_three_runs_a_day_for_three_months_prune_correctly():
    history = NightHistory("cbs", 1000)
    for _run in range(270):
        history.pass_time(8)
        history.run()
    assert not history.wrong


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


@pytest.mark.parametrize(
    ("call", "moved"),
    [
        ({"changed": False, "failures": [], "counts": {"unchanged": 3}}, False),
        ({"changed": True, "failures": [], "counts": {"updated": 1}}, True),
        ({"changed": False, "failures": [], "counts": {"adopted": 1}}, True),
        ({"changed": False, "failures": [{"kind": "timeout"}], "counts": {}}, True),
        ({"msg": "a module that broke down"}, True),
    ],
)
def test_copies_are_listed_again_only_where_something_has_moved(call, moved):
    assert outdates_listing([{"changed": False, "failures": [], "counts": {}}, call]) is moved and not outdates_listing(
        []
    )


@pytest.mark.parametrize(
    ("gone", "shown", "pruned"),
    [
        (["copy-1", "copy-2"], [], ["copy-1", "copy-2"]),
        (["copy-1"], [], ["copy-1"]),
        (["copy-1", "copy-2"], ["copy-2"], ["copy-1"]),
        ([], [], []),
    ],
)
def test_a_copy_that_a_listing_hid_is_not_reported_as_pruned(gone, shown, pruned):
    source = {"snapshot_id": "source", "disk_id": "disk", "created_at": "2026-11-01T00:00:00Z"}
    expired = [{"snapshot_id": f"copy-{n}", "region": "there", "state": "completed", "source": source} for n in (1, 2)]
    call = {"deleted_ids": gone, "failures": [{"snapshot_id": snapshot_id} for snapshot_id in shown]}
    assert [copy["snapshot_id"] for copy in deleted_copies(expired, [call])] == pruned
