# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sentences that an operator reads first: what failed and what to do, then what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: How many failures or duplicates a message spells out; the result lists them all.
SPELT_OUT = 10


def summary_of(result: Mapping[str, Any], planned: bool) -> str:
    """Say in one line what a run did or, where ``planned``, would do."""
    counts, total = result["counts"], len(result["copies"])
    states = ("completed", "pending")
    told = [f"{number} {word}" for word, number in counts.items() if number and word not in states]
    reached = [f"{counts[word]} {word}" for word in states if counts[word] and not planned]
    text = f"{total} {'copy' if total == 1 else 'copies'} asked for: {', '.join(told) or 'nothing to do'}"
    text = f"{text}; {', '.join(reached)}" if reached else text
    return f"Check mode, nothing was written. {text}" if planned else text


def about_failures(result: Mapping[str, Any], planned: bool) -> str:
    """Spell out the failures, those that say the same once, and end with the summary."""
    alike: dict[str, int] = {}
    for failure in result["failures"]:
        line = _line(failure)
        alike[line] = alike.get(line, 0) + 1
    lines = [f"{line} ({number} times)" if number > 1 else line for line, number in alike.items()]
    if len(lines) > SPELT_OUT:
        lines = [*lines[:SPELT_OUT], f"{len(lines) - SPELT_OUT} more are listed in failures."]
    return f"{' '.join(lines)} {summary_of(result, planned)}."


def _line(failure: Mapping[str, Any]) -> str:
    code = failure["code"] and f" [{failure['code']}" + (
        f", request {failure['request_id']}]" if failure["request_id"] else "]"
    )
    hint = f" {failure['hint']}" if failure["hint"] else ""
    return f"{failure['message'].rstrip('.')}{code or ''}.{hint}"


def about_duplicates(duplicates: Sequence[Mapping[str, Any]]) -> str:
    """Name copies beyond the one that counts, and how to be rid of them."""
    told = ", ".join(
        f"{d['snapshot_id']} in {d['region']} (of {d['source_snapshot_id']})" for d in duplicates[:SPELT_OUT]
    )
    more = f" and {len(duplicates) - SPELT_OUT} more" if len(duplicates) > SPELT_OUT else ""
    return (
        f"There is more than one copy of the same source: {told}{more}. "
        "Set remove_duplicates: true to delete those that this collection made."
    )
