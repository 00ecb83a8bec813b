# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run has learnt from outside, so that it can stop for tasks of a play and go on in another process.

A run that goes on begins anew and gets the recorded answers, up to where it stopped. So its steps stand in one program
that runs from top to bottom, and all that it has decided is decided the same way again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict, TypeVar, cast

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.packing import packed, unpacked

from .._role.call import RawAnswer

#: Not a question: what a run has ended with.
END = "end"
Answered = TypeVar("Answered")


class _Entry(TypedDict, total=False):
    question: str
    answer: Any


class Paused(BaseException):
    """A run stops until tasks of a play have done something with ``what``; no error, so nothing catches it as one."""

    def __init__(self, what: Mapping[str, object]):
        super().__init__()
        self.what = what


class Record:
    """The answers that a run has got, in their order. They are what JSON holds."""

    def __init__(self, text: str = "", answer: Any = None):
        """Take up the record in a text, with the ``answer`` to what it was paused for; without a text begin anew.

        Raises ValueError for a text that is not complete.
        """
        self._entries = cast(list[_Entry], unpacked(text)["entries"]) if text else []
        self._next = 0
        if self._entries and "answer" not in self._entries[-1]:
            self._entries[-1]["answer"] = answer

    @property
    def is_ahead(self) -> bool:
        """Whether the next question was answered before."""
        return self._next < len(self._entries)

    @property
    def ended(self) -> Any:
        """What the run has ended with; None if it has not."""
        last = self._entries[-1] if self._entries else {}
        return last["answer"] if last.get("question") == END else None

    def answer(self, question: str, ask: Callable[[], Answered]) -> Answered:
        """Return the recorded answer to a question; if there is none, ask, and record the answer.

        Raises RuntimeError if another question was asked at this place: what the run depends on has changed.
        """
        if not self.is_ahead:
            self._entries.append({"question": question, "answer": ask()})
        entry = self._entries[self._next]
        if entry["question"] != question:
            raise RuntimeError(f"{question!r} was asked where {entry['question']!r} was asked before")
        self._next += 1
        answered: Answered = entry["answer"]
        return answered

    def pause(self, question: str, what: Mapping[str, object]) -> RawAnswer:
        """Return what tasks of the play have answered. Raises Paused if they are still to be asked."""
        if self.is_ahead:
            return self.answer(question, RawAnswer)
        self._entries.append({"question": question})
        raise Paused(what)

    def end(self, answer: Any) -> None:
        """Note what the run has ended with, so that it is not run once more."""
        self._entries.append({"question": END, "answer": answer})

    def as_text(self) -> str:
        return packed({"entries": self._entries})
