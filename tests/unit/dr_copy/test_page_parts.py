# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each part of the page of a night: its headline, what is late or failed and why, and every list below."""

from __future__ import annotations

import pytest

from tests.support.pages import BARE, DISK, GOOD, NO_SET, drawn, server, unfinished
from tests.support.reports import NAMES, REGION, sample


def breach(reason, **facts):
    none = dict.fromkeys(("snapshot_id", "source_created_at", "locked_until", "age_hours"))
    return {**DISK, "region": REGION, **none, "state": "absent", "reason": reason, "why": "so it is", **facts}


def failure(**facts):
    none = dict.fromkeys(("source_snapshot_id", "snapshot_id", "code", "request_id", "hint", "disk_id", "disk_name"))
    return {**none, "region": REGION, "kind": "busy", "message": "the cloud is busy", **facts}


WITHIN = ("good", "✓ All 4 recovery points are within the RPO of 26 h")
UNASKED = ("", "No RPO is set, so the age of the copies is not judged.")
LATE_SETS = "✗ 1 of 1 servers has no complete set of copies within the RPO of 26 h"
UNLISTED = "! No disk is known, because the source region could not be listed"
EMPTY = {"recovery_points": [], "within_rpo": None, "totals": {"recovery_points": 0, "complete": 0}}
#: A night; the title and the mark of its page, and the lines of its headline.
HEADLINES = {
    "good": (GOOD, {}, "all is well", "is-good", [WITHIN]),
    "not judged": ({**GOOD, "rpo_hours": 0}, {}, "all is well", "is-good", [("good", "✓ Nothing failed"), UNASKED]),
    "no disks": (GOOD, EMPTY, "no disks", "", [("", "This plan protects no disk")]),
    "unknown disks": (
        GOOD,
        {**EMPTY, "source_listed": False, "warnings": ["dark"]},
        *("needs attention", "is-amber", [("amber", UNLISTED), ("amber", "! dark")]),
    ),
    "late": (
        GOOD,
        {"breaches": [breach("stale")], "within_rpo": False},
        *("misses its RPO", "is-bad", [("bad", "✗ 1 of 4 recovery points misses the RPO of 26 h")]),
    ),
    "key": (
        GOOD,
        {"breaches": [breach("key")]},
        *("has copies that cannot be restored", "is-bad"),
        [("bad", "✗ 1 of 4 recovery points cannot be restored, because its key cannot be used")],
    ),
    "late set": (
        GOOD,
        {"sets": [server("i-1", **NO_SET)], "totals": {"late_sets": 1}, "settings": {"consistency": "set"}},
        *("misses its RPO", "is-bad", [("bad", LATE_SETS)]),
    ),
    "not read": (
        GOOD,
        {"unjudged": [breach("region_unlisted")], "within_rpo": None},
        *("could not be judged", "is-bad", [("bad", "✗ 1 of 4 recovery points could not be judged")]),
    ),
    "failed": (
        GOOD,
        {"failures": [failure(), failure(code="Busy")], "within_rpo": None},
        *("failures", "is-bad", [("bad", "✗ 2 failures")]),
    ),
    "stopped": (GOOD, {**EMPTY, "failures": [failure()]}, "failures", "is-bad", [("bad", "✗ 1 failure")]),
    "warned": (
        GOOD,
        {"warnings": ["look at this"]},
        *("needs attention", "is-amber", [WITHIN, ("amber", "! look at this")]),
    ),
    "warned, not judged": (
        {**GOOD, "rpo_hours": 0},
        {"warnings": ["look at this"]},
        *("needs attention", "is-amber", [UNASKED, ("amber", "! look at this")]),
    ),
    "one under way": (
        GOOD,
        {"totals": {"unfinished": 1}, "unfinished": [unfinished()]},
        *("needs attention", "is-amber", [WITHIN, ("amber", "! 1 copy is in progress or failed")]),
    ),
    "one without a copy": (
        {**GOOD, "rpo_hours": 0},
        {"totals": {"absent": 1}},
        *("needs attention", "is-amber"),
        [("amber", "✗ 1 of 4 recovery points is missing: there is no copy in the destination"), UNASKED],
    ),
    "two without a copy": (
        GOOD,
        {"totals": {"absent": 2}, "breaches": [breach("stale")] * 2, "within_rpo": False},
        *("misses its RPO", "is-bad"),
        [
            ("bad", "✗ 2 of 4 recovery points miss the RPO of 26 h"),
            ("bad", "✗ 2 of 4 recovery points are missing: there is no copy in the destination"),
        ],
    ),
    "source is down": (
        GOOD,
        {"source_listed": False, "source_problem": "no route to host", "warnings": ["not listed"]},
        *("needs attention", "is-amber", [WITHIN, ("amber", "! not listed"), ("", "no route to host")]),
    ),
}


