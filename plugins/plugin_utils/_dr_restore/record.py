# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records the answers that a run gets, so that it can pause for tasks of a play and continue in another process.

A run that continues starts from the beginning and gets the recorded answers, up to the point where it stopped. So its
steps are one program that runs from top to bottom, and it makes all its decisions again in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict, TypeVar, cast

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.packing import packed, unpacked

from .._role.call import RawAnswer

#: Not a question: the key of the result of a run.
END = "end"
Answered = TypeVar("Answered")


class _Entry(TypedDict, total=False):
    question: str
    answer: Any


class Paused(BaseException):
    """A run pauses until tasks of a play have processed ``what``.

    It is not an Exception, so no error handler catches it.
    """

    def __init__(self, what: Mapping[str, object]):
        super().__init__()
        self.what = what


class Record:
    """The answers that a run has got, in order, as JSON values."""

    def __init__(self, text: str = "", answer: Any = None):
        """Continue the record in a text, or start a new one if there is none.

        ``answer`` is the answer to what it was paused for. Raises ValueError for a text that is not complete.
        """
        self._entries = cast(list[_Entry], unpacked(text)["entries"]) if text else []
        self._next = 0
        if self._entries and "answer" not in self._entries[-1]:
            self._entries[-1]["answer"] = answer

    @property
    def is_ahead(self) -> bool:
        """Whether the next question already has a recorded answer."""
        return self._next < len(self._entries)

    @property
    def final_result(self) -> Any:
        """The result of the run; None if it has not ended."""
        last = self._entries[-1] if self._entries else {}
        return last["answer"] if last.get("question") == END else None

    def answer(self, question: str, ask: Callable[[], Answered]) -> Answered:
        """Return the recorded answer to a question; if there is none, ask, and record the answer.

        Raises RuntimeError if another question was recorded at this point: then something that the run depends on has
        changed.
        """
        if not self.is_ahead:
            self._entries.append({"question": question, "answer": ask()})
        entry = self._entries[self._next]
        if entry["question"] != question:
            raise RuntimeError(f"the next call is {question!r}, but the record has {entry['question']!r}")
        self._next += 1
        answered: Answered = entry["answer"]
        return answered

    def forget_later_answers(self) -> None:
        """Ask from here on again, because the run differs from the record."""
        del self._entries[self._next :]

    def pause(self, question: str, what: Mapping[str, object]) -> RawAnswer:
        """Return the answer of tasks of the play. Raises Paused if they have not run yet."""
        if self.is_ahead:
            return self.answer(question, RawAnswer)
        self._entries.append({"question": question})
        raise Paused(what)

    def end(self, answer: Any) -> None:
        """Record the result of the run, so that it does not run again."""
        self._entries.append({"question": END, "answer": answer})

    def as_text(self) -> str:
        return packed({"entries": self._entries})
