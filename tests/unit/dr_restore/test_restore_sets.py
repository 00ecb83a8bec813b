# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores and drills of servers with several disks: complete sets, torn servers, and copies passed over."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output.server_lines import (
    lines_of_servers,
    torn_problem,
)

from tests.clouds import CLOUDS
from tests.support.night_runs import night
from tests.support.restore_runs import RestoreRuns
from tests.support.server_estates import marks, row, rows_of, server, silence_source, taken, two_disks


@pytest.fixture(params=["ebs", "ecs", "cbs"])
def runs(request):
    """A cloud whose copies have tags."""
    return RestoreRuns(request.getfixturevalue(f"{request.param}_disks"))


def test_the_newest_complete_set_is_restored_and_newer_copies_are_reported(runs, tmp_path):
    disks = two_disks(runs)
    runs.copy_disks(disks, 50, **marks("n1"))
    whole = runs.copy_disks(disks, 26, **marks("n2"))
    newer = runs.copy_disks({"database": disks["database"]}, 2, **marks("n3"))
    given = {"manifest_dir": str(tmp_path)}
    predicted = runs.restore(check=True, **given)
    (line,) = [line for line in predicted.lines if line.startswith("SERVER i-1")]
    assert "missing" not in line
    assert "2 disks as of" in line and "crash-consistent" in line and "newer, but not used: database of" in line
    ended = runs.restore(**given)
    assert not ended.message
    rows = rows_of(ended)
    assert {name: row["copy_id"] for name, row in rows.items()} == whole
    assert {(row["group"], row["set"], row["consistency"], row["torn"]) for row in rows.values()} == {
        ("i-1", "n2", "crash", False)
    }
    assert rows["database"]["newer"]["copy_id"] == newer["database"] and rows["log"]["newer"] is None
    (written,) = tmp_path.glob("*.json")
    assert json.loads(written.read_text())["disks"] == ended.result["disks"]


def test_a_server_without_a_common_night_is_reported_as_torn(runs):
    """Two disks of two nights must not be silently reported as restored."""
    disks = two_disks(runs)
    runs.copy_disks({"log": disks["log"]}, 96, **marks("n7"))
    for number, hours in (("n8", 72), ("n9", 48), ("n10", 24)):
        newest = runs.copy_disks({"database": disks["database"]}, hours, **marks(number))
    predicted = runs.restore(check=True)
    ended = runs.restore()
    assert predicted.message == ended.message and "was restored" not in predicted.message
    assert ended.result["totals"]["restored"] == 2 and ended.result["totals"]["torn"] == 2
    assert (
        "1 server cannot be restored to one point in time" in ended.message and "i-1 (database as of" in ended.message
    )
    assert any(line.startswith("TORN i-1") for line in ended.lines)
    rows = rows_of(ended)
    assert rows["database"]["copy_id"] == newest["database"] and {row["set"] for row in rows.values()} == {None}


def test_the_only_marked_copy_of_a_larger_set_is_torn_unless_its_disk_alone_is_requested(runs):
    """The other disk was copied before it was known to belong to a server, so its copy has no such marks."""
    disks = two_disks(runs)
    runs.copy_disks({"database": disks["database"]}, 26)
    runs.copy_disks({"log": disks["log"]}, 26, **marks("n1"))
    predicted = runs.restore(check=True)
    ended = runs.restore()
    assert predicted.message == ended.message
    assert "1 server cannot be restored to one point in time" in ended.message and "i-1 (log as of" in ended.message
    assert any(line.startswith("TORN i-1: its set is incomplete (log as of") for line in ended.lines)
    assert ended.result["totals"]["restored"] == 2 and ended.result["totals"]["torn"] == 1
    alone = runs.restore(id="alone", disk_ids=[disks["log"]])
    assert not alone.message and rows_of(alone)["log"]["set"] == "n1"


