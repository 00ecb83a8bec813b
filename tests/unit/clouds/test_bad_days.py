# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad days on each cloud: the promises for all, and what can happen on only one of them."""

from __future__ import annotations

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._core import errors
from botocore.auth import SigV4Auth

from tests.simulator.aws import ec2
from tests.simulator.tencent import service as tencent
from tests.unit.contracts.bad_days import (
    BadDaysContract,
    FailedCopies,
    HeldCopies,
    PagedListings,
    TaggedCopies,
    copies_of,
    create_rival,
    failed_ids,
    for_first_calls,
    ids,
    inject_error,
    wrong_rows,
)

#: How long (seconds) the copies of others keep a disk busy.
LONG_COPY = 600
STILL_EXPIRED = "Credentials were refreshed, but the refreshed credentials are still expired."


@pytest.mark.slow  # a call of the simulated EC2 takes 10 ms, on the others 3
class TestEbs(TaggedCopies, FailedCopies, HeldCopies, BadDaysContract):
    on = "ebs"

    def test_an_unexpected_error_of_one_of_several_calls_at_once_loses_no_other(self, cloud, monkeypatch):
        """Botocore raises RuntimeError if a refreshed session is still expired; here in one of four calls.

        See promises: all-are-tried.
        """
        sources = [cloud.snapshot(age_hours=50 - n) for n in range(9)]
        cloud.settings(copy_seconds=60.0)
        asked, real = [], SigV4Auth.add_auth

        def add_auth(self, request):
            if "CopySnapshot" in str(request.data):
                asked.append(request)
                if len(asked) == 4:
                    raise RuntimeError(STILL_EXPIRED)
            return real(self, request)

        monkeypatch.setattr(SigV4Auth, "add_auth", add_auth)
        out = cloud.run(*sources, wait=True)
        assert not out.failed, out["msg"]
        assert [len(copies_of(cloud, source)) for source in sources] == [1] * 9
        assert out["counts"]["created"] == out["counts"]["completed"] == 9 and not wrong_rows(cloud, out)

    def test_a_session_that_ends_in_the_middle_is_reported_with_what_was_done(self, cloud, monkeypatch):
        """The copies that were started are reported in their last seen state (promises: all-are-tried, timeout)."""
        sources, started = [cloud.snapshot(age_hours=50 - n) for n in range(5)], cloud.clock.monotonic()
        cloud.settings(copy_seconds=60.0)
        real = SigV4Auth.add_auth

        def add_auth(self, request):
            if cloud.clock.monotonic() > started + 10:
                raise RuntimeError(STILL_EXPIRED)
            return real(self, request)

        monkeypatch.setattr(SigV4Auth, "add_auth", add_auth)
        out = cloud.run(*sources, wait=True, wait_timeout=300)
        assert out.failed and out["changed"] and out["counts"]["created"] == 5
        assert {row["snapshot_id"] for row in out["copies"]} == ids(cloud.copies()) == failed_ids(out)
        assert all("still expired" in failure["message"] for failure in out["failures"])
        assert {row["state"] for row in out["copies"]} == {"pending"} and len(out["failures"]) == 5

    def test_an_unexpected_error_of_counting_what_is_in_progress_stops_nothing(self, cloud, monkeypatch):
        """An invalid item in that list ends one call (promises: all-are-tried)."""
        sources = [cloud.snapshot(age_hours=9 - n) for n in range(3)]
        cloud.settings(copy_seconds=60.0)
        inject_error(monkeypatch, cloud.adapter, "list_in_progress", KeyError("State"), for_first_calls(3))
        out = cloud.run(*sources, wait=True, max_in_flight=1)
        assert not out.failed, out["msg"]
        assert len(cloud.copies()) == out["counts"]["completed"] == 3 and not wrong_rows(cloud, out)

    def test_credentials_that_end_in_one_of_several_calls_leave_no_mark_on_a_lost_one(self, cloud, monkeypatch):
        """A row that is complete has no error of the copy itself (promises: all-are-tried)."""
        sources = [cloud.snapshot(age_hours=50 - n) for n in range(6)]
        cloud.settings(copy_seconds=20.0)
        real = cloud.adapter.begin_one

        def begin_one(self, order):
            number = sources.index(order.request.snapshot_id)
            if number == 1:
                raise errors.Credentials("The request has expired", code="RequestExpired")
            answer = real(self, order)
            if number == 2:
                raise errors.Ambiguous("The answer was lost")
            return answer

        monkeypatch.setattr(cloud.adapter, "begin_one", begin_one)
        out = cloud.run(*sources, wait=True, wait_timeout=300)
        assert out.failed and not wrong_rows(cloud, out)
        assert out["copies"][2]["snapshot_id"] == copies_of(cloud, sources[2])[0].id
        assert out["copies"][2]["state"] == "completed" and out["copies"][2]["action"] == "created"
        assert sources[2] not in {failure["source_snapshot_id"] for failure in out["failures"]}

    def test_another_runs_copy_with_a_key_of_its_own_is_no_duplicate(self, cloud):
        """Duplicates have equal encryption and key, even those that appear meanwhile (promises: counting-order)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        cloud.settings(copy_seconds=60.0)
        key = f"arn:aws:kms:{cloud.destination}:{ec2.ACCOUNT}:key/11111111-1111-1111-1111-111111111111"
        planted = []
        facts = {"seconds": 60, "encrypted": True, "kms_key_id": key}
        cloud.at(started + 1.2, lambda: planted.append(cloud.create_our_copy(source, **facts)))
        out = cloud.run(source, wait=True)
        assert not out.failed and out["duplicates"] == []
        assert ids(cloud.copies()) == {out["snapshot_id"], planted[0].id} and not wrong_rows(cloud, out)

    @pytest.mark.parametrize("volume", ["vol-0123456789abcdef0", "vol-ffffffff0"])
    def test_an_ordinary_snapshot_with_our_tags_is_no_copy_and_is_not_deleted(self, cloud, monkeypatch, volume):
        """The volume ID identifies a copy; every snapshot has a TransferType (promises: deleting)."""
        source = cloud.snapshot()
        ordinary = _with_our_tags(cloud, source)
        real = ec2.shown

        def shown(snapshot, tags):
            known = {"TransferType": "standard", **real(snapshot, tags)}
            return {**known, "VolumeId": volume} if snapshot.id == ordinary else known

        monkeypatch.setattr(ec2, "shown", shown)
        _check_that_it_is_no_copy(cloud, ordinary, source)

    def test_a_failed_snapshot_that_is_no_copy_is_not_deleted_for_a_new_one(self, cloud):
        """replace_failed deletes only what may be deleted (promises: failed-copies, deleting)."""
        source = cloud.snapshot()
        ordinary = _with_our_tags(cloud, source)
        cloud.get(ordinary, cloud.destination).status = "error"
        out = cloud.run(source, wait=True)
        assert not out.failed and out["counts"]["deleted"] == 0 and not wrong_rows(cloud, out)
        assert ordinary in ids(cloud.all_snapshots(cloud.destination)) and ids(cloud.copies()) == {out["snapshot_id"]}

    @pytest.mark.parametrize("volume", ["vol-ffff", "vol-ffffffff", "vol-ffffffffffffffff"])
    def test_a_copy_is_recognized_by_a_volume_of_fs_alone(self, cloud, monkeypatch, volume):
        """AWS writes that ID in several lengths (promises: deleting)."""
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source)
        real = ec2.shown

        def shown(snapshot, tags):
            facts = {**real(snapshot, tags)}
            facts.pop("TransferType", None)
            return {**facts, "VolumeId": volume} if snapshot.id == copy.id else facts

        monkeypatch.setattr(ec2, "shown", shown)
        assert cloud.run(source)["snapshot_id"] == copy.id
        out = cloud.run(source, state="absent")
        assert not out.failed and not cloud.copies()


class TestEcs(TaggedCopies, FailedCopies, HeldCopies, BadDaysContract):
    on = "ecs"

    def test_disks_that_others_keep_busy_cost_one_refused_call_a_disk_and_minute(self, cloud):
        """The run waits if a disk has an unfinished copy, with few calls, and continues with other disks.

        See promises: quota.
        """
        busy, free = [cloud.disk() for _n in range(40)], [cloud.disk() for _n in range(5)]
        for disk in busy:
            cloud.create_foreign_copy(cloud.snapshot(disk, age_hours=60), seconds=LONG_COPY)
        started = cloud.clock.monotonic()
        sources = [cloud.snapshot(disk, age_hours=10) for disk in busy]
        others = [cloud.snapshot(disk) for disk in free]
        cloud.settings(copy_seconds=60.0, quota=1000)
        out = cloud.run(*sources, *others, wait=True, max_in_flight=100)
        assert not out.failed and out["counts"]["completed"] == 45 and not wrong_rows(cloud, out)
        assert all(cloud.started_at(copies_of(cloud, source)[0]) < started + 30 for source in others)
        assert cloud.calls[cloud.copy_action] - 45 <= 40 * (LONG_COPY / 60 + 1)
        assert cloud.clock.monotonic() - started < LONG_COPY + 60 + 90

    def test_many_snapshots_of_few_disks_cost_few_calls(self, cloud):
        """A disk has one unfinished copy at a time, which this run knows without a call (promises: quota)."""
        disks = [cloud.disk() for _n in range(3)]
        sources = [cloud.snapshot(disks[n % 3], age_hours=n + 1) for n in range(30)]
        cloud.settings(copy_seconds=30.0)
        started = cloud.clock.monotonic()
        out = cloud.run(*sources, wait=True)
        assert not out.failed and len(cloud.copies()) == 30 and cloud.calls[cloud.copy_action] <= 33
        assert cloud.clock.monotonic() - started < 10 * 30 * 1.5 and not wrong_rows(cloud, out)

    def test_the_last_copy_is_not_deleted_on_the_first_page_of_a_long_listing(self, cloud):
        """A copy and its survivor were seen within 15 seconds, however long a listing takes (promises: fresh-look)."""
        source = cloud.snapshot()
        older = cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        last = cloud.create_our_copy(source)
        cloud.clock.sleep(5)
        for _n in range(300):
            cloud.snapshot(region=cloud.destination, age_hours=0)
        cloud.settings(latency=6.0)
        cloud.at(cloud.clock.monotonic() + 8, lambda: cloud.forget(older.id, cloud.destination))
        out = cloud.run(source, remove_duplicates=True)
        assert ids(cloud.copies()) == {last.id}
        assert not out.failed and out["snapshot_id"] == last.id and not out["changed"] and not wrong_rows(cloud, out)

    @pytest.mark.parametrize(
        "shown", ["key-bjj62f2e1f0abcdefghij", "acs:kms:cn-beijing:123456:key/key-bjj62f2e1f0abcdefghij"]
    )
    @pytest.mark.parametrize(
        "asked", ["key-bjj62f2e1f0abcdefghij", "acs:kms:cn-beijing:123456:key/key-bjj62f2e1f0abcdefghij"]
    )
    def test_a_key_is_the_same_as_an_arn_and_as_a_bare_id(self, cloud, asked, shown):
        """Key IDs are compared with the last part of an ARN (promises: mismatch)."""
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source)
        copy.encrypted, copy.kms_key_id = True, shown
        out = cloud.run(source, encrypted=True, kms_key_id=asked, wait=True)
        assert not out.failed, out["msg"]
        assert ids(cloud.copies()) == {copy.id} == {out["snapshot_id"]}

    @pytest.mark.parametrize(
        "asked", ["key-bjj62f2e1f0000000other", "acs:kms:cn-beijing:123456:key/key-bjj62f2e1f0000000other"]
    )
    def test_another_key_is_a_mismatch(self, cloud, asked):
        """Without replace_mismatched no other copy is made (promises: mismatch)."""
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source)
        copy.encrypted, copy.kms_key_id = True, "key-bjj62f2e1f0abcdefghij"
        out = cloud.run(source, encrypted=True, kms_key_id=asked, wait=True)
        assert out.failed and out.failure()["kind"] == "mismatch" and "replace_mismatched" in out.failure()["hint"]
        assert ids(cloud.copies()) == {copy.id} == failed_ids(out)


class TestEns(FailedCopies, PagedListings, BadDaysContract):
    on = "ens"
    page_size = 50

    # -- a snapshot that is being deleted is no copy (api-facts: ens-states) ------------------------------------

    def test_a_copy_that_is_being_deleted_does_not_count(self, cloud):
        """It counts as gone, so a new copy is made (promises: idempotent)."""
        source = cloud.snapshot()
        deleting = cloud.create_our_copy(source)
        deleting.forced_state = "deleting"
        out = cloud.run(source, wait=True)
        row = out.copy()
        assert not out.failed and (row["action"], row["state"]) == ("created", "completed") and out["changed"]
        assert ids(cloud.copies()) - {deleting.id} == {row["snapshot_id"]} and not wrong_rows(cloud, out)

    def test_a_copy_that_turns_deleting_while_it_is_waited_for_has_failed(self, cloud):
        """The deletion is reported at once, and this run makes no other copy (promises: failed-copies)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        cloud.settings(copy_seconds=60.0)
        cloud.at(started + 20, lambda: setattr(cloud.copies()[0], "forced_state", "deleting"))
        out = cloud.run(source, wait=True)
        copy = cloud.copies()[0]
        assert out.failed and out.failure()["kind"] == "failed_copy" and out.failure()["snapshot_id"] == copy.id
        assert "delet" in out.failure()["message"] and out.copy()["state"] != "completed"
        assert cloud.calls[cloud.copy_action] == 1 and cloud.clock.monotonic() - started < 60

    def test_a_copy_that_is_being_deleted_is_not_deleted_again(self, cloud):
        """A copy that counts as gone needs no call (promises: deleting)."""
        source = cloud.snapshot()
        cloud.create_our_copy(source).forced_state = "deleting"
        for options in ({"check": True}, {}, {"wait": True}):
            out = cloud.run(source, state="absent", **options)
            assert not out.failed and not out["changed"] and out["counts"]["deleted"] == 0, options
        assert cloud.calls[cloud.delete_action] == 0

    def test_a_copy_that_is_being_deleted_is_no_duplicate(self, cloud):
        """It is neither reported nor deleted in addition to the one that counts (promises: counting-order)."""
        source = cloud.snapshot()
        deleting = cloud.create_our_copy(source)
        deleting.forced_state = "deleting"
        cloud.clock.sleep(5)
        good = cloud.create_our_copy(source)
        out = cloud.run(source, wait=True, remove_duplicates=True)
        assert not out.failed and not out["changed"] and out["duplicates"] == []
        assert out["snapshot_id"] == good.id and cloud.calls[cloud.delete_action] == 0 and not wrong_rows(cloud, out)

    # -- nodes --------------------------------------------------------------------------------------------------

    def test_an_own_copy_that_is_gone_at_the_deadline_is_not_reported_as_complete(self, cloud):
        """The run follows it while an earlier copy is in progress; what no look shows is unknown (promises: unseen)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        cloud.settings(copy_seconds=30.0)
        rival = create_rival(cloud, source, seconds=3600)

        def forget():
            (mine,) = [copy for copy in cloud.copies() if copy.id != rival.id]
            cloud.forget(mine.id, cloud.destination)

        cloud.at(started + 70, forget)
        out = cloud.run(source, wait=True, wait_timeout=110)
        assert out.failed and out.failure()["kind"] == "timeout" and out.copy()["state"] == "pending", out.result


class TestCbs(TaggedCopies, PagedListings, BadDaysContract):
    on = "cbs"
    page_size = 100

    @pytest.mark.parametrize("lag", [20.0, 500.0])
    def test_tags_that_show_late_are_waited_for(self, cloud, lag):
        """The run waits until wait_timeout; the copy takes longer anyway (promises: provenance)."""
        source = cloud.snapshot()
        cloud.settings(copy_seconds=600.0, tags_visible_after=lag)
        out = cloud.run(source, wait=True)
        assert not out.failed, out["msg"]
        assert cloud.tags_of(cloud.copies()[0])["dr-copy:source-snapshot-id"] == source and not wrong_rows(cloud, out)
        assert out.copy()["tags"] == cloud.tags_of(cloud.copies()[0])

    def test_tags_that_never_show_fail_at_the_end_of_the_time(self, cloud):
        """The copy is good, and the failure says what is missing (promises: timeout, provenance)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        cloud.settings(deaf_tags=True)
        out = cloud.run(source, wait=True, wait_timeout=300)
        assert out.failed and out.failure()["snapshot_id"] == cloud.copies()[0].id and "tags" in out["msg"]
        assert out.copy()["state"] == "completed" and not wrong_rows(cloud, out)
        assert 280 <= cloud.clock.monotonic() - started <= 310

    def test_a_busy_destination_that_refuses_the_whole_call_delays_no_other(self, cloud, monkeypatch):
        """The service may not say which one is busy, so each gets its own call (promises: all-are-tried)."""
        source, real = cloud.snapshot(), cloud.server._result
        cloud.create_foreign_copy(cloud.snapshot(), seconds=LONG_COPY)
        cloud.settings(quota=1)

        def result(source, region, name):
            answer = real(source, region, name)
            if answer["Code"] == "ResourceBusy":
                raise tencent.ApiError(answer["Code"], answer["Message"])
            return answer

        monkeypatch.setattr(cloud.server, "_result", result)
        regions = [cloud.destination, cloud.other_destination]
        out = cloud.run(source, destination_regions=regions, wait=True, wait_timeout=120)
        assert len(cloud.copies(cloud.other_destination)) == 1
        assert out.failure()["region"] == cloud.destination and out.failure()["kind"] == "busy"

    def test_each_copy_that_is_not_deleted_in_time_is_reported(self, cloud):
        """A copy that is refused for good does not hide those for which the run waited (promises: timeout)."""
        source = cloud.snapshot()
        refused, pending = cloud.create_our_copy(source), cloud.create_our_copy(source, seconds=LONG_COPY)
        cloud.settings(denied=[cloud.delete_action])
        out = cloud.run(source, state="absent", wait=True, wait_timeout=60)
        assert failed_ids(out) == {refused.id, pending.id}, out["failures"]

    def test_a_deletion_that_is_not_waited_for_returns_at_once(self, cloud):
        """Without wait, a deletion is done once the service has accepted it (promises: deleting)."""
        source, started = cloud.snapshot(), cloud.clock.monotonic()
        cloud.create_our_copy(source)
        cloud.settings(deletes_after=40.0)
        out = cloud.run(source, state="absent")
        assert not out.failed and out["counts"]["deleted"] == 1 and cloud.clock.monotonic() - started < 10

    def test_an_ordinary_snapshot_with_our_tags_is_no_copy_and_is_not_deleted(self, cloud):
        """CopyFromRemote identifies a copy (promises: deleting)."""
        source = cloud.snapshot()
        _check_that_it_is_no_copy(cloud, _with_our_tags(cloud, source), source)


def _with_our_tags(cloud, source):
    """Take a snapshot in the destination and give it the provenance tags of a copy."""
    tags = {"dr-copy:source-snapshot-id": source, "dr-copy:source-region": cloud.source}
    return cloud.snapshot(region=cloud.destination, **tags)


def _check_that_it_is_no_copy(cloud, ordinary, source):
    """A run copies the source although this snapshot has its tags, and another one deletes only the copy."""
    out = cloud.run(source, wait=True)
    assert not out.failed and out.copy()["action"] == "created" and out["duplicates"] == []
    assert ids(cloud.copies()) == {out["snapshot_id"]} and out["snapshot_id"] != ordinary
    cloud.run(source, state="absent", wait=True)
    assert not cloud.copies() and ordinary in ids(cloud.all_snapshots(cloud.destination))
