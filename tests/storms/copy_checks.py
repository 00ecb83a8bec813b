# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a storm, and checks all promises against the true state of the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.clouds import CLOUDS
from tests.simulator.control import Call

from .call_checks import unanswered_calls, wrong_calls
from .faults import Round, Storm
from .row_checks import Rows
from .simulation import HOLD, MAX_CALLS, RunOutcome, Simulation
from .truth import ALIVE, COPIES, WRITES, Copy, Place, Truth, is_dry, regions_of, source_of

PROVENANCE = ("source-snapshot-id", "source-region", "source-disk-id", "source-created-at")


@dataclass
class Findings:
    """The violations that were found, and figures for the table."""

    storm: Storm
    violations: list[str] = field(default_factory=list)
    runs: int = 0
    copies: int = 0
    calls: int = 0
    kills: int = 0
    #: Whether several runs requested the same copy.
    met: int = 0
    #: Copies that more than one run requested, those started in addition to another run's, those taken back, and those
    #: left, which is allowed.
    collided: int = 0
    second_copies: int = 0
    taken_back: int = 0
    left: int = 0
    rows: int = 0
    rows_checked: int = 0
    seconds: float = 0.0
    #: The call log, which the same seed reproduces.
    log: list[str] = field(default_factory=list)
    simulation: Simulation | None = None


def run_and_check(storm: Storm, estate: Any) -> Findings:
    """Run a storm over an empty estate and check it."""
    simulation = Simulation(storm, estate)
    findings = Findings(storm, simulation=simulation, runs=sum(len(round_.runs) for round_ in storm.rounds))
    at_first = Truth(simulation)
    complete = {c.place for c in at_first.copies.values() if c.phase() == "complete"}
    for number, round_ in enumerate(storm.rounds[:-1], 1):
        simulation.run_round(number, round_)
    last, predicted, further = _run_without_faults(simulation, storm.rounds[-1])
    truth = Truth(simulation)
    for outcome in simulation.outcomes:
        findings.violations += [
            f"run {outcome.name}: {violation}" for violation in _wrong_run(truth, outcome, findings)
        ]
    if last.result is None or predicted.result is None or further.result is None:
        findings.violations.append("the last run did not end without faults")
    else:
        findings.violations += _wrong_end(truth, findings, last, predicted, further)
        findings.violations += _lost_copies(truth, complete, last)
    findings.violations += _deleted_last_copies(truth)
    findings.violations += _changed_sources(truth)
    findings.copies = len(truth.copies)
    _count_collisions(truth, findings)
    simulation.end(findings)
    return findings


def _run_without_faults(simulation: Simulation, last: Round) -> tuple[RunOutcome, RunOutcome, RunOutcome]:
    """Let check mode predict one run without faults, make that run, and one more, which has nothing left to do."""
    storm, run = simulation.storm, last.runs[0]
    simulation.scheduler.sleep(storm.lag)
    simulation.history.lags, simulation.churn = (0.0,), 0.0
    simulation.estate.settings(quota=max(storm.quota, 1), latencies=[0.0, 0.0])
    if storm.tags_late:
        simulation.estate.settings(tags_visible_after=0.0)
    (predicted,) = simulation.run_round(0, Round((run,), gap=last.gap), "check", check=True)
    (outcome,) = simulation.run_round(0, Round((run,), gap=0.0), "last")
    simulation.scheduler.sleep(storm.copy_seconds * 10 + 400.0)
    if outcome.result and _leaves_work(Truth(simulation), outcome):
        simulation.run_round(0, Round((run,), gap=0.0), "tidying")
    (further,) = simulation.run_round(0, Round((run,), gap=0.0), "further")
    return outcome, predicted, further


