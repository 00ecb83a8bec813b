# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run remembers about looks and its own calls, and when it looks again, to the second."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.copies import SortedCopies
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.copy_call import CopyCall
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.desired import Policy
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.due_writes import Wait, when_to_write
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.memory import Memory
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.sightings import Sighting
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.timing import look_again, next_look
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.writes import WriteKind
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import (
    Ambiguous,
    Busy,
    CopyError,
    TagsFull,
    Throttled,
    Underway,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.locks import Lock
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import (
    Evidence,
    Provenance,
    Snapshot,
    State,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.options import COPY_OPTIONS, TAG_OPTIONS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tag_matching import HOLD

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def copy_of(snapshot_id="copy", state=State.COMPLETED, **facts):
    return Snapshot(snapshot_id, "there", state, state.value, is_copy=True, **{"evidence": Evidence.MARKED, **facts})


def memory_after(*shown, at=0.0):
    memory = Memory()
    memory.record_listing({c.id: c for c in shown}, at)
    return memory


# -- looks ---------------------------------------------------------------------------------------------------


def test_defaults_of_a_restore_equal_those_of_the_copy_modules():
    policy = Policy()
    for name, option in {**COPY_OPTIONS, **TAG_OPTIONS}.items():
        if hasattr(policy, name):
            assert (getattr(policy, name) or None) == (option.get("default") or None), name
    assert policy.deletion is None and COPY_OPTIONS["state"]["default"] == "present"


@pytest.mark.parametrize(("took", "fresh_at"), [(0.0, 0.0), (7.4, 0.0), (7.5, 7.5), (60.0, 60.0)])
def test_a_look_counts_from_its_start_and_a_long_one_from_its_end(took, fresh_at):
    memory = Memory()
    memory.record_listing({}, 0.0, took)
    assert memory.looked_at == memory.listings.fresh_at == fresh_at and memory.listings.at == 0.0


def test_a_memory_without_a_look_is_not_fresh_even_if_the_clock_is_at_zero():
    assert not Memory().is_fresh(1.0) and memory_after(at=0.0).is_fresh(1.0)


@pytest.mark.parametrize("happened", ["sent", "accepted", "in doubt"])
def test_nothing_begins_for_what_a_copy_call_may_have_done(happened):
    """A failure for all copies of a region does not affect those that may have started."""
    memory = memory_after()
    assert memory.has_requested_nothing
    memory.record_copy_sent(NOON)
    if happened == "accepted":
        memory.record_copy_accepted(copy_of(), 1.0)
    elif happened == "in doubt":
        memory.record_copy_in_doubt(Ambiguous("lost"), 1.0, NOON)
    assert not memory.has_requested_nothing


def test_the_initial_copies_are_those_that_exist():
    source = replace(copy_of("source"), is_copy=False)
    assert memory_after(copy_of(), copy_of("deleting", State.ABSENT), source).initially_there == {"copy"}


@pytest.mark.parametrize(("later", "compared"), [(0.0, False), (1.4, False), (1.5, True), (9.0, True)])
def test_an_own_copy_is_compared_after_a_second_and_a_half(later, compared):
    memory = memory_after()
    memory.record_copy_sent(NOON)
    memory.record_copy_accepted(copy_of(state=State.PENDING), 1.0)
    for at in (2.0, 2.0 + later):
        memory.record_listing({"copy": copy_of(state=State.PENDING)}, at)
    assert memory.own_copies["copy"].compared == compared


@pytest.mark.parametrize(
    ("looks", "gone"),
    [
        ([100.0, 130.0], False),
        ([10.0, 20.0, 119.9], False),
        ([10.0, 20.0, 120.0], True),
        ([10.0, 20.0, 30.0, 500.0], True),
    ],
)
def test_a_copy_is_missing_after_three_looks_and_two_minutes(looks, gone):
    memory = memory_after(copy_of())
    for at in looks:
        memory.record_refresh({}, ["copy"], at)
    assert ("copy" in memory.gone, "copy" in memory.seen) == (gone, not gone)


@pytest.mark.parametrize(
    ("seconds", "managed", "own"),
    [(-3.1, True, False), (-3, True, True), (2, True, True), (7, True, True), (7.1, True, False), (2, False, False)]
    + [(None, True, True)],
)
def test_a_copy_of_ours_that_began_while_a_lost_call_was_out_was_made_by_it(seconds, managed, own):
    """The call took four seconds, and times are accurate to three. Then the doubt is over (promises: exactly-once)."""
    memory = memory_after()
    memory.record_copy_sent(NOON)
    memory.record_copy_in_doubt(Ambiguous("lost"), 4.0, NOON + timedelta(seconds=4))
    at = None if seconds is None else NOON + timedelta(seconds=seconds)
    shown = copy_of(created_at=at, source=Provenance("source", "here", managed=managed))
    memory.record_listing({"copy": shown}, 5.0)
    assert (list(memory.own_copies), memory.changed, memory.copy_call.is_in_doubt) == (["copy"] * own, own, not own)


def test_a_memory_keeps_facts_that_a_later_look_leaves_out():
    memory = memory_after(copy_of(state=State.PENDING, size_gib=8, encrypted=True, created_at=NOON))
    memory.record_refresh({"copy": copy_of(size_gib=9)}, ["copy"], 5.0)
    (copy,) = memory.copies
    assert (copy.state, copy.size_gib, copy.encrypted, copy.created_at) == (State.COMPLETED, 9, True, NOON)


@pytest.mark.parametrize(("age", "fresh"), [(0.0, True), (15.0, True), (15.1, False)])
def test_a_sighting_is_fresh_for_fifteen_seconds_after_a_look_or_an_answer(age, fresh):
    shown = Sighting(copy_of(), -100.0, shown_at=20.0)
    answered = Sighting(copy_of(), 20.0, answered_at=20.0)
    assert shown.is_fresh(20.0 + age) == shown.is_known(20.0 + age) == answered.is_known(20.0 + age) == fresh
    assert not answered.is_fresh(20.0 + age), "no look has shown it"
    assert not replace(shown, misses=1).is_fresh(20.0 + age), "the last look did not show it"
    assert not replace(shown, known_at=20.0, misses=1).is_known(20.0 + age), "only looks have shown it"


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ("", "Idle"),
        ("sent", "Sent"),
        ("sent accepted", "Accepted"),
        ("sent not_sent", "Idle"),
        ("sent in_doubt", "InDoubt"),
        ("sent in_doubt found", "Found"),
        ("sent in_doubt sent", "Sent"),
        ("sent in_doubt sent found", "Sent"),
        ("sent in_doubt sent not_sent", "InDoubt"),
        ("sent in_doubt found sent accepted", "Accepted"),
        ("sent refused", "Refused"),
        ("sent refused found", "Refused"),
        ("sent refused sent not_sent", "Refused"),
        ("sent rejected", "Rejected"),
        ("rejected", "Rejected"),
    ],
)
def test_a_copy_call_is_in_the_state_that_its_last_event_leads_to(events, state):
    """A doubt ends only when a copy shows; the lost calls remain known."""
    call, why = CopyCall(), Ambiguous("lost")
    given = {"sent": (NOON,), "in_doubt": (why, 4.0, NOON + timedelta(seconds=4))}
    given |= {"refused": (why,), "rejected": (why,)}
    for event in events.split():
        call = getattr(call, event)(*given.get(event, ()))
    assert type(call.state).__name__ == state
    assert (call.is_out, call.is_in_doubt) == (state == "Sent", state == "InDoubt")
    assert call.lost_spans == ((NOON, NOON + timedelta(seconds=4)),) * events.count("in_doubt")
    assert call.error is (
        why if state in ("InDoubt", "Found", "Refused", "Rejected") or " sent" in events and state == "Sent" else None
    )
    assert call.final_error is (why if state == "Rejected" else None)


