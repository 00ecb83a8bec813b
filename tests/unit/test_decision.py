# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is decided about a source from the copies that are there, over random estates."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ansible_collections.multicloud.snapshots.plugins.module_utils._copy.decision import (
    Policy,
    decide_absent,
    decide_present,
    rank,
    removable_at_once,
)
from ansible_collections.multicloud.snapshots.plugins.module_utils._copy.model import (
    Action,
    CopyRequest,
    Provenance,
    Snapshot,
    State,
)
from hypothesis import given
from hypothesis import strategies as st

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"


@st.composite
def copies(draw):
    facts = draw(
        st.lists(
            st.tuples(
                st.sampled_from([State.PENDING, State.COMPLETED, State.ERROR]),
                st.booleans(),
                st.booleans(),
                st.sampled_from([(False, None), (True, KEY), (True, "another key")]),
                st.integers(0, 3),
            ),
            max_size=6,
        )
    )
    return [
        Snapshot(
            snapshot_id=f"copy-{number}",
            region="there",
            state=state,
            provider_state=state.value,
            encrypted=encryption[0],
            kms_key=encryption[1],
            created_at=NOON + timedelta(hours=hours),
            is_copy=shown_as_copy,
            source=Provenance("source", "here", managed=managed),
        )
        for number, (state, managed, shown_as_copy, encryption, hours) in enumerate(facts)
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


@given(requests, copies(), policies)
def test_every_request_is_decided_once(request, there, policy):
    decision = decide_present(request, there, policy)
    fitting = [c for c in there if c.state is not State.ERROR and request.misfit(c) is None]
    assert (decision.copy is not None) == bool(fitting)
    assert sum([decision.copy is not None, decision.lacks_copy, decision.error is not None]) == 1
    if fitting:
        assert decision.copy == min(fitting, key=rank)


@given(requests, copies(), policies)
def test_nothing_is_ever_removed_that_is_not_certainly_ours_or_still_counts(request, there, policy):
    decision = decide_present(request, there, policy)
    doomed = [*decision.failed, *decision.misfits, *decision.surplus]
    assert all(c.deletable for c in doomed)
    assert decision.copy not in doomed
    assert len({c.snapshot_id for c in doomed}) == len(doomed)
    assert not (decision.failed and not policy.replace_failed)
    assert not (decision.misfits and not policy.replace_mismatched)
    assert not (decision.surplus and not policy.remove_duplicates)
    at_once = removable_at_once(decision)
    complete_fits = decision.copy is not None and decision.copy.state is State.COMPLETED
    for copy in at_once:
        # A double of a kind that does not fit goes too, where another one of its kind is complete and stays.
        kind = (bool(copy.encrypted), copy.kms_key)
        stays = [c for c in there if (bool(c.encrypted), c.kms_key) == kind and c not in doomed]
        doubled = copy in decision.surplus and any(c.state is State.COMPLETED for c in stays)
        assert copy.state is State.ERROR or complete_fits or doubled


@given(requests, copies(), policies)
def test_after_it_is_done_nothing_is_left_to_do(request, there, policy):
    decision = decide_present(request, there, policy)
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
        source=Provenance("source", "here", managed=True),
    )
    doomed = {c.snapshot_id for c in (*decision.failed, *decision.misfits, *decision.surplus)}
    after = [c for c in there if c.snapshot_id not in doomed] + ([made] if decision.lacks_copy else [])
    again = decide_present(request, after, policy)
    assert again.copy is not None and not again.error
    if again.copy.state is State.COMPLETED:
        assert again.action is Action.NONE or decision.action is not Action.NONE or again == decision
        settled = decide_present(
            request,
            [c for c in after if c.snapshot_id not in {d.snapshot_id for d in removable_at_once(again)}],
            policy,
        )
        assert settled.action is Action.NONE and not removable_at_once(settled)


@given(requests, copies(), st.booleans(), st.booleans(), st.sets(st.integers(0, 5)))
def test_absent_touches_only_what_is_certain_and_asked(request, there, wait, cancels, numbers):
    ids = frozenset(f"copy-{n}" for n in numbers)
    for copy_ids in (None, ids):
        decision = decide_absent(request, there, Policy(wait=wait, copy_ids=copy_ids), cancels)
        for copy in (*decision.surplus, *decision.unfinished):
            assert copy.deletable and (copy_ids is None or copy.snapshot_id in copy_ids)
            assert not (copy_ids is not None and copy.state is State.PENDING)
        told = {c.snapshot_id for c, _error in decision.leftover}
        assert not told & {c.snapshot_id for c in decision.surplus}
