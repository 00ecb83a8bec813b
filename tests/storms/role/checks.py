# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a storm of nights, and checks the role's promises against the true state of the server."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.simulator.control import Call

from ..faults import MAX_LOOK_AGE_SECONDS
from ..simulation import FOREIGN
from ..truth import ALIVE, CHANGES, COPIES, DELETES, WRITES, Copy, is_dry, may_have_made
from .keys import wrong_keys
from .nights import NightOutcome, NightSimulation
from .reports import wrong_reports
from .restore_checks import wrong_restores
from .rules import RULES, keeping_rules, rules_keeping_at_end
from .sets import is_of_newest_set, may_stay, wrong_sets
from .storms import RoleStorm

PLAN, PLAN_IN_DESCRIPTION = "dr-copy:plan", re.compile(r"\(plan ([^()]+)\)")


@dataclass
class RoleFindings:
    """The violations that were found, and figures for the table."""

    storm: RoleStorm
    violations: list[str] = field(default_factory=list)
    nights: int = 0
    copies: int = 0
    pruned: int = 0
    calls: int = 0
    kills: int = 0
    restores: int = 0
    #: The nights whose reports were checked, and those that were green.
    checked: int = 0
    green: int = 0
    #: Copies that were started in addition to one that no read could show yet.
    second_copies: int = 0
    log: list[str] = field(default_factory=list)
    simulation: NightSimulation | None = None
    seconds: float = 0.0


def run_and_check_nights(storm: RoleStorm, estate: Any) -> RoleFindings:
    """Run a storm of nights over an empty estate and check it."""
    with TemporaryDirectory() as folder:
        nights = NightSimulation(storm, estate, Path(folder))
        findings = RoleFindings(storm, simulation=nights)
        for evening in storm.evenings:
            nights.run_evening(evening)
        last, further = nights.clear_up()
    truth = RoleTruth(nights)
    for outcome in nights.outcomes:
        findings.violations += [
            f"night {outcome.name} of {outcome.plan.name}: {one}" for one in _wrong_night(truth, outcome)
        ]
    findings.violations += [*_wrong_deletions(truth), *_second_copies(truth, findings), *_rewritten_marks(truth)]
    findings.violations += [*wrong_restores(truth), *_wrong_end(truth, last, further)]
    findings.restores = len(nights.restores)
    findings.nights, findings.copies = len(nights.outcomes), len(truth.copies)
    ended = [outcome for outcome in nights.outcomes if outcome.finished]
    findings.checked, findings.green = len(ended), sum(not o.finished.message for o in ended if o.finished)
    findings.pruned = sum(len(o.finished.result["pruned"]) for o in ended if o.finished and not o.run.check)
    nights.end(findings)
    return findings


class RoleTruth:
    """All copies and calls of a storm of nights."""

    def __init__(self, nights: NightSimulation):
        self.nights = nights
        self.storm = nights.storm
        self.copies: list[Copy] = nights.copies()
        self.by_key = {(copy.region, copy.id): copy for copy in self.copies}
        self.by_id = {copy.id: copy for copy in self.copies}
        self.outcomes = {outcome.name: outcome for outcome in nights.outcomes}
        self.calls: list[Call] = nights.control.recorded_calls
        self._calls_of: dict[str, list[Call]] = defaultdict(list)
        for call in self.calls:
            self._calls_of[call.by].append(call)
        #: Seconds after which every read of a run shows a change, plus the time to make such a read.
        self.seconds_until_seen = self.storm.lag + MAX_LOOK_AGE_SECONDS + 2 * self.storm.max_call_seconds + 0.1

    def calls_of(self, outcome: NightOutcome) -> list[Call]:
        return self.calls_of_run(outcome.name)

    def calls_of_run(self, name: str) -> list[Call]:
        return self._calls_of[name]

    def disk_of(self, copy: Copy) -> str:
        return self.nights.taken[copy.source_id][0]

    def taken(self, copy: Copy) -> datetime:
        return self.nights.taken[copy.source_id][1]

    def copies_of_disk(self, disk: str, region: str) -> list[Copy]:
        return [copy for copy in self.copies if copy.region == region and self.disk_of(copy) == disk]

    def plan_of(self, copy: Copy, moment: float) -> str:
        """Return the plan in the mark of a copy at a time: in its tags or, on ENS, in its description."""
        version = copy.version(moment) or copy.born
        match = PLAN_IN_DESCRIPTION.search(str(getattr(version.thing, "description", "")))
        return version.tags.get(PLAN) or (match[1] if match and self.storm.cloud == "ens" else "")

    def deletions(self, outcome: NightOutcome | None = None) -> Iterator[tuple[Call, Copy]]:
        """Yield each successful deletion, with the copy."""
        for call in self.calls if outcome is None else self.calls_of(outcome):
            if call.by not in self.outcomes:
                continue  # restores delete no copies; role_restore_checks checks that
            if call.action in DELETES and not math.isnan(call.applied_at):
                yield from ((call, self.by_key[key]) for key in call.changed if key in self.by_key)