# -- refused writes --------------------------------------------------------------------------------------------


def test_a_refused_write_is_sent_again_in_pauses_that_double_up_to_half_a_minute():
    memory, pauses = memory_after(copy_of()), []
    for number in range(1100):  # hours of waiting
        memory.record_refusal("copy", WriteKind.DELETE, Throttled("slow"), number * 10.0)
        pauses.append(memory.writes.may_be_sent_at("copy", WriteKind.DELETE) - number * 10.0)
    assert pauses[:7] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] and set(pauses[7:]) == {30.0}


def test_what_is_left_of_a_change_of_tags_waits_for_its_service_too():
    """A quota refused one key, so the others may be sent, but not while the service pauses for another copy."""
    memory = memory_after(copy_of())
    memory.record_refusal("copy", WriteKind.TAGS, TagsFull("quota"), 0.0)
    assert when_to_write(memory, "copy", WriteKind.TAGS, 1.0) is None
    memory.record_postponed("copy", WriteKind.TAGS, Throttled("pause"), 30.0)
    assert when_to_write(memory, "copy", WriteKind.TAGS, 1.0) == Wait(retry_at=30.0)


@pytest.mark.parametrize(
    ("error", "every", "ends_after"),
    [
        (Ambiguous("lost"), 20.0, 7),  # six times and two minutes
        (Ambiguous("lost"), 60.0, 6),
        (Throttled("slow"), 60.0, None),
        (CopyError("no"), 1.0, 1),
    ],
)
def test_a_refused_write_ends_after_six_times_and_two_minutes(error, every, ends_after):
    memory, sent = memory_after(copy_of()), 0
    while sent < 30:
        memory.record_refusal("copy", WriteKind.DELETE, error, sent * every)
        sent += 1
        if memory.writes.is_given_up("copy", WriteKind.DELETE):
            break
    assert sent == (ends_after or 30)


