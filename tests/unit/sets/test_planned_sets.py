# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sets are copied, how the copies are marked, and how a plan shows them."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.row_keys import SourceAt
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.set_plan import marks_of_sources

from tests.support.set_rows import (
    AB,
    MARK_1,
    SECONDS,
    copies,
    night,
    row,
    source,
    text,
    wanted,
)

NIGHT_1 = [source("a", 1), source("b", 1)]


def test_the_newest_set_is_wanted_besides_newer_snapshots_of_some_disks():
    (found,) = wanted([*NIGHT_1, source("a", 2)])
    assert found.lacking == {"a1", "b1"} and found.region == "there"
    (found,) = wanted([*NIGHT_1, source("a", 2)], [row("a", 1, MARK_1)])
    assert found.lacking == {"b1"}


def test_nothing_is_copied_if_the_set_or_a_newer_complete_one_exists():
    assert not wanted(NIGHT_1, [row(d, 1, MARK_1) for d in "ab"])
    assert not wanted(NIGHT_1, [row(d, 2, "2 crash x") for d in "ab"])
    assert wanted(NIGHT_1, [row(d, 0, "2 crash x") for d in "ab"])


def test_a_set_that_somebody_else_copied_is_not_copied_again():
    assert not wanted(NIGHT_1, complete={SourceAt("a1", "there"), SourceAt("b1", "there")})


def test_a_set_that_is_not_ready_is_not_wanted_and_an_older_one_is():
    later = [source("a", 2), source("b", 2, is_ready=False)]
    assert wanted([*NIGHT_1, *later])[0].lacking == {"a1", "b1"}


def test_copies_are_marked_with_their_group_and_set():
    marks = marks_of_sources([AB], [*NIGHT_1, source("a", 2), source("z", 1)], [], SECONDS)
    assert marks == {
        "a1": {"dr-copy:group": "i-1", "dr-copy:set": MARK_1},
        "b1": {"dr-copy:group": "i-1", "dr-copy:set": MARK_1},
        "a2": {"dr-copy:group": "i-1"},
    }


def test_a_late_member_gets_the_mark_that_the_others_have():
    given_mark = "3 crash x"
    there = copies(row("a", 1, given_mark), row("c", 1, given_mark))
    assert marks_of_sources([AB], NIGHT_1, there, SECONDS)["b1"] == {"dr-copy:group": "i-1", "dr-copy:set": given_mark}
    assert marks_of_sources([AB], NIGHT_1, there[:1], SECONDS)["b1"]["dr-copy:set"] == given_mark, "and one more lacks"


@pytest.mark.parametrize(
    "rows",
    [
        [row("a", 1, "2 crash x"), row("c", 1, "2 crash x")],  # the older set would have three disks
        [row("a", 1, "2 crash x"), row("b", 1, "2 crash y")],  # they have got different ones
        [row("a", 1, "2 crash x"), row("b", 9, "2 crash x")],  # it has another snapshot of the disk
    ],
)
def test_no_mark_is_given_that_would_contradict_an_older_one(rows):
    marks = marks_of_sources([AB], NIGHT_1, copies(*rows), SECONDS)
    assert marks["b1"] == {"dr-copy:group": "i-1"}


def listed(disk, number, seconds=0, **facts):
    """Return a snapshot as the info modules do."""
    return {
        "snapshot_id": f"{disk}{number}", "disk_id": disk, "region": "here", "state": "completed", "source": None,
        "created_at": text(night(number, seconds)), "tags": {}, "obstacle": None, **facts,
    }  # fmt: skip


def disks_of(attached="aabb", names="abcd"):
    return [
        {"disk_id": d, "name": d, "attached_to": f"i-{i}", "tags": {}} for d, i in zip(names, attached, strict=False)
    ]


def plan(snapshots, rows=(), disks=None, **options):
    found = copy_plan(snapshots, disks or disks_of("11"), rows, ["there"], now=text(night(9)), **options)
    return [(one["snapshot_id"], one["reason"]) for one in found]


BOTH_1 = [listed("a", 1), listed("b", 1)]


def test_the_newest_set_is_planned_besides_a_newer_snapshot_of_one_disk():
    assert sorted(plan([*BOTH_1, listed("a", 2)])) == [
        ("a1", "of the newest set"), ("a2", "newest"), ("b1", "newest"),
    ]  # fmt: skip


def test_disks_without_a_group_are_planned_alone():
    assert plan([*BOTH_1, listed("a", 2)], disks=disks_of("12")) == [("a2", "newest"), ("b1", "newest")]


def test_only_sets_that_lack_a_member_are_planned_again():
    snapshots = [*BOTH_1, listed("a", 2)]
    there = [row("a", 1, MARK_1), row("a", 2)]
    assert plan(snapshots, there) == [("b1", "newest"), ("a2", "already there"), ("a1", "already there for its set")]
    whole = [*there, row("b", 1, MARK_1)]
    assert sorted(plan(snapshots, whole)) == [("a2", "already there"), ("b1", "already there")]


def test_a_member_that_a_newer_recovery_point_hides_is_planned_for_its_set():
    assert ("b1", "of the newest set") in plan(BOTH_1, [row("b", 2)])


def test_snapshots_that_are_excluded_or_stale_make_no_set():
    snapshots = [listed("a", 1), listed("b", 1, tags={"scan": "x"}), listed("b", 0), listed("a", 2)]
    assert "of the newest set" not in dict(plan(snapshots, exclude_snapshot_tags={"scan": "*"})).values()
    assert "of the newest set" not in str(plan([*BOTH_1, listed("a", 9)], max_snapshot_age_hours=24))


def test_selected_snapshots_are_planned_as_before():
    assert {reason for _id, reason in plan([*BOTH_1, listed("a", 2)], select="all")} == {"newest", "all are selected"}


def test_disks_of_one_server_are_planned_together():
    disks = disks_of("1212")
    snapshots = [listed(d, 2) for d in "abcd"]
    rows = [row(d, 1) for d in "abcd"] + [row("d", 2, f"2 near {text(night(2))}", "i-2")]
    assert [source_id for source_id, _why in plan(snapshots, rows, disks)] == ["b2", "d2", "a2", "c2"]


def test_the_plan_takes_numbers_and_names_wrong_ones():
    with pytest.raises(ValueError, match="set_seconds"):
        plan(BOTH_1, set_seconds="soon")


def test_the_newest_set_of_disks_with_one_group_tag_is_planned():
    disks = [{**one, "tags": {"app": "shop"}} for one in disks_of("12")]
    snapshots = [*BOTH_1, listed("a", 2)]
    assert ("a1", "of the newest set") in plan(snapshots, disks=disks, group_tag="app")
