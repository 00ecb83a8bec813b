# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters' functions, on rows as the info modules return them."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.batches import copy_batches
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.destinations import (
    with_known_sources,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.judging.recovery import (
    recovery_points,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.plan_reasons import REASONS
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rows import copy_row, snapshot_row

NOW = "2026-11-21T12:00:00Z"
REGIONS = ["eu-west-1", "eu-central-1"]


def disk(number):
    return {"disk_id": f"vol-{number}", "name": f"disk {number}"}


def snapshot(number, disk_number, hour, state="completed", source=None):
    disk, taken = None if source else f"vol-{disk_number}", f"2026-11-21T{hour:02d}:00:00Z"
    return snapshot_row(f"snap-{number}", disk, taken, state=state, source=source, region="eu-west-1")


def copy(number, disk_number, hour, state="completed", region="eu-west-1"):
    taken = f"2026-11-21T{hour:02d}:00:00Z"
    return copy_row(f"snap-{number}", f"s{number}", f"vol-{disk_number}", taken, state=state, region=region)


estates = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 11), st.sampled_from(["completed", "pending", "error"]), st.booleans()),
    max_size=12,
).map(
    lambda facts: [
        snapshot(n, d, h, s, {"snapshot_id": "x", "disk_id": f"vol-{d}", "created_at": None} if c else None)
        for n, (d, h, s, c) in enumerate(facts)
    ]
)


def test_a_region_that_is_given_twice_counts_once():
    twice = [REGIONS[0], REGIONS[0]]
    assert len(copy_plan([snapshot(1, 0, 3)], [disk(0)], [], twice, now=NOW)) == 1
    assert len(recovery_points([disk(0)], [], twice, now=NOW)) == 1


@given(estates, st.sampled_from(["latest", "all"]), st.sampled_from([0, 3, 6]))
def test_a_plan_chooses_only_complete_snapshots_and_says_why_not(snapshots, select, oldest):
    disks = [disk(n) for n in range(4)]
    plan = copy_plan(snapshots, disks, [], REGIONS, select, max_snapshot_age_hours=oldest, now=NOW)
    by_id = {s["snapshot_id"]: s for s in snapshots}
    assert all(row["reason"] in REASONS for row in plan)
    for row in plan:
        if row["chosen"]:
            source = by_id[row["snapshot_id"]]
            assert source["state"] == "completed" and not source["source"]
            assert not oldest or row["age_hours"] <= oldest
    for one in disks:
        for region in REGIONS:
            rows = [r for r in plan if (r["disk_id"], r["region"]) == (one["disk_id"], region)]
            assert rows, "each disk has a row"
            assert select == "all" or sum(r["chosen"] for r in rows) <= 1


def test_the_newest_is_chosen_unless_a_newer_recovery_point_is_there():
    snapshots = [snapshot(1, 0, 3), snapshot(2, 0, 5), snapshot(3, 0, 7, "pending")]
    plan = copy_plan(snapshots, [disk(0)], [copy(9, 0, 6)], REGIONS, now=NOW)
    reasons = {(r["region"], r["snapshot_id"]): r["reason"] for r in plan}
    assert reasons[("eu-west-1", "snap-2")] == "a newer recovery point is already there"
    assert reasons[("eu-central-1", "snap-2")] == "newest" and reasons[("eu-west-1", "snap-3")] == "unfinished"
    assert "snap-1" not in {r["snapshot_id"] for r in plan}


def test_the_oldest_allowed_snapshot_is_chosen_but_none_without_a_time():
    undated = {**snapshot(9, 0, 0), "created_at": None}
    plan = copy_plan([undated, snapshot(1, 0, 3)], [disk(0)], [], REGIONS[:1], max_snapshot_age_hours=9.0,
                     now="2026-11-21T12:00:00Z")  # fmt: skip
    assert [(row["snapshot_id"], row["reason"]) for row in plan] == [("snap-1", "newest")]


