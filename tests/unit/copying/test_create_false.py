# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""create: false updates copies and makes none."""

from __future__ import annotations

import pytest

from tests.unit.contracts.bad_days import ALL, clouds, ids


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
