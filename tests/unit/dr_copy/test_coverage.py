# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which disks a plan protects, and which it leaves out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import is_in_shard
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.batches import (
    deletion_batches,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.judging.coverage import coverage_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.judging.recovery import (
    recovery_points,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.judging.vanished import (
    missing_points,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.keeping.pruning import with_survivors
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.result import role_result
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import (
    expired_copies,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.run_decision import decide_run
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.selection import (
    own_disks,
    too_few,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.step_results import StepResults
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.wording.names import names_in_words
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.wording.warnings import warnings_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.last_report import LastReports
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.pages import report_page
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.report_files import (
    write_report,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.screen import (
    log_lines,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.documents import report_text
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.run_context import RunContext

from tests.support.reports import sample
from tests.support.role_results import DOWN, ago, copy, disk, of_plan, report, snapshot, source, values


@pytest.mark.parametrize(
    ("tags", "near"),
    [
        ({"dr-copy": "True"}, True),
        ({"Dr-Copy": "true"}, True),
        ({"dr_copy": "yes"}, True),
        ({"dr-copy": ""}, True),
        ({"drcopy": "true"}, True),
        ({"dr-copy": "false"}, False),
        ({"dr-copy-exclude": "true"}, False),
        ({"team": "true"}, False),
    ],
)
def test_tags_that_nearly_match_are_reported(tags, near):
    other = {**disk(2), "tags": tags}
    found = coverage_of(source(others=[other]), [], values())["near_misses"]
    assert [row["disk_id"] for row in found] == (["vol-2"] if near else [])


def test_disk_ids_that_the_source_region_does_not_show_are_named():
    result = {"plan": [], "coverage": coverage_of(source(disk(1)), [], values()), "vanished": []}
    done = StepResults(source=source(disk(1)))
    given = replace(values(), disk_ids=["vol-1", "vol-7", "vol-9"])
    (content,) = warnings_of(result, done, given)
    assert "do not exist in us-east-1 or lack the plan's tags: vol-7, vol-9." in content
    assert not warnings_of(result, done, replace(given, disk_ids=["vol-1"]))
    assert not warnings_of(result, replace(done, source={"skipped": True}), given), "nothing was asked"


def test_archived_copies_that_retention_deletes_are_counted_in_a_sentence():
    copies = [{**of_plan("orders", n), "traits": ["archived"]} for n in (1, 2)]
    result = {"plan": [], "coverage": coverage_of(source(), [], values()), "vanished": []}
    (one,) = warnings_of(result, StepResults(source=source(), expired=copies[:1]), values())
    (two,) = warnings_of(result, StepResults(source=source(), expired=copies), values())
    assert one.startswith("1 of the copies that retention deletes is archived")
    assert two.startswith("2 of the copies that retention deletes are archived")


@pytest.mark.parametrize(("expires_at", "is_missing"), [(ago(0), False), (ago(-1), True), (None, True)])
def test_a_point_of_the_last_report_that_is_not_listed_is_missing_unless_it_has_expired(expires_at, is_missing):
    point = {"snapshot_id": "copy-1", "source_snapshot_id": "snap-1", "disk_id": "vol-1", "region": "eu-west-1"}
    damaged = [{"snapshot_id": "copy-2"}, {}, "copy-3"]
    last = {"points": [*damaged, {**point, "source_created_at": ago(2), "expires_at": expires_at}]}
    listed = [{"region": "eu-west-1", "snapshots": [], "failures": []}]
    found = missing_points(last, listed, listed, (), values())
    assert [row["snapshot_id"] for row in found] == (["copy-1"] if is_missing else [])


def test_a_sentence_names_ten_and_counts_the_others():
    names = [f"d{number}" for number in range(13)]
    assert names_in_words(names[:10]) == "d0, d1, d2, d3, d4, d5, d6, d7, d8, d9"
    assert names_in_words(names) == f"{names_in_words(names[:10])}, and 3 more"


def test_a_disk_that_fell_out_since_the_last_report_is_reported(tmp_path):
    given = values(report_dir=str(tmp_path))
    before = sample(2, host="orders", late=0)
    (tmp_path / "orders.json").write_text(report_text(before))
    last = LastReports(given).remembered
    first, second = [row["disk_id"] for row in last["disks"]]
    kept = {**disk(1), "disk_id": first}
    coverage = coverage_of(source(kept), [kept], given, last)
    assert [row["disk_id"] for row in coverage["missing"]] == [second]
    result = {"plan": [], "coverage": coverage, "vanished": []}
    content = warnings_of(result, StepResults(source=source(kept)), given)
    assert any("no longer selected" in line and second in line for line in content)
    down = {**before, "source_listed": False, "recovery_points": before["recovery_points"][:1], "last": last}
    (tmp_path / "orders.json").write_text(report_text(down))
    assert LastReports(given).remembered == last, "a night on which the source could not be listed forgets no disk"
    narrow = replace(given, disk_ids=[first])
    assert coverage_of(source(kept), [kept], narrow, last)["missing"] == [], "another selection is not compared"


def test_a_disk_that_another_shard_protects_since_the_last_report_is_not_missing():
    ids = [f"vol-{n}" for n in range(20)]
    moved = next(i for i in reversed(ids) if is_in_shard(i, "1/2"))
    first = next(i for i in ids if is_in_shard(i, "2/2"))
    server = [{**disk(1), "disk_id": one, "attached_to": "i-0a1"} for one in (first, moved)]
    last = {"disk_ids": [], "shard": "1/2", "disks": [{"disk_id": moved, "disk_name": None}]}
    given = values(shard="1/2")
    assert coverage_of(source(*server), [], given, last)["missing"] == []
    assert coverage_of(source(server[0]), [], given, last)["missing"] == last["disks"]


@pytest.mark.parametrize("part", ["excluded", "missing", "near_misses"])
def test_the_page_names_the_disks_that_a_plan_leaves_out(part):
    night = sample(2, late=0)
    row = {"disk_id": "vol-0123456789abcdef0", "disk_name": "scratch"}
    night["coverage"][part] = [{**row, "tags": {"Dr-Copy": "true"}} if part == "near_misses" else row]
    page = report_page(night)
    assert row["disk_id"] in page and ("Dr-Copy=true" in page) is (part == "near_misses")


def test_a_page_that_cannot_be_drawn_is_replaced_by_a_red_one(tmp_path):
    given = values(report_dir=str(tmp_path), cloud="ebs", source_region="us-east-1")
    run = RunContext(host="h", ansible="2.21.0")
    done = StepResults(source=source())
    result = role_result(done, given, False)
    assert not write_report(result, done, given, run).unwritten
    (page,) = tmp_path.glob("*.html")
    assert "could not be rendered" not in page.read_text()
    result["coverage"]["excluded"] = [{"disk_id": "vol-1"}]  # a row without the name that the template shows
    assert "could not be written" in write_report(result, done, given, run).unwritten
    assert "could not be rendered" in page.read_text() and "disk_name" in page.read_text()


def test_disks_are_left_out_by_a_tag_and_too_few_stop_the_run():
    there = source(disk(1, dr_copy="true"), disk(2, dr_copy_exclude="true"), snapshots=[snapshot(1, 1)])
    assert [d["disk_id"] for d in own_disks(there, values())] == ["vol-1"]
    assert [d["disk_id"] for d in coverage_of(there, [], values())["excluded"]] == ["vol-2"]
    assert not too_few(there, values(min_disks=1)) and not too_few(source(), values(allow_empty=True))
    assert "fewer than dr_copy_min_disks (2)" in too_few(there, values(min_disks=2, shard="1/8"))["message"]
    assert "dr_copy_allow_empty" in too_few(source(), values(allow_empty=False))["hint"]
    assert " 2 disks in us-east-1 have the tags " in too_few(source(disk(1), disk(2)), values(min_disks=3))["message"]
    assert not too_few(DOWN, values(min_disks=2)), "a region that was not listed shows no number"


def test_a_run_is_stopped_where_too_few_disks_are_found():
    there, given = source(disk(1), snapshots=[snapshot(1, 1)]), values(destination_regions=["eu-west-1"])
    decided = decide_run(there, [{"snapshots": [], "region": "eu-west-1"}], given, {})
    assert not decided["stopped"] and [row["reason"] for row in decided["plan"]] == ["newest"]
    stopped = decide_run(there, [], replace(given, min_disks=2), {})
    assert "dr_copy_min_disks" in stopped["stopped"]["hint"] and stopped["disks"] == decided["disks"]
    remembered = {"disks": [{"disk_id": "vol-7", "disk_name": "x"}]}
    assert decide_run(DOWN, [], given, remembered)["disks"][0]["disk_id"] == "vol-7"


def test_a_report_is_written_as_a_whole_or_the_run_says_why_not(tmp_path):
    (tmp_path / "reports").mkdir(mode=0o700)
    given = values(report_dir=str(tmp_path / "reports"), metrics_dir=str(tmp_path / "metrics"), history_days=3)
    run = RunContext(host="orders", ansible="2.21.0")
    result = role_result(StepResults(), given, False)
    assert not write_report(result, StepResults(), given, replace(run, check_mode=True)).unwritten
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "a dry run leaves last night's report as it is"
    old = tmp_path / "reports" / "history" / given.plan / "2020-01-01.json"
    old.parent.mkdir(parents=True)
    old.write_text("{}")
    assert write_report(result, StepResults(), given, run).unwritten == ""
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".html", ".json", ".xml", ".csv", ".prom"} and old not in files
    assert {path.stat().st_mode & 0o777 for path in files} == {0o644}
    assert (tmp_path / "reports").stat().st_mode & 0o777 == 0o700, "others' directories keep their permissions"
    (tmp_path / "file").write_text("")
    for name, what in (("report_dir", "5 reports"), ("metrics_dir", "The metrics")):
        content = write_report(result, StepResults(), replace(given, **{name: str(tmp_path / "file")}), run).unwritten
        assert content.startswith(what) and str(tmp_path / "file") in content and "could not be written" in content


def test_the_newest_complete_copy_is_the_survivor_of_each_copy_to_delete():
    copies = [of_plan("orders", n, hours=24 * n) for n in range(1, 6)]
    newest = {**copies[0], "state": "pending"}
    for known, survivor in ((copies, copies[0]), ([newest, *copies[1:]], copies[1])):
        expired = with_survivors(copies[2:], known)
        assert {copy["survivor"] for copy in expired} == {survivor["snapshot_id"]}
        (call,) = deletion_batches(expired, 0)
        assert call["survivors"] == dict.fromkeys(call["copy_ids"], survivor["snapshot_id"])
    archived = {**copies[0], "traits": ["archived"]}
    expired = with_survivors(copies[2:], [archived, *copies[1:]])
    assert {copy["survivor"] for copy in expired} == {copies[1]["snapshot_id"]}, "one that can be restored now"
    assert with_survivors(copies, copies) == [], "without a survivor, nothing is deleted"
    planned = {**copies[0], "planned": True, "snapshot_id": None}
    (call,) = deletion_batches(with_survivors(copies[2:], [planned, *copies[1:]]), 0)
    assert call["survivors"] == {} and len(call["copy_ids"]) == 3, "in check mode it is still to be made"


@pytest.mark.parametrize(
    "body",
    [
        '{"source_listed": true, "recovery_points": [{"disk_id": "d-1", "disk_name": ""}]}',
        '{"finished_at": "x", "source_listed": true, "recovery_points": [{"disk_id": "d-1"}]}',
        '{"finished_at": "x", "source_listed": true, "recovery_points": 3}',
        '{"finished_at": "x", "last": 1}',
        '{"finished_at": "x", "last": {"disks": 3}}',
        '{"finished_at": "x", "source_listed": true, "recovery_points": [], "orphans": 1}',
        '{"finished_at": "x", "last": {"finished_at": "x", "disk_ids": [], "shard": "", "disks": [1]}}',
        '{"finished_at": "x", "settings": [], "source_listed": true, "recovery_points": []}',
        '{"finished_at": "x", "source_listed": true, "recovery_points": [{"disk_id": ["d-1"], "disk_name": ""}]}',
        '{"finished_at": "x", "source_listed": 1, "recovery_points": [{"disk_id": "d", "disk_name": 1, "region": []}]}',
        *(
            f'{{"finished_at": "x", "last": {{"finished_at": "x", "disk_ids": [], "shard": "", "disks": [], {more}}}}}'
            for more in ('"points": 5', '"points": [5]', '"points": [{"snapshot_id": []}]', '"groups": [5]')
        ),
        "[" * 100_000,
        "[]",
        '{"a":',
    ],
)
def test_a_last_report_of_another_shape_is_ignored(tmp_path, body):
    (tmp_path / "plan.json").write_text(body)
    assert LastReports(values(report_dir=str(tmp_path), plan="plan")).remembered == {}


@pytest.mark.parametrize(("hours", "within"), [(0.999, True), (1.0, True), (1.004, False), (1.01, False)])
def test_the_rpo_is_judged_by_the_age_itself(hours, within):
    (row,) = recovery_points([disk(1)], [of_plan("orders", 1, hours=hours)], ["eu-west-1"], 1, ago(0))
    assert row["within_rpo"] is within and row["age_hours"] == round(hours, 2)


def test_more_deletions_than_the_plan_allows_are_none_and_a_failure():
    copies = [of_plan("orders", n, hours=24 * n) for n in range(1, 6)]
    expired = with_survivors(expired_copies(copies, keep=2, now=ago(0)), copies)
    assert len(expired) == 3 and deletion_batches(expired, 2) == []
    assert len(deletion_batches(expired, 3)) == len(deletion_batches(expired, 4)) == 1
    done = StepResults(expired=expired)
    assert not any(role_result(done, values(max_deletions=most), False)["failures"] for most in (3, 4))
    content = role_result(done, values(max_deletions=2), False)
    assert "dr_copy_max_deletions (2)" in content["failures"][0]["message"] and content["pruned"] == []


def test_a_selection_that_protects_nothing_warns_loudly():
    copies_alone = [{**snapshot(n, n), "source": copy(n, n)["source"]} for n in (1, 2)]
    content = report(snapshots=copies_alone, plan="orders", rpo_hours=0)
    assert any("None of the selected disks has a" in line and "is a copy (2)" in line for line in content["warnings"])
    assert any("None of" in line for line in log_lines(content)) and "None of" in report_page(content)
    mixed = [snapshot(3, 3), {**snapshot(2, 2), "obstacle": "is archived"}, snapshot(1, 1, "pending")]
    content = report(snapshots=mixed, plan="orders")
    assert any("More snapshots were skipped (2) than selected (1)" in line for line in content["warnings"])
    assert report(snapshots=[snapshot(1, 1)], plan="orders")["warnings"] == []
