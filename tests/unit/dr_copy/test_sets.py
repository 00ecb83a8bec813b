# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pure decisions about sets: among snapshots, among copies, what is copied, kept, reported and restored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    Consistency,
    SnapshotSet,
    disks_mark,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import expired_copies
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.row_keys import CopyAt, DiskAt, SourceAt
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.rows import SnapshotTime
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.groups import (
    Group,
    group_of_each,
    groups_by_ids,
    groups_of,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.keeping import (
    kept_by_sets,
    possible_set_members,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.marked import newest_whole, sets_of_copies
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.planning import marks_of_sources, wanted_sets
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.restoring import choices_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.sources import Source, sets_of_sources
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.status import status_of_groups
from hypothesis import given
from hypothesis import strategies as st

from tests.support.set_rows import copies, night, row, text

SECONDS = 300
AB = Group("i-1", frozenset("ab"))
ABC = Group("i-1", frozenset("abc"))


def source(disk, number, seconds=0, listed=None, size=2, consistency="crash", **facts):
    listed_set = SnapshotSet(listed, size, Consistency(consistency)) if listed else None
    return Source(disk, f"{disk}{number}", night(number, seconds), listed_set, **facts)


def of_plan(plan, number, disks, mark, of_disks=""):
    marks = {"dr-copy:plan": plan, **({"dr-copy:set-disks": of_disks} if of_disks else {})}
    return [{**one, "tags": {**one["tags"], **marks}} for one in (row(d, number, mark) for d in disks)]


def ids(found):
    return [(one.mark.tag_value, "".join(sorted(one.source_ids))) for one in found]


# -- groups ----------------------------------------------------------------------------------------------


def test_disks_of_one_instance_are_a_group_and_a_disk_alone_is_in_none():
    disks = [
        {"disk_id": "a", "attached_to": "i-1"},
        {"disk_id": "b", "attached_to": "i-1"},
        {"disk_id": "c", "attached_to": "i-2"},
        {"disk_id": "d", "attached_to": None},
        {"disk_id": "e", "attached_to": None},
    ]
    assert groups_of(disks) == [AB]
    assert group_of_each(groups_of(disks)) == {"a": AB, "b": AB}


def test_disks_with_the_same_group_tag_are_a_group_across_instances():
    disks = [
        {"disk_id": "a", "attached_to": "i-1", "tags": {"app": "shop"}},
        {"disk_id": "b", "attached_to": "i-2", "tags": {"app": "shop"}},
        {"disk_id": "c", "attached_to": "i-2", "tags": {}},
        {"disk_id": "d", "attached_to": "i-2", "tags": {"app": ""}},
    ]
    assert groups_of(disks, "app") == [Group("shop", frozenset("ab"))]


def test_marks_show_the_groups_if_the_source_region_does_not_answer():
    assert groups_by_ids({"a": "i-1", "b": "i-1", "c": "", "d": "i-2"}) == [AB]


# -- sets among snapshots --------------------------------------------------------------------------------


def test_snapshots_that_the_cloud_shows_as_one_set_are_one_whatever_their_times():
    found = sets_of_sources(AB, [source("a", 1, 0, "ssg-1"), source("b", 1, 4000, "ssg-1")], SECONDS)
    assert ids(found) == [("2 crash ssg-1", "a1b1")] and found[0].taken_at == night(1)


def test_a_set_is_application_consistent_only_if_every_member_is():
    better = source("a", 1, listed="x", consistency="application")
    assert sets_of_sources(AB, [better, source("b", 1, listed="x", consistency="application")], SECONDS)[
        0
    ].mark.consistency == Consistency("application")
    assert sets_of_sources(AB, [better, source("b", 1, listed="x")], SECONDS)[0].mark.consistency == "crash"


def test_a_set_that_lacks_a_disk_of_its_group_is_no_set():
    assert not sets_of_sources(ABC, [source("a", 1, listed="x"), source("b", 1, listed="x")], SECONDS)


def test_two_snapshots_of_a_disk_in_one_set_are_no_set():
    found = [source("a", 1, listed="x"), source("a", 2, listed="x"), source("b", 1, 9999, listed="x")]
    assert not sets_of_sources(AB, found, SECONDS)


def test_snapshots_within_the_seconds_of_the_earliest_are_near_and_others_are_not():
    near = [source("a", 1), source("b", 1, SECONDS)]
    assert ids(sets_of_sources(AB, near, SECONDS)) == [(f"2 near {text(night(1))}", "a1b1")]
    assert not sets_of_sources(AB, [source("a", 1), source("b", 1, SECONDS + 1)], SECONDS)


def test_a_near_set_has_the_closest_snapshots_and_shares_none_with_another_set():
    often = [Source("a", f"a{n}", night(1, 60 * n)) for n in range(10)]
    often += [Source("b", f"b{n}", night(1, 60 * n + 20)) for n in range(10)]
    found = sets_of_sources(AB, often, SECONDS)
    assert [(f"a{n}", f"b{n}") for n in range(9, -1, -1)] == [tuple(sorted(one.source_ids)) for one in found]


def test_members_of_a_set_that_the_cloud_shows_are_in_no_near_set():
    found = sets_of_sources(
        AB, [source("a", 1, 0, "x"), source("b", 1, 1, "x"), source("a", 2, 0), source("b", 2, 5)], SECONDS
    )
    assert [one.mark.consistency.value for one in found] == ["near", "crash"]


def test_a_set_with_a_member_that_is_not_complete_is_one_but_not_ready():
    (found,) = sets_of_sources(AB, [source("a", 1), source("b", 1, is_ready=False)], SECONDS)
    assert not found.is_ready


# -- sets among copies -----------------------------------------------------------------------------------


def test_copies_are_a_complete_set_if_there_are_as_many_disks_as_their_mark_says():
    sets, wrong = sets_of_copies(copies(row("a", 1, "2 crash x"), row("b", 1, "2 crash x"), row("a", 2, "2 crash y")))
    assert [(one.mark.set_id, one.is_whole) for one in sets] == [("y", False), ("x", True)] and not wrong
    assert newest_whole(sets)["there", "i-1", ""].mark.set_id == "x"


def test_an_older_set_keeps_its_size_when_a_disk_joins_or_leaves():
    rows = [row("a", 1, "2 crash x"), row("b", 1, "2 crash x"), *(row(d, 2, "3 crash y") for d in "ab")]
    assert newest_whole(sets_of_copies(copies(*rows))[0])["there", "i-1", ""].mark.set_id == "x"
    rows.append(row("c", 2, "3 crash y"))
    assert newest_whole(sets_of_copies(copies(*rows))[0])["there", "i-1", ""].mark.set_id == "y"


def test_two_copies_of_one_source_are_one_member():
    rows = [row("a", 1, "2 crash x"), row("a", 1, "2 crash x", copy_id="copy-again"), row("b", 1, "2 crash x")]
    ((found,), wrong) = sets_of_copies(copies(*rows))
    assert found.is_whole and not wrong


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([row("a", 1, "2 crash x"), row("b", 1, "3 crash x")], "tags differ"),
        ([row("a", 1, "2 crash x"), row("b", 1, "2 near x")], "tags differ"),
        ([row("a", 1, "2 crash x"), row("a", 2, "2 crash x")], "2 snapshots of the disk a"),
        ([row(d, 1, "2 crash x") for d in "abc"], "3 disks instead of 2"),
        (
            [row("a", 1, "2 crash x", attached_to="i-1 /dev/sda"), row("b", 1, "2 crash x", attached_to="i-2")],
            "attached to i-1, i-2",
        ),
    ],
)
def test_contradictory_marks_are_no_set_and_are_reported(rows, reason):
    sets, wrong = sets_of_copies(copies(*rows))
    assert not sets and len(wrong) == 1
    assert reason in str(wrong[0]) and "copy-a1" in str(wrong[0]) and "there" in str(wrong[0])
    assert not kept_by_sets(copies(*rows))


