# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which snapshots a plan copies, ranked together with the recovery points."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.destinations import (
    copies_with_known_sources,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import (
    expired_copies,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables

from tests.support.retention_rows import DISK, NOW, copy, ids, source


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