def _wrong_run(truth: Truth, outcome: RunOutcome, findings: Findings) -> Iterator[str]:
    if outcome.broke:
        yield f"broke down: {outcome.broke}"
    if outcome.name in truth.simulation.endless:
        yield f"did not end: it made more than {MAX_CALLS} calls"
    yield from wrong_calls(truth, outcome)
    if outcome.result is None:
        return
    if "Traceback" in str(outcome.result) or "Unexpected" in outcome["msg"]:
        yield f"broke down: {outcome['msg']}"
    longest = outcome.run.wait_timeout + outcome.options["wait_delay"] + 2 + _last_looks(truth, outcome)
    if outcome.ended - outcome.started > longest:
        yield f"took {outcome.ended - outcome.started:.1f} s; the limit is {longest:.1f}"
    if outcome["copies"]:
        rows = Rows(truth, outcome)
        yield from rows.wrong_rows()
        findings.rows += len(outcome["copies"])
        findings.rows_checked += rows.checked
    elif not outcome["failures"]:
        yield "there are no rows, and no failure says why"


def _last_looks(truth: Truth, outcome: RunOutcome) -> float:
    """Return how long the calls in progress at the deadline, and a last look at each region, may take."""
    return (2 + 2 * len(outcome.options["destination_regions"])) * truth.storm.max_call_seconds


# -- the end ---------------------------------------------------------------------------------------------


def _wrong_end(
    truth: Truth, findings: Findings, last: RunOutcome, predicted: RunOutcome, further: RunOutcome
) -> Iterator[str]:
    for row, expected in zip(last["copies"], predicted["copies"]):
        place = f"{row['source_snapshot_id']} in {row['region']}"
        if row["action"] != expected["action"] and not _has_ended_meanwhile(truth, expected, predicted, last):
            yield f"{place}: check mode predicted {expected['action']}, it was {row['action']}"
        reason = (row["error"] or {}).get("message")
        if _has_failed_meanwhile(truth, last, row):
            yield from _unreplaced_failures(last, row, further)
        elif last.run.state == "present" and row["state"] != "completed" and not _may_fail(truth, last, row):
            yield f"{place}: is {row['state']} in the end: {reason}"
        if last.run.state == "present" and row["state"] == "completed" and row["error"] is None:
            yield from _unlike_requested(truth, last, truth.copies[row["region"], row["snapshot_id"]])
    if last["changed"] != predicted["changed"] and not _duplicates_completed(truth, predicted, last):
        yield f"check mode predicted changed: {predicted['changed']}, it was {last['changed']}"
    if last.run.state == "present":
        yield from _second_copies(truth, findings, last)
        for failure in last["failures"]:
            held = truth.copies.get((failure["region"], failure["snapshot_id"]))
            misfit = failure["kind"] == "mismatch"
            if held and not misfit and held.phase(last.ended) == "complete" and held.held(last.ended):
                yield f"{held.id}, which is complete and held, is in failures: {failure['message']}"
    else:
        yield from _left_copies(truth, last)
    writes = [c for c in truth.calls_of(further) if c.action in WRITES and c.changed]
    if further["changed"] or writes:
        yield f"a further run changes something: {further['msg']} {[c.action for c in writes]}"


def _has_ended_meanwhile(truth: Truth, expected: dict[str, Any], predicted: RunOutcome, last: RunOutcome) -> bool:
    """Whether a copy that check mode found in progress had ended when the run started. Check mode takes some time."""
    copy = truth.copies.get((expected["region"], expected["snapshot_id"]))
    if copy is None or expected["action"] != "adopted":
        return False
    return copy.phase(predicted.started) == "running" and copy.phase(last.started) in ("complete", "failed")


def _leaves_work(truth: Truth, outcome: RunOutcome) -> bool:
    """Whether a later run deletes what is in progress now (promises: counting-order), or replaces a failed copy."""
    return bool(outcome["copies"] and outcome["duplicates"]) or any(
        _has_failed_meanwhile(truth, outcome, row) or _has_another_in_progress(truth, outcome, row)
        for row in outcome["copies"]
    )


