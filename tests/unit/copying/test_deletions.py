# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deletions whose answers are lost, and deletions of many copies."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs import CbsCloud

from tests.unit.contracts.bad_days import ALL, HOLD, clouds, ids, with_script


@ALL
@pytest.mark.parametrize("kind", ["lose_answer", "error_after"])
@pytest.mark.parametrize("seed", [3, 7, 11])
def test_absent_is_done_in_two_minutes_though_a_fifth_of_all_answers_is_lost(cloud, kind, seed):
    sources = cloud.create_copied_snapshots(8)
    cloud.set_faults({"action": "*", "fault": kind, "share": 0.2, "seed": seed})
    started = cloud.clock.monotonic()
    out = cloud.run(*sources, state="absent", wait=True, wait_timeout=120, **cloud.quick_reads)
    assert not out.failed, out["msg"]
    assert not cloud.copies() and out["counts"]["deleted"] == 8 and cloud.clock.monotonic() - started < 60


@ALL
def test_a_deletion_whose_answer_is_lost_is_sent_again_and_ends(cloud):
    source = cloud.snapshot()
    cloud.create_our_copy(source)
    cloud.set_faults({"action": cloud.delete_action, "fault": "lose_answer", "nth": [1]})
    started, before = cloud.clock.monotonic(), cloud.calls[cloud.list_action]
    out = cloud.run(source, state="absent", wait=True)
    assert not out.failed and out["changed"] and not cloud.copies()
    assert cloud.calls[cloud.delete_action] == 2 and cloud.calls[cloud.list_action] - before <= 6
    assert cloud.clock.monotonic() - started < 10


@clouds("ebs", "ecs", "cbs")
def test_a_copy_held_after_a_lost_deletion_is_not_deleted(cloud):
    """The first call never arrived. The next look decides again."""
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)

    def fault_of(action, _region):
        if action == cloud.delete_action:
            cloud.set_tags(copy, **{"dr-copy:hold": "audit"})
            return "drop"
        return None

    with_script(cloud, fault_of)
    out = cloud.run(source, state="absent", wait=True)
    assert out.failed and ids(cloud.copies()) == {copy.id} and cloud.calls[cloud.delete_action] == 1


@pytest.mark.parametrize("check", [False, True])
def test_many_copies_are_deleted_although_all_their_reads_together_take_too_long(cbs, check):
    """A copy and its survivor are read in one pass, and deleted before the look is too old."""
    old, new = ([cbs.snapshot() for _n in range(250)] for _age in range(2))
    copies = {cbs.create_our_copy(one).id: cbs.create_our_copy(other).id for one, other in zip(old, new, strict=True)}
    cbs.settings(latency=8.0)
    options = {"state": "absent", "copy_ids": list(copies), "survivors": copies, "wait_timeout": 3000}
    out = cbs.run(*old, **options, check=check)
    assert not out.failed and out["counts"]["deleted"] == 250, out["msg"]
    assert {copy.id for copy in cbs.copies()} == {*copies.values(), *(copies if check else ())}


def test_writes_on_complete_copies_do_not_wait_for_looks_at_all_that_are_in_progress(cbs):
    done, running = ([cbs.snapshot() for _n in range(count)] for count in (3, 450))
    for source in done:
        cbs.create_our_copy(source)
    for source in running:
        cbs.create_our_copy(source, seconds=3000)
    cbs.settings(latency=4.0)
    cbs.run(*done, *running, retention_days=30, wait=True, wait_timeout=300)
    assert cbs.calls["ModifySnapshotAttribute"] == 3


@pytest.mark.parametrize("held_first", [False, True])
def test_many_copies_of_one_source_are_all_read_although_each_call_is_slow(cbs, held_first):
    """More copies than one call reads: the next pass begins with those that this one did not read."""
    source = cbs.snapshot()
    copies = [cbs.create_our_copy(source) for _n in range(130)]
    held = copies[:105] if held_first else copies[25:]
    for copy in held:
        cbs.set_tags(copy, **{HOLD: "audit"})
    cbs.clock.sleep(60)
    cbs.settings(latency=8.0)
    cbs.run(source, state="absent", wait_timeout=1200)
    assert ids(cbs.copies()) == ids(held)


def test_a_survivor_of_several_copies_is_read_once_in_a_call(cbs, monkeypatch):
    old, new = cbs.snapshot(), cbs.snapshot()
    copies, survivor = [cbs.create_our_copy(old) for _n in range(3)], cbs.create_our_copy(new)
    asked, refresh = [], CbsCloud.refresh

    def spy(self, region, copy_ids):
        asked.append(copy_ids)
        return refresh(self, region, copy_ids)

    monkeypatch.setattr(CbsCloud, "refresh", spy)
    named = {copy.id: survivor.id for copy in copies}
    cbs.run(old, state="absent", copy_ids=list(named), survivors=named)
    assert ids(cbs.copies()) == {survivor.id}
    assert any(survivor.id in call for call in asked) and all(len(call) == len({*call}) for call in asked)
