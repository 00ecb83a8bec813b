# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks of the calls of a run. Each check takes the truth and a run, and yields the violations."""

from __future__ import annotations

import bisect
import math
from collections import Counter
from collections.abc import Iterator

from tests.clouds import CLOUDS
from tests.simulator.control import Call

from .faults import MAX_LOOK_AGE_SECONDS
from .simulation import FOREIGN, RunOutcome
from .truth import ALIVE, CHANGES, COPIES, DELETES, WRITES, Copy, Truth, ids_of, is_dry, regions_of, source_of

#: The default mode of a lock.
DEFAULT_LOCK_MODES = {"ebs": "governance", "ecs": "compliance"}


def wrong_calls(truth: Truth, outcome: RunOutcome) -> Iterator[str]:
    calls = truth.calls_of(outcome)
    yield from _old_looks(truth, calls)
    yield from _late_writes(calls, outcome)
    yield from _repeated_deletions(calls)
    yield from _ends_without_wait(truth, calls, outcome)
    yield from _excess_calls(truth, calls, outcome)
    yield from _idle_passes(calls, outcome)
    yield from _exceeded_window(truth, outcome)
    yield from _second_calls(truth, outcome)
    yield from _wrong_deletions(truth, outcome)
    yield from _wrong_writes(truth, outcome)
    yield from _wrong_locks(truth, outcome)
    yield from _copies_despite_create_false(calls, outcome)


def _old_looks(truth: Truth, calls: list[Call]) -> Iterator[str]:
    """Check that no write is based on an old look (promises: fresh-look)."""
    written = {call.number: truth.written_by(call) for call in calls if call.action in WRITES and not is_dry(call)}
    for region in dict.fromkeys(region for regions in written.values() for region in regions):
        looks = sorted(call.ended for call in calls if _lists_region(call, region))
        for call in calls:
            if region not in written.get(call.number, ()):
                continue
            if call.action in CHANGES and call.started - truth.answered_at(call) <= MAX_LOOK_AGE_SECONDS:
                continue  # the answer to the copy call counts as a look
            if call.action == "DeleteTags":
                continue  # not based on a look: the service refuses a value that is in use (api-facts: cbs-tag-delete)
            before = bisect.bisect_right(looks, call.started)
            age = call.started - looks[before - 1] if before else math.inf
            if age > MAX_LOOK_AGE_SECONDS + 0.01:
                yield f"{call.action} in {region} at {call.started:.1f} is based on a look {age:.1f} s old"


def _lists_region(call: Call, region: str) -> bool:
    if call.action != "DescribeSnapshots" or not call.answered:
        return False
    regions = regions_of(call)
    return not regions or region in regions


def _late_writes(calls: list[Call], outcome: RunOutcome) -> Iterator[str]:
    """Check that no write is sent after the deadline (promises: timeout)."""
    for call in calls:
        late = call.started - outcome.started - outcome.run.wait_timeout
        if call.action in WRITES and not is_dry(call) and late > 0.01:
            yield f"{call.action} was sent {late:.1f} s after the deadline"


def _ends_without_wait(truth: Truth, calls: list[Call], outcome: RunOutcome) -> Iterator[str]:
    """Check that a run that does not wait ends once everything is started and no call is in doubt."""
    if outcome.run.wait or outcome.run.state != "present" or outcome.result is None or outcome["failures"]:
        return
    last = max((call.ended for call in calls if call.action in WRITES), default=outcome.started)
    faults = sum(call.fault is not None for call in calls)
    longest = (
        2 * CLOUDS[truth.storm.cloud].doubt + 2 * truth.storm.lag + 10 * truth.storm.max_call_seconds + 31 * faults + 60
    )
    if outcome.ended - last > longest:
        yield f"it does not wait, but continued for {outcome.ended - last:.0f} s after its last write"


def _repeated_deletions(calls: list[Call]) -> Iterator[str]:
    """Check that no successful deletion is sent again, whatever a listing still shows."""
    done: dict[str, float] = {}
    for call in calls:
        if call.action in DELETES and not is_dry(call):
            for snapshot_id in ids_of(call):
                if call.started >= done.get(snapshot_id, math.inf):
                    yield f"{call.action} of {snapshot_id} was sent again at {call.started:.1f}"
            if call.answered and not call.code:
                done.update(dict.fromkeys(ids_of(call), call.ended))


