# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nights of servers with several disks, with the real modules: what is marked, copied, kept and reported."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.shards import is_in_shard

from tests.simulator.state import SnapshotGroup, new_id
from tests.support.night_runs import night
from tests.support.server_estates import attach, marks_of, server, silence_source, taken


def has_tags(estate):
    return estate.cloud.name != "ens"


def test_copies_of_a_server_are_marked_and_reported_as_one_set(estate):
    disks = server(estate)
    sources = taken(estate, disks, 2)
    predicted = night(estate, check=True, rpo_hours=24)
    ended = night(estate, rpo_hours=24)
    (row,) = ended.result["sets"]
    assert (row["group"], row["region"], row["disks"]) == ("i-0a1", estate.destination, sorted(disks))
    assert (row["consistency"], row["within_rpo"], row["torn"]) == ("near", True, [])
    assert row["set"] == row["source_created_at"] and row["age_hours"] == pytest.approx(2, abs=0.1)
    if has_tags(estate):
        assert marks_of(estate) == dict.fromkeys(sources, ("i-0a1", f"2 near {row['set']}"))
    assert not ended.message and not ended.report["warnings"]
    assert predicted.result["sets"][0]["set"] == row["set"]
    again = night(estate, rpo_hours=24)
    assert again.result["sets"][0]["set"] == row["set"] and again.result["counts"]["created"] == 0
    status = night(estate, rpo_hours=24, reads_only=True)
    assert status.result["sets"][0]["set"] == row["set"]


def test_single_disks_have_no_marks_and_no_rows(estate):
    (disk,) = server(estate, 1)
    sources = taken(estate, [disk], 1)
    ended = night(estate)
    assert ended.result["sets"] == [] and not ended.message
    if has_tags(estate):
        assert marks_of(estate) == {sources[0]: (None, None)}
    assert "DescribeSnapshotGroups" not in estate.calls


def test_the_newest_complete_set_is_copied_besides_newer_snapshots_and_kept_by_retention(estate):
    disks = server(estate)
    taken(estate, disks, 24)
    taken(estate, disks[:1], 1)
    ended = night(estate, keep=1, rpo_hours=48)
    assert ended.result["counts"]["created"] == 3 and ended.result["pruned"] == []
    (row,) = ended.result["sets"]
    assert row["within_rpo"] and [one["disk_id"] for one in row["torn"]] == disks[:1]
    words = "disks whose newest copy is not part of the newest complete set"
    assert any(words in text for text in ended.report["warnings"])
    again = night(estate, keep=1, rpo_hours=48)
    assert again.result["counts"]["created"] == 0 and again.result["pruned"] == []


def test_three_nights_of_failing_copies_of_one_disk_keep_the_night_that_both_have(estate):
    """With keep=3, the newest three copies of each disk have no night in common."""
    disks = server(estate)
    whole = taken(estate, disks, 24 * 6)
    night(estate, keep=3)
    for days in (5, 4, 3):
        _good, bad = taken(estate, disks, 24 * days)
        estate.settings(fail_copies_of={bad: "no"})
        ended = night(estate, keep=3)
        assert ended.message and ended.result["sets"][0]["torn"]
    copies = estate.info(estate.destination)["snapshots"]
    assert {copy["source"]["snapshot_id"] for copy in copies} >= set(whole)
    estate.settings(fail_copies_of={})
    ended = night(estate, keep=3)
    (row,) = ended.result["sets"]
    assert row["torn"] == [] and row["age_hours"] == pytest.approx(72, abs=0.1)


def test_a_member_that_failed_is_copied_by_the_next_night_with_the_mark_of_its_set(estate):
    disks = server(estate)
    good, bad = taken(estate, disks, 2)
    estate.settings(fail_copies_of={bad: "no"})
    first = night(estate, rpo_hours=24)
    (row,) = first.result["sets"]
    assert first.message and row["within_rpo"] is False
    assert (row["set"], row["consistency"], row["source_created_at"], row["age_hours"]) == (None, None, None, None)
    assert {one["disk_id"] for one in row["torn"]} == set(disks)
    estate.settings(fail_copies_of={})
    second = night(estate, rpo_hours=24)
    assert not second.message and second.result["sets"][0]["within_rpo"]
    if has_tags(estate):
        assert marks_of(estate)[good] == marks_of(estate)[bad]


