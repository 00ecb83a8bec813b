# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is deleted without its survivor, tagging makes no copy, and a lost deletion is sent again.

See promises: deleting, survivors, marking, exactly-once.
"""

from __future__ import annotations

from datetime import timedelta
from unittest import mock

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs import CbsCloud

from tests.simulator.ec2 import ACCOUNT
from tests.unit.contracts.bad_days import HOLD, clouds, copies_of, failed_ids, ids, run_at_once, with_script

ALL = clouds("ebs", "ecs", "ens", "cbs")


# -- two runs that request different keys ----------------------------------------------------------------


def with_two_keys(cloud, source, apart):
    """Create two copies with different keys, the first this many seconds older. Return both and their options."""
    keys = [f"{letter * 8}-1111-4111-8111-111111111111" for letter in "ab"]
    if hasattr(cloud.server, "disks"):
        keys = [f"arn:aws:kms:{cloud.destination}:{ACCOUNT}:key/{key}" for key in keys]
    planted = []
    for key in keys:
        facts = {"encrypted": True, "kms_key_id": key}
        planted.append(cloud.create_our_copy(source, **(facts if hasattr(cloud.server, "disks") else {})))
        vars(planted[-1]).update(facts)
    born = "created" if hasattr(planted[0], "created") else "start_time"
    setattr(planted[0], born, getattr(planted[0], born) - timedelta(seconds=apart))
    return planted, [{"encrypted": True, "kms_key_id": key, "replace_mismatched": True} for key in keys]


@clouds("ebs", "ecs")
@pytest.mark.parametrize("apart", [0.0, 5.0])
@pytest.mark.parametrize("late", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_last_copy_of_two_runs_with_different_keys_is_kept(cloud, apart, late, seed):
    source = cloud.snapshot()
    planted, options = with_two_keys(cloud, source, apart)
    cloud.settings(latency=0.2)
    run_at_once(cloud, [(0.0, [source], options[0]), (late, [source], options[1])], seed)
    assert len(copies_of(cloud, source)) == 1
    assert not apart or ids(copies_of(cloud, source)) == {planted[1].id}, "the one that ranks last"


@clouds("ebs", "ecs")
def test_a_misfit_that_is_younger_than_the_copy_that_fits_is_kept(cloud):
    source = cloud.snapshot()
    planted, options = with_two_keys(cloud, source, 5.0)
    out = cloud.run(source, wait=True, **options[0])
    assert not out.failed and not out["changed"] and out["snapshot_id"] == planted[0].id
    assert len(copies_of(cloud, source)) == 2
    out = cloud.run(source, wait=True, **options[1])
    assert out["counts"]["deleted"] == 1 and ids(copies_of(cloud, source)) == {planted[1].id}


# -- survivors -------------------------------------------------------------------------------------------


def two_nights(cloud):
    """Return an old source and its copy, and the copy of a newer one."""
    disk = cloud.disk()
    old, new = cloud.snapshot(disk, 30), cloud.snapshot(disk, 1)
    return old, cloud.create_our_copy(old), cloud.create_our_copy(new)


def pruned(cloud, old, to_delete, survivor, **options):
    given = {"state": "absent", "copy_ids": [to_delete.id], "survivors": {to_delete.id: survivor.id}, "wait": True}
    return cloud.run(old, **given, **options)


@ALL
def test_a_copy_is_deleted_if_its_survivor_is_complete(cloud):
    old, to_delete, survivor = two_nights(cloud)
    out = pruned(cloud, old, to_delete, survivor)
    assert not out.failed and out["counts"]["deleted"] == 1 and ids(cloud.copies()) == {survivor.id}
    again = pruned(cloud, old, to_delete, survivor)
    assert not again.failed and not again["changed"]


@ALL
@pytest.mark.parametrize("check", [False, True])
def test_a_copy_is_kept_and_named_if_its_survivor_is_gone(cloud, check):
    old, to_delete, survivor = two_nights(cloud)
    cloud.forget(survivor.id, cloud.destination)
    started = cloud.clock.monotonic()
    out = pruned(cloud, old, to_delete, survivor, check=check)
    assert out.failed and ids(cloud.copies()) == {to_delete.id} and not out["changed"]
    failure = out.failure()
    assert (failure["kind"], failure["snapshot_id"]) == ("refused", to_delete.id)
    assert survivor.id in failure["message"] and failure["hint"] and out.copy()["state"] == "completed"
    assert 5 <= cloud.clock.monotonic() - started < 10, "three looks over five seconds"


@ALL
def test_a_copy_is_kept_while_its_survivor_is_in_progress(cloud):
    disk = cloud.disk()
    old, new = cloud.snapshot(disk, 30), cloud.snapshot(disk, 1)
    to_delete, survivor = cloud.create_our_copy(old), cloud.create_our_copy(new, seconds=600)
    out = pruned(cloud, old, to_delete, survivor)
    assert out.failed and ids(cloud.copies()) == {to_delete.id, survivor.id} and survivor.id in out["msg"]


@ALL
def test_one_lagging_look_does_not_prevent_a_deletion(cloud):
    old, to_delete, survivor = two_nights(cloud)
    cloud.hide(survivor, 3)
    out = pruned(cloud, old, to_delete, survivor)
    assert not out.failed and ids(cloud.copies()) == {survivor.id}


@ALL
def test_a_long_prune_looks_at_each_survivor_again_before_its_deletion(cloud):
    """If deletions take seconds, the last look gets old; it is then repeated, and shows what was deleted."""
    disks = [cloud.disk() for _n in range(12)]
    old = [cloud.snapshot(disk, 30) for disk in disks]
    to_delete = [cloud.create_our_copy(source) for source in old]
    survivor = [cloud.create_our_copy(cloud.snapshot(disk, 1)) for disk in disks]
    cloud.settings(latency=4.0)
    cloud.at(cloud.clock.monotonic() + 30, lambda: [cloud.forget(copy.id, cloud.destination) for copy in survivor])
    survivors = {a.id: b.id for a, b in zip(to_delete, survivor)}
    with mock.patch.object(cloud.adapter, "deleted_per_call", 1):
        out = cloud.run(*old, state="absent", copy_ids=list(survivors), survivors=survivors, wait=True)
    left = ids(cloud.copies())
    assert out.failed and 0 < len(left) < 12 and failed_ids(out) == left
    assert out["counts"]["deleted"] == 12 - len(left)


@ALL
def test_a_prune_of_many_reads_little_more_than_once(cloud):
    disk = cloud.disk()
    old = [cloud.snapshot(disk, 30 + n) for n in range(40)]
    to_delete = [cloud.create_our_copy(source) for source in old]
    survivor = cloud.create_our_copy(cloud.snapshot(disk, 1))
    survivors = {copy.id: survivor.id for copy in to_delete}
    out = cloud.run(*old, state="absent", copy_ids=list(survivors), survivors=survivors)
    assert not out.failed and ids(cloud.copies()) == {survivor.id}
    assert cloud.calls[cloud.list_action] <= 6


@ALL
@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"state": "absent"}, " needs copy_ids"),
        ({"state": "absent", "copy_ids": ["{b}"]}, ": {a} is not one of copy_ids"),
        ({"state": "absent", "copy_ids": ["{a}", "{b}"]}, ": {b} must remain"),
        ({"state": "absent", "copy_ids": ["{a}"], "survivors": {"{a}": "x"}}, ": 'x' is not a valid ID"),
        ({"state": "absent", "copy_ids": ["{a}"], "survivors": {"{a}": ["x"]}}, """: \"['x']\" is not a valid ID"""),
    ],
)
def test_invalid_survivors_are_refused_before_any_call(cloud, options, word):
    old, to_delete, survivor = two_nights(cloud)

    def text(value):
        return value if isinstance(value, list) else value.replace("{a}", to_delete.id).replace("{b}", survivor.id)

    given = {"survivors": {"{a}": "{b}"}, **options}
    given["survivors"] = {text(key): text(value) for key, value in given["survivors"].items()}
    if "copy_ids" in given:
        given["copy_ids"] = [text(one) for one in given["copy_ids"]]
    out = cloud.run(old, **given)
    assert out.failed and f"survivors{text(word)}" in out["msg"] and len(cloud.copies()) == 2
    assert not sum(cloud.calls.values())


