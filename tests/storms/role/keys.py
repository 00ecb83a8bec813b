# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks what nights report about the key of encrypted copies (promises: keys)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .nights import NightOutcome

if TYPE_CHECKING:
    from .checks import RoleTruth


def wrong_keys(truth: RoleTruth, outcome: NightOutcome) -> Iterator[str]:
    """Yield recovery points that are reported as good although their key cannot be used, or as lost although it can.

    A night that could not read the state says nothing about keys, so only the answers that it got count.
    """
    if outcome.finished is None or outcome.run.check or not truth.storm.keys:
        return
    states = _states(truth, outcome)
    answers = [call for call in truth.calls_of(outcome) if call.action == "DescribeKey" and call.answered]
    for row in outcome.finished.report["recovery_points"]:
        problem, copy = row.get("key_problem"), truth.by_id.get(row["snapshot_id"] or "")
        if problem and (not any(states) or row["within_rpo"] is not False):
            yield f"{row['disk_id']} in {row['region']} is reported to have an unusable key: {problem}"
        is_asked = bool(answers) and copy is not None and copy.encrypted() and row["state"] == "completed"
        is_warned = any(str(row["snapshot_id"]) in line for line in outcome.finished.report["warnings"])
        if all(states) and is_asked and not problem and not is_warned:
            yield f"the key of {row['snapshot_id']} of {row['disk_id']} is {states}, but nothing says so"
    lost = any(row.get("key_problem") for row in outcome.finished.report["recovery_points"])
    if lost and "cannot be restored" not in outcome.finished.message:
        yield f"a key cannot be used, but the message is {outcome.finished.message!r}"


def _states(truth: RoleTruth, outcome: NightOutcome) -> list[str]:
    """Return the states of the key during a night; empty if it was enabled."""
    before = [state for moment, state in truth.nights.key_states if moment <= outcome.started]
    during = [state for moment, state in truth.nights.key_states if outcome.started < moment <= outcome.ended]
    return [before[-1] if before else "", *during]