@pytest.mark.parametrize("name", ["ecs", "cbs"])
def test_groups_of_the_cloud_are_crash_consistent_sets(request, name):
    estate = request.getfixturevalue(name)
    sources = taken(estate, server(estate, 3), 2)
    group = SnapshotGroup(new_id("ssg-"), estate.source, sources, "i-0a1", kind="CONSISTENCY")
    estate.server.account.add(group)
    ended = night(estate)
    assert (ended.result["sets"][0]["set"], ended.result["sets"][0]["consistency"]) == (group.id, "crash")
    assert set(marks_of(estate).values()) == {("i-0a1", f"3 crash {group.id}")}


def test_a_tag_of_the_user_names_sets_on_ebs(ebs):
    disks = server(ebs)
    for disk, hours in zip(disks, (2, 3), strict=True):
        ebs.snapshot(disk, hours, night="n1")
    assert night(ebs).result["sets"][0]["set"] is None
    night(ebs, set_tag="night")
    for copy in ebs.copies():
        ebs.forget(copy.id, ebs.destination)
    (row,) = night(ebs, set_tag="night").result["sets"]
    assert (row["set"], row["consistency"]) == ("n1", "crash")


def test_a_tag_of_sets_is_refused_where_the_cloud_has_other_means(ecs):
    ended = night(ecs, set_tag="night")
    assert "dr_copy_set_tag" in ended.message


def test_disks_of_an_application_are_a_group_by_their_tag(estate):
    if not has_tags(estate):
        pytest.skip("ENS disks have tags, its copies none")
    disks = [estate.disk(**{"dr-copy": "true", "app": "shop"}) for _n in range(2)]
    for number, disk in enumerate(disks):
        attach(estate, disk, f"i-0a{number}")
    taken(estate, disks, 1)
    (row,) = night(estate, group_tag="app").result["sets"]
    assert (row["group"], row["torn"]) == ("shop", [])


def test_marks_or_the_last_report_show_the_servers_if_the_source_region_does_not_answer(estate, tmp_path):
    """If copies have no room for marks, only the last report shows the groups, and times show the sets."""
    disks = server(estate)
    taken(estate, disks, 26)
    taken(estate, disks[:1], 2)
    given = {"rpo_hours": 24, "report_dir": str(tmp_path)}
    (seen,) = night(estate, **given).result["sets"]
    silence_source(estate)
    for _again in range(2):
        (row,) = night(estate, reads_only=True, **given).result["sets"]
        assert row == {**seen, "age_hours": row["age_hours"]} and row["consistency"] == "near"
        assert row["within_rpo"] is False and [one["disk_id"] for one in row["torn"]] == disks[:1]
    forgotten = night(estate, reads_only=True, rpo_hours=24).result["sets"]
    assert [one["set"] for one in forgotten] == ([seen["set"]] if has_tags(estate) else [])


def test_the_last_report_names_the_server_of_a_disk_that_was_never_copied(estate, tmp_path):
    disks = server(estate, 3)
    taken(estate, disks[:2], 2)
    (seen,) = night(estate, report_dir=str(tmp_path)).result["sets"]
    silence_source(estate)
    (row,) = night(estate, report_dir=str(tmp_path), reads_only=True).result["sets"]
    assert row["torn"] == seen["torn"] and {"disk_id": disks[2], "source_created_at": None} in row["torn"]


def test_a_complete_set_is_kept_even_if_its_snapshots_are_deleted_in_the_source_region(estate):
    """A copy of one of the server's two disks failed since, and the source region keeps only the last night."""
    disks = server(estate)
    whole = there = taken(estate, disks, 50)
    night(estate, keep=1)
    for hours in (26, 2):
        for snapshot in there:
            estate.forget(snapshot)
        there = good, bad = taken(estate, disks, hours)
        estate.settings(fail_copies_of={bad: "no"})
        ended = night(estate, keep=1)
        (row,) = ended.result["sets"]
        assert row["set"] and row["source_created_at"] and row["age_hours"] == pytest.approx(50, abs=0.1), hours
    copies = estate.info(estate.destination)["snapshots"]
    assert {copy["source"]["snapshot_id"] for copy in copies} >= {*whole, good}


