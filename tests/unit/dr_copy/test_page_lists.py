# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists on the page of a night: facts, servers, totals, policy, coverage, and what was done or omitted."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output import pages

from tests.support.page_reader import Page
from tests.support.pages import BARE, BARE_COPY, DISK, GOOD, NO_SET, drawn, server, unfinished
from tests.support.reports import REGION, ago, sample

FACTS = {"size_gib": 8, "encrypted": True, "kms_key_id": "arn:aws:kms:x:1:key/abc", "minutes": 4.5}
FACTS.update(expires_at="2026-12-21T02:00:00Z", locked_until="2026-11-28T02:00:00Z")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (FACTS, "8 GiB, encrypted, key abc, expires 2026-12-21, locked until 2026-11-28, copied in 4.5 min"),
        ({"encrypted": False}, "not encrypted"),
        ({}, "–"),
    ],
)
def test_the_facts_of_a_copy_are_shown_with_its_point(facts, words):
    report = sample(**GOOD)
    page = drawn({"recovery_points": [{**point, **facts} for point in report["recovery_points"]]}, **GOOD)
    assert {row[-1] for row in page.part("well").rows} == {words}


SERVERS = {
    "bare": (server("bare", **NO_SET), "bad", "✗ bare in eu-west-1: no complete set of copies"),
    "late": (
        server("late", within_rpo=False, age_hours=40.0),
        "amber",
        "✗ late in eu-west-1: the newest complete set is from 2026-11-21T00:00:00Z, 40.0 h old (crash-consistent)",
    ),
    "dark": (server("dark", **{**NO_SET, "unknown": "denied"}), "amber", "! dark in eu-west-1: denied"),
    "torn": (
        server("torn", torn=[{"disk_id": "vol-9", "source_created_at": None}]),
        "amber",
        "! torn in eu-west-1: the newest complete set is from 2026-11-21T00:00:00Z, 2.0 h old; vol-9 has no copy "
        "(crash-consistent)",
    ),
    "well": (
        server("well", consistency="application"),
        "good",
        "✓ well in eu-west-1: the newest complete set is from 2026-11-21T00:00:00Z, 2.0 h old (application-consistent)",
    ),
}  # fmt: skip


def test_each_server_is_a_line_that_opens_to_its_disks_the_worst_first():
    rows = [row for row, _mark, _words in SERVERS.values()]
    page = drawn({"sets": rows[::-1], "warnings": ["torn"]}, **GOOD).part("servers")
    found = [(each.one("strong").mark, each.text) for each in page.all("summary")]
    assert found == [(mark, words) for _row, mark, words in SERVERS.values()]
    strict = drawn({"sets": rows, "settings": {"consistency": "set"}, "totals": {"late_sets": 2}}, **GOOD)
    marks = [each.one("strong").mark for each in strict.part("servers").all("summary")]
    assert marks == ["bad", "bad", "amber", "amber", "good"], "a late set misses the RPO, where that is asked"


def torn_of(*disks):
    return [{"disk_id": disk["disk_id"], "source_created_at": disk["source_created_at"]} for disk in disks]


