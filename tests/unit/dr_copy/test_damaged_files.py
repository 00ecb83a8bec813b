# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags, reports and metrics that somebody damaged, and odd values of variables."""

from __future__ import annotations

import json

import pytest

from tests.support.night_runs import night, protected


def test_a_damaged_last_report_is_warned_of(ebs, tmp_path):
    """Nobody knows then what is gone, and "nothing has vanished" would be wrong."""
    protected(ebs)
    given = {"report_dir": str(tmp_path)}
    assert not night(ebs, **given).report["warnings"]
    (tmp_path / "orders.json").write_text('{"recovery_points": [')
    (warning,) = night(ebs, **given).report["warnings"]
    assert str(tmp_path / "orders.json") in warning and "unknown which" in warning
    assert not night(ebs, **given).report["warnings"]


def test_a_plan_may_be_named_zero(ebs, tmp_path):
    protected(ebs)
    assert not night(ebs, plan=0, report_dir=str(tmp_path)).message
    assert json.loads((tmp_path / "0.json").read_text())["name"] == "0"


def test_sets_may_be_as_far_apart_as_a_number_can_say(ebs):
    for name in ("data", "log"):
        ebs.snapshot(ebs.disk(**{"dr-copy": "true", "Name": name, "server": "a"}))
    assert not night(ebs, group_tag="server", set_seconds=10**17).message


DAMAGED = (
    'dr_copy_drill_timestamp_seconds{disk="a"} 1',
    "dr_copy_drill_timestamp_seconds 1",
    'dr_copy_drill_timestamp_seconds{plan="a',
    'dr_copy_drill_timestamp_seconds{plan="x",disk="a",region="b"} abc',
)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_of_metrics_blocks_no_other_plan_and_is_named_by_its_own(ebs, tmp_path, text):
    protected(ebs, 2)
    (tmp_path / "dr_copy_other.prom").write_text(text + "\n")
    assert not night(ebs, metrics_dir=str(tmp_path)).message
    (tmp_path / "dr_copy_orders.prom").write_text('dr_copy_x{plan="a\n')
    message = night(ebs, metrics_dir=str(tmp_path)).message
    assert f"{tmp_path}/dr_copy_orders.prom is damaged" in message and "delete it" in message


def test_a_report_without_the_source_of_a_point_ends_no_run(ebs, tmp_path):
    for hours in (2, 30):
        protected(ebs, hours)
    given = {"report_dir": str(tmp_path), "rpo_hours": 48, "keep": 1}
    assert not night(ebs, **given).message
    path = tmp_path / "orders.json"
    report = json.loads(path.read_text())
    for point in report["recovery_points"]:
        point["source_snapshot_id"] = None
    path.write_text(json.dumps(report))
    assert "own code" not in night(ebs, reads_only=True, **given).message
