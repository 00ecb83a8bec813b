# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nights of two plans that protect disks of one server, with the real modules, and restores of that server."""

from __future__ import annotations

import pytest

from tests.simulator.state import SnapshotGroup, new_id
from tests.support.night_runs import night
from tests.support.restore_runs import RestoreRuns
from tests.support.server_estates import marks_of, server, silence_source


@pytest.fixture(params=["ebs", "ecs"])
def runs(request):
    """A cloud whose copies have tags."""
    return RestoreRuns(request.getfixturevalue(f"{request.param}_disks"))


def together(estate, disks, hours, number):
    """Take the snapshots of a server at one moment, as its cloud reports it; return them by disk."""
    if estate.cloud.name == "ebs":
        return {disk: estate.snapshot(disk, hours, night=f"n{number}") for disk in disks}
    sources = {disk: estate.snapshot(disk, hours) for disk in disks}
    group = SnapshotGroup(new_id("ssg-"), estate.source, [*sources.values()], "i-0a1", kind="CONSISTENCY")
    estate.server.account.add(group)
    return sources


def plan_night(estate, plan, disks, **given):
    """Run a plan over some disks of the server; a server without a complete set fails the night."""
    tag = {"set_tag": "night"} if estate.cloud.name == "ebs" else {}
    rules = {"rpo_hours": 30, "consistency": "set", **tag}
    return night(estate, plan=plan, disk_ids=disks, **{**rules, **given})


def days_of(estate, sources):
    """Return by night and disk whether there is a complete copy."""
    copies = estate.info(estate.destination)["snapshots"]
    there = {copy["source"]["snapshot_id"] for copy in copies if copy["state"] == "completed"}
    return [[source in there for source in of_night.values()] for of_night in sources]


def test_two_plans_of_different_disks_of_a_server_each_have_their_sets(runs, tmp_path):
    """Two disks and three: the marks of one snapshot group have two sizes."""
    estate = runs.estate
    disks = server(estate, 5)
    parts = {"data": disks[:2], "system": disks[2:]}
    sources = []
    for number, hours in enumerate((74, 50, 26, 2)):
        sources.append(together(estate, disks, hours, number))
        estate.settings(fail_copies_of={sources[-1][disks[1]]: "no"} if number == 2 else {})
        for plan, own in parts.items():
            ended = plan_night(estate, plan, own, keep=1, rpo_hours=(80, 30)[number == 3])
            (row,) = ended.result["sets"]
            fails = number == 2 and plan == "data"
            assert not any("contradict" in text for text in ended.report["warnings"]), ended.report["warnings"]
            assert bool(ended.message) == fails and row["disks"] == sorted(own) and row["within_rpo"]
            assert row["age_hours"] == pytest.approx(50 if fails else hours, abs=0.2)
            status = plan_night(estate, plan, own, reads_only=True, rpo_hours=80)
            assert status.result["sets"][0]["set"] == row["set"] and row["consistency"] == "crash"
        if number == 2:
            assert days_of(estate, sources) == [[False] * 5, [True, True, *[False] * 3], [True, False, *[True] * 3]]
    assert days_of(estate, sources) == [*([[False] * 5] * 3), [True] * 5]
    silence_source(estate)
    ended = runs.restore(manifest_dir=str(tmp_path))
    assert not ended.message and not ended.result["warnings"]
    assert {row["disk_id"]: row["source_snapshot_id"] for row in ended.result["disks"]} == sources[-1]
    assert not any(row["torn"] for row in ended.result["disks"])


def test_plans_of_one_size_have_sets_of_their_own(ecs_disks):
    """The marks are the same, and have too many disks for one set."""
    runs, estate = RestoreRuns(ecs_disks), ecs_disks
    disks = server(estate, 4)
    sources = together(estate, disks, 2, 1)
    for plan, own in (("data", disks[:2]), ("system", disks[2:])):
        ended = plan_night(estate, plan, own)
        assert not ended.message and not ended.report["warnings"]
    assert len(set(marks_of(estate).values())) == 1
    ended = runs.restore()
    assert {row["source_snapshot_id"] for row in ended.result["disks"]} == {*sources.values()} and not ended.message


def test_plans_of_different_nights_are_restored_from_their_own_sets_with_a_warning(runs):
    estate = runs.estate
    disks = server(estate, 4)
    older, newer = together(estate, disks, 26, 1), None
    plan_night(estate, "system", disks[2:])
    newer = together(estate, disks, 2, 2)
    plan_night(estate, "data", disks[:2])
    predicted = runs.restore(check=True)
    lines = [line for line in predicted.lines if line.startswith("SERVER i-0a1: 2 disks (")]
    assert len(lines) == 2 and all("another plan protects its other disks" in line for line in lines)
    ended = runs.restore()
    chosen = {row["disk_id"]: row["source_snapshot_id"] for row in ended.result["disks"]}
    assert chosen == {**{d: newer[d] for d in disks[:2]}, **{d: older[d] for d in disks[2:]}} and not ended.message
    drilled = runs.drill(count=1)
    assert len(drilled.result["tried"]) == 2, "a set is proven completely, without sets of other plans"


