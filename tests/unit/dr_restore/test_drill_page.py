# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a drill: its headline, what was tried, and what nobody has proven."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.proving.trials import judge
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.output import drill_report, files

from tests.support.page_reader import Page
from tests.support.restores import NOW, VALUES, copy, made, proofs

KEPT = "A newer copy is archived."


def report(**changes):
    """Return the report of a drill that has proven one copy; ``totals`` are merged."""
    rows = proofs([copy(1)])
    call = {"disks": [made(1)], "failures": []}
    done = drill_report.DrillSteps([call], judge(rows, call, {}, VALUES))
    night = drill_report.drill_report(rows, done, replace(VALUES, max_age_days=7), False, NOW)
    return {**night, **changes, "totals": {**night["totals"], **changes.get("totals", {})}}


def drawn(**changes):
    return Page(files.drill_page(report(**changes)))


def trial(**facts):
    return {**report()["tried"][0], **facts}


PROVEN = "1 of 1 copies proven creatable"
REST = [
    ("", "This level does not prove that the data can be read, or that a system boots from the disk."),
    ("", "1 of 1 disks has been proven creatable at least once."),
]
HEADLINES = {
    "good": ({}, "drill", "is-good", ("good", f"✓ {PROVEN}"), []),
    "failed": (
        {
            "failures": [
                {
                    "kind": "busy",
                    "message": "No answer",
                    "region": "eu-west-1",
                    **dict.fromkeys(("code", "request_id", "hint")),
                }
            ]
        },
        *("drill failed", "is-bad", ("bad", "✗ No answer."), []),
    ),
    "not compared": (
        {"totals": {"uncompared": 1}},
        *("drill", "is-amber", ("amber", f"! {PROVEN}")),
        [("amber", "! 1 of 1 copies not compared with their sources")],
    ),
    "older": (
        {"tried": [trial(passed_over=KEPT)]},
        *("drill", "is-amber", ("amber", f"! {PROVEN}")),
        [("amber", "! 1 of 1 disks has a newer copy that cannot be restored now")],
    ),
    "not tried": (
        {
            "untried": [{"disk_id": "vol-2", "disk_name": "big", "why": "it is big", "named": False}],
            "totals": {"untried": 1},
        },
        *("drill", "is-amber", ("amber", f"! {PROVEN}"), [("amber", "! 1 of 1 disks cannot be tested")]),
    ),
    "warned": (
        {"warnings": ["marks contradict each other"]},
        *("drill", "is-amber", ("amber", f"! {PROVEN}"), [("amber", "! marks contradict each other")]),
    ),
}


@pytest.mark.parametrize("name", HEADLINES)
def test_the_result_of_a_drill_claims_no_more_than_was_proven(name):
    changes, title, mark, first, more = HEADLINES[name]
    page = drawn(**changes)
    assert page.title == f"orders: {title}" and page.main.one("h1").text == "orders: drill"
    assert page.headline == (mark, [first, *more, *REST])
    parts = [head.text for head in page.main.all("h2")]
    assert parts == ["Tested", *(["Not tested"] if name == "not tried" else []), "All disks"]


def test_the_page_of_a_drill_says_where_and_when_and_whether_the_age_of_proofs_is_judged():
    words = f"EBS, eu-west-1a, flood, {NOW} to {NOW}"
    assert drawn().main.one("p").text == words
    assert drawn(zone="").main.one("p").text == words.replace("eu-west-1a", "eu-west-1")
    unasked = drawn(max_age_days=0).headline[1][-1][1]
    not_judged = "dr_restore_max_age_days is not set, so the age of proofs is not judged."
    assert unasked == f"1 of 1 disks has been proven creatable at least once. {not_judged}"
    assert drawn().root.one("footer").text == f"multicloud.snapshots {report()['collection']}."


def test_the_page_of_checks_says_where_they_ran():
    facts = {"level": "usable", "test_instance": "i-1", "test_host": "lab", "checks": "/srv/checks.yml"}
    line = (
        "At this level the drill attaches the disks set by set to i-1, and checks them on lab with the tasks of "
        "/srv/checks.yml."
    )
    assert drawn(**facts).headline[1][1] == ("", line)
    assert "attaches the disks" not in drawn().main.text