def test_the_disks_of_a_server_that_lag_come_first():
    bare, old, new, _other = sample(**GOOD)["recovery_points"]
    bare.update(snapshot_id=None, source_created_at=None, age_hours=None, within_rpo=None)
    old.update(source_created_at=ago(5), age_hours=5.0)
    new.update(source_created_at=ago(1), age_hours=1.0)
    points = [bare, old, new]
    torn = torn_of(new, bare)
    own = server("i-1", disks=[disk["disk_id"] for disk in points], torn=torn, source_created_at=ago(5))
    part = drawn({"sets": [own], "recovery_points": points, "warnings": ["torn"]}, **GOOD).part("servers")
    assert [head.text for head in part.one("thead").all("th")][:2] == ["Disk", "In the set"]
    names = [f"{disk['disk_name']} {disk['disk_id']}" for disk in points]
    assert part.rows == [
        [names[0], "! no", "–", "✗ no copy", "–"],
        [names[1], "! yes, but older than the others", "2026-11-20 21:00", "5 h", old["snapshot_id"]],
        [names[2], "! no", "2026-11-21 01:00", "1 h", new["snapshot_id"]],
    ]
    marks = [span.mark for span in part.all("span") if span.text.startswith("!")]
    assert marks == ["amber", "amber", "amber"] and "has lagged since 2026-11-20T21:00:00Z" in part.one("summary").text
    ages = [cell.attributes["data-v"] for cell in part.all("td") if "data-v" in cell.attributes]
    assert ages == ["999999", "5.0", "1.0"], "by which a browser sorts"
    whole = server("i-2", disks=[new["disk_id"], "vol-of-another-region"], source_created_at=ago(1))
    part = drawn({"sets": [whole], "recovery_points": points}, **GOOD).part("servers")
    assert part.rows == [[names[2], "✓ yes", "2026-11-21 01:00", "1 h", new["snapshot_id"]]]
    assert [span.mark for span in part.all("span")][-1] == "good"
    behind = server("i-3", disks=[old["disk_id"], new["disk_id"]], torn=torn_of(old), source_created_at=ago(1))
    part = drawn({"sets": [behind], "recovery_points": points}, **GOOD).part("servers")
    assert [row[1] for row in part.rows] == ["! no, older than the others", "✓ yes"]
    unread = server("i-4", disks=[new["disk_id"]], set=None, source_created_at=None, unknown="was not listed")
    part = drawn({"sets": [unread], "recovery_points": points}, **GOOD).part("servers")
    assert [row[1] for row in part.rows] == ["! unknown"]


def test_the_totals_count_what_was_done():
    counts = dict(zip(("created", "replaced", "adopted", "unchanged", "updated"), (1, 2, 4, 8, 16), strict=True))
    page = drawn({"counts": counts, "totals": {"pruned": 5, "failures": 6}}, disks=7)
    shown = [each.text for each in page.part("totals").all("dt", "dd")]
    assert dict(zip(shown[::2], shown[1::2], strict=True)) == {
        **{"Disks": "7", "Recovery points": "6 of 7", "Copied": "3", "Adopted": "4", "Already there": "24"},
        **{"Pruned": "5", "Failures": "6"},
    }


def test_the_policy_is_shown_in_words():
    given = {"former_plans": ["shop", "mail"], "encrypted": True, "kms_key_id": "abc", "keep": 3}
    page = drawn({"account": "111122223333"}, **given)
    shown = [each.text for each in page.part("policy").all("dt", "dd")]
    shown = dict(zip(shown[::2], shown[1::2], strict=True))
    assert shown["account"] == "111122223333" and shown["RPO"] == "26 h" and shown["keep"] == "3"
    assert shown["former plans"] == "shop, mail" and shown["encrypted"] == "true"
    assert shown["disk tags"] == "dr-copy=true" and "lock days" not in shown
    bare = [each.text for each in drawn(rpo_hours=0).part("policy").all("dd")]
    assert bare[:2] == ["not reported by the cloud", "not judged"] and "as the source" in bare


