# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the smallest storm that still fails, and prints its story."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.simulator.control import Call

from .copy_checks import Findings
from .drill_checks import DrillFindings
from .role.checks import RoleFindings
from .truth import DELETES, WRITES, Truth, ids_of, regions_of, source_of


def shrink_storm(
    storm: Any, violations_of: Callable[[Any], list[str]], tries: int = 300, seconds: float = 600.0
) -> Any:
    """Remove one thing after the other from a storm, as long as it fails in the same way."""
    until = time.monotonic() + seconds
    wrong = _violation_kinds(violations_of(storm)[:1])
    while tries > 0:
        for smaller in storm.simplify():
            tries -= 1
            if tries <= 0 or time.monotonic() > until:
                return storm
            try:
                same = wrong & _violation_kinds(violations_of(smaller))
            except Exception:
                continue  # what is left is no valid storm
            if same:
                storm = smaller
                break
        else:
            return storm
    return storm


def _violation_kinds(violations: list[str]) -> set[str]:
    """Return violations as text without numbers, IDs and bracketed parts."""
    plain = (re.sub(r"\(.*?\)|\[.*?\]|\{.*?\}|'.*?'", "", violation) for violation in violations)
    return {" ".join(word for word in violation.split() if word.isalpha()) for violation in plain}


def describe(findings: Any) -> str:
    """Describe a storm of any kind and what happened in it."""
    kinds: dict[type, Callable[[Any], str]] = {
        Findings: _describe_storm,
        DrillFindings: _describe_drills,
        RoleFindings: _describe_nights,
    }
    return kinds[type(findings)](findings)


def _describe_storm(findings: Findings, most: int = 60) -> str:
    """Describe the storm, each call with its time and answer, the result of each run, and the violations."""
    simulation = findings.simulation
    assert simulation is not None
    storm = findings.storm
    truth = Truth(simulation)
    lines = [
        f"{storm.cloud} {storm.seed}: {len(storm.sources)} sources to {', '.join(simulation.regions)}; copies of "
        f"{storm.copy_seconds:g} s, quota {storm.quota}; calls up to {storm.latency:g} s, replicas lag {storm.lags} s",
        f"options: {storm.options}",
        *(f"before: {copy}" for copy in storm.before),
        *(f"round {number}: {event}" for number, round_ in enumerate(storm.rounds, 1) for event in round_.events),
    ]
    calls = list(_describe_calls(truth))
    left_out = len(calls) - most
    if left_out > 0:
        calls = [*calls[: most // 2], f"... {left_out} calls are omitted ...", *calls[-most // 2 :]]
    lines += calls
    for outcome in simulation.outcomes:
        said = outcome["msg"] if outcome.result is not None else outcome.broke or "killed"
        lines.append(f"{outcome.ended:10.1f}  run {outcome.name}, started at {outcome.started:.1f}: {said}")
    lines += [f"WRONG: {violation}" for violation in findings.violations[:10]]
    return "\n".join(lines)


def _describe_drills(findings: DrillFindings) -> str:
    """Describe a storm over drills: what each run wrote to the cloud or had no answer to, and what it reported."""
    drilling = findings.drilling
    assert drilling is not None
    lines = [f"{event}" for round_ in findings.storm.rounds for event in round_.events]
    for outcome in drilling.outcomes:
        lines.append(f"{outcome.started:10.1f}  {outcome.name}, {outcome.restore_id}: {outcome.run}")
        for call in drilling.control.recorded_calls:
            if call.by == outcome.name and (call.changed or not call.answered):
                changed = " ".join(disk_id for _region, disk_id in call.changed)
                answer = call.code or call.fault or call.status
                lines.append(f"{call.started:10.1f}    {call.action} {call.region}: {answer} {changed}")
        said = outcome.finished.message or "green" if outcome.finished else outcome.broke or "ended, or was killed"
        lines.append(f"{outcome.ended:10.1f}    {said}")
    return "\n".join([*lines, *(f"WRONG: {violation}" for violation in findings.violations[:10])])


def _describe_nights(findings: RoleFindings) -> str:
    """Describe a storm of nights: each evening, what its nights wrote to the cloud, and what they reported."""
    nights, lines = findings.simulation, []
    assert nights is not None
    for number, evening in enumerate(findings.storm.evenings, 1):
        lines += [f"evening {number}: {event}" for event in (*evening.by_day, *evening.by_night)]
    for outcome in nights.outcomes:
        lines.append(f"{outcome.started:10.1f}  night {outcome.name} of {outcome.plan.name}: {outcome.run}")
        for call in nights.control.recorded_calls:
            if call.by == outcome.name and (call.action in WRITES or not call.answered):
                changed = " ".join(snapshot_id for _region, snapshot_id in call.changed)
                answer = call.code or call.fault or call.status
                lines.append(f"{call.started:10.1f}    {_describe_call(call)}: {answer} {changed}")
        said = outcome.finished.message or "green" if outcome.finished else outcome.broke or "killed"
        lines.append(f"{outcome.ended:10.1f}    {said}")
    for restore in nights.restores:
        said = restore.finished.message or "green" if restore.finished else restore.broke or "killed"
        lines.append(f"{restore.started:10.1f}  {restore.name}: {restore.run}")
        lines.append(f"{restore.ended:10.1f}    {said}")
    return "\n".join([*lines, *(f"WRONG: {violation}" for violation in findings.violations[:10])])


def _describe_calls(truth: Truth) -> Iterator[str]:
    """Describe each call; successful reads in a row are one line."""
    reads: list[Call] = []
    for call in truth.calls:
        if call.action not in WRITES and call.answered:
            reads.append(call)
            continue
        yield from _describe_reads(reads)
        reads = []
        took = f" in {call.ended - call.started:.1f} s" if call.ended > call.started else ""
        yield f"{call.started:10.1f}  {call.by:8} {_describe_call(call)}: {_describe_answer(truth, call)}{took}"
    yield from _describe_reads(reads)


def _describe_reads(reads: list[Call]) -> Iterator[str]:
    for name in dict.fromkeys(call.by for call in reads):
        own = [call for call in reads if call.by == name]
        regions = dict.fromkeys(region for call in own for region in regions_of(call))
        first, last = own[0].started, own[-1].ended
        yield f"{first:10.1f}  {name:8} {len(own)} successful reads of {', '.join(regions)} until {last:.1f}"


def _describe_call(call: Call) -> str:
    if call.action not in WRITES:
        return f"{call.action} {' '.join(regions_of(call))}"
    things = ids_of(call) if call.action in DELETES else [source_of(call)] if source_of(call) else ids_of(call)
    return f"{call.action} {' '.join(things)} {' '.join(regions_of(call))}"


def _describe_answer(truth: Truth, call: Call) -> str:
    answer = call.code or ("good" if call.status == 200 else f"HTTP {call.status}" if call.status else "none")
    changed = " ".join(
        f"{snapshot_id} {'gone' if call.action in DELETES else copy.phase(call.applied_at)}"
        for region, snapshot_id in call.changed
        if (copy := truth.copies.get((region, snapshot_id)))
    )
    return f"{answer}{f' ({call.fault})' if call.fault else ''}{f', {changed}' if changed else ''}"
