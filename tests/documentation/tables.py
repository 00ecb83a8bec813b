# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the tables of measurements: each beside its tool, and a summary of them into the guide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
DOCS = TESTS.parent / "docs" / "docsite" / "rst"
#: The tables of what was tried, in the order of the guide: the folder of the tool, the row of the summary, and the
#: columns that this row adds up: tries and violations.
TRIED = {
    "storms": ("storms", "storms of the copy modules", "storms", "wrong"),
    "collisions": ("storms", "runs that collide", "collisions", "wrong"),
    "drills": ("storms", "storms over drills and restores", "storms over drills", "wrong"),
    "nights-of-storms": ("storms", "storms of nights of the role", "storms of nights", "wrong"),
    "processes": ("storms", "playbooks killed", "playbooks killed", "wrong"),
    "years": ("nights", "nights of a year", "nights", "wrong"),
    "histories": ("nights", "random histories of retention", "histories", "wrong deletions"),
}
#: The tables of what was broken on purpose, in the order of the guide. Each has the name of its row in the summary, and
#: the two columns that this row adds up: changes tried, and changes found.
BROKEN = {
    "mutants": ("the engine, found by storms alone", "tried", "found by storms alone"),
    "broken-roles": ("the roles", "changes tried", "found"),
    "lines": ("single lines of the pure parts", "changes tried", "found"),
}


def list_table(head: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> str:
    """Return a table in reStructuredText."""
    lines = [f".. list-table:: {title}".rstrip(), "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [f"   {'*' if n == 0 else ' '} - {cell}".rstrip() for n, cell in enumerate(row)]
    return "\n".join(lines)


def rows_of(table: str) -> list[dict[str, str]]:
    """Return the rows of a table that list_table wrote, by the names of its columns; none if there is no table."""
    head, *rows = [[cell.strip() for cell in row.split("\n     -")] for row in table.split("\n   * -")[1:]] or [[]]
    return [dict(zip(head, row)) for row in rows]


def read_between(path: Path, name: str) -> str:
    """Return the text between the comments ``begin NAME`` and ``end NAME`` of a document. Raises ValueError."""
    text = path.read_text()
    begin = text.index(f".. begin {name}\n") + len(f".. begin {name}\n")
    return text[begin : text.index(f".. end {name}\n", begin)].strip("\n")


def write_between(path: Path, name: str, text: str) -> None:
    """Replace the text between these comments of a document. Raises ValueError if they are missing."""
    begin, end = f".. begin {name}\n", f".. end {name}\n"
    read_between(path, name)
    before, _sign, rest = path.read_text().partition(begin)
    _old, _sign, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{text}\n\n{end}{after}")


def keep(name: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table of what was tried, and update the summary."""
    write_between(TESTS / TRIED[name][0] / "results.rst", name, list_table(head, rows))
    write_between(DOCS / "reliability.rst", "summary", summary())


def keep_broken(name: str, text: str) -> None:
    """Write the text about one kind of changes, which starts with their table, and update the summary."""
    write_between(TESTS / "mutants" / "results.rst", name, text)
    write_between(DOCS / "reliability.rst", "broken", summary_of_broken())


def summary_of_broken() -> str:
    """Return the table of everything that was broken on purpose."""
    rows = []
    for name, (what, tried, found) in BROKEN.items():
        first = read_between(TESTS / "mutants" / "results.rst", name).partition("\n\nStorms alone")[0]
        rows.append((what, *(f"{sum(int(row[column]) for row in rows_of(first)):,}" for column in (tried, found))))
    return list_table(("What is broken", "Changes tried", "Found"), rows)


def summary() -> str:
    """Return the table of everything that was tried, on all clouds together. It says what was never tried."""
    rows = []
    for name, (folder, what, tried, wrong) in TRIED.items():
        table = rows_of(read_between(TESTS / folder / "results.rst", name))
        cells = [f"{sum(int(row[column]) for row in table):,}" for column in (tried, wrong)]
        rows.append((what, *(cells if table else ("not run yet", ""))))
    return list_table(("What", "Tried", "Wrong"), rows)