def test_a_group_by_tag_may_be_attached_to_several_instances():
    rows = [row("a", 1, "2 crash x", "shop", attached_to="i-1"), row("b", 1, "2 crash x", "shop", attached_to="i-2")]
    assert sets_of_copies(copies(*rows))[0][0].is_whole


@pytest.mark.parametrize(
    "facts",
    [
        {"state": "pending"},
        {"mark": "two crash x"},
        {"mark": "1 crash x"},
        {"group": None},
        {"source": {"snapshot_id": "b1", "disk_id": "b", "created_at": "2026-11-21T00:00:00Z", "managed": False}},
        {"source": {"snapshot_id": "b1", "disk_id": "b", "created_at": None, "managed": True}},
        {"region": "elsewhere"},
        {"group": "i-2"},
    ],
)
def test_an_uncertain_member_completes_no_set(facts):
    rows = [row("a", 1, "2 crash x"), row("b", 1, **{"mark": "2 crash x", **facts})]
    assert not newest_whole(sets_of_copies(copies(*rows))[0])


def test_sets_of_two_regions_are_apart():
    rows = [row(d, n, "2 crash x", region=r) for d, n, r in [("a", 1, "r"), ("b", 1, "r"), ("a", 1, "q")]]
    assert set(newest_whole(sets_of_copies(copies(*rows))[0])) == {("r", "i-1", "")}


# -- what is kept ----------------------------------------------------------------------------------------


def test_the_members_of_the_newest_complete_set_are_kept_and_no_others():
    rows = [row(d, n, f"2 crash n{n}") for n in (1, 2) for d in "ab"] + [row("a", 3, "2 crash n3")]
    assert kept_by_sets(copies(*rows)) == {CopyAt("copy-a2", "there"), CopyAt("copy-b2", "there")}


