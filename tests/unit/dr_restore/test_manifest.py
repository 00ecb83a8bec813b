# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The manifest of a restore."""

from __future__ import annotations

import json

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide import call_reasons
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.choosing import waves
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output import (
    manifest,
)

from tests.support.restores import NOW, VALUES, chosen, copy, made


def test_the_manifest_lists_old_and_new_disks_and_missing_ones_first():
    rows = chosen(
        [copy(1), copy(2, "vol-2", name="mail"), copy(3, "vol-3", name="files")], disk_names=["database", "mail", "x"]
    )
    error = {
        "kind": "refused",
        "message": "No room",
        "code": "Full",
        "request_id": None,
        "hint": None,
        "region": "eu-west-1",
    }
    call = {"disks": [made(1), made(2, disk_id=None, state="absent", error=error)], "failures": [error], "counts": {}}
    run = {
        "check_mode": False,
        "finished_at": NOW,
        "unidentified": ["snap-9"],
        "existing": [],
        "last": {},
        "warnings": [],
    }
    outcome = manifest.manifest_of(rows, [waves.Wave(1, call, NOW, NOW)], {"snapshots": []}, VALUES, run)
    assert outcome["totals"] == {"disks": 3, "restored": 1, "creating": 0, "missing": 2, "claimed": 0, "torn": 0}
    assert [bool(row["missing"]) for row in outcome["disks"]] == [True, True, False]
    assert outcome["disks"][-1]["new_disk_id"] == "vol-n1" and outcome["unidentified_copies"] == ["snap-9"]
    message = manifest.problems_of(outcome)
    assert message.startswith("2 of 3 disks are missing.") and "No room" in message and "x: there is no copy" in message
    assert any(
        "vol-n1 (available)" in line and "the old disk was /dev/sdf of i-1" in line
        for line in manifest.lines_of(outcome)
    )
    no_device = {**outcome, "disks": [{**outcome["disks"][-1], "device": None, "age_hours": 1.0}]}
    lines = manifest.lines_of(no_device)
    assert any(line.endswith("was attached to i-1") for line in lines), "Tencent Cloud shows no devices"
    assert any("1 hour before this run" in line for line in lines)


def test_a_call_that_broke_down_restored_nothing():
    outcome = manifest.with_made(chosen([copy(1)]), [waves.Wave(1, {"failed": True, "msg": "boom"}, NOW, NOW)], {})
    assert "boom" in outcome[0]["missing"] and outcome[0]["state"] == "absent"


def refused(copy_id, words):
    none = dict.fromkeys(("code", "request_id", "hint"))
    return {**none, "kind": "refused", "region": "eu-west-1", "snapshot_id": copy_id, "message": words}


@pytest.mark.parametrize(
    ("copy_id", "row", "why"),
    [
        ("snap-1", None, "its key is disabled"),
        ("snap-2", None, "its size is wrong"),
        ("snap-3", None, "the zone does not exist"),
        ("snap-3", {"error": refused("snap-3", "it is archived")}, "it is archived"),
        ("snap-1", {"error": None}, "its key is disabled"),
    ],
)
def test_each_copy_without_a_disk_shows_its_own_reason(copy_id, row, why):
    failures = [refused("snap-1", "its key is disabled"), refused("snap-2", "its size is wrong")]
    call = {"failures": [*failures, refused(None, "the zone does not exist")], "disks": []}
    shown = call_reasons.reason_of(row, json.loads(json.dumps(call)), copy_id)
    assert [words in shown for words in (why, "key", "size", "zone", "archived")] == [
        True, *(word in why for word in ("key", "size", "zone", "archived"))
    ]  # fmt: skip
