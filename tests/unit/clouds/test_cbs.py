# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only CBS can do or refuse (api-facts: cbs-copy-call)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.tencent.cbs_answers import (
    deadline_text,
    parse_cbs_time,
)

from tests.simulator.tencent.service import REGIONS, ApiError
from tests.support.estates import PROVENANCE

# -- one call, mixed answers -----------------------------------------------------------------------------


def test_one_call_asks_for_all_destinations_that_lack_a_copy(cbs):
    source = cbs.snapshot()
    cbs.create_our_copy(source, "ap-shanghai")
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-shanghai", "na-ashburn"], wait=True)
    assert not out.failed and cbs.calls["CopySnapshotCrossRegions"] == 1
    assert [r["action"] for r in out["copies"]] == ["created", "none", "created"]


def test_each_destination_has_its_own_answer(cbs):
    source = cbs.snapshot()
    cbs.settings(refused_regions={"ap-shanghai": "InsufficientSnapshotQuota"}, silent_regions=["na-ashburn"])
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-shanghai", "na-ashburn"], wait=True)
    assert [r["action"] for r in out["copies"]] == ["created", "none", "created"]
    failure = out.failure()
    assert failure["region"] == "ap-shanghai" and failure["kind"] == "refused" and failure["request_id"]
    assert failure["code"] == "InsufficientSnapshotQuota" and "quota" in failure["hint"]
    # The region that the answer did not mention was in doubt: the run looked for the copy, and did not call again.
    assert cbs.calls["CopySnapshotCrossRegions"] == 1 and len(cbs.copies("na-ashburn")) == 1


def test_an_unknown_region_fails_alone(cbs):
    source = cbs.snapshot()
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-nowhere"], wait=True)
    assert [row["action"] for row in out["copies"]] == ["created", "none"]
    failure = out.failure()
    assert (failure["region"], failure["code"]) == ("ap-nowhere", "UnsupportedRegion") and "name" in failure["hint"]
    info = cbs.info("ap-nowhere")
    assert info.failed and "ap-nowhere" in info["msg"]


def test_a_call_that_is_refused_as_a_whole_is_made_for_each_destination(cbs):
    source = cbs.snapshot()
    cbs.refuse("CopySnapshotCrossRegions", "InvalidParameterValue", times=1)
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-shanghai"], wait=True)
    assert not out.failed and cbs.calls["CopySnapshotCrossRegions"] == 3


@pytest.mark.parametrize("kind", ["charset", "no_result_set", "no_snapshot_id"])
def test_an_answer_that_says_nothing_is_no_success_and_makes_no_second_copy(cbs, kind):
    sources = [cbs.snapshot() for _n in range(3)]
    cbs.set_faults({"action": "CopySnapshotCrossRegions", "fault": kind, "times": 2})
    out = cbs.run(*sources, wait=True)
    assert not out.failed and len(cbs.copies()) == 3 and out["counts"]["created"] == 3


def test_a_read_whose_error_the_sdk_does_not_see_is_repeated(cbs):
    source = cbs.snapshot()
    cbs.create_our_copy(source)
    cbs.set_faults({"action": "DescribeSnapshots", "fault": "charset", "times": 2})
    out = cbs.run(source)
    assert not out.failed and not out["changed"]
    cbs.set_faults({"action": "DescribeSnapshots", "fault": "no_result_set"})
    out = cbs.run(source)
    assert out.failure()["kind"] == "connection" and not cbs.calls["CopySnapshotCrossRegions"]


def test_a_copy_that_another_client_makes_is_waited_for_and_adopted(cbs):
    source = cbs.snapshot()
    copy = cbs.create_foreign_copy(source, seconds=60)
    copy.visible_at = cbs.clock.monotonic() + 25
    out = cbs.run(source, wait=True)
    assert (out.copy()["action"], out.copy()["snapshot_id"]) == ("adopted", copy.id) and not out["changed"]
    assert len(cbs.copies()) == 1 and not copy.tags


