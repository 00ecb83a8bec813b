# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which copy each disk is restored from, in which wave, and what is missing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.choosing import (
    missing_disks,
    waves,
)

from tests.support.restores import VALUES, chosen, copy, disk, points


def test_the_newest_complete_point_not_after_a_time_is_chosen():
    copies = [copy(1, day=18), copy(2, day=19), copy(3, day=20), copy(4, day=21, state="pending")]
    (row,) = points(copies)
    assert (row["copy_id"], row["disk_name"], row["instance"], row["device"]) == (
        "snap-3",
        "database",
        "i-1",
        "/dev/sdf",
    )
    assert row["taken_at"] == "2026-11-20T02:00:00Z" and row["age_hours"] == 34 and row["tags"] == {"env": "prod"}
    assert points(copies, at="2026-11-19T02:00:00Z")[0]["copy_id"] == "snap-2"
    early = points(copies, at="2026-11-01")[0]
    assert early["copy_id"] is None and "the oldest is from 2026-11-18T02:00:00Z" in early["missing"]


def test_a_second_run_keeps_the_points_of_the_first():
    copies = [copy(1, day=18), copy(2, day=19)]
    there = [disk(1, "flood", "snap-1")]
    assert points(copies, there)[0]["copy_id"] == "snap-1"
    assert points([copy(2, day=19)], there)[0]["copy_id"] == "snap-2", "its copy is gone"


def test_disks_are_selected_and_those_without_a_copy_are_missing():
    copies = [copy(1), copy(2, "vol-2", name="mail", tags={"env": "test"}), copy(3, "vol-3", source=None)]
    assert {row["disk_id"] for row in points(copies)} == {"vol-1", "vol-2"}
    assert [row["disk_id"] for row in points(copies, disk_tags={"env": "test"})] == ["vol-2"]
    assert [row["disk_id"] for row in points(copies, disk_tags={"env": "*", "Name": "mail"})] == ["vol-2"]
    by_name = points(copies, disk_names=["mail", "files"])
    assert [(row["disk_name"], row["copy_id"]) for row in by_name] == [("files", None), ("mail", "snap-2")]
    assert [row["missing"] for row in points(copies, disk_ids=["vol-9"])] == ["there is no copy of it in eu-west-1"]
    assert not points(copies, source_region="us-west-2")


def test_a_copy_that_cannot_become_a_disk_is_missing_with_the_reason():
    system = points([copy(1, traits=["system_disk"])])[0]
    assert system["copy_id"] is None and "system disk" in system["missing"]
    assert "snap-1 is pending" in points([copy(1, state="pending", provider_state="pending")])[0]["missing"]
    future = copy(1)
    future["source"]["created_at"] = "2026-12-24T02:00:00Z"
    assert "in the future" in points([future])[0]["missing"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_restore_uses_the_duplicate_that_is_not_withdrawn(order):
    """A run that finds that its copy is a second one takes back the one that was started last."""
    duplicate = {**copy(1), "snapshot_id": "copy-0", "created_at": "2026-11-23T04:00:00Z"}
    older = {**copy(1), "created_at": "2026-11-23T03:00:00Z"}
    (point,) = chosen([older, duplicate][::order])
    assert point.copy_id == older["snapshot_id"]


def test_a_restore_that_matches_no_copy_fails_before_it_makes_a_disk():
    nothing = missing_disks.refusal([], {"snapshots": []}, VALUES)
    assert (
        nothing.startswith("There is nothing to restore. ")
        and "The account of this connection has no copies in eu-west-1" in nothing
    )
    far = copy(2, "vol-2", name="mail", source={**copy(2)["source"], "region": None, "disk_id": ""})
    listed = {"snapshots": [copy(1), far, copy(3, source=None)]}
    there = missing_disks.refusal([], listed, replace(VALUES, disk_ids=["vol-9"]))
    assert "No copy in eu-west-1 matches dr_restore_disk_ids vol-9" in there
    assert "eu-west-1 has 2 copies, 1 of disks in an unknown region and 1 of disks in us-east-1" in there
    assert there.endswith(": database (vol-1).")
    rows = chosen([copy(1)], at="2026-11-01")
    assert "newer than dr_restore_at" in missing_disks.refusal(rows, {"snapshots": [copy(1)]}, VALUES)
    assert not missing_disks.refusal(chosen([copy(1)]), {"snapshots": [copy(1)]}, VALUES)


def test_a_refusal_denies_no_copies_that_could_not_be_listed():
    lost = {"failed": True, "msg": "the connection was lost"}
    said = missing_disks.refusal([], lost, replace(VALUES, source_region="us-west-2"))
    assert "No copy from us-west-2 can be restored" in said and "the connection was lost" in said
    assert "There is no copy" not in said and "No copy in eu" not in said
    rows = chosen([copy(1)], at="2026-11-01")
    assert "newer than dr_restore_at" in missing_disks.refusal(rows, lost, replace(VALUES, source_region="us-east-1"))


def test_disks_are_in_the_first_wave_whose_tags_they_have_and_all_others_last():
    marks = [{"tier": "app"}, {"tier": "database"}, {}, {"tier": "database", "env": "test"}, {"tier": "web"}]
    tiers = [copy(n, f"vol-{n}", name=f"disk {n}", tags=tags) for n, tags in enumerate(marks, 1)]
    order = [{"tier": "database"}, {"tier": "app"}, {"Name": "disk 5"}]
    points = waves.in_waves(chosen(tiers), replace(VALUES, waves=order))
    assert waves.copies_by_wave(points) == {1: ["snap-2", "snap-4"], 2: ["snap-1"], 3: ["snap-5"], 4: ["snap-3"]}
    assert {point.wave for point in waves.in_waves(chosen(tiers), replace(VALUES, waves=[]))} == {1}
