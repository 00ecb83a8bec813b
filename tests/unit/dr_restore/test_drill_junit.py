# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a drill as JUnit XML: a case for each disk, and green only for what was proven."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.proving.trials import judge
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output.drill_junit import (
    drill_junit_text,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output.drill_report import (
    DrillSteps,
    drill_report,
)

from tests.support.restore_runs import RestoreRuns
from tests.support.restores import NOW, VALUES, copy, made, proofs, proven
from tests.support.server_estates import marks


def cases_of(text):
    """Return the suite, and the text of each of its cases by name; None for a case that passed."""
    suite = ElementTree.fromstring(text)
    found = {}
    for case in suite:
        (result,) = list(case) or [None]
        found[case.get("name")] = None if result is None else (result.tag, result.get("message"))
    return suite, found


def drilled(copies, tried, call, **values):
    rows = proofs(copies)
    trials = judge([row for row in rows if row.copy_id in tried], call, {}, VALUES)
    return drill_report(rows, DrillSteps([call], trials), replace(VALUES, **values), False, NOW)


def test_a_drill_writes_a_case_for_each_disk_and_one_for_itself(ebs_disks, tmp_path):
    runs = RestoreRuns(ebs_disks)
    disks = runs.copy_new_disks("database", "mail")
    runs.drill(count=1, report_dir=str(tmp_path))
    suite, found = cases_of((tmp_path / "orders.drill.junit.xml").read_text())
    assert suite.get("name") == "orders" and (suite.get("tests"), suite.get("failures")) == ("3", "0")
    assert {f"{name} ({disk})" for name, disk in disks.items()} | {"the drill itself"} == set(found)
    (skipped,) = filter(None, found.values())
    assert skipped == ("skipped", "not tested: never proven creatable; dr_restore_max_age_days is not set")
    (time,) = [case.get("time") for case in suite if case.get("time")]
    assert float(time) >= 0 and {case.get("classname") for case in suite} == {"eu-west-1", "orders"}
    second = runs.drill(disk_type="imaginary", report_dir=str(tmp_path))
    _suite, found = cases_of((tmp_path / "orders.drill.junit.xml").read_text())
    assert all(result[0] == "failure" and "imaginary" in result[1] for result in found.values())
    assert found["the drill itself"][1] == second.message
    before = (tmp_path / "orders.drill.junit.xml").read_text()
    runs.drill(check=True, report_dir=str(tmp_path))
    assert (tmp_path / "orders.drill.junit.xml").read_text() == before


COPIES = [
    copy(1, "vol-1", name="one"),
    copy(2, "vol-2", name="two", tags=proven(20)),
    copy(3, "vol-3", name="old", tags=proven(1)),
    copy(4, "vol-4", name="big", size_gib=600, tags=proven(20)),
    copy(5, "vol-5", name="never"),
]


@pytest.mark.parametrize(
    ("name", "values", "result"),
    [
        ("one", {}, None),
        ("two", {}, ("skipped", "not tested: last proven creatable on 2026-11-20T00:00:00Z; dr_restore_max_age_days")),
        ("two", {"max_age_days": 7}, None),
        ("old", {"max_age_days": 7}, ("failure", "not proven creatable within 7 days: last on 2026-11-01")),
        ("never", {"max_age_days": 7}, ("failure", "not proven creatable within 7 days: never")),
        ("big", {"max_gib": 500}, ("skipped", "cannot be tested: its size, 600 GiB, exceeds dr_restore_max_gib (500)")),
        ("big", {"max_gib": 500, "max_age_days": 7}, ("skipped", "cannot be tested")),
    ],
)
def test_a_case_passes_only_with_a_recent_proof(name, values, result):
    report = drilled(COPIES, {"snap-1"}, {"disks": [made(1)], "failures": []}, **values)
    _suite, found = cases_of(drill_junit_text(report, "problems"))
    (own,) = [one for case, one in found.items() if case.startswith(name)]
    assert (own is None) is (result is None) and (not own or (own[0] == result[0] and own[1].startswith(result[1])))
    assert found["the drill itself"] == ("failure", "problems")


def test_a_proof_with_a_reservation_is_a_skipped_test_case():
    report = drilled(COPIES, {"snap-1"}, {"disks": [made(1)], "failures": []})
    for key, text in (("note", "the source is gone"), ("passed_over", "the newer copy snap-9 is archived")):
        trial = {**report["tried"][0], key: text}
        suite, found = cases_of(drill_junit_text({**report, "tried": [trial]}, ""))
        assert found["one (vol-1)"] == ("skipped", f"proven creatable, but {text}")
        assert found["the drill itself"] is None and suite.get("failures") == "0"


# Servers of several disks


def member(number, day=20, set_id="n1", **facts):
    """Return a copy of a disk of the server i-1."""
    tags = {**marks(set_id), **facts.pop("tags", {})}
    return copy(number, f"vol-{number}", day=day, name=f"disk-{number}", tags=tags, **facts)


BOTH, OLD = [member(1), member(2)], [member(1, tags=proven(20)), member(2, tags=proven(20))]
MADE = {"disks": [made(1), made(2)], "failures": []}
NO_FACTS = dict.fromkeys(("code", "request_id", "hint"))
REFUSED = {
    "disks": [made(1), made(2, disk_id=None, error={"message": "no space", **NO_FACTS})],
    "failures": [],
}


@pytest.mark.parametrize(
    ("copies", "tried", "call", "values", "result"),
    [
        (BOTH, {"snap-1", "snap-2"}, MADE, {}, None),
        (BOTH, {"snap-1", "snap-2"}, REFUSED, {}, ("failure", "disk-2 (vol-2): not proven: no space")),
        (BOTH, {"snap-1"}, MADE, {"max_gib": 9}, ("skipped", "not fully proven: disk-2 (vol-2): not tested: never")),
        (OLD, set(), MADE, {"max_age_days": 7}, None),
        (OLD, set(), MADE, {}, ("skipped", "not fully proven: disk-1 (vol-1): not tested: last proven")),
        (OLD, {"snap-1"}, MADE, {"max_age_days": 7}, ("skipped", "its disks were not proven by one drill: disk-1")),
        (BOTH, {"snap-1"}, MADE, {"max_age_days": 7}, ("failure", "disk-2 (vol-2): not proven creatable within")),
        (
            [member(1), member(2, day=19, set_id="n2")],
            {"snap-1", "snap-2"},
            MADE,
            {},
            (
                "skipped",
                "it has no complete set of copies, so its disks are from different times: disk-1 (vol-1), disk-2",
            ),
        ),
    ],
)
def test_a_server_has_a_case_that_passes_only_where_one_drill_has_proven_all_its_disks(
    copies, tried, call, values, result
):
    report = drilled([*copies, copy(9, "vol-9", name="alone")], tried, call, **values)
    suite, found = cases_of(drill_junit_text(report, ""))
    own = found["set of i-1"]
    assert own == result if result is None else (own[0] == result[0] and own[1].startswith(result[1])), own
    assert [case.get("name") for case in suite].count("set of i-1") == 1 and len(found) == 5
    (case,) = [case for case in suite if case.get("name") == "set of i-1"]
    assert case.get("classname") == "eu-west-1" and case.get("time") == ("2.5" if tried else None)


def test_a_server_whose_disks_several_plans_protect_has_a_case_for_each_set():
    copies = [*BOTH, *(member(n, set_id="m1", tags={"dr-copy:plan": "other"}) for n in (3, 4))]
    _suite, found = cases_of(drill_junit_text(drilled(copies, {"snap-1", "snap-2"}, MADE), ""))
    assert found["set of i-1 (disk-1 (vol-1), disk-2 (vol-2))"] is None
    assert found["set of i-1 (disk-3 (vol-3), disk-4 (vol-4))"][0] == "skipped" and len(found) == 7


def test_a_disk_without_another_of_its_server_has_no_case_of_a_server():
    _suite, found = cases_of(drill_junit_text(drilled([member(1)], {"snap-1"}, MADE), ""))
    assert set(found) == {"disk-1 (vol-1)", "the drill itself"}


def test_each_row_of_a_drill_says_to_which_server_and_set_its_disk_belongs():
    copies = [*BOTH, copy(9, "vol-9", name="alone", size_gib=600)]
    report = drilled(copies, {"snap-1"}, MADE, max_gib=500, max_age_days=7)
    for key in ("disks", "tried", "overdue", "untried"):
        for row in report[key]:
            of_server = ("i-1", "n1", "crash", False) if row["disk_id"] != "vol-9" else (None, None, None, False)
            assert (row["group"], row["set"], row["consistency"], row["torn"]) == of_server, key
        assert report[key]