def test_contradictory_marks_are_reported_and_no_set_is_used(runs, tmp_path):
    """The mark of one disk says two, that of the other one three."""
    disks = two_disks(runs)
    older = runs.copy_disks(disks, 50, **marks("n1"))
    runs.copy_disks({"database": disks["database"]}, 26, **marks("n2"))
    runs.copy_disks({"log": disks["log"]}, 26, **marks("n2", size=3))
    predicted = runs.restore(check=True)
    assert any(line.startswith("WARNING: The tags of copies contradict each other") for line in predicted.lines)
    ended = runs.restore(manifest_dir=str(tmp_path))
    assert not ended.message and {name: row["copy_id"] for name, row in rows_of(ended).items()} == older
    (warning,) = ended.result["warnings"]
    assert "the set n2 of i-1" in warning and "2 crash n2, 3 crash n2" in warning and "do not count as a set" in warning
    (written,) = tmp_path.glob("*.json")
    assert json.loads(written.read_text())["warnings"] == [warning]
    drilled = runs.drill(count=1, report_dir=str(tmp_path))
    assert drilled.result["warnings"] == [warning] and f"WARNING: {warning}" in drilled.lines
    (page,) = tmp_path.glob("*.html")
    assert "the set n2 of i-1" in page.read_text() and "is-amber" in page.read_text()


def test_a_disk_that_left_its_server_is_restored_alone_without_a_failure(runs):
    disks = {**two_disks(runs), "old": runs.estate.disk(Name="old")}
    left = runs.copy_disks(disks, 50, **marks("n1", size=3))["old"]
    whole = runs.copy_disks({name: disks[name] for name in ("database", "log")}, 26, **marks("n2"))
    ended = runs.restore()
    assert {name: row["copy_id"] for name, row in rows_of(ended).items()} == {**whole, "old": left}
    shown = {name: (row["group"], row["former_group"], row["torn"]) for name, row in rows_of(ended).items()}
    of_server = ("i-1", None, False)
    assert shown == {"database": of_server, "log": of_server, "old": (None, "i-1", False)} and not ended.message
    assert "LEFT old: no longer in i-1, restored alone" in ended.lines
    assert [line for line in ended.lines if line.startswith("SERVER i-1: 2 disks as of")]
    named = runs.restore(id="older", disk_names=["database", "log", "old"])
    assert {row["set"] for row in named.result["disks"]} == {"n1"}, "a set with the selected disks is complete"


def test_a_disk_that_joined_after_the_newest_complete_set_is_torn(runs):
    disks = two_disks(runs)
    whole = runs.copy_disks(disks, 26, **marks("n1"))
    disks["new"] = runs.estate.disk(Name="new")
    newest = runs.copy_disks({"new": disks["new"]}, 2, **marks("n2", size=3))
    ended = runs.restore()
    assert {name: row["copy_id"] for name, row in rows_of(ended).items()} == {**whole, **newest}
    assert {name: row["torn"] for name, row in rows_of(ended).items()} == {"database": False, "log": False, "new": True}
    assert "i-1 (new as of" in ended.message and "the other disks are from the set of" in ended.message


def test_consistency_disk_restores_the_newest_of_each_disk_and_only_reports_torn_servers(runs):
    disks = two_disks(runs)
    runs.copy_disks(disks, 26, **marks("n2"))
    newer = runs.copy_disks({"database": disks["database"]}, 2, **marks("n3"))
    ended = runs.restore(consistency="disk")
    assert not ended.message and ended.result["totals"]["torn"] == 2
    assert rows_of(ended)["database"]["copy_id"] == newer["database"]
    assert any(line.startswith("TORN i-1") for line in ended.lines)