def _idle_passes(calls: list[Call], outcome: RunOutcome) -> Iterator[str]:
    """Check that a run sleeps until it has a call to make."""
    if outcome.sleeps > 2 * len(calls) + 20:
        yield f"it slept {outcome.sleeps} times for {len(calls)} calls"


def _excess_calls(truth: Truth, calls: list[Call], outcome: RunOutcome) -> Iterator[str]:
    """Check the number of calls: polls by time and wait_delay, writes by what is to be done, refusals by time."""
    storm, rows = truth.storm, len(truth.places_of(outcome))
    regions = len(outcome.options["destination_regions"])
    seconds = outcome.ended - outcome.started
    faults = sum(call.fault is not None for call in calls)
    refusals = [call for call in calls if call.action in COPIES and not call.changed and not call.fault]
    refused, busy = len(refusals), sum(call.code == "InvalidOperation.UnfinishedCrossRegionCopy" for call in refusals)
    reads = sum(call.action not in WRITES for call in calls)
    # A young copy is polled often, an older one less. One that remains at 99 % is polled after each 64th of its age.
    # Copies in progress at once share their polls.
    at_once = min(outcome.run.max_in_flight, storm.quota, storm.disks if storm.cloud == "ecs" else rows)
    turns = math.ceil(rows / regions / at_once)
    polls = 60 + 64 * math.log(max(storm.copy_seconds / 32, 1))
    most_reads = (
        40
        + regions * (30 + polls * turns + 1.5 * seconds / storm.options["wait_delay"])
        + 12 * rows
        + 6 * faults
        + refused
    )
    most_refused = 10 + 3 * rows + regions * seconds / 7
    most_busy = 5 + rows + regions * storm.disks * (1 + seconds / 60)
    if storm.page:  # including pages, some of which are read again
        there = storm.fillers + 8 * rows + sum(len(p.runs) for p in storm.rounds)
        most_reads *= 3 + there / (storm.page / 2)
    if reads > most_reads:
        yield f"{reads} reads for {rows} copies in {seconds:.0f} s; the limit is {most_reads:.0f}"
    if busy > most_busy:
        yield f"{busy} copy calls found a disk busy in {seconds:.0f} s; the limit is {most_busy:.0f}"
    if refused > most_refused:
        yield (
            f"{refused} copy calls were refused for {rows} copies in {seconds:.0f} s; the limit is {most_refused:.0f}"
        )


def _exceeded_window(truth: Truth, outcome: RunOutcome) -> Iterator[str]:
    """Check that no more copies of a run are in progress in a region than max_in_flight.

    A copy whose answer was lost counts for none. If reads lag longer than the run looks for it, neither does the second
    one (promises: exactly-once).
    """
    blind = _is_blind(truth)
    most = max(1, outcome.run.max_in_flight)
    by_region: dict[str, list[Copy]] = {}
    for copy in truth.copies.values():
        if copy.by == outcome.name:
            by_region.setdefault(copy.region, []).append(copy)
    lost = {copy.place for copies in by_region.values() for copy in copies if _is_lost(copy)}
    for region, copies in by_region.items():
        for copy in copies:
            running = [
                c
                for c in copies
                if c.started <= copy.started and c.phase(copy.started) == "running"
                if not (_is_lost(c) or (blind and c.place in lost))
            ]
            if len(running) > most:
                yield f"{len(running)} copies were in progress in {region} at {copy.started:.1f}; the limit is {most}"
                break


def _is_blind(truth: Truth) -> bool:
    """Whether reads may lag longer than a run looks for a copy whose answer was lost."""
    storm = truth.storm
    return storm.lag + 2 * storm.max_call_seconds >= CLOUDS[storm.cloud].doubt


def _is_lost(copy: Copy) -> bool:
    return bool(copy.maker and copy.maker.lost)


