# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a drill as JUnit XML: a case for each disk, and green only for what was proven."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide import drill
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output.drill_junit import (
    drill_junit_text,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output.drill_report import (
    Done,
    drill_report,
)

from .restore_runs import Runs
from .test_restoring import NOW, VALUES, copy, made, proofs, proven


def cases_of(text):
    """Return the suite, and what each of its cases says, by its name; None for one that has passed."""
    suite = ElementTree.fromstring(text)
    found = {}
    for case in suite:
        (result,) = list(case) or [None]
        found[case.get("name")] = None if result is None else (result.tag, result.get("message"))
    return suite, found


def drilled(copies, tried, call, **values):
    rows = proofs(copies)
    trials = drill.judged([row for row in rows if row.copy_id in tried], call, {}, VALUES)
    return drill_report(rows, Done([call], trials), replace(VALUES, **values), False, NOW)


def test_a_drill_writes_a_case_for_each_disk_and_one_for_itself(ebs_disks, tmp_path):
    runs = Runs(ebs_disks)
    disks = runs.copies("database", "mail")
    runs.drill(count=1, report_dir=str(tmp_path))
    suite, found = cases_of((tmp_path / "orders.drill.junit.xml").read_text())
    assert suite.get("name") == "orders" and (suite.get("tests"), suite.get("failures")) == ("3", "0")
    assert {f"{name} ({disk})" for name, disk in disks.items()} | {"the drill itself"} == set(found)
    (skipped,) = filter(None, found.values())
    assert skipped == ("skipped", "not tried: never proven creatable; dr_restore_max_age_days is not set")
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
        ("two", {}, ("skipped", "not tried: last proven creatable on 2026-11-20T00:00:00Z; dr_restore_max_age_days")),
        ("two", {"max_age_days": 7}, None),
        ("old", {"max_age_days": 7}, ("failure", "not proven creatable within 7 days: last on 2026-11-01")),
        ("never", {"max_age_days": 7}, ("failure", "not proven creatable within 7 days: never")),
        ("big", {"max_gib": 500}, ("skipped", "cannot be tried: its 600 GiB are more than dr_restore_max_gib (500)")),
        ("big", {"max_gib": 500, "max_age_days": 7}, ("skipped", "cannot be tried")),
    ],
)
def test_a_case_passes_only_where_a_proof_is_there_that_is_young_enough(name, values, result):
    report = drilled(COPIES, {"snap-1"}, {"disks": [made(1)], "failures": []}, **values)
    _suite, found = cases_of(drill_junit_text(report, "problems"))
    (own,) = [one for case, one in found.items() if case.startswith(name)]
    assert (own is None) is (result is None) and (not own or (own[0] == result[0] and own[1].startswith(result[1])))
    assert found["the drill itself"] == ("failure", "problems")


def test_what_was_proven_with_a_reservation_is_skipped_with_it():
    report = drilled(COPIES, {"snap-1"}, {"disks": [made(1)], "failures": []})
    for key, text in (("note", "the source is gone"), ("passed_over", "the newer copy snap-9 is archived")):
        trial = {**report["tried"][0], key: text}
        suite, found = cases_of(drill_junit_text({**report, "tried": [trial]}, ""))
        assert found["one (vol-1)"] == ("skipped", f"proven creatable, but {text}")
        assert found["the drill itself"] is None and suite.get("failures") == "0"
