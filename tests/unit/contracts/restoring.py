# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every restore module promises. The test class of a cloud inherits this, and names the fixture of the cloud."""

from __future__ import annotations

import json

import pytest

from tests.unit.contracts.bad_days import with_script
from tests.unit.contracts.copying import OnOneCloud

ROW_KEYS = {
    *("snapshot_id", "region", "zone", "disk_id", "action", "state", "provider_state", "size_gib", "encrypted"),
    *("kms_key_id", "disk_type", "created_at", "seconds", "warm_at", "tags", "error"),
    *("attached_to", "device", "guest_device"),
}
RESULT_KEYS = {"changed", "disks", "failures", "deleted_ids", "counts", "api_calls"}
FAILURE_KEYS = {"snapshot_id", "disk_id", "region", "kind", "code", "message", "request_id", "hint"}


def row_of(out):
    assert len(out["disks"]) == 1, out["disks"]
    return out["disks"][0]


class RestoreContract(OnOneCloud):
    """The promises, each through the module's main() against the simulated cloud on a fake clock."""

    # -- idempotent ------------------------------------------------------------------------------------

    def test_a_disk_is_made_and_waited_for(self, cloud):
        copy = cloud.copy(size=40)
        out = cloud.restore(copy, wait=True, tags={"team": "dr"})
        assert not out.failed and out["changed"], out.text
        row = row_of(out)
        assert set(row) == ROW_KEYS
        assert set(out.result) - {"invocation", "msg", "warnings", "resource_actions"} == {*RESULT_KEYS, "disk_id"}
        (disk,) = cloud.disks()
        assert (row["snapshot_id"], row["region"], row["zone"]) == (copy, cloud.destination, cloud.zone)
        assert row["disk_id"] == out["disk_id"] == disk.id
        assert (row["action"], row["state"], row["size_gib"], row["error"]) == ("created", "available", 40, None)
        assert row["disk_type"] == cloud.disk_type and row["created_at"] and 0 < row["seconds"] < 10
        assert row["tags"] == cloud.tags_of_disk(disk) == {"team": "dr", **cloud.restore_tags_of(copy)}
        assert out["counts"]["created"] == out["counts"]["available"] == 1

    def test_a_run_that_does_not_wait_returns_when_the_cloud_has_accepted(self, cloud):
        cloud.settings(disk_seconds=500.0)
        started = cloud.clock.monotonic()
        out = cloud.restore(cloud.copy(), cloud.copy())
        assert not out.failed and [r["state"] for r in out["disks"]] == ["creating", "creating"]
        assert cloud.clock.monotonic() - started < 10 and out["disks"][0]["seconds"] is None

    def test_a_second_run_changes_nothing(self, cloud):
        copies = [cloud.copy() for _n in range(3)]
        first = cloud.restore(*copies, wait=True)
        before = cloud.calls.copy()
        second = cloud.restore(*copies, wait=True)
        assert not second["changed"] and second["counts"]["unchanged"] == 3
        assert [r["disk_id"] for r in second["disks"]] == [r["disk_id"] for r in first["disks"]]
        assert dict(cloud.calls - before) == {cloud.list_disks_action: 1, **cloud.extra_reads}, (
            "one look is all that it takes"
        )

    def test_a_run_over_three_hundred_disks_that_are_there_takes_few_reads(self, cloud):
        copies = [cloud.copy() for _n in range(300)]
        for copy in copies:
            cloud.plant(copy, cloud.restore_tags_of(copy))
        out = cloud.restore(*copies, wait=True)
        assert not out.failed and not out["changed"] and out["counts"]["available"] == 300
        assert sum(cloud.calls.values()) <= 10, cloud.calls

    def test_a_second_run_needs_no_snapshot_any_more(self, cloud):
        copy = cloud.copy()
        cloud.restore(copy, wait=True)
        cloud.forget(copy, cloud.destination)
        out = cloud.restore(copy, wait=True)
        assert not out.failed and not out["changed"] and row_of(out)["state"] == "available"

    def test_another_name_makes_other_disks(self, cloud):
        copy = cloud.copy()
        one, two = cloud.restore(copy, wait=True), cloud.restore(copy, wait=True, restore_id="flood.2")
        assert one["disk_id"] != two["disk_id"] and len(cloud.disks()) == 2

    def test_rows_come_in_the_order_asked_and_repeats_count_once(self, cloud):
        one, two = cloud.copy(), cloud.copy()
        out = cloud.restore(two, one, two, wait=True)
        assert [r["snapshot_id"] for r in out["disks"]] == [two, one] and "disk_id" not in out.result

    def test_an_empty_list_does_nothing(self, cloud):
        out = cloud.restore()
        assert not out.failed and not out["changed"] and out["disks"] == [] and not cloud.calls

    def test_a_single_id_works_by_each_of_its_names(self, cloud):
        copy = cloud.copy()
        ids = {
            cloud.restore(**{"snapshot_ids": ..., name: copy}, wait=True)["disk_id"]
            for name in ("snapshot_id", "snapshot_ids")
        }
        assert len(ids) == 1

    def test_a_disk_of_somebody_else_is_ignored_and_kept(self, cloud):
        copy = cloud.copy()
        theirs = [cloud.plant(copy, {}), cloud.plant(copy, cloud.restore_tags_of(copy, "another"))]
        out = cloud.restore(copy, wait=True)
        assert row_of(out)["action"] == "created" and out["disk_id"] not in {d.id for d in theirs}
        gone = cloud.restore(copy, state="absent", wait=True)
        assert gone["counts"]["deleted"] == 1 and {d.id for d in cloud.disks()} == {d.id for d in theirs}

    def test_all_calls_go_to_the_region_of_the_copies(self, cloud):
        copies = [cloud.copy() for _n in range(3)]
        called = cloud.record_regions_called()
        assert not cloud.restore(*copies, wait=True).failed
        assert not cloud.restore(*copies, wait=True, state="absent").failed
        assert called <= {cloud.destination, *cloud.central_regions}

    # -- exactly once ----------------------------------------------------------------------------------

    @pytest.mark.many_calls
    @pytest.mark.parametrize("kind", ["lose_answer", "error_after", "broken_answer"])
    def test_a_lost_answer_makes_no_second_disk(self, cloud, kind):
        copies = [cloud.copy() for _n in range(9)]
        cloud.set_faults({"action": cloud.make_action, "fault": kind, "every": 3})
        out = cloud.restore(*copies, wait=True)
        assert not out.failed and len(cloud.disks()) == 9, out.text
        assert out["counts"]["created"] == 9

    def test_a_lost_answer_is_found_though_reads_lag(self, cloud):
        cloud.settings(visible_after=8.0)
        cloud.set_faults({"action": cloud.make_action, "fault": "lose_answer", "nth": [1]})
        out = cloud.restore(cloud.copy(), wait=True)
        assert not out.failed and len(cloud.disks()) == 1 and row_of(out)["action"] == "created"

    def test_a_disk_just_made_that_reads_do_not_show_yet_is_not_lost(self, cloud):
        cloud.settings(visible_after=60.0)
        out = cloud.restore(cloud.copy(), wait=True)
        assert not out.failed and row_of(out)["state"] == "available" and len(cloud.disks()) == 1

    def test_a_call_that_never_arrived_is_made_again_once_the_time_of_doubt_is_over(self, cloud):
        cloud.set_faults({"action": cloud.make_action, "fault": "drop", "nth": [1]})
        started = cloud.clock.monotonic()
        out = cloud.restore(cloud.copy())
        assert not out.failed and len(cloud.disks()) == 1 and cloud.calls[cloud.make_action] == 2
        assert 0 <= cloud.clock.monotonic() - started - cloud.adapter.doubt_seconds < 5

    def test_doubt_at_the_deadline_is_reported_and_nothing_asked_again(self, cloud):
        cloud.set_faults({"action": cloud.make_action, "fault": "drop"})
        out = cloud.restore(cloud.copy(), wait=True, wait_timeout=5)
        assert out.failed and out.failure()["kind"] == "ambiguous" and cloud.calls[cloud.make_action] == 1
        assert "disk" in out["msg"] and "copy" not in out["msg"]

    def test_a_run_after_a_kill_makes_no_second_disk(self, cloud):
        """The first run was killed before it got the answer; reads show nothing for a while."""
        copies = [cloud.copy() for _n in range(4)]
        cloud.settings(visible_after=cloud.lag_after_a_kill, disk_seconds=30.0)
        cloud.set_faults({"action": cloud.make_action, "fault": "lose_answer"})
        assert cloud.restore(*copies, wait_timeout=2).failed and len(cloud.disks()) == 4
        cloud.set_faults()
        cloud.clock.sleep(cloud.pause_after_a_kill)
        out = cloud.restore(*copies, wait=True)
        assert not out.failed and len(cloud.disks()) == 4, out.text

    def test_after_its_deletion_a_disk_can_be_made_again(self, cloud):
        """The same token returns the deleted disk or is refused; then the next token is used."""
        copies = [cloud.copy() for _n in range(3)]
        first = cloud.restore(*copies, wait=True)
        assert not cloud.restore(*copies, wait=True, state="absent").failed
        out = cloud.restore(*copies, wait=True)
        assert not out.failed and out["counts"]["available"] == 3 and len(cloud.disks()) == 3, out.text
        assert not {r["disk_id"] for r in out["disks"]} & {r["disk_id"] for r in first["disks"]}

    def test_a_disk_in_the_making_is_adopted(self, cloud):
        copy = cloud.copy()
        cloud.settings(disk_seconds=60.0)
        first = cloud.restore(copy)
        out = cloud.restore(copy, wait=True)
        assert not out.failed and out["disk_id"] == first["disk_id"] and len(cloud.disks()) == 1
        if cloud.shows_what_is_made:
            assert (row_of(out)["action"], out["changed"]) == ("adopted", False)

    def test_the_disk_that_another_run_made_first_is_the_only_one(self, cloud):
        copy = cloud.copy()
        rival = cloud.plant(copy, cloud.restore_tags_of(copy))
        cloud.hide(rival, seconds=2)
        cloud.clock.sleep(1)
        out = cloud.restore(copy, wait=True)
        assert not out.failed and [d.id for d in cloud.disks()] == [rival.id] == [out["disk_id"]], out.text

    @pytest.mark.parametrize("shown", ["", "another"])
    def test_a_disk_of_this_run_is_recognized_by_its_id_alone(self, cloud, shown):
        def shows(_action, _region):
            for disk in cloud.disks():
                disk.snapshot_id = shown

        with_script(cloud, shows)
        out = cloud.restore(cloud.copy(), wait=True)
        assert not out.failed and row_of(out)["state"] == "available", out.text
        assert cloud.calls[cloud.make_action] == 1

    # -- all are tried, limits are waited out ----------------------------------------------------------

    def test_one_bad_snapshot_does_not_stop_the_others(self, cloud):
        good, unfinished = cloud.copy(), cloud.create_unfinished_copy()
        out = cloud.restore(cloud.unknown_id, unfinished, good, wait=True)
        assert out.failed and [f["kind"] for f in out["failures"]] == ["not_found", "not_ready"]
        assert all(set(f) == FAILURE_KEYS and f["hint"] for f in out["failures"])
        assert [r["state"] for r in out["disks"]] == ["absent", "absent", "available"]
        assert out["disks"][0]["error"] == out["failures"][0]
        assert cloud.unknown_id in out["msg"] and unfinished in out["msg"]
        assert "Check the ID and region," in out["msg"], "this module has no source_region"

    @pytest.mark.many_calls
    def test_the_window_is_never_passed(self, cloud):
        out = cloud.restore(*[cloud.copy() for _n in range(12)], wait=True, max_in_flight=3)
        assert not out.failed and len(cloud.disks()) == 12 and cloud.peak_disks_in_progress() == 3

    @pytest.mark.many_calls
    def test_a_full_disk_quota_is_waited_out(self, cloud):
        cloud.settings(disk_quota=5, disk_seconds=10.0)
        out = cloud.restore(*[cloud.copy() for _n in range(20)], wait=True)
        assert not out.failed and len(cloud.disks()) == 20 and cloud.peak_disks_in_progress() <= 5, out.text

    @pytest.mark.many_calls
    @pytest.mark.parametrize("kind", ["throttle", "drop", "unavailable", "empty_unavailable", "lose_answer"])
    def test_faulty_calls_make_each_disk_once(self, cloud, kind):
        copies = [cloud.copy() for _n in range(20)]
        cloud.set_faults({"fault": kind, "share": 0.3})
        out = cloud.restore(*copies, wait=True, **cloud.quick_reads)
        assert not out.failed and len(cloud.disks()) == 20, out.text
        out = cloud.restore(*copies, wait=True, state="absent", **cloud.quick_reads)
        assert not out.failed and not cloud.disks(), out.text

    @pytest.mark.slow
    def test_two_hundred_disks_take_little_more_time_than_the_quota_asks_for(self, cloud):
        copies = [cloud.copy() for _n in range(200)]
        cloud.settings(disk_seconds=2.0, disk_quota=20)
        started = cloud.clock.monotonic()
        out = cloud.restore(*copies, wait=True, max_in_flight=20)
        assert not out.failed and len(cloud.disks()) == 200 and cloud.calls[cloud.make_action] == 200
        assert cloud.clock.monotonic() - started <= 1.15 * 200 / 20 * 2.0

    def test_a_timeout_loses_nothing(self, cloud):
        copies = [cloud.copy() for _n in range(6)]
        cloud.settings(disk_seconds=50.0)
        out = cloud.restore(*copies, wait=True, wait_timeout=30, max_in_flight=3)
        assert out.failed and {f["kind"] for f in out["failures"]} == {"timeout"}
        assert len(cloud.disks()) == 3 and "copy" not in out["msg"] and "  " not in out["msg"], out["msg"]
        out = cloud.restore(*copies, wait=True)
        assert not out.failed and len(cloud.disks()) == 6

    def test_a_forbidden_call_is_not_repeated(self, cloud):
        cloud.settings(denied=[cloud.make_action])
        out = cloud.restore(*[cloud.copy() for _n in range(3)], wait=True)
        assert out.failed and {f["kind"] for f in out["failures"]} == {"credentials"} and not cloud.disks()
        assert cloud.calls[cloud.make_action] <= 3 and all(f["hint"] for f in out["failures"])

    # -- deleting --------------------------------------------------------------------------------------

    def test_absent_deletes_the_disks_of_this_restore_and_these_snapshots_alone(self, cloud):
        one, two = cloud.copy(), cloud.copy()
        cloud.restore(one, two, wait=True)
        other = cloud.restore(one, wait=True, restore_id="drill")["disk_id"]
        out = cloud.restore(one, state="absent", wait=True, zone=...)
        row = row_of(out)
        assert not out.failed and out["changed"] and (row["action"], row["state"]) == ("deleted", "absent"), out.text
        assert "DescribeLockedSnapshots" not in out["api_calls"], "disks have no locks"
        assert {d.id for d in cloud.disks()} == {other, cloud.restore(two)["disk_id"]}
        again = cloud.restore(one, state="absent", wait=True)
        assert not again["changed"] and row_of(again)["action"] == "none" and row_of(again)["disk_id"] is None

    def test_every_deleted_disk_is_reported_even_a_second_one(self, cloud):
        one, two = cloud.copy(), cloud.copy()
        cloud.restore(one, two, wait=True)
        cloud.plant(one, cloud.restore_tags_of(one))
        there = {d.id for d in cloud.disks()}
        out = cloud.restore(one, two, state="absent", wait=True)
        assert len(there) == 3 and set(out["deleted_ids"]) == there and not cloud.disks(), out.text
        assert cloud.restore(one, two, state="absent", wait=True)["deleted_ids"] == []

    def test_an_attached_disk_is_left_and_named(self, cloud):
        one, two = cloud.copy(), cloud.copy()
        cloud.restore(one, two, wait=True)
        disk = next(d for d in cloud.disks() if cloud.tags_of_disk(d)["dr-restore:snapshot-id"] == one)
        instance = cloud.attach(disk)
        shown = cloud.restore(one, two, wait=True)
        assert [r["state"] for r in shown["disks"]] == ["in_use", "available"] and not shown["changed"]
        out = cloud.restore(one, two, state="absent", wait=True)
        assert out.failed and [d.id for d in cloud.disks()] == [disk.id]
        assert disk.id in out["msg"] and instance in out["msg"] and out.failure()["disk_id"] == disk.id
        assert out["counts"]["deleted"] == 1
        (row,) = [row for row in out["disks"] if row["disk_id"] == disk.id]
        assert (row["state"], row["error"]) == ("in_use", out.failure())

    def test_a_disk_that_was_attached_meanwhile_is_left_too(self, cloud):
        copy = cloud.copy()
        cloud.restore(copy, wait=True)
        (disk,) = cloud.disks()
        code, answer = cloud.in_use_code, {"message": "in use", "status": cloud.status_of_errors}
        cloud.refuse(cloud.delete_disk_action, code, **answer)
        out = cloud.restore(copy, state="absent", wait=True)
        assert out.failure()["code"] == code and out.failure()["hint"] and [d.id for d in cloud.disks()] == [disk.id]

    def test_a_lost_answer_to_a_deletion_is_no_failure(self, cloud):
        copies = [cloud.copy() for _n in range(4)]
        cloud.restore(*copies, wait=True)
        cloud.set_faults({"action": cloud.delete_disk_action, "fault": "lose_answer", "nth": [1, 3]})
        before = cloud.calls[cloud.list_disks_action]
        out = cloud.restore(*copies, state="absent", wait=True)
        assert cloud.calls[cloud.list_disks_action] - before < 60, "the pauses between looks grow"
        assert not out.failed and out["counts"]["deleted"] == 4 and not cloud.disks(), out.text

    # -- check mode, bad input -------------------------------------------------------------------------

    def test_check_mode_writes_nothing_and_predicts_the_run(self, cloud):
        there, missing = cloud.copy(size=40), cloud.copy(size=60)
        cloud.restore(there, wait=True)
        before = len(cloud.disks())
        options = {"wait": True, "diff": True, "tags": {"team": "dr"}}
        predicted = cloud.restore(there, missing, check=True, **options)
        assert not predicted.failed and predicted["changed"] and len(cloud.disks()) == before
        assert [(r["action"], r["state"]) for r in predicted["disks"]] == [
            ("none", "available"),
            ("created", "planned"),
        ]
        planned = predicted["disks"][1]
        assert (planned["zone"], planned["disk_type"]) == (cloud.zone, cloud.disk_type)
        assert planned["size_gib"] == (60 if cloud.shows_sizes else None)
        assert planned["tags"] == {"team": "dr", **cloud.restore_tags_of(missing)} and planned["disk_id"] is None
        real = cloud.restore(there, missing, **options)
        assert [r["action"] for r in real["disks"]] == [r["action"] for r in predicted["disks"]]
        assert len(predicted["diff"]["after"]["disks"]) == len(real["diff"]["after"]["disks"]) == 1
        gone = cloud.restore(there, missing, check=True, state="absent", wait=True)
        assert gone["counts"]["deleted"] == 2 and len(cloud.disks()) == 2

    def test_bad_input_is_reported_in_one_message_before_any_write(self, cloud):
        out = cloud.restore(
            "nonsense", cloud.copy(), restore_id="a b", size_gib=0, expires_after_hours=-1, max_in_flight=0,
            tags={"dr-restore:id": "x"}, kms_key_id="key-of-mine", wait=True,
        )  # fmt: skip
        answer = (
            "nonsense",
            "restore_id",
            "size_gib",
            "expires_after_hours",
            "max_in_flight",
            "dr-restore:id",
            "kms_key_id",
        )
        assert out.failed and all(word in out["msg"] for word in answer), out["msg"]
        assert not cloud.calls[cloud.make_action] and out["disks"] == [] and set(out.failure()) == FAILURE_KEYS

    def test_problems_that_only_the_cloud_shows_are_in_the_same_message(self, cloud):
        zone = {"zone": f"{cloud.destination}-of-dreams"} if cloud.zone else {"disk_type": "of-dreams"}
        big = cloud.copy(size=60)
        out = cloud.restore(big, restore_id="a b", size_gib=50, **zone)
        assert out.failed and "restore_id" in out["msg"] and "of-dreams" in out["msg"] and not cloud.disks()
        assert big in out["msg"] or not cloud.shows_sizes
        cloud.set_faults({"fault": "unavailable"})
        out = cloud.restore(big, restore_id="a b", wait_timeout=5, **cloud.quick_reads)
        assert out.failed and out["msg"].startswith("restore_id"), "a cloud that cannot be asked changes nothing"

    @pytest.mark.parametrize(
        ("option", "value"),
        [("expires_after_hours", 10**9), ("size_gib", 10**9), ("wait_timeout", 0), ("tags", {"k" * 200: "v"})],
    )
    def test_a_value_that_no_cloud_takes_is_refused_by_name(self, cloud, option, value):
        out = cloud.restore(cloud.copy(), **{option: value})
        assert out.failed and option in out["msg"] and "Unexpected" not in out["msg"] and not cloud.disks()

    @pytest.mark.parametrize("name", ["", "-x", ".x", "a b", "a/b", "ä", "x" * 49, "a\n"])
    def test_a_restore_id_of_a_wrong_form_is_refused(self, cloud, name):
        out = cloud.restore(cloud.copy(), restore_id=name)
        assert out.failed and "restore_id" in out["msg"] and not cloud.disks()

    @pytest.mark.parametrize("name", ["x", "0", "x" * 48, "Flood.2026-11_a"])
    def test_a_restore_id_of_a_right_form_is_taken(self, cloud, name):
        copy = cloud.copy()
        out = cloud.restore(copy, restore_id=name, wait=True)
        assert not out.failed and cloud.tags_of_disk(cloud.disks()[0]) == cloud.restore_tags_of(copy, name), out.text

    def test_a_size_below_a_snapshots_is_refused_before_any_write(self, cloud):
        small, big = cloud.copy(size=40), cloud.copy(size=60)
        for check in (True, False):
            out = cloud.restore(small, big, size_gib=50, wait=True, check=check)
            assert out.failed and "size_gib" in out["msg"] and big in out["msg"] and small not in out["msg"]
            assert not cloud.disks() and not cloud.calls[cloud.make_action]

    def test_a_snapshot_of_a_size_that_is_not_offered_fails_by_itself(self, cloud):
        if not cloud.unavailable_size:
            pytest.skip("shows no sizes")
        size, disk_type = cloud.unavailable_size
        odd, good = cloud.copy(size=size), cloud.copy(size=200)
        for check in (True, False):
            out = cloud.restore(odd, good, disk_type=disk_type, wait=True, check=check)
            failure = out.failure()
            assert (failure["kind"], failure["snapshot_id"]) == ("refused", odd) and failure["hint"], out.text
            assert f"has {size} GiB" in failure["message"] and disk_type in failure["message"]
            assert [row["state"] for row in out["disks"]] == ["absent", "planned" if check else "available"]
            assert failure["code"] is None, "the cloud is not asked for it"
        assert len(cloud.disks()) == 1

    def test_a_greater_size_is_made(self, cloud):
        out = cloud.restore(cloud.copy(size=40), size_gib=cloud.larger_size_gib, wait=True)
        assert not out.failed and row_of(out)["size_gib"] == cloud.disks()[0].size == cloud.larger_size_gib, out.text

    def test_an_unknown_type_and_a_bad_size_are_reported_together_before_any_write(self, cloud):
        for check in (True, False):
            out = cloud.restore(cloud.copy(size=60), size_gib=50, disk_type="cloud_of_dreams", wait=True, check=check)
            assert out.failed and "cloud_of_dreams" in out["msg"] and "size_gib" in out["msg"] and not cloud.disks()
            assert cloud.disk_type in out["msg"], "what there is instead is named"
            assert not out["changed"] and row_of(out)["state"] == "absent" and not out["counts"]["created"]

    def test_an_unknown_zone_is_reported_before_any_write(self, cloud):
        if cloud.zone is None:
            pytest.skip("nodes have no zones")
        for check in (True, False):
            out = cloud.restore(cloud.copy(), zone=f"{cloud.destination}-of-dreams", wait=True, check=check)
            assert out.failed and "of-dreams" in out["msg"] and cloud.zone in out["msg"] and not cloud.disks()
            assert not out["changed"] and row_of(out)["state"] == "absent" and not out["counts"]["created"]
        out = cloud.restore(cloud.copy(), zone=...)
        assert out.failed and "zone" in out["msg"]

    def test_a_disk_is_made_even_if_the_offers_cannot_be_read(self, cloud):
        """On the worst day, a call that only helps must not stop anything."""
        cloud.settings(denied=[cloud.offers_action])
        out = cloud.restore(cloud.copy(), wait=True)
        assert not out.failed and len(cloud.disks()) == 1 and "could not be read" in out.text

    def test_refused_options_keep_the_warning_that_the_offers_cannot_be_read(self, cloud):
        if not cloud.shows_sizes:
            pytest.skip("the cloud shows no sizes of snapshots")
        cloud.settings(denied=[cloud.offers_action])
        out = cloud.restore(cloud.copy(), size_gib=1, wait=True)
        assert out.failed and "size_gib" in out["msg"] and not cloud.disks() and "could not be read" in out.text

    # -- what does not fit -----------------------------------------------------------------------------

    def test_a_mismatched_disk_is_reported_and_no_other_is_made(self, cloud):
        copy = cloud.copy(size=40)
        first = cloud.restore(copy, wait=True)["disk_id"]
        asked = [{"size_gib": cloud.larger_size_gib}, {"disk_type": cloud.other_type}]
        asked += [{"zone": cloud.other_zone}] if cloud.zone else []
        for options in asked:
            out = cloud.restore(copy, wait=True, **options)
            assert out.failure()["kind"] == "mismatch" and first in out["msg"] and "restore_id" in out["msg"]
            assert len(cloud.disks()) == 1 and not out["changed"]

    def test_the_time_of_expiry_is_written(self, cloud):
        copy = cloud.copy()
        out = cloud.restore(copy, expires_after_hours=6, wait=True)
        assert row_of(out)["tags"]["dr-restore:expires-at"] == "2026-11-21T08:00:00Z"
        assert cloud.tags_of_disk(cloud.disks()[0]) == row_of(out)["tags"]
        again = cloud.restore(copy, expires_after_hours=6, wait=True)
        assert not again["changed"] and row_of(again)["tags"] == row_of(out)["tags"]

    @pytest.mark.parametrize("check", [False, True])
    @pytest.mark.parametrize(
        ("first", "then", "left"), [(6, 0, None), (6, 48, "2026-11-23T02"), (48, 6, "2026-11-23T02"), (0, 6, None)]
    )
    def test_the_time_of_expiry_is_taken_off_or_moved_on_and_never_nearer(self, cloud, first, then, left, check):
        """promises: disk-expiry"""
        copy = cloud.copy()
        made = cloud.restore(copy, expires_after_hours=first, wait=True)
        (disk,) = cloud.disks()
        before = dict(cloud.tags_of_disk(disk))
        out = cloud.restore(copy, expires_after_hours=then, wait=True, check=check)
        changes = (first, then) in ((6, 0), (6, 48))
        if changes and not cloud.changes_tags_of_disks:
            assert out.failure()["kind"] == "refused" and out.failure()["hint"] and out.failure()["disk_id"] == disk.id
            assert cloud.tags_of_disk(disk) == before and not out["changed"]
            return
        assert not out.failed and out["changed"] == changes and row_of(out)["disk_id"] == row_of(made)["disk_id"]
        time = cloud.tags_of_disk(disk).get("dr-restore:expires-at")
        assert time == before.get("dr-restore:expires-at") if check else (time or "")[:13] == (left or "")
        assert check or row_of(out)["tags"] == cloud.tags_of_disk(disk)
        assert len(cloud.disks()) == 1 and cloud.calls[cloud.make_action] == 1

    @pytest.mark.parametrize("kind", ["lose_answer", "drop"])
    def test_a_lost_change_of_the_time_of_expiry_is_made_once_more(self, cloud, kind):
        if not cloud.changes_tags_of_disks:
            pytest.skip("the cloud cannot change the tags of disks")
        copy = cloud.copy()
        cloud.restore(copy, expires_after_hours=6, wait=True)
        cloud.set_faults({"action": cloud.untag_disk_action, "fault": kind, "nth": [1]})
        out = cloud.restore(copy, wait=True)
        assert not out.failed and out["changed"], out.text
        assert "dr-restore:expires-at" not in cloud.tags_of_disk(cloud.disks()[0])

    def test_disk_ids_limits_what_is_deleted(self, cloud):
        one, two = cloud.copy(), cloud.copy()
        cloud.restore(one, two, wait=True)
        duplicate = cloud.plant(one, cloud.restore_tags_of(one))
        before = {d.id for d in cloud.disks()}
        out = cloud.restore(one, two, state="absent", disk_ids=[duplicate.id], wait=True)
        assert not out.failed and out["deleted_ids"] == [duplicate.id], out.text
        assert out["msg"] == "2 disks requested: 1 deleted, 1 unchanged"
        assert [row["state"] for row in out["disks"]] == ["absent", "available"]
        assert {d.id for d in cloud.disks()} == before - {duplicate.id}
        again = cloud.restore(one, two, state="absent", disk_ids=[duplicate.id], wait=True)
        assert not again.failed and not again["changed"]

    def test_an_empty_list_of_disks_deletes_none(self, cloud):
        copy = cloud.copy()
        cloud.restore(copy, wait=True)
        out = cloud.restore(copy, state="absent", disk_ids=[], wait=True)
        assert not out.failed and not out["changed"] and len(cloud.disks()) == 1

    def test_disks_are_named_for_a_deletion_alone(self, cloud):
        out = cloud.restore(cloud.copy(), disk_ids=["nonsense"])
        assert "disk_ids is only allowed with state: absent" in out["msg"] and "'nonsense'" in out["msg"]

    @pytest.mark.parametrize("seed", [3, 7, 11])
    def test_absent_is_done_in_two_minutes_though_a_fifth_of_all_answers_is_lost(self, cloud, seed):
        """A lost deletion is sent again, and "not found" ends it (promises: exactly-once)."""
        copies = [cloud.copy() for _n in range(8)]
        cloud.restore(*copies, wait=True)
        cloud.set_faults({"action": "*", "fault": "lose_answer", "share": 0.2, "seed": seed})
        started = cloud.clock.monotonic()
        out = cloud.restore(*copies, state="absent", wait=True, wait_timeout=120, **cloud.quick_reads)
        assert not out.failed and out["counts"]["deleted"] == 8 and not cloud.disks(), out.text
        assert cloud.clock.monotonic() - started < 120

    def test_no_secret_is_reported(self, cloud):
        out = cloud.restore(cloud.copy(), cloud.unknown_id, wait=True)
        answer = json.dumps({key: value for key, value in out.result.items() if key != "invocation"})
        assert not [v for k, v in cloud.connection().items() if "secret" in k and v in answer]
