# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Things that show late or never: sources, other runs' copies, own copies, and clocks that differ.

See promises: unseen, exactly-once, timeout.
"""

from __future__ import annotations

import importlib
from datetime import timedelta

import pytest

from tests.unit.contracts.bad_days import COLLECTION, clouds, copies_of, create_rival, ids, with_script

ALL = clouds("ebs", "ecs", "ens", "cbs")
WAITING = f"{COLLECTION}.plugins.module_utils._core.waiting"


# -- sources ---------------------------------------------------------------------------------------------


@ALL
def test_a_source_that_shows_late_is_copied(cloud):
    source = cloud.snapshot(age_hours=0)
    cloud.get(source).visible_at = cloud.clock.monotonic() + 4
    out = cloud.run(source, wait=True)
    assert not out.failed and out["counts"]["created"] == 1


@ALL
@pytest.mark.parametrize("check", [False, True])
def test_a_source_is_not_found_after_three_looks_over_five_seconds(cloud, check):
    started, looks = cloud.clock.monotonic(), []
    with_script(cloud, lambda action, region: looks.append(action) if region == cloud.source else None)
    out = cloud.run(cloud.unknown_id, wait=True, check=check)
    assert out.failure()["kind"] == "not_found" and 5 <= cloud.clock.monotonic() - started < 7
    assert cloud.cloud.name == "ens" or 3 <= len(looks) <= 10, "AWS is asked in three ways at each"


@ALL
def test_other_sources_do_not_wait_for_one_that_does_not_show(cloud):
    source, started = cloud.snapshot(), cloud.clock.monotonic()
    out = cloud.run(cloud.unknown_id, source)
    (copy,) = copies_of(cloud, source)
    assert cloud.started_at(copy) - started < 1 and out["counts"]["created"] == 1


@clouds("ecs", "cbs")  # if a call reads a source
def test_a_source_that_does_not_show_is_read_no_more_often_because_of_others(cloud):
    cloud.settings(copy_seconds=4.0)
    reads = []
    with_script(cloud, lambda action, region: reads.append(action) if region == cloud.source else None)
    out = cloud.run(cloud.unknown_id, *(cloud.snapshot() for _n in range(3)), wait=True)
    assert out["counts"]["created"] == 3 and out.failure()["kind"] == "not_found"
    assert sum("Describe" in action for action in reads) == 3


# -- clocks ----------------------------------------------------------------------------------------------


def let_clock_differ(monkeypatch, minutes):
    """Let the controller's time of day be off by some minutes."""
    deadline = importlib.import_module(WAITING).Deadline
    real = deadline.utc
    monkeypatch.setattr(deadline, "utc", lambda self: real(self) + timedelta(minutes=minutes))


@ALL
@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_a_controller_whose_clock_differs_knows_its_own_copy(cloud, minutes, monkeypatch):
    source = cloud.snapshot()
    let_clock_differ(monkeypatch, minutes)
    cloud.settings(copy_seconds=20.0)
    cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
    out = cloud.run(source, wait=True, **cloud.quick_reads)
    assert not out.failed and out.copy()["action"] == "created" and out["changed"] and len(cloud.copies()) == 1


@clouds("ebs", "ens")
@pytest.mark.parametrize("minutes", [-10, 0, 10])
def test_a_controller_whose_clock_differs_takes_its_second_copy_back(cloud, minutes, monkeypatch):
    source = cloud.snapshot()
    let_clock_differ(monkeypatch, minutes)
    cloud.settings(copy_seconds=20.0)
    rival = create_rival(cloud, source, seconds=10.0)
    cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
    out = cloud.run(source, wait=True, **cloud.quick_reads)
    assert not out.failed and out.copy()["action"] == "adopted" and ids(copies_of(cloud, source)) == {rival.id}


