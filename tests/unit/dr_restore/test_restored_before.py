# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A restore that runs again makes no second disk of a disk, whichever copies exist by then."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.support.restores import chosen, copy, disk
from tests.support.server_estates import marks, rows_of, two_disks


def hours_ago(runs, hours):
    return (runs.estate.clock.utc() - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_disks(ended):
    return {row["disk_id"]: row["new_disk_id"] for row in ended.result["disks"]}


# An earlier time


def test_an_earlier_time_makes_no_second_disk_and_names_both_copies(runs, tmp_path):
    disks, given = {name: runs.estate.disk(Name=name) for name in ("database", "mail")}, {"manifest_dir": str(tmp_path)}
    older = runs.copy_disks(disks, 30)
    newer = runs.copy_disks({"database": disks["database"]}, 2)
    first = runs.restore(**given)
    (path,) = tmp_path.iterdir()
    written = path.read_text()
    for check in (True, False):
        runs.calls.clear()
        ended = runs.restore(check=check, at=hours_ago(runs, 10), **given)
        named = (disks["database"], new_disks(first)[disks["database"]], newer["database"], older["database"])
        assert all(word in ended.message for word in named) and "dr_restore_id" in ended.message
        assert disks["mail"] not in ended.message, "its disk is of the time that is asked for"
        assert not any(name.endswith("_restore") for name, _arguments in runs.calls)
    assert len(runs.estate.disks()) == 2 and path.read_text() == written
    alone = runs.restore(at=hours_ago(runs, 10), disk_ids=[disks["mail"]], **given)
    assert not alone.message, "a run over other disks continues"
    other = runs.restore(id="before-the-attack", at=hours_ago(runs, 10), **given)
    assert not other.message and len(runs.estate.disks()) == 4
    for made in runs.estate.disks():
        if made.id == new_disks(first)[disks["database"]]:
            runs.estate.remove_disk(made)
    again = runs.restore(at=hours_ago(runs, 10), **given)
    assert not again.message, "the disk is gone, so there is no second one"
    assert {row["copy_id"] for row in again.result["disks"]} == set(older.values())


def test_a_time_before_all_copies_does_not_call_a_disk_missing_that_was_made(runs, tmp_path):
    disks = runs.copy_new_disks("database")
    first = runs.restore(manifest_dir=str(tmp_path))
    ended = runs.restore(at=hours_ago(runs, 50), manifest_dir=str(tmp_path))
    assert new_disks(first)[disks["database"]] in ended.message and "made no copy" not in ended.message
    assert "missing" not in ended.message


def test_a_later_time_keeps_the_disk_that_is_there(runs, tmp_path):
    disks = {"database": runs.estate.disk(Name="database")}
    runs.copy_disks(disks, 30)
    runs.copy_disks(disks, 2)
    first = runs.restore(at=hours_ago(runs, 10), manifest_dir=str(tmp_path))
    again = runs.restore(manifest_dir=str(tmp_path))
    assert not again.message and new_disks(again) == new_disks(first) and len(runs.estate.disks()) == 1


def test_a_run_adopts_one_of_two_disks_of_an_older_version_and_warns_of_the_other(ebs_runs, tmp_path):
    estate, disks = ebs_runs.estate, {"database": ebs_runs.estate.disk(Name="database")}
    older = ebs_runs.copy_disks(disks, 30)["database"]
    newer = ebs_runs.copy_disks(disks, 2)["database"]
    planted = {copy: estate.plant(copy, estate.restore_tags_of(copy)).id for copy in (older, newer)}
    ended = ebs_runs.restore(manifest_dir=str(tmp_path))
    assert not ended.message and new_disks(ended) == {disks["database"]: planted[newer]}
    (warning,) = ended.result["warnings"]
    assert all(word in warning for word in (*planted.values(), older, newer, "Attach only one"))
    before = ebs_runs.restore(at=hours_ago(ebs_runs, 10), manifest_dir=str(tmp_path))
    assert new_disks(before) == {disks["database"]: planted[older]} and not before.message
    assert len(estate.disks()) == 2


# A copy that is gone, or from which no disk can be made any more


def test_a_disk_whose_copy_is_gone_is_kept(runs, tmp_path):
    disks, given = {name: runs.estate.disk(Name=name) for name in ("database", "mail")}, {"manifest_dir": str(tmp_path)}
    runs.copy_disks({"database": disks["database"]}, 30)
    used = runs.copy_disks(disks, 2)
    first = runs.restore(**given)
    for copy_id in used.values():
        runs.estate.forget(copy_id, runs.estate.destination)
    again = runs.restore(expected=list(disks.values()), **given)
    assert not again.message and new_disks(again) == new_disks(first) and len(runs.estate.disks()) == 2
    assert again.result["totals"]["missing"] == 0 and not again.result["earlier"]
    kept = {row["disk_id"]: row for row in again.result["disks"]}
    for row in first.result["disks"]:
        same = ("copy_id", "disk_name", "instance", "device", "tags", "taken_at", "source_snapshot_id", "available_at")
        assert {key: kept[row["disk_id"]][key] for key in same} == {key: row[key] for key in same}
    one = runs.restore(disk_ids=[disks["mail"]], **given)
    assert set(new_disks(one)) == {disks["mail"]} and len(one.result["earlier"]) == 1
    early = runs.restore(at=hours_ago(runs, 10), **given)
    assert all(new in early.message for new in new_disks(first).values()) and len(runs.estate.disks()) == 2


def test_a_run_without_the_manifest_warns_of_a_disk_from_an_unknown_source(ebs_runs, tmp_path):
    disks = {"database": ebs_runs.estate.disk(Name="database")}
    used = ebs_runs.copy_disks(disks, 2)["database"]
    first = ebs_runs.restore(manifest_dir=str(tmp_path))
    ebs_runs.copy_disks(disks, 1)
    ebs_runs.estate.forget(used, ebs_runs.estate.destination)
    ended = ebs_runs.restore(manifest_dir=str(tmp_path / "elsewhere"))
    (warning,) = ended.result["warnings"]
    assert new_disks(first)[disks["database"]] in warning and used in warning and "manifest" in warning


@pytest.mark.parametrize("facts", [{"traits": ["archived"]}, {"key": "disabled"}, {"state": "error"}, {"future": True}])
def test_a_disk_is_kept_if_no_other_could_be_made_of_its_copy_now(facts):
    used, facts = copy(2, day=19), dict(facts)
    if facts.pop("future", False):
        used["source"]["created_at"] = "2026-12-24T02:00:00Z"
    if "key" in facts:
        facts["key"] = {"arn": "arn", "state": "Disabled", "enabled": False, "deletion_date": None}
    (point,) = chosen([copy(1, day=18), {**used, **facts}, copy(3)], [disk(1, "flood", "snap-2")])
    assert point.copy_id == "snap-2" and point.missing is None


@pytest.mark.parametrize("trait", ["archived", None])
def test_a_completely_restored_server_is_not_torn_by_later_changes_of_its_copies(trait):
    def member(number, disk_id, day, set_id, **facts):
        return copy(number, disk_id, day=day, tags={**marks(set_id)}, **facts)

    traits = (
        {"traits": [trait]} if trait else {"key": {"arn": "a", "state": "x", "enabled": False, "deletion_date": None}}
    )
    copies = [member(1, "vol-1", 18, "n1"), member(2, "vol-2", 18, "n1")]
    copies += [member(3, "vol-1", 19, "n2", **traits), member(4, "vol-2", 19, "n2", **traits)]
    there = [disk(1, "flood", "snap-3"), disk(2, "flood", "snap-4")]
    shown = [(point.copy_id, point.server.set, point.server.torn) for point in chosen(copies, there)]
    assert shown == [("snap-3", "n2", False), ("snap-4", "n2", False)]


def test_a_kept_disk_and_a_disk_of_another_set_are_torn(ebs_runs, tmp_path):
    disks, given = two_disks(ebs_runs), {"manifest_dir": str(tmp_path)}
    ebs_runs.copy_disks(disks, 50, **marks("n1"))
    used = ebs_runs.copy_disks(disks, 26, **marks("n2"))
    assert not ebs_runs.restore(**given).message
    for copy_id in used.values():
        ebs_runs.estate.forget(copy_id, ebs_runs.estate.destination)
    whole = ebs_runs.restore(**given)
    assert not whole.message and {row["set"] for row in whole.result["disks"]} == {"n2"}
    log = next(row for row in whole.result["disks"] if row["disk_name"] == "log")
    ebs_runs.estate.remove_disk(next(one for one in ebs_runs.estate.disks() if one.id == log["new_disk_id"]))
    ended = ebs_runs.restore(**given)
    assert rows_of(ended)["database"]["torn"] and "i-1 (database as of" in ended.message
    assert len(ebs_runs.estate.disks()) == 2


def test_a_manifest_that_does_not_fit_is_ignored(ebs_runs, tmp_path):
    """People edit manifests: a row with another copy than the tags of the disk proves nothing."""
    disks = ebs_runs.copy_new_disks("database")
    ebs_runs.restore(manifest_dir=str(tmp_path))
    (path,) = tmp_path.iterdir()
    manifest = json.loads(path.read_text())
    manifest["disks"] = [{**row, "copy_id": "snap-0ther", "newer": "?", "tags": []} for row in manifest["disks"]]
    path.write_text(json.dumps(manifest))
    ended = ebs_runs.restore(manifest_dir=str(tmp_path))
    assert not ended.message and set(new_disks(ended)) == set(disks.values()) and len(ebs_runs.estate.disks()) == 1


# A restore without a name


def test_a_restore_that_continues_past_midnight_warns_of_second_disks(runs, tmp_path):
    runs.copy_new_disks("database", "mail")
    given = {"id": "", "manifest_dir": str(tmp_path)}

    def warnings_about_the_name(ended):
        return [text for text in ended.result["warnings"] if "dr_restore_id is not set" in text]

    first = runs.restore(**given)
    name = first.result["id"]
    assert not warnings_about_the_name(runs.restore(**given)), "it is the same restore until midnight"
    runs.estate.clock.sleep(24 * 3600)
    for check in (True, False):
        second = runs.restore(check=check, **given)
        (warning,) = warnings_about_the_name(second)
        assert second.result["id"] != name and f"set dr_restore_id: {name}" in warning
        assert all(new in warning for new in new_disks(first).values())
    assert not warnings_about_the_name(runs.restore(**{**given, "id": name}))
    runs.estate.clock.sleep(48 * 3600)
    assert not warnings_about_the_name(runs.restore(**given)), "it is too long ago"


# A manifest that somebody damaged


@pytest.mark.parametrize("text", ['{"disks": [', "[]"])
def test_a_damaged_manifest_is_kept_beside_the_new_one(runs, tmp_path, text):
    """A new manifest would replace the rows that it may still show."""
    disks, given = runs.copy_new_disks("database", "mail"), {"manifest_dir": str(tmp_path)}
    runs.restore(disk_ids=[disks["database"]], **given)
    (path,) = tmp_path.iterdir()
    path.write_text(text)
    for check in (True, False):
        ended = runs.restore(check=check, disk_ids=[disks["mail"]], **given)
        (warning,) = [found for found in ended.result["warnings"] if "cannot be read" in found]
        assert not ended.message and str(path) in warning
    (aside,) = [other for other in tmp_path.iterdir() if other != path]
    assert aside.read_text() == text and aside.name in warning and json.loads(path.read_text())["disks"]
    assert not [w for w in runs.restore(**given).result["warnings"] if "cannot be read" in w]


def test_copies_that_do_not_show_their_disk_are_named(ebs_runs, tmp_path):
    """A copy that somebody made in the console may be the newest of a disk."""
    disk = ebs_runs.estate.disk(Name="database")
    ebs_runs.copy_disks({"database": disk}, 72)
    foreign = ebs_runs.estate.create_foreign_copy(ebs_runs.estate.snapshot(disk, 1))
    ended = ebs_runs.restore(manifest_dir=str(tmp_path))
    (warning,) = [text for text in ended.result["warnings"] if "not show its disk" in text]
    assert foreign.id in warning and any(foreign.id in line for line in ended.lines)
