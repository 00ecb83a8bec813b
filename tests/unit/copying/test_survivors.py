# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is deleted without its survivor, tagging makes no copy, and a lost deletion is sent again.

See promises: deleting, survivors, marking, exactly-once.
"""

from __future__ import annotations

from unittest import mock

import pytest

from tests.unit.contracts.bad_days import ALL, clouds, copies_of, failed_ids, ids, run_at_once


def with_two_keys(cloud, source, apart):
    """Create two copies with different keys, the first this many seconds older. Return both and their options."""
    keys = [cloud.key(letter) for letter in "ab"]
    planted = [cloud.create_encrypted_copy(source, key) for key in keys]
    cloud.make_older(planted[0], apart)
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
