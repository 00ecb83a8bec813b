# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole restores and drills of the role with the real modules: what they do and report, on every cloud."""

from __future__ import annotations

import json
import threading

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS as CAPABILITIES
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.choosing import points
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output.manifest import lines_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.files import directory_lock

from tests.clouds import CLOUDS
from tests.support.restore_runs import KEY, RestoreRuns, copied_twice


def test_a_restore_makes_each_disk_once_and_a_second_run_finds_them(runs, tmp_path):
    disks = runs.copy_new_disks("database", "mail")
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


def test_a_dry_drill_is_late_only_for_disks_that_it_would_not_try(runs):
    runs.copy_new_disks("database", "web")
    both = runs.drill(check=True, max_age_days=7)
    assert not both.message and both.result["totals"]["tried"] == 2 and both.result["totals"]["never"] == 2
    one = runs.drill(check=True, max_age_days=7, count=1)
    assert "1 disk was not proven within 7 days" in one.message and one.result["totals"]["overdue"] == 1


def test_a_drill_proves_deletes_and_marks(runs, tmp_path):
    runs.copy_new_disks("database")
    ended = runs.drill(report_dir=str(tmp_path), metrics_dir=str(tmp_path), max_age_days=7)
    assert 'dr_copy_drill_timestamp_seconds{disk="' in (tmp_path / "dr_drill_orders.prom").read_text()
    assert not ended.message and ended.result["totals"]["proven"] == 1 and not runs.estate.disks()
    assert json.loads((tmp_path / "orders.drill.json").read_text())["tried"] == ended.result["tried"]
    made = [arguments for name, arguments in runs.calls if name.endswith("restore") and "zone" in arguments]
    assert all(arguments["expires_after_hours"] == 7 for arguments in made)


def test_wrong_variables_are_reported_before_any_call(runs):
    ended = runs.restore(id="-", at="noon")
    assert "dr_restore_id" in ended.message and "dr_restore_at" in ended.message and not runs.calls
    assert ended.result == {} and ended.lines == []


def test_an_error_of_our_own_code_is_reported_and_the_disks_of_a_drill_are_deleted(ebs_runs, tmp_path, monkeypatch):
    from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore import drilling

    ebs_runs.copy_new_disks("database")
    monkeypatch.setattr(drilling.reaping, "made_by_drill", lambda made, calls: 1 / 0)
    (tmp_path / "orders.drill.html").write_text("✓ of another day")
    ended = ebs_runs.drill(report_dir=str(tmp_path))
    assert "ZeroDivisionError" in ended.message and not ebs_runs.estate.disks()
    page = (tmp_path / "orders.drill.html").read_text()
    assert "ZeroDivisionError" in page and "✓" not in page


def test_a_running_drill_replaces_the_page_of_the_last_one(ebs_runs, tmp_path):
    ebs_runs.copy_new_disks("database")
    ebs_runs.drill(report_dir=str(tmp_path))
    path, seen = tmp_path / "orders.drill.html", []
    assert "✓" in path.read_text()
    ebs_runs.drill(report_dir=str(tmp_path), before={"creating": lambda: seen.append(path.read_text())})
    assert "has not ended" in seen[0] and "✓" not in seen[0] and "✓" in path.read_text()
    before = path.read_text()
    ebs_runs.drill(check=True, report_dir=str(tmp_path))
    assert path.read_text() == before


def test_a_drill_that_its_variables_end_leaves_no_green_page(ebs_runs, tmp_path):
    ebs_runs.copy_new_disks("database")
    ebs_runs.drill(report_dir=str(tmp_path))
    path = tmp_path / "orders.drill.html"
    assert "✓" in path.read_text()
    for check in (True, False):
        ended = ebs_runs.drill(check=check, count="x", report_dir=str(tmp_path))
        assert "dr_restore_count" in ended.message
        assert ("dr_restore_count" in path.read_text()) is not check
    page = path.read_text()
    assert "✗ The drill has failed" in page and "✓" not in page


# What is missing