@pytest.mark.parametrize(
    ("what", "error", "known"),
    [
        (WriteKind.DELETE, CopyError("locked"), False),
        (WriteKind.LOCK, Ambiguous("lost"), False),
        (WriteKind.DELETE, Busy("in use"), True),
        (WriteKind.TAGS, CopyError("no"), True),
    ],
)
def test_a_lock_is_read_again_after_a_refusal_that_a_lock_may_have_caused(what, error, known):
    memory = memory_after(copy_of())
    memory.record_locks({}, 0.0)
    memory.record_refusal("copy", what, error, 1.0)
    assert ("copy" in memory.locks) == known


@pytest.mark.parametrize(("lost", "changed"), [(Ambiguous("lost"), True), (Throttled("slow"), False), (None, False)])
def test_a_lock_whose_answer_was_lost_counts_as_this_runs_once_it_shows(lost, changed):
    memory = memory_after(copy_of())
    if lost:
        memory.record_refusal("copy", WriteKind.LOCK, lost, 1.0)
    memory.record_locks({"copy": Lock(NOON + timedelta(days=30))}, 0.0)
    assert (memory.changed, memory.updated) == (changed, changed)
    assert memory.copies[0].locked_until == NOON + timedelta(days=30) and not memory.writes.states


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        ({"tags": {HOLD: "audit", "team": "dr"}}, {"tags": {"app": "x"}}, True),
        ({"tags": {HOLD.upper(): ""}}, {}, True),
        ({"traits": ("locked",)}, {"traits": ("instant",)}, True),
        ({"traits": ("in_use",)}, {}, False),
        ({"tags": {"team": "dr"}}, {}, False),
    ],
)
def test_a_hold_that_was_shown_once_counts_for_the_run_and_other_tags_do_not(before, after, held):
    memory = memory_after(copy_of(**before))
    memory.record_listing({"copy": copy_of(**after)}, 1.0)
    (copy,) = memory.copies
    assert copy.held == held and {**after.get("tags", {})}.items() <= {**copy.tags}.items() and "team" not in copy.tags
    assert set(after.get("traits", ())) <= set(copy.traits) and "in_use" not in copy.traits


# -- when to look again ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "progress", "longest", "pause"),
    [(0.0, 0, 15.0, 0.1), (60.0, 0, 15.0, 10.0), (60.0, 50, 15.0, 10.0), (60.0, 0, 5.0, 5.0), (3600.0, 99, 15.0, 15.0)],
)
def test_a_copy_in_progress_is_looked_at_a_pause_after_the_last_look(age, progress, longest, pause):
    copy = copy_of(state=State.PENDING, progress=progress)
    memory = memory_after(copy, at=10.0)
    memory.record_refresh({"copy": copy}, ["copy"], 10.0 + age)
    alone = SortedCopies((copy,), (), (), ())
    assert next_look(memory, copy, alone, longest) == pytest.approx(10.0 + age + pause)


def test_a_complete_own_copy_besides_the_one_that_counts_needs_no_look():
    copy, mine = copy_of(state=State.PENDING), copy_of("mine")
    memory = memory_after(copy, at=10.0)
    memory.record_copy_sent(NOON)
    memory.record_copy_accepted(mine, 3600.0)
    memory.record_listing({"copy": copy, "mine": mine}, 3610.0)
    both = SortedCopies((copy, mine), (), (), ())
    assert next_look(memory, copy, both, 15.0) == 3625.0
    memory.record_listing({"copy": copy}, 3620.0)
    assert next_look(memory, copy, both, 15.0) < 3625.0, "it does not show any more"


@pytest.mark.parametrize(("now", "look_at"), [(10.0, 10.5), (25.0, 10.5), (25.1, -math.inf), (26.0, -math.inf)])
def test_a_write_needs_a_new_look_after_half_a_second_or_if_the_last_is_old(now, look_at):
    memory = memory_after(copy_of(), at=9.0)
    memory.record_refresh({}, ["copy"], 10.0)
    assert look_again(memory, "copy", now) == look_at


def test_a_new_copy_is_first_looked_at_a_tenth_of_a_second_after_its_answer():
    memory = memory_after(at=10.0)
    memory.record_copy_sent(NOON)
    memory.record_copy_accepted(copy_of(), 12.0)
    assert look_again(memory, "copy", 12.0) == pytest.approx(12.1)


def test_without_a_lost_answer_a_new_copy_is_not_our_own():
    """Without a start time it could be anybody's, and no call of this run was lost."""
    memory = memory_after()
    memory.record_copy_sent(NOON)
    memory.record_copy_in_doubt(Underway("somebody makes it"), 4.0, NOON)
    copy = copy_of(state=State.PENDING, marked_ours=True, created_at=None)
    memory.record_listing({copy.id: copy}, 10.0)
    assert not memory.own_copies and not memory.changed and copy.id in memory.seen
