# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A figure, its bound, and the table and picture of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.tables import DOCS, list_table, write_between


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, the figure, the bound that it must keep (None: only reported), the unit."""

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
    def cells(self) -> tuple[str, str, str, str]:
        bound = "" if self.bound is None else f"{'at least' if self.at_least else 'at most'} {self.bound:g}"
        kept = "" if self.bound is None else "yes" if self.kept else "**no**"
        return self.what, f"{self.figure:.4g} {self.unit}", bound, kept


def beside(what: str, taken: float, least: float, bound: float | None) -> Figure:
    """Return the time taken as a multiple of the least that the cloud's limits allow, both in seconds.

    Raises ValueError where less was taken: then not what was meant has been measured.
    """
    if taken < 0.99 * least:
        raise ValueError(f"{what} took {taken:.1f} s, and cannot take less than {least:g} s")
    return Figure(what, taken / least, bound, "times")


def write(figures: Sequence[Figure], is_all: bool) -> None:
    """Write table and picture into the documentation. If some parts were not measured, their figures stay, and what
    the page says of them."""
    path = DOCS / "performance.rst"
    note, there = ("", []) if is_all else _written(path.read_text())
    measured = {one.what: one for one in figures}
    figures = [measured.pop(one.what, one) for one in there] + list(measured.values())
    table = list_table(("What", "Figure", "Bound", "Kept"), [f.cells for f in figures])
    write_between(path, "figures", note + table)
    _draw([f for f in figures if f.bound and f.figure], DOCS / "performance.svg")


def _written(page: str) -> tuple[str, list[Figure]]:
    """Return what the page says before its table, and the figures in that."""
    block = page.partition(".. begin figures\n\n")[2].partition("\n\n.. end figures")[0]
    note, _sign, table = block.partition(".. list-table::")
    rows = [[cell.strip() for cell in row.split("\n     -")] for row in table.split("\n   * -")[2:]]
    return note, [_of_cells(*row) for row in rows]


def _of_cells(what: str, figure: str, bound: str, _kept: str) -> Figure:
    number, _space, unit = figure.partition(" ")
    least = bound.split()[-1] if bound else None
    return Figure(what, float(number), None if least is None else float(least), unit, bound.startswith("at least"))


def _draw(figures: Sequence[Figure], path: Path) -> None:
    """Draw each figure as a bar beside its bound, which is 1."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "multicloud.snapshots"
    from matplotlib import pyplot

    shares = [f.bound / f.figure if f.at_least else f.figure / f.bound for f in figures if f.bound]
    drawing, axes = pyplot.subplots(figsize=(11, 0.34 * len(figures) + 1), layout="constrained")
    colours = ["#2b6cb0" if f.kept else "#c05621" for f in figures]
    axes.barh([f.what for f in figures], shares, color=colours)
    axes.axvline(1.0, color="black", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel("share of the bound; shorter is better", loc="right")
    axes.spines[["top", "right"]].set_visible(False)
    drawing.savefig(path, metadata={"Date": None})
