# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that knows less than the one before it takes away none of its facts: proofs, alerts, pages and results."""

from __future__ import annotations

import pytest

from tests.support.metrics import PROOF, only, series
from tests.support.night_runs import lost_copy, night, protected
from tests.support.restore_runs import RestoreRuns

POINT = "dr_copy_recovery_point_timestamp_seconds"


def test_a_report_that_cannot_be_written_hides_no_copy(ebs, tmp_path):
    protected(ebs)
    given = {"report_dir": str(tmp_path / ("x" * 300)), "metrics_dir": str(tmp_path)}
    ended = night(ebs, rpo_hours=24, **given)
    assert ended.result["counts"]["created"] == 1 and ended.result["recovery_points"]
    assert "could not be written" in ended.message and "own code" not in ended.message
    success = "dr_copy_last_success_timestamp_seconds"
    assert only(tmp_path / "dr_copy_orders.prom", success) == 0, "a failed run renews it never"


@pytest.mark.parametrize("trouble", ["archived", "key"])
def test_a_copy_that_cannot_be_restored_has_no_time(ebs, tmp_path, trouble):
    protected(ebs)
    given = {"rpo_hours": 24, "encrypted": True, "metrics_dir": str(tmp_path)}
    assert not night(ebs, **given).message
    assert only(tmp_path / "dr_copy_orders.prom", POINT) > 0
    (copy,) = ebs.copies()
    if trouble == "key":
        ebs.settings(keys_of_kms={copy.kms_key_id: "PendingDeletion"})
    else:
        copy.storage_tier = "archive"
    assert night(ebs, **given).result["recovery_points"][0]["within_rpo"] is False
    assert only(tmp_path / "dr_copy_orders.prom", POINT) == 0, "the alert of recovery points fires"


def test_a_run_that_is_stopped_ends_no_alert(ebs, tmp_path):
    protected(ebs, 50)
    given = {"rpo_hours": 24, "metrics_dir": str(tmp_path)}
    assert "misses the RPO" in night(ebs, **given).message
    late = only(tmp_path / "dr_copy_orders.prom", POINT)
    assert "dr_copy_keep" in night(ebs, **given, keep="many").message
    assert only(tmp_path / "dr_copy_orders.prom", POINT) == late


def test_a_run_that_is_stopped_ends_no_alert_about_a_vanished_copy(ebs, tmp_path):
    given = {"report_dir": str(tmp_path / "r"), "metrics_dir": str(tmp_path / "m")}
    lost_copy(ebs, given)
    path, vanished = tmp_path / "m" / "dr_copy_orders.prom", "dr_copy_vanished_recovery_points"
    assert night(ebs, **given).result["vanished"] and only(path, vanished) == 1
    assert "dr_copy_keep" in night(ebs, **given, keep="many").message and only(path, vanished) == 1
    night(ebs, **given)
    assert only(path, vanished) == 0


@pytest.mark.parametrize("has_file", [True, False], ids=["after_a_run", "first_metrics"])
def test_a_run_that_finds_no_disk_reports_vanished_copies_in_its_metrics(ebs, tmp_path, has_file):
    """It fails before it copies, but it has looked: the alert must fire."""
    given = {"report_dir": str(tmp_path / "r"), "metrics_dir": str(tmp_path / "m")}
    lost_copy(ebs, given)
    path = tmp_path / "m" / "dr_copy_orders.prom"
    if not has_file:
        path.unlink()
    ended = night(ebs, **given, disk_tags={"dr-copy": "nobody"})
    assert "dr_copy_allow_empty" in ended.message and ended.result["vanished"]
    assert only(path, "dr_copy_vanished_recovery_points") == 1


def test_a_proof_lasts_longer_than_the_copy(ebs_disks, tmp_path):
    runs = RestoreRuns(ebs_disks)
    disk = protected(ebs_disks, 30)
    given = {"rpo_hours": 48, "keep": 1, "metrics_dir": str(tmp_path)}
    assert not night(ebs_disks, **given).message and not runs.drill().message
    assert not night(ebs_disks, **given).message
    proven = only(tmp_path / "dr_copy_orders.prom", PROOF)
    ebs_disks.snapshot(disk, 1)
    assert proven > 0 and len(night(ebs_disks, **given).result["pruned"]) == 1
    assert only(tmp_path / "dr_copy_orders.prom", PROOF) == proven, "0 says that it was never proven"


def test_an_error_before_the_first_step_leaves_a_red_report(ebs, tmp_path):
    def broken():
        raise RuntimeError("no inventory")

    protected(ebs)
    ended = night(ebs, report_dir=str(tmp_path), hosts_of_plan=broken)
    assert "no inventory" in ended.message and "is-bad" in (tmp_path / "orders.html").read_text()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"source_region": "us-esat-1"}, "dr_copy_source_region: 'us-esat-1' is not a region"),
        ({"destination_regions": ["eu-wset-1"]}, "dr_copy_destination_regions: 'eu-wset-1' is not a region"),
    ],
)
def test_a_region_that_does_not_exist_stops_the_run_and_calls_no_copy_missing(ebs, tmp_path, wrong, words):
    protected(ebs)
    given = {"report_dir": str(tmp_path), "rpo_hours": 24}
    assert not night(ebs, **given).message
    calls = []
    ended = night(ebs, calls=calls, **{**given, **wrong})
    assert ended.message.count(words) == 1 and "did you mean" in ended.message, ended.message
    assert ended.report["recovery_points"] == [] and "nothing was checked" in ended.brief["lines"][0]
    assert any(line.startswith("FAILED") and words in line for line in ended.brief["lines"])
    assert [kind for kind, _arguments in calls] == ["info"] and "is-bad" in (tmp_path / "orders.html").read_text()


def test_a_run_over_some_disks_of_a_plan_says_that_it_replaces_the_report(ebs, tmp_path):
    """A green page of one disk would stand for all of them."""
    one, _other = protected(ebs), protected(ebs)
    given = {"report_dir": str(tmp_path), "rpo_hours": 24}
    assert not night(ebs, **given).report["warnings"]
    (warning,) = night(ebs, disk_ids=[one], **given).report["warnings"]
    assert "dr_copy_disk_ids" in warning and "is-amber" in (tmp_path / "orders.html").read_text()
    assert "metrics" in warning
    (warning,) = night(ebs, **given, reads_only=True).report["warnings"]
    assert "This status overwrites the report" in warning and "metrics" not in warning


def test_a_run_that_finds_too_few_disks_ends_no_alert(ebs, tmp_path):
    disks = [protected(ebs, 2) for _n in range(3)]
    given = {"metrics_dir": str(tmp_path), "rpo_hours": 26, "min_disks": 3}
    assert not night(ebs, **given).message
    before = series(tmp_path / "dr_copy_orders.prom")
    ebs.untag(disks[0], "dr-copy")
    assert "Only 2 disks" in night(ebs, **given).message
    after = series(tmp_path / "dr_copy_orders.prom")
    assert {name for name in before if name.startswith((POINT, PROOF))} <= after.keys()