# -- deletions -------------------------------------------------------------------------------------------


def _wrong_deletions(truth: RoleTruth) -> Iterator[str]:
    for call, copy in truth.deletions():
        outcome, moment = truth.outcomes[call.by], call.applied_at
        before = math.nextafter(moment, 0.0)
        what = f"{copy.id} of {copy.source_id} in {copy.region} was deleted by {call.by} of {outcome.plan.name}"
        phase = copy.phase(before)
        if phase == "running" and copy.by != outcome.name and not copy.ends_at(moment):
            yield f"{what} while it was being made by {copy.by}"
        if phase != "complete":
            continue
        if copy.held(before) and copy.held(moment - truth.seconds_until_seen):
            yield f"{what}, although it was held or locked"
        others = [one for one in truth.copies_of_disk(truth.disk_of(copy), copy.region) if one is not copy]
        near = [one for one in others if one.was(("complete",), moment - truth.seconds_until_seen, moment)]
        if not any(truth.taken(one) >= truth.taken(copy) for one in near):
            yield f"{what}, although no newer copy of its disk was complete"
        duplicate = any(one.source_id == copy.source_id for one in near)
        seems_own = copy.by == outcome.name or any(may_have_made(call, copy) for call in truth.calls_of(outcome))
        if duplicate and (seems_own or outcome.plan.options.get("remove_duplicates")):
            continue
        if copy.by == FOREIGN:
            yield f"{what}, although somebody else had made it"
        if (whose := truth.plan_of(copy, before) or outcome.plan.name) not in outcome.plan.names:
            yield f"{what}, although it has the mark of {whose}"
        yield from (f"{what}, though {why}" for why in keeping_rules(truth, outcome, copy, moment))
        if is_of_newest_set(truth, copy, outcome.started - truth.seconds_until_seen) and is_of_newest_set(
            truth, copy, before
        ):
            yield f"{what}, although it is in its server's newest complete set"


# -- copies ----------------------------------------------------------------------------------------------


def _second_copies(truth: RoleTruth, findings: RoleFindings) -> Iterator[str]:
    of_place: dict[tuple[str, str], list[Copy]] = defaultdict(list)
    for copy in truth.copies:
        of_place[copy.place].append(copy)
    for copies in of_place.values():
        copies.sort(key=lambda copy: copy.born.moment)
        for number, copy in enumerate(copies):
            if not copy.maker:
                continue
            moment = copy.maker.applied_at
            for other in copies[:number]:
                if other.phase(moment) not in ALIVE:
                    continue
                if other.stayed(ALIVE, moment - truth.seconds_until_seen, moment) or other.by == copy.by:
                    yield f"{copy.id} was made by {copy.by} although {other.id} by {other.by} was there: {copy.place}"
                else:
                    findings.second_copies += 1


#: How long (seconds) a waiting run does not tag the new copies of others (promises: provenance).
NEW_SECONDS = 30.0


def _rewritten_marks(truth: RoleTruth) -> Iterator[str]:
    """Yield copies whose mark of a plan another plan's run overwrote.

    Allowed are: a run that does not wait, if tags show late, and the maker that then overwrites that mark; a run that
    lost the answer to its copy call, and takes another run's copy of the same second for its own; two runs that mark an
    old copy at the same time (promises: provenance).
    """
    hasty = {o.name for o in truth.outcomes.values() if o.plan.options.get("wait") is False}
    for copy in truth.copies:
        mark, marker, marked = "", "", 0.0
        for version in copy.versions:
            whose = version.tags.get(PLAN, "") or mark
            by = getattr(version.by, "by", "")
            at_once = (
                version.moment - marked <= truth.seconds_until_seen and version.moment - copy.born.moment > NEW_SECONDS
            )
            may = at_once or not hasty.isdisjoint({by, marker})
            may = may or any(may_have_made(call, copy) for call in truth.calls_of_run(by))
            if mark and whose != mark and not may:
                yield f"{copy.id} in {copy.region} had the mark of {mark}, and then that of {whose}"
            if whose != mark:
                mark, marker, marked = whose, by, version.moment


# -- nights ----------------------------------------------------------------------------------------------