def test_another_runs_copy_that_never_shows_is_reported_at_the_deadline(cbs):
    source = cbs.snapshot()
    cbs.create_foreign_copy(source, seconds=1000).visible_at = cbs.clock.monotonic() + 1000
    out = cbs.run(source, wait=True, wait_timeout=60)
    failure = out.failure()
    assert (failure["kind"], failure["code"]) == ("busy", "ResourceInUse.CopySnapshotConflict") and failure["hint"]


def test_a_call_that_conflicts_as_a_whole_is_made_for_each_destination(cbs):
    source = cbs.snapshot()
    cbs.refuse("CopySnapshotCrossRegions", "ResourceInUse.CopySnapshotConflict", times=1)
    out = cbs.run(source, destination_regions=["ap-beijing", "ap-shanghai"], wait=True)
    assert out["counts"]["created"] == 2 and cbs.calls["CopySnapshotCrossRegions"] == 3


def test_a_copy_made_after_somebody_elses_has_failed_counts_as_created(cbs):
    source = cbs.snapshot()
    cbs.create_foreign_copy(source, seconds=20, failure="no").visible_at = cbs.clock.monotonic() + 1000
    out = cbs.run(source, wait=True)
    assert out.copy()["action"] == "created" and out["changed"]


def test_our_own_lost_call_that_conflicts_later_counts_as_created(cbs):
    source = cbs.snapshot()
    cbs.settings(visible_after=14.0, copy_seconds=100.0)
    cbs.set_faults({"action": "CopySnapshotCrossRegions", "fault": "lose_answer", "nth": [1]})
    out = cbs.run(source, wait=True)
    assert out.copy()["action"] == "created" and out["changed"] and len(cbs.copies()) == 1


# -- retention -------------------------------------------------------------------------------------------


def test_an_expiry_is_set_once_on_a_complete_copy(cbs):
    source = cbs.snapshot()
    cbs.settings(copy_seconds=60.0)
    out = cbs.run(source, retention_days=30, wait=True)
    copy = cbs.copies()[0]
    assert not out.failed and copy.deadline == copy.created + timedelta(days=30)
    assert cbs.calls["ModifySnapshotAttribute"] == 1
    assert not cbs.run(source, retention_days=60)["changed"] and copy.deadline == copy.created + timedelta(days=30)


def test_a_run_that_does_not_wait_leaves_the_expiry_to_the_next_run_and_warns(cbs):
    source = cbs.snapshot()
    out = cbs.run(source, retention_days=30)
    assert "next run" in str(out["warnings"]) and cbs.copies()[0].deadline is None
    cbs.clock.sleep(10)
    out = cbs.run(source, retention_days=30)
    assert out.copy()["action"] == "updated" and cbs.copies()[0].deadline


def test_an_expiry_that_is_near_or_past_is_not_set(cbs):
    source, foreign = cbs.snapshot(), cbs.snapshot()
    copy, other = cbs.create_our_copy(source), cbs.create_foreign_copy(foreign)
    copy.created -= timedelta(days=29, hours=1)
    out = cbs.run(source, foreign, retention_days=30)
    assert not out["changed"] and copy.deadline is None and other.deadline is None
    assert "less than a day ahead" in str(out["warnings"]) and copy.id in str(out["warnings"])


def test_an_expiry_of_one_day_is_never_set_and_the_warning_says_so(cbs):
    out = cbs.run(cbs.snapshot(), retention_days=1, wait=True)
    assert (
        not out.failed
        and "with retention_days: 1 it always is" in str(out["warnings"])
        and not cbs.copies()[0].deadline
    )


def test_a_copy_that_the_rate_of_calls_left_no_time_for_was_not_retried(cbs):
    sources = [cbs.snapshot() for _number in range(50)]
    out = cbs.run(*sources, wait_timeout=1, max_in_flight=100)
    late = [failure for failure in out["failures"] if failure["snapshot_id"] is None]
    assert late and {failure["kind"] for failure in late} == {"timeout"}, out.text
    assert all("could not be started within wait_timeout" in failure["message"] for failure in late)


def test_an_ordinary_snapshot_with_our_tags_gets_no_expiry(cbs):
    source = cbs.snapshot()
    stray = cbs.get(cbs.snapshot(region="ap-beijing"), "ap-beijing")
    stray.tags.update({"dr-copy:source-snapshot-id": source, "dr-copy:source-region": "ap-guangzhou"})
    cbs.run(source, retention_days=30)
    assert stray.deadline is None