def test_at_a_time_the_set_of_that_time_is_restored(runs):
    disks = two_disks(runs)
    older = runs.copy_disks(disks, 50, **marks("n1"))
    runs.copy_disks(disks, 26, **marks("n2"))
    at = runs.estate.clock.utc() - timedelta(hours=40)
    ended = runs.restore(at=at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert {name: row["copy_id"] for name, row in rows_of(ended).items()} == older


def test_a_second_run_keeps_the_set_of_the_first(runs):
    disks = two_disks(runs)
    whole = runs.copy_disks(disks, 26, **marks("n2"))
    assert not runs.restore().message
    runs.copy_disks(disks, 2, **marks("n3"))
    again = runs.restore()
    assert {name: row["copy_id"] for name, row in rows_of(again).items()} == whole and not again.message
    assert len(runs.estate.disks()) == 2


def test_single_disks_and_disks_without_marks_are_restored_from_their_newest_copy(runs):
    runs.copy_new_disks("mail")
    ended = runs.restore()
    (row,) = ended.result["disks"]
    assert (row["group"], row["set"], row["torn"], row["newer"]) == (None, None, False, None) and not ended.message


def test_a_drill_finishes_a_set_that_it_has_started(runs):
    disks = two_disks(runs)
    runs.copy_disks(disks, 26, **marks("n2"))
    runs.copy_new_disks("mail", hours=26)
    ended = runs.drill(count=1)
    tried = {row["disk_name"] for row in ended.result["tried"]}
    assert tried in ({"database", "log"}, {"mail"})
    everything = runs.drill(count=2)
    assert len(everything.result["tried"]) >= 2
    shown = {row["disk_name"]: (row["group"], row["set"], row["consistency"]) for row in everything.result["tried"]}
    of_set = ("i-1", "n2", "crash")
    assert shown.items() <= {"database": of_set, "log": of_set, "mail": (None, None, None)}.items()
    room = runs.drill(count=3, max_gib=1)
    assert room.result["tried"] == []


# -- after a night, from a dead source region --------------------------------------------------------------


@pytest.fixture(params=sorted(CLOUDS))
def any_runs(request):
    return RestoreRuns(request.getfixturevalue(f"{request.param}_disks"))


def test_a_server_is_restored_from_its_set_after_its_source_region_is_gone(any_runs, tmp_path):
    """Copies without marks are divided into sets by the plan's last report."""
    estate = any_runs.estate
    disks = server(estate)
    older = dict(zip(disks, taken(estate, disks, 26), strict=True))
    taken(estate, disks[:1], 2)
    night(estate, report_dir=str(tmp_path))
    silence_source(estate)
    given = {"expected": str(tmp_path / "orders.json"), "id": "flood"}
    predicted = any_runs.restore(check=True, **given)
    (line,) = [line for line in predicted.lines if line.startswith("SERVER i-0a1")]
    assert (
        "2 disks as of" in line and "taken within minutes, not at one moment" in line and "newer, but not used" in line
    )
    ended = any_runs.restore(**given)
    assert not ended.message and not ended.result["warnings"]
    rows = {row["disk_id"]: row for row in ended.result["disks"]}
    assert {disk: row["source_snapshot_id"] for disk, row in rows.items()} == older
    assert {(row["group"], row["consistency"], row["torn"]) for row in rows.values()} == {("i-0a1", "near", False)}
    assert len({row["set"] for row in rows.values()}) == 1 and rows[disks[0]]["newer"]
    drilled = any_runs.drill(count=1, expected=str(tmp_path / "orders.json"))
    assert {row["disk_id"] for row in drilled.result["tried"]} == set(disks)


def test_a_restore_without_marks_and_report_says_that_it_knows_no_servers(ens_disks):
    runs = RestoreRuns(ens_disks)
    runs.copy_new_disks("database", "log")
    (warning,) = runs.restore().result["warnings"]
    assert "do not show servers" in warning and "dr_restore_expected" in warning


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "crash-consistent"),
        ({"consistency": "near"}, "taken within minutes, not at one moment"),
        ({"missing": "its copy belongs to a system disk"}, "crash-consistent, but 2 of them are missing"),
    ],
)
def test_the_line_of_a_server_says_how_consistent_its_set_is_and_what_it_lacks(facts, words):
    assert lines_of_servers([row(1, **facts), row(2, **facts)]) == [f"SERVER i-1: 2 disks as of of-1, {words}"]


def test_newer_copies_that_a_set_does_not_use_are_named_up_to_ten_and_the_others_counted():
    (line,) = lines_of_servers([row(number, newer={"taken_at": f"new-{number}"}) for number in range(12)])
    assert "newer, but not used: disk-0 of new-0, " in line and "disk-9 of new-9 and 2 more" in line


def test_ten_torn_servers_are_named_and_the_others_are_in_the_manifest():
    torn = {"torn": True, "set": None}
    message = torn_problem([row(number, group=f"i-{number:02}", **torn) for number in range(12)])
    assert message.startswith("12 servers cannot be restored to one point in time")
    assert "; i-09 (" in message and "i-10" not in message and "; and 2 more, all in the manifest." in message


def test_ten_disks_that_left_their_servers_have_a_line_and_the_others_are_counted():
    lines = lines_of_servers([row(number, group=None, set=None, former_group="i-1") for number in range(12)])
    assert lines[:-1] == [f"LEFT disk-{number}: no longer in i-1, restored alone" for number in range(10)]
    assert lines[-1] == "LEFT 2 more disks; see the manifest"
