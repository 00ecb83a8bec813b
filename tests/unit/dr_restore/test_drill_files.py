# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a drill: proofs and series stay, and no green page or file remains after a failure."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore import drilling

from tests.support.metrics import PROOF, only, series
from tests.support.restore_runs import KEY, RestoreRuns, copied_twice


def stop_listing(estate):
    estate.set_faults({"action": "DescribeSnapshots", "fault": "throttle", "times": 100_000})


def test_a_drill_that_cannot_list_keeps_the_proofs_and_the_series(runs, tmp_path):
    runs.copy_new_disks("database", "mail")
    given = {"report_dir": str(tmp_path), "metrics_dir": str(tmp_path)}
    assert not runs.drill(**given).message
    before = series(tmp_path / "dr_drill_orders.prom")
    stop_listing(runs.estate)
    assert runs.drill(**given).message
    after = series(tmp_path / "dr_drill_orders.prom")
    assert after.keys() >= before.keys() and {k: v for k, v in after.items() if k.startswith(PROOF)} == {
        k: v for k, v in before.items() if k.startswith(PROOF)
    }
    assert only(tmp_path / "dr_drill_orders.prom", "dr_copy_drill_unproven") == 1, "the alert fires"
    runs.estate.set_faults()
    again = runs.drill(check=True, max_age_days=30, count=1, **given)
    assert all(disk["proven_at"] for disk in again.result["disks"])


def test_a_drill_of_some_disks_keeps_the_proofs_of_the_others(runs, tmp_path):
    disks = runs.copy_new_disks("database", "mail")
    given = {"report_dir": str(tmp_path)}
    assert not runs.drill(**given).message
    narrow = runs.drill(disk_ids=[disks["database"]], **given)
    assert not narrow.message and [row["disk_id"] for row in narrow.result["earlier"]] == [disks["mail"]]
    again = runs.drill(check=True, max_age_days=30, count=1, **given)
    assert all(disk["proven_at"] for disk in again.result["disks"]) and not again.result["earlier"]


def test_a_drill_that_its_variables_end_leaves_no_green_file_for_people_or_ci(ebs_runs, tmp_path):
    ebs_runs.copy_new_disks("database")
    assert not ebs_runs.drill(report_dir=str(tmp_path)).message
    assert ebs_runs.drill(report_dir=str(tmp_path), count="x").message
    page, junit = ((tmp_path / f"orders.drill.{end}").read_text() for end in ("html", "junit.xml"))
    assert "✗ The drill has failed" in page and "✓" not in page
    assert 'failures="1"' in junit and "dr_restore_count" in junit


UNPROVEN = "dr_copy_drill_unproven"


@pytest.mark.parametrize("end", ["variable", "own code"])
def test_a_drill_without_a_report_fires_its_alert_and_keeps_the_proofs(ebs_runs, tmp_path, monkeypatch, end):
    ebs_runs.copy_new_disks("database", "mail")
    path = tmp_path / "dr_drill_orders.prom"
    assert not ebs_runs.drill(metrics_dir=str(tmp_path)).message
    before = series(path)
    if end == "own code":
        monkeypatch.setattr(drilling, "choose", lambda *_given: 1 / 0)
    ended = ebs_runs.drill(metrics_dir=str(tmp_path), **({"count": "x"} if end == "variable" else {}))
    assert ("dr_restore_count" if end == "variable" else "own code") in ended.message
    after = series(path)
    changed = {name for name in after if after[name] != before.get(name)}
    assert after.keys() == before.keys() and {name.partition("{")[0] for name in changed} == {UNPROVEN}
    assert only(path, UNPROVEN) == 1
    monkeypatch.undo()
    assert not ebs_runs.drill(metrics_dir=str(tmp_path)).message and only(path, UNPROVEN) == 0


def test_a_first_drill_that_its_variables_end_fires_its_alert(ebs_runs, tmp_path):
    assert ebs_runs.drill(metrics_dir=str(tmp_path), count="x").message
    assert only(tmp_path / "dr_drill_orders.prom", UNPROVEN) == 1


def test_a_dry_drill_that_its_variables_end_writes_no_file(ebs_runs, tmp_path):
    given = {"metrics_dir": str(tmp_path), "report_dir": str(tmp_path)}
    assert ebs_runs.drill(check=True, count="x", **given).message and not list(tmp_path.iterdir())


def test_a_failed_drill_names_the_files_that_it_could_not_write(ebs_runs, tmp_path):
    (tmp_path / "file").touch()
    given = {"metrics_dir": str(tmp_path / "file"), "report_dir": str(tmp_path / "file")}
    message = ebs_runs.drill(count="x", **given).message
    assert "dr_restore_count" in message and message.count("could not be written") == 2 and "2 reports" in message


def test_check_mode_of_a_drill_names_a_key_that_cannot_be_used(ebs_runs):
    copied_twice(ebs_runs, encrypted=True, kms_key_id=KEY)
    ebs_runs.estate.settings(keys_of_kms={KEY: "Disabled"})
    real, dry = ebs_runs.drill(), ebs_runs.drill(check=True)
    assert "Disabled" in real.message and "would not be proven" in dry.message and "Disabled" in dry.message
    assert not any("would be tested" in line for line in dry.lines[1:])


HOSTS = ("drill-production-eu-west-1-orders", "drill-production-eu-west-1-mail", "a b", "a/b")


def test_drills_of_hosts_that_look_alike_are_two(ebs_runs, tmp_path):
    """Their disks would be each other's, and both would check on one test instance."""
    ebs_runs.copy_new_disks("database")
    ids = set()
    for ebs_runs.host in HOSTS:
        ids.add(ebs_runs.drill().result["id"].rpartition("-")[0])
    assert len(ids) == len(HOSTS) and all(len(name) <= 32 for name in ids)


@pytest.mark.parametrize(
    ("cloud", "defaults", "forbidden"),
    [
        ("ebs", {"lock_days": 30}, "LockSnapshot"),
        ("ebs", {"lock_days": 30, "lock_mode": "compliance"}, "LockSnapshot"),
        ("ecs", {"lock_days": 30}, "LockSnapshot"),
        ("cbs", {"retention_days": 30}, "ModifySnapshotAttribute"),
    ],
)
def test_a_drill_locks_no_copy_and_sets_no_expiry(request, monkeypatch, cloud, defaults, forbidden):
    """The module_defaults of a play are in force for all its calls."""
    runs = RestoreRuns(request.getfixturevalue(f"{cloud}_disks"))
    runs.copy_new_disks("database")
    run_module = RestoreRuns._module

    def with_defaults(self, name, arguments, check):
        return run_module(self, name, {**(defaults if name.endswith("_copy") else {}), **arguments}, check)

    monkeypatch.setattr(RestoreRuns, "_module", with_defaults)
    assert not runs.drill().message and not runs.estate.calls.get(forbidden)