def test_a_name_of_ones_own_is_remembered_while_tags_show_late(cbs):
    source = cbs.snapshot()
    cbs.settings(tags_visible_after=6.0)
    cbs.run(source, name="dr-{snapshot_id}", retention_days=30, wait=True)
    assert cbs.copies()[0].deadline


def test_check_mode_predicts_the_expiry_of_a_copy_in_progress(cbs):
    source = cbs.snapshot()
    cbs.create_our_copy(source, seconds=30)
    predicted = cbs.run(source, retention_days=9, wait=True, check=True)
    assert predicted["changed"] and cbs.run(source, retention_days=9, wait=True)["changed"]
    assert not cbs.run(source, retention_days=9, wait=True, check=True)["changed"]


def test_answers_have_chinas_times_and_requests_name_the_zone():
    moment = datetime(2026, 11, 20, 20, 30, tzinfo=timezone.utc)
    assert parse_cbs_time("2026-11-21 04:30:00") == moment and deadline_text(moment) == "2026-11-20T20:30:00+00:00"
    assert parse_cbs_time("") is parse_cbs_time(None) is parse_cbs_time("soon") is None
    assert parse_cbs_time("0001-01-01 00:00:00") is None


def test_a_time_in_the_future_is_warned_of(cbs):
    source = cbs.snapshot(age_hours=0)
    cbs.create_our_copy(source)
    assert "warnings" not in cbs.run(source).result
    cbs.settings(zone_hours=9)
    assert "in the future" in str(cbs.run(source)["warnings"])
    assert "in the future" in str(cbs.info("ap-beijing")["warnings"])


# -- killed in between -----------------------------------------------------------------------------------


class ProcessKilled(BaseException):
    """The process was killed."""


@pytest.mark.parametrize("before", ["change_tags", "set_expiry"])
def test_the_next_run_completes_a_copy_whose_run_was_killed(cbs, monkeypatch, before):
    source = cbs.snapshot(env="prod")
    options = {"tags": {"team": "dr"}, "copy_tags": True, "retention_days": 30, "wait": True}

    def killed(*_arguments):
        raise ProcessKilled

    with monkeypatch.context() as patched, pytest.raises(ProcessKilled):
        patched.setattr(cbs.adapter, before, killed)
        cbs.run(source, **options)
    copy = cbs.copies()[0]
    assert bool(copy.tags) is (before == "set_expiry") and copy.deadline is None
    cbs.clock.sleep(10)
    out = cbs.run(source, **options)
    assert out.copy()["action"] == "updated" and len(cbs.copies()) == 1
    assert set(copy.tags) == {"team", "env", *PROVENANCE} and copy.deadline
    assert not cbs.run(source, **options)["changed"]


# -- deleting --------------------------------------------------------------------------------------------


def test_a_copy_that_cannot_be_deleted_does_not_stop_the_others(cbs):
    sources = [cbs.snapshot() for _n in range(5)]
    copies = [cbs.create_our_copy(source) for source in sources]
    cbs.settings(in_use=[copies[2].id])
    out = cbs.run(*sources, state="absent")
    failure = out.failure()
    assert (failure["snapshot_id"], failure["code"]) == (copies[2].id, "UnsupportedOperation.SnapshotHasBindedImage")
    assert out["counts"]["deleted"] == 4 and [c.id for c in cbs.copies()] == [copies[2].id]


@pytest.mark.parametrize("times", [1, 8])
def test_a_busy_copy_is_waited_for_and_does_not_delay_the_others(cbs, monkeypatch, times):
    sources = [cbs.snapshot() for _n in range(5)]
    busy = [cbs.create_our_copy(source) for source in sources][2]
    delete, refused, done = cbs.server.DeleteSnapshots, [], []

    def refusing(given, region):
        if busy.id in given["SnapshotIds"] and (len(given["SnapshotIds"]) > 1 or len(refused) < times):
            refused.append(given["SnapshotIds"])
            raise ApiError("ResourceInUse.DiskRollbacking", "The snapshot is being rolled back.")
        done.append((given["SnapshotIds"], cbs.clock.monotonic()))
        return delete(given, region)

    monkeypatch.setattr(cbs.server, "DeleteSnapshots", refusing)
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, state="absent")
    assert not out.failed and out["counts"]["deleted"] == 5 and not cbs.copies()
    assert all(at - started < 2 for ids, at in done if ids != [busy.id])


