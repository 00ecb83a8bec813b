# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets of one server whose disks several plans copy."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    disks_mark,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import (
    expired_copies,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.groups import (
    Group,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.keeping import (
    kept_by_sets,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.marked import sets_of_copies
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.set_choice import choices_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.set_plan import marks_of_sources

from tests.support.set_rows import (
    ABC,
    MARK_1,
    SECONDS,
    copies,
    night,
    of_plan,
    restored,
    row,
    source,
    standing,
    text,
    wanted,
)


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


def test_a_copy_of_another_plan_may_complete_a_set():
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