def test_three_nights_of_failing_copies_of_one_disk_leave_the_night_that_both_have():
    """Without sets, keep=3 leaves no night that both disks have."""
    rows = [row("a", n, f"2 near n{n}") for n in range(5, 11)] + [row("b", n, f"2 near n{n}") for n in range(4, 8)]
    expired = {one["snapshot_id"] for one in expired_copies(rows, keep=3, now=text(night(11)))}
    assert {"copy-a7", "copy-b7"}.isdisjoint(expired) and {"copy-a5", "copy-a6", "copy-b4"} == expired
    alone = {one["snapshot_id"] for one in expired_copies(rows, keep=3, now=text(night(11)), sets=False)}
    assert "copy-a7" in alone


def test_a_set_with_a_doubtful_time_is_not_kept_for():
    rows = [row(d, 30, "2 near x") for d in "ab"] + [row(d, n, f"2 near n{n}") for n in (1, 2) for d in "ab"]
    expired = {one["snapshot_id"] for one in expired_copies(rows, keep=1, now=text(night(9)))}
    assert expired == {"copy-a1", "copy-b1"}


def test_retention_keeps_the_newest_restorable_copy_beside_a_set_with_an_archived_member():
    rows = [row(d, n, f"2 crash n{n}") for n in (1, 2) for d in "ab"]
    rows[-1]["traits"] = ["archived"]
    assert {copy.copy_id for copy in kept_by_sets(copies(*rows))} == {"copy-a1", "copy-b1", "copy-a2", "copy-b2"}


ARCHIVED = {"traits": ["archived"]}


@pytest.mark.parametrize(
    ("rows", "perhaps"),
    [
        ([row("a", 1, "2 crash n1")], {"copy-a1"}),
        ([row(d, 2, "2 crash n2") for d in "ab"], set()),
        ([row("a", 1, "2 crash n1"), *(row(d, 2, "2 crash n2") for d in "ab")], set()),
        ([row("a", 3, "2 crash n3"), *(row(d, 2, "2 crash n2") for d in "ab")], {"copy-a3"}),
        ([row("a", 1, "2 crash n1"), *(row(d, 2, "2 crash x", "i-2") for d in "cd")], {"copy-a1"}),
        ([row("a", 1, "2 crash n1"), *(row(d, 2, "2 crash n2", region="q") for d in "ab")], {"copy-a1"}),
        ([row("a", 2, "2 crash n2"), row("b", 2, "2 crash n2", **ARCHIVED)], {"copy-a2"}),
        ([row("a", 2)], set()),
        ([*of_plan("one", 1, "a", "2 crash n1"), *of_plan("one", 2, "ab", "2 crash n2")], set()),
        ([*of_plan("one", 1, "a", "2 crash n1"), *of_plan("two", 2, "ab", "2 crash n2")], {"copy-a1"}),
    ],
    ids=[
        *("lacks one", "whole", "older", "newer", "of another group", "elsewhere", "archived", "unmarked"),
        *("older of its plan", "older than another plan's"),
    ],
)
def test_a_set_that_lacks_members_may_be_complete_with_copies_that_are_not_listed(rows, perhaps):
    assert {copy.copy_id for copy in possible_set_members(copies(*rows))} == perhaps


# -- several plans -----------------------------------------------------------------------------------------


def whole_of(rows):
    """Return the complete sets by plan and ID, with their disks."""
    sets, wrong = sets_of_copies(copies(*rows))
    assert not wrong
    return {(one.plan, one.mark.set_id): "".join(sorted(one.disk_ids)) for one in sets if one.is_whole}


def test_each_plan_has_its_own_set_of_a_server_whose_disks_it_shares_with_none():
    rows = [*of_plan("one", 1, "ab", "2 crash n1"), *of_plan("two", 1, "cde", "3 crash n1")]
    assert whole_of(rows) == {("one", "n1"): "ab", ("two", "n1"): "cde"}
    assert len(kept_by_sets(copies(*rows))) == 5
    newer = [*rows, *of_plan("one", 2, "ab", "2 crash n2")]
    assert {copy.copy_id for copy in kept_by_sets(copies(*newer))} == {
        "copy-a2", "copy-b2", "copy-c1", "copy-d1", "copy-e1",
    }  # fmt: skip
    assert restored(newer, disks="abcde")[0] == {
        **{d: (f"{d}2", "n2", False) for d in "ab"},
        **{d: (f"{d}1", "n1", False) for d in "cde"},
    }


def test_a_contradiction_within_one_plan_does_not_affect_the_other():
    rows = [*of_plan("one", 1, "a", "2 crash n1"), *of_plan("one", 1, "b", "3 crash n1")]
    sets, wrong = sets_of_copies(copies(*rows, *of_plan("two", 1, "cd", "2 crash n1")))
    assert [one.plan for one in sets] == ["two"] and "tags differ" in str(wrong[0]) and len(wrong) == 1


