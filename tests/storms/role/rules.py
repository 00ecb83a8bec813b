# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which rules of retention keep a copy, by the true state of the server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.nights.history import NO_CALENDAR, kept_by_calendar

from ..truth import Copy
from .nights import NightOutcome

if TYPE_CHECKING:
    from .checks import RoleTruth

RULES = ("keep", "keep_days", *(name for name in NO_CALENDAR if name != "timezone"))


def keeping_rules(truth: RoleTruth, outcome: NightOutcome, copy: Copy, moment: float) -> Iterator[str]:
    """Return which rules of a plan keep a copy. Copies that this run may have seen complete count as newer."""
    options, taken = {**NO_CALENDAR, **outcome.plan.options}, truth.taken(copy)
    newer = {
        (truth.taken(one), one.source_id)
        for one in truth.copies_of_disk(truth.disk_of(copy), copy.region)
        if one.ours and one.was(("complete",), outcome.started - truth.seconds_until_seen, moment)
    }
    newer = {one for one in newer if one > (taken, copy.source_id)}
    if not any(options.get(rule) for rule in RULES):
        yield "no rule limits how long copies are kept"
    if len(newer) < options.get("keep", 0):
        yield f"keep {options['keep']} keeps it"
    if options.get("keep_days") and outcome.began_at - taken <= timedelta(days=options["keep_days"]):
        yield f"keep_days {options['keep_days']} keeps it"
    yield from kept_by_calendar(taken, [time for time, _source in newer], options)


def rules_keeping_at_end(truth: RoleTruth, outcome: NightOutcome, copy: Copy, there: list[Copy]) -> Iterator[str]:
    """Return which rules keep a copy, counting only existing copies that are neither held nor locked."""
    options, taken = {**NO_CALENDAR, **outcome.plan.options}, truth.taken(copy)
    counted = {(truth.taken(one), one.source_id) for one in there if not one.held(outcome.ended)}
    newer = {one for one in counted if one > (taken, copy.source_id)}
    if not newer or len(newer) < options.get("keep", 0):
        yield "keep"
    if options.get("keep_days") and outcome.began_at - taken <= timedelta(days=options["keep_days"]):
        yield "keep_days"
    yield from kept_by_calendar(taken, [time for time, _source in newer], options)