# -- a call that makes nothing ---------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("check", [False, True])
def test_create_false_makes_no_copy(cloud, check):
    source = cloud.snapshot()
    started = cloud.clock.monotonic()
    out = cloud.run(source, create=False, wait=True, check=check)
    assert out.failed and out.failure()["kind"] == "not_found" and not cloud.copies() and not out["changed"]
    assert source in out["msg"] and "create: false" in out["msg"]
    assert 5 <= cloud.clock.monotonic() - started < 10, "three looks over five seconds"
    assert not cloud.calls[cloud.copy_action]


@ALL
def test_create_false_finds_an_old_copy_that_shows_late(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)
    cloud.hide(copy, 3)
    out = cloud.run(source, create=False)
    assert not out.failed and out["snapshot_id"] == copy.id and ids(cloud.copies()) == {copy.id}


@clouds("ebs", "ecs", "cbs")
def test_create_false_updates_the_tags_of_existing_copies(cloud):
    one, two = cloud.snapshot(), cloud.snapshot()
    copy = cloud.create_our_copy(one)
    out = cloud.run(one, two, create=False, tags={"team": "dr"}, wait=True)
    assert cloud.tags_of(copy)["team"] == "dr" and ids(cloud.copies()) == {copy.id}
    assert [f["source_snapshot_id"] for f in out["failures"]] == [two] and out["counts"]["updated"] == 1


@clouds("ebs", "ecs", "ens")
def test_create_false_does_not_replace_a_failed_copy(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source, failure="no")
    out = cloud.run(source, create=False, wait=True)
    assert out.failure()["kind"] == "failed_copy" and ids(cloud.copies()) == {copy.id}
    good = cloud.create_our_copy(source)
    assert not cloud.run(source, create=False, wait=True).failed
    assert ids(cloud.copies()) == {copy.id, good.id}, "it deletes nothing either"


@clouds("ebs", "ecs")
def test_create_false_does_not_replace_a_misfit(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)
    out = cloud.run(source, create=False, encrypted=True, replace_mismatched=True, wait=True)
    assert out.failure()["kind"] == "mismatch" and ids(cloud.copies()) == {copy.id}


# -- lost deletions --------------------------------------------------------------------------------------


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