ORPHAN = {**BARE_COPY, "disk_id": "vol-8", "state": "completed", "source_created_at": ago(50)}
LEFT_OUT = {**DISK, "region": REGION, "snapshot_id": "snap-1", "source_created_at": ago(60), "age_hours": 60.0}
LISTS = [
    (
        *("pruned", {"pruned": [ORPHAN, {**ORPHAN, "disk_id": None}], "totals": {"pruned": 2}}, "Pruned: 2"),
        [[disk, REGION, "copy-1", "snap-1", "2026-11-19 00:00"] for disk in ("vol-8", "–")],
    ),
    ("pruned", {"pruned": [ORPHAN], "totals": {"pruned": 1}, "check_mode": True}, "Would be pruned: 1", None),
    (
        "unfinished",
        {
            "unfinished": [
                unfinished(progress=42), unfinished(progress=0), unfinished(state="error", progress=42, disk_id=None)
            ],
            "totals": {"unfinished": 3},
        },
        "Copies in progress or failed: 3",
        [
            ["vol-1", REGION, "copy-1", "snap-1", "in progress, 42 %"],
            ["vol-1", REGION, "copy-1", "snap-1", "in progress"],
            ["–", REGION, "copy-1", "snap-1", "failed"],
        ],
    ),
    (
        "left-out",
        {
            "plan": [
                {**LEFT_OUT, "chosen": True, "reason": "newest"},
                {**LEFT_OUT, "chosen": False, "reason": "is a copy"},
                {**LEFT_OUT, **BARE, "snapshot_id": None, "source_created_at": None, "chosen": False,
                 "reason": "no snapshot"},
            ]
        },
        "Left out: 2",
        [
            ["database vol-1", REGION, "snap-1", "2026-11-18 14:00", "is a copy"],
            ["vol-2", REGION, "–", "–", "no snapshot"],
        ],
    ),
    (
        "kept-for-others",
        {"kept_for_others": [{"snapshot_id": "copy-1", "region": REGION, "plan": "mail"}]},
        *("Kept for other plans: 1", [[REGION, "copy-1", "mail"]]),
    ),
    (
        "vanished",
        {"vanished": [{"disk_id": "vol-1", "region": REGION, "snapshot_id": "copy-1"}], "totals": {"vanished": 1}},
        *("Vanished: 1", [["vol-1", REGION, "copy-1"]]),
    ),
    (
        "orphans",
        {
            "orphans": [{**ORPHAN, "kind": kind, "disk_name": None} for kind in ("gone", "unselected", None)],
            "totals": {"orphans": 3},
        },
        "Orphans: 3",
        [
            ["vol-8", REGION, "copy-1", "snap-1", "2026-11-19 00:00", kind]
            for kind in ("gone", "no longer selected", "not known")
        ],
    ),
    (
        "months",
        {"months": [{"month": "2026-11", "days": 20, "judged": 140, "share": 0.98571}]},
        *("Within the RPO, by month", [["2026-11", "98.57 %", "20", "140"]]),
    ),
]  # fmt: skip


def test_the_columns_of_lists_have_names_that_need_no_explanation():
    changes = {name: changes for name, changes, *_rest in LISTS}
    page = drawn({**changes["months"], **changes["orphans"]}, **GOOD)
    lists = ("months", "orphans", "well")
    heads = {name: [head.text for head in page.part(name).one("thead").all("th")] for name in lists}
    assert heads["months"] == ["Month", "Within the RPO", "Days", "Recovery points checked"]
    assert heads["orphans"][-1] == "Disk state" and heads["well"][-3:] == ["Recovery points", "Oldest", "Details"]


@pytest.mark.parametrize(("name", "changes", "head", "rows"), LISTS, ids=[f"{one[0]}: {one[2]}" for one in LISTS])
def test_each_list_has_a_heading_with_its_count(name, changes, head, rows):
    page = drawn(changes, **GOOD)
    part = page.part(name)
    assert part.tag == "details" and part.one("h2").text == head
    assert rows is None or part.rows == rows
    assert len(part.one("thead").all("th")) == len(part.rows[0]), "a head for each cell"
    assert ("find" in part.one("table").mark.split()) is (name != "months"), "by which the search knows its rows"


def test_a_list_that_is_too_long_for_the_page_says_so(monkeypatch):
    monkeypatch.setattr(pages, "MAX_ROWS", 2)
    rows = {
        "pruned": [ORPHAN] * 3,
        "orphans": [{**ORPHAN, "kind": "gone", "disk_name": None}] * 3,
        "sets": [server(f"i-{n}") for n in range(3)],
        "plan": [{**LEFT_OUT, "chosen": False, "reason": reason} for reason in ("is a copy", "is a copy", "stale")],
    }
    totals = {"pruned": 3, "orphans": 3}
    page = drawn({**rows, "totals": totals}, **GOOD)
    for name in ("pruned", "orphans", "left-out"):
        assert "The first 2 are shown, all are in the JSON." in page.part(name).text
        assert len(page.part(name).rows) == 2
    assert page.part("left-out").one("p").text.startswith("is a copy 2, stale 1.")
    assert "And 1 more servers: see sets in the JSON report." in page.part("servers").text
    fitting = {name: own[:2] for name, own in rows.items()}
    fits = drawn({**fitting, "totals": {"pruned": 2, "orphans": 2}}, **GOOD)
    assert "are shown" not in fits.main.text and "more servers" not in fits.main.text


