# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decisions from what is wanted, shown and remembered, over random copies."""

from __future__ import annotations

import math
import random
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.act.attempt import Attempt
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.capabilities import Capabilities
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide import failures
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.copies import (
    counting_key,
    misfit,
    same_encryption,
    sort_copies,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.decision import (
    LIST_NOW,
    Continue,
    Decision,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.desired import (
    DeletionRequest,
    DesiredState,
    Policy,
    SourceRead,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.memory import Memory
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.orders import order_of
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.timing import next_search
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.transitions import decide
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.updates import (
    AddLock,
    ChangeTags,
    SetExpiry,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.decide.writes import WriteKind
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import (
    Ambiguous,
    NotFound,
    Refused,
    Throttled,
    Unreachable,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.model import (
    CopyOrder,
    CopyRequest,
    Evidence,
    LockRequest,
    Provenance,
    Snapshot,
    State,
    TagChange,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tag_matching import HOLD
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tags import (
    SOURCE_SNAPSHOT_ID,
    TagRules,
    provenance_tags,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.templates import TextRule
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
NOW = 1000.0
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
SOURCE = Snapshot("source", "here", State.COMPLETED, "completed", disk_id="disk", created_at=NOON)


class Cloud(Capabilities):
    """A cloud that cancels copies, sets tags in the call, and shows keys as ARNs."""

    cancels_by_deletion = True
    tag_rules = None
    description_rule = None

    def keys_differ(self, asked, shown):
        return ":key/" in asked and ":key/" in (shown or "") and asked != shown


@st.composite
def copies(draw):
    facts = draw(
        st.lists(
            st.tuples(
                st.sampled_from([State.PENDING, State.COMPLETED, State.ERROR]),
                st.booleans(),
                st.booleans(),
                st.sampled_from([(False, None), (True, KEY), (True, KEY + "2"), (None, None)]),
                st.integers(0, 3),
            ),
            max_size=6,
        )
    )
    return [
        Snapshot(
            id=f"copy-{number}",
            region="there",
            state=state,
            provider_state=state.value,
            encrypted=encryption[0],
            kms_key=encryption[1],
            created_at=NOON + timedelta(hours=hours),
            is_copy=True,
            tags={**provenance_tags(SOURCE), **({HOLD: ""} if held else {})} if managed else {},
            source=Provenance("source", "here", managed=managed),
            evidence=Evidence.MARKED,
        )
        for number, (state, managed, held, encryption, hours) in enumerate(facts)
    ]


requests = st.sampled_from(
    [
        CopyRequest("source", "here", "there"),
        CopyRequest("source", "here", "there", encrypted=True),
        CopyRequest("source", "here", "there", encrypted=True, kms_key_id=KEY),
    ]
)
policies = st.builds(
    Policy,
    replace_failed=st.booleans(),
    replace_mismatched=st.booleans(),
    remove_duplicates=st.booleans(),
    wait=st.booleans(),
)


def desired_of(request, policy):
    order = CopyOrder(request, SOURCE, None, None, {})
    return DesiredState(request, policy, Cloud(), SourceRead(SOURCE, order))


def memory_after(shown, at=NOW):
    memory = Memory()
    memory.record_listing({c.id: c for c in shown}, at)
    return memory


@given(requests, copies(), policies)
def test_every_request_is_decided_once(request, there, policy):
    decision = decide(desired_of(request, policy), memory_after(there), NOW, NOON)
    fitting = [c for c in there if c.state is not State.ERROR and misfit(request, c, Cloud()) is None]
    assert (decision.copy is not None) == bool(fitting)
    assert sum([decision.copy is not None, decision.begins, decision.error is not None]) == 1
    if fitting:
        assert decision.copy == min(fitting, key=counting_key)


@given(requests, copies(), policies)
def test_nothing_is_ever_deleted_that_is_not_certainly_ours_or_held_or_still_counts(request, there, policy):
    decision = decide(desired_of(request, policy), memory_after(there), NOW, NOON)
    assert all(c.certainly_ours and not c.held for c in (*decision.steps.delete, *decision.deletions.to_delete))
    assert decision.copy not in decision.steps.delete and decision.copy not in decision.deletions.to_delete
    for copy in decision.steps.delete:
        assert copy.state is not State.ERROR or policy.replace_failed
        if copy.state is not State.ERROR:
            assert misfit(request, copy, Cloud()) is None or policy.replace_mismatched or policy.remove_duplicates
    if decision.steps.delete and any(c.state is not State.ERROR for c in decision.steps.delete):
        gone = {c.id for c in decision.steps.delete}
        assert any(c.state is State.COMPLETED and c.id not in gone for c in there), "a complete copy remains"


@given(requests, copies(), policies, st.sampled_from([16.0, 60.0, 600.0]))
def test_nothing_is_deleted_on_an_old_look(request, there, policy, age):
    memory = memory_after(there, NOW - age)
    decision = decide(desired_of(request, policy), memory, NOW, NOON)
    fresh = decide(desired_of(request, policy), memory_after(there), NOW, NOON)
    assert not decision.steps.delete
    assert not fresh.steps.delete or decision.steps.look.at <= NOW
    assert not memory.is_fresh(NOW), "and nothing is started based on it"


@given(requests, copies(), policies)
def test_a_copy_that_the_last_look_lacks_is_not_deleted_and_justifies_no_deletion(request, there, policy):
    for missing in there:
        memory = memory_after(there, NOW - 5)
        shown = {c.id: c for c in there if c is not missing}
        memory.record_listing(shown, NOW)
        decision = decide(desired_of(request, policy), memory, NOW, NOON)
        assert missing not in decision.steps.delete
        for copy in decision.steps.delete:
            assert copy.state is State.ERROR or any(
                c.state is State.COMPLETED and c is not copy and c in shown.values() for c in there
            )


@given(requests, copies(), policies)
def test_a_decision_after_a_finished_run_has_nothing_to_do(request, there, policy):
    desired = desired_of(request, policy)
    decision = decide(desired, memory_after(there), NOW, NOON)
    if decision.error:
        return
    made = Snapshot(
        "new",
        "there",
        State.COMPLETED,
        "completed",
        encrypted=request.encrypted,
        kms_key=request.kms_key_id,
        created_at=NOON + timedelta(days=1),
        is_copy=True,
        tags=provenance_tags(SOURCE),
        source=Provenance("source", "here", managed=True),
        evidence=Evidence.MARKED,
    )
    after = [replace(c, state=State.COMPLETED) if c.state is State.PENDING else c for c in there]
    after += [made] if decision.begins else []
    for _look in range(3):  # an old copy is deleted once its replacement exists, a duplicate once its survivor does
        again = decide(desired, memory_after(after), NOW, NOON)
        assert again.copy is not None and not again.error
        gone = {c.id for c in again.steps.delete}
        after = [c for c in after if c.id not in gone]
    assert decide(desired, memory_after(after), NOW, NOON).settled


@given(requests, copies(), st.booleans(), st.booleans(), st.sets(st.integers(0, 5)))
def test_absent_touches_only_what_is_certain_and_asked_and_names_the_rest(request, there, wait, cancels, numbers):
    ids = frozenset(f"copy-{n}" for n in numbers)
    for copy_ids in (None, ids):
        desired = desired_of(request, Policy(DeletionRequest(copy_ids), wait=wait))
        desired.cloud.cancels_by_deletion = cancels
        decision = decide(desired, memory_after(there), NOW, NOON)
        for copy in decision.steps.delete:
            assert copy.certainly_ours and not copy.held and (copy_ids is None or copy.id in copy_ids)
            assert cancels or copy.state is not State.PENDING
            assert not (copy_ids is not None and copy.state is State.PENDING)
        named = {c.id for c, _error in decision.deletions.refused}
        assert named >= {c.id for c in there if c.held and (copy_ids is None or c.id in copy_ids)}
        assert not named & {c.id for c in decision.deletions.to_delete}
        assert not decision.steps.look.list_all, "what is waited for is followed by its ID, not by listings"


def test_a_lost_call_is_looked_for_until_the_time_of_doubt_is_over_and_then_made_again():
    desired, memory = desired_of(CopyRequest("source", "here", "there"), Policy()), memory_after([], NOW - 1)
    memory.record_copy_sent(NOON)
    memory.record_copy_in_doubt(Ambiguous("gone"), NOW, NOON)
    at = NOW
    while not (decision := decide(desired, memory, at, NOON)).begins:
        assert at < decision.steps.look.at <= NOW + Cloud.doubt_seconds + 1
        at = decision.steps.look.at
        memory.record_listing({}, at)
    assert at >= NOW + Cloud.doubt_seconds


def copy_of(number=1, **facts):
    """Return a complete copy of ours that was started this many hours after noon."""
    usual = {
        "encrypted": False,
        "created_at": NOON + timedelta(hours=number),
        "is_copy": True,
        "tags": provenance_tags(SOURCE),
        "source": Provenance("source", "here", managed=True),
        "evidence": Evidence.MARKED,
    }
    return Snapshot(f"copy-{number}", "there", State.COMPLETED, "completed", **{**usual, **facts})


def test_our_copies_count_first_then_complete_then_oldest_ones():
    """An unknown time ranks after any other (promises: counting-order)."""
    in_order = [
        copy_of(1),
        copy_of(2, created_at=NOON + timedelta(hours=1)),
        copy_of(3),
        copy_of(4, created_at=None),
        replace(copy_of(5, created_at=NOON), state=State.PENDING),
        replace(copy_of(6, created_at=NOON), source=Provenance("source", "here")),
    ]
    request = CopyRequest("source", "here", "there")
    for seed in range(20):
        there = random.Random(seed).sample(in_order, len(in_order))
        sorted_out = sort_copies(request, there, Cloud())
        assert [c.id for c in sorted_out.fitting] == [c.id for c in in_order]
        assert sorted_out.duplicates == tuple(in_order[1:])
        assert not sorted_out.misfits and not sorted_out.failed


def test_of_several_failed_copies_the_oldest_is_named():
    in_order = [replace(copy_of(number), state=State.ERROR) for number in range(4)]
    for seed in range(5):
        there = random.Random(seed).sample(in_order, len(in_order))
        assert list(sort_copies(CopyRequest("source", "here", "there"), there, Cloud()).failed) == in_order


def test_an_unencrypted_copy_is_no_duplicate_of_an_encrypted_one():
    clear, encrypted = copy_of(1), copy_of(2, encrypted=True)
    assert not same_encryption(clear, encrypted, Cloud()) and not same_encryption(encrypted, clear, Cloud())


@pytest.mark.parametrize("absent", [False, True])
def test_before_the_first_look_the_decision_is_to_look_at_all_copies_at_once(absent):
    desired = desired_of(CopyRequest("source", "here", "there"), Policy(DeletionRequest() if absent else None))
    assert decide(desired, Memory(), NOW, NOON) == Decision(Continue(LIST_NOW))


def test_a_decision_needs_only_what_it_decides():
    nothing = Decision(Continue())
    steps = nothing.steps
    asked = (
        nothing.begins,
        steps.update,
        steps.needs_locks,
        steps.needs_source,
        steps.look.list_all,
        steps.look.compare,
    )
    assert not any(asked) and not nothing.settled and nothing.drift.is_none
    assert steps.look.at == nothing.poll_at == steps.retry_at == math.inf


@given(requests, copies(), policies)
def test_a_duplicate_is_deleted_only_for_a_copy_that_shows_equal_encryption_and_key(request, there, policy):
    policy = replace(policy, remove_duplicates=True, replace_mismatched=False)
    decision = decide(desired_of(request, policy), memory_after(there), NOW, NOON)
    by_id, gone = {c.id: c for c in there}, {c.id for c in decision.steps.delete}
    for copy in (c for c in decision.steps.delete if c.state is not State.ERROR):
        survivor = by_id[decision.deletions.survivor_of[copy.id]]
        assert survivor.id not in gone and survivor.state is State.COMPLETED
        assert same_encryption(copy, survivor, Cloud())
        assert (copy.encrypted, bool(copy.kms_key)) == (survivor.encrypted, bool(survivor.kms_key))


@pytest.mark.parametrize(
    ("one", "other", "is_deleted"),
    [
        ((False, None), (False, None), True),
        ((True, KEY), (True, KEY), True),
        ((True, KEY), (True, KEY + "2"), False),
        ((True, KEY), (True, None), False),
        ((True, None), (None, None), False),
        ((False, None), (None, None), False),
        ((False, None), (True, KEY), False),
    ],
)
def test_an_unknown_fact_of_a_duplicate_is_no_reason_to_delete_it(one, other, is_deleted):
    there = [copy_of(n, encrypted=shown[0], kms_key=shown[1]) for n, shown in enumerate((one, other))]
    desired = desired_of(CopyRequest("source", "here", "there"), Policy(remove_duplicates=True))
    assert [c.id for c in decide(desired, memory_after(there), NOW, NOON).steps.delete] == (
        ["copy-1"] if is_deleted else []
    )


class Tagging(Cloud):
    """A cloud whose copies get tags and an expiry after they are complete."""

    tag_rules = TagRules(50, 128, 256)
    expires_after_copying = True


def tagging(**facts):
    desired = desired_of(CopyRequest("source", "here", "there", **facts), Policy(wait=True))
    desired.cloud = Tagging()
    return desired


@pytest.mark.parametrize("age", [0.0, 14.0, 16.0, 600.0])
@pytest.mark.parametrize("facts", [{"tags": {"team": "dr"}}, {"retention_days": 30}])
def test_tags_and_expiry_are_written_on_looks_of_fifteen_seconds_at_most(facts, age):
    decision = decide(tagging(**facts), memory_after([copy_of()], NOW - age), NOW, NOON)
    assert bool(decision.steps.update) == (age <= 15)
    assert not decision.settled and (age <= 15 or decision.steps.look.at <= NOW)


def test_expiry_is_judged_by_copy():
    """If another copy counts from now on, it needs an expiry of its own (promises: expiry)."""
    first_one, second = copy_of(1), copy_of(2)
    desired, memory = tagging(retention_days=30), memory_after([second])
    memory.record_expiry(second.id, decide(desired, memory, NOW, NOON).steps.update.at, NOW)
    assert decide(desired, memory, NOW, NOON).settled
    memory.record_listing({c.id: c for c in (first_one, replace(second, expires_at=NOON))}, NOW)
    decision = decide(desired, memory, NOW, NOON)
    assert decision.copy == first_one
    assert decision.steps.update == SetExpiry(first_one.created_at + timedelta(days=30))


@pytest.mark.parametrize(("minutes", "is_set"), [(-1, False), (0, True), (1, True)])
def test_an_expiry_less_than_a_day_ahead_is_not_set_and_said(minutes, is_set):
    copy = copy_of(created_at=NOON - timedelta(days=29) + timedelta(minutes=minutes))
    drift = decide(tagging(retention_days=30), memory_after([copy]), NOW, NOON).drift
    assert drift.due == ((SetExpiry(copy.created_at + timedelta(days=30)),) if is_set else ())
    assert ("past or less than a day ahead" in (drift.warning or "")) != is_set


def test_the_expiry_of_a_copy_in_progress_is_left_to_the_next_run_and_said():
    drift = decide(tagging(retention_days=30), memory_after([replace(copy_of(), state=State.PENDING)]), NOW, NOON).drift
    assert not drift.due and "the next run sets it" in drift.warning


def marked(**tags):
    return copy_of(tags={**copy_of().tags, **tags})


def unmarked():
    """Return a copy whose run ended before it set all known provenance."""
    return copy_of(tags={SOURCE_SNAPSHOT_ID: "source"}, source=Provenance("source", "here"), marked_ours=True)


CARRIED = {"tags": {"team": "dr"}, "copy_tags": True}


@pytest.mark.parametrize(
    ("copy", "facts", "purge", "needs"),
    [
        (unmarked(), {}, False, True),
        (marked(), {}, True, False),
        (marked(), CARRIED, False, False),
        (marked(), CARRIED, True, True),
        (marked(), {**CARRIED, "source_tags": {"app": "orders"}}, True, False),
        (marked(), {"tags": {"team": "dr"}}, True, False),
        (marked(), {"copy_tags": True}, True, False),
    ],
)
def test_the_source_is_read_for_marks_that_lack_and_before_tags_are_purged(copy, facts, purge, needs):
    desired = tagging(**facts)
    desired.policy, desired.source = Policy(purge_tags=purge), None
    decision = decide(desired, memory_after([copy]), NOW, NOON)
    assert decision.steps.needs_source == needs and not (needs and (decision.steps.update or decision.settled))
    desired.source = SourceRead(SOURCE)
    assert not decide(desired, memory_after([copy]), NOW, NOON).steps.needs_source


@pytest.mark.parametrize(
    ("source", "facts", "removed"),
    [
        (replace(SOURCE, tags={"app": "orders"}), CARRIED, ("old",)),
        (SOURCE, {**CARRIED, "source_tags": {"app": "orders"}}, ("old",)),
        (None, {**CARRIED, "source_tags": {"app": "orders"}}, ("old",)),
        (replace(SOURCE, tags={"app": "orders"}), {**CARRIED, "source_tags": {}}, ("app", "old")),
        (replace(SOURCE, tags={"app": "orders"}), {"tags": {"team": "dr"}}, ("app", "old")),
        (NotFound("The source is gone"), CARRIED, ()),
    ],
)
def test_tags_are_purged_only_if_they_are_known(source, facts, removed):
    desired = tagging(**facts)
    desired.policy, desired.source = Policy(purge_tags=True), SourceRead(source)
    update = decide(desired, memory_after([marked(team="dr", app="orders", old="1")]), NOW, NOON).steps.update
    change = update.change if update else TagChange()
    assert (tuple(sorted(change.remove)), change.set) == (removed, {})


def test_tags_of_another_service_are_waited_for_until_a_later_look_shows_them():
    desired, memory = tagging(tags={"team": "dr"}), memory_after([copy_of()])
    desired.cloud.tags_in_copy_call = False
    memory.record_tags("copy-1", TagChange({"team": "dr"}), NOW + 1)
    for at, shown, settled in ((1, marked(team="dr"), False), (2, copy_of(), False), (3, marked(team="dr"), True)):
        memory.record_listing({"copy-1": shown}, NOW + at)
        decision = decide(desired, memory, NOW + at, NOON)
        looks_again = decision.steps.look.at < math.inf
        assert (decision.steps.update, decision.settled, looks_again) == (None, settled, not settled)


def test_a_tag_that_was_sent_with_another_value_is_sent_again():
    memory = memory_after([copy_of()])
    memory.record_tags("copy-1", TagChange({"team": "a"}), NOW)
    memory.record_listing({"copy-1": copy_of(tags={**copy_of().tags, "team": "old"})}, NOW + 1)
    again = decide(tagging(tags={"team": "b"}), memory, NOW + 1, NOON)
    assert again.steps.update == ChangeTags(TagChange({"team": "b"}))


@pytest.mark.parametrize("kind", [WriteKind.TAGS, WriteKind.EXPIRY])
def test_a_lost_answer_is_looked_after_before_the_write_is_sent_again(kind):
    desired = tagging(tags={"team": "dr"}) if kind is WriteKind.TAGS else tagging(retention_days=30)
    memory = memory_after([copy_of()])
    memory.record_refusal("copy-1", kind, Ambiguous("gone"), NOW)
    again = decide(desired, memory, NOW + 5, NOON)
    assert not again.steps.update and again.steps.look.at <= NOW + 5
    memory.record_listing({"copy-1": copy_of()}, NOW + 5)
    again = decide(desired, memory, NOW + 5, NOON)
    assert again.steps.update


@pytest.mark.parametrize("key", [HOLD, HOLD.upper(), "Dr-Copy:Hold"])
@pytest.mark.parametrize("facts", ["tag", "locked"])
def test_a_copy_that_is_held_or_locked_is_deleted_by_nothing_and_named(facts, key):
    held = copy_of(2, traits=("locked",)) if facts == "locked" else copy_of(2, tags={**copy_of().tags, key: "no"})
    request = CopyRequest("source", "here", "there")
    assert not decide(
        desired_of(request, Policy(remove_duplicates=True)), memory_after([copy_of(), held]), NOW, NOON
    ).steps.delete
    decision = decide(desired_of(request, Policy(DeletionRequest())), memory_after([held]), NOW, NOON)
    ((named, error),) = decision.deletions.refused
    assert named is held and not decision.steps.delete and held.id in str(error) and error.hint
    assert ("locked" in str(error)) == (facts == "locked") and error.message == failures.held_copy(held).message


IN_PROGRESS = replace(copy_of(), state=State.PENDING)
UNTIL = NOON + timedelta(days=7)


@pytest.mark.parametrize(
    ("copy", "asked", "modes", "now", "later"),
    [
        (copy_of(), (7, "governance"), ("governance",), True, False),
        (IN_PROGRESS, (7, "governance"), ("governance",), False, True),
        (copy_of(), None, ("governance",), False, False),
        (IN_PROGRESS, None, ("governance",), False, False),
        (copy_of(), (7, "governance"), (), False, False),
        (copy_of(locked_until=UNTIL), (7, "governance"), ("governance",), False, False),
        (copy_of(traits=("locked",)), (7, "governance"), ("governance",), False, False),
        (copy_of(source=Provenance("source", "here")), (7, "governance"), ("governance",), False, False),
    ],
)
def test_a_lock_is_set_once_on_a_complete_copy_of_ours(copy, asked, modes, now, later):
    desired, memory = tagging(lock=asked), memory_after([copy])
    desired.cloud.lock_modes = modes
    memory.record_locks({}, NOW)
    decision = decide(desired, memory, NOW, NOON)
    assert (isinstance(decision.steps.update, AddLock), decision.drift.is_later) == (now, later)
    assert not decision.steps.needs_locks


def test_a_cloud_with_neither_tags_nor_expiry_locks_copies():
    desired = desired_of(CopyRequest("source", "here", "there", lock=LockRequest(7, "governance")), Policy(wait=True))
    desired.cloud.lock_modes = ("governance",)
    copy = copy_of()
    memory = memory_after([copy])
    memory.record_locks({}, NOW)
    assert decide(desired, memory, NOW, NOON).steps.update == AddLock(LockRequest(7, "governance"))


@pytest.mark.parametrize(
    ("own", "lost", "lock", "reads"),
    [
        (False, None, False, True),
        (True, None, True, False),
        (True, Ambiguous("lost"), False, True),
        (True, Throttled("slow"), True, False),
    ],
)
def test_locks_are_read_first_unless_this_run_made_the_copy_and_no_answer_was_lost(own, lost, lock, reads):
    desired, memory = tagging(lock=LockRequest(7, "governance")), memory_after([] if own else [copy_of()])
    desired.cloud.lock_modes = ("governance",)
    if own:
        memory.record_copy_sent(NOON)
        memory.record_copy_accepted(copy_of(), NOW)
        memory.record_listing({"copy-1": copy_of()}, NOW)
        memory.own_copies["copy-1"].compared = True
    if lost:
        memory.record_refusal("copy-1", WriteKind.LOCK, lost, NOW)
        memory.record_listing({"copy-1": copy_of()}, NOW + 10)
    decision = decide(desired, memory, NOW + 10, NOON)
    assert (isinstance(decision.steps.update, AddLock), decision.steps.needs_locks) == (lock, reads)


@pytest.mark.parametrize(("age", "lock"), [(15, True), (16, False), (NOW / 2, False)])
@pytest.mark.parametrize("own", [True, False])
def test_a_copy_is_locked_on_a_look_at_the_locks_of_fifteen_seconds_at_most(own, age, lock):
    desired, memory = tagging(lock=LockRequest(7, "governance")), memory_after([] if own else [copy_of()], NOW - age)
    desired.cloud.lock_modes = ("governance",)
    if own:
        memory.record_copy_sent(NOON)
        memory.record_copy_accepted(copy_of(), NOW - age)
        memory.own_copies["copy-1"].compared = True
    else:
        memory.record_locks({}, NOW - age)
    memory.record_listing({"copy-1": copy_of()}, NOW)
    decision = decide(desired, memory, NOW, NOON)
    assert (isinstance(decision.steps.update, AddLock), decision.steps.needs_locks, decision.settled) == (
        lock,
        not lock,
        False,
    )
    memory.record_refusal("copy-1", WriteKind.LOCK, Throttled("slow"), NOW)
    paused = decide(desired, memory, NOW + 0.5, NOON).steps
    assert not (paused.update == WriteKind.LOCK or paused.needs_locks) and paused.retry_at == NOW + 1, (
        "nothing is read during a pause"
    )


@pytest.mark.parametrize(
    ("wait", "compared", "rechecked", "lock"),
    [(True, False, False, False), (True, True, False, False), (True, True, True, True), (False, False, False, True)],
)
def test_a_copy_that_may_still_be_taken_back_is_not_locked(wait, compared, rechecked, lock):
    desired, memory = tagging(lock=LockRequest(7, "governance")), memory_after([])
    desired.cloud.lock_modes, desired.policy = ("governance",), Policy(wait=wait)
    memory.record_copy_sent(NOON)
    memory.record_copy_accepted(copy_of(), NOW)
    memory.record_refresh({"copy-1": copy_of()}, ["copy-1"], NOW)
    if compared:
        memory.own_copies["copy-1"].compared = True
    if rechecked:
        memory.own_copies["copy-1"].rechecked = True
    decision = decide(desired, memory, NOW, NOON)
    assert (isinstance(decision.steps.update, AddLock), decision.settled) == (lock, False)
    assert decision.drift.due == (AddLock(desired.request.lock),)


@pytest.mark.parametrize(
    ("copy", "purge", "source", "is_named"),
    [
        (marked(), True, Throttled("slow"), True),
        (unmarked(), False, Throttled("slow"), True),
        (marked(), False, Throttled("slow"), False),
        (marked(), True, NotFound("gone"), False),
        (marked(), True, SOURCE, False),
    ],
)
def test_a_source_that_cannot_be_read_is_named_where_tags_depend_on_it(copy, purge, source, is_named):
    desired = tagging(**CARRIED)
    desired.policy, desired.source = Policy(purge_tags=purge), SourceRead(source)
    assert decide(desired, memory_after([copy]), NOW, NOON).drift.tags.unread is (source if is_named else None)


@pytest.mark.parametrize("why", [Throttled("slow", code="Slow"), Unreachable("lost")])
def test_tags_whose_source_was_not_read_are_named_with_the_clouds_reason(why):
    error = failures.source_not_read(copy_of(), why)
    assert "copy-1 in there" in error.message and error.message.endswith(str(why)) and error.code == why.code
    assert error.kind == why.kind and error.hint


@pytest.mark.parametrize(("obstacle", "words"), [(None, "is in use"), ("is attached to vm-1", "is attached to vm-1")])
def test_a_copy_in_use_is_reported_with_its_user(obstacle, words):
    error = failures.held_copy(copy_of(traits=("in_use",), obstacle=obstacle))
    assert f"copy-1 in there {words}, so it is not deleted" in error.message and "Detach" in error.hint


@pytest.mark.parametrize(("number", "most"), [(0, 30), (1, 40), (2, 90)])
def test_a_decision_costs_few_calls_of_functions(number, most):
    """10,000 requests decide in 0.2 s. The test counts function calls, because a time depends on the machine."""
    desired, memory = desired_of(CopyRequest("source", "here", "there"), Policy(wait=True)), Memory()
    memory.record_listing({c.id: c for c in map(copy_of, range(number))}, NOW)
    calls = []

    def count(frame, event, _argument):  # since Python 3.12 a comprehension is not a call
        if event == "c_call" or (event == "call" and frame.f_code.co_name != "<listcomp>"):
            calls.append(event)

    sys.setprofile(count)
    try:
        decide(desired, memory, NOW, NOON)
    finally:
        sys.setprofile(None)
    assert len(calls) <= most


def test_a_deletion_in_doubt_is_sent_again_after_a_pause_and_a_look():
    """A second deletion is harmless (promises: exactly-once)."""
    copy = Snapshot(
        "copy-1",
        "there",
        State.COMPLETED,
        "completed",
        is_copy=True,
        source=Provenance("source", "here", managed=True),
        evidence=Evidence.MARKED,
        created_at=NOON,
    )
    memory = memory_after([copy])
    memory.record_refusal("copy-1", WriteKind.DELETE, Ambiguous("lost"), NOW)
    desired = desired_of(CopyRequest("source", "here", "there"), Policy(DeletionRequest()))
    waiting = decide(desired, memory, NOW + 0.5, NOON)
    assert not waiting.steps.delete and waiting.steps.retry_at == NOW + 1
    memory.record_refresh({}, ["copy-1"], NOW + 2)
    assert decide(desired, memory, NOW + 17, NOON).steps.delete == (copy,), "though the look did not show it"
    late = decide(desired, memory, NOW + 17.1, NOON)
    assert not late.steps.delete and late.steps.look.at <= NOW + 17.1


def test_a_deletion_in_doubt_is_sent_again_only_after_a_look_at_that_copy():
    """A request's copies may be read in several calls, of which some fail. Meanwhile, somebody may hold the copy."""
    first, second = (replace(copy_of(number), evidence=Evidence.MARKED) for number in (1, 2))
    memory = memory_after([first, second])
    memory.record_refusal(second.id, WriteKind.DELETE, Ambiguous("lost"), NOW)
    desired = desired_of(CopyRequest("source", "here", "there"), Policy(DeletionRequest()))
    memory.record_refresh({first.id: first}, [first.id], NOW + 2)
    partial = decide(desired, memory, NOW + 3, NOON).steps
    assert partial.delete == (first,) and partial.look.at <= NOW + 3
    memory.record_refresh({second.id: second}, [second.id], NOW + 4)
    assert decide(desired, memory, NOW + 4, NOON).steps.delete == (first, second)


def test_a_young_complete_copy_does_not_shorten_the_pause_for_an_old_pending_one():
    desired = desired_of(CopyRequest("source", "here", "there"), Policy(DeletionRequest(), wait=True, wait_delay=15))
    desired.cloud.cancels_by_deletion = False
    old, young = replace(copy_of(1), state=State.PENDING), copy_of(2)
    memory = memory_after([old], NOW - 3600)
    memory.record_listing({c.id: c for c in (old, young)}, NOW)
    decision = decide(desired, memory, NOW, NOON)
    assert decision.steps.delete == (young,) and decision.steps.look.at == NOW + 15


@pytest.mark.parametrize(("since", "pause"), [(0.2, 0.5), (4.0, 2.0), (20.0, 10.0), (90.0, 15.0)])
def test_pauses_grow_while_a_deleted_copy_shows_still(since, pause):
    copy = copy_of()
    desired = desired_of(CopyRequest("source", "here", "there"), Policy(DeletionRequest(), wait=True))
    desired.cloud.deletes_later = True
    memory = memory_after([copy], NOW - 1)
    memory.record_deletion(copy.id, NOW)
    assert decide(desired, memory, NOW, NOON).steps.look.at == NOW + 0.5
    memory.record_refresh({copy.id: copy}, [copy.id], NOW + since)
    assert decide(desired, memory, NOW + since, NOON).steps.look.at == pytest.approx(NOW + since + pause)


@pytest.mark.parametrize(
    ("listed", "look_at"), [(-1.0, 1.0), (1.0, 2.0), (8.0, 12.0), (22.0, 30.0), (29.0, 30.0), (29.95, 30.05)]
)
def test_a_copy_in_doubt_is_looked_for_in_pauses_that_grow_and_once_the_doubt_is_over(listed, look_at):
    desired, memory = desired_of(CopyRequest("source", "here", "there"), Policy()), memory_after([], NOW - 1)
    memory.record_copy_sent(NOON)
    memory.record_copy_in_doubt(Ambiguous("gone"), NOW, NOON)
    memory.record_listing({}, NOW + listed)
    assert next_search(desired, memory) == pytest.approx(NOW + look_at)


@pytest.mark.parametrize(
    ("what", "why", "kind", "words"),
    [
        (WriteKind.TAGS, None, "timeout", "The tags of copy-1 in there were not set within wait_timeout"),
        (
            WriteKind.EXPIRY,
            Throttled("slow"),
            "timeout",
            "The expiry time of copy-1 in there was not set within wait_timeout (slow)",
        ),
        (WriteKind.DELETE, None, "timeout", "copy-1 in there was not deleted within wait_timeout"),
        (WriteKind.DELETE, Throttled("slow"), "busy", "copy-1 in there was not deleted within wait_timeout (slow)"),
    ],
)
def test_a_write_that_was_not_done_in_time_is_named_with_the_clouds_reason(what, why, kind, words):
    failure = failures.not_written("copy-1", "there", what, why)
    assert (failure.kind, failure.message) == (kind, words) and failure.hint


def test_a_lost_deletion_that_was_throttled_when_sent_again_is_reported_as_done():
    """A lagging look had still shown the copy; the deletion is this run's nevertheless (promises: deleting)."""
    source = Provenance("source", managed=True)
    copy = Snapshot(
        "copy", "there", State.COMPLETED, "completed", is_copy=True, source=source, evidence=Evidence.MARKED
    )
    memory = Memory()
    memory.record_listing({"copy": copy}, NOW)
    memory.record_refusal("copy", WriteKind.DELETE, Ambiguous("lost"), NOW + 1)
    memory.record_listing({"copy": copy}, NOW + 2)
    memory.record_refusal("copy", WriteKind.DELETE, Throttled("slow down"), NOW + 3)
    for seconds in (10, 80, 140):
        memory.record_listing({}, NOW + seconds)
    assert memory.changed and list(memory.deleted) == ["copy"]


@pytest.mark.parametrize(
    ("state", "reason", "words", "hint"),
    [
        (State.PENDING, None, "its state is pending (40 %)", "Run again when it is complete."),
        (State.ERROR, "no key", "its state is error (40 %): no key", "Take a new snapshot."),
        (State.ABSENT, None, "its state is absent (40 %)", "Take a new snapshot."),
    ],
)
def test_an_incomplete_source_is_reported_with_its_state_and_a_hint(state, reason, words, hint):
    source = replace(SOURCE, state=state, provider_state=state.name.lower(), progress=40, reason=reason)
    error = order_of(Cloud(), CopyRequest("source", "here", "there"), source, [])
    assert str(error).endswith(words) and error.hint == hint


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{snapshot_id}", None),
        ("{snapshot_id} of the night", "has 19 characters, but at most 12 are allowed"),
        (None, None),
    ],
)
def test_a_description_is_judged_as_it_will_be_sent(template, words):
    cloud = Cloud()
    cloud.description_rule = TextRule(12)
    order = order_of(cloud, CopyRequest("source", "here", "there", description=template), SOURCE, [])
    assert isinstance(order, CopyOrder) == (words is None)
    assert words is None or (words in order.message and "description template" in order.hint)


@pytest.mark.parametrize(
    ("facts", "owned", "warns"),
    [
        ({"copy_tags": True}, False, True),
        ({"copy_tags": True}, True, False),
        ({"copy_tags": True, "source_tags": {"team": "dr"}}, False, False),
        ({}, False, False),
    ],
)
def test_unreadable_tags_of_another_accounts_snapshot_are_reported(facts, owned, warns):
    warnings = []
    order_of(Tagging(), CopyRequest("source", "here", "there", **facts), replace(SOURCE, owned=owned), warnings)
    assert ["set them with source_tags" in text for text in warnings] == [True] * warns


@pytest.mark.parametrize(
    ("within", "to", "possible"), [(False, "here", False), (False, "there", True), (True, "here", True)]
)
def test_a_copy_within_the_region_is_refused_where_the_cloud_makes_none(within, to, possible):
    cloud = Cloud()
    cloud.copies_within_region = within
    order = order_of(cloud, CopyRequest("source", "here", to), SOURCE, [])
    assert isinstance(order, CopyOrder) == possible


# -- two runs, and what was there ------------------------------------------------------------------------------


def made_beside(mine, other):
    """Return the memory of a run that made one copy and compared it with another run's, a minute ago and now."""
    memory = memory_after([], NOW - 100)
    memory.record_copy_sent(NOON)
    memory.record_copy_accepted(mine, NOW - 90)
    for at in (NOW - 60, NOW):
        memory.record_listing({c.id: c for c in (mine, other)}, at)
    return memory


EARLIER, MINE = copy_of(1), copy_of(2)


@pytest.mark.parametrize(
    ("mine", "other", "cancels", "is_deleted", "waits"),
    [
        (replace(MINE, state=State.PENDING), replace(EARLIER, state=State.PENDING), True, True, True),
        (replace(MINE, state=State.PENDING), replace(EARLIER, state=State.PENDING), False, False, True),
        (replace(MINE, state=State.PENDING), EARLIER, True, True, True),
        (replace(MINE, state=State.PENDING), EARLIER, False, False, True),
        (MINE, replace(EARLIER, state=State.PENDING), True, False, True),
        (MINE, EARLIER, False, True, False),
        (MINE, copy_of(3), True, False, False),
        (MINE, copy_of(1, source=Provenance("source", "here")), True, False, False),
        (MINE, copy_of(1, encrypted=True), True, False, False),
        (replace(MINE, tags={**MINE.tags, HOLD: ""}), EARLIER, True, False, False),
    ],
)
def test_a_copy_of_this_run_is_deleted_if_another_run_made_an_earlier_one(mine, other, cancels, is_deleted, waits):
    """It is deleted in progress if the cloud can cancel it, else once both are complete (promises: two-runs)."""
    desired = desired_of(CopyRequest("source", "here", "there"), Policy(wait=True))
    desired.cloud.cancels_by_deletion = cancels
    decision = decide(desired, made_beside(mine, other), NOW, NOON)
    assert decision.steps.delete == ((mine,) if is_deleted else ())
    assert decision.deletions.survivor_of == ({mine.id: other.id} if is_deleted else {})
    assert (decision.steps.look.at < math.inf) == waits and decision.settled == (not is_deleted and not waits)


@pytest.mark.parametrize(("error", "settled"), [(Throttled("slow"), False), (Refused("in use"), True)])
def test_a_copy_that_may_never_be_deleted_is_not_tried_again(error, settled):
    memory = made_beside(MINE, EARLIER)
    memory.record_refusal(MINE.id, WriteKind.DELETE, error, NOW)
    decision = decide(desired_of(CopyRequest("source", "here", "there"), Policy(wait=True)), memory, NOW, NOON)
    assert not decision.steps.delete and decision.settled == settled


def test_duplicates_are_all_copies_but_the_one_that_counts():
    there = [copy_of(n) for n in (3, 1, 2)]
    attempt = Attempt(desired_of(CopyRequest("source", "here", "there"), Policy()), memory=memory_after(there))
    attempt.decision = decide(attempt.desired, attempt.memory, NOW, NOON)
    assert attempt.copy == there[1] and attempt.duplicates == (there[2], there[0])


def test_all_copies_are_looked_at_only_while_the_one_that_counts_does_not_show():
    desired, memory = desired_of(CopyRequest("source", "here", "there"), Policy(wait=True)), memory_after([IN_PROGRESS])
    assert not decide(desired, memory, NOW, NOON).steps.look.list_all
    memory.record_refresh({}, ["copy-1"], NOW + 1)
    assert decide(desired, memory, NOW + 1, NOON).steps.look.list_all


@pytest.mark.parametrize(("looked_at", "look_at"), [(1, 1.5), (4, 6), (40, 55)])
def test_pauses_grow_while_tags_of_another_service_do_not_show(looked_at, look_at):
    desired, memory = tagging(tags={"team": "dr"}), memory_after([copy_of()])
    desired.cloud.tags_in_copy_call = False
    memory.record_tags("copy-1", TagChange({"team": "dr"}), NOW)
    memory.record_listing({"copy-1": copy_of()}, NOW + looked_at)
    assert decide(desired, memory, NOW + looked_at, NOON).steps.look.at == NOW + look_at


def test_a_misfit_in_progress_is_not_replaced_yet():
    complete, pending = copy_of(1), replace(copy_of(2), state=State.PENDING)
    fitting = copy_of(3, encrypted=True)
    request = CopyRequest("source", "here", "there", encrypted=True)
    desired = desired_of(request, Policy(replace_mismatched=True))
    assert decide(desired, memory_after([complete, pending, fitting]), NOW, NOON).steps.delete == (complete,)


def test_a_misfit_that_came_later_is_not_replaced():
    desired = desired_of(CopyRequest("source", "here", "there", encrypted=True), Policy(replace_mismatched=True))
    memory = memory_after([copy_of(1)], NOW - 5)
    memory.record_listing({f"copy-{n}": copy_of(n, encrypted=n == 3) for n in (1, 2, 3)}, NOW)
    assert decide(desired, memory, NOW, NOON).steps.delete == (copy_of(1, encrypted=False),)


@pytest.mark.parametrize(("removes", "deleted"), [(True, [2, 3]), (False, [])])
def test_duplicates_among_misfits_are_deleted_once_a_copy_is_started(removes, deleted):
    desired = desired_of(CopyRequest("source", "here", "there", encrypted=True), Policy(remove_duplicates=removes))
    desired.policy = replace(desired.policy, replace_mismatched=True, wait=False)
    decision = decide(desired, memory_after([copy_of(n, encrypted=False) for n in (1, 2, 3)]), NOW, NOON)
    to_delete = [copy.id for copy in decision.deletions.to_delete]
    assert decision.begins and to_delete == [f"copy-{n}" for n in deleted]


@pytest.mark.parametrize(("answers_with_gone", "calls"), [(True, 2), (False, 1)])
def test_a_token_of_a_deleted_copy_is_replaced_once(answers_with_gone, calls):
    desired, memory, at = desired_of(CopyRequest("source", "here", "there"), Policy(wait=True)), memory_after([]), NOW
    desired.cloud.may_answer_with_gone = answers_with_gone
    for number in range(1, 4):
        decision = decide(desired, memory, at, NOON)
        if not decision.begins:
            break
        memory.record_copy_sent(NOON)
        memory.record_copy_accepted(replace(copy_of(number), state=State.PENDING), at)
        for _look in range(3):
            at += 60
            memory.record_listing({}, at)
    assert number - 1 == calls and decision.settled and decision.error.kind == "failed_copy"