def test_two_plans_that_each_lack_a_disk_have_no_set_together():
    assert not whole_of([*of_plan("one", 1, "a", "2 crash n1"), *of_plan("two", 1, "c", "2 crash n1")])
    assert not whole_of([*of_plan("one", 1, "ab", "3 crash n1"), *of_plan("two", 1, "cd", "3 crash n1")])


def test_retention_keeps_a_possible_set_of_two_plans_until_newer_sets_have_its_disks():
    """No mark shows whether the plans have the same disks: what is kept can be deleted later, not the reverse."""
    rows = [*of_plan("one", 1, "a", "2 crash n1"), *of_plan("two", 1, "b", "2 crash n1")]
    newer = [*of_plan("one", 2, "a", None), *of_plan("two", 2, "b", None)]
    assert not expired_copies([*rows, *newer], keep=1, now=text(night(9)))
    of_others = [*of_plan("one", 3, "ac", "2 crash n3"), *of_plan("two", 3, "bd", "2 crash n3")]
    expired = expired_copies([*rows, *newer, *of_others[:2]], keep=1, now=text(night(9)))
    assert {one["snapshot_id"] for one in expired} == {"copy-a2"}
    expired = expired_copies([*rows, *newer, *of_others], keep=1, now=text(night(9)))
    assert {one["snapshot_id"] for one in expired} == {"copy-a1", "copy-a2", "copy-b1", "copy-b2"}


def test_a_copy_of_another_plan_completes_the_set_of_one_that_has_copied_that_disk_before():
    lacking = [*of_plan("one", 1, "ab", "3 crash n1"), *of_plan("two", 1, "c", "3 crash n1")]
    assert not whole_of(lacking), "two may mean another disk"
    rows = [*lacking, *of_plan("one", 0, "abc", "3 crash n0")]
    assert whole_of(rows) == {("one", "n1"): "abc", ("one", "n0"): "abc"}
    assert len(kept_by_sets(copies(*rows))) == 3
    assert restored(rows, disks="abc")[0] == {d: (f"{d}1", "n1", False) for d in "abc"}


OF_PART = of_plan("part", 1, "ab", "2 crash n1")


@pytest.mark.parametrize(
    ("own", "disks", "size", "whole"),
    [
        ("cd", "abcd", 4, "abcd"),
        ("c", "bc", 2, "bc"),
        ("c", "abcd", 4, None),
        ("c", "abcd", 3, None),
        ("c", "bcd", 3, None),
        ("cd", "cdef", 4, None),
    ],
    ids=["all", "overlaps", "lacks one", "has joined", "overlaps and lacks one", "others"],
)
def test_the_mark_of_a_sets_disks_shows_which_copies_of_other_plans_belong_to_it(own, disks, size, whole):
    rows = [*OF_PART, *of_plan("other", 1, own, f"{size} crash n1", disks_mark(disks))]
    assert whole_of(rows) == {("part", "n1"): "ab", **({("other", "n1"): whole} if whole else {})}
    found = restored(rows, disks="abcd")[0]
    assert {disk for disk, (_source, _set_id, is_torn) in found.items() if not is_torn} >= set(whole or "ab")


@pytest.mark.parametrize(("size", "is_found"), [(32, True), (33, False)])
def test_the_mark_of_disks_covers_a_server_of_32_disks(size, is_found):
    names = [f"d{number:02}-" for number in range(size)]
    mark = disks_mark(names)
    assert len(mark) == (128 if is_found else 0), "ECS accepts no longer value of a tag"
    others = of_plan("all", 1, ["x-", *names[:20]], "60 crash n1")
    rows = [*others, *of_plan("other", 1, names[20:], f"{size} crash n1", mark)]
    assert whole_of(rows) == ({("other", "n1"): "".join(names)} if is_found else {})


def test_another_snapshot_of_a_disk_that_a_plan_has_copied_itself_is_not_of_its_set():
    earlier = of_plan("all", 0, "b", "3 crash n0")
    rows = [*of_plan("all", 1, "ac", "3 crash n1"), *of_plan("part", 2, "a", "2 crash n1"), *earlier]
    assert whole_of([*rows, *of_plan("part", 1, "b", "2 crash n1")]) == {("all", "n1"): "abc", ("part", "n1"): "ab"}


def test_a_set_of_several_plans_is_no_more_consistent_than_any_member():
    rows = [*OF_PART, *of_plan("all", 1, "cd", "4 application n1", disks_mark("abcd"))]
    sets, _wrong = sets_of_copies(copies(*rows))
    assert {one.plan: one.mark.consistency.value for one in sets} == {"part": "crash", "all": "crash"}


def test_copies_that_name_no_plan_are_of_the_only_one_that_is_named():
    rows = [*of_plan("one", 1, "a", "2 crash n1"), row("b", 1, "2 crash n1")]
    assert whole_of(rows) == {("one", "n1"): "ab"}


