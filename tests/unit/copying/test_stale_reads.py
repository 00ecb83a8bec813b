# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No write is based on something seen too long ago, or forgotten (promises: fresh-look, held, locks).

The cases: many calls in a row, a split call, a long look, a lagging replica.
"""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.errors import Refused

from tests.simulator.locks import SimulatedLock, lock_of
from tests.unit.contracts.bad_days import HOLD, clouds, copies_of, ids, run_at_once, throttle_calls, with_script


def lock_by_hand(cloud, copy):
    copy.lock = SimulatedLock("governance", 365, None, cloud.clock.utc())


# -- locks -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_many_first_locks_change_none_that_was_set_meanwhile(ebs):
    sources = [ebs.snapshot() for _source in range(40)]
    copies = [ebs.create_our_copy(source) for source in sources]
    ebs.settings(latency=1.0)
    ebs.at(ebs.clock.monotonic() + 10, lambda: lock_by_hand(ebs, copies[-1]))
    out = ebs.run(*sources, lock_days=7, lock_mode="governance", wait=True)
    assert not out.failed and lock_of(copies[-1]).days == 365
    assert {lock_of(copy).days for copy in copies[:-1]} == {7}


@pytest.mark.parametrize("made_before", [True, False], ids=["older copy", "copy of this run"])
def test_a_throttled_lock_changes_none_that_was_set_meanwhile(ebs, made_before):
    source, start = ebs.snapshot(), ebs.clock.monotonic()
    if made_before:
        ebs.create_our_copy(source)
    throttle_calls(ebs, lambda action, _region: action == "LockSnapshot", seconds=200)
    ebs.at(start + 60, lambda: lock_by_hand(ebs, *copies_of(ebs, source)))
    out = ebs.run(source, lock_days=7, lock_mode="governance", wait=True)
    assert not out.failed and lock_of(*copies_of(ebs, source)).days == 365


@pytest.mark.parametrize("seconds", [0.5, 2.0])
def test_two_runs_that_lock_leave_one_copy(ebs, seconds):
    source = ebs.snapshot()
    ebs.settings(copy_seconds=seconds, visible_after=1.0)
    options = {"lock_days": 30, "lock_mode": "compliance"}
    results = run_at_once(ebs, [(0.0, [source], options), (0.3, [source], options)])
    (left,) = copies_of(ebs, source)
    assert lock_of(left) and not any(result["failures"] for result in results)


# -- calls that are split --------------------------------------------------------------------------------


@pytest.mark.slow
def test_after_a_refusal_of_many_each_copy_is_deleted_on_a_fresh_look(cbs):
    sources = [cbs.snapshot() for _source in range(40)]
    copies = [cbs.create_our_copy(source) for source in sources]
    cbs.settings(latency=1.0, in_use=[copies[0].id])
    cbs.at(cbs.clock.monotonic() + 10, lambda: cbs.set_tags(copies[-1], **{HOLD: "audit"}))
    out = cbs.run(*sources, state="absent", wait_timeout=3600)
    assert ids(cbs.copies()) == {copies[0].id, copies[-1].id}
    assert {failure["snapshot_id"] for failure in out["failures"]} == {copies[0].id, copies[-1].id}


REFUSED_AS_A_WHOLE = {"ens": "SaleControl.VerificationFailed", "cbs": "InvalidParameterValue"}


def refuse_first_copy_call(cloud):
    refusal = {"fault": "refuse", "code": REFUSED_AS_A_WHOLE[cloud.cloud.name], "message": "no"}
    sent = []

    def script(action, _region):
        if action == cloud.copy_action:
            sent.append(cloud.clock.monotonic())
            if len(sent) == 1:
                return {**refusal, "status": cloud.status_of_errors}
        return None

    cloud.server.control.script = script
    return sent


@clouds("ens", "cbs")
def test_after_a_refusal_for_many_regions_each_is_copied_to_on_a_fresh_look(cloud):
    source, start = cloud.snapshot(), cloud.clock.monotonic()
    cloud.settings(latency=4.5)
    refuse_first_copy_call(cloud)
    last = cloud.six_regions[-1]
    cloud.at(start + 40, lambda: cloud.create_our_copy(source, region=last))
    out = cloud.run(source, destination_regions=cloud.six_regions, wait=False, wait_timeout=3600, read_timeout=30)
    assert [len(copies_of(cloud, source, region)) for region in cloud.six_regions] == [1] * 6 and not out.failed


@clouds("ens", "cbs")
def test_after_a_refusal_for_many_regions_nothing_is_sent_past_the_deadline(cloud):
    source, start = cloud.snapshot(), cloud.clock.monotonic()
    cloud.settings(latency=4.5)
    sent = refuse_first_copy_call(cloud)
    out = cloud.run(source, destination_regions=cloud.six_regions, wait=False, wait_timeout=47, read_timeout=30)
    assert out.failed and sent and max(sent) - 4.5 <= start + 47  # the server records a call once its latency is over


# -- what was seen once, and looks that take long ---------------------------------------------------------


def show_old_tags(cloud, monkeypatch, copy, **tags):
    """Set tags; the second listing comes from a replica that does not show them yet."""
    before = dict(cloud.tags_of(copy))
    cloud.set_tags(copy, **tags)
    real = type(copy).visible_tags
    monkeypatch.setattr(
        type(copy),
        "visible_tags",
        lambda self, now: before if self is copy and cloud.calls[cloud.list_action] == 2 else real(self, now),
    )


def test_a_hold_that_was_seen_counts_for_the_whole_run(cbs, monkeypatch):
    source = cbs.snapshot()
    held = cbs.create_our_copy(source)
    cbs.create_our_copy(source, seconds=30)
    show_old_tags(cbs, monkeypatch, held, **{HOLD: "audit"})
    out = cbs.run(source, state="absent", wait=True)
    assert held.id in ids(cbs.copies()) and held.id in {failure["snapshot_id"] for failure in out["failures"]}


@pytest.mark.slow
@pytest.mark.parametrize(("cloud", "by_id"), [("cbs", 3), ("ecs", 5)], indirect=["cloud"])
def test_a_long_look_makes_no_old_answer_of_its_first_call_fresh(cloud, by_id):
    """Two calls read 120 copies by ID; the second takes 20 seconds, and meanwhile all copies are held.

    The calls before take as long, so that their answers are too old. CBS lists two pages; ECS lists its pages twice,
    because they may not join. ``by_id`` is the number of the first call by ID.
    """
    sources = [cloud.snapshot() for _source in range(120)]
    copies = [cloud.create_our_copy(source) for source in sources]
    numbers = itertools.count(1)

    def answer_late(action, _region):
        number = next(numbers) if action == cloud.list_action else by_id
        if number == by_id + 1:
            for copy in copies:
                cloud.set_tags(copy, **{HOLD: "audit"})
        if number != by_id:
            cloud.clock.sleep(20)

    with_script(cloud, answer_late)
    cloud.run(*sources, state="absent", wait_timeout=3600, read_timeout=60)
    assert next(numbers) > by_id + 2 and ids(cloud.copies()) == ids(copies) and not cloud.calls[cloud.delete_action]


def test_a_copy_shown_held_by_a_failed_look_is_not_deleted(cbs):
    """Deletions pause while tags are set; the first call of the next look shows the hold, the second is throttled."""
    sources = cbs.create_copied_snapshots(120)
    cbs.clock.sleep(5)
    duplicates = [cbs.create_our_copy(source) for source in sources]
    cbs.settings(latency=0.2)
    count = {"DeleteSnapshots": 0, "TagResources": 0, "reads": 0}

    def fault(action, _region):
        count[action] = count.get(action, 0) + 1
        if action == "DeleteSnapshots" and count[action] == 1:
            return "throttle"
        if action == cbs.list_action and count["TagResources"] >= 12:
            count["reads"] += 1
            if count["reads"] == 1:
                for duplicate in duplicates:
                    cbs.set_tags(duplicate, **{HOLD: "audit"})
            elif count["reads"] < 6:
                return "throttle"
        return None

    with_script(cbs, fault)
    cbs.run(*sources, tags={"x": "1"}, remove_duplicates=True, wait=False, wait_timeout=120)
    # The others were deleted based on the look before, which was fresh.
    assert count["reads"] and len(ids(duplicates) & ids(cbs.copies())) >= 50


# -- that it ends ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_locks_in_many_regions_are_set_in_time(ebs):
    regions = [
        "eu-central-1",
        "eu-west-2",
        "eu-west-3",
        "eu-north-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "sa-east-1",
    ]
    source = ebs.snapshot()
    copies = [ebs.create_our_copy(source, region=region) for region in regions]
    ebs.settings(latency=2.0)
    options = {"lock_days": 7, "lock_mode": "governance", "wait": True, "wait_timeout": 600}
    out = ebs.run(source, destination_regions=regions, **options)
    assert not out.failed and all(lock_of(copy) for copy in copies)


@pytest.mark.slow
def test_slow_refusals_leave_only_the_copy_that_is_in_use(cbs):
    sources = [cbs.snapshot() for _source in range(30)]
    copies = [cbs.create_our_copy(source) for source in sources]
    cbs.settings(latency=16.0, in_use=[copies[0].id])
    cbs.run(*sources, state="absent", wait_timeout=3600, read_timeout=60)
    assert ids(cbs.copies()) == {copies[0].id}


@clouds("ens", "cbs")
def test_a_region_that_is_refused_slowly_delays_no_other(cloud, monkeypatch):
    source, refused = cloud.snapshot(), cloud.six_regions[0]
    real = cloud.adapter.begin

    def begin(self, orders):
        cloud.clock.sleep(15.5)
        if any(order.request.region == refused for order in orders):
            raise Refused("no", code="No")
        return real(self, orders)

    monkeypatch.setattr(cloud.adapter, "begin", begin)
    out = cloud.run(source, destination_regions=cloud.six_regions, wait=False, wait_timeout=1800)
    assert [len(copies_of(cloud, source, region)) for region in cloud.six_regions] == [0, 1, 1, 1, 1, 1]
    assert [failure["region"] for failure in out["failures"]] == [refused]


# -- green means done ------------------------------------------------------------------------------------


@clouds("ebs", "ecs", "cbs")
@pytest.mark.parametrize("fault, timeout", [("throttle", 120), ("unavailable", 20), ("unavailable", 3600)])
def test_tags_that_need_a_source_that_cannot_be_read_are_no_success(cloud, fault, timeout):
    source = cloud.snapshot(team="old")
    copy = cloud.create_our_copy(source)
    cloud.set_tags(copy, junk="old")
    with_script(cloud, lambda _action, region: fault if region == cloud.source else None)
    out = cloud.run(
        source,
        tags={"team": "dr"},
        purge_tags=True,
        copy_tags=True,
        wait=True,
        wait_timeout=timeout,
        **cloud.quick_reads,
    )
    (failure,) = out["failures"]
    assert out.failed and failure["snapshot_id"] == copy.id and "tags" in failure["message"]


@clouds("ebs", "ecs", "cbs")
@pytest.mark.parametrize("timeout", [2, 4])
def test_tags_that_need_a_source_that_was_not_asked_in_time_are_no_success(cloud, timeout):
    source = cloud.snapshot(team="old")
    copy = cloud.create_our_copy(source)
    cloud.set_tags(copy, junk="old")
    cloud.settings(latency=3.0)
    options = {"tags": {"team": "dr"}, "purge_tags": True, "copy_tags": True, "wait": True, "wait_timeout": timeout}
    out = cloud.run(source, **options)
    assert out.failed and copy.id in {failure["snapshot_id"] for failure in out["failures"]}


@pytest.mark.parametrize("fault, timeout", [("unavailable", 3600), ("unavailable", 20), ("throttle", 120)])
def test_a_copy_without_provenance_whose_source_cannot_be_read_is_no_success(cbs, fault, timeout):
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source, name=f"copy-of-{source}", tagged=False)
    with_script(cbs, lambda _action, region: fault if region == cbs.source else None)
    out = cbs.run(source, tags={"team": "dr"}, wait=True, wait_timeout=timeout, **cbs.quick_reads)
    (failure,) = out["failures"]
    assert out.failed and failure["snapshot_id"] == copy.id


@clouds("ebs", "cbs")
def test_absent_names_copies_that_it_leaves(cloud):
    source = cloud.snapshot()
    held, running = cloud.create_our_copy(source), cloud.create_our_copy(source, seconds=600)
    out = cloud.run(source, state="absent", copy_ids=[running.id])
    assert (out["copies"][0]["snapshot_id"], out["copies"][0]["state"]) == (running.id, "pending")
    cloud.set_tags(held, **{HOLD: "audit"})
    out = cloud.run(source, state="absent", copy_ids=[held.id])
    (row,) = out["copies"]
    assert (row["snapshot_id"], row["state"]) == (held.id, "completed") and row["error"]["snapshot_id"] == held.id


# -- replacing --------------------------------------------------------------------------------------------

KEYS = {
    "ebs": [f"arn:aws:kms:eu-west-1:123456789012:key/{n * 8}-1111-1111-1111-111111111111" for n in "12"],
    "ecs": ["key-aaaa1111", "key-bbbb2222"],
}


@pytest.mark.parametrize("late", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("seconds", [5.0, 60.0])
@pytest.mark.parametrize("name", KEYS)
def test_two_runs_with_different_keys_leave_a_copy(request, name, seconds, late):
    cloud = request.getfixturevalue(name)
    source = cloud.snapshot()
    cloud.settings(copy_seconds=seconds)
    options = [{"encrypted": True, "kms_key_id": key, "replace_mismatched": True} for key in KEYS[name]]
    run_at_once(cloud, [(0.0, [source], options[0]), (late, [source], options[1])])
    assert copies_of(cloud, source)


@pytest.mark.parametrize("wait", [True, False])
@clouds("ebs", "ecs")
def test_check_mode_predicts_the_duplicates_that_are_deleted_after_a_replacement(cloud, wait):
    source = cloud.snapshot()
    for _copy in range(3):
        cloud.create_our_copy(source)
        cloud.clock.sleep(1)
    options = {"encrypted": True, "replace_mismatched": True, "remove_duplicates": True, "wait": wait}
    predicted = cloud.run(source, check=True, diff=True, **options)
    done = cloud.run(source, diff=True, **options)
    assert predicted["counts"]["deleted"] == done["counts"]["deleted"]
    after = [out["diff"]["after"]["copies"][0]["other_copies"] for out in (predicted, done)]
    assert len(after[0]) == len(after[1])
