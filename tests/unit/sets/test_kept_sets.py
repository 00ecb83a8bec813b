# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sets retention keeps."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import (
    expired_copies,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.row_keys import CopyAt
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.keeping import (
    kept_by_sets,
    possible_set_members,
)

from tests.support.set_rows import (
    copies,
    night,
    of_plan,
    row,
    text,
)


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