def _second_calls(truth: Truth, outcome: RunOutcome) -> Iterator[str]:
    """Check that no copy is made if every read had shown one for long enough, or if this run has already made one.

    Allowed: a copy in addition to one of this run whose answer was lost, if reads lag longer than the run looks for it
    (promises: exactly-once). On ECS also a copy beside one that may have been between two pages of both listings
    (promises: listings).
    """
    blind = _is_blind(truth)
    for copy in truth.copies.values():
        if copy.by != outcome.name or copy.maker is None:
            continue
        since = copy.maker.started
        for other in truth.of_place[copy.place]:
            if other is copy or other.started > copy.started or not truth.fits(other, outcome):
                continue
            if _is_failing(other, since):
                continue
            if other.by != outcome.name and other.stayed(ALIVE, since - truth.seconds_until_seen, copy.started):
                if truth.storm.cloud == "ecs" and _pages_changed(truth, other.region, since, copy.started):
                    continue
                yield f"{copy.id} was made in addition to {other.id} of {copy.place}, which every read showed"
            elif other.by == outcome.name and other.phase(copy.started) in ALIVE and other.started < copy.started:
                if not _is_lost(other):
                    yield f"{copy.id} was requested although {other.id} of {copy.place} was accepted"
                elif not blind:
                    yield (
                        f"{copy.id} was requested again, but {other.id} of {copy.place}, whose answer was lost, shows"
                    )


def _pages_changed(truth: Truth, region: str, since: float, until: float) -> bool:
    """Whether the listings of a region had pages, and something was deleted while they were read."""
    gone = (*truth.simulation.churned, *(copy.gone for copy in truth.copies.values() if copy.region == region))
    return truth.storm.page > 0 and any(since - truth.seconds_until_seen <= moment <= until for moment in gone)


def _is_failing(copy: Copy, moment: float) -> bool:
    return copy.phase(moment) in ("failed", "deleting", "gone")


def _wrong_deletions(truth: Truth, outcome: RunOutcome) -> Iterator[str]:
    """Check what a run may delete (promises: deleting, held, fresh-look)."""
    cloud = truth.storm.cloud
    for call in truth.calls_of(outcome):
        if call.action not in DELETES:
            continue
        for key in call.changed:
            copy = truth.copies.get(key)
            if copy is None:
                yield f"{key[1]}, which is not a copy, was deleted"
                continue
            absent = outcome.run.state == "absent"
            before = call.applied_at - 1e-6
            what = f"{copy.id} of {copy.place}"
            if not copy.ours and not (absent and cloud in ("ecs", "ens")):
                yield f"{what}, somebody else's, was deleted"
            if copy.held(before):
                yield f"{what}, which is held, was deleted"
            if copy.place not in truth.places_of(outcome):
                yield f"{what}, which was not requested, was deleted"
            if absent:
                named = outcome.options.get("copy_ids")
                if named is not None and copy.id not in named:
                    yield f"{what} was deleted although copy_ids does not name it"
                yield from _deletions_without_survivor(truth, outcome, copy, call)
            else:
                yield from _wrong_deletions_by_present(truth, outcome, copy, call)


def _deletions_without_survivor(truth: Truth, outcome: RunOutcome, copy: Copy, call: Call) -> Iterator[str]:
    """Check that the survivor of a deleted copy was complete when a look could show it (promises: survivors)."""
    survivor = (outcome.options.get("survivors") or {}).get(copy.id)
    kept = truth.copies.get((copy.region, survivor)) if survivor else None
    if survivor and (
        kept is None or not kept.was(("complete",), call.started - truth.seconds_until_seen, call.applied_at)
    ):
        yield f"{copy.id} was deleted although its survivor {survivor} is not complete"


def _copies_despite_create_false(calls: list[Call], outcome: RunOutcome) -> Iterator[str]:
    """Check that a run with create: false starts no copy, and deletes none but duplicates (promises: marking)."""
    if outcome.options.get("create") is False:
        for call in calls:
            allowed = DELETES if outcome.options.get("remove_duplicates") else set()
            if call.action in (COPIES | DELETES) - allowed and not is_dry(call):
                yield f"{call.action} was sent although create is false"


