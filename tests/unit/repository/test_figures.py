# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of figures, as commands write them, and their summaries in the guides."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.benchmark import figure
from tests.benchmark.figure import Figure
from tests.documentation import tables


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """Return the empty files that ``make bench`` writes: that of the table and the guide."""
    table, guide = tmp_path / "results.rst", tmp_path / "performance.rst"
    monkeypatch.setattr(figure, "RESULTS", table)
    monkeypatch.setattr(figure, "DOCS", tmp_path)
    table.write_text("Figures\n\n.. begin figures\n\n*Some are old.*\n\n.. list-table::\n\n.. end figures\n\nThe end\n")
    guide.write_text("Speed\n\n.. begin summary\n\n.. end summary\n\nThe end\n")
    return table, guide


def test_a_part_that_is_measured_again_replaces_its_rows_only(pages):
    table, _guide = pages
    one, two = Figure("one", 1.5, 2.0, "times", at_least=True), Figure("two", 3, None, "")
    figure.write([one, two], is_all=True)
    assert "Some are old" not in table.read_text() and "**no**" in table.read_text()
    table.write_text(table.read_text().replace(".. list-table::", "*Some are old.*\n\n.. list-table::"))
    figure.write([Figure("two", 4, None, ""), Figure("three", 1.25, 1.1, "times")], is_all=False)
    text = table.read_text()
    assert text.count("*Some are old.*\n\n.. list-table::") == 1 and text.endswith(".. end figures\n\nThe end\n")
    assert [text.index(f"   * - {what}\n") for what in ("one", "two", "three")] == sorted(
        text.index(f"   * - {what}\n") for what in ("one", "two", "three")
    )


def test_the_summary_shows_the_figure_nearest_to_its_bound(pages):
    _table, guide = pages
    given = [("API calls", 50.0, 100), ("peak memory", 190.0, 200), ("lost", 0.0, 0)]
    reruns = [
        Figure(f"ebs_snapshot_copy: rerun over 100 existing copies, {what}", value, most, "")
        for what, value, most in given
    ]
    figure.write([*reruns, Figure("of no group", 3.0, 2.0, "times")], is_all=True)
    (rerun, other) = tables.rows_of(tables.read_between(guide, "summary"))
    assert rerun["Bounds kept"] == "3 of 3" and "peak memory" in rerun["Figure nearest to its bound"]
    assert other["What"] == "others" and other["Bounds kept"] == "0 of 1"
    drawn = ElementTree.parse(guide.parent / "performance.svg").getroot()
    lengths = [line.get("width") for line in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert lengths == ["100%", "190", "300"]


def test_the_guides_summarize_what_the_commands_have_written(tmp_path, monkeypatch):
    assert tables.summary() == tables.read_between(tables.DOCS / "reliability.rst", "summary")
    assert tables.summary_of_broken() == tables.read_between(tables.DOCS / "reliability.rst", "broken")
    before = {name: (tables.DOCS / name).read_text() for name in ("performance.rst", "performance.svg")}
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(figure, "DOCS", tmp_path)
    figure.write_summary()
    assert {name: (tmp_path / name).read_text() for name in before} == before
    assert "\n   * - others\n" not in before["performance.rst"] and len(before["performance.svg"]) < 5000


def test_a_table_has_its_place_and_what_was_never_tried_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "TESTS", tmp_path)
    monkeypatch.setattr(tables, "DOCS", tmp_path)
    (tmp_path / "reliability.rst").write_text(".. begin summary\n\n.. end summary\n")
    for folder in ("storms", "nights"):
        (tmp_path / folder).mkdir()
        names = [name for name, row in tables.TRIED.items() if row[0] == folder]
        text = "".join(f".. begin {name}\n\n.. end {name}\n" for name in names)
        (tmp_path / folder / "results.rst").write_text(text)
    tables.keep("years", ("cloud", "nights", "wrong"), [("one", 365, 0), ("two", 1000, 2)])
    rows = {row["What"]: row for row in tables.rows_of(tables.read_between(tmp_path / "reliability.rst", "summary"))}
    assert rows["nights of a year"] == {"What": "nights of a year", "Tried": "1,365", "Wrong": "2"}
    assert rows["playbooks killed"]["Tried"] == "not run yet"
    with pytest.raises(ValueError):
        tables.write_between(tmp_path / "reliability.rst", "elsewhere", "")
