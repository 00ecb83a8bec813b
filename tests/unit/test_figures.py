# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of figures in the guide, as ``make bench`` writes it."""

from __future__ import annotations

from tests.benchmark import figure
from tests.benchmark.figure import Figure


def test_a_part_that_is_measured_anew_takes_its_place_beside_the_others(tmp_path, monkeypatch):
    page, drawn = tmp_path / "performance.rst", []
    monkeypatch.setattr(figure, "DOCS", tmp_path)
    monkeypatch.setattr(figure, "_draw", lambda figures, path: drawn.append(figures))
    page.write_text("Speed\n\n.. begin figures\n\n*Some are old.*\n\n.. list-table::\n\n.. end figures\n\nThe end\n")
    one, two = Figure("one", 1.5, 2.0, "times", at_least=True), Figure("two", 3, None, "")
    figure.write([one, two], is_all=True)
    assert "Some are old" not in page.read_text() and "**no**" in page.read_text()
    page.write_text(page.read_text().replace(".. list-table::", "*Some are old.*\n\n.. list-table::"))
    figure.write([Figure("two", 4, None, ""), Figure("three", 1.25, 1.1, "times")], is_all=False)
    text = page.read_text()
    assert text.count("*Some are old.*\n\n.. list-table::") == 1 and text.endswith(".. end figures\n\nThe end\n")
    assert [text.index(f"   * - {what}\n") for what in ("one", "two", "three")] == sorted(
        text.index(f"   * - {what}\n") for what in ("one", "two", "three")
    )
    assert drawn[-1] == [one, Figure("three", 1.25, 1.1, "times")]
