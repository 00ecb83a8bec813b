# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets among snapshots: by what the cloud shows, and by their times."""

from __future__ import annotations

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    Consistency,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.sources import Source, sets_of_sources

from tests.support.set_rows import (
    AB,
    ABC,
    SECONDS,
    night,
    source,
    text,
)


def ids(found):
    return [(one.mark.tag_value, "".join(sorted(one.source_ids))) for one in found]


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