def test_an_older_source_whose_copy_lost_its_tags_is_asked_for_with_the_newest():
    snapshots = [snapshot(1, 0, 3), snapshot(2, 0, 5)]
    known = {"snapshot_id": "snap-1", "region": None, "disk_id": None, "created_at": None, "managed": False}
    cut_off = {**copy(9, 0, 3), "source": known, "name": "copy-of-snap-1"}
    plan = copy_plan(snapshots, [disk(0)], [cut_off], REGIONS, now=NOW)
    rows = {(r["region"], r["snapshot_id"], r["reason"]) for r in plan}
    newest = {(region, "snap-2", "newest") for region in REGIONS}
    assert rows == newest | {("eu-west-1", "snap-1", "already there")}
    assert {"snapshot_ids": ["snap-1"], "destination_regions": ["eu-west-1"]} in copy_batches(plan, None, ())
    for other in (
        {"name": "somebody's"},
        {"source": {**known, "managed": True, "region": "us-east-1"}},
        {"state": "pending"},
    ):
        plan = copy_plan(snapshots, [disk(0)], [{**cut_off, **other}], REGIONS, now=NOW)
        assert {r["snapshot_id"] for r in plan} == {"snap-2"}


def test_batches_hold_each_chosen_row_once_oldest_first():
    snapshots = [snapshot(1, 0, 5), snapshot(2, 1, 3)]
    plan = copy_plan(snapshots, [disk(0), disk(1)], [copy(9, 0, 9)], REGIONS, now=NOW)
    assert copy_batches(plan, None, ()) == [
        {"snapshot_ids": ["snap-2"], "destination_regions": REGIONS},
        {"snapshot_ids": ["snap-1"], "destination_regions": ["eu-central-1"]},
    ]


def test_batches_take_disks_by_their_need_and_a_disks_older_sources_first():
    """If time is short, none starves: disks without a recovery point first, then those whose newest is oldest."""
    snapshots = [snapshot(n, n % 4, 2 + n) for n in range(8)]
    copies = [copy(91, 0, 1), copy(92, 1, 0), copy(93, 3, 2)]
    plan = copy_plan(snapshots, [disk(n) for n in range(4)], copies, ["eu-west-1"], select="all", now=NOW)
    assert list(dict.fromkeys(row["disk_id"] for row in plan)) == ["vol-2", "vol-1", "vol-0", "vol-3"]
    (batch,) = copy_batches(plan, None, ())
    assert batch["snapshot_ids"] == ["snap-2", "snap-1", "snap-0", "snap-3", "snap-6", "snap-5", "snap-4", "snap-7"]


def test_recovery_points_go_by_when_the_source_was_taken():
    copies = [copy(1, 0, 2), copy(2, 0, 9), copy(3, 0, 11, "pending")]
    rows = recovery_points([disk(0), disk(1)], copies, ["eu-west-1"], rpo_hours=4, now=NOW)
    assert (rows[0]["snapshot_id"], rows[0]["age_hours"], rows[0]["within_rpo"]) == ("snap-2", 3.0, True)
    assert (rows[1]["snapshot_id"], rows[1]["state"], rows[1]["within_rpo"]) == (None, "absent", False)
    assert recovery_points([disk(1)], copies, ["eu-west-1"])[0]["within_rpo"] is None


@pytest.mark.parametrize("order", [1, -1])
def test_the_recovery_point_is_the_duplicate_that_is_not_withdrawn(order):
    """If two runs made a copy, the one that was started last is taken back, whatever its ID."""
    older, newer = copy(1, 0, 2), {**copy(1, 0, 2), "snapshot_id": "snap-9"}
    older["created_at"], newer["created_at"] = "2026-11-21T03:00:00Z", "2026-11-21T03:00:10Z"
    theirs = {**copy(1, 0, 2), "snapshot_id": "snap-0", "source": {**older["source"], "managed": False}}
    del theirs["source"]["managed"]  # a user's own rows may lack it
    (row,) = recovery_points([disk(0)], [newer, older, theirs][::order], ["eu-west-1"], now=NOW)
    assert row["snapshot_id"] == "snap-1"


def test_missing_facts_of_a_console_copy_come_from_its_source():
    console = {
        **copy(1, 0, 2),
        "source": {"snapshot_id": "snap-7", "region": "us-east-1", "disk_id": None, "created_at": None},
    }
    filled = with_known_sources([console], [snapshot(7, 3, 4)])
    assert filled[0]["source"]["disk_id"] == "vol-3" and filled[0]["source"]["created_at"] == "2026-11-21T04:00:00Z"


@pytest.mark.parametrize("hours", ["inf", "nan", "soon", -1, None])
def test_an_objective_that_is_no_number_of_hours_is_refused(hours):
    with pytest.raises(ValueError, match="rpo_hours must be a number from 0"):
        recovery_points([], [], REGIONS, rpo_hours=hours, now=NOW)
