# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the tables of the documentation: made by the commands that measure, never by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs" / "docsite" / "rst"


def list_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table in reStructuredText."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [f"   {'*' if n == 0 else ' '} - {cell}".rstrip() for n, cell in enumerate(row)]
    return "\n".join(lines)


def write_between(path: Path, name: str, text: str) -> None:
    """Replace what stands between the comments ``begin NAME`` and ``end NAME`` of a document."""
    begin, end = f".. begin {name}\n", f".. end {name}\n"
    before, _sign, rest = path.read_text().partition(begin)
    _old, _sign, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{text}\n\n{end}{after}")