@pytest.mark.parametrize("first", ["all", "part"])
def test_a_plan_of_all_disks_shares_the_copies_of_a_plan_of_some(runs, first):
    """The plan that runs first makes them, and they have its name."""
    estate = runs.estate
    disks = server(estate, 4)
    parts = {"all": disks, "part": disks[:2]}
    sources = []
    for number, hours in enumerate((50, 26, 2)):
        sources.append(together(estate, disks, hours, number))
        for plan in sorted(parts, reverse=first == "part"):
            ended = plan_night(estate, plan, parts[plan], keep=1, rpo_hours=60)
            (row,) = ended.result["sets"]
            assert not ended.message and not ended.report["warnings"] and not row["torn"]
            assert row["age_hours"] == pytest.approx(hours, abs=0.2)
    plan_night(estate, first, parts[first], keep=1)
    assert days_of(estate, sources) == [[False] * 4] * 2 + [[True] * 4], "what the other's set needed is gone, too"
    later = together(estate, disks[:2], 1, 9)
    plan_night(estate, "part", disks[:2], keep=1)
    assert days_of(estate, sources)[-1] == [True] * 4
    plan_night(estate, "all", disks, keep=1)
    assert days_of(estate, sources)[-1] == [True] * 4
    ended = runs.restore()
    assert {row["source_snapshot_id"] for row in ended.result["disks"]} == {*sources[-1].values()}
    assert not ended.message and {row["newer"] is not None for row in ended.result["disks"][:4]} == {True, False}
    of_part = runs.restore(id="part", disk_ids=disks[:2])
    assert {row["source_snapshot_id"] for row in of_part.result["disks"]} == {*later.values()}


def test_a_copy_that_failed_in_one_plan_and_that_another_made_is_of_the_set_of_both(ecs_disks):
    runs, estate = RestoreRuns(ecs_disks), ecs_disks
    disks = server(estate, 3)
    plans = ("hourly", "weekly")
    together(estate, disks, 50, 0)
    for plan in plans:
        plan_night(estate, plan, disks, rpo_hours=60)
    newer = together(estate, disks, 2, 1)
    estate.settings(fail_copies_of={newer[disks[0]]: "no"})
    assert plan_night(estate, "hourly", disks).message
    estate.settings(fail_copies_of={})
    for plan in ("weekly", "hourly"):
        ended = plan_night(estate, plan, disks, keep=1)
        (row,) = ended.result["sets"]
        assert not ended.message and not row["torn"] and row["age_hours"] == pytest.approx(2, abs=0.2)
    ended = runs.restore()
    assert {row["source_snapshot_id"] for row in ended.result["disks"]} == {*newer.values()} and not ended.message


def test_near_sets_of_plans_that_share_a_disk_are_of_one_set(ecs_disks):
    """Only one plan has the disk of the earliest snapshot."""
    runs, estate = RestoreRuns(ecs_disks), ecs_disks
    disks = server(estate, 3)
    for disk, hours in zip(disks, (2.03, 2.02, 2.0), strict=True):
        estate.snapshot(disk, hours)
    for plan, own in (("part", disks[1:]), ("all", disks)):
        ended = night(estate, plan=plan, disk_ids=own, rpo_hours=30, consistency="set")
        assert not ended.message and not ended.result["sets"][0]["torn"]
    ended = runs.restore()
    assert not ended.message and {row["consistency"] for row in ended.result["disks"]} == {"near"}


def test_a_contradiction_within_one_plan_is_reported_by_that_plan_only(ecs_disks):
    runs, estate = RestoreRuns(ecs_disks), ecs_disks
    disks = server(estate, 4)
    together(estate, disks, 2, 1)
    parts = {"data": disks[:2], "system": disks[2:]}
    for plan, own in parts.items():
        plan_night(estate, plan, own)
    changed = next(copy for copy in estate.copies() if estate.tags_of(copy)["dr-copy:plan"] == "data")
    mark = estate.tags_of(changed)["dr-copy:set"]
    estate.set_tags(changed, **{"dr-copy:set": mark.replace("2 ", "3 ", 1)})
    for plan, own in parts.items():
        ended = plan_night(estate, plan, own, reads_only=True)
        warned = [text for text in ended.report["warnings"] if "contradict" in text]
        assert bool(warned) == (plan == "data") == bool(ended.message), ended.report["warnings"]
    ended = runs.restore()
    torn = {row["disk_id"] for row in ended.result["disks"] if row["torn"]}
    assert torn == set(disks[:2]) and "contradict" in ended.result["warnings"][0]


def test_the_reports_of_both_plans_show_the_sets_of_copies_without_marks(ens_disks, tmp_path):
    runs, estate = RestoreRuns(ens_disks), ens_disks
    disks = server(estate, 4)
    sources = {disk: estate.snapshot(disk, 2) for disk in disks}
    parts = {"data": disks[:2], "system": disks[2:]}
    for plan, own in parts.items():
        ended = night(
            estate, plan=plan, disk_ids=own, rpo_hours=30, consistency="set", report_dir=str(tmp_path), keep=1
        )
        assert not ended.message and not ended.result["sets"][0]["torn"]
    estate.snapshot(disks[0], 1)
    night(estate, plan="data", disk_ids=parts["data"], report_dir=str(tmp_path), keep=1)
    silence_source(estate)
    ended = runs.restore(expected=[str(tmp_path / f"{plan}.json") for plan in parts])
    assert {row["disk_id"]: row["source_snapshot_id"] for row in ended.result["disks"]} == sources
    assert not ended.message and {row["consistency"] for row in ended.result["disks"]} == {"near"}