def test_a_batch_is_one_call(cbs):
    sources = cbs.create_copied_snapshots(20)
    assert cbs.run(*sources, state="absent")["counts"]["deleted"] == 20 and cbs.calls["DeleteSnapshots"] == 1


# -- bad input, pace, size -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"name": "n" * 61}, "name"),
        ({"tags": {"k": ""}}, "'k'"),
        ({"tags": {"k": None}}, "'k'"),
        ({"tags": {"qcs:x": "1"}}, "qcs:x"),
        ({"tags": {"project": "1"}}, "project"),
        ({"tags": {"k" * 128: "1"}}, "127"),
        ({"tags": {"k": "v" * 256}}, "255"),
        ({"tags": {"k": "a|b"}}, "'k'"),
        ({"tags": {" k": "v"}}, "' k'"),
        ({"tags": {f"k{n}": "v" for n in range(47)}}, "46"),
        ({"retention_days": 0}, "retention_days"),
        ({"destination_regions": ["ap-guangzhou"]}, "source region"),
        ({"destination_regions": ["Beijing"]}, "Beijing"),
        ({"snapshot_ids": ["snap-0123456789abcdef0"]}, "snap-0123456789abcdef0"),
        ({"snapshot_ids": ["snap-ABCDEFGH"]}, "snap-ABCDEFGH"),
    ],
)
def test_bad_input_is_named_and_nothing_called(cbs, options, word):
    out = cbs.run(cbs.snapshot(), **options)
    assert out.failed and word in out["msg"] and not cbs.calls


def test_the_services_calls_a_second_are_kept_to(cbs):
    sources = [cbs.snapshot() for _n in range(100)]
    cbs.settings(rate_limit=20)
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, wait=True, max_in_flight=100)
    assert not out.failed and cbs.calls["CopySnapshotCrossRegions"] == cbs.calls["TagResources"] == 100
    assert max(c.started for c in cbs.copies()) - started <= 6


def test_pacing_sends_no_write_after_the_deadline(cbs):
    out = cbs.run(*[cbs.snapshot() for _n in range(45)], wait_timeout=1, max_in_flight=100)
    assert out.failed and cbs.calls["CopySnapshotCrossRegions"] == 20
    assert {f["kind"] for f in out["failures"]} <= {"busy", "timeout"}


def test_no_copy_is_started_after_the_deadline_if_the_service_is_slow(cbs):
    source = cbs.snapshot()
    cbs.settings(latency=2.0)
    cbs.refuse("CopySnapshotCrossRegions", "InvalidParameterValue", times=1)
    started = cbs.clock.monotonic()
    regions = sorted({*REGIONS} - {cbs.source})[:10]
    cbs.run(source, destination_regions=regions, wait_timeout=30)
    assert max(c.started for region in regions for c in cbs.copies(region)) - started <= 32


def test_expired_credentials_are_not_tried_for_each_destination(cbs):
    cbs.set_faults({"action": "CopySnapshotCrossRegions", "fault": "expire"})
    cbs.run(cbs.snapshot(), destination_regions=["ap-beijing", "ap-shanghai", "ap-chengdu"])
    assert cbs.calls["CopySnapshotCrossRegions"] == 1


def test_an_id_that_makes_the_service_refuse_them_all_is_left_out(cbs):
    good = cbs.snapshot()
    cbs.refuse("DescribeSnapshots", "InvalidSnapshotId.NotFound", nth=[2])
    out = cbs.run(good, cbs.unknown_id, wait=True)
    assert [r["state"] for r in out["copies"]] == ["completed", "absent"] and out.failure()["kind"] == "not_found"