@pytest.mark.parametrize("name", HEADLINES)
def test_the_headline_says_what_is_bad_and_nothing_else(name):
    night, changes, title, mark, lines = HEADLINES[name]
    page = drawn(changes, **night)
    assert page.title == f"orders: {title}" and page.root.one("h1").text == "orders"
    assert page.headline == (mark, lines)


def test_the_heading_of_what_is_late_says_if_some_cannot_be_restored():
    for name, heading in (("late", "Late"), ("key", "Late, or cannot be restored")):
        night, changes, *_rest = HEADLINES[name]
        (found,) = [head.text for head in drawn(changes, **night).main.all("h2") if head.attributes.get("id") == "late"]
        assert found == heading


# The lists


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "EBS, us-east-1 to eu-west-1; copy run, 2026-11-21 02:00 UTC to 2026-11-21 02:00 UTC."),
        ({"check_mode": True}, "copy run in check mode: nothing was written,"),
        ({"kind": "status"}, "us-east-1 to eu-west-1; status, 2026"),
        ({"destination_regions": ["a-1", "b-2"]}, "EBS, us-east-1 to a-1, b-2;"),
        ({"cloud": None, "source_region": None, "destination_regions": []}, "NO CLOUD, no region to no region;"),
        ({}, "Current until 2026-11-22 00:48 UTC."),
    ],
)
def test_the_page_begins_with_what_was_copied_where_and_when(changes, words):
    quiet = drawn(changes).main.all("p")[0]
    assert words in quiet.text and quiet.mark == "quiet"


def test_an_outdated_page_says_so_in_a_browser():
    page = drawn()
    (stale,) = [line for line in page.main.all("p") if line.mark == "stale"]
    assert stale.attributes["data-valid-until"] == "2026-11-22T00:48:00Z" and "hidden" in stale.attributes
    times = [each.attributes["datetime"] for each in page.main.all("time")]
    assert times == ["2026-11-21T02:00:00Z"] * 2 + ["2026-11-22T00:48:00Z"]


OLD = ["49.3 h", "2026-11-19 00:42"]


def test_late_points_are_grouped_by_reason_with_the_next_step_above_the_others():
    page = drawn(disks=7)
    (late,) = page.part("late").all("section")
    assert late.mark == "group is-late"
    assert late.one("h3").text.startswith("3 × the copy failed: The copy of snap-0000000000030002a")
    assert late.one("h3").text.endswith(" (the first; the others are of the same kind and code)")
    assert late.one("p").text == f"Next: {sample()['failures'][0]['hint']}"
    words = "The newest complete copy of each disk, the oldest first. The line across a bar is the RPO."
    assert late.one("caption").text == words
    assert [head.text for head in late.one("thead").all("th")][-2:] == ["Recovery points", "Oldest"]
    assert late.rows == [
        [f"{NAMES[3]} vol-00000000000000003", REGION, "✗ no copy", "–", "–", "0", "–"],
        ["database vol-00000000000000000", REGION, *OLD, "snap-c00000000000001ed", "2", "2026-11-18"],
        ["mail vol-00000000000000006", REGION, *OLD, "snap-c00000000006001ed", "2", "2026-11-18"],
    ]
    failed = page.part("failed")
    assert failed.text == "3 failures are listed above, with their recovery points."
    alone = drawn(disks=1)
    assert alone.part("failed").text == "1 failure is listed above, with their recovery points."
    assert "the others" not in alone.part("late").text
    other = drawn({"failures": [*sample(disks=7)["failures"], failure()]}, disks=7)
    assert "3 failures are listed above, with their recovery points." in other.part("failed").text
    well = page.part("well")
    assert well.one("h2").text == "Other recovery points: 4" and len(well.rows) == 4
    assert well.one("caption").text.endswith("by when its source was taken. The line across a bar is the RPO.")
    state = ["snap-c0000000000400034", "✓ within RPO"]
    assert well.rows[1][:6] == ["vol-00000000000000004", REGION, "5.2 h", "2026-11-20 20:48", *state]
    assert page.part("reasons").text.startswith("3 × the copy failed: The copy of snap-0000000000030002a")
    assert "line across" not in drawn(**{**GOOD, "rpo_hours": 0}).part("well").one("caption").text


def test_the_page_of_a_good_night_has_no_empty_sections():
    page = drawn(**GOOD, keep=0)
    ids = [each.attributes["id"] for each in page.main.all() if each.attributes.get("id", "tools") != "tools"]
    assert ids == ["totals", "policy", "well", "coverage", "months"]
    assert [link.text for link in page.main.all("a")] == ["Totals", "Policy", "Recovery points", "Coverage", "Months"]
    assert "months" not in {e.attributes.get("id") for e in drawn({"months": [], **EMPTY}, **GOOD).main.all()}


