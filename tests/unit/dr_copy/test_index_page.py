# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of all plans: one line for each plan, the worst first; and ages as text, on every page."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.multicloud.snapshots.plugins.filter import dr_copy
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.history import (
    index_over,
    other_plans,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.job_summary import brief_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.pages import index_page, report_page

from tests.support.page_reader import Page
from tests.support.reports import sample


def test_an_age_is_shown_in_hours_and_then_in_days():
    report = sample(disks=4, late=0, rpo_hours=0)
    ages = [1.234, 71.9, 73.0, 2500.0]
    points = [{**point, "age_hours": age} for point, age in zip(report["recovery_points"], ages, strict=True)]
    rows = Page(report_page({**report, "recovery_points": points})).part("well").rows
    assert {row[2] for row in rows} == {"1.23 h", "71.9 h", "3.04 days", "104 days"}


def brief(name="orders", totals=(), night=(), **changes):
    """Return what the index reads of a plan's report."""
    report = sample(**{"late": 0, "host": name, **dict(night)})
    return brief_of({**report, **changes, "totals": {**report["totals"], **dict(totals)}}, [], "")


def index(*briefs, **unseen):
    return Page(index_page(briefs, unseen))


FAILURE = sample()["failures"][0]
STOPPED = {"recovery_points": 0, "complete": 0, "failures": 1}
#: What happened in a night, and what the index says about it, with its mark.
STATES = [
    ({}, "good", "✓ within RPO"),
    (
        {"totals": {"breaches": 2}, "within_rpo": False, "breaches": [{"reason": "no_snapshot"}] * 2},
        "bad",
        "✗ 2 miss the RPO",
    ),
    (
        {"totals": {"breaches": 2}, "within_rpo": False, "breaches": [{"reason": "archived"}, {"reason": "no_newer"}]},
        "bad",
        "✗ 1 cannot be restored now",
    ),
    (
        {"totals": {"breaches": 2}, "within_rpo": False, "breaches": [{"reason": "key"}, {"reason": "no_snapshot"}]},
        "bad",
        "✗ 1 cannot be restored: its key cannot be used",
    ),
    ({"totals": {"failures": 3}, "failures": [FAILURE]}, "bad", "✗ 3 failed"),
    ({"totals": STOPPED, "failures": [{**FAILURE, "message": "x " * 200}]}, "bad", f"✗ 1 failed: {'x ' * 97}x..."),
    ({"totals": {"late_sets": 1}}, "bad", "✗ 1 server has no complete set within the RPO"),
    ({"totals": {"unjudged": 1}, "within_rpo": None}, "bad", "✗ 1 could not be judged"),
    ({"warnings": ["look at this", "and that"]}, "amber", "! look at this"),
    ({"totals": {"unfinished": 1}}, "amber", "! 1 copy is in progress or failed"),
    ({"totals": {"absent": 2}, "within_rpo": None}, "amber", "! 2 recovery points are missing"),
    ({"night": {"rpo_hours": 0}}, "", "not judged"),
    (
        {
            "night": {"rpo_hours": 0},
            "totals": {"breaches": 2},
            "within_rpo": False,
            "breaches": [{"reason": "archived"}] * 2,
        },
        "bad",
        "✗ 2 cannot be restored now",
    ),
]


@pytest.mark.parametrize(("night", "mark", "state"), STATES, ids=[state[:20] for _night, _mark, state in STATES])
def test_the_index_says_of_each_plan_what_is_worst(night, mark, state):
    page = index(brief(**night))
    (line,) = page.main.one("tbody").all("tr")
    cell = line.all("td")[0]
    assert cell.text == f"{state} ! out of date", "the last words are hidden until a browser sees that they are true"
    assert [span.mark for span in cell.all("span") if span.mark != "stale"] == ([mark] if mark else [])
    assert line.mark == ("is-late" if mark == "bad" else "")
    needs = mark in ("bad", "amber")
    title, headline = {
        "good": ("All plans are OK", "✓ No plan misses its RPO, and nothing failed"),
        "": ("Nothing failed", "Nothing failed, but 1 of 1 plans has no RPO, so the age of its copies is not judged"),
    }.get(mark, ("1 of 1 plans needs attention", "✗ 1 of 1 plans needs attention"))
    assert page.title == title
    assert page.headline[1][0] == ("bad" if needs else mark, headline)
    assert page.headline[0] == ("is-bad" if needs else "is-good" if mark else "")


def test_an_index_is_green_only_if_every_plan_is_judged():
    page = index(brief("a"), brief("b", night={"rpo_hours": 0}), brief("c", night={"rpo_hours": 0}))
    assert page.headline[0] == "" and "2 of 3 plans have no RPO, so the age of their copies" in page.headline[1][0][1]
    nothing = index()
    assert (nothing.title, nothing.headline[0]) == ("No plan was checked", "")
    assert nothing.headline[1][0] == ("", "No plan was checked")


def test_the_index_has_a_line_a_plan_the_worst_first_and_the_sum_of_all():
    late = brief("late", night={"late": 3})
    good = brief("a b", destination_regions=["a-1", "b-2"])
    lost = brief("lost", totals=STOPPED, failures=[FAILURE], cloud=None, source_region=None, source_listed=False)
    lost["source_problem"] = None
    lost_points = [{"reason": "key"}, {"reason": "archived"}, {"reason": "no_newer"}]
    no_key = brief("keys", totals={"breaches": 3}, breaches=lost_points)
    words = f"{late['totals']['breaches'] + 1} of 8 recovery points late, 2 cannot be restored now."
    assert Page(index_page([no_key, late])).headline[1][1][1].startswith(f"All plans: 8 disks; {words}")
    page = index(good, late, {**lost, "rpo_hours": 0}, dark="no route to host")
    rows = page.main.rows
    points, breaches = late["totals"]["recovery_points"], late["totals"]["breaches"]
    assert rows[0] == ["dark", "✗ could not be checked: no route to host"]
    assert [row[0] for row in rows] == ["dark", "lost", "late", "a b"]
    assert rows[1][2:] == ["–", "– (not listed)", "eu-west-1", "–", "0 of 0", "1", "2026-11-21 02:00 UTC"]
    assert rows[2][2:7] == ["ebs", "us-east-1", "eu-west-1", "26 h", f"3 of {points}"]
    assert rows[3][2:] == ["ebs", "us-east-1", "a-1, b-2", "26 h", "4 of 4", "0", "2026-11-21 02:00 UTC"]
    sizes = [cell.attributes["data-v"] for cell in page.main.all("td") if "data-v" in cell.attributes]
    assert sizes == ["0", str(points), "4"], "by which a browser sorts"
    assert page.title == "3 of 4 plans need attention"
    assert page.headline[1][1] == ("", f"All plans: 12 disks; {breaches} of 8 recovery points late.")
    assert [link.attributes["href"] for link in page.main.all("a")] == [
        "lost.status.html", "late.status.html", "a%20b.status.html"
    ]  # fmt: skip
    assert [head.text for head in page.main.one("thead").all("th")][:2] == ["Plan", "State"]
    assert page.main.one("caption").text == "One line for each plan, the worst first."
    stale = [span.attributes["data-valid-until"] for span in page.main.all("span") if span.mark == "stale"]
    assert stale == [plan["valid_until"] for plan in (lost, late, good)]
    versions = good["versions"]
    footer = page.root.one("footer").text
    assert footer == f"multicloud.snapshots {versions['collection']}, ansible-core {versions['ansible']}."


def test_no_copy_of_a_plan_without_an_rpo_counts_as_late():
    lost_points = [{"reason": "key"}, {"reason": "archived"}]
    night = {"rpo_hours": 0, "disks": 4}
    page = index(brief(night=night, totals={"breaches": 2}, within_rpo=False, breaches=lost_points))
    assert "0 of 4 recovery points late, 2 cannot be restored now." in page.root.text


def test_a_report_that_is_out_of_date_makes_no_index_green(tmp_path):
    old = {**sample(late=0, host="mail"), "name": "mail", "valid_until": "2020-01-02T02:00:00Z"}
    (tmp_path / "mail.status.json").write_text(json.dumps(old))
    page = Page(index_over([brief()], str(tmp_path), [{"plan": "mail", "shard": "", "problem": ""}]))
    assert page.title == "1 of 2 plans needs attention" and page.headline[0] == "is-bad"
    assert page.main.rows[0][:2] == ["mail", "! not checked in time ! out of date"]
    stale = [span for span in page.main.all("span") if span.mark == "stale"]
    assert ["hidden" in span.attributes for span in stale] == [False, True]


def test_the_index_links_to_pages_of_other_directories(tmp_path):
    here, there = str(tmp_path / "a"), str(tmp_path / "b c")
    briefs = [{**brief("one"), "report_dir": here}, {**brief("two"), "report_dir": there}]
    page = Page(index_over(briefs, here))
    assert [link.attributes["href"] for link in page.main.all("a")] == ["one.status.html", "../b%20c/two.status.html"]


def test_the_index_over_nothing_is_not_green():
    page = index()
    assert page.headline[0] == "" and not page.main.rows and not page.root.one("footer").text


def test_a_variable_that_cannot_be_evaluated_is_the_problem_of_its_host_alone():
    class Unset(dict):
        def get(self, name, default=None):
            raise ValueError(f"{name} is undefined")

    unset = dict.fromkeys(("dr_copy_plan", "dr_copy_shard"))
    hosts = {"mail": {"dr_copy_plan": " post ", "dr_copy_shard": "1/2"}, "odd": Unset(), "web": {}, "wiki": unset}
    assert other_plans(list(hosts), hosts) == [
        {"plan": "post", "shard": "1/2", "problem": ""},
        {"plan": "odd", "shard": "", "problem": "dr_copy_plan is undefined"},
        {"plan": "web", "shard": "", "problem": ""},
        {"plan": "wiki", "shard": "", "problem": ""},
    ]


def test_a_private_filter_calls_what_its_first_argument_names():
    ((name, private),) = dr_copy.FilterModule().filters().items()
    with pytest.raises(AnsibleFilterError, match=f"{name}: there is no 'conection'"):
        private({}, "conection")
    with pytest.raises(AnsibleFilterError, match=f"{name} index: "):
        private({}, "index", 1, 2, 3, 4, 5, 6)