def test_a_complete_set_is_restored_before_a_newer_partial_one_and_both_are_kept():
    rows = [*of_plan("all", 1, "abcd", "4 crash n1"), *of_plan("part", 2, "ab", "2 crash n2")]
    found = choices_of(copies(*rows), night(9), set("abcd"))
    assert {c.source_id for c in found.of_disks.values()} == {"a1", "b1", "c1", "d1"}
    assert found.of_disks["a"].newer.source_id == "a2" and not found.former_groups
    assert len(kept_by_sets(copies(*rows))) == 6
    newest = [*rows, *of_plan("all", 3, "abcd", "4 crash n3")]
    assert {copy.copy_id[-1] for copy in kept_by_sets(copies(*newest))} == {"3"}, "it has the part's disks, too"
    assert restored(rows, disks="ab")[0] == {d: (f"{d}2", "n2", False) for d in "ab"}
    assert restored(rows, disks="abcd", used={"a2"})[0] == {
        "a": ("a2", "n2", False), "b": ("b2", "n2", False), "c": ("c1", None, True), "d": ("d1", None, True),
    }  # fmt: skip


def test_a_plan_that_got_another_name_keeps_no_set_of_the_old_one():
    rows = [*of_plan("old", 1, "ab", "2 crash n1"), *of_plan("new", 2, "ab", "2 crash n2")]
    assert {copy.copy_id[-1] for copy in kept_by_sets(copies(*rows))} == {"2"}


def test_a_group_is_judged_by_its_own_plans_sets_and_by_sets_with_all_its_disks():
    rows = [*of_plan("all", 1, "abc", "3 crash n1"), *of_plan("part", 2, "ab", "2 crash n2")]
    assert standing(rows, plans=["part"]).mark.set_id == "n2"
    of_all = standing(rows, group=ABC, plans=["all"])
    assert of_all.mark.set_id == "n1" and [one.disk_id for one in of_all.torn] == ["a", "b"]
    assert standing(rows[:3], plans=["part"]).mark.tag_value == "2 crash n1", "another plan has copied them"
    assert standing(rows[:2], plans=["part"]).mark.tag_value == "2 crash n1", "though not all of its own"
    assert standing(rows[:2], plans=["all"]).mark is None, "its mark says three"
    overlap = [*of_plan("one", 1, "ab", "2 crash n1"), *of_plan("two", 1, "c", "2 crash n1")]
    assert standing(overlap, group=Group("i-1", frozenset("bc")), plans=["two"]).mark.tag_value == "2 crash n1"
    renamed = [*of_plan("old", 1, "ab", "3 crash n1"), *of_plan("new", 1, "c", "3 crash n1")]
    assert standing(renamed, group=ABC, plans=["new", "old"]).mark.tag_value == "3 crash n1"


def test_a_set_started_before_a_plan_was_renamed_is_completed_under_the_new_name():
    there = copies(*of_plan("old", 1, "ab", "3 crash n1"))
    sources = [source(disk, 1) for disk in "abc"]
    given = marks_of_sources([ABC], sources, there, SECONDS, ["new", "old"])["c1"]
    assert given == {"dr-copy:group": "i-1", "dr-copy:set": "3 crash n1", "dr-copy:set-disks": disks_mark("abc")}
    rows = [*of_plan("old", 1, "ab", "3 crash n1"), *of_plan("new", 1, "c", "3 crash n1", disks_mark("abc"))]
    assert whole_of(rows) == {("new", "n1"): "abc"}


def test_another_plans_newer_set_of_other_disks_is_no_reason_to_copy_none():
    group = Group("i-1", frozenset("cd"))
    there = of_plan("one", 2, "ab", "2 crash n2")
    (found,) = wanted([source("c", 1), source("d", 1)], there, groups=[group])
    assert found.lacking == {"c1", "d1"}


def test_marks_of_a_plan_have_its_own_size_and_the_id_that_another_plan_gave_a_member():
    there = copies(*of_plan("part", 1, "bc", f"2 near {text(night(1, 60))}"))
    sources = [source("a", 1), source("b", 1, 60), source("c", 1, 90)]
    marks = marks_of_sources([ABC], sources, there, SECONDS, ["all"])
    assert {mark["dr-copy:set"] for mark in marks.values()} == {f"3 near {text(night(1, 60))}"}
    assert {mark["dr-copy:set-disks"] for mark in marks.values()} == {disks_mark("abc")}
    next_night = [source("a", 2), source("b", 2), source("c", 2)]
    marks = marks_of_sources([ABC], next_night, there, SECONDS, ["all"])
    assert {mark["dr-copy:set-disks"] for mark in marks.values()} == {disks_mark("abc")}, "before the other plan copies"
    other = marks_of_sources([Group("i-1", frozenset("de"))], [source("d", 1), source("e", 1)], there, SECONDS, ["x"])
    assert {tuple(mark.items())[1:] for mark in other.values()} == {(("dr-copy:set", MARK_1),)}


# -- what is copied, and its marks -----------------------------------------------------------------------


