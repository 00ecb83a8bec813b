# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history of reports: its files, and the months that it keeps."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.history import (
    brief_text,
    csv_text,
    months_of,
    outdated_files,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.report_files import (
    report_files,
)

from tests.support.reports import sample
from tests.support.role_results import values


def test_each_night_leaves_a_dated_report_and_the_page_shows_the_share_of_each_month(tmp_path):
    given = values(report_dir=str(tmp_path), history_days=60)
    directory = tmp_path / "history" / "orders"
    directory.mkdir(parents=True)
    tonight = sample(9, host="orders")
    paths = {str(file.path): file.render(tonight) for file in report_files(tonight, given)}
    assert set(paths) == {
        *(f"{tmp_path}/orders.{end}" for end in ("html", "json", "junit.xml")),
        *(f"{directory}/2026-11-21.{end}" for end in ("json", "csv")),
    }
    rows = list(csv.DictReader(io.StringIO(paths[f"{directory}/2026-11-21.csv"])))
    assert (
        len(rows) == 9
        and rows[0]["within_rpo"] == "false"
        and "recovery_points" not in json.loads(paths[f"{directory}/2026-11-21.json"])
    )
    for date, late in (("2026-09-01", 0), ("2026-10-05", 0), ("2026-10-06", 1)):
        (directory / f"{date}.json").write_text(brief_text(sample(9, host="orders", late=late)))
    (directory / "notes.json").write_text("{}")
    months = months_of(given, tonight)
    assert [(m["month"], m["days"], m["share"]) for m in months] == [
        ("2026-11", 1, 0.6667),
        ("2026-10", 2, 0.5),
        ("2026-09", 1, 1.0),
    ]
    assert outdated_files(given) == [str(directory / "2026-09-01.json")]
    assert outdated_files(replace(given, history_days=47)) == [
        *(str(directory / f"{date}.json") for date in ("2026-09-01", "2026-10-05"))
    ], "47 days, the last of which is that of the run"


def test_a_large_history_days_keeps_all_history():
    assert outdated_files(values(report_dir="/nonexistent", history_days=10**12)) == []


@pytest.mark.parametrize("totals", ['"x"', "[]", '{"recovery_points": "9"}'])
def test_a_dated_report_of_another_form_counts_for_no_month(tmp_path, totals):
    given = values(report_dir=str(tmp_path))
    (tmp_path / "history" / "orders").mkdir(parents=True)
    (tmp_path / "history" / "orders" / "2026-09-01.json").write_text(f'{{"rpo_hours": 24, "totals": {totals}}}')
    assert [month["month"] for month in months_of(given, sample(9, host="orders"))] == ["2026-11"]


@pytest.mark.parametrize("name", ["=HYPERLINK()", "\t=HYPERLINK()"])
def test_a_cell_is_never_taken_for_a_formula(name):
    content = sample(1, host="orders", late=0)
    content["recovery_points"][0]["disk_name"] = name
    assert f"'{name}" in csv_text(content)


def test_a_number_below_zero_is_no_formula():
    """An age is negative if the clocks of controller and cloud differ."""
    content = sample(1, host="orders", late=0)
    content["recovery_points"][0]["age_hours"] = -0.05
    assert ",-0.05," in csv_text(content)
