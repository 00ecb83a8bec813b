# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role reports on nights that matter: whose copies, which disks, and nothing unknown as green."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.copy_marks import (
    description,
    source_tags,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.judging.point_facts import with_facts
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.judging.recovery import (
    recovery_points,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.result import role_result
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.retention import (
    expired_copies,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.run_failures import ROLE_WORDS
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.run_state import RunState
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.selection import (
    remembered_disks,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.step_results import StepResults
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.last_report import LastReports
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.groups import late_groups
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.history import (
    index_over,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.job_summary import (
    job_data,
    job_summary,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.pages import report_page
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.report import report_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.report_files import (
    write_report,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.screen import (
    failure_message,
    log_lines,
    recovery_table,
    shorten,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._filters import as_filter
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.documents import report_text
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.failures import run_failure
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.marks import plan_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.run_context import RunContext

from tests.support.reports import SCHEMA, sample
from tests.support.role_results import ago, copy, disk, failure, of_plan, report, snapshot, source, values

# -- whose copies, and which disks ----------------------------------------------------------------------------------


def test_a_copy_carries_its_plan_and_what_its_disk_was():
    shown = {**disk(1), "name": "database", "attached_to": "i-1", "device": "/dev/sdf"}
    own = {**snapshot(1, 1), "tags": {"team": "dr", "dr-copy:plan": "of the source"}}
    plan, chosen = [{"snapshot_id": "snap-1", "chosen": True}], {"disks": [shown], "snapshots": [own]}
    tags = source_tags(plan, chosen, values(), {})["snap-1"]
    assert tags == {
        "dr-copy:plan": "orders",
        "dr-copy:disk-name": "database",
        "dr-copy:attached-to": "i-1 /dev/sdf",
        "team": "dr",
    }
    assert list(tags)[0] == "dr-copy:plan", "the marks find room before what is carried"
    assert "team" not in source_tags(plan, chosen, values(copy_tags=False), {})["snap-1"]


@pytest.mark.parametrize("plan", ["orders", "a" * 200, "odd (name)"])
def test_an_ens_copy_has_its_plan_in_the_description_if_it_fits(plan):
    text = description(values(cloud="ens", plan=plan))
    assert text.endswith(" [{disk_id} {source_created_at}]"), "by which later runs know disk and time"
    made = {"description": text.replace("{disk_id}", "d-1").replace("{source_created_at}", "2026-11-21T01:00:00Z")}
    assert plan_of(made) == (plan if plan == "orders" else None)


def test_orphans_are_copies_of_this_plan_alone():
    copies = [
        of_plan("orders", 1, disk="vol-1"),
        of_plan("orders", 2, disk="vol-2"),
        of_plan("orders", 3, disk="vol-3"),
        of_plan("mail", 4, disk="vol-4"),
        {**copy(5, 1), "source": {**copy(5, 1)["source"], "disk_id": "vol-5"}},
    ]
    content = report(copies=copies, source=source(disk(1), others=[disk(2)], snapshots=[snapshot(1, 1)]), plan="orders")
    assert {row["disk_id"]: row["kind"] for row in content["orphans"]} == {"vol-2": "unselected", "vol-3": "gone"}
    listed = {"disks": [disk(1)], "snapshots": [snapshot(1, 1)], "failures": []}
    narrow = report(copies=copies, source=listed, plan="orders", disk_ids="vol-1")
    assert narrow["orphans"] == [], "one disk on the command line makes no orphan of the others"


def test_a_plan_with_its_source_down_is_judged_by_its_own_disks():
    copies = [of_plan("orders", 1, disk="vol-1"), of_plan("mail", 2, disk="vol-2"), copy(3, 1)]
    last = {"disks": [{"disk_id": "vol-7", "disk_name": "bare"}]}
    chosen = remembered_disks(copies, values(), last)
    assert {d["disk_id"]: d["name"] for d in chosen} == {"vol-1": None, "vol-7": "bare"}, (
        "one that has no copy is known"
    )
    unmarked = remembered_disks(copies[1:], values(), {})
    assert [d["disk_id"] for d in unmarked] == ["vol-1"], "copies without a mark count as the plan's own"


def test_a_disk_that_the_last_report_left_out_is_judged_again_once_it_was_copied():
    copies = [of_plan("orders", 1, disk="vol-1", created_at=ago(1))]
    last = {"disks": [{"disk_id": "vol-7", "disk_name": None}], "left": ["vol-1"]}
    chosen = [remembered_disks(copies, values(), {**last, "finished_at": ago(hours)}) for hours in (0.5, 2)]
    assert [[disk["disk_id"] for disk in disks] for disks in chosen] == [["vol-7"], ["vol-1", "vol-7"]]


# -- what cannot be checked, and what cannot be true ----------------------------------------------------------------


def test_a_refused_read_is_no_breach_but_fails_for_its_own_reason():
    refused = failure(None, "eu-west-1", "not authorized", kind="credentials", code="UnauthorizedOperation")
    listed = [{"region": "eu-west-1", "failures": [refused]}]
    content = report(snapshots=[snapshot(1, 1)], listed=listed, plan="orders")
    assert [p["within_rpo"] for p in content["recovery_points"]] == [None] and not content["breaches"]
    assert "not authorized" in content["unjudged"][0]["why"] and content["totals"]["unjudged"] == 1
    assert "could not be judged" in failure_message(content) and "miss the RPO" not in failure_message(content)
    undated = of_plan("orders")
    undated["source"]["created_at"] = None
    content = report(copies=[undated], plan="orders")
    assert content["within_rpo"] is None and "does not show when" in failure_message(content)


def test_recovery_points_that_one_refusal_concerns_quote_it_once():
    refused = failure(None, "eu-west-1", "not authorized", kind="credentials", code="UnauthorizedOperation")
    content = report(snapshots=[snapshot(1, 1)], listed=[{"region": "eu-west-1", "failures": [refused]}], plan="orders")
    for key in ("unjudged", "recovery_points"):
        content[key] = [{**content[key][0], "disk_name": None, "disk_id": f"vol-{number}"} for number in range(1, 6)]
    message = failure_message(content)
    assert "5 of 5 recovery points could not be judged: vol-1, vol-2, vol-3 and 2 more in eu-west-1: the" in message
    assert message.count("not authorized") == 2, "as the failure, and as the reason"


FUTURE = ago(-24 * 365)


def test_a_source_time_in_the_future_is_a_failure_and_no_recovery_point():
    liar = of_plan("orders", 9, hours=-24 * 365)
    content = report(snapshots=[snapshot(1, 1)], copies=[liar], plan="orders")
    assert [row["reason"] for row in content["plan"]] == ["newest"], "it stops no protection"
    assert [point["snapshot_id"] for point in content["recovery_points"]] == [None] and len(content["breaches"]) == 1
    assert [(f["kind"], f["snapshot_id"]) for f in content["failures"]] == [("mismatch", "copy-9")]
    assert "in the future" in failure_message(content)
    old = [of_plan("orders", n, hours=24 * n) for n in (1, 2)]
    assert [c["snapshot_id"] for c in expired_copies([liar, *old], keep=1, now=ago(0))] == ["copy-2"], "it has no order"
    assert copy_plan([snapshot(1, 1)], [disk(1)], [liar], ["eu-west-1"], now=ago(0))[0]["chosen"]
    assert recovery_points([disk(1)], [liar], ["eu-west-1"], 24, ago(0))[0]["snapshot_id"] is None
    soon = of_plan("orders", 9, hours=-0.2)
    assert not report(copies=[soon], plan="orders")["failures"], "clocks differ by some minutes"


@pytest.mark.parametrize("wrong", [{"created_at": ago(200)}, {"disk_id": "vol-9"}])
def test_a_copy_that_contradicts_its_listed_source_is_no_recovery_point(wrong):
    liar = of_plan("orders", 1, hours=1)
    liar["source"].update(wrong)
    content = report(snapshots=[snapshot(1, 1)], copies=[liar], plan="orders")
    if "created_at" in wrong:
        assert content["failures"][0]["kind"] == "mismatch" and content["failures"][0]["disk_id"] == "vol-1"
    assert content["recovery_points"][0]["snapshot_id"] is None and content["breaches"]


def test_a_wrong_tag_on_a_copy_of_another_plans_disk_is_no_failure_of_this_plan():
    other = of_plan("payments", 2, disk="vol-2")
    other["source"]["created_at"] = ago(-5)
    content = report(snapshots=[snapshot(1, 1)], copies=[of_plan("orders", 1), other], plan="orders")
    assert not content["failures"] and content["within_rpo"] is True


def test_ages_are_judged_by_the_end_of_the_run():
    given = replace(values(rpo_hours=24), ended_at=ago(-3))
    done = StepResults(disks=[disk(1)], source=source(disk(1)))
    done.before = [{"region": "eu-west-1", "snapshots": [of_plan("orders", 1, hours=22)], "failures": []}]
    point = role_result(done, given, False)["recovery_points"][0]
    assert (point["age_hours"], point["within_rpo"]) == (25.0, False)


def test_a_run_that_is_stopped_early_writes_a_red_report(tmp_path):
    given = values(rpo_hours=24, report_dir=str(tmp_path))
    done = StepResults(
        stopped=run_failure("dr_copy_keep must be a number", "Correct this, then run again."),
        last={"disks": [], "finished_at": ago(24), "disk_ids": [], "shard": ""},
    )
    run = RunContext(host="orders", ansible="2.21.0")
    content = report_of(role_result(done, given, False), done, given, run)
    assert content["totals"]["failures"] == 1 and content["within_rpo"] is None
    page = report_page(content)
    assert "1 failure</a>" in page and "dr_copy_keep must be a number" in page and "✓" not in page
    (tmp_path / "orders.json").write_text(report_text(content))
    assert LastReports(given).remembered["finished_at"] == ago(24), "the facts of the last complete report are kept"


def test_a_report_says_until_when_it_is_current():
    fresh = report(snapshots=[snapshot(1, 3)], copies=[of_plan("orders", 1, 3)], plan="orders")
    assert fresh["within_rpo"] is True and fresh["valid_until"] == ago(-21), "then the copy outgrows the RPO"
    assert report(plan="orders", rpo_hours=0)["valid_until"] == ago(-26)


# -- failures, counts, the log --------------------------------------------------------------------------------------


def test_failures_name_disks_and_a_failed_copy_is_not_created():
    error = failure("snap-1", "eu-west-1", "the key is gone", hint="Raise wait_timeout. Set replace_mismatched: true.")
    row = {"source_snapshot_id": "snap-1", "region": "eu-west-1", "state": "error", "action": "created", "error": error}
    counts = {"created": 1, "failed": 1}
    content = report(snapshots=[snapshot(1, 1)], copied=[{"copies": [row], "failures": [error], "counts": counts}])
    assert [(f["disk_id"], f["disk_name"]) for f in content["failures"]] == [("vol-1", "database")]
    assert content["counts"]["created"] == 0 and content["counts"]["failed"] == 1
    assert "database (vol-1)" in failure_message(content)
    hint = content["failures"][0]["hint"]
    assert "dr_copy_wait_timeout" in hint and "dr_copy_copy_options: {replace_mismatched: true}" in hint
    assert log_lines(content)[0].startswith("done: 1 failed") and "created" not in log_lines(content)[0]


@pytest.mark.parametrize("plans", [1, 8, 24, 60, 120])
def test_the_summaries_of_all_plans_of_a_play_have_room(plans):
    content = sample(3)
    summaries = {f"plan {n:03}": job_summary({**content, "host": f"plan {n:03}"}, plans) for n in range(plans)}
    assert len(json.dumps(summaries)) <= 10000
    assert {one["within_rpo"] for one in summaries.values()} == {False}
    assert all(("totals" in one) is (plans < 30) for one in summaries.values())


def test_plans_too_many_for_any_summary_hand_on_none():
    content, plans = sample(3), 400
    by_host = [job_data({**content, "host": f"plan {n:03}"}, plans) for n in range(plans)]
    assert len(json.dumps({host: one for data in by_host for host, one in data.items()})) <= 10000
    assert list(job_data({**content, "host": "orders"}, 120)) == ["orders"]


def test_a_long_message_still_names_the_unwritten_report():
    content = sample(300)
    message = failure_message(content, "The report /r/orders.html could not be written: no space. " * 40)
    assert len(message) <= 4000 and "of 300 recovery points" in message and "The report /r/orders.html" in message


def test_the_log_never_says_nothing_to_do_with_a_failure():
    broken = report(source={"msg": "Unsupported parameters", "failed": True}, plan="orders")
    assert broken["failures"] and log_lines(broken)[0].startswith("done: 1 failed")


def failed_disk(number, kind="refused", code="Denied", region="eu-west-1"):
    words = failure(f"snap-{number}", region, f"No: snap-{number}", kind=kind, code=code)
    return {**words, "disk_id": f"vol-{number}", "disk_name": f"disk {number}"}


def test_a_brief_log_groups_failures_and_a_full_one_shows_each():
    of_run = {**failure(None, None, "dr_copy_keeps is not a variable"), "disk_id": None, "disk_name": None}
    source = {**failed_disk(9, "not_found", None), "disk_id": None}
    failures = [of_run, source, *(failed_disk(number) for number in range(5)), failed_disk(1)]
    content = {**sample(0, late=0), "failures": failures}
    lines = [line for line in log_lines(content) if "FAILED" in line]
    assert lines == [
        "FAILED 6 x refused [Denied] in eu-west-1: disk 0 (vol-0); disk 1 (vol-1); disk 2 (vol-2) and 2 more",
        "FAILED refused: dr_copy_keeps is not a variable",
        "FAILED not found in eu-west-1: snap-9",
    ]
    full = [line for line in log_lines(content, "full") if "FAILED" in line]
    assert len(full) == 8 and full[0] == "FAILED the run: dr_copy_keeps is not a variable."
    assert full[2] == "FAILED disk 0 (vol-0) in eu-west-1: No: snap-0 [Denied]."


def test_a_brief_log_ends_lists_and_says_how_many_more_there_are():
    kinds = [failed_disk(number, kind) for number, kind in enumerate("abcdefghijklm")]
    row = {"state": "pending", "snapshot_id": "s", "region": "r", "source_snapshot_id": "x", "disk_id": "d"}
    unfinished = [{**row, "state": "error"}, *([row] * 21)]
    content = {**sample(22, late=22), "failures": kinds, "unfinished": unfinished}
    lines = log_lines(content)
    assert len([line for line in lines if line.startswith("FAILED ") and "[Denied]" in line]) == 10
    assert "and 3 more kinds of failure: dr_copy_log=full shows all" in lines
    assert "FAILED copy s in r (source x, disk d)" in lines
    assert lines.count("IN PROGRESS copy s in r (source x, disk d)") == 19
    assert "and 2 more copies that are not complete: dr_copy_log=full shows all" in lines
    assert lines[-1] == "and 2 more recovery points: dr_copy_log=full shows all"
    assert not [line for line in log_lines(content, "full") if "more" in line]


def test_the_first_line_counts_what_cannot_be_restored_misses_the_rpo_or_is_not_judged():
    content = sample(9)
    breach = content["breaches"][0]
    breaches = [{**breach, "reason": reason} for reason in ("key", "archived", "no_newer", "no_snapshot", "not_copied")]
    totals = {**content["totals"], "breaches": len(breaches), "unjudged": 2}
    (first, *_others) = log_lines({**content, "totals": totals, "breaches": breaches, "failures": []})
    words = "1 cannot be restored, because its key cannot be used, 1 cannot be restored now, 3 miss the RPO of 26 h"
    assert f"{words}, 2 could not be judged" in first
    planned = {**content, "check_mode": True, "counts": {}, "failures": []}
    assert log_lines(planned)[0].startswith("planned: no changes; 9 disks, ")


def test_the_message_separates_late_points_from_those_that_cannot_be_restored():
    content = sample(9)
    breaches = [{**breach, "reason": "no_newer"} for breach in content["breaches"]]
    content = {**content, "breaches": breaches, "failures": []}
    number = len(breaches)
    assert failure_message(content).startswith(f"{number} of 9 recovery points miss the RPO of 26 h: ")
    breaches[0]["reason"] = "key"
    message = failure_message(content)
    assert message.startswith("1 of 9 recovery points cannot be restored: ") and f"{number - 1} of 9" in message


def test_the_message_names_three_of_the_disks_that_could_not_be_judged():
    point = {"region": "eu-west-1", "why": "denied", "disk_name": None}
    points = [{**point, "disk_id": f"vol-{number}"} for number in range(7)]
    message = failure_message({**sample(9, late=0), "unjudged": points})
    assert "7 of 9 recovery points could not be judged: vol-0, vol-1, vol-2 and 4 more in eu-west-1: denied." in message


def test_hints_are_reported_in_the_words_of_the_role():
    assert (
        ROLE_WORDS.in_text("Raise wait_timeout or max_in_flight.")
        == "Raise dr_copy_wait_timeout or dr_copy_max_in_flight."
    )
    assert ROLE_WORDS.in_text("Check the ID and source_region.") == "Check the ID and dr_copy_source_region."
    assert ROLE_WORDS.in_text("Set dr_copy_wait_timeout.") == "Set dr_copy_wait_timeout."


@pytest.mark.parametrize("facts", [{"state": "archived"}, {"key_problem": "the key is disabled"}])
def test_the_table_shows_first_what_cannot_be_restored(facts):
    content = sample(9)
    late, *_others = [point for point in content["recovery_points"] if point["within_rpo"] is False]
    points = [{**point, **facts} if point is late else point for point in content["recovery_points"]]
    _head, first, second, *_rows = recovery_table({"recovery_points": points})
    assert late["disk_id"] in first and first.endswith(" CANNOT BE RESTORED") and second.endswith(" MISSES RPO")


@pytest.mark.parametrize("reason", ["key", "archived"])
def test_a_page_shows_first_the_groups_that_cannot_be_restored(reason):
    content = sample(9)
    breach = content["breaches"][0]
    breaches = [{**breach, "reason": kind} for kind in ("no_newer", "no_newer", reason)]
    assert [group.rows[0]["reason"] for group in late_groups({**content, "breaches": breaches})] == [reason, "no_newer"]


@pytest.mark.slow
@pytest.mark.parametrize("late", [1, 3])
def test_three_thousand_disks_are_reported_in_few_words(late):
    content = sample(3000, late=late)
    message = failure_message(content)
    assert len(message) <= 4000 and f"{len(content['breaches'])} of 3000" in message and "failures. " in message
    assert len(json.dumps({"orders": job_summary(content)})) <= 10000
    lines = log_lines(content)
    assert len(lines) <= 120 and "MISSES RPO" in "\n".join(lines[-22:]), "late ones first"
    assert len(log_lines(content, "full")) >= 3000
    assert len(report_text(content)) <= 6_000_000
    summaries = {f"plan {n}": job_summary(content, 8) for n in range(8)}
    assert len(json.dumps(summaries)) <= 10000


@pytest.mark.parametrize(
    ("function", "given", "options", "words"),
    [
        (expired_copies, ("x",), {}, "rows are lists of dicts, as the info modules return them (copies is a text)"),
        (expired_copies, ([1],), {}, "copies is a list of a number"),
        (expired_copies, ([],), {"keeep": 1}, "'keeep'; its arguments are keep, keep_days, keep_daily"),
        (recovery_points, ([], [], []), {"rpo": 1}, "its arguments are copies, destination_regions, rpo_hours, now"),
        (recovery_points, ([], [], ["eu-west-1"], "soon"), {}, "rpo_hours must be a number from 0, not 'soon'"),
        (recovery_points, ([], [], "eu-west-1"), {}, "destination_regions must be a list of names, not the text"),
        (copy_plan, ([], [], [], "eu-west-1"), {}, "destination_regions must be a list of names, not the text"),
        (copy_plan, ([], [], [], ["eu-west-1"]), {"retention_days": -1}, "retention_days must be a number from 0"),
    ],
)
def test_bad_arguments_of_filters_get_a_message_of_ours(function, given, options, words):
    with pytest.raises(AnsibleFilterError, match=f"{function.__name__}: ") as raised:
        as_filter(function)(*given, **options)
    assert words in str(raised.value) and "object has no attribute" not in str(raised.value)


# -- shards of one plan --------------------------------------------------------------------------------------------


def test_shards_of_one_plan_write_files_of_their_own(tmp_path):
    run = RunContext(host="h", ansible="2.21.0")
    for part in ("1/2", "2/2"):
        given = values(shard=part, report_dir=str(tmp_path), rpo_hours=24)
        done = StepResults(source=source())
        assert write_report(role_result(done, given, False), done, given, run).unwritten == ""
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")}
    day = given.started_at[:10]
    for part in ("1_2", "2_2"):
        assert {f"orders_{part}.{end}" for end in ("json", "html", "junit.xml")} <= names
        assert {f"history/orders_{part}/{day}.{end}" for end in ("json", "csv")} <= names
    assert not {name for name in names if name.startswith(("orders.", "history/orders/"))}
    assert "<h1>orders 2/2</h1>" in (tmp_path / "orders_2_2.html").read_text()


def other(plan, shard="", problem=""):
    return {"plan": plan, "shard": shard, "problem": problem}


def test_the_index_knows_the_shards_of_a_plan(tmp_path):
    run = RunContext(host="h", ansible="2.21.0")
    given = values(shard="1/3", report_dir=str(tmp_path))
    done = StepResults(source=source())
    first = write_report(role_result(done, given, False), done, given, run).report
    second = {**first, "settings": {**first["settings"], "shard": "2/3"}}
    page = index_over([second], str(tmp_path), [other("orders", "1/3"), other("orders", "3/3")])
    assert 'href="orders_2_3.status.html">orders 2/3<' in page and 'href="orders_1_3.html">orders 1/3<' in page
    assert "orders 3/3" in page and "there is no earlier report" in page
    assert "is there" not in index_over([], str(tmp_path), [other("orders", "many")])


def test_the_page_over_all_plans_shows_no_values_of_variables(tmp_path):
    """The message that stopped a plan before it began is Ansible's own."""
    why = "{'secret_key': 'hunter2', 'session_token': '{{ missing }}'}: 'missing' is undefined"
    page = index_over([], str(tmp_path), [other("a", problem=why)])
    assert "missing&#39; is undefined" in page and "hunter2" not in page


def test_a_shard_remembers_its_own_last_report(tmp_path):
    given = values(shard="1/2", report_dir=str(tmp_path))
    rows = [{"disk_id": "vol-1", "disk_name": "one"}]
    for name in ("orders", "orders_1_2"):
        report = {"finished_at": "2026-11-21T02:00:00Z", "source_listed": True, "recovery_points": rows, "settings": {}}
        (tmp_path / f"{name}.json").write_text(json.dumps({**report, "finished_at": f"of {name}"}))
    assert LastReports(given).remembered["finished_at"] == "of orders_1_2"


def test_the_report_shows_the_account_or_what_the_connection_says_about_it():
    run = RunContext(host="h", ansible="2.21.0")

    def account(own, *others, **variables):
        given = values(**variables)
        before = [{"region": "eu-west-1", "account": one, "failures": []} for one in others]
        done = StepResults(source={**source(), "account": own}, before=before)
        report = report_of(role_result(done, given, False), done, given, run)
        assert (report["account"] or "not reported by the cloud") in report_page(report)
        return report["account"]

    assert account("111122223333", "111122223333") == "111122223333"
    assert account("111122223333", "444455556666") == "111122223333 to 444455556666"
    assert account(None) is None and account(None, connection={"profile": "dr", "secret_key": "x"}) == "profile dr"
    arn = "acs:ram::1234567890123456:role/dr"
    assert account(None, connection={"assume_role_arn": arn, "profile": "dr"}) == arn


# What drills have proven


def drilled(hours_ago, level="creatable"):
    return {"dr-copy:proven-at": ago(hours_ago), "dr-copy:proven-level": level}


def test_the_last_proof_of_a_disk_is_reported_with_its_copy():
    newest, older, oldest = (copy(n, 24.0 * n) for n in (1, 2, 3))
    older["tags"], oldest["tags"] = drilled(30, "readable"), drilled(60)
    point = {"disk_id": "vol-1", "region": "eu-west-1", "snapshot_id": newest["snapshot_id"]}
    for made in (newest, older, oldest):
        made["source"]["disk_id"] = "vol-1"
    done = StepResults(
        before=[{"region": "eu-west-1", "snapshots": [newest, older, oldest], "failures": []}],
    )
    (row,) = with_facts([point], [], RunState(done, values(), False), values())
    assert (row["proven_at"], row["proven_level"]) == (ago(30), "readable")
    assert row["proven_snapshot_id"] == older["snapshot_id"] != row["snapshot_id"]
    assert "proofs" not in row
    older["tags"], oldest["tags"] = drilled(30), drilled(60, "usable")
    (row,) = with_facts([point], [], RunState(done, values(), False), values())
    assert (row["proven_at"], row["proven_level"]) == (ago(30), "creatable")
    assert row["proofs"] == {"creatable": ago(30), "usable": ago(60)}, "a later weaker one hides no stronger one"
    older["tags"], oldest["tags"] = drilled(-24), drilled(60, "certain")
    (row,) = with_facts([point], [], RunState(done, values(), False), values())
    assert "proven_at" not in row, "a tag with a future time or an unknown level is no proof"


def test_a_proof_that_a_drill_wrote_during_a_long_run_is_reported():
    """Ages are measured at the end of the run, three hours after its start."""
    newest = copy(1, 24.0)
    newest["source"]["disk_id"], newest["tags"] = "vol-1", drilled(1)
    point = {"disk_id": "vol-1", "region": "eu-west-1", "snapshot_id": newest["snapshot_id"]}
    done = StepResults(before=[{"region": "eu-west-1", "snapshots": [newest], "failures": []}])
    given = replace(values(), started_at=ago(3), ended_at=ago(0))
    (row,) = with_facts([point], [], RunState(done, given, False), given)
    assert row["proven_at"] == ago(1)


def test_the_page_says_when_a_drill_proved_a_copy_and_whether_it_was_this_one():
    night = sample(late=0)
    one, two = night["recovery_points"][:2]
    one.update(proven_at=ago(30), proven_level="creatable", proven_snapshot_id=one["snapshot_id"])
    two.update(proven_at=ago(60), proven_level="readable", proven_snapshot_id="snap-other")
    one["proofs"] = {"creatable": ago(30), "usable": ago(90)}
    page = report_page(night)
    assert f"proven creatable {ago(30)[:10]}, a copy of this disk usable {ago(90)[:10]}" in page
    assert f"an earlier copy proven readable {ago(60)[:10]}" in page
    assert f"an earlier copy proven creatable {ago(30)[:10]}" not in page
    SCHEMA.validate(night)
    SCHEMA.validate({**night, "recovery_points": night["recovery_points"][2:]})


def test_a_long_text_is_shortened_at_a_word():
    assert shorten("its copy failed: the key is gone", 200) == "its copy failed: the key is gone"
    shortened = shorten("its copy failed: the key is gone", 24)
    assert shortened == "its copy failed: the ..." and len(shortened) <= 24
    assert shorten("x" * 50, 10) == "xxxxxx ...", "a text without spaces is cut at the limit"
    long = {**sample(3)["breaches"][0], "why": "unmistakable " * 40}
    (breach,) = job_summary({**sample(3), "breaches": [long]})["breaches"]
    assert breach["why"].endswith("unmistakable ...") and len(breach["why"]) <= 200
