# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copies a run deletes, and what it does afterwards."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.keeping.pruning import (
    deleted_copies,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.failures import outdates_listing

from tests.support.retention_rows import DISK, NOW, copy, expired, source


@pytest.mark.parametrize(
    ("call", "moved"),
    [
        ({"changed": False, "failures": [], "counts": {"unchanged": 3}}, False),
        ({"changed": True, "failures": [], "counts": {"updated": 1}}, True),
        ({"changed": False, "failures": [], "counts": {"adopted": 1}}, True),
        ({"changed": False, "failures": [{"kind": "timeout"}], "counts": {}}, True),
        ({"msg": "a module that broke down"}, True),
    ],
)
def test_copies_are_listed_again_only_where_something_has_moved(call, moved):
    assert outdates_listing([{"changed": False, "failures": [], "counts": {}}, call]) is moved and not outdates_listing(
        []
    )


@pytest.mark.parametrize(
    ("gone", "shown", "pruned"),
    [
        (["copy-1", "copy-2"], [], ["copy-1", "copy-2"]),
        (["copy-1"], [], ["copy-1"]),
        (["copy-1", "copy-2"], ["copy-2"], ["copy-1"]),
        ([], [], []),
    ],
)
def test_a_copy_that_a_listing_hid_is_not_reported_as_pruned(gone, shown, pruned):
    source = {"snapshot_id": "source", "disk_id": "disk", "created_at": "2026-11-01T00:00:00Z"}
    expired = [{"snapshot_id": f"copy-{n}", "region": "there", "state": "completed", "source": source} for n in (1, 2)]
    call = {"deleted_ids": gone, "failures": [{"snapshot_id": snapshot_id} for snapshot_id in shown]}
    assert [copy["snapshot_id"] for copy in deleted_copies(expired, [call])] == pruned


def test_a_disk_whose_newest_snapshot_is_not_there_loses_nothing():
    old = [copy(8, days=3), copy(9, days=2)]
    plan = copy_plan([source(1)], DISK, old, ["dr-1"], keep=1, now=NOW)
    assert expired(old, plan) == []
    there = [*old, copy(1, days=1 / 24)]
    assert expired(there, plan) == ["copy-8", "copy-9"]
    assert expired(there, plan, disks=[]) == [], "a disk that is no longer selected"
    assert expired(there, plan, source_region="source-2") == []
    unfinished = copy_plan([source(1, state="pending")], DISK, there, ["dr-1"], keep=1, now=NOW)
    assert expired(there, unfinished) == [], "a disk that has no usable snapshot"


def test_retention_prunes_no_disk_without_a_newer_copy_of_ours():
    copies = [copy(8, days=3), copy(1, days=1 / 24)]
    plan = copy_plan([source(1)], DISK, copies, ["dr-1"], keep=1, now=NOW)
    assert expired(copies, plan) == ["copy-8"]
    failed = [{"source_snapshot_id": "snap-1", "region": "dr-1"}]
    assert expired(copies, plan, failed=failed) == [], "its copy does not fit what was asked"
    console = copy(1, days=1 / 24, provenance={"managed": False, "disk_id": None, "created_at": None})
    assert expired([copy(8, days=3), copy(9, days=2), console], plan) == [], "known by its source alone"
