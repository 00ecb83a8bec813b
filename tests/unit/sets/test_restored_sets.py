# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which set a server is restored from."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.keeping import (
    kept_by_sets,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.set_choice import choices_of

from tests.support.set_rows import (
    copies,
    night,
    restored,
    row,
)

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
