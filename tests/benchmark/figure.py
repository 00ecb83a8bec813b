# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A figure, its bound, and the table and picture of all of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.documentation.tables import DOCS, TESTS, list_table, read_between, rows_of, write_between


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, the figure, its bound (None: only reported), the unit."""

    what: str
    figure: float
    bound: float | None
    unit: str
    at_least: bool = False

    @property
    def kept(self) -> bool:
        if self.bound is None:
            return True
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    @property
    def share(self) -> float:
        """How much of its bound a figure uses: 1 is the bound, more exceeds it. Without a bound it is none."""
        if not self.bound:
            return float(bool(self.bound is not None and self.figure))
        return self.bound / self.figure if self.at_least and self.figure else self.figure / self.bound

    @property
    def cells(self) -> tuple[str, str, str, str]:
        bound = "" if self.bound is None else f"{'at least' if self.at_least else 'at most'} {self.bound:g}"
        kept = "" if self.bound is None else "yes" if self.kept else "**no**"
        return self.what, f"{self.figure:.4g} {self.unit}", bound, kept


def beside(what: str, taken: float, least: float, bound: float | None) -> Figure:
    """Return the time taken as a multiple of the minimum that the cloud's limits allow, both in seconds.

    Raises ValueError if it took less: then something else was measured.
    """
    if taken < 0.99 * least:
        raise ValueError(f"{what} took {taken:.1f} s, and cannot take less than {least:g} s")
    return Figure(what, taken / least, bound, "times")


#: The rows of the guide's summary: what figures with these names are about.
GROUPS = {
    r"one task|a plan of": "one task, and a plan with nothing to copy, compared with ``amazon.aws`` and ``ping``",
    r"\w+_snapshot_copy: \d+ copies": "200 and 1,000 copies, 20 at once, compared with the minimum time",
    r"\w+_snapshot_restore: ": "200 restored disks, 20 at once, compared with the minimum time",
    r"\d+ disks in \d+ shards?": "2,000 disks in 1, 4 and 8 shards, compared with the minimum time",
    r"\d+ tagged disks": "a night over 3,000 tagged disks among 150,000 snapshots",
    r"\w+_snapshot_copy: rerun": "a rerun over 100 to 10,000 existing copies",
    r"an hour's wait": "an hour's wait for 20 copies",
    r"40 snapshots|a rerun over": "40 snapshots, compared with ``community.aws.ec2_snapshot_copy`` in a loop",
}
RESULTS = TESTS / "benchmark" / "results.rst"


def write(figures: Sequence[Figure], is_all: bool) -> None:
    """Write the table, beside this tool, and its summary and picture into the guide.

    The figures of parts that were not measured are kept, and so is the text of the table's page.
    """
    note, there = ("", []) if is_all else _written()
    measured = {one.what: one for one in figures}
    figures = [measured.pop(one.what, one) for one in there] + list(measured.values())
    table = list_table(("What", "Figure", "Bound", "Kept"), [f.cells for f in figures])
    write_between(RESULTS, "figures", note + table)
    write_summary()


def write_summary() -> None:
    """Write the summary of the table, and its picture, into the guide."""
    tightest = _tightest(_written()[1])
    rows = [(what, f"``{one.what}``", one.cells[1].strip(), one.cells[2], kept) for what, kept, one in tightest]
    table = list_table(("What", "Figure nearest to its bound", "Value", "Bound", "Bounds kept"), rows)
    write_between(DOCS / "performance.rst", "summary", table)
    picture = _drawn([(what.replace("`", ""), one.share, one.kept) for what, _kept, one in tightest])
    (DOCS / "performance.svg").write_text(picture)


def _tightest(figures: Sequence[Figure]) -> list[tuple[str, str, Figure]]:
    """Return for each group how many bounds are kept, of how many, and the figure nearest to its bound.

    A count that must be met exactly comes last.
    """
    groups: dict[str, list[Figure]] = {}
    for one in figures:
        names = [what for pattern, what in GROUPS.items() if re.match(pattern, one.what)]
        if one.bound is not None:
            groups.setdefault(names[0] if names else "others", []).append(one)
    kept = {what: f"{sum(one.kept for one in ones)} of {len(ones)}" for what, ones in groups.items()}
    nearest = {what: max(ones, key=lambda one: 0.0 if one.share == 1 else one.share) for what, ones in groups.items()}
    return [(what, kept[what], one) for what, one in nearest.items()]


def _written() -> tuple[str, list[Figure]]:
    """Return the text of the table's page before the table, and the figures in the table."""
    note, sign, table = read_between(RESULTS, "figures").partition(".. list-table::")
    return note, [_of_cells(*row.values()) for row in rows_of(sign + table)]


def _of_cells(what: str, figure: str, bound: str, _kept: str) -> Figure:
    number, _space, unit = figure.partition(" ")
    least = bound.split()[-1] if bound else None
    return Figure(what, float(number), None if least is None else float(least), unit, bound.startswith("at least"))


def _drawn(bars: Sequence[tuple[str, float, bool]]) -> str:
    """Return an SVG of bars, each next to its bound, which is 1: its name, its share of the bound, if it is kept."""
    left, wide, high = 500, 200, 26
    lines = []
    for number, (what, share, kept) in enumerate(bars):
        y, length = high * number, round(min(share, 1.5) * wide)
        color = "#2b6cb0" if kept else "#c05621"
        lines += [
            f'<text x="{left - 8}" y="{y + 17}" text-anchor="end">{escape(what)}</text>',
            f'<rect x="{left}" y="{y + 4}" width="{length}" height="{high - 8}" fill="{color}"/>',
        ]
    end = high * len(bars)
    lines += [
        f'<path d="M{left + wide} 0V{end}" stroke="black"/>',
        f'<text x="{left + wide}" y="{end + 17}" text-anchor="end">share of the bound; shorter is better</text>',
    ]
    size = f'width="{left + 2 * wide}" height="{end + high}" viewBox="0 0 {left + 2 * wide} {end + high}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *lines, "</svg>", ""])