@pytest.mark.parametrize("minutes", [-10, 10])
def test_the_deadline_of_a_copy_is_judged_by_the_clouds_clock(cbs, minutes, monkeypatch):
    """An expiry less than a day ahead is not set (promises: expiry); the controller's clock does not matter."""
    let_clock_differ(monkeypatch, minutes)
    source = cbs.snapshot()
    out = cbs.run(source, retention_days=1, wait=True)
    cbs.clock.sleep(300)
    assert not out.failed and (cbs.copies()[0].deadline is None) == (
        "retention_days" in str(out.result.get("warnings"))
    )


def test_an_invalid_date_is_ignored(ens, monkeypatch):
    clock = importlib.import_module(WAITING).CloudClock
    real = clock.record_date
    monkeypatch.setattr(clock, "record_date", lambda self, _date: real(self, "soon"))
    ens.settings(copy_seconds=20.0)
    ens.set_faults({"action": ens.copy_action, "fault": "lose_answer", "nth": [1]})
    out = ens.run(ens.snapshot(), wait=True)
    assert not out.failed and out.copy()["action"] == "created"


# -- answers without an ID -------------------------------------------------------------------------------


@clouds("ebs", "cbs")  # on ENS: test_an_accepted_order_whose_answer_names_no_copy_is_given_once
@pytest.mark.parametrize("wait, wait_timeout", [(True, 600), (True, 20), (False, 600)])
def test_a_copy_call_that_was_accepted_without_an_id_is_never_sent_again(cloud, wait, wait_timeout):
    """These calls accept no client token, so a second one makes a second copy (promises: exactly-once)."""
    source = cloud.snapshot()
    cloud.settings(visible_after=1000, copy_seconds=1)
    cloud.set_faults({"action": cloud.copy_action, "fault": "no_snapshot_id"})
    out = cloud.run(source, wait=wait, wait_timeout=wait_timeout)
    failure = out.failure()
    assert failure["kind"] == "ambiguous" and "console" in failure["hint"] and failure["request_id"] in out["msg"]
    assert cloud.calls[cloud.copy_action] == 1


@clouds("ebs", "cbs")
def test_a_copy_whose_call_returned_no_id_is_found_once_it_shows(cloud):
    source = cloud.snapshot()
    cloud.settings(visible_after=20, copy_seconds=30)
    cloud.set_faults({"action": cloud.copy_action, "fault": "no_snapshot_id"})
    out = cloud.run(source, wait=True)
    assert not out.failed and out.copy()["action"] == "created" and cloud.calls[cloud.copy_action] == 1


# -- copies ----------------------------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("lag", [2, 12])
def test_another_runs_earlier_copy_that_shows_late_is_found_at_the_end(cloud, lag):
    source = cloud.snapshot()
    cloud.settings(copy_seconds=30.0)
    rival = cloud.create_our_copy(source, seconds=60)
    cloud.hide(rival, lag)
    cloud.clock.sleep(0.5)
    out = cloud.run(source, wait=True, wait_timeout=600)
    assert not out.failed and ids(copies_of(cloud, source)) == {rival.id} and out["snapshot_id"] == rival.id


@clouds("ebs", "ecs", "ens", "cbs")
def test_the_listing_at_the_end_is_one_for_all_copies(cloud):
    sources = [cloud.snapshot() for _n in range(10)]
    cloud.settings(copy_seconds=5.0)
    out = cloud.run(*sources, wait=True)
    assert not out.failed and cloud.calls[cloud.list_action] < 60


@clouds("ebs", "ens", "cbs")
def test_a_lost_answer_costs_only_the_time_until_its_copy_shows(cloud):
    source = cloud.snapshot()
    cloud.settings(copy_seconds=1.0)
    cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
    started = cloud.clock.monotonic()
    out = cloud.run(source, wait=True, **cloud.quick_reads)
    assert not out.failed and out.copy()["action"] == "created" and cloud.calls[cloud.copy_action] == 1
    assert cloud.clock.monotonic() - started < 12