def wanted(sources, rows=(), complete=None, regions=("there",), groups=(AB,)):
    found = copies(*rows)
    if complete is None:
        complete = {SourceAt(copy.source_id, copy.region) for copy in found}
    return wanted_sets(groups, sources, found, complete, regions, SECONDS)


NIGHT_1 = [source("a", 1), source("b", 1)]
MARK_1 = f"2 near {text(night(1))}"


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


def test_copies_are_marked_with_their_group_and_set_and_those_of_a_disk_alone_with_neither():
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


# -- the plan --------------------------------------------------------------------------------------------


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


def test_a_set_that_is_there_is_planned_no_more_and_one_that_lacks_a_member_is():
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


def test_disks_of_one_server_come_together_and_of_one_day_first_the_set_that_lacks_least():
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


# -- how groups stand ------------------------------------------------------------------------------------


def standing(rows, rpo=0.0, group=AB, unread=(), now=None, plans=()):
    newest = {}
    for one in copies(*rows):
        key = DiskAt(one.disk_id, one.region)
        newest[key] = max(newest.get(key, SnapshotTime(one.time, one.source_id)), SnapshotTime(one.time, one.source_id))
    (found,) = status_of_groups([group], copies(*rows), newest, ["there"], rpo, now or night(3), unread, plans)
    return found


def test_a_group_is_judged_by_the_earliest_member_of_its_newest_complete_set():
    found = standing([row("a", 1, "2 crash x", seconds=60), row("b", 1, "2 crash x")], rpo=48)
    assert (found.mark.set_id, found.taken_at, found.age_hours, found.within_rpo) == ("x", night(1), 48.0, True)
    assert not found.torn
    assert standing([row(d, 1, "2 crash x") for d in "ab"], rpo=47).within_rpo is False


def test_disks_with_newer_copies_and_disks_that_joined_are_torn():
    rows = [row(d, 1, "2 crash x") for d in "ab"] + [row("b", 2)]
    found = standing(rows, group=ABC)
    assert [(one.disk_id, one.newest) for one in found.torn] == [("b", night(2)), ("c", None)]


def test_a_group_without_a_complete_set_is_torn_and_misses_the_rpo():
    found = standing([row("a", 1, "2 crash x"), row("b", 2)], rpo=1000)
    assert found.mark is None and found.age_hours is None and found.within_rpo is False
    assert [one.disk_id for one in found.torn] == ["a", "b"]


def test_an_unread_region_or_a_plan_without_an_rpo_is_not_judged():
    rows = [row(d, 1, "2 crash x") for d in "ab"]
    assert standing(rows).within_rpo is None
    assert standing([], rpo=1, unread=["there"]).within_rpo is None


def test_a_set_with_an_archived_member_does_not_count_for_the_rpo():
    rows = [row("a", 1, "2 crash x"), row("b", 1, "2 crash x", traits=["archived"])]
    assert standing(rows, rpo=100).within_rpo is False


# -- what is restored ------------------------------------------------------------------------------------


def restored(rows, at=None, disks="ab", used=(), **facts):
    found = choices_of(copies(*rows), at or night(99), set(disks), used, **facts)
    return {
        disk: (c.source_id, c.mark.set_id if c.mark else None, c.is_torn) for disk, c in found.of_disks.items()
    }, found.contradictions


SETS = [row(d, n, f"2 crash n{n}") for n in (1, 2) for d in "ab"]


def test_the_newest_complete_set_is_restored_and_what_is_newer_is_passed_over():
    found = choices_of(copies(*SETS, row("a", 3, "2 crash n3")), night(9), {"a", "b"}).of_disks
    assert {c.source_id for c in found.values()} == {"a2", "b2"}
    assert found["a"].newer.source_id == "a3" and found["b"].newer is None


def test_the_only_marked_member_of_a_larger_set_is_torn_unless_it_alone_is_requested():
    """The other disk was copied before it was known to belong to a server, so its copy has no marks."""
    rows = [{**row("a", 1), "tags": {}}, row("b", 1, "2 crash n1")]
    assert restored(rows)[0] == {"b": ("b1", None, True)}
    assert restored(rows, disks="b", are_named=True)[0] == {}


def test_a_restore_uses_only_sets_taken_at_or_before_the_requested_time():
    assert restored(SETS, at=night(1, 5))[0] == {"a": ("a1", "n1", False), "b": ("b1", "n1", False)}
    apart = [row("a", 1, "2 crash x"), row("b", 1, "2 crash x", seconds=60)]
    assert restored(apart, at=night(1, 30))[0] == {"a": ("a1", None, True)}, "its set had another disk"


def test_three_nights_of_failing_copies_of_one_disk_are_reported_as_torn():
    """Without marks of a complete set, two disks of two nights are no server."""
    rows = [row("a", n, f"2 near n{n}") for n in (8, 9, 10)] + [row("b", 7, "2 near n7")]
    assert restored(rows)[0] == {"a": ("a10", None, True), "b": ("b7", None, True)}


