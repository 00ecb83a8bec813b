# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Locks, on the clouds that have them: set once, never changed, and no obstacle to anything else."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from tests.simulator.locks import SimulatedLock, lock_of

LOCK, LOCKS = "LockSnapshot", "DescribeLockedSnapshots"
#: What a lock needs in the mode that every cloud has.
COMPLIANCE = {"lock_mode": "compliance"}


def time_of(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


@pytest.fixture(params=["ebs", "ecs"])
def cloud(request):
    return request.getfixturevalue(request.param)


def locked_by_hand(cloud, copy, days, ago=0.0):
    copy.lock = SimulatedLock("compliance", days, None, cloud.clock.utc() - timedelta(days=ago))
    return copy.lock


def test_a_new_copy_is_locked_once_it_is_complete_and_only_once(cloud):
    source = cloud.snapshot()
    out = cloud.run(source, wait=True, lock_days=30, **COMPLIANCE)
    assert not out.failed, out["msg"]
    (copy,) = cloud.copies()
    lock = lock_of(copy)
    assert (lock.mode, lock.days) == ("compliance", 30)
    assert time_of(out.copy()["locked_until"]) == lock.until.replace(microsecond=0)
    assert out["api_calls"][LOCK] == 1 and LOCKS not in out["api_calls"], "what was just made has no lock"
    again = cloud.run(source, wait=True, lock_days=60, **COMPLIANCE)
    assert not again["changed"] and not again.failed and lock_of(copy) is lock
    assert again.copy()["locked_until"] == out.copy()["locked_until"]
    assert LOCK not in again["api_calls"] and again["api_calls"][LOCKS] == 1


def test_copies_that_were_there_are_locked_in_one_look_at_all_locks(cloud):
    sources = cloud.create_copied_snapshots(12)
    out = cloud.run(*sources, lock_days=7, **COMPLIANCE)
    assert not out.failed, out["msg"]
    assert (out["api_calls"][LOCKS], out["api_calls"][LOCK], out["counts"]["updated"]) == (1, 12, 12)
    assert all(lock_of(copy).days == 7 for copy in cloud.copies())
    assert not cloud.run(*sources, lock_days=7, **COMPLIANCE)["changed"]


def test_a_run_without_locks_and_deletions_reads_no_locks(cloud):
    out = cloud.run(*[cloud.snapshot() for _n in range(5)], wait=True)
    assert LOCKS not in out["api_calls"]


def test_an_answer_without_a_list_of_locks_does_not_mean_that_there_are_none(cloud):
    source = cloud.snapshot()
    lock = locked_by_hand(cloud, cloud.create_our_copy(source), days=3)
    cloud.set_faults({"action": LOCKS, "fault": "garbage"})
    out = cloud.run(source, wait=True, wait_timeout=60, lock_days=30, **COMPLIANCE)
    assert out.failed and LOCK not in out["api_calls"]
    assert lock_of(cloud.copies()[0]) is lock


def test_a_lock_that_is_over_is_not_set_again(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)
    lock = locked_by_hand(cloud, copy, days=3, ago=4)
    out = cloud.run(source, lock_days=30, **COMPLIANCE)
    assert not out["changed"] and lock_of(copy) is lock and out.copy()["locked_until"] is None
    assert cloud.run(source, state="absent")["counts"]["deleted"] == 1


def test_a_copy_in_progress_is_locked_by_a_later_run(cloud):
    cloud.settings(copy_seconds=300)
    source = cloud.snapshot()
    out = cloud.run(source, lock_days=3, **COMPLIANCE)
    assert not out.failed and LOCK not in out["api_calls"]
    assert "the next run" in out.text
    cloud.clock.sleep(600)
    later = cloud.run(source, lock_days=3, **COMPLIANCE)
    assert (later.copy()["action"], later["api_calls"][LOCK]) == ("updated", 1)


def test_nothing_of_somebody_else_is_locked(cloud):
    source = cloud.snapshot()
    copy = cloud.create_foreign_copy(source)
    out = cloud.run(source, lock_days=3, **COMPLIANCE)
    assert not out["changed"] and LOCK not in out["api_calls"] and lock_of(copy) is None


def test_a_locked_copy_is_held_and_no_deletion_is_tried(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)
    lock = locked_by_hand(cloud, copy, days=9)
    for check in (True, False):
        out = cloud.run(source, state="absent", check=check)
        assert out.failed and not out["changed"] and "DeleteSnapshot" not in out["api_calls"]
        failure = out.failure()
        assert failure["snapshot_id"] == copy.id and lock.until.strftime("%Y-%m-%d") in failure["message"]
        assert out["api_calls"][LOCKS] == 1


def test_many_deletions_need_one_look_at_locks(cloud):
    sources = [cloud.snapshot() for _n in range(12)]
    copies = [cloud.create_our_copy(source) for source in sources]
    locked_by_hand(cloud, copies[3], days=9)
    out = cloud.run(*sources, state="absent")
    assert out["counts"]["deleted"] == 11 and out.failure()["snapshot_id"] == copies[3].id
    assert out["api_calls"][LOCKS] == 1 and [c.id for c in cloud.copies()] == [copies[3].id]


def test_a_locked_duplicate_is_reported_as_one_and_is_no_failure(cloud):
    source = cloud.snapshot()
    cloud.create_our_copy(source)
    cloud.clock.sleep(5)
    duplicate = cloud.create_our_copy(source)
    locked_by_hand(cloud, duplicate, days=9)
    out = cloud.run(source, remove_duplicates=True)
    assert not out.failed and not out["changed"] and [d["snapshot_id"] for d in out["duplicates"]] == [duplicate.id]
    assert "DeleteSnapshot" not in out["api_calls"]


def test_check_mode_decides_the_same_and_says_what_cannot_be_undone(cloud):
    source = cloud.snapshot()
    cloud.create_our_copy(source)
    out = cloud.run(source, lock_days=30, check=True, **COMPLIANCE)
    assert out["changed"] and out.copy()["action"] == "updated" and LOCK not in out["api_calls"]
    assert "cannot be undone" in out.text and lock_of(cloud.copies()[0]) is None
    assert cloud.run(cloud.snapshot(), lock_days=30, check=True, wait=True, **COMPLIANCE).copy()["state"] == "planned"


def test_a_lost_answer_to_a_lock_is_looked_for_before_it_is_asked_for_again(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)
    cloud.set_faults({"action": LOCK, "fault": "lose_answer", "nth": [1]})
    out = cloud.run(source, lock_days=30, **COMPLIANCE)
    assert not out.failed and out["changed"], out.result
    assert out["api_calls"][LOCK] == 1 and out["api_calls"][LOCKS] == 2
    assert time_of(out.copy()["locked_until"]) == lock_of(copy).until.replace(microsecond=0)


@pytest.mark.parametrize("fault", ["lose_answer", "garbage"])
def test_a_lost_answer_to_the_lock_of_what_was_just_made_is_looked_for_too(cloud, fault):
    """A second call would change the lock that the first one set (api-facts: ebs-locks, ecs-locks)."""
    cloud.set_faults({"action": LOCK, "fault": fault, "nth": [1]})
    out = cloud.run(cloud.snapshot(), wait=True, lock_days=30, **COMPLIANCE)
    assert not out.failed and out["counts"]["created"] == 1, out.result
    assert out["api_calls"][LOCK] == 1 and out["api_calls"][LOCKS] == 1
    assert time_of(out.copy()["locked_until"]) == lock_of(cloud.copies()[0]).until.replace(microsecond=0)


def test_a_run_without_the_right_to_read_locks_locks_no_old_copy_and_reports_it(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)
    cloud.settings(denied=[LOCKS])
    out = cloud.run(source, lock_days=30, **COMPLIANCE)
    assert out.failed and lock_of(copy) is None and LOCK not in out["api_calls"]
    assert out.failure()["snapshot_id"] == copy.id and LOCKS in out.text
    assert cloud.run(cloud.snapshot(), wait=True, lock_days=30, **COMPLIANCE)["api_calls"][LOCK] == 1
    assert cloud.run(source, state="absent")["counts"]["deleted"] == 1, "the cloud itself refuses what is locked"


def test_a_run_without_the_right_to_read_locks_reports_the_clouds_refusal(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)
    locked_by_hand(cloud, copy, days=9)
    cloud.settings(denied=[LOCKS])
    out = cloud.run(source, state="absent")
    assert out.failed and "locked" in out.failure()["message"] and len(cloud.copies()) == 1


def test_a_lock_that_comes_between_look_and_deletion_is_reported_as_one(cloud):
    source = cloud.snapshot()
    copy = cloud.create_our_copy(source)
    cloud.set_faults({"action": "DeleteSnapshot", "fault": "throttle", "nth": [1]})
    cloud.at(cloud.clock.monotonic() + 0.2, lambda: locked_by_hand(cloud, copy, days=9))
    out = cloud.run(source, state="absent")
    assert out.failed and "is locked until" in out.failure()["message"] and len(cloud.copies()) == 1


def test_a_refused_lock_is_a_failure_of_that_copy(cloud):
    source = cloud.snapshot()
    cloud.settings(denied=[LOCK])
    out = cloud.run(source, wait=True, lock_days=30, **COMPLIANCE)
    assert out.failed and out.copy()["state"] == "completed" and out.failure()["kind"] == "credentials"


def test_the_info_module_reads_locks_in_one_call_and_only_if_there_are_copies(cloud):
    source = cloud.snapshot()
    before = cloud.info(cloud.source)
    assert LOCKS not in before["api_calls"] and before["snapshots"][0]["locked_until"] is None
    copy = cloud.create_our_copy(source)
    lock = locked_by_hand(cloud, copy, days=9)
    shown = cloud.info(cloud.destination)
    assert shown["api_calls"][LOCKS] == 1
    assert time_of(shown["snapshots"][0]["locked_until"]) == lock.until.replace(microsecond=0)
    cloud.settings(denied=[LOCKS])
    blind = cloud.info(cloud.destination)
    assert not blind.failed and blind["snapshots"][0]["locked_until"] is None
    assert "The locks on copies in" in blind.text and "could not be read" in blind.text


def test_check_mode_reads_the_locks_of_copies_that_a_copy_in_progress_replaces(cloud):
    source = cloud.snapshot()
    locked_by_hand(cloud, cloud.create_our_copy(source), days=9)
    cloud.settings(copy_seconds=600.0)
    asked = {"encrypted": True, "replace_mismatched": True}
    assert cloud.run(source, wait=False, **asked)["changed"] and len(cloud.copies()) == 2
    planned, done = (cloud.run(source, wait=True, check=check, **asked) for check in (True, False))
    assert planned["changed"] is done["changed"] is False and len(cloud.copies()) == 2, planned.text


def test_the_info_module_lists_copies_although_the_server_fails_at_their_locks(cloud):
    cloud.create_our_copy(cloud.snapshot())
    cloud.set_faults({"action": LOCKS, "fault": "unavailable"})
    blind = cloud.info(cloud.destination)
    assert not blind.failed and len(blind["snapshots"]) == 1
    assert "The locks on copies in" in blind.text and "could not be read" in blind.text


@pytest.mark.parametrize("days", [0, -1, 36501])
def test_days_beyond_the_clouds_bounds_are_refused(cloud, days):
    out = cloud.run(cloud.snapshot(), lock_days=days, **COMPLIANCE)
    assert out.failed and f"lock_days must be between 1 and 36500, not {days}" in out["msg"] and not cloud.copies()


def test_ecs_has_one_mode_and_takes_no_lock_beyond_the_copys_days(ecs):
    predicted = ecs.run(ecs.snapshot(), check=True, lock_days=7)
    assert not predicted.failed and "cannot be undone" in predicted.text and not ecs.copies()
    out = ecs.run(ecs.snapshot(), lock_days=8, retention_days=7, **COMPLIANCE)
    assert out.failed and "more than retention_days (7)" in out["msg"] and not ecs.copies()


def test_governance_is_the_mode_of_ebs_unless_compliance_is_written_out(ebs):
    ebs.run(ebs.snapshot(), wait=True, lock_days=7)
    assert lock_of(ebs.copies()[0]).mode == "governance"


def test_a_lock_without_an_end_counts_and_hides_no_other_lock(cloud):
    kept, other = cloud.snapshot(), cloud.snapshot()
    copy, free = cloud.create_our_copy(kept), cloud.create_our_copy(other)
    lock = locked_by_hand(cloud, copy, days=9)
    end = rb"<lockExpiresOn>[^<]*</lockExpiresOn>|\"LockExpiredTime\": *\"[^\"]*\",? *"
    cloud.server.control.corrupt = lambda action, body, _kind: re.sub(end, b"", body) if action == LOCKS else body
    rows = {s["snapshot_id"]: s for s in cloud.info(cloud.destination)["snapshots"]}
    assert (rows[copy.id]["locked"], rows[copy.id]["locked_until"]) == (True, None)
    assert rows[free.id]["locked"] is False
    out = cloud.run(kept, other, state="absent")
    assert out.failure()["snapshot_id"] == copy.id and "is locked, so it is not deleted" in out["msg"]
    assert out["counts"]["deleted"] == 1 and [c.id for c in cloud.copies()] == [copy.id]
    again = cloud.run(kept, lock_days=3, **COMPLIANCE)
    assert not again.failed and not again["changed"] and lock_of(copy) is lock


@pytest.mark.parametrize("cloud", ["ebs", "ecs"])
def test_check_mode_deletes_no_locked_copy_that_would_be_replaced(request, cloud):
    estate = request.getfixturevalue(cloud)
    source = estate.snapshot()
    estate.create_our_copy(source)
    assert not estate.run(source, lock_days=3, lock_mode="compliance", wait=True).failed
    given = {"encrypted": True, "replace_mismatched": True, "wait": True}
    predicted, done = estate.run(source, check=True, **given), estate.run(source, **given)
    assert predicted["counts"]["deleted"] == done["counts"]["deleted"] == 0
    assert predicted.copy()["action"] == done.copy()["action"] == "replaced"
