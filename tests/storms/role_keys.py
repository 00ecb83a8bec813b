# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold what nights tell of the key of encrypted copies against the truth (promises: keys)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .role_nights import NightOutcome

if TYPE_CHECKING:
    from .role_checks import RoleTruth


def wrong_keys(truth: RoleTruth, outcome: NightOutcome) -> Iterator[str]:
    """Name recovery points that are told as good though their key cannot be used, or as lost though it can.

    A night that could not ask says nothing of keys, so only what it was told counts.
    """
    if outcome.finished is None or outcome.run.check or not truth.storm.keys:
        return
    states = _states(truth, outcome)
    answers = [call for call in truth.calls_of(outcome) if call.action == "DescribeKey" and call.answered]
    for row in outcome.finished.report["recovery_points"]:
        problem, copy = row.get("key_problem"), truth.by_id.get(row["snapshot_id"] or "")
        if problem and (not any(states) or row["within_rpo"] is not False):
            yield f"{row['disk_id']} in {row['region']} is told to have a key that cannot be used: {problem}"
        is_asked = bool(answers) and copy is not None and copy.encrypted() and row["state"] == "completed"
        is_warned = any(str(row["snapshot_id"]) in line for line in outcome.finished.report["warnings"])
        if all(states) and is_asked and not problem and not is_warned:
            yield f"the key of {row['snapshot_id']} of {row['disk_id']} is {states}, and nothing says so"
    lost = any(row.get("key_problem") for row in outcome.finished.report["recovery_points"])
    if lost and "cannot be restored" not in outcome.finished.message:
        yield f"a key cannot be used, and the message is {outcome.finished.message!r}"


def _states(truth: RoleTruth, outcome: NightOutcome) -> list[str]:
    """Return the states in which the key was while a night passed; empty where it was enabled."""
    before = [state for moment, state in truth.nights.key_states if moment <= outcome.started]
    during = [state for moment, state in truth.nights.key_states if outcome.started < moment <= outcome.ended]
    return [before[-1] if before else "", *during]
