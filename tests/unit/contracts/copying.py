# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every copy module promises (docs/development/promises.md).

The test class of a cloud inherits this, and names the fixture of the cloud.
"""

from __future__ import annotations

import json
import re

import pytest
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.user_agent import NAME, VERSION

ROW_KEYS = {
    "source_snapshot_id",
    "source_region",
    "region",
    "snapshot_id",
    "action",
    "state",
    "provider_state",
    "progress",
    "size_gib",
    "encrypted",
    "created_at",
    "locked_until",
    "name",
    "description",
    "tags",
    "error",
}
RESULT_KEYS = {"changed", "copies", "failures", "duplicates", "deleted_ids", "counts", "api_calls"}
FAILURE_KEYS = {"source_snapshot_id", "region", "snapshot_id", "kind", "code", "message", "request_id", "hint"}


class OnOneCloud:
    """Tests that run on the cloud which the fixture ``on`` makes."""

    on: str

    @pytest.fixture
    def cloud(self, request):
        return request.getfixturevalue(self.on)


class CopyContract(OnOneCloud):
    """The promises, each through the module's main() against the simulated cloud on a fake clock."""

    # -- idempotent -------------------------------------------------------------------------------

    def test_a_copy_is_made_and_waited_for(self, cloud):
        source = cloud.snapshot()
        out = cloud.run(source, wait=True)
        row = out.copy()
        assert not out.failed and out["changed"]
        assert set(row) == ROW_KEYS and set(out.result) >= RESULT_KEYS
        assert (row["action"], row["state"], row["progress"]) == ("created", "completed", 100)
        assert row["snapshot_id"] == out["snapshot_id"] == cloud.copies()[0].id
        assert out["counts"]["created"] == out["counts"]["completed"] == 1

    #: The most calls of a run over a thousand copies.
    calls_of_a_rerun = 15

    def test_a_rerun_over_a_thousand_copies_makes_few_calls(self, cloud):
        sources = cloud.create_copied_snapshots(1000)
        out = cloud.run(*sources)
        assert not out["changed"] and out["counts"]["unchanged"] == 1000
        assert sum(cloud.calls.values()) <= self.calls_of_a_rerun and out["api_calls"] == dict(cloud.calls)

    def test_a_second_run_changes_nothing_and_reads_no_source(self, cloud):
        sources = [cloud.snapshot() for _n in range(3)]
        first = cloud.run(*sources, wait=True)
        before = cloud.calls.copy()
        second = cloud.run(*sources, wait=True)
        assert not second["changed"] and second["counts"]["unchanged"] == 3
        assert [r["snapshot_id"] for r in second["copies"]] == [r["snapshot_id"] for r in first["copies"]]
        made = cloud.calls - before
        assert made[cloud.copy_action] == 0 and made[cloud.list_action] == 1

    def test_rows_come_in_the_order_asked_and_repeats_count_once(self, cloud):
        one, two = cloud.snapshot(), cloud.snapshot()
        regions = [cloud.other_destination, cloud.destination]
        out = cloud.run(two, one, two, destination_regions=regions)
        asked = [(r["source_snapshot_id"], r["region"]) for r in out["copies"]]
        assert asked == [(two, regions[0]), (two, regions[1]), (one, regions[0]), (one, regions[1])]
        assert "snapshot_id" not in out.result

    def test_an_empty_list_does_nothing(self, cloud):
        out = cloud.run()
        assert not out.failed and not out["changed"] and out["copies"] == [] and not cloud.calls

    def test_a_single_id_works_by_each_of_its_names(self, cloud):
        source = cloud.snapshot()
        ids = set()
        for option in ("snapshot_id", "source_snapshot_id", "source_snapshot_ids", "snapshot_ids"):
            out = cloud.run(**{"snapshot_ids": ..., option: source})
            ids.add(out["snapshot_id"])
        assert len(ids) == 1

    def test_a_copy_in_progress_is_adopted(self, cloud):
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source, seconds=30)
        out = cloud.run(source, wait=True)
        row = out.copy()
        assert (row["action"], row["state"], row["snapshot_id"]) == ("adopted", "completed", copy.id)
        assert not out["changed"] and len(cloud.copies()) == 1

    def test_somebody_elses_copy_counts_and_is_never_written_to(self, cloud):
        source = cloud.snapshot()
        copy = cloud.create_foreign_copy(source)
        before = cloud.tags_of(copy)
        for options in ({"wait": True}, {"tags": {"team": "dr"}, "purge_tags": True}, {"remove_duplicates": True}):
            out = cloud.run(source, **options)
            assert out.copy()["snapshot_id"] == copy.id and not out["changed"] and not out.failed
        assert cloud.tags_of(copy) == before and len(cloud.copies()) == 1

    def test_a_copy_needs_no_source_any_more(self, cloud):
        source = cloud.snapshot()
        cloud.run(source, wait=True)
        cloud.forget(source)
        out = cloud.run(source, wait=True)
        assert not out.failed and not out["changed"] and out.copy()["state"] == "completed"

    def test_the_oldest_complete_copy_of_ours_counts_and_others_are_duplicates(self, cloud):
        source = cloud.snapshot()
        foreign = cloud.create_foreign_copy(source)
        cloud.clock.sleep(10)
        first = cloud.create_our_copy(source)
        cloud.clock.sleep(10)
        second = cloud.create_our_copy(source)
        unfinished = cloud.create_our_copy(source, seconds=1000)
        out = cloud.run(source)
        assert out.copy()["snapshot_id"] == first.id and not out["changed"]
        assert {d["snapshot_id"] for d in out["duplicates"]} == {foreign.id, second.id, unfinished.id}
        assert "more than one copy" in out.text
        planned = cloud.run(source, remove_duplicates=True, check=True)
        assert second.id not in {d["snapshot_id"] for d in planned["duplicates"]} and planned["counts"]["deleted"] == 1
        out = cloud.run(source, remove_duplicates=True)
        assert out["changed"] and out["counts"]["deleted"] == 1 and out.copy()["snapshot_id"] == first.id
        assert {c.id for c in cloud.copies()} == {foreign.id, first.id, unfinished.id}

    def test_while_no_copy_is_complete_no_duplicate_is_removed(self, cloud):
        source = cloud.snapshot()
        cloud.create_our_copy(source, seconds=1000)
        cloud.create_our_copy(source, seconds=1000)
        out = cloud.run(source, remove_duplicates=True)
        assert not out["changed"] and len(out["duplicates"]) == 1 and len(cloud.copies()) == 2

    def test_tags_of_the_user_win_over_carried_ones_and_provenance_over_both(self, cloud):
        source = cloud.snapshot(team="storage", site="berlin")
        out = cloud.run(source, tags={"team": "dr"}, copy_tags=True, wait=True)
        assert not out.failed, out["msg"]
        tags = cloud.tags_of(cloud.copies()[0])
        assert (tags["team"], tags["site"], tags["dr-copy:source-snapshot-id"]) == ("dr", "berlin", source)
        assert out.copy()["tags"] == tags

    def test_marks_of_a_source_are_not_carried(self, cloud):
        """A copy of a copy is of no set or plan because its source is (promises: tags)."""
        marks = {"dr-copy:set": "2 crash ami-1", "DR-Copy:Group": "i-1", "dr-copy:plan": "web"}
        out = cloud.run(cloud.snapshot(site="berlin", **marks), copy_tags=True, wait=True)
        assert not out.failed and out.copy()["tags"]["site"] == "berlin"
        assert {key.lower() for key in out.copy()["tags"]}.isdisjoint(map(str.lower, marks))

    def test_source_tags_of_the_user_replace_the_sources_own(self, cloud):
        source, other = cloud.snapshot(env="prod"), cloud.snapshot(env="test")
        source_tags = {source: {"env": "from the disk", "dr-copy:hold": "x"}}
        out = cloud.run(source, other, copy_tags=True, source_tags=source_tags, wait=True)
        assert not out.failed
        tags = {row["source_snapshot_id"]: row["tags"] for row in out["copies"]}
        assert (tags[source]["env"], tags[other]["env"]) == ("from the disk", "test")
        assert "dr-copy:hold" not in tags[source]
        assert not cloud.run(source, other, copy_tags=True, source_tags=source_tags)["changed"]
        refused = cloud.run(source, source_tags={source: "x"})
        assert refused.failed and "source_tags must be a dict" in refused["msg"]

    def test_tags_of_existing_copies_are_updated(self, cloud):
        source = cloud.snapshot(site="berlin")
        copy = cloud.create_our_copy(source)
        before = cloud.tags_of(copy)
        out = cloud.run(source, tags={"team": "dr"}, copy_tags=True)
        assert (out.copy()["action"], out["changed"]) == ("updated", True)
        assert cloud.tags_of(copy) == {**before, "team": "dr"}, "and carried ones are not"
        assert not cloud.run(source, tags={"team": "dr"}, copy_tags=True)["changed"]

    def test_values_of_tags_become_text(self, cloud):
        tags = {"backup": True, "weekly": False, "disks": 3}
        out = cloud.run(cloud.snapshot(), tags=tags, wait=True)
        assert not out.failed, out["msg"]
        shown = out.copy()["tags"]
        assert {key: shown[key] for key in tags} == {"backup": "true", "weekly": "false", "disks": "3"}

    def test_purging_takes_other_tags_away_and_spares_provenance(self, cloud):
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source)
        # The marks of the role, without which any plan may prune the copy.
        cloud.run(source, tags={"dr-copy:plan": "web", "dr-copy:set": "s-1"})
        before = cloud.tags_of(copy)
        assert before["dr-copy:plan"] == "web"
        cloud.run(source, tags={"old": "1", "team": "dr"})
        out = cloud.run(source, tags={"team": "dr"}, purge_tags=True)
        assert out["changed"] and cloud.tags_of(copy) == {**before, "team": "dr"}
        assert not cloud.run(source, tags={"team": "dr"}, purge_tags=True)["changed"]

    # -- exactly once -----------------------------------------------------------------------------

    def test_a_lost_answer_makes_no_second_copy(self, cloud):
        sources = [cloud.snapshot() for _n in range(9)]
        for kind in ("lose_answer", "error_after", "broken_answer"):
            cloud.set_faults({"action": cloud.copy_action, "fault": kind, "every": 3})
            out = cloud.run(*sources, wait=True, destination_regions=[cloud.destination, cloud.other_destination])
            assert not out.failed, out.text
            assert len(cloud.copies()) == len(cloud.copies(cloud.other_destination)) == 9

    def test_a_lost_answer_is_found_though_reads_lag(self, cloud):
        source = cloud.snapshot()
        cloud.settings(visible_after=8.0)
        cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
        out = cloud.run(source, wait=True)
        assert not out.failed and len(cloud.copies()) == 1 and out.copy()["action"] == "created"

    def test_a_copy_just_made_that_reads_do_not_show_yet_is_not_lost(self, cloud):
        source = cloud.snapshot()
        cloud.settings(visible_after=8.0)
        out = cloud.run(source, wait=True)
        assert not out.failed and out.copy()["state"] == "completed" and len(cloud.copies()) == 1

    def test_a_call_that_never_arrived_is_made_again_once_the_time_of_doubt_is_over(self, cloud):
        source = cloud.snapshot()
        cloud.set_faults({"action": cloud.copy_action, "fault": "drop", "nth": [1]})
        started = cloud.clock.monotonic()
        out = cloud.run(source, wait=False)
        assert not out.failed and len(cloud.copies()) == 1 and cloud.calls[cloud.copy_action] == 2
        assert 0 <= cloud.clock.monotonic() - started - cloud.adapter.doubt_seconds < 5

    def test_doubt_at_the_deadline_is_reported_and_nothing_asked_again(self, cloud):
        source = cloud.snapshot()
        cloud.set_faults({"action": cloud.copy_action, "fault": "drop"})
        out = cloud.run(source, wait=True, wait_timeout=5)
        assert out.failed and out.failure()["kind"] == "ambiguous" and cloud.calls[cloud.copy_action] == 1
        assert out.copy()["action"] == "none" and out.copy()["snapshot_id"] is None

    def test_a_refusal_after_the_time_of_doubt_is_reported_as_a_refusal(self, cloud):
        first, then = {"fault": "drop", "nth": [1]}, {"fault": "throttle"}
        cloud.set_faults({"action": cloud.copy_action, **first}, {"action": cloud.copy_action, **then})
        out = cloud.run(cloud.snapshot(), wait=True, wait_timeout=int(cloud.adapter.doubt_seconds) + 30)
        assert out.failed and out.failure()["kind"] == "busy" and cloud.calls[cloud.copy_action] > 1

    def test_others_continue_while_one_is_in_doubt(self, cloud):
        sources = [cloud.snapshot() for _n in range(4)]
        cloud.set_faults({"action": cloud.copy_action, "fault": "drop", "nth": [1]})
        started = cloud.clock.monotonic()
        cloud.run(*sources, wait=True)
        assert len(cloud.copies()) == 4 and cloud.clock.monotonic() - started < cloud.adapter.doubt_seconds + 10

    # -- two runs at once ----------------------------------------------------------------------------

    def test_an_earlier_copy_of_another_run_is_adopted_and_the_own_copy_taken_back(self, cloud):
        source = cloud.snapshot()
        cloud.settings(copy_seconds=60.0)
        rival = cloud.create_our_copy(source, seconds=60)
        cloud.hide(rival, seconds=2)
        cloud.clock.sleep(1)
        out = cloud.run(source, wait=True)
        assert not out.failed, out["msg"]
        if cloud.adapter.cancels_by_deletion:
            assert [c.id for c in cloud.copies()] == [rival.id] == [out["snapshot_id"]]
            assert out.copy()["action"] == "adopted" and out["duplicates"] == []
            # ECS refuses a second copy of the disk, so there is none to take back.
            assert len(out["deleted_ids"]) == (0 if cloud.adapter.one_copy_per_disk else 1)
            assert rival.id not in out["deleted_ids"]
        elif len(cloud.copies()) == 2:  # CBS itself refuses the second
            assert [d["snapshot_id"] for d in out["duplicates"]] == [rival.id] and "remove_duplicates" in out.text
        assert not cloud.run(source, wait=True)["changed"]

    def test_an_own_copy_that_was_started_first_is_kept(self, cloud):
        source = cloud.snapshot()
        cloud.settings(copy_seconds=60.0)
        started = cloud.clock.monotonic()
        rivals = []
        cloud.at(started + 1.2, lambda: rivals.append(cloud.create_our_copy(source, seconds=60)))
        out = cloud.run(source, wait=True)
        assert not out.failed and out.copy()["action"] == "created" and len(cloud.copies()) == 2
        assert out["snapshot_id"] != rivals[0].id and [d["snapshot_id"] for d in out["duplicates"]] == [rivals[0].id]

    def test_a_run_that_does_not_wait_withdraws_no_copy(self, cloud):
        sources = [cloud.snapshot() for _n in range(3)]
        cloud.settings(copy_seconds=20.0)
        rival = cloud.create_our_copy(sources[0], seconds=60)
        cloud.hide(rival, seconds=2)
        out = cloud.run(*sources, wait=False, max_in_flight=1)
        assert out["counts"]["deleted"] == 0 and rival.id in {c.id for c in cloud.copies()}

    @pytest.mark.many_calls
    def test_a_copy_that_another_run_makes_meanwhile_is_adopted(self, cloud):
        sources = [cloud.snapshot(age_hours=50 - n) for n in range(6)]
        cloud.settings(copy_seconds=30.0)
        cloud.at(cloud.clock.monotonic() + 10, lambda: cloud.create_our_copy(sources[5], seconds=200))
        out = cloud.run(*sources, wait=True, max_in_flight=2)
        assert not out.failed and len(cloud.copies()) == 6, out["msg"]
        assert out["copies"][5]["action"] == "adopted" and out["duplicates"] == []

    # -- all are tried ----------------------------------------------------------------------------

    def test_one_bad_source_does_not_stop_the_others(self, cloud):
        good, unfinished = cloud.snapshot(), cloud.create_unfinished_snapshot()
        out = cloud.run(cloud.unknown_id, unfinished, good, wait=True)
        assert out.failed and [f["kind"] for f in out["failures"]] == ["not_found", "not_ready"]
        assert all(set(f) == FAILURE_KEYS and f["hint"] for f in out["failures"])
        assert [r["state"] for r in out["copies"]] == ["absent", "absent", "completed"]
        assert out["copies"][0]["error"] == out["failures"][0]
        assert cloud.unknown_id in out["msg"] and unfinished in out["msg"]

    def test_a_destination_that_cannot_be_read_fails_alone(self, cloud):
        source = cloud.snapshot()
        cloud.set_faults({"action": cloud.list_action, "fault": "empty_unavailable", "region": cloud.destination})
        out = cloud.run(source, destination_regions=[cloud.destination, cloud.other_destination], wait=True)
        assert out.failed and out.failure()["kind"] == "connection" and out.failure()["region"] == cloud.destination
        assert [r["state"] for r in out["copies"]] == ["absent", "completed"]

    # -- quota is not an error --------------------------------------------------------------------

    @pytest.mark.many_calls
    def test_a_full_quota_is_waited_out_without_starving(self, cloud):
        sources = [cloud.snapshot() for _n in range(30)]
        cloud.settings(quota=5, copy_seconds=20.0)
        started = cloud.clock.monotonic()
        out = cloud.run(*sources, wait=True)
        assert not out.failed and len(cloud.copies()) == 30 and out["counts"]["created"] == 30
        assert cloud.clock.monotonic() - started <= 2 * 20 * 30 / 5

    def test_copies_of_others_take_their_part_of_the_window(self, cloud):
        for _n in range(3):
            cloud.create_foreign_copy(cloud.snapshot(), seconds=50)
        sources = [cloud.snapshot() for _n in range(4)]
        cloud.settings(copy_seconds=10.0)
        out = cloud.run(*sources, wait=True, max_in_flight=4)
        assert not out.failed and cloud.peak_in_progress() <= 4

    @pytest.mark.many_calls
    def test_the_window_is_never_passed(self, cloud):
        cloud.run(*[cloud.snapshot() for _n in range(12)], wait=True, max_in_flight=3)
        assert cloud.peak_in_progress() == 3 and len(cloud.copies()) == 12

    def test_at_least_one_copy_is_requested_even_if_others_fill_the_quota(self, cloud):
        for _n in range(4):
            cloud.create_foreign_copy(cloud.snapshot(), seconds=10000)
        out = cloud.run(cloud.snapshot(), wait=True, max_in_flight=2)
        assert not out.failed and out["counts"]["created"] == 1

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("kind", "share"),
        [("throttle", 0.3), ("drop", 0.33), ("unavailable", 0.33), ("empty_unavailable", 0.33), ("lose_answer", 0.33)],
    )
    def test_faulty_calls_leave_one_copy_of_each_source(self, cloud, kind, share):
        sources = [cloud.snapshot() for _n in range(20)]
        cloud.set_faults({"fault": kind, "share": share})
        out = cloud.run(*sources, wait=True, **cloud.quick_reads)
        assert not out.failed, out["msg"]
        assert len(cloud.copies()) == 20 and all(map(cloud.is_complete, cloud.copies()))
        cloud.set_faults()
        assert not cloud.run(*sources, wait=True)["changed"]

    def test_quota_at_the_deadline_is_busy_in_the_clouds_words(self, cloud):
        cloud.settings(quota=0)
        out = cloud.run(cloud.snapshot(), wait=False, wait_timeout=60)
        failure = out.failure()
        assert failure["kind"] == "busy" and failure["code"] and failure["request_id"]

    # -- timeouts and failed copies ----------------------------------------------------------

    def test_a_timeout_reports_ids_and_the_next_run_continues(self, cloud):
        source = cloud.snapshot()
        cloud.settings(copy_seconds=100.0)
        started = cloud.clock.monotonic()
        out = cloud.run(source, wait=True, wait_timeout=30)
        assert cloud.clock.monotonic() - started <= 31
        row, failure = out.copy(), out.failure()
        assert out.failed and failure["kind"] == "timeout"
        assert row["snapshot_id"] == failure["snapshot_id"] == cloud.copies()[0].id
        assert row["state"] == "pending" and row["action"] == "created"
        for word in (row["snapshot_id"], row["provider_state"], f"{row['progress']} %"):
            assert word in failure["message"], word
        again = cloud.run(source, wait=True)
        assert not again.failed and again.copy()["action"] == "adopted" and cloud.calls[cloud.copy_action] == 1

    def test_a_copy_that_fails_is_reported_at_once_with_the_reason(self, cloud):
        bad, good = cloud.snapshot(), cloud.snapshot()
        cloud.settings(fail_copies_of={bad: "Given key ID is not accessible"}, copy_seconds=50.0)
        out = cloud.run(bad, good, wait=True)
        assert out.failed and out.failure()["kind"] == "failed_copy" and out.failure()["source_snapshot_id"] == bad
        assert not cloud.gives_reason or "Given key ID is not accessible" in out["msg"]
        assert [r["state"] for r in out["copies"]] == ["error", "completed"] and len(cloud.copies()) == 2

    def test_a_failed_copy_is_replaced_by_the_next_run(self, cloud):
        source = cloud.snapshot()
        failed = cloud.create_our_copy(source, failure="Given key ID is not accessible")
        refused = cloud.run(source, wait=True, replace_failed=False)
        assert refused.failed and refused.failure()["kind"] == "failed_copy" and len(cloud.copies()) == 1
        assert refused.failure()["snapshot_id"] == failed.id
        row = refused.copy()
        assert (row["action"], row["state"], row["snapshot_id"]) == ("none", "error", failed.id)
        out = cloud.run(source, wait=True)
        assert out.copy()["action"] == "replaced" and out["changed"]
        assert (out["counts"]["replaced"], out["counts"]["deleted"], out["counts"]["created"]) == (1, 1, 0)
        assert [c.id for c in cloud.copies()] == [out["snapshot_id"]] != [failed.id]

    def test_somebody_elses_failed_copy_is_kept(self, cloud):
        source = cloud.snapshot()
        failed = cloud.create_foreign_copy(source, failure="no")
        out = cloud.run(source, wait=True)
        assert not out.failed and len(cloud.copies()) == 2 and failed.id in {c.id for c in cloud.copies()}

    def test_a_copy_that_somebody_deletes_meanwhile_has_failed(self, cloud):
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source, seconds=100)
        cloud.at(cloud.clock.monotonic() + 20, lambda: cloud.forget(copy.id, cloud.destination))
        out = cloud.run(source, wait=True)
        assert out.failed and out.failure()["kind"] == "failed_copy" and out.copy()["state"] == "absent"

    # -- check mode -------------------------------------------------------------------------------

    def test_check_mode_writes_nothing_and_predicts_the_run(self, cloud):
        there, missing, failed = cloud.snapshot(), cloud.snapshot(), cloud.snapshot()
        cloud.create_our_copy(there)
        cloud.create_our_copy(failed, failure="no")
        predicted = cloud.run(there, missing, failed, check=True, diff=True, wait=True)
        assert len(cloud.copies()) == 2
        assert [r["state"] for r in predicted["copies"]] == ["completed", "planned", "planned"]
        assert predicted["copies"][1]["snapshot_id"] is None
        real = cloud.run(there, missing, failed, diff=True, wait=True)
        assert [r["action"] for r in predicted["copies"]] == [r["action"] for r in real["copies"]]
        assert predicted["changed"] and real["changed"]
        assert len(predicted["diff"]["after"]["copies"]) == len(real["diff"]["after"]["copies"]) == 2
        for key in ("created", "replaced", "deleted", "unchanged"):
            assert predicted["counts"][key] == real["counts"][key], key
        rerun = cloud.run(there, missing, failed, check=True, diff=True)
        assert not rerun["changed"] and rerun["diff"]["after"]["copies"] == []

    # -- bad input ----------------------------------------------------------------------------------

    def test_bad_input_is_refused_in_one_message_before_any_call(self, cloud):
        source = cloud.snapshot()
        out = cloud.run(
            source, "nonsense", "", name="{nothing}", wait_delay=0, max_in_flight=0, wait_timeout=-1, copy_ids=["x"]
        )
        assert out.failed and not cloud.calls
        for word in ("'nonsense'", "''", "{nothing}", "wait_delay", "max_in_flight", "wait_timeout", "copy_ids"):
            assert word in out["msg"], word
        assert set(out.result) >= RESULT_KEYS

    def test_each_bad_option_is_named(self, cloud):
        source = cloud.snapshot()
        for options, word in (
            ({"name": "{snapshot_id.__class__}"}, "snapshot_id.__class__"),
            ({"name": "{snapshot_id!r}"}, "snapshot_id"),
            ({"name": "{"}, "name"),
            ({"name": "n" * 300}, "name"),
            ({"destination_regions": []}, "destination_regions"),
            ({"wait_timeout": -5}, "wait_timeout"),
            *([] if cloud.adapter.finds_sources else [({"source_region": ""}, "source_region is required")]),
        ):
            out = cloud.run(source, **options)
            assert out.failed and word in out["msg"] and not cloud.calls, options

    def test_a_template_that_one_sources_data_makes_invalid_fails_that_source_alone(self, cloud):
        bad, good = cloud.snapshot(Name="n" * cloud.source_name_limit), cloud.snapshot(Name="short")
        out = cloud.run(bad, good, name="{source_name}-{source_region}-{source_created_at}", wait=True)
        assert out.failed and out.failure()["source_snapshot_id"] == bad and out.failure()["kind"] == "refused"
        assert out["copies"][1]["state"] == "completed" and len(cloud.copies()) == 1

    # -- deleting ----------------------------------------------------------------------------------------

    def test_absent_deletes_our_copies_and_nothing_else(self, cloud):
        source, other = cloud.snapshot(), cloud.snapshot()
        cloud.create_our_copy(source)
        cloud.create_our_copy(source)
        kept = cloud.create_our_copy(other)
        predicted = cloud.run(source, state="absent", check=True)
        assert predicted["changed"] and predicted.copy()["action"] == "deleted" and len(cloud.copies()) == 3
        cloud.forget(source)
        out = cloud.run(source, state="absent")
        assert not out.failed and out["changed"] and out["counts"]["deleted"] == 2
        assert (out.copy()["action"], out.copy()["state"]) == ("deleted", "absent")
        assert [c.id for c in cloud.copies()] == [kept.id]
        again = cloud.run(source, state="absent")
        assert not again["changed"] and again.copy()["action"] == "none" and again.copy()["snapshot_id"] is None

    def test_absent_deletes_somebody_elses_copy_whose_source_the_cloud_records(self, cloud):
        if not cloud.records_sources:
            pytest.skip("the cloud records no sources")
        source = cloud.snapshot()
        cloud.create_foreign_copy(source)
        out = cloud.run(source, state="absent")
        assert not out.failed and out["changed"] and not cloud.copies()

    def test_absent_leaves_somebody_elses_copy_and_says_so(self, cloud):
        if cloud.records_sources:
            pytest.skip("the cloud records the source, so it is certain")
        source = cloud.snapshot()
        copy = cloud.create_foreign_copy(source)
        out = cloud.run(source, state="absent")
        assert out.failed and out.failure()["snapshot_id"] == copy.id and out.failure()["hint"] and not out["changed"]
        assert len(cloud.copies()) == 1

    def test_copy_ids_delete_only_these_and_spare_one_in_progress(self, cloud):
        source = cloud.snapshot()
        one, two, running = (
            cloud.create_our_copy(source),
            cloud.create_our_copy(source),
            cloud.create_our_copy(source, seconds=1000),
        )
        out = cloud.run(source, state="absent", copy_ids=[two.id, running.id])
        assert not out.failed and {c.id for c in cloud.copies()} == {one.id, running.id}

    def test_a_copy_that_vanishes_while_its_end_is_waited_for_is_absent(self, cloud):
        if cloud.adapter.cancels_by_deletion:
            pytest.skip("a copy in progress is cancelled at once")
        source = cloud.snapshot()
        copy = cloud.create_our_copy(source, seconds=60)
        cloud.clock.at(cloud.clock.monotonic() + 20, lambda: cloud.forget(copy.id, cloud.destination))
        out = cloud.run(source, state="absent", wait=True)
        assert not out.failed and out.copy()["state"] == "absent" and out["counts"]["pending"] == 0

    def test_deletions_that_wait_go_in_batches_and_say_what_the_deadline_left(self, cloud):
        if cloud.adapter.cancels_by_deletion:
            pytest.skip("a copy in progress is cancelled at once")
        sources = [cloud.snapshot() for _n in range(12)]
        for source in sources:
            cloud.create_our_copy(source, seconds=30)
        late = cloud.snapshot()
        cloud.create_our_copy(late, seconds=1000)
        out = cloud.run(*sources, late, state="absent", wait=True, wait_timeout=120)
        assert out["counts"]["deleted"] == 12 and len(cloud.copies()) == 1
        assert out.failure()["kind"] == "timeout" and "Run again to delete it" in out.failure()["hint"]

    # -- errors and secrets ----------------------------------------------------------------------------

    def test_no_secret_is_in_any_result(self, cloud):
        secret = cloud.connection()["secret_key"]
        sources = [cloud.snapshot(), cloud.unknown_id]
        for fault in (
            {"fault": "drop"},
            {"fault": "empty_unavailable"},
            {"fault": "expire"},
            {"fault": "throttle", "times": 3},
        ):
            cloud.set_faults(fault)
            out = cloud.run(*sources, wait=True, wait_timeout=20)
            assert secret not in out.text and "Signature=" not in out.text and "Traceback" not in out.text
            json.loads(out.text)

    def test_an_unexpected_failure_says_what_to_do_next(self, cloud):
        status = 200 if cloud.module == "cbs_snapshot_copy" else 400
        for action in (cloud.copy_action, cloud.list_action):
            cloud.refuse(action, "SomethingNew", status=status)
            failure = cloud.run(cloud.snapshot(), wait_timeout=60).failure()
            assert failure["kind"] == "refused" and failure["code"] == "SomethingNew" and failure["hint"]
        cloud.set_faults()
        out = cloud.run("nonsense")
        assert out.failure()["hint"] and not out["copies"]

    def test_a_profile_that_is_not_there_says_what_to_do_next(self, cloud):
        out = cloud.run(cloud.snapshot(), access_key=..., secret_key=..., secret_id=..., profile="nobody")
        assert out.failure()["kind"] == "credentials" and out.failure()["hint"]

    def test_a_wrong_secret_fails_with_what_to_do(self, cloud):
        out = cloud.run(cloud.snapshot(), secret_key="wrongSecretWrongSecretWrongSecret")
        assert out.failed and out.failure()["kind"] == "credentials" and set(out.result) >= RESULT_KEYS
        assert not cloud.copies()

    def test_each_call_says_who_makes_it(self, cloud):
        source = cloud.snapshot()
        cloud.run(source, wait=True)
        cloud.info(cloud.source)
        ours = re.compile(rf"\b{re.escape(NAME)}[/-]{re.escape(VERSION)}( |$)")
        assert cloud.server.control.agents and all(map(ours.search, cloud.server.control.agents))

    @pytest.mark.parametrize("named", [[], ["unknown"]])
    def test_a_copy_that_copy_ids_does_not_name_is_not_reported_as_absent(self, cloud, named):
        source = cloud.snapshot()
        copy_id = cloud.run(source, wait=True)["snapshot_id"]
        unknown = f"{copy_id[:-4]}0000"
        out = cloud.run(source, state="absent", copy_ids=[unknown] if named else [])
        row = out.copy()
        assert not out.failed and not out["changed"] and "absent" not in out["msg"]
        assert (row["snapshot_id"], row["action"], row["state"]) == (copy_id, "none", "completed")

    # -- the info module ---------------------------------------------------------------------------------

    def test_info_lists_disks_snapshots_and_where_copies_come_from(self, cloud):
        disk = cloud.disk(**{"dr-copy": "true", "env": "prod"})
        other = cloud.disk(env="prod")
        old, new = cloud.snapshot(disk, 5), cloud.snapshot(disk, 1)
        cloud.snapshot(other)
        cloud.run(new, wait=True)
        shown = cloud.info(cloud.source, disk_tags={"dr-copy": "*"})
        assert [d["disk_id"] for d in shown["disks"]] == [disk] and not shown["changed"]
        assert [s["snapshot_id"] for s in shown["snapshots"]] == [old, new]
        assert shown["snapshots"][0]["source"] is None and shown["snapshots"][0]["disk_id"] == disk
        newest = cloud.info(cloud.source, disk_ids=[disk], latest=True)
        assert [s["snapshot_id"] for s in newest["snapshots"]] == [new]
        there = cloud.info(cloud.destination, copies_from=[cloud.source])
        copy = there["snapshots"][0]
        assert copy["source"]["snapshot_id"] == new and copy["source"]["region"] == cloud.source
        assert copy["source"]["managed"] and len(there["snapshots"]) == 1
        assert cloud.info(cloud.destination, copies_from=["elsewhere-1"])["snapshots"] == []

    def test_info_returns_full_size_and_completion_time_if_the_cloud_does(self, cloud):
        """EBS does; on the other clouds both keys are there, and null."""
        source = cloud.snapshot()
        (row,) = cloud.info(cloud.source, snapshot_ids=[source])["snapshots"]
        is_shown = cloud.module == "ebs_snapshot_copy"
        assert (row["full_size_bytes"] is not None, row["completed_at"] is not None) == (is_shown, is_shown)
        assert not is_shown or row["completed_at"].endswith("Z")

    def test_info_takes_a_single_id_by_both_names(self, cloud):
        source, _other = cloud.snapshot(), cloud.snapshot()
        for option in ("snapshot_ids", "snapshot_id"):
            (row,) = cloud.info(cloud.source, **{option: source})["snapshots"]
            assert row["snapshot_id"] == source

    def test_info_lists_a_disk_once_however_often_it_is_named(self, cloud):
        disks = [cloud.disk() for _n in range(101)]
        shown = cloud.info(cloud.source, disk_ids=[*disks, disks[0]], latest=True)["disks"]
        assert [disk["disk_id"] for disk in shown] == sorted(disks)

    def test_info_says_what_is_wrong_and_what_to_do(self, cloud):
        out = cloud.info(cloud.source, secret_key="wrongSecretWrongSecretWrongSecret")
        assert sum(out["api_calls"].values()) >= 1
        assert out.failed and out["failures"][0]["kind"] == "credentials" and out["failures"][0]["code"] in out["msg"]
        assert out["failures"][0]["hint"] in out["msg"] and out["snapshots"] == [] and not out["changed"]
        out = cloud.info(cloud.source, disk_ids=["nonsense"], snapshot_ids=["rubbish"])
        assert out.failed and "nonsense" in out["msg"] and "rubbish" in out["msg"] and out["api_calls"] == {}

    def test_info_waits_out_a_bad_moment(self, cloud):
        cloud.snapshot()
        cloud.set_faults({"fault": "throttle", "times": 6})
        assert len(cloud.info(cloud.source, **cloud.quick_reads)["snapshots"]) == 1

    # -- odd days ----------------------------------------------------------------------------------------

    def test_a_look_that_takes_long_ends_no_doubt_early(self, cloud):
        source = cloud.snapshot()
        cloud.settings(visible_after=9.0, latency=4.0)
        cloud.set_faults({"action": cloud.copy_action, "fault": "lose_answer", "nth": [1]})
        out = cloud.run(source, wait=True)
        assert not out.failed and len(cloud.copies()) == 1

    @pytest.mark.slow
    def test_a_region_that_only_throttles_leaves_time_for_the_others(self, cloud):
        source = cloud.snapshot()
        cloud.settings(copy_seconds=60.0)
        cloud.set_faults({"action": cloud.list_action, "fault": "throttle", "region": cloud.other_destination})
        regions = [cloud.other_destination, cloud.destination]
        out = cloud.run(source, destination_regions=regions, wait=True, wait_timeout=600, **cloud.quick_reads)
        assert [f["region"] for f in out["failures"]] == [cloud.other_destination]
        assert out["failures"][0]["kind"] == "busy" and out["copies"][1]["state"] == "completed"

    def test_an_unexpected_error_loses_no_finished_work(self, cloud, monkeypatch):
        def broken(*_arguments):
            raise KeyError("surprise")

        monkeypatch.setattr(cloud.adapter, "refresh", broken)
        cloud.settings(copy_seconds=600.0)
        out = cloud.run(cloud.snapshot(), wait=True, wait_timeout=300)
        assert out.failed and out["changed"] and out.copy()["snapshot_id"] == cloud.copies()[0].id
        assert out.failure()["kind"] == "connection" and "surprise" in out["msg"]
        assert "Traceback" not in out.text and out["api_calls"][cloud.copy_action] == 1

    def test_an_empty_name_means_the_default(self, cloud):
        disk = cloud.disk()
        one, two = cloud.snapshot(disk), cloud.snapshot(disk)
        named = cloud.run(one, name="", wait=True).copy()["name"]
        assert named.replace(one, two) == cloud.run(two, wait=True).copy()["name"]

    def test_info_is_complete_over_several_pages(self, cloud):
        disks = [cloud.disk(batch="a") for _n in range(110)]
        sources = [cloud.snapshot(disk) for disk in disks]
        shown = cloud.info(cloud.source, disk_tags={"batch": "*"}, latest=True)
        assert {d["disk_id"] for d in shown["disks"]} == set(disks)
        assert {s["snapshot_id"] for s in shown["snapshots"]} == set(sources)