def test_a_night_of_servers_costs_at_most_one_listing_of_groups(estate):
    """A night of single disks makes none; the destination is never asked for groups."""
    disks = [estate.disk(**{"dr-copy": "true"}) for _n in range(4)]
    counted = []
    for servers in ((), disks):
        taken(estate, disks, 1)
        for number, disk in enumerate(servers):
            attach(estate, disk, f"i-0a{number % 2}")
        night(estate)
        estate.calls.clear()
        night(estate, rpo_hours=24, keep=3)
        counted.append({name: number for name, number in estate.calls.items() if number})
    listing = {"DescribeSnapshotGroups": 1} if estate.cloud.name in ("ecs", "cbs") else {}
    assert counted[1] == {**counted[0], **listing}


def test_a_disk_that_joins_or_leaves_changes_its_server_from_then_on(ecs):
    """The earlier set is complete by its own marks, until there is a set of the new size."""
    first, second, third = server(ecs, 3)
    attach(ecs, third, "")
    taken(ecs, [first, second, third], 80)
    night(ecs)
    attach(ecs, third, "i-0a1")
    *_others, failing = taken(ecs, [first, second, third], 60)
    ecs.settings(fail_copies_of={failing: "no"})
    (row,) = night(ecs, keep=1).result["sets"]
    assert row["disks"] == sorted([first, second, third]) and row["age_hours"] == pytest.approx(80, abs=0.1)
    assert {one["disk_id"] for one in row["torn"]} == {first, second, third}
    ecs.settings(fail_copies_of={})
    (row,) = night(ecs, keep=1).result["sets"]
    assert row["age_hours"] == pytest.approx(60, abs=0.1) and not row["torn"]
    attach(ecs, second, "i-0a2")
    taken(ecs, [first, second, third], 40)
    (row,) = night(ecs, keep=1).result["sets"]
    assert row["disks"] == sorted([first, third]) and row["age_hours"] == pytest.approx(40, abs=0.1)


def test_a_disk_that_left_its_server_is_not_in_it_if_the_source_region_does_not_answer(estate, tmp_path):
    """Its copies are kept, because no plan selects it any more; they name the server that it has left."""
    if not has_tags(estate):
        pytest.skip("ENS has no room for marks; only the last report shows the groups")
    disks = server(estate, 3)
    taken(estate, disks, 50)
    night(estate)
    attach(estate, disks[2], "")
    taken(estate, disks[:2], 2)
    (seen,) = night(estate, rpo_hours=24, disk_ids=disks[:2]).result["sets"]
    silence_source(estate)
    (row,) = night(estate, rpo_hours=24, reads_only=True).result["sets"]
    assert row == {**seen, "age_hours": row["age_hours"]} and row["disks"] == sorted(disks[:2]) and not row["torn"]


def test_a_set_is_kept_by_all_copies_whichever_disks_a_plan_may_prune(ecs):
    """A plan over one disk of a server does not know the server, but the copies name it."""
    disks = server(ecs)
    whole = taken(ecs, disks, 80)
    night(ecs)
    for hours in (60, 40):
        ecs.snapshot(disks[0], hours)
        ended = night(ecs, disk_ids=disks[:1], keep=1)
        assert ended.result["sets"] == []
    assert {copy.source_id for copy in ecs.copies()} >= set(whole) and len(ecs.copies()) == 3


def test_contradictory_marks_are_reported(estate, tmp_path):
    if not has_tags(estate):
        pytest.skip("ENS has no room for marks")
    taken(estate, server(estate), 2)
    night(estate)
    (wrong, *_others) = estate.copies()
    estate.set_tags(wrong, **{"dr-copy:set": "3 near 2026-11-21T00:00:00Z"})
    ended, page, cases, _metrics = outputs_of(estate, tmp_path, rpo_hours=24)
    (warning,) = [text for text in ended.report["warnings"] if text.startswith("The tags of copies contradict")]
    assert wrong.id in warning and warning.replace("'", "&#39;") in page and "needs attention" in page
    assert ended.result["sets"][0]["set"] is None and cases["set of i-0a1"] == "skipped"


