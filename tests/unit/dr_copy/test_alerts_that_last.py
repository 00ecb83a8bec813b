# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run that knows less than the one before it takes away none of its facts: proofs, alerts, pages and results."""

from __future__ import annotations

import json

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.variables import part_of_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore import drilling

from tests.support.night_runs import lost_copy, night
from tests.support.restore_runs import KEY, RestoreRuns, copied_twice

POINT = "dr_copy_recovery_point_timestamp_seconds"
PROOF = "dr_copy_drill_timestamp_seconds"


def series(path):
    """Return the values of a file of metrics, by series."""
    lines = [line.rpartition(" ") for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _space, value in lines}


def only(path, name):
    (value,) = [value for key, value in series(path).items() if key.startswith(name)]
    return value


def protected(estate, hours=1.0, **facts):
    disk = estate.disk(**{"dr-copy": "true", "Name": "database"})
    estate.snapshot(disk, hours, **facts)
    return disk


def stop_listing(estate):
    estate.set_faults({"action": "DescribeSnapshots", "fault": "throttle", "times": 100_000})


# -- drills ------------------------------------------------------------------------------------------------


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


# -- restores ----------------------------------------------------------------------------------------------

CLAIM = {"kubernetes.io/created-for/pvc/name": "data", "kubernetes.io/created-for/pvc/namespace": "shop"}


@pytest.mark.parametrize("first", [False, True])
def test_one_restore_makes_a_disk_or_a_claim_for_one_old_disk(ebs_runs, tmp_path, first):
    ebs_runs.copy_new_disks("database", **CLAIM)
    assert not ebs_runs.restore(manifest_dir=str(tmp_path), kubernetes=first).message
    disks, files = len(ebs_runs.estate.disks()), sorted(path.name for path in tmp_path.iterdir())
    ended = ebs_runs.restore(manifest_dir=str(tmp_path), kubernetes=not first)
    assert f"but this run would create {'a disk' if first else 'a claim'}" in ended.message
    assert len(ebs_runs.estate.disks()) == disks and sorted(path.name for path in tmp_path.iterdir()) == files


def test_a_manifest_that_cannot_be_written_hides_no_new_disk(ebs_runs, tmp_path):
    """The system refuses even to look whether a file of such a name exists."""
    ebs_runs.copy_new_disks("database")
    ended = ebs_runs.restore(manifest_dir=str(tmp_path / ("x" * 300)))
    (disk,) = ended.result["disks"]
    assert disk["new_disk_id"] == ebs_runs.estate.disks()[0].id and "The manifest could not be written" in ended.message


# -- nights ------------------------------------------------------------------------------------------------


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


def test_two_hosts_cannot_have_one_plan(ebs, tmp_path):
    """A green report of one would replace the red report of the other."""
    protected(ebs, 50)
    given = {"plan": "prod", "rpo_hours": 24, "report_dir": str(tmp_path / "r"), "metrics_dir": str(tmp_path / "m")}
    assert "misses the RPO" in night(ebs, host="web", **given).message
    before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    ended = night(ebs, host="databases", hosts_of_plan=lambda: ("web", "databases"), **given)
    assert "the hosts web and databases both have the plan prod" in ended.message and not ended.result["copies"]
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == before
    ended = night(ebs, host="databases", hosts_of_plan=lambda: ("databases",), **given)
    assert "both have" not in ended.message, "web was renamed, or has another plan by now"


@pytest.mark.parametrize("reports", [True, False])
def test_two_hosts_cannot_have_one_plan_on_the_first_night(ebs, tmp_path, reports):
    protected(ebs)
    given = {"plan": "prod", "report_dir": str(tmp_path) if reports else ""}
    given["hosts_of_plan"] = lambda: ("web", "databases")
    second = night(ebs, host="databases", **given)
    assert "both have the plan prod" in second.message and not ebs.copies() and not list(tmp_path.iterdir())
    assert not night(ebs, host="web", **given).message and len(ebs.copies()) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("web ", "1 / 2"), ("web", "1/2"), True),
        (("", None), ("databases", ""), True),
        (("web", "1/2"), ("web", "2/2"), False),
        (("web", "x"), ("web", "1/2"), False),
    ],
)
def test_two_hosts_have_one_plan_if_the_run_reads_their_variables_as_equal(one, other, same):
    assert (part_of_plan(*one, "databases") == part_of_plan(*other, "web")) is same


