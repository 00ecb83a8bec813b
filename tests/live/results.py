# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The output of a run: the transcript, tables in Markdown, and answers in the form of tests/recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from .sanitize import Sanitizer


class Results:
    """Writes continuously, so that a kill loses nothing: each line is sanitized, shown and kept."""

    def __init__(self, directory: Path, sanitizer: Sanitizer, show: Callable[[str], None] | None = None):
        self.directory, self._sanitizer, self._show = directory, sanitizer, show or partial(print, flush=True)
        directory.mkdir(parents=True, exist_ok=True)
        self._transcript = (directory / "transcript.txt").open("a")
        self.promises: list[tuple[str, bool | None, str]] = []
        self.facts: list[tuple[str, str, str]] = []
        self._recordings: dict[str, dict[str, Any]] = {}

    def say(self, line: str) -> None:
        line = self._sanitizer.text(line)
        stamp = datetime.now(timezone.utc).strftime("%H:%M:%S")
        self._transcript.write(f"{stamp} {line}\n")
        self._transcript.flush()
        self._show(line)

    def record_promise(self, name: str, kept: bool | None, words: str) -> None:
        """Record whether a promise was kept; None if it could not be tried."""
        self.promises.append((name, kept, words))
        result = {True: "kept", False: "BROKEN", None: "not tried"}[kept]
        self.say(f"{result}: {name}{f' ({words})' if words else ''}")

    def record_fact(self, subject: str, contract: str, seen: Any) -> None:
        """Record what the service did, next to what is documented."""
        self.facts.append((subject, contract, str(seen)))
        self.say(f"seen: {subject}: {seen}")

    def record_answer(self, phenomenon: str, call: str, part: str, answer: Any, **more: Any) -> None:
        """Keep an answer as an item for tests/recorded; the first of each phenomenon counts.

        ``more`` is in our own words.
        """
        today = datetime.now(timezone.utc).date().isoformat()
        ours = more.pop("ours", ())
        item = {
            "source": {"kind": "recorded", "where": "make live", "seen": today},
            "call": call,
            part: self._sanitizer.answer(answer, ours=ours),
            **more,
        }
        self._recordings.setdefault(phenomenon, item)

    @property
    def all_kept(self) -> bool:
        return bool(self.promises) and all(kept is not False for _name, kept, _words in self.promises)

    def write(self, title: str, answers: Mapping[str, str] | None = None) -> None:
        """Write the tables and the recordings.

        ``answers`` are for unverified facts, by their headings in api-facts.md.
        """
        settled = []
        for heading, answer in (answers or {}).items():
            self.say(f"unverified fact {heading}: {answer}")
            settled.append(f"| {heading} | {_cell(answer)} |")
        rows = [
            f"| {_cell(name)} | {'yes' if kept else 'not tried' if kept is None else '**no**'} | {_cell(words)} |"
            for name, kept, words in self.promises
        ]
        lines = [f"| {_cell(subject)} | {_cell(contract)} | {_cell(seen)} |" for subject, contract, seen in self.facts]
        lines = [
            *(f"# {title}", "", "| promise | kept | |", "|---|---|---|", *rows),
            *("", "| unverified fact of api-facts.md | seen |", "|---|---|", *settled),
            *("", "| fact | documented | seen |", "|---|---|---|", *lines, ""),
        ]
        (self.directory / "seen.md").write_text(self._sanitizer.text("\n".join(lines)))
        recorded = self.directory / "recorded"
        recorded.mkdir(exist_ok=True)
        for name, item in self._recordings.items():
            (recorded / f"{name}.json").write_text(self._sanitizer.text(json.dumps(item, indent=1)) + "\n")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
