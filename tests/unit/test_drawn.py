# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands on the pages: each fact of the report, in words and where a reader looks for it."""

from __future__ import annotations

import html
import re

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.pages import index_page, report_page

from .reports import sample


def text_of(markup):
    """Return the words of a part of a page, with a blank for each tag."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def rows_of(page):
    """Return the rows of all tables, each as the texts of its cells."""
    rows = re.findall(r'<tr role="row"[^>]*>(.*?)</tr>', page, re.S)
    return [[text_of(cell) for cell in re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]


def age_in_words(hours):
    if hours is None:
        return "✗ no copy"
    return f"{hours:.3g} h" if hours < 72 else f"{hours / 24:.3g} days" if hours < 2400 else f"{hours / 24:.0f} days"


@pytest.mark.parametrize("late", [0, 3])
def test_each_recovery_point_is_a_row_with_its_age_its_time_and_its_copy(late):
    report = sample(disks=7, late=late)
    rows = rows_of(report_page(report))
    for point in report["recovery_points"]:
        name = f"{point['disk_name']} {point['disk_id']}" if point["disk_name"] else point["disk_id"]
        (row, *_more) = [row for row in rows if row[0] == " ".join(name.split()) and point["region"] in row]
        assert row[2] == age_in_words(point["age_hours"])
        assert (point["source_created_at"] or "–")[:16].replace("T", " ") in row
        assert (point["snapshot_id"] or "–") in row


def test_an_age_is_told_in_hours_and_then_in_days():
    report = sample(disks=4, late=0, rpo_hours=0)
    ages = [1.234, 71.9, 73.0, 2500.0]
    points = [{**point, "age_hours": age} for point, age in zip(report["recovery_points"], ages, strict=True)]
    rows = rows_of(report_page({**report, "recovery_points": points}))
    shown = {row[2] for row in rows if len(row) > 2}
    assert {"1.23 h", "71.9 h", "3.04 days", "104 days"} <= shown


def test_the_index_has_a_line_a_plan_the_late_ones_marked_and_the_sum_of_all():
    late, good = {**sample(host="late"), "name": "late"}, {**sample(late=0, host="a b"), "name": "a b"}
    for report in (late, good):
        report["page"] = f"{report['name']}.html"
    page = index_page([late, good], {"dark": "no route to host"})
    disks = sum(report["totals"]["disks"] for report in (late, good))
    points = sum(report["totals"]["recovery_points"] for report in (late, good))
    total = f"{disks} disks, {late['totals']['breaches']} of {points} recovery points late, over all plans."
    assert total in text_of(page) and "2 of 3 plans need a look" in text_of(page)
    assert '<a href="late.html">late</a>' in page and '<a href="a%20b.html">a b</a>' in page
    lines = {text_of(row): mark for mark, row in re.findall(r'<tr role="row"([^>]*)>(.*?)</tr>', page, re.S)}
    marks = {name: mark for line, mark in lines.items() for name in ("dark", "late", "a b") if line.startswith(name)}
    assert marks == {"dark": ' class="is-late"', "late": ' class="is-late"', "a b": ""}
    assert "✗ could not be looked at: no route to host" in text_of(page)
    assert f"✗ {late['totals']['breaches']} miss the RPO" in text_of(page)
    versions = good["versions"]
    assert f"multicloud.snapshots {versions['collection']}, ansible-core {versions['ansible']}." in text_of(page)


def test_the_page_begins_with_where_the_plan_copies_and_names_the_codes_of_failures():
    report = sample(disks=7, rpo_hours=26)
    own = {"disk_id": None, "disk_name": None, "source_snapshot_id": "snap-9", "code": "Busy", "request_id": "req-1"}
    report["failures"].append({**report["failures"][0], **own})
    words = text_of(report_page(report))
    assert "EBS, us-east-1 to eu-west-1; copy run" in words
    assert "Busy, request req-1" in words
    late, points = len(report["breaches"]), len(report["recovery_points"])
    assert f"✗ {late} of {points} recovery points miss the RPO of 26 h" in words