def _has_another_in_progress(truth: Truth, outcome: RunOutcome, row: dict[str, Any]) -> bool:
    """Whether another copy of ours than the row's was in progress at the end of a run, so it could not be deleted."""
    others = [c for c in truth.of_place[row["source_snapshot_id"], row["region"]] if c.id != row["snapshot_id"]]
    return any(other.ours and other.phase(outcome.ended) == "running" for other in others)


def _has_failed_meanwhile(truth: Truth, outcome: RunOutcome, row: dict[str, Any]) -> bool:
    """Whether a run adopted a copy in progress that an earlier fault of the storm lets fail in the end."""
    copy = truth.copies.get((row["region"], row["snapshot_id"]))
    if copy is None or row["action"] != "adopted":
        return False
    return copy.phase(outcome.started) == "running" and copy.phase(outcome.ended) == "failed"


def _unreplaced_failures(last: RunOutcome, row: dict[str, Any], further: RunOutcome) -> Iterator[str]:
    """Check that a run told an adopted copy as failed, and that later runs replaced it if they may."""
    if (row["error"] or {}).get("kind") != "failed_copy":
        yield f"{row['snapshot_id']} failed, but its row says {row['error']}"
    place = {key: row[key] for key in ("source_snapshot_id", "region")}
    later = next(r for r in further["copies"] if place.items() <= r.items())
    if last.options.get("replace_failed", True) and later["state"] != "completed":
        yield f"{row['snapshot_id']} failed, and no later run replaced it: {later['error']}"


def _duplicates_completed(truth: Truth, predicted: RunOutcome, last: RunOutcome) -> bool:
    """Whether the last run only removed duplicates that completed while it ran. Check mode omits unfinished ones."""
    removed = [c for c in truth.copies.values() if getattr(c.remover, "by", None) == last.name]
    if not removed or not last.options.get("remove_duplicates"):
        return False
    if any(last["counts"][key] for key in ("created", "replaced", "updated")):
        return False
    return all(copy.phase(predicted.started) == "running" for copy in removed)


def _may_fail(truth: Truth, outcome: RunOutcome, row: dict[str, Any]) -> bool:
    """Whether the last run could not make this copy."""
    storm = truth.storm
    source = storm.sources[truth.simulation.sources.index(row["source_snapshot_id"])]
    kind = (row["error"] or {}).get("kind")
    kept = not storm.options.get("replace_failed", True) and kind == "failed_copy"
    misfit = kind == "mismatch" and not storm.options.get("replace_mismatched")
    # A failed copy that is held is not deleted. ECS cannot copy encrypted sources without encryption, and a key is for
    # one region.
    return source.kind not in ("good", "encrypted") or kept or misfit


def _unlike_requested(truth: Truth, last: RunOutcome, copy: Copy) -> Iterator[str]:
    """Check that the copy that counts is as requested: complete, encrypted, named, tagged, with its expiry."""
    storm, options, thing = truth.storm, last.options, copy.last
    if copy.phase() == "gone":
        return  # somebody deleted it since
    if not truth.fits(copy, last):
        yield f"{copy.id} of {copy.place} is not encrypted as requested, and no failure says so"
    if not copy.ours:
        return
    made = copy.maker is not None
    if options.get("lock_days"):
        yield from _wrong_lock(copy, _requested_values(truth, "lock_days"))
    if storm.cloud != "ens":
        yield from _wrong_tags(truth, copy, options, made)
    if not made:
        return
    if options.get("encrypted") and not copy.encrypted():
        yield f"{copy.id} is not encrypted"
    if options.get("kms_key_id") and copy.key() != options["kms_key_id"]:
        yield f"{copy.id} has the key {copy.key()}"
    source = storm.sources[truth.simulation.sources.index(copy.source_id)]
    if source.kind == "encrypted" and not copy.encrypted():
        yield f"{copy.id} of an encrypted source is not encrypted"
    name = copy.tags.get("Name", "") if storm.cloud == "ebs" else thing.name
    wanted = _render_name(truth, options.get("name") or _default_name(storm.cloud), copy)
    if storm.cloud == "cbs":
        if not (name.startswith(wanted) and copy.source_id in name):
            yield f"{copy.id} is named {name!r}, requested was {wanted!r} with the source's ID"
    elif name != wanted:
        yield f"{copy.id} is named {name!r}, requested was {wanted!r}"
    if options.get("description") and thing.description != _render_name(truth, options["description"], copy):
        yield f"{copy.id} has the description {thing.description!r}"
    asked = _maker_of(truth, copy).options.get("retention_days")
    if storm.cloud == "ecs" and asked != thing.retention_days:
        yield f"{copy.id} is kept for {thing.retention_days} days"