def test_the_coverage_shows_each_unprotected_disk_and_why():
    near = {**BARE, "tags": {"Dr-Copy": "true", "x": "y"}}
    two = {"copies": 2, "regions": ["a-1", "b-2"]}
    coverage = {
        **{"selected": 4, "unselected": 1, "excluded": [DISK], "missing": [DISK, BARE], "near_misses": [near]},
        **{"lost": [{**DISK, **two}], "gone": [{**BARE, "copies": 1, "regions": ["a-1"]}]},
    }
    part = drawn({"coverage": coverage}, **GOOD).part("coverage")
    assert [item.text for item in part.one("ul").children if not isinstance(item, str)] == [
        "4 disks are selected.",
        "1 disk is excluded by a tag: database vol-1",
        "! 1 disk has lost the plan's tags, and has copies: database vol-1: 2 copies in a-1, b-2",
        "1 disk is gone, and has copies: vol-2: 1 copy in a-1",
        "2 disks of the last report, not selected now: database vol-1 vol-2",
        "Tags that nearly match: vol-2 Dr-Copy=true x=y",
        "1 other disk is in the region.",
    ]
    assert part.one("strong").mark == "amber"
    many = {"selected": 1, "unselected": 2, "excluded": [DISK] * 2, "lost": [{**DISK, **two}] * 2}
    many["gone"] = [{**DISK, **two}] * 2
    shown = drawn({"coverage": many}, **GOOD).part("coverage").text
    for words in ("1 disk is selected", "2 disks are excluded", "2 disks have lost the plan's tags, and have copies"):
        assert words in shown
    assert "2 disks are gone, and have copies" in shown and "2 other disks are in the region." in shown
    named = drawn({"coverage": {**many, "unselected": 1}, "settings": {"disk_ids": ["vol-1", "vol-7"]}}, **GOOD)
    assert "1 disk of dr_copy_disk_ids lacks the plan's tags." in named.part("coverage").text
    named = drawn({"coverage": many, "settings": {"disk_ids": ["vol-1", "vol-7"]}}, **GOOD)
    assert "2 disks of dr_copy_disk_ids lack the plan's tags." in named.part("coverage").text
    bare = drawn(**GOOD).part("coverage")
    assert bare.text == "Coverage 4 disks are selected. The region's other disks were not listed."


def test_the_page_ends_with_versions_and_calls():
    def footer(**calls):
        return Page(pages.report_page({**sample(), **calls})).root.one("footer").text

    assert footer().endswith("API calls: CopySnapshot 4, DescribeSnapshots 3, DescribeVolumes 1.")
    versions = sample()["versions"]
    words = "multicloud.snapshots {collection}, ansible-core {ansible}, Python {python}.".format(**versions)
    assert footer().startswith(words) and footer(api_calls={}) == words


def test_the_links_at_the_top_lead_to_every_part():
    changes = {
        **{"pruned": [ORPHAN], "orphans": [{**ORPHAN, "kind": "gone", "disk_name": None}], "sets": [server("i-1")]},
        "plan": [{**LEFT_OUT, "chosen": False, "reason": "is a copy"}],
    }
    (line,) = [line for line in drawn(changes, disks=7).main.all("p") if line.mark == "links"]
    words = "Totals Servers By reason Policy Recovery points Pruned Left out Orphans Coverage Months"
    assert line.text == words


def test_the_one_script_of_a_page_is_allowed_by_its_hash():
    page = pages.report_page(sample())
    assert page.count("<script>") == 1 and "script-src 'sha256-" in page