def test_the_page_shows_only_variables_that_are_set():
    policy = drawn({"settings": {"copy_options": {}, "disk_ids": [], "keep": 2, "encrypted": None}}).part("policy").text
    assert "keep 2" in policy and "encrypted as the source" in policy
    assert not any(name in policy for name in ("copy options", "disk ids"))


def test_the_page_groups_unjudged_points_and_failures_by_reason():
    hint = "Run again later."
    failures = [
        failure(code="Busy", hint=hint, source_snapshot_id="snap-1", **DISK),
        failure(code="Busy", hint=hint, snapshot_id="copy-1", request_id="req-1", **BARE),
        failure(region=None, message="no answer", kind="not_ready"),
    ]
    unread = breach("region_unlisted", why="the region could not be listed: denied", state="unknown")
    page = drawn({"failures": failures, "unjudged": [unread], "within_rpo": None}, **GOOD)
    (group,) = page.part("unjudged").all("section")
    assert (group.mark, group.one("h3").text) == ("group is-late", "1 × the region could not be listed: denied")
    assert group.one("p").text == "Next: Fix what the failure names, then run again."
    assert group.rows == [["database vol-1", REGION, "not known", "–", "–", "–", "–"]], "there may be a copy"
    similar, alone = page.part("failed").all("section")
    assert (similar.mark, similar.one("p").text) == ("group", f"Next: {hint}")
    assert similar.one("h3").text == f"2 × busy [Busy] in {REGION}, the first: the cloud is busy"
    assert similar.rows == [
        ["database vol-1", REGION, "snap-1", "–", "the cloud is busy Busy"],
        ["vol-2", REGION, "–", "copy-1", "the cloud is busy Busy, request req-1"],
    ]
    assert alone.rows == [["–", "–", "–", "–", "no answer"]]
    assert alone.one("h3").text == "1 × not ready: no answer" and not alone.all("p"), "nobody knows the next step"
    assert [item.text for item in page.part("reasons").all("li")] == [
        "1 not judged: the region could not be listed: denied",
        f"2 failed: busy [Busy] in {REGION}, the first: the cloud is busy",
        "1 failed: not ready: no answer",
    ]


def test_the_state_of_an_unjudged_or_incomplete_point_is_reported():
    report = sample(**GOOD)
    first, second, third, fourth = report["recovery_points"]
    first.update(within_rpo=None)
    second.update(within_rpo=True, state="archived")
    third.update(within_rpo=None, state="absent", snapshot_id=None, source_created_at=None, age_hours=None)
    page = drawn({"recovery_points": [first, second, third, fourth]}, **GOOD)
    states = {row[0].split()[-1][-1]: row[5] for row in page.part("well").rows}
    assert states == {"0": "completed", "1": "✓ within RPO (archived)", "2": "absent", "3": "✓ within RPO"}


@pytest.mark.parametrize(
    ("rpo_hours", "age", "width", "label", "mark"),
    [
        (26, 13.0, 25, "13 h of 26 h allowed", "bar"),
        (26, 39.0, 75, "39 h of 26 h allowed", "bar late"),
        (26, 400.0, 100, "16.7 days of 26 h allowed", "bar late"),
        (26, None, 100, "no copy, 26 h allowed", "bar late"),
        (0, 5.0, 50, "5 h", "bar"),
        (0, None, 100, "no copy", "bar late"),
    ],
)
def test_a_bar_is_as_long_as_its_point_is_old_with_a_line_at_the_rpo(rpo_hours, age, width, label, mark):
    report = sample(disks=2, late=0, rpo_hours=rpo_hours)
    first, second = report["recovery_points"]
    within = None if not rpo_hours else age is not None and age <= rpo_hours
    facts = {"age_hours": age, "within_rpo": within, **({"snapshot_id": None} if age is None else {})}
    late = [breach("stale", disk_id=first["disk_id"], age_hours=age)] if within is False else []
    points = [{**first, **facts}, {**second, "age_hours": 10.0}]
    changes = {"recovery_points": points, "breaches": late, "plan": []}
    page = drawn(changes, disks=2, late=0, rpo_hours=rpo_hours)
    (row,) = [row for row in page.main.all("tr") if first["disk_id"] in row.text and row.all("i")]
    (shown,) = [span for span in row.all("span") if span.mark.startswith("bar")]
    assert (shown.mark, shown.attributes["aria-label"]) == (mark, label)
    assert shown.one("i").attributes["style"] == f"width:{width}%" and len(shown.all("b")) == bool(rpo_hours)
    (cell,) = [cell for cell in row.all("td") if cell.all("i")]
    assert cell.attributes["data-v"] == str(age if age is not None else 999999), "by which a browser sorts"
    depth = [cell.attributes.get("data-v") for cell in row.all("td") if "depth" in cell.mark]
    assert depth == [str(points[0].get("points", 0)), None]