def _requested_values(truth: Truth, option: str) -> set[Any]:
    """Return the values of an option that the runs of a storm requested."""
    return {outcome.options.get(option) for outcome in truth.simulation.outcomes} - {None}


def _wrong_lock(copy: Copy, days: set[int]) -> Iterator[str]:
    """Check that a copy was locked for as long as requested, and not locked again even if that lock has ended."""
    locks = copy.locks()
    if not locks:
        yield f"{copy.id} should be locked for {days} days, and is not"
    elif isinstance(locks[-1][0].by, Call) and locks[-1][1].days not in days:
        yield f"{copy.id} is locked for {locks[-1][1].days} days, requested was {days}"


def _wrong_tags(truth: Truth, copy: Copy, options: dict[str, Any], made: bool) -> Iterator[str]:
    tags = copy.tags
    missing = [key for key in PROVENANCE if not tags.get(f"dr-copy:{key}")]
    if missing:
        yield f"{copy.id} lacks the provenance {missing}"
    if made:
        yield from _wrong_provenance(truth, copy)
    wanted = dict(options.get("tags") or {})
    wrong = {key: tags.get(key) for key, value in wanted.items() if tags.get(key) != value}
    if wrong:
        yield f"{copy.id} has the tags {wrong}, requested was {wanted}"
    kept = {
        *wanted,
        *(f"dr-copy:{key}" for key in PROVENANCE),
        HOLD,
        "Name",
        *(["env"] if options.get("copy_tags") else []),
    }
    source = truth.storm.sources[truth.simulation.sources.index(copy.source_id)]
    # The tags of a deleted source are unknown, so nothing is purged.
    spared = options.get("copy_tags") and source.kind == "gone"
    if options.get("tags") and options.get("purge_tags") and not spared and set(tags) - kept:
        yield f"{copy.id} has {set(tags) - kept}, which should be purged"
    if not made and not options.get("purge_tags") and "old" not in tags:
        yield f"{copy.id} has lost a tag that should not be purged"
    if made and options.get("copy_tags") and tags.get("env") != "prod":
        yield f"{copy.id} does not have its source's tags"
    if made and not options.get("copy_tags") and "env" in tags:
        yield f"{copy.id} has its source's tags, which was not requested"
    if truth.storm.cloud == "cbs" and options.get("retention_days"):
        deadline = copy.last.deadline
        if deadline is None and copy.held():
            return  # the cloud would delete it then (promises: held)
        if deadline is None or abs(deadline - copy.born_at - timedelta(days=30)) > timedelta(minutes=5):
            yield f"{copy.id} of {copy.born_at} should be kept for 30 days, its expiry is {deadline}"