def test_a_set_is_whole_if_it_has_all_selected_disks_of_its_group():
    rows = [*(row(d, 1, "3 crash x") for d in "abc"), *(row(d, 2, "3 crash y") for d in "ab"), row("c", 3)]
    assert restored(rows, disks="ab")[0] == {"a": ("a2", "y", False), "b": ("b2", "y", False)}
    assert {disk: one[:2] for disk, one in restored(rows, disks="abc")[0].items()} == {
        "a": ("a1", "x"), "b": ("b1", "x"), "c": ("c1", "x"),
    }  # fmt: skip


def test_a_set_whose_third_disk_has_no_copy_anywhere_is_not_whole():
    rows = [row(d, 1, "3 crash n1") for d in "ab"]
    assert restored(rows, disks="abc")[0] == {"a": ("a1", None, True), "b": ("b1", None, True)}
    assert restored(rows, are_named=True)[0] == {"a": ("a1", "n1", False), "b": ("b1", "n1", False)}


def test_one_disk_alone_is_restored_as_if_it_had_no_group():
    assert restored(SETS, disks="a")[0] == {}


def test_a_disk_that_joined_after_the_newest_complete_set_is_torn_alone():
    rows = [*SETS, row("c", 3)]
    assert restored(rows, disks="abc")[0] == {
        "a": ("a2", "n2", False), "b": ("b2", "n2", False), "c": ("c3", None, True),
    }  # fmt: skip


#: The third disk left the server after the first night.
ONE_LEFT = [*(row(d, 1, "3 crash n1") for d in "abc"), *(row(d, 2, "2 crash n2") for d in "ab")]


def test_a_disk_that_left_is_no_disk_of_its_server_any_more():
    """Older sets have it, but newer ones do not."""
    found = choices_of(copies(*ONE_LEFT), night(9), set("abc"))
    assert {disk: c.source_id for disk, c in found.of_disks.items()} == {"a": "a2", "b": "b2"}
    assert found.former_groups == {"c": "i-1"} and not any(c.is_torn for c in found.of_disks.values())
    of_one_plan = [{**one, "tags": {**one["tags"], "dr-copy:plan": "one"}} for one in ONE_LEFT]
    assert choices_of(copies(*of_one_plan), night(9), set("abc")).former_groups == {"c": "i-1"}
    before = choices_of(copies(*ONE_LEFT), night(1, 60), set("abc"))
    assert {c.source_id for c in before.of_disks.values()} == {"a1", "b1", "c1"} and not before.former_groups


@pytest.mark.parametrize(
    "rows",
    [
        [*ONE_LEFT[:3], *(row(d, 2, "3 crash n2") for d in "ab")],  # its copy failed
        [*ONE_LEFT, row("c", 3)],  # it has joined again
        [*ONE_LEFT[:3], *({**one, "tags": {**one["tags"], "dr-copy:plan": "other"}} for one in ONE_LEFT[3:])],
    ],
)
def test_a_disk_has_not_left_while_no_newer_complete_set_of_its_plan_lacks_it(rows):
    assert not choices_of(copies(*rows), night(9), set("abc")).former_groups


def test_a_restore_of_selected_disks_uses_a_set_with_all_of_them():
    """The newest set that is complete by its mark lacks a disk that was selected."""
    assert restored(ONE_LEFT, disks="bc", are_named=True)[0] == {"b": ("b1", "n1", False), "c": ("c1", "n1", False)}


def test_copies_that_cannot_be_restored_show_contradictions_too():
    """Without the third disk, which contradicts a mark of two, the other two would look like a complete set."""
    rows = [row(d, 1, "2 crash x") for d in "abc"]
    for facts in ({"traits": ["archived"]}, {"snapshot_id": "locked-out"}):
        rows[-1] = {**row("c", 1, "2 crash x"), **facts}
        found = choices_of(copies(*rows), night(9), {"a", "b"}, unusable={"locked-out"})
        assert {choice.is_torn for choice in found.of_disks.values()} == {True}
        assert "3 disks instead of 2" in str(found.contradictions[0])
        assert not kept_by_sets(copies(*rows))
    assert not choices_of(copies(*rows), night(9), {"z"}).contradictions, "of the wanted disks alone"


def test_a_set_with_a_disk_that_was_made_before_is_finished():
    assert restored(SETS, used={"a1"})[0]["b"] == ("b1", "n1", False)
    lacking = [*SETS, row("a", 3, "2 crash n3")]
    assert restored(lacking, used={"a3"})[0]["b"] == ("b2", "n2", False), "an incomplete one is no set"


def test_a_set_with_an_archived_member_is_passed_over():
    rows = [dict(one) for one in SETS]
    rows[-1]["traits"] = ["archived"]
    assert restored(rows)[0]["a"] == ("a1", "n1", False)


# -- whatever happens ------------------------------------------------------------------------------------


#: The number of disks of a server: at most that of a group of snapshots.
LETTERS = "abcdefghijklmnop"


