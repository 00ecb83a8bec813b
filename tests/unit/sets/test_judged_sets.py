# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the sets of a server stand: within the RPO, torn, unknown."""

from __future__ import annotations

from tests.support.set_rows import (
    ABC,
    night,
    row,
    standing,
)


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