@ALL
def test_a_complete_copy_remains_complete_if_the_last_looks_are_refused(cloud):
    sources = [cloud.snapshot(), cloud.snapshot()]
    cloud.settings(copy_seconds=1.0, **({"copy_seconds_of": {sources[1]: 2.0}}))
    started = cloud.clock.monotonic()
    with_script(
        cloud,
        lambda action, region: (
            "throttle" if action == cloud.list_action and cloud.clock.monotonic() > started + 2.6 else None
        ),
    )
    out = cloud.run(*sources, wait=True, wait_timeout=60, **cloud.quick_reads)
    assert [row["state"] for row in out["copies"]] == ["completed", "completed"], out["msg"]
    assert not out.failed and "as they were last seen" in str(out["warnings"])


@ALL
def test_a_complete_copy_remains_complete_if_a_replica_lags(cloud):
    """The last look before the deadline shows an older state."""
    quick, slow = cloud.snapshot(), cloud.snapshot()
    cloud.settings(copy_seconds=1.0, copy_seconds_of={slow: 600.0})
    begin = cloud.clock.monotonic()
    cloud.at(begin + 20, lambda: vars(copies_of(cloud, quick)[0]).update(duration=1e6))
    out = cloud.run(quick, slow, wait=True, wait_timeout=90)
    assert [row["state"] for row in out["copies"]] == ["completed", "pending"]
    assert [failure["source_snapshot_id"] for failure in out["failures"]] == [slow]


@ALL
def test_a_copy_that_is_deleted_before_the_listing_at_the_end_is_missed_after_few_reads(cloud):
    source, complete = cloud.snapshot(), []
    cloud.settings(copy_seconds=20.0)

    def fault_of(action, _region):
        there = [c for c in copies_of(cloud, source) if cloud.phase_of(c) == "complete"]
        if action == cloud.list_action and there:
            complete.append(there[0])
            if len(complete) == 2:
                cloud.forget(there[0].id, cloud.destination)

    with_script(cloud, fault_of)
    out = cloud.run(source, wait=True, wait_timeout=300)
    assert out.failed and complete[0].id in out["msg"] and cloud.calls[cloud.list_action] < 80


@ALL
def test_a_copy_that_disappears_while_others_are_made_is_reported(cloud):
    source, there = cloud.snapshot(), cloud.snapshot()
    cloud.settings(copy_seconds=600.0)
    copy = cloud.create_our_copy(there)
    cloud.at(cloud.clock.monotonic() + 60, lambda: cloud.forget(copy.id, cloud.destination))
    out = cloud.run(source, there, wait=True)
    assert [row["state"] for row in out["copies"]] == ["completed", "absent"]
    assert out.failed and {f["source_snapshot_id"] for f in out["failures"]} == {there} and copy.id in out["msg"]


@ALL
@pytest.mark.parametrize("wait", [True, False])
def test_a_copy_in_progress_that_disappears_was_adopted(cloud, wait):
    source = cloud.snapshot()
    cloud.settings(copy_seconds=600.0)
    copy = cloud.create_our_copy(source, seconds=600)
    cloud.at(cloud.clock.monotonic() + 30, lambda: cloud.forget(copy.id, cloud.destination))
    out = cloud.run(source, wait=wait)
    row = out.copy()
    assert (row["action"], row["snapshot_id"], row["state"]) == ("adopted", copy.id, "absent" if wait else "pending")
    assert out.failed == wait and cloud.calls[cloud.copy_action] == 0


def test_a_tag_service_that_does_not_know_a_copy_yet_is_asked_again(cbs):
    source = cbs.snapshot()

    def unknown_for(seconds):
        copy = cbs.copies()[0]
        cbs.settings(untaggable={copy.id: "ResourceNotFound"})
        cbs.at(cbs.clock.monotonic() + seconds, lambda: cbs.settings(untaggable={}))

    seen = []

    def fault_of(action, _region):
        if action == "TagResources" and not seen:
            seen.append(action)
            unknown_for(5)

    with_script(cbs, fault_of)
    out = cbs.run(source, tags={"team": "dr"}, wait=True)
    assert not out.failed, out["msg"]
    assert cbs.tags_of(cbs.copies()[0])["team"] == "dr" and "dr-copy:source-snapshot-id" in cbs.tags_of(cbs.copies()[0])