def _wrong_night(truth: RoleTruth, outcome: NightOutcome) -> Iterator[str]:
    if outcome.broke:
        yield f"broke down: {outcome.broke}"
    if outcome.name in truth.nights.endless:
        yield "did not end"
    if outcome.run.check or outcome.run.reads_only:
        for call in truth.calls_of(outcome):
            if call.action in WRITES and not is_dry(call):
                yield f"only reads, but sent {call.action}"
    yield from wrong_reports(truth, outcome)
    yield from wrong_sets(truth, outcome)
    yield from wrong_keys(truth, outcome)


# -- the end ---------------------------------------------------------------------------------------------


def _wrong_end(truth: RoleTruth, last: list[NightOutcome], further: list[NightOutcome]) -> Iterator[str]:
    for outcome in (*last, *further):
        plan = outcome.plan
        if outcome.finished is None:
            yield f"the last night {outcome.name} did not end"
        elif outcome.finished.message and not _is_limit_of_plan(outcome, [*last, *further]):
            yield f"the last night {outcome.name} of {plan.name} failed: {outcome.finished.message}"
    for outcome in last:
        for region in (truth.nights.regions[n] for n in outcome.plan.destinations):
            yield from _lost_disks(truth, outcome, region)
            if not outcome.plan.options.get("max_deletions"):
                yield from _unpruned_copies(truth, outcome, region)
    shared = any(len(plans) > 1 for plans in truth.storm.disks)
    for outcome in further:
        unlocked = any(copy.locks() for _call, copy in truth.deletions(outcome))
        # Copies of the other plan may make a point expire, and get this plan's tags and lock.
        allowed = {*(DELETES if shared or unlocked else ()), *(CHANGES if shared else ())}
        # A copy of the other plan that it pruned, and that this plan keeps, is copied once more.
        others = [other for other in (*last, *further) if other.plan != outcome.plan]
        pruned = {copy.place for other in others for _call, copy in truth.deletions(other)}
        made = [copy.place for copy in truth.copies if copy.by == outcome.name]
        if made and set(made) <= pruned:
            allowed |= COPIES
        sent = {call.action for call in truth.calls_of(outcome) if call.action in WRITES and not is_dry(call)}
        if sent - allowed:
            yield f"another night, {outcome.name} of {outcome.plan.name}, sent {', '.join(sorted(sent - allowed))}"


def _is_limit_of_plan(outcome: NightOutcome, others: list[NightOutcome]) -> bool:
    """Whether a night without faults may fail.

    It may if retention would delete too much. It may also if a set is late: of disks that a tag groups and that never
    had snapshots of one time, or of a server that another plan sees with other disks, because a copy has the marks of
    only one plan.
    """
    assert outcome.finished is not None
    report, options = outcome.finished.report, outcome.plan.options
    if report["failures"] or report["breaches"] or report["unjudged"]:
        return bool(options.get("max_deletions"))
    disks = {disk for group in outcome.groups.values() for disk in group}
    shared = [
        other
        for other in others
        if other.groups != outcome.groups and (disks & {*other.selected_in_all} or other.groups.keys() & outcome.groups)
    ]
    return bool(shared or "group_tag" in options or options.get("max_deletions"))


def _lost_disks(truth: RoleTruth, outcome: NightOutcome, region: str) -> Iterator[str]:
    for disk in outcome.selected:
        newest = truth.nights.newest_source(disk)
        there = [copy for copy in truth.copies_of_disk(disk, region) if copy.source_id == newest]
        if not any(copy.phase(outcome.ended) == "complete" for copy in there):
            yield f"the newest snapshot {newest} of {disk} of {outcome.plan.name} has no copy in {region}"


def _unpruned_copies(truth: RoleTruth, outcome: NightOutcome, region: str) -> Iterator[str]:
    """Yield copies made by a plan that no rule keeps and that exist after a night without faults."""
    if not any(outcome.plan.options.get(rule) for rule in RULES):
        return
    for disk in outcome.selected:
        there = [
            copy for copy in truth.copies_of_disk(disk, region) if copy.ours and copy.phase(outcome.ended) == "complete"
        ]
        for copy in there:
            whose = truth.plan_of(copy, outcome.started)
            if whose not in outcome.plan.names or copy.held(outcome.ended) or copy.held(outcome.started):
                continue
            if copy is max(there, key=lambda one: (truth.taken(one), one.source_id)):
                continue
            if not list(rules_keeping_at_end(truth, outcome, copy, there)) and not may_stay(truth, copy, outcome.ended):
                yield f"{copy.id} of {copy.source_id} in {region} exists, although no rule of {whose} keeps it"