def test_the_host_that_wrote_the_last_report_keeps_its_plan_wherever_it_is_in_the_play(ebs, tmp_path):
    protected(ebs)
    given = {"plan": "prod", "report_dir": str(tmp_path)}
    assert not night(ebs, host="databases", **given).message
    given["hosts_of_plan"] = lambda: ("web", "databases")
    assert not night(ebs, host="databases", **given).message
    assert "both have the plan prod" in night(ebs, host="web", **given).message


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


def test_a_damaged_last_report_is_warned_of(ebs, tmp_path):
    """Nobody knows then what is gone, and "nothing has vanished" would be wrong."""
    protected(ebs)
    given = {"report_dir": str(tmp_path)}
    assert not night(ebs, **given).report["warnings"]
    (tmp_path / "orders.json").write_text('{"recovery_points": [')
    (warning,) = night(ebs, **given).report["warnings"]
    assert str(tmp_path / "orders.json") in warning and "unknown which" in warning
    assert not night(ebs, **given).report["warnings"]


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


def test_a_plan_may_be_named_zero(ebs, tmp_path):
    protected(ebs)
    assert not night(ebs, plan=0, report_dir=str(tmp_path)).message
    assert json.loads((tmp_path / "0.json").read_text())["name"] == "0"


def test_sets_may_be_as_far_apart_as_a_number_can_say(ebs):
    for name in ("data", "log"):
        ebs.snapshot(ebs.disk(**{"dr-copy": "true", "Name": name, "server": "a"}))
    assert not night(ebs, group_tag="server", set_seconds=10**17).message


# -- tags and files that somebody damaged ------------------------------------------------------------------

NO_TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")


@pytest.mark.parametrize("time", NO_TIMES)
def test_a_copy_with_an_impossible_time_stops_no_restore_of_another_disk(runs, time):
    if runs.estate.cloud.name == "ens":
        pytest.skip("ENS has no tags of snapshots")
    runs.copy_new_disks("database", "mail")
    runs.estate.set_tags(runs.estate.copies()[0], **{"dr-copy:source-created-at": time})
    ended = runs.restore()
    # On CBS the name of the copy has the time too.
    assert len(runs.estate.disks()) == 1 + (runs.estate.cloud.name == "cbs"), ended.message
    assert "own code" not in ended.message


@pytest.mark.parametrize("time", NO_TIMES)
@pytest.mark.parametrize("key", ["proven-at", "proven-before", "source-created-at"])
def test_a_tag_with_an_impossible_time_ends_no_run(ebs_runs, tmp_path, key, time):
    estate = ebs_runs.estate
    disk = protected(estate, 30)
    given = {"report_dir": str(tmp_path), "metrics_dir": str(tmp_path), "rpo_hours": 48}
    assert not night(estate, **given).message
    value = f"creatable {time}" if key == "proven-before" else time
    estate.set_tags(estate.copies()[0], **{f"dr-copy:{key}": value, "dr-copy:proven-level": "creatable"})
    estate.snapshot(disk, 2)
    for message in (night(estate, **given).message, ebs_runs.drill(report_dir=str(tmp_path)).message):
        assert "own code" not in message and "could not be read" not in message, message


@pytest.mark.parametrize("time", NO_TIMES)
def test_a_restore_to_an_impossible_time_is_refused_by_name(ebs_runs, time):
    assert "dr_restore_at" in ebs_runs.restore(at=time).message


def test_a_run_that_finds_too_few_disks_ends_no_alert(ebs, tmp_path):
    disks = [protected(ebs, 2) for _n in range(3)]
    given = {"metrics_dir": str(tmp_path), "rpo_hours": 26, "min_disks": 3}
    assert not night(ebs, **given).message
    before = series(tmp_path / "dr_copy_orders.prom")
    ebs.untag(disks[0], "dr-copy")
    assert "Only 2 disks" in night(ebs, **given).message
    after = series(tmp_path / "dr_copy_orders.prom")
    assert {name for name in before if name.startswith((POINT, PROOF))} <= after.keys()


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
