# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages that an operator reads first: what failed and what to do, then what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..words import MAX_NAMED, first_failures, pluralize

#: The counts of copies. They are here because the role needs these names but not the engine.
COPY_COUNTS = ("created", "adopted", "replaced", "updated", "deleted", "unchanged", "completed", "pending", "failed")
#: The kind of a result: the key of its rows, singular and plural, and the states that are counted.
COPIES = ("copies", "copy", "copies", ("completed", "pending"))
DISKS = ("disks", "disk", "disks", ("available", "in_use", "creating"))


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


def duplicates_message(duplicates: Sequence[Mapping[str, Any]]) -> str:
    """Return a message that names the copies besides the primary one, and says how to remove them."""
    named = ", ".join(
        f"{d['snapshot_id']} in {d['region']} (of {d['source_snapshot_id']})" for d in duplicates[:MAX_NAMED]
    )
    more = f" and {len(duplicates) - MAX_NAMED} more" if len(duplicates) > MAX_NAMED else ""
    return (
        f"There is more than one copy of the same source with the same encryption and key. Duplicates: {named}{more}. "
        "Set remove_duplicates: true to delete those that this collection made."
    )
