# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the indexes of the facts and of the promises from their headings.

``python -m tests.documentation.indexes`` writes both.
"""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "development"
BEGIN, END = "<!-- begin index -->\n", "<!-- end index -->\n"
#: The statuses of facts, in the order of the columns.
STATUSES = ("recorded", "documented", "measured", "unverified")


def sections(text: str) -> dict[str, dict[str, str]]:
    """Return the entries of each section of a document, with their texts."""
    _head, *parts = re.split(r"^## (.+)$", text, flags=re.M)
    found = {}
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        _intro, *entries = re.split(r"^### (\S+)$", body, flags=re.M)
        found[title] = dict(zip(entries[::2], entries[1::2], strict=True))
    return found


def status_of(fact: str) -> str:
    """Return the status of a fact. Raises ValueError if it has none."""
    found = re.search(r"^- Status: (\w+)$", fact, re.M)
    if not found:
        raise ValueError(f"there is no status in {fact[:80]!r}")
    return found[1]


def index_of_facts(text: str) -> str:
    """Return a table of the facts, with a row for each cloud and a column for each status."""
    rows = []
    for title, facts in sections(text).items():
        cells = [_links(name for name, fact in facts.items() if status_of(fact) == status) for status in STATUSES]
        rows.append((title.partition(" (")[0], *cells))
    return _table(("Cloud", *map(str.capitalize, STATUSES)), rows)


def index_of_promises(text: str) -> str:
    """Return a table of the promises, with a row for each section."""
    rows = [(title, _links(entries)) for title, entries in sections(text).items() if entries]
    return _table(("Part", "Promises"), rows)


INDEXES = {"api-facts.md": index_of_facts, "promises.md": index_of_promises}


def written(name: str, text: str) -> str:
    """Return the document with the index of today."""
    before, _begin, rest = text.partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n{INDEXES[name](text)}\n{END}{after}"


def _links(names) -> str:
    return ", ".join(f"[{name}](#{name})" for name in names) or "–"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    for document in INDEXES:
        path = FOLDER / document
        path.write_text(written(document, path.read_text()))
