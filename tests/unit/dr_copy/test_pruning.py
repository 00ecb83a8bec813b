# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run does after it has deleted copies."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.keeping.pruning import (
    deleted_copies,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.failures import outdates_listing


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