@st.composite
def histories(draw):
    """Nights of one server whose disks join and leave, and whose copies fail: the disks, and what was copied."""
    nights = []
    for number in range(draw(st.integers(1, 6))):
        disks = draw(st.sets(st.sampled_from(LETTERS), min_size=1))
        copied = draw(st.sets(st.sampled_from(sorted(disks))))
        nights.append((number, frozenset(disks), frozenset(copied)))
    return nights


def rows_of(history):
    """Make the copies as the role would: each night's marks depend on the existing copies."""
    rows = []
    for number, disks, copied in history:
        sources = [source(disk, number) for disk in sorted(disks)]
        groups = [Group("i-1", disks)] if len(disks) > 1 else []
        marks = marks_of_sources(groups, sources, copies(*rows), SECONDS)
        for disk in sorted(copied):
            tags = marks.get(f"{disk}{number}", {})
            rows.append({**row(disk, number), "tags": tags})
    return rows


@given(histories())
def test_a_set_is_complete_only_if_the_night_copied_all_its_disks(history):
    sets, wrong = sets_of_copies(copies(*rows_of(history)))
    assert not wrong
    whole = {one.taken_at for one in sets if one.is_whole}
    assert whole == {night(n) for n, disks, copied in history if copied == disks and len(disks) > 1}


@given(histories())
def test_a_restore_is_of_one_night_or_says_torn_and_retention_keeps_that_night(history):
    rows = rows_of(history)
    found = choices_of(copies(*rows), night(99), set(LETTERS)).of_disks
    nights = {int(choice.source_id[1:]) for choice in found.values() if not choice.is_torn}
    assert len(nights) <= 1
    whole = [n for n, disks, copied in history if copied == disks and len(disks) > 1]
    kept = {copy.copy_id for copy in kept_by_sets(copies(*rows))}
    assert kept == ({f"copy-{d}{whole[-1]}" for d in {n: s for n, s, _c in history}[whole[-1]]} if whole else set())


@given(histories(), st.data())
def test_wrong_marks_never_mix_two_nights_in_one_restore(history, data):
    """Somebody gives copies marks of other nights, sizes and servers."""
    rows = rows_of(history)
    marks = [row["tags"]["dr-copy:set"] for row in rows if row["tags"].get("dr-copy:set")]
    wrong = st.sampled_from([*marks, "2 crash x", "3 near y", "no mark", "1 crash z"])
    for marked in data.draw(st.lists(st.sampled_from(rows), max_size=4)) if rows else ():
        marked["tags"] = {**marked["tags"], "dr-copy:group": data.draw(st.sampled_from(["i-1", "i-2"]))}
        marked["tags"]["dr-copy:set"] = data.draw(wrong)
    known = copies(*rows)
    found = choices_of(known, night(99), set(LETTERS))
    sets, _wrong = sets_of_copies(known)
    by_source = {copy.source_id: copy for copy in known}
    for one in (choice for choice in found.of_disks.values() if not choice.is_torn):
        together = [copy for copy in known if copy.group_id == one.group_id and copy.mark == one.mark]
        assert by_source[one.source_id] in together
        assert len(together) == len({copy.disk_id for copy in together}) == one.mark.size
    bad = {copy.snapshot_id for one in found.contradictions for copy in one.members}
    assert bad.isdisjoint(copy.snapshot_id for one in sets for copy in one.members)
    assert bad.isdisjoint(copy.copy_id for copy in kept_by_sets(known))


@given(histories())
def test_a_set_is_not_wanted_again_once_it_is_copied(history):
    rows = rows_of(history)
    disks = history[-1][1]
    group = Group("i-1", disks)
    sources = [source(d, n) for n, there, _copied in history for d in sorted(there)]
    for one in wanted(sources, rows, groups=[group] if len(disks) > 1 else []):
        marks = marks_of_sources([group], sources, copies(*rows), SECONDS)
        for source_id in sorted(one.lacking):
            rows.append({**row(source_id[0], int(source_id[1:])), "tags": marks[source_id]})
    assert not wanted(sources, rows, groups=[group] if len(disks) > 1 else [])
    assert not sets_of_copies(copies(*rows))[1]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3000)), max_size=25), st.integers(0, 600))
def test_near_sets_have_one_snapshot_of_each_disk_within_the_seconds_and_share_none(taken, seconds):
    sources = [Source(disk, f"{disk}-{n}", night(0, moment)) for n, (disk, moment) in enumerate(taken)]
    found = sets_of_sources(ABC, sources, seconds)
    members = [member for one in found for member in one.members]
    assert len({member.snapshot_id for member in members}) == len(members)
    for one in found:
        times = [member.time for member in one.members]
        assert {member.disk_id for member in one.members} == ABC.disk_ids
        assert max(times) - min(times) <= timedelta(seconds=seconds)
        assert one.mark.set_id == text(min(times))
    assert sets_of_sources(ABC, reversed(sources), seconds) == found