def _wrong_deletions_by_present(truth: Truth, outcome: RunOutcome, copy: Copy, call: Call) -> Iterator[str]:
    what, before = f"{copy.id} of {copy.place}", call.applied_at - 1e-6
    phase, own = copy.phase(before), truth.taken_for_own(copy, outcome)
    others = [other for other in truth.of_place[copy.place] if other is not copy]
    if phase == "failed":
        if not outcome.options.get("replace_failed", True) and not own:
            yield f"{what}, which had failed, was deleted without replace_failed"
        if not own and not any(
            o.started <= call.started and o.was(ALIVE, call.started - truth.seconds_until_seen, before) for o in others
        ):
            yield f"{what}, which had failed, was deleted before a new copy was started"
        return
    allowed = own or outcome.options.get("remove_duplicates") or outcome.options.get("replace_mismatched")
    if not allowed:
        yield f"{what} was deleted without a reason"
    since = call.started - truth.seconds_until_seen
    equivalent = [
        o
        for o in others
        if (o.encrypted(), o.key()) == (copy.encrypted(), copy.key())
        or (truth.fits(o, outcome) and not truth.fits(copy, outcome))
    ]
    # A copy that is complete at the time of the call was in progress just before.
    if not own and phase == "running" and copy.started + copy.duration > call.applied_at:
        yield f"{what}, a copy in progress of another run, was cancelled"
    elif copy.stayed(("complete",), since, before) or not own:
        if not any(o.was(("complete",), since, call.applied_at) for o in equivalent):
            yield f"{what}, the last complete copy, was deleted"
    elif not any(o.was(ALIVE, since, before) for o in others):
        yield f"{what} was cancelled although there is no other"


def _wrong_writes(truth: Truth, outcome: RunOutcome) -> Iterator[str]:
    """Check that only copies of ours are written to, and in check mode nothing."""
    for call in truth.calls_of(outcome):
        if outcome.name == "check" and call.action in WRITES and not is_dry(call):
            yield f"{call.action} was sent in check mode"
        if call.action in CHANGES:
            for key in call.changed:
                copy = truth.copies.get(key)
                if copy is None:
                    yield f"{key[1]}, which is not a copy, was written to"
                elif copy.by == FOREIGN:
                    yield f"somebody else's {copy.id} of {copy.place} was written to"


def _wrong_locks(truth: Truth, outcome: RunOutcome) -> Iterator[str]:
    """Check what a run may lock: as requested, once, and only a complete copy that counts (promises: locks)."""
    days, mode = (
        outcome.options.get("lock_days"),
        outcome.options.get("lock_mode") or DEFAULT_LOCK_MODES.get(truth.storm.cloud),
    )
    for call in truth.calls_of(outcome):
        for key in call.changed if call.action == "LockSnapshot" else ():
            if key not in truth.copies:
                continue  # reported already
            copy, before = truth.copies[key], call.applied_at - 1e-6
            what, lock, old = f"{copy.id} of {copy.place}", copy.lock(call.applied_at), copy.locks(before)
            if lock and (lock.days != days or lock.mode != mode or lock.cool_off):
                yield f"{what} was locked {lock.mode} for {lock.days} days, requested was {mode} for {days}"
            if copy.place not in truth.places_of(outcome):
                yield f"{what}, which was not requested, was locked"
            if copy.phase(call.applied_at) != "complete":
                yield f"{what} was locked while it was {copy.phase(call.applied_at)}"
            if old and old[-1][0].moment <= call.started - truth.seconds_until_seen:
                yield f"{what} was locked again although every read showed its lock of {old[-1][0].moment:.1f}"
            for other in truth.of_place[copy.place]:
                ranks = (other.ours, truth.fits(other, outcome), other.start_key < copy.start_key)
                equivalent = other.encrypted() == copy.encrypted() and other.key() == copy.key()
                if (
                    all(ranks)
                    and equivalent
                    and other.stayed(("complete",), call.started - truth.seconds_until_seen, before)
                ):
                    yield f"{what} was locked although {other.id} counts"


def unanswered_calls(truth: Truth, outcome: RunOutcome) -> tuple[Counter[tuple[str, str]], set[str]]:
    """Return by place how many copy calls had no answer, and the IDs of other writes without an answer."""
    copies: Counter[tuple[str, str]] = Counter()
    others: set[str] = set()
    for call in truth.calls_of(outcome):
        if call.lost and call.action in COPIES:
            copies.update((source_of(call), region) for region in regions_of(call))
        elif call.lost and call.action in WRITES:
            others.update(ids_of(call))
    return copies, others