def test_expected_disks_without_a_copy_fail_the_run_at_the_end(runs, tmp_path):
    disks = runs.copy_new_disks("database", "mail")
    lost = runs.estate.disk(Name="files")
    ended = runs.restore(expected=[*disks.values(), lost], manifest_dir=str(tmp_path))
    totals = ended.result["totals"]
    assert len(runs.estate.disks()) == 2 and (totals["disks"], totals["restored"], totals["missing"]) == (3, 2, 1)
    (manifest,) = tmp_path.iterdir()
    assert manifest.name == "orders.flood.restore.json"
    missing = json.loads(manifest.read_text())["disks"][0]
    assert (missing["disk_id"], missing["state"], missing["new_disk_id"]) == (lost, "missing", None)
    assert "is expected" in missing["missing"] and "1 of 3 disks is missing" in ended.message
    assert not any("not known which disks have no copy" in line for line in ended.lines)


def test_the_report_of_a_plan_names_the_expected_disks(ebs_runs, tmp_path):
    disks = ebs_runs.copy_new_disks("database")
    rows = [{"disk_id": disks["database"], "disk_name": "database"}, {"disk_id": "vol-0ff", "disk_name": "files"}]
    report = tmp_path / "orders.json"
    report.write_text(json.dumps({"recovery_points": rows}))
    ended = ebs_runs.restore(expected=str(report), manifest_dir=str(tmp_path))
    assert "files (vol-0ff): it is expected" in ended.message and ended.result["expected"] == 2
    named = ebs_runs.restore(expected=str(report), disk_names=["database"], manifest_dir=str(tmp_path))
    assert not named.message, "a run over some disks is held to those"
    odd = json.dumps({"disks": ["vol-1", {"disk_name": "files"}, {"disk_id": ""}], "recovery_points": {"a": 1}})
    for text, words in (
        ("{", "is not a report"),
        *((t, "without disks") for t in ("{}", odd)),
        (None, "cannot be read"),
    ):
        report.write_text(text) if text else report.unlink()
        assert words in ebs_runs.restore(expected=str(report)).message


def test_a_restore_without_expected_disks_says_that_missing_ones_are_unknown(runs, tmp_path):
    runs.copy_new_disks("database")
    ended = runs.restore(manifest_dir=str(tmp_path))
    assert not ended.message and ended.result["expected"] is None
    words = f"It is not known which disks have no copy in {runs.estate.destination}"
    assert any(words in line for line in ended.lines)


def test_a_disk_that_only_its_name_identifies_has_its_name_in_the_metrics_of_a_drill(ebs_runs, tmp_path):
    ebs_runs.copy_new_disks("database")
    ebs_runs.drill(disk_names=["database", "nowhere", "neither"], metrics_dir=str(tmp_path))
    text = (tmp_path / "dr_drill_orders.prom").read_text()
    assert 'disk="None"' not in text and 'disk="nowhere"' in text and 'disk="neither"' in text