@pytest.mark.parametrize(
    ("facts", "mark", "words"),
    [
        ({}, "good", "✓ creatable"),
        ({"level": "readable", "blocks": 16, "compared": True}, "good", "✓ readable 16 blocks equal"),
        (
            {"level": "readable", "blocks": 16, "compared": False, "note": "its source is gone"},
            *("amber", "! readable 16 blocks read. its source is gone"),
        ),
        ({"proven": False, "why": "it has another size"}, "bad", "✗ not proven it has another size"),
        ({"passed_over": KEPT}, "good", f"✓ creatable ! {KEPT}"),
    ],
)
def test_each_copy_that_was_tried_is_a_row_with_what_is_proven(facts, mark, words):
    (row,) = drawn(tried=[trial(**facts)]).main.all("tbody")[0].all("tr")
    cells = [cell.text for cell in row.all("th", "td")]
    assert cells == ["database (vol-1)", "snap-1", "2026-11-20T02:00:00Z", words, "2.5"]
    assert [span.mark for span in row.all("span") if span.mark][0] == mark
    assert drawn(tried=[trial(seconds=None)]).main.rows[0][-1] == "–"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"group": "i-1", "set": "n2", "consistency": "crash"}, "i-1, set n2, crash-consistent"),
        ({"group": "i-1", "torn": True}, "i-1, no complete set"),
        ({"group": "i-1"}, "i-1"),
    ],
)
def test_each_copy_of_a_server_is_a_row_with_its_set(facts, words):
    (row,) = drawn(tried=[trial(**facts)]).main.all("tbody")[0].all("tr")
    assert row.one("th").text == f"database (vol-1) {words}"
    (line,) = [line for line in drill_report.drill_lines(report(tried=[trial(**facts)])) if "snap-1" in line]
    assert line.startswith(f"database (vol-1): snap-1 of 2026-11-20T02:00:00Z ({words}): creatable")


def test_the_page_has_rows_for_untried_copies_and_remaining_disks():
    untried = [{"disk_id": "vol-2", "disk_name": "big", "why": "it is big", "named": False}]
    left = [
        {"disk_id": "vol-n1", "attached_to": "i-1", "expires_at": NOW, "own": False},
        {"disk_id": "vol-n2", "attached_to": None, "expires_at": NOW, "own": True},
    ]
    page = drawn(untried=untried, left=left)
    assert page.main.rows[1:4] == [["big (vol-2)", "! it is big"], ["vol-n1", "i-1", NOW], ["vol-n2", "–", NOW]]
    assert [head.text for head in page.main.all("h2")] == [
        "Tested",
        "Not tested",
        "Not deleted",
        "All disks",
    ]
    captions = [caption.text for caption in page.main.all("caption")]
    assert captions[:3] == [
        "The drill tried to create a disk from each of these copies.",
        "Disks that this drill could not test.",
        "Disks that have expired, or that this drill created, and that still exist. "
        "They are attached, or their deletion was not confirmed.",
    ]
    heads = [head.text for head in page.main.all("thead")]
    assert heads == [
        "Disk Copy Snapshot taken (UTC) Outcome Seconds until available",
        "Disk Why",
        "Disk Attached to Expires",
        "Disk Last proven Level",
    ]


def test_disks_are_sorted_by_their_last_proof_with_unproven_ones_first():
    def disk(name, proven_at):
        facts = {"disk_id": f"vol-{name}", "disk_name": name, "proven_at": proven_at, "proofs": {}}
        return {**report()["disks"][0], **facts, "proven_level": proven_at and "readable"}

    days = {"b": "2026-11-20T02:00:00Z", "a": "2026-11-21T02:00:00Z", "d": None, "c": None}
    page = drawn(disks=[disk(name, day) for name, day in days.items()])
    table = page.main.all("table")[-1]
    assert table.rows == [
        ["c (vol-c)", "never", "–"],
        ["d (vol-d)", "never", "–"],
        ["b (vol-b)", "2026-11-20T02:00:00Z", "readable"],
        ["a (vol-a)", "2026-11-21T02:00:00Z", "readable"],
    ]
    assert [span.mark for span in table.all("span") if span.mark] == ["bad", "bad"]