def test_a_listing_that_changes_meanwhile_hides_no_copy(cbs, monkeypatch):
    for _n in range(150):
        cbs.snapshot(region="ap-beijing")
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source)
    serve = cbs.server.DescribeSnapshots
    seen = []

    def changing(given, region):
        answer = serve(given, region)
        if given.get("Offset") == 0 and region == "ap-beijing" and not seen:
            seen.append(cbs.snapshot(region="ap-beijing", age_hours=9))
        return answer

    monkeypatch.setattr(cbs.server, "DescribeSnapshots", changing, raising=False)
    assert cbs.run(source).copy()["snapshot_id"] == copy.id and cbs.calls["DescribeSnapshots"] == 2


# -- what takes effect later -----------------------------------------------------------------------------


def test_the_simulator_shows_a_deleted_copy_for_a_while(cbs):
    copy = cbs.create_our_copy(cbs.snapshot())
    cbs.settings(deletes_after=40.0)
    assert not cbs.run(copy.source_id, state="absent").failed
    assert [s["snapshot_id"] for s in cbs.info("ap-beijing")["snapshots"]] == [copy.id]
    cbs.clock.sleep(41)
    assert not cbs.info("ap-beijing")["snapshots"] and not cbs.copies()


def test_a_deleted_copy_is_looked_for_until_it_is_gone(cbs):
    sources = cbs.create_copied_snapshots(3)
    cbs.settings(deletes_after=40.0)
    started = cbs.clock.monotonic()
    out = cbs.run(*sources, state="absent", wait=True)
    assert not out.failed and out["counts"]["deleted"] == 3 and not cbs.copies()
    assert 40 <= cbs.clock.monotonic() - started < 80 and cbs.calls["DeleteSnapshots"] == 1


def test_a_copy_that_does_not_go_by_the_deadline_is_reported(cbs):
    copy = cbs.create_our_copy(cbs.snapshot())
    cbs.settings(deletes_after=4000.0)
    failure = cbs.run(copy.source_id, state="absent", wait=True, wait_timeout=60).failure()
    assert failure["kind"] == "timeout" and failure["snapshot_id"] == copy.id and failure["hint"]


def test_tags_that_show_very_late_are_waited_for_until_the_deadline(cbs):
    source = cbs.snapshot()
    cbs.settings(tags_visible_after=600.0)
    out = cbs.run(source, tags={"team": "dr"}, wait=True)
    assert not out.failed and out.copy()["tags"]["team"] == "dr" and cbs.calls["TagResources"] == 1


# -- snapshots with traits -------------------------------------------------------------------------------


def test_an_instant_snapshot_is_copied_and_reported(cbs):
    source = cbs.snapshot()
    cbs.get(source).mode = "INSTANT_SNAPSHOT"
    out = cbs.run(source, wait=True)
    assert not out.failed and source in str(out["warnings"]) and "instant" in str(out["warnings"])
    assert "warnings" not in cbs.run(cbs.snapshot(), wait=True).result


@pytest.mark.parametrize(
    ("facts", "trait"),
    [
        ({"usage": "SYSTEM_DISK"}, "system_disk"),
        ({"locked": True}, "locked"),
        ({"mode": "INSTANT_SNAPSHOT"}, "instant"),
    ],
)
def test_the_traits_of_a_snapshot_are_shown(cbs, facts, trait):
    vars(cbs.get(cbs.snapshot())).update(facts)
    (row,) = cbs.info(cbs.source)["snapshots"]
    assert row["traits"] == [trait] and row["obstacle"] is None


@pytest.mark.parametrize("protect", [{"tags": {"dr-copy:hold": ""}}, {"locked": True}])
def test_a_held_copy_gets_no_expiry(cbs, protect):
    """The cloud would delete it then, and no tag stops the cloud (promises: held)."""
    source = cbs.snapshot()
    copy = cbs.create_our_copy(source)
    if "tags" in protect:
        copy.tags.update(protect["tags"])
    else:
        copy.locked = True
    out = cbs.run(source, retention_days=30, wait=True)
    assert not out.failed and copy.deadline is None and not cbs.calls["ModifySnapshotAttribute"]
    assert not cbs.run(source, retention_days=30, check=True)["changed"]
