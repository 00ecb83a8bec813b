# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages that an operator reads first: what failed and what to do, then what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ..grouping import grouped

#: The counts of copies. They are here because the role needs these names but not the engine.
COPY_COUNTS = ("created", "adopted", "replaced", "updated", "deleted", "unchanged", "completed", "pending", "failed")
#: The most failures, duplicates or names that a message spells out.
MAX_NAMED = 10
#: The kind of a result: the key of its rows, singular and plural, and the states that are counted.
COPIES = ("copies", "copy", "copies", ("completed", "pending"))
DISKS = ("disks", "disk", "disks", ("available", "in_use", "creating"))


def pluralize(number: int, one: str, many: str = "") -> str:
    """Return a number and its noun: ``1 disk``, ``2 disks``. Without ``many`` the plural is ``one`` with an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def summary_of(result: Mapping[str, Any], planned: bool, absent: bool = False) -> str:
    """Return in one line what a run did or, if ``planned``, would do.

    With ``absent`` it omits the states of remaining copies.
    """
    rows, one, many, states = DISKS if "disks" in result else COPIES
    counts, total = dict(result["counts"]), len(result[rows])
    if absent:
        gone = sum((row["action"], row["state"], row["error"]) == ("none", "absent", None) for row in result[rows])
        counts.update({"unchanged": counts["unchanged"] - gone, "already absent": gone})
    parts = [f"{number} {word}" for word, number in counts.items() if number and word not in states]
    reached = [f"{counts[word]} {word}" for word in states if counts[word] and not (planned or absent)]
    text = f"{pluralize(total, one, many)} requested: {', '.join(parts) or 'nothing to do'}"
    text = f"{text}; {', '.join(reached)}" if reached else text
    return f"Check mode: nothing was written. {text}" if planned else text


def failures_message(result: Mapping[str, Any], summary: str) -> str:
    """Return a message with the failures and what to do about them, followed by the summary."""
    return f"{first_failures(result['failures'])} {summary}."


def first_failures(failures: Sequence[Mapping[str, Any]]) -> str:
    """Return the first failures and what to do about them, and how many more there are; empty without failures."""
    message = quoted_failures(failures[:MAX_NAMED])
    more = len(failures) - MAX_NAMED
    return f"{message} {pluralize(more, 'more is', 'more are')} listed in failures." if more > 0 else message


def quoted_failures(failures: Sequence[Mapping[str, Any]]) -> str:
    """Return failures in the cloud's words: equal ones once, and each hint once after its failures."""
    parts = []
    for hint, similar in grouped(failures, lambda failure: failure["hint"] or "").items():
        lines = Counter(map(_words, similar))
        parts += [f"{line} ({number} times)." if number > 1 else f"{line}." for line, number in lines.items()]
        parts.append(hint)
    return " ".join(filter(None, parts))


def _words(failure: Mapping[str, Any]) -> str:
    message = str(failure["message"]).rstrip(".")
    request = f"request {failure['request_id']}" if failure["request_id"] else ""
    facts = ", ".join(filter(None, (failure["code"], request)))
    return f"{message} [{facts}]" if facts else message


def duplicates_message(duplicates: Sequence[Mapping[str, Any]]) -> str:
    """Return a message that names the copies besides the one that counts, and says how to remove them."""
    named = ", ".join(
        f"{d['snapshot_id']} in {d['region']} (of {d['source_snapshot_id']})" for d in duplicates[:MAX_NAMED]
    )
    more = f" and {len(duplicates) - MAX_NAMED} more" if len(duplicates) > MAX_NAMED else ""
    return (
        f"There is more than one copy of the same source with the same encryption and key. Duplicates: {named}{more}. "
        "Set remove_duplicates: true to delete those that this collection made."
    )