# -- shards ----------------------------------------------------------------------------------------------


def test_a_server_is_in_one_shard_which_knows_its_sets(estate):
    servers = {f"i-0a{n}": server(estate, 3, f"i-0a{n}") for n in range(4)}
    alone = [estate.disk(**{"dr-copy": "true"}) for _n in range(3)]
    taken(estate, [*alone, *(disk for disks in servers.values() for disk in disks)], 2)
    parts = [night(estate, rpo_hours=24, shard=f"{n}/3") for n in (1, 2, 3)]
    rows = [row for part in parts for row in part.result["sets"]]
    assert {row["group"]: row["disks"] for row in rows} == {name: sorted(disks) for name, disks in servers.items()}
    assert len(rows) == 4 and all(row["within_rpo"] and not row["torn"] for row in rows)
    points = [point["disk_id"] for part in parts for point in part.result["recovery_points"]]
    assert len(points) == len(set(points)) == 15 and not any(part.message for part in parts)
    if has_tags(estate):
        assert len([mark for _group, mark in marks_of(estate).values() if mark]) == 12
    disks_action = "DescribeVolumes" if estate.cloud.name == "ebs" else "DescribeDisks"
    estate.refuse(disks_action, "InternalError", region=estate.source)
    blind = [night(estate, rpo_hours=24, shard=f"{n}/3", reads_only=True) for n in (1, 2, 3)]
    if has_tags(estate):
        assert [row["group"] for part in blind for row in part.result["sets"]] == [row["group"] for row in rows]
        assert not any(part.result["orphans"] for part in blind)


def test_a_set_with_a_disk_that_moved_to_another_shard_is_kept(ecs):
    """Shard 2 lists the copies of its own disks: without that of the other disk, it sees no complete set."""
    first, other = None, None
    while not (first and other and first < other):
        disk = ecs.disk(**{"dr-copy": "true"})
        first, other = (disk, other) if is_in_shard(disk, "2/2") else (first, disk)
    for disk in (first, other):
        attach(ecs, disk, "i-0a1")
    whole = taken(ecs, [first, other], 90)
    night(ecs, shard="2/2")
    attach(ecs, other, "i-0a2")
    for hours in (60, 30):
        ecs.snapshot(first, hours)
        ended = night(ecs, shard="2/2", keep=1)
        assert not ended.message
    left = {copy.source_id for copy in ecs.copies()}
    assert left >= set(whole) and len(left) == 3, "the newest one, and the set; the one between went"
    assert len(ended.result["pruned"]) == 1


def test_a_region_that_is_not_listed_is_not_judged(estate):
    taken(estate, server(estate), 1)
    night(estate)
    list_action = "DescribeSnapshots"
    estate.refuse(list_action, "InternalError", region=estate.destination)
    ended = night(estate, rpo_hours=24, reads_only=True)
    (row,) = ended.result["sets"]
    assert row["within_rpo"] is None and "could not be listed" in row["unknown"]


# -- what is reported ----------------------------------------------------------------------------------------


def outputs_of(estate, tmp_path, **given):
    """Run a night; return it, its page, its test cases by name, and its metrics of sets."""
    ended = night(estate, report_dir=str(tmp_path), metrics_dir=str(tmp_path), **given)
    name = "orders.status" if given.get("reads_only") else "orders"
    page = (tmp_path / f"{name}.html").read_text()
    cases = {}
    for case in ElementTree.parse(tmp_path / f"{name}.junit.xml").iter("testcase"):
        cases[case.get("name")] = next(iter(case)).tag if len(case) else "passed"
    lines = (tmp_path / "dr_copy_orders.prom").read_text().splitlines()
    return ended, page, cases, [line for line in lines if line.startswith("dr_copy_set_timestamp_seconds{")]


