# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How rows of info modules, marks and reports become input for decisions about sets; invalid ones stop no night."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import Consistency, SnapshotSet
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.inputs import (
    groups_of_report,
    listed_set_of,
    sources_of,
    with_marks,
)

from tests.support.set_rows import copies, night, row, text


def snapshot(name, **facts):
    return {"snapshot_id": name, "disk_id": "a", "created_at": text(night(1)), "source": None, **facts}


def test_snapshots_that_can_be_copied_now_or_soon_are_sources():
    why = {"ready": None, "soon": "unfinished", "never": "is archived", "undated": None, "unknown": None}
    rows = [snapshot(name) for name in ("ready", "soon", "never")]
    rows += [snapshot("undated", created_at=None), snapshot("unknown", disk_id=None)]
    found = sources_of(rows, lambda one: why[one["snapshot_id"]], ["unfinished"])
    assert [(source.snapshot_id, source.is_ready) for source in found] == [("ready", True), ("soon", False)]
    assert {(source.disk_id, source.time) for source in found} == {("a", night(1))}
    assert [source.snapshot_id for source in sources_of(rows[:2], lambda one: why[one["snapshot_id"]])] == ["ready"]


LISTED = {"id": "ami-1", "size": 2, "consistency": "crash"}


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (LISTED, SnapshotSet("ami-1", 2, Consistency.CRASH)),
        ({**LISTED, "size": None}, SnapshotSet("ami-1", 0, Consistency.CRASH)),
        ({**LISTED, "id": ""}, None),
        ({**LISTED, "consistency": "perfect"}, None),
        ({**LISTED, "consistency": None}, None),
        ("ami-1", None),
        (None, None),
    ],
)
def test_a_set_is_read_if_the_cloud_shows_one(listed, found):
    assert listed_set_of(snapshot("x", set=listed)) == found
    (source,) = sources_of([snapshot("x", set=listed)], lambda one: None)
    assert source.listed_set == found


def test_copies_without_marks_get_those_that_they_would_have_and_others_keep_theirs():
    marks = {
        "a1": {"dr-copy:group": "i-1", "dr-copy:set": "2 crash x"},
        "b1": {"dr-copy:group": "i-1"},
        "c1": {"dr-copy:group": "i-1", "dr-copy:set": "2 crash x"},
    }
    bare = [row(disk, 1, group=None) for disk in "abz"]
    found = with_marks(copies(*bare, row("c", 1, "3 near y", group="i-9")), marks)
    shown = {copy.disk_id: (copy.group_id, copy.mark.tag_value if copy.mark else None) for copy in found}
    assert shown == {"a": ("i-1", "2 crash x"), "b": ("i-1", None), "z": ("", None), "c": ("i-9", "3 near y")}


@pytest.mark.parametrize(
    ("sets", "groups"),
    [
        ([{"group": "i-1", "disks": ["a", "b"]}], {"a": "i-1", "b": "i-1"}),
        ([{"disks": ["a"]}, {"group": "i-2", "disks": ["b"]}], {"a": "", "b": "i-2"}),
        ([{"group": "i-1", "disks": "ab"}, "x", {"group": "i-1"}], {}),
        ({"group": "i-1", "disks": ["a"]}, {}),
        (None, {}),
    ],
)
def test_servers_in_a_report_are_used_and_malformed_ones_ignored(sets, groups):
    assert groups_of_report(sets) == groups
