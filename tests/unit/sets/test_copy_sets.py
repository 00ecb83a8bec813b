# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets among copies, by their marks: complete, contradictory, incomplete."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.keeping import (
    kept_by_sets,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.marked import newest_whole, sets_of_copies

from tests.support.set_rows import (
    copies,
    row,
)


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