def test_a_complete_set_is_in_every_form_of_the_report(estate, tmp_path):
    disks = server(estate)
    taken(estate, disks, 2)
    ended, page, cases, metrics = outputs_of(estate, tmp_path, rpo_hours=24, consistency="set")
    assert not ended.message and cases["set of i-0a1"] == "passed"
    assert (
        "the newest complete set is from" in page
        and "taken within minutes, not at one moment" in page
        and "✓ i-0a1" in page
    )
    assert all(disk in page for disk in disks)
    (line,) = metrics
    assert 'group="i-0a1"' in line and float(line.split()[-1]) > 1e9
    assert ended.report["sets"] == ended.result["sets"] and ended.report["totals"]["late_sets"] == 0
    (dated,) = (tmp_path / "history" / "orders").glob("*.json")
    assert json.loads(dated.read_text())["sets"] == ended.result["sets"]
    assert ended.report["within_rpo"]


def test_a_torn_server_is_a_warning_by_disk_and_fails_nothing(estate, tmp_path):
    """Both disks are within the RPO, but of different nights."""
    disks = server(estate)
    taken(estate, disks[:1], 10)
    taken(estate, disks[1:], 2)
    ended, page, cases, metrics = outputs_of(estate, tmp_path, rpo_hours=24)
    assert not ended.message and cases["set of i-0a1"] == "skipped"
    assert any("without a complete set of copies" in text and disks[0] in text for text in ended.report["warnings"])
    assert "no complete set of copies" in page and "needs attention" in page and "all is well" not in page
    assert float(metrics[0].split()[-1]) == 0


def test_a_torn_server_misses_the_rpo_by_set(estate, tmp_path):
    disks = server(estate)
    taken(estate, disks[:1], 10)
    taken(estate, disks[1:], 2)
    ended, page, cases, _metrics = outputs_of(estate, tmp_path, rpo_hours=24, consistency="set")
    assert "1 of 1 servers has no complete set of copies within the RPO of 24 h: i-0a1 in" in ended.message
    assert disks[0] in ended.message and cases["set of i-0a1"] == "failure"
    assert ended.report["within_rpo"] is False and ended.report["totals"]["late_sets"] == 1
    assert "1 of 1 servers has no complete set" in page and "misses its RPO" in page
    assert ended.summary["orders"]["within_rpo"] is False


def test_a_torn_server_says_which_disk_lags_and_since_when(ecs, tmp_path):
    """The copies of the log have failed since the set; that of the database is newer, and does not lag."""
    disks = server(ecs)
    database, log = disks
    taken(ecs, disks, 50)
    since = night(ecs).result["sets"][0]["set"]
    taken(ecs, [database], 2)
    _ended, page, cases, _metrics = outputs_of(ecs, tmp_path, rpo_hours=24, consistency="set")
    names = {point["disk_id"]: point["disk_name"] for point in _ended.result["recovery_points"]}
    newest = next(one["source_created_at"] for one in _ended.result["sets"][0]["torn"])
    assert f"{names[log]} has lagged since {since}; newer copies, not in the set: {names[database]} of {newest}" in page
    opened = page[page.index('<details class="server"') :]
    assert opened.index("! yes, but older than the others") < opened.index("! no<")
    assert f"{log} has lagged since {since}" in _ended.message


def test_a_disk_without_any_copy_lags(ecs, tmp_path):
    disks = server(ecs)
    taken(ecs, disks[:1], 2)
    _ended, page, _cases, _metrics = outputs_of(ecs, tmp_path)
    assert "no complete set of copies; disk 1 has no copy; newest copies: disk 0 of" in page


def test_the_worst_server_comes_first_on_the_page(ecs, tmp_path):
    well, torn = server(ecs, 2, "i-well"), server(ecs, 2, "i-torn")
    taken(ecs, [*well, torn[0]], 2)
    taken(ecs, torn[1:], 10)
    _ended, page, _cases, _metrics = outputs_of(ecs, tmp_path, rpo_hours=24)
    assert page.index("✗ i-torn") < page.index("✓ i-well")


def test_a_consistency_that_judges_nothing_is_warned_of(ecs):
    taken(ecs, server(ecs), 2)
    warned = str(night(ecs, consistency="set").warnings)
    assert "dr_copy_consistency: set has no effect unless dr_copy_rpo_hours is set" in warned


