# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores of many disks, and long messages."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.proving import (
    candidates,
    reaping,
    usable,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input.role_words import in_role_words

from tests.support.restores import VALUES, copy, disk, points, proofs


def test_a_plan_of_three_hundred_disks_is_one_task_and_one_call():
    copies = [copy(n, f"vol-{n}", name=f"disk {n:03}", day=day) for n in range(300) for day in (18, 19, 20)]
    rows = points(copies)
    assert len(rows) == 300 and {row["taken_at"][:10] for row in rows} == {"2026-11-20"}
    assert len(candidates.pick(proofs(copies), replace(VALUES, count=300))) == 300
    # The disks of a drill are one deletion too; others are left from other drills.
    (deletion,) = reaping.reapable({"disks": [disk(n, snapshot=f"snap-{n}") for n in range(300)]}, VALUES, []).deletions
    assert len(deletion.snapshot_ids) == 300


def test_a_message_quotes_the_cloud_unchanged():
    ours = {"code": None, "message": "zone: unknown", "hint": "Give another zone: see the guide."}
    clouds = {**ours, "code": "InvalidParameter", "message": "Invalid value of zone: x (InvalidParameter)"}
    shown = in_role_words({"msg": clouds["message"], "failures": [ours, clouds]})
    assert shown["msg"] == clouds["message"]
    assert [failure["message"] for failure in shown["failures"]] == ["dr_restore_zone: unknown", clouds["message"]]
    assert {failure["hint"] for failure in shown["failures"]} == {"Give another dr_restore_zone: see the guide."}
    ours["hint"] = "Look at disk_type.rst, or raise wait_timeout."
    (failure,) = in_role_words({"failures": [ours]})["failures"]
    assert failure["hint"] == "Look at disk_type.rst, or raise dr_restore_wait_timeout."


def test_a_message_counts_the_disks_of_a_busy_test_instance():
    tags = {"dr-restore:id": "drill-one", "dr-restore:attached-to": "i-1"}
    listed = {"disks": [{"disk_id": f"vol-{number}", "tags": tags} for number in range(12)], "failures": []}
    why = usable.why_in_use(listed, [], replace(VALUES, test_instance="i-1"))
    assert "(vol-0 of drill-one, " in why and "vol-9 of drill-one and 2 more)" in why
