# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sentences that an operator reads first: what failed and what to do, then what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: What copies are counted by; here, since the role needs these words and not the engine.
COPY_COUNTS = ("created", "adopted", "replaced", "updated", "deleted", "unchanged", "completed", "pending", "failed")
#: How many failures or duplicates a message spells out; the result lists them all.
SPELT_OUT = 10
#: What a result holds: its rows, the words for one and for many, and the states that are counted.
COPIES = ("copies", "copy", "copies", ("completed", "pending"))
DISKS = ("disks", "disk", "disks", ("available", "in_use", "creating"))


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and what it counts: ``1 disk``, ``2 disks``. Without ``many`` the plural is ``one`` and an s."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def summary_of(result: Mapping[str, Any], planned: bool, absent: bool = False) -> str:
    """Say in one line what a run did or, where ``planned``, would do; where none is wanted, no states of those left."""
    rows, one, many, states = DISKS if "disks" in result else COPIES
    counts, total = result["counts"], len(result[rows])
    parts = [f"{number} {word}" for word, number in counts.items() if number and word not in states]
    reached = [f"{counts[word]} {word}" for word in states if counts[word] and not (planned or absent)]
    text = f"{counted(total, one, many)} requested: {', '.join(parts) or 'nothing to do'}"
    text = f"{text}; {', '.join(reached)}" if reached else text
    return f"Check mode, nothing was written. {text}" if planned else text


def about_failures(result: Mapping[str, Any], summary: str) -> str:
    """Spell out the failures and what to do about them, and end with the summary."""
    failures = result["failures"]
    message = spelt_out(failures[:SPELT_OUT])
    if len(failures) > SPELT_OUT:
        message += f" {len(failures) - SPELT_OUT} more are listed in failures."
    return f"{message} {summary}."


def spelt_out(failures: Sequence[Mapping[str, Any]]) -> str:
    """Return failures in the cloud's words: equal ones once, and each hint once behind its failures."""
    by_hint: dict[str, dict[str, int]] = {}
    for failure in failures:
        alike = by_hint.setdefault(failure["hint"] or "", {})
        line = _words(failure)
        alike[line] = alike.get(line, 0) + 1
    parts = []
    for hint, alike in by_hint.items():
        parts += [f"{line} ({number} times)." if number > 1 else f"{line}." for line, number in alike.items()]
        parts.append(hint)
    return " ".join(filter(None, parts))


def _words(failure: Mapping[str, Any]) -> str:
    message = str(failure["message"]).rstrip(".")
    if not failure["code"]:
        return message
    request = f", request {failure['request_id']}" if failure["request_id"] else ""
    return f"{message} [{failure['code']}{request}]"


def about_duplicates(duplicates: Sequence[Mapping[str, Any]]) -> str:
    """Name copies beyond the one that counts, and say how to remove them."""
    named = ", ".join(
        f"{d['snapshot_id']} in {d['region']} (of {d['source_snapshot_id']})" for d in duplicates[:SPELT_OUT]
    )
    more = f" and {len(duplicates) - SPELT_OUT} more" if len(duplicates) > SPELT_OUT else ""
    return (
        f"There is more than one copy of the same source: {named}{more}. "
        "Set remove_duplicates: true to delete those that this collection made."
    )