# -- every way in which a cloud reports sets -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("scripts", "consistency"),
    [
        ({"aws:dlm:pre-script": "SUCCESS", "aws:dlm:post-script": "SUCCESS"}, "application"),
        ({"aws:dlm:pre-script": "SUCCESS", "aws:dlm:post-script": "FAILED"}, "crash"),
        ({}, "crash"),
    ],
)
def test_an_image_and_scripts_make_sets_on_ebs_that_copies_are_marked_with(ebs, scripts, consistency):
    """AWS reserves the tags of the scripts, so no copy has them."""
    disks = server(ebs)
    for disk in disks:
        of_image = ebs.get(ebs.snapshot(disk, 2, **scripts))
        of_image.description = f"Created by CreateImage(i-0aa11bb22cc33dd44) for ami-0123456789abcdef0 from {disk}"
    (row,) = night(ebs, rpo_hours=24).result["sets"]
    assert (row["set"], row["consistency"]) == ("ami-0123456789abcdef0", consistency)
    assert set(marks_of(ebs).values()) == {("i-0a1", f"2 {consistency} ami-0123456789abcdef0")}


def test_each_destination_is_judged_by_its_own_copies(estate):
    """A member failed in one of two regions."""
    disks = server(estate)
    _good, bad = taken(estate, disks, 2)
    regions = [estate.destination, estate.other_destination]
    estate.settings(fail_copies_of={bad: "no"})
    night(estate, destination_regions=regions[:1])
    estate.settings(fail_copies_of={})
    night(estate, destination_regions=regions[1:], rpo_hours=24)
    rows = night(estate, destination_regions=regions, rpo_hours=24, reads_only=True).result["sets"]
    shown = {row["region"]: (row["set"] is not None, row["within_rpo"], len(row["torn"])) for row in rows}
    assert shown == {regions[0]: (False, False, 2), regions[1]: (True, True, 0)}


def test_a_late_set_is_amber_by_disk_and_fails_by_set(estate, tmp_path):
    """Each disk has a copy within the RPO, but the newest night that both have is older."""
    disks = server(estate)
    taken(estate, disks, 40)
    night(estate)
    for disk, hours in zip(disks, (20, 2), strict=True):
        taken(estate, [disk], hours)
    ended, page, cases, _metrics = outputs_of(estate, tmp_path, rpo_hours=24)
    assert not ended.message and "needs attention" in page and "all is well" not in page
    assert any("older than the RPO" in text for text in ended.report["warnings"])
    assert cases["set of i-0a1"] == "skipped" and ended.report["within_rpo"]
    ended, page, cases, _metrics = outputs_of(estate, tmp_path, rpo_hours=24, consistency="set")
    assert "1 of 1 servers has no complete set" in ended.message and cases["set of i-0a1"] == "failure"
    assert "misses its RPO" in page and not ended.report["within_rpo"]


@pytest.mark.parametrize("vanishes", [False, True])
def test_falling_back_keeps_the_members_of_an_unfinished_set(estate, vanishes):
    """The next newest snapshot is planned with the other disks of the server."""
    disks = server(estate)
    first, second = taken(estate, disks, 48)
    estate.settings(fail_copies_of={second: "no"})
    night(estate, keep=1)
    estate.snapshot(disks[0], 24)
    newest = estate.snapshot(disks[0], 1)
    night(estate, keep=1, before={"copying": lambda: estate.forget(newest)} if vanishes else {})
    assert first in {copy["source"]["snapshot_id"] for copy in estate.info(estate.destination)["snapshots"]}


@pytest.mark.parametrize("value", ["n" * 256, "first line\nsecond", "n"])
def test_a_set_is_known_by_any_value_of_its_tag(ebs, value):
    for disk in server(ebs):
        ebs.snapshot(disk, 2, night=value)
    given = {"set_tag": "night", "rpo_hours": 24, "consistency": "set"}
    for _n in range(2):
        ended = night(ebs, **given)
        assert not ended.message and ended.result["sets"][0]["consistency"] == "crash"
