# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole restores and drills of the role, with the real modules: what is done and told, on every cloud."""

from __future__ import annotations

import json

import pytest

from tests.clouds import CLOUDS

from .restore_runs import Runs


@pytest.fixture(params=sorted(CLOUDS))
def runs(request):
    return Runs(request.getfixturevalue(f"{request.param}_disks"))


@pytest.fixture
def ebs_runs(ebs_disks):
    return Runs(ebs_disks)


def test_a_restore_makes_each_disk_once_and_a_second_run_finds_them(runs, tmp_path):
    disks = runs.copies("database", "mail")
    given = {"manifest_dir": str(tmp_path)}
    predicted = runs.restore(check=True, **given)
    assert predicted.result["totals"]["creating"] == 2 and not runs.estate.disks() and not list(tmp_path.iterdir())
    first = runs.restore(**given)
    assert not first.message and first.result["totals"]["restored"] == 2
    assert {row["disk_id"] for row in first.result["disks"]} == set(disks.values())
    second = runs.restore(**given)
    assert len(runs.estate.disks()) == 2 and not second.message
    assert [row["new_disk_id"] for row in second.result["disks"]] == [
        row["new_disk_id"] for row in first.result["disks"]
    ]
    assert {row["action"] for row in second.result["disks"]} == {"none"}


def test_a_drill_proves_deletes_and_marks(runs, tmp_path):
    runs.copies("database")
    ended = runs.drill(report_dir=str(tmp_path), max_age_days=7)
    assert not ended.message and ended.result["totals"]["proven"] == 1 and not runs.estate.disks()
    assert json.loads((tmp_path / "orders.drill.json").read_text())["tried"] == ended.result["tried"]
    made = [arguments for name, arguments in runs.calls if name.endswith("restore") and "zone" in arguments]
    assert all(arguments["expires_after_hours"] == 7 for arguments in made)


def test_wrong_variables_are_told_before_any_call(runs):
    ended = runs.restore(id="-", at="noon")
    assert "dr_restore_id" in ended.message and "dr_restore_at" in ended.message and not runs.calls
    assert ended.result == {} and ended.lines == []


def test_an_error_of_our_own_is_told_and_the_disks_of_a_drill_go(ebs_runs, monkeypatch):
    from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore import drilling

    ebs_runs.copies("database")
    monkeypatch.setattr(drilling.reaping, "made_by_drill", lambda made: 1 / 0)
    ended = ebs_runs.drill()
    assert "ZeroDivisionError" in ended.message and not ebs_runs.estate.disks()