def test_a_second_restore_leaves_the_manifest_of_the_first(ebs_runs, tmp_path):
    ebs_runs.copy_new_disks("database")
    for name in ("first", "second"):
        ebs_runs.restore(id=name, manifest_dir=str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {"orders.first.restore.json", "orders.second.restore.json"}
    before = (tmp_path / "orders.first.restore.json").read_text()
    ended = ebs_runs.restore(id="first", source_region="us-west-2", manifest_dir=str(tmp_path))
    assert ended.message and (tmp_path / "orders.first.restore.json").read_text() == before, "it has found nothing"


def test_a_restore_uses_no_manifest_of_another_one(ebs_runs, tmp_path):
    """Hosts and names may contain periods, so two restores can have one file name."""
    ebs_runs.copy_new_disks("database")
    ebs_runs.host = "db"
    ebs_runs.restore(id="example.flood", manifest_dir=str(tmp_path))
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    ebs_runs.host = "db.example"
    ended = ebs_runs.restore(id="flood", manifest_dir=str(tmp_path))
    assert "belongs to the restore example.flood of the host db" in ended.message and len(ebs_runs.estate.disks()) == 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before


def test_a_restore_in_pieces_keeps_the_rows_of_the_earlier_ones_in_its_manifest(runs, tmp_path):
    """Each part has the same name and other disks, for example one wave after the other by dr_restore_disk_ids."""
    disks, path = runs.copy_new_disks("database", "mail", "files"), tmp_path / "orders.flood.restore.json"
    for name in disks:
        ended = runs.restore(disk_ids=[disks[name]], manifest_dir=str(tmp_path))
        assert ended.result["totals"]["disks"] == 1 and not ended.message
    manifest = json.loads(path.read_text())
    rows = {row["disk_name"] or row["disk_id"]: row for row in (*manifest["disks"], *manifest["earlier"])}
    assert {row["disk_id"] for row in rows.values()} == set(disks.values()) and len(manifest["disks"]) == 1
    assert {row["new_disk_id"] for row in rows.values()} == {disk.id for disk in runs.estate.disks()}
    assert any(line.startswith("EARLIER 2 disks of flood") for line in ended.lines)
    gone = next(disk for disk in runs.estate.disks() if disk.id == manifest["earlier"][0]["new_disk_id"])
    runs.estate.remove_disk(gone)
    again = runs.restore(disk_ids=[disks["files"]], manifest_dir=str(tmp_path))
    states = {row["new_disk_id"]: row["state"] for row in again.result["earlier"]}
    assert len(states) == 2 and states[gone.id] == "absent"
    whole = runs.restore(manifest_dir=str(tmp_path))
    assert len(whole.result["disks"]) == 3 and whole.result["earlier"] == [], "another was made in its place"


def test_two_runs_of_a_restore_at_the_same_time_keep_the_rows_of_both(runs, tmp_path):
    disks, given = runs.copy_new_disks("database", "mail"), {"manifest_dir": str(tmp_path)}
    ended = runs.restore(
        disk_ids=[disks["database"]],
        before={"creating": lambda: runs.restore(disk_ids=[disks["mail"]], **given)},
        **given,
    )
    manifest = json.loads((tmp_path / "orders.flood.restore.json").read_text())
    assert [row["disk_id"] for row in manifest["disks"]] == [disks["database"]] and manifest == ended.result
    (other,) = manifest["earlier"]
    assert other["disk_id"] == disks["mail"] and other["state"] != "absent"
    assert other["new_disk_id"] in {disk.id for disk in runs.estate.disks()}


def test_a_restore_reads_and_writes_its_manifest_alone(ebs_runs, tmp_path):
    ebs_runs.copy_new_disks("database")
    path, is_making = tmp_path / "orders.flood.restore.json", threading.Event()
    given = {"manifest_dir": str(tmp_path), "before": {"creating": is_making.set}}
    other = threading.Thread(target=ebs_runs.restore, kwargs=given)
    with directory_lock(tmp_path):
        other.start()
        assert is_making.wait(60)
        other.join(1)
        assert other.is_alive() and not path.exists(), "another run holds the directory"
    other.join(60)
    assert path.exists()


def test_disks_of_another_region_are_not_reported_as_gone(ebs_runs, tmp_path):
    """A restore of the same name in another region does not see them."""
    disks, path = ebs_runs.copy_new_disks("database", "mail"), tmp_path / "orders.flood.restore.json"
    ebs_runs.restore(disk_ids=[disks["database"]], manifest_dir=str(tmp_path))
    manifest = json.loads(path.read_text())
    for row in manifest["disks"]:
        row["new_disk_id"] = "vol-0ther"
    path.write_text(json.dumps({**manifest, "region": "eu-central-1"}))
    for _again in range(2):
        ended = ebs_runs.restore(disk_ids=[disks["mail"]], manifest_dir=str(tmp_path))
        (row,) = ended.result["earlier"]
        assert (row["new_disk_id"], row["state"], row["region"]) == ("vol-0ther", "available", "eu-central-1")


def test_a_restore_that_matches_no_copy_lists_the_existing_copies(runs):
    disks = runs.copy_new_disks("database", "mail")
    ended = runs.restore(source_region=runs.estate.destination)
    place = runs.estate.destination
    assert f"{place} has 2 copies, 2 of disks in {runs.estate.source}: " in ended.message
    assert all(disk in ended.message for disk in disks.values()) and not runs.estate.disks()


def test_a_region_without_any_copy_is_reported(ebs_runs):
    ended = ebs_runs.restore(disk_ids=["vol-1"])
    assert (
        "vol-1: there is no copy of it in eu-west-1" in ended.message and "has no copies in eu-west-1" in ended.message
    )
    assert len(ebs_runs.calls) == 2, "one listing of all copies is enough"


def test_a_disk_that_was_not_made_is_reported_with_the_clouds_reason_and_never_as_new(runs):
    """A zone or type that does not exist: the call fails as a whole, and returns no row for a copy."""
    runs.copy_new_disks("database", "mail")
    ended = runs.restore(disk_type="imaginary", manifest_dir="/nonexistent")
    assert not runs.estate.disks() and ended.result["totals"]["missing"] == 2
    assert "imaginary" in ended.message and ended.message.startswith("2 of 2 disks are missing.")
    assert not any(line.startswith("SERVER") and "are missing" not in line for line in ended.lines)
    assert {row["state"] for row in ended.result["disks"]} == {"absent"}
    assert all("imaginary" in line for line in ended.lines if line.startswith("MISSING"))
    assert not any("a new disk" in line for line in ended.lines)


def test_a_disk_that_is_still_being_created_at_the_timeout_is_not_missing(runs, tmp_path):
    runs.copy_new_disks("database")
    runs.estate.settings(disk_seconds=3600)
    ended = runs.restore(wait_timeout=60, manifest_dir=str(tmp_path))
    (row,) = ended.result["disks"]
    assert [disk.id for disk in runs.estate.disks()] == [row["new_disk_id"]]
    assert row["state"] == "creating" and not row["missing"]
    assert ended.result["totals"]["missing"] == 0 and ended.result["totals"]["creating"] == 1
    assert ended.message.startswith("1 of 1 disks is still being created: ")
    assert "Run again with the same dr_restore_id" in ended.message and "missing" not in ended.message
    assert not any(line.startswith("MISSING") for line in ended.lines)
    runs.estate.settings(disk_seconds=1)
    runs.estate.clock.sleep(3600)
    again = runs.restore(manifest_dir=str(tmp_path))
    assert not again.message and again.result["disks"][0]["new_disk_id"] == row["new_disk_id"]


def test_a_drill_in_a_wrong_place_reports_the_clouds_message(runs):
    runs.copy_new_disks("database")
    ended = runs.drill(disk_type="imaginary")
    (trial,) = ended.result["tried"]
    assert "imaginary" in trial["why"] and "imaginary" in ended.message and "not available" not in ended.message


def test_a_system_disk_is_missing_alone(cbs_disks, tmp_path):
    runs = RestoreRuns(cbs_disks)
    copies = runs.copy_disks({name: cbs_disks.disk(Name=name) for name in ("root", "data")})
    cbs_disks.get(copies["root"], cbs_disks.destination).usage = "SYSTEM_DISK"
    ended = runs.restore(manifest_dir=str(tmp_path))
    missing, made = ended.result["disks"]
    assert missing["state"] == "missing" and "belongs to a system disk" in missing["missing"]
    assert made["copy_id"] == copies["data"] and made["state"] == "available"


# What the screen shows


def test_a_failure_of_many_disks_is_reported_once(ebs_runs):
    runs, names = ebs_runs, [f"disk-{number:02}" for number in range(14)]
    runs.copy_new_disks(*names)
    ended = runs.restore(zone="eu-west-1x", manifest_dir="/nonexistent")
    assert ended.message.count("is not a zone of eu-west-1") == 1 and " and 4 more: " in ended.message
    assert "dr_restore_zone: 'eu-west-1x'" in ended.message, "the role's users know its variables"
    nothing = runs.restore(disk_ids=[f"vol-{number}" for number in range(12)])
    assert nothing.message.count("there is no copy of it in eu-west-1") == 1 and " and 2 more: " in nothing.message


def test_reasons_beyond_ten_are_counted():
    missing = [(f"disk-{number}", f"reason {number}") for number in range(12)]
    assert points.by_reason(missing).endswith("disk-9: reason 9; and 2 more for other reasons")


def test_copies_of_another_source_region_are_not_denied(ebs_runs, tmp_path):
    disks = ebs_runs.copy_new_disks("database")
    ended = ebs_runs.restore(source_region="us-west-2", expected=list(disks.values()), manifest_dir=str(tmp_path))
    assert ended.message.startswith("No copy in eu-west-1 matches dr_restore_source_region us-west-2")
    (row,) = ended.result["disks"]
    assert row["missing"].endswith("there is no copy of it from us-west-2 in eu-west-1")


def test_a_run_in_a_wrong_zone_leaves_the_manifest_of_the_disks_that_are_there(ebs_runs, tmp_path):
    runs, given = ebs_runs, {"manifest_dir": str(tmp_path)}
    runs.copy_new_disks("database")
    assert f"MANIFEST {tmp_path}/orders.flood.restore.json" in runs.restore(**given).lines
    before = (tmp_path / "orders.flood.restore.json").read_text()
    wrong = runs.restore(zone=runs.estate.other_zone, **given)
    assert "1 of 1 disks is missing" in wrong.message and "Set another dr_restore_id" in wrong.message
    assert (tmp_path / "orders.flood.restore.json").read_text() == before
    assert any(line.startswith("MANIFEST") and "is from an earlier run" in line for line in wrong.lines)


def test_the_screen_shows_the_age_of_the_data_and_the_duration(ebs_runs, tmp_path):
    runs = ebs_runs
    disks = {name: runs.estate.disk(Name=name) for name in ("database", "mail")}
    runs.copy_disks({"database": disks["database"]}, hours=30)
    runs.copy_disks({"mail": disks["mail"]}, hours=2)
    runs.estate.settings(disk_seconds=30)
    planned = runs.restore(check=True, manifest_dir=str(tmp_path)).lines
    data = next(line for line in planned if line.startswith("DATA"))
    assert f"(database ({disks['database']}), 30" in data and f"(mail ({disks['mail']}))" in data
    assert not any(line.startswith(("TIME", "MANIFEST")) for line in planned)
    made = runs.restore(manifest_dir=str(tmp_path))
    (time,) = [line for line in made.lines if line.startswith("TIME")]
    row = made.result["disks"][0]
    assert row["began_at"] < row["available_at"] and row["began_at"] in time and row["available_at"] in time
    assert time in runs.restore(manifest_dir=str(tmp_path)).lines, "a later run shows the same"


# Order and time


@pytest.fixture(params=sorted(name for name in CLOUDS if CAPABILITIES[name].tag_rules))
def tagged_runs(request):
    """Runs whose copies have the tags of disks."""
    return RestoreRuns(request.getfixturevalue(f"{request.param}_disks"))


TIERS = [{"Name": "database"}, {"Name": "app"}]


def test_a_wave_begins_when_the_one_before_is_available(tagged_runs, tmp_path):
    runs = tagged_runs
    runs.copy_new_disks("app", "database", "web")
    runs.estate.settings(disk_seconds=40)
    ended = runs.restore(waves=TIERS, manifest_dir=str(tmp_path), rto_minutes=60)
    rows = {row["disk_name"]: row for row in ended.result["disks"]}
    assert [rows[name]["wave"] for name in ("database", "app", "web")] == [1, 2, 3] and not ended.message
    assert rows["database"]["available_at"] <= rows["app"]["began_at"] < rows["app"]["available_at"]
    assert rows["app"]["available_at"] <= rows["web"]["began_at"] and rows["web"]["warm_at"] is None
    assert ended.result["took_minutes"] >= 2
    began, last = rows["database"]["began_at"], rows["database"]["available_at"]
    line = f"wave 1 (Name=database): 1 of 1 disks are available, began at {began}, the last at {last}"
    assert line in ended.lines, "the cloud does not show the loading of data, or it has not ended"
    assert any(line.startswith("wave 3 (all others)") for line in ended.lines)
    again = runs.restore(waves=TIERS, manifest_dir=str(tmp_path), rto_minutes=0.5)
    assert not again.message, "what was available before this run is no part of its time"
    later = {row["disk_name"]: row for row in again.result["disks"]}
    assert all(later[name]["available_at"] == rows[name]["available_at"] for name in rows)


def test_a_disk_remains_warm_once_a_run_has_seen_it_warm(ebs_runs, tmp_path):
    ebs_runs.copy_new_disks("database")
    seen, shown = [], []
    for seconds in (0, 86400, 86400):
        ebs_runs.estate.clock.sleep(seconds)
        (row,) = ebs_runs.restore(manifest_dir=str(tmp_path)).result["disks"]
        seen.append((row["available_at"], row["warm_at"]))
        waved = ebs_runs.restore(manifest_dir=str(tmp_path), waves=TIERS)
        shown.append(next(line for line in waved.lines if line.startswith("wave 1")).partition(", all data")[2])
    assert shown == ["", f" loaded by {seen[1][1]}", f" loaded by {seen[1][1]}"]
    half = lines_of({**waved.result, "disks": [row, {**row, "warm_at": None}]})
    assert next(line for line in half if line.startswith("wave 1")).endswith(", 1 with all data loaded")
    (first, second, third) = seen
    assert first[0] == second[0] == third[0] and first[1] is None and second[1] > second[0] and third[1] == second[1]


def test_the_data_of_new_disks_is_loaded_at_the_requested_rate(ebs_runs):
    ebs_runs.copy_new_disks("database")
    assert not ebs_runs.restore(initialization_rate=300, manifest_dir="/nonexistent").result["failures"]
    (disk,) = ebs_runs.estate.disks()
    assert disk.rate == 300


def test_a_failed_disk_is_reported_at_the_end_and_stops_no_wave(tagged_runs, tmp_path):
    runs = tagged_runs
    copies = runs.copy_disks({name: runs.estate.disk(Name=name) for name in ("database", "app")})
    (gone,) = (copies["database"],)
    ended = runs.restore(
        before={"creating 1 disk of wave 1": lambda: runs.estate.forget(gone, runs.estate.destination)},
        waves=TIERS,
        manifest_dir=str(tmp_path),
    )
    missing, made = ended.result["disks"]
    assert (missing["disk_name"], missing["state"], made["disk_name"]) == ("database", "absent", "app")
    assert made["state"] == "available" and ended.message.startswith("1 of 2 disks is missing. database")


def test_a_run_that_took_longer_than_its_rto_fails(tagged_runs, tmp_path):
    runs = tagged_runs
    runs.copy_new_disks("database")
    runs.estate.settings(disk_seconds=60)
    ended = runs.restore(rto_minutes=0.5, manifest_dir=str(tmp_path))
    assert "later than dr_restore_rto_minutes (0.5)" in ended.message and ended.result["totals"]["restored"] == 1
    drilled = runs.drill(rto_minutes=0.5, report_dir=str(tmp_path))
    assert "later than dr_restore_rto_minutes (0.5)" in drilled.message and drilled.result["totals"]["proven"] == 1
    assert "later than dr_restore_rto_minutes" in (tmp_path / "orders.drill.html").read_text()
    assert not runs.drill(rto_minutes=30).message


def test_a_dry_run_shows_the_waves_and_judges_no_time(tagged_runs):
    tagged_runs.copy_new_disks("database", "app")
    ended = tagged_runs.restore(check=True, waves=TIERS, rto_minutes=0.01)
    assert {row["disk_name"]: row["wave"] for row in ended.result["disks"]} == {"database": 1, "app": 2}
    assert not ended.message and ended.result["took_minutes"] is None
    assert "wave 1 (Name=database): 1 of 1 disks would be restored" in ended.lines
    assert not any("creating" in line for line in tagged_runs.lines), tagged_runs.lines
    assert any(line.startswith("would create 1 disk of wave 1") for line in tagged_runs.lines)
    tagged_runs.lines.clear()
    tagged_runs.drill(check=True)
    assert "would create 2 disks" in tagged_runs.lines


def test_a_wave_that_no_disk_is_of_is_warned_of_unless_the_run_is_over_some_disks(tagged_runs, tmp_path):
    """By default copies have the tags of snapshots: waves by tags of disks would silently all be the last one."""
    disks, given = tagged_runs.copy_new_disks("database", "app"), {"manifest_dir": str(tmp_path)}
    waves = [{"tier": "database"}, {"Name": "app"}]
    ended = tagged_runs.restore(check=True, waves=waves, **given)
    (warning,) = [line for line in ended.lines if line.startswith("WARNING") and "wave 1 (tier=database)" in line]
    assert "dr_restore_expected" in warning and not any("wave 2 (Name=app) has no disk" in line for line in ended.lines)
    assert ended.result["warnings"] == [warning.removeprefix("WARNING: ")]
    report = tmp_path / "orders.json"
    report.write_text(json.dumps({"disks": [{"disk_id": disk, "tags": {"tier": "db"}} for disk in disks.values()]}))
    with_report = tagged_runs.restore(check=True, waves=waves, expected=str(report), **given)
    assert with_report.result["warnings"] == ["wave 1 (tier=database) has no disk"]
    some = tagged_runs.restore(check=True, waves=waves, disk_names=["app"], **given)
    assert not any("has no disk" in line for line in some.lines)


def test_waves_need_to_be_waited_for(ebs_runs):
    assert "dr_restore_waves needs dr_restore_wait" in ebs_runs.restore(waves=TIERS, wait=False).message
    assert "dr_restore_rto_minutes needs dr_restore_wait" in ebs_runs.restore(rto_minutes=5, wait=False).message


# Copies that cannot be used now


def test_a_restore_skips_an_archived_copy_and_reports_it(ebs_runs, tmp_path):
    older, newer = copied_twice(ebs_runs, storage_tier="archive")
    ended = ebs_runs.restore(manifest_dir=str(tmp_path))
    (row,) = ended.result["disks"]
    assert (row["copy_id"], row["state"]) == (older, "available") and not ended.message
    assert newer in row["passed_over"] and "is archived" in row["passed_over"]
    assert any(f"the newer copy {newer}" in line for line in ended.lines)
    drilled = ebs_runs.drill(report_dir=str(tmp_path))
    assert [trial["copy_id"] for trial in drilled.result["tried"]] == [older] and not drilled.message
    page = (tmp_path / "orders.drill.html").read_text()
    assert "overall is-amber" in page and "1 of 1 disks has a newer copy that cannot be restored now" in page
    assert any("is archived" in line for line in drilled.lines)


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_a_copy_with_a_key_that_is_not_enabled_is_not_proven_and_no_disk_is_made(ebs_runs, tmp_path, state):
    older, newer = copied_twice(ebs_runs, encrypted=True, kms_key_id=KEY)
    ebs_runs.estate.settings(keys_of_kms={KEY: state})
    drilled = ebs_runs.drill(max_age_days=7)
    (trial,) = drilled.result["tried"]
    assert trial["copy_id"] == newer and not trial["proven"] and KEY in trial["why"]
    assert ("KMS will delete it on" if state == "PendingDeletion" else "Disabled") in drilled.message
    assert not ebs_runs.estate.calls["CreateVolume"]
    restored = ebs_runs.restore(manifest_dir=str(tmp_path))
    (row,) = restored.result["disks"]
    assert row["copy_id"] == older and KEY in row["passed_over"] and not restored.message


def test_disks_of_a_drill_are_billed_by_the_hour(ens_disks, tmp_path):
    runs = RestoreRuns(ens_disks)
    runs.copy_new_disks("database")
    assert not runs.drill(instance_billing_cycle="Month").message
    runs.restore(instance_billing_cycle="Month", manifest_dir=str(tmp_path))
    made = [arguments for name, arguments in runs.calls if name == "ens_snapshot_restore" and "state" not in arguments]
    assert [arguments["instance_billing_cycle"] for arguments in made] == ["Hour", "Month"]


def test_a_proof_is_written_only_on_the_copy_that_was_tested(ebs_runs, tmp_path):
    """A call that names the source writes to the oldest copy, which is archived here."""
    source = ebs_runs.estate.snapshot(ebs_runs.estate.disk(Name="database"))
    old = ebs_runs.estate.create_our_copy(source)
    ebs_runs.estate.clock.sleep(60)
    new = ebs_runs.estate.create_our_copy(source)
    old.storage_tier = "archive"
    ended = ebs_runs.drill(report_dir=str(tmp_path))
    (tried,) = ended.result["tried"]
    assert not ended.message and tried["copy_id"] == new.id and tried["proven"], ended.message
    (warning,) = [text for text in ended.result["warnings"] if "only in the reports" in text]
    assert new.id in warning and f"because a run tags only {old.id}" in warning
    assert not any("dr-copy:proven-at" in ebs_runs.estate.tags_of(copy) for copy in (old, new))
    assert ended.result["disks"][0]["proven_at"]


@pytest.mark.parametrize("by", ["disk_names", "disk_ids", None])
def test_a_drill_fails_if_a_disk_that_was_requested_cannot_be_tested(ebs_runs, by):
    disks = {**ebs_runs.copy_new_disks("database"), "mail": ebs_runs.estate.disk(Name="mail")}
    requested = {"disk_names": list(disks), "disk_ids": list(disks.values())}
    ended = ebs_runs.drill(**({by: requested[by]} if by else {}))
    assert ended.result["totals"]["proven"] == 1
    assert ("1 disk that was requested" in ended.message) == bool(by), ended.message


def test_a_drill_warns_once_of_disks_whose_copies_are_all_gone(runs, tmp_path):
    """A drill forgets disks without a copy; it must not do so without a word (promises: drills)."""
    disks = runs.copy_new_disks("database")
    mail = runs.estate.disk(Name="mail")
    (lost,) = runs.copy_disks({"mail": mail}).values()
    everything = {"report_dir": str(tmp_path), "max_age_days": 7, "count": 10}
    assert not runs.drill(**everything).message
    runs.estate.forget(lost, runs.estate.destination)
    narrow = runs.drill(**everything, disk_ids=list(disks.values()))
    assert not narrow.result["warnings"] and len(narrow.result["earlier"]) == 1
    (warning,) = runs.drill(**everything).result["warnings"]
    assert "1 proven disk no longer has a copy in" in warning and "dr_restore_disk_ids" in warning
    assert not runs.drill(**everything).result["warnings"]
    assert mail in runs.drill(**everything, disk_ids=[*disks.values(), mail]).message, "as the warning says"


def test_a_drill_names_a_disk_that_it_made_and_did_not_delete(runs):
    """It is no longer listed: somebody has deleted it, or the listing is stale (promises: drills)."""
    runs.copy_new_disks("database")
    made = []

    def remove_disks():
        for disk in list(runs.estate.disks()):
            made.append(disk.id)
            runs.estate.remove_disk(disk)

    (warning,) = runs.drill(before={"deleting": remove_disks}).result["warnings"]
    assert made and made[0] in warning and "dr-restore:expires-at" in warning


def unproven(directory):
    (line,) = [
        line
        for line in (directory / "dr_drill_orders.prom").read_text().splitlines()
        if line.startswith("dr_copy_drill_unproven{")
    ]
    return float(line.split()[-1])


@pytest.mark.parametrize("trouble", ["gone", "archived", "overdue"])
def test_a_drill_that_fails_fires_its_alert_and_ends_no_series(ebs_runs, tmp_path, trouble):
    """Whatever the reason is; an alert must not end because nothing is known any more (promises: drills)."""
    disks = ebs_runs.copy_new_disks("database", "mail")
    given = {"report_dir": str(tmp_path), "metrics_dir": str(tmp_path), "max_age_days": 7}
    assert not ebs_runs.drill(**given, count=2).message and unproven(tmp_path) == 0
    series = {
        line.split()[0] for line in (tmp_path / "dr_drill_orders.prom").read_text().splitlines() if "disk=" in line
    }
    copies = ebs_runs.estate.copies()
    if trouble == "overdue":
        ebs_runs.estate.clock.sleep(10 * 24 * 3600)
        given["count"] = 1
    for copy in copies if trouble != "overdue" else ():
        if trouble == "gone":
            ebs_runs.estate.forget(copy.id, ebs_runs.estate.destination)
        else:
            copy.storage_tier = "archive"
    assert ebs_runs.drill(**given).message and unproven(tmp_path) >= 1
    text = (tmp_path / "dr_drill_orders.prom").read_text()
    assert all(name in text for name in series) and len(series) == len(disks)


@pytest.mark.parametrize("minutes", [5, 30])
def test_a_copy_that_is_newer_than_the_controllers_clock_is_restored_or_named(ebs_runs, tmp_path, minutes):
    """The clock of the controller is behind, or a tag is wrong."""
    disk = ebs_runs.estate.disk(Name="database")
    older = ebs_runs.copy_disks({"database": disk}, 72)["database"]
    newer = ebs_runs.copy_disks({"database": disk}, -minutes / 60)["database"]
    (row,) = ebs_runs.restore(manifest_dir=str(tmp_path)).result["disks"]
    if minutes < 15:
        assert row["copy_id"] == newer and not row["passed_over"]
    else:
        assert row["copy_id"] == older and newer in row["passed_over"] and "in the future" in row["passed_over"]