def _wrong_provenance(truth: Truth, copy: Copy) -> Iterator[str]:
    versions = truth.simulation.history.versions.get((truth.simulation.estate.source, copy.source_id))
    if not versions or versions[0].thing is None:
        return
    source = versions[0].thing
    created = getattr(source, "created", None) or source.start_time
    disk = getattr(source, "disk_id", None) or source.volume.id
    facts = {
        "source-snapshot-id": copy.source_id,
        "source-region": truth.simulation.estate.source,
        "source-disk-id": disk,
        "source-created-at": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    for key, value in facts.items():
        if copy.tags.get(f"dr-copy:{key}") not in (None, value):
            yield f"{copy.id} has dr-copy:{key} {copy.tags[f'dr-copy:{key}']}, the truth is {value}"


def _default_name(cloud: str) -> str:
    """Return the default template of a copy's name."""
    if cloud == "ebs":
        return ""
    return "copy" if cloud == "cbs" else "copy-of-{snapshot_id}"


def _render_name(truth: Truth, template: str, copy: Copy) -> str:
    simulation = truth.simulation
    number = simulation.sources.index(copy.source_id)
    versions = simulation.history.versions.get((simulation.estate.source, copy.source_id))
    source = versions[0].thing if versions else None
    disk = (getattr(source, "disk_id", None) or source.volume.id) if source else str(number)
    return template.format(snapshot_id=copy.source_id, source_region=simulation.estate.source, disk_id=disk)


def _left_copies(truth: Truth, last: RunOutcome) -> Iterator[str]:
    """Check that nothing is left that may be deleted."""
    named = last.options.get("copy_ids")
    for place in truth.places_of(last):
        for copy in truth.of_place[place]:
            if copy.phase(last.ended) not in ALIVE or (named and copy.id not in named):
                continue
            certain = copy.ours or truth.storm.cloud in ("ecs", "ens")
            reported = any(
                f["snapshot_id"] == copy.id or (f["source_snapshot_id"], f["region"]) == place for f in last["failures"]
            )
            if certain and not copy.held(last.ended) and not reported:
                yield f"{copy.id} of {place} is still there, and no failure says why"
            if copy.held(last.ended) and copy.ours and not reported:
                yield f"{copy.id} of {place}, which is held, is not reported"


# -- duplicates ------------------------------------------------------------------------------------------


def _second_copies(truth: Truth, findings: Findings, last: RunOutcome) -> Iterator[str]:
    """Check that one copy of ours is left of each source in each place, unless the promises allow another.

    A second copy that is allowed must be reported.
    """
    reported = {d["snapshot_id"] for d in last["duplicates"]} | {row["snapshot_id"] for row in last["copies"]}
    for place in truth.places_of(last):
        copies = [c for c in truth.of_place[place] if c.phase(last.started) in ALIVE and c.ours]
        for group in _group_equivalent(truth, copies, last):
            group.sort(key=lambda c: c.start_key)
            for number, copy in enumerate(group[1:], 1):
                if copy.maker is None and group[0].maker is None:
                    continue  # both existed before
                findings.left += 1
                gone = copy.gone < float("inf")
                if copy.id not in reported and not gone:
                    yield f"the duplicate {copy.id} of {place} is not reported"
                if last.options.get("remove_duplicates") and not gone and not copy.held(last.ended):
                    yield f"the duplicate {copy.id} of {place} should be removed, but exists"
                pairs = [_is_allowed(truth, copy, better) for better in group[:number]]
                if not any(pairs):
                    yield f"{copy.id} is left in addition to {group[0].id} of {place}"


def _group_equivalent(truth: Truth, copies: list[Copy], last: RunOutcome) -> list[list[Copy]]:
    """Group copies with equal encryption and key, which makes them duplicates."""
    groups: dict[Any, list[Copy]] = {}
    for copy in copies:
        groups.setdefault((copy.encrypted(), copy.key()), []).append(copy)
    return list(groups.values())


def _is_allowed(truth: Truth, copy: Copy, better: Copy) -> bool:
    """Whether a copy may stay in addition to one that ranks before it (promises: two-runs).

    Allowed if the run that made it had no chance to take it back: it was killed, did not wait, ran out of time, or
    ended before every read showed the other copy. A copy that existed before the storm is taken back by nobody. If
    reads lag longer than the run looks for a lost copy, a run may make a second copy of its own.
    """
    if copy.maker is None:
        return True
    run = _maker_of(truth, copy)
    if copy.held(run.ended):
        return True  # whether it may be locked is judged by the call
    if run.result is None or not run.run.wait or run.run.state != "present":
        return True
    row = next(r for r in run["copies"] if (r["source_snapshot_id"], r["region"]) == copy.place)
    if (row["error"] or {}).get("kind") in ("timeout", "ambiguous", "connection", "busy", "credentials"):
        return True
    if better.started + truth.seconds_until_seen > run.ended:
        return True
    lost = unanswered_calls(truth, run)[0][copy.place]
    return bool(lost) and truth.storm.lag + 2 * truth.storm.max_call_seconds >= CLOUDS[truth.storm.cloud].doubt


def _maker_of(truth: Truth, copy: Copy) -> RunOutcome:
    """Return the run that made a copy."""
    return next(outcome for outcome in truth.simulation.outcomes if outcome.name == copy.by)


def _count_collisions(truth: Truth, findings: Findings) -> None:
    """Count the copies that several runs requested, those that several started, and those taken back."""
    asked: dict[Place, set[str]] = {}
    for call in truth.calls:
        if call.action in COPIES and not is_dry(call):
            for region in regions_of(call):
                asked.setdefault((source_of(call), region), set()).add(call.by)
    findings.collided = sum(len(runs - {"last", "tidying", "further"}) > 1 for runs in asked.values())
    findings.met = int(findings.collided > 0)
    for copies in truth.of_place.values():
        made = sorted((c for c in copies if c.maker), key=lambda c: c.started)
        for number, copy in enumerate(made):
            findings.second_copies += any(o.by != copy.by and o.phase(copy.started) in ALIVE for o in made[:number])
            findings.taken_back += getattr(copy.remover, "by", None) == copy.by


# -- nothing lost, nothing touched -----------------------------------------------------------------------


def _lost_copies(truth: Truth, complete: set[Any], last: RunOutcome) -> Iterator[str]:
    """Check that no complete copy was lost, unless somebody deleted it or the storm requested that."""
    for place in complete:
        copies = truth.of_place[place]
        taken = any(c.remover == "event" or c.phase() == "deleting" for c in copies)
        absent = any(_is_deleted_by_absent(truth, c) for c in copies)
        if not taken and not absent and not any(c.phase() == "complete" for c in copies):
            yield f"the complete copy of {place} is lost"


def _deleted_last_copies(truth: Truth) -> Iterator[str]:
    """Check that no deletion takes the last complete copy of a source (promises: mismatch, counting-order).

    Allowed if somebody else deletes the other copy at about the same time, so that no look could show it.
    """
    absent = {outcome.name for outcome in truth.simulation.outcomes if outcome.run.state == "absent"}
    for copies in truth.of_place.values():
        for copy in copies:
            if not isinstance(copy.remover, Call) or copy.remover.by in absent:
                continue
            moment = copy.gone
            if copy.phase(moment - 1e-6) != "complete" or any(c.phase(moment) == "complete" for c in copies):
                continue
            since = copy.remover.started - truth.seconds_until_seen
            taken = [c for c in copies if since <= c.gone <= moment and c is not copy]
            if not any(c.remover == "event" or getattr(c.remover, "by", None) in absent for c in taken):
                yield f"{copy.id} of {copy.place}, the last complete copy, was deleted by {copy.remover.by}"


def _is_deleted_by_absent(truth: Truth, copy: Copy) -> bool:
    name = getattr(copy.remover, "by", None)
    return any(outcome.name == name and outcome.run.state == "absent" for outcome in truth.simulation.outcomes)


def _changed_sources(truth: Truth) -> Iterator[str]:
    for (region, snapshot_id), versions in truth.simulation.history.versions.items():
        fillers = truth.simulation.fillers
        if (region, snapshot_id) not in truth.copies and snapshot_id not in fillers and len(versions) > 1:
            yield f"{snapshot_id}, which is not a copy, was changed"
