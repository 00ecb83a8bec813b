# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a disk misses its RPO: the reason that an on-call engineer reads must be the true one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.judging.unseen import unseen_copies
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.keeping.pruning import prunable
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.step_results import StepResults
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.screen import failure_message

from tests.support.role_results import DISKS, ago, copy, failure, report, snapshot


def why(**given):
    breaches = report(**given)["breaches"]
    assert len(breaches) == 1
    return breaches[0]["why"]


def test_a_failed_share_is_the_reason_only_of_what_was_to_be_copied():
    """A failure of the whole call names no source."""
    share = {"failures": [failure(None, "us-east-1", "Sharing the snapshots: denied")]}
    assert "Sharing the snapshots: denied" in why(snapshots=[snapshot(2, 1)], copies=[copy(1, 30)], share=share)
    assert why(copies=[copy(1, 30)], share=share) == why(copies=[copy(1, 30)])


def test_a_breach_says_why_the_newest_snapshot_is_unusable():
    old = copy(1, 30)
    assert (
        why(snapshots=[snapshot(2, 1, "pending"), snapshot(1, 30)], copies=[old]) == "the newest snapshot is unfinished"
    )
    assert why(snapshots=[snapshot(2, 1, "error"), snapshot(1, 30)], copies=[old]) == "the newest snapshot has failed"
    assert why(snapshots=[snapshot(1, 30)], copies=[old]) == "no newer snapshot of the disk has been taken"
    assert why(snapshots=[], copies=[old]) == "the disk has no complete snapshot to copy"
    stale = {"snapshots": [snapshot(1, 30)], "max_snapshot_age_hours": 26}
    assert why(**stale) == "the newest snapshot is older than dr_copy_max_snapshot_age_hours"
    everything = [snapshot(2, 30), snapshot(1, 50, "error")]
    assert (
        why(snapshots=everything, copies=[copy(2, 30)], select="all") == "no newer snapshot of the disk has been taken"
    )


def test_snapshots_that_were_passed_over_are_the_reason_only_where_there_are_no_others():
    scan = {**snapshot(2, 1), "tags": {"wiz": "auto-gen-snapshot"}}
    assert (
        why(snapshots=[scan, snapshot(1, 30)], copies=[copy(1, 30)]) == "no newer snapshot of the disk has been taken"
    )
    assert why(snapshots=[scan]) == "the snapshots have a tag of dr_copy_exclude_snapshot_tags"
    assert (
        why(snapshots=[snapshot(1, 1)], snapshot_tags={"a": "b"}) == "the snapshots lack a tag of dr_copy_snapshot_tags"
    )


def test_a_breach_says_why_the_copy_is_missing():
    new = [snapshot(1, 1)]
    assert "is not copied yet" in why(snapshots=new)
    error = failure("snap-1", "eu-west-1", "the key is gone")
    row = {"source_snapshot_id": "snap-1", "region": "eu-west-1", "state": "absent", "error": error}
    assert "the key is gone" in why(snapshots=new, copied=[{"copies": [row], "failures": [error], "counts": {}}])
    pending = {**row, "error": None, "state": "pending", "snapshot_id": "copy-1", "progress": 42}
    assert "in progress (42 %)" in why(snapshots=new, copied=[{"copies": [pending], "failures": [], "counts": {}}])
    share = {"shared": [], "failures": [failure("snap-1", "us-east-1", "default key")]}
    assert "default key" in why(snapshots=new, share=share, source_connection={"profile": "production"})
    kept = failure("snap-1", "eu-west-1", "in use by an AMI", snapshot_id="copy-0")
    assert "AMI" not in why(snapshots=new, deleted=[{"copies": [], "failures": [kept], "counts": {}}])


@pytest.mark.parametrize("listed", [[], [{**copy(1, 1), "state": "pending"}]], ids=["not_shown", "shown_as_pending"])
class TestACopyThatTheRunSawCompleteAndTheListingDoesNotShowSo:
    row = {"source_snapshot_id": "snap-1", "region": "eu-west-1", "snapshot_id": "copy-1", "state": "completed",
           "error": None, "action": "created", "tags": {}, "progress": 100}  # fmt: skip
    call = {"copies": [row], "failures": [], "counts": {"created": 1}}

    def report_after_look(self, listed, **look):
        listing = [{"region": "eu-west-1", "snapshots": listed, "failures": []}]
        (unseen,) = unseen_copies([self.call], listing)
        assert unseen == {"region": "eu-west-1", "snapshot_ids": ["copy-1"]}
        seen = [{"target": unseen, "snapshots": [], "failures": [], **look}]
        return report(snapshots=[snapshot(1, 1)], copies=listed, copied=[self.call], seen=seen)

    def test_such_a_copy_is_a_recovery_point_if_a_look_by_its_id_shows_it(self, listed):
        content = self.report_after_look(listed, snapshots=[copy(1, 1)])
        (point,) = content["recovery_points"]
        assert (point["snapshot_id"], point["state"], point["within_rpo"]) == ("copy-1", "completed", True)
        assert not content["breaches"] and not content["unfinished"] and not content["failures"]

    def test_such_a_copy_has_failed_if_no_look_shows_it(self, listed):
        content = self.report_after_look(listed)
        assert content["recovery_points"][0]["within_rpo"] is False
        (failed,) = content["failures"]
        assert "copy-1 was complete, but it can no longer be found by its ID" in failed["message"]
        assert (failed["kind"], failed["disk_id"]) == ("failed_copy", "vol-1")
        assert "can no longer be found by its ID" in content["breaches"][0]["why"]
        assert (content["counts"]["created"], content["counts"]["failed"]) == (0, 1)
        assert (content["counts"]["completed"], content["counts"]["unchanged"]) == (0, 0)

    def test_such_a_copy_is_no_recovery_point_while_in_progress_or_failed(self, listed):
        for state in ("pending", "error"):
            content = self.report_after_look(listed, snapshots=[{**copy(1, 1), "state": state}])
            assert content["recovery_points"][0]["within_rpo"] is False
            assert [row["state"] for row in content["unfinished"]] == [state]

    def test_such_a_copy_is_unknown_if_the_look_was_refused(self, listed):
        content = self.report_after_look(listed, failures=[failure(None, "eu-west-1", "not authorized")])
        assert content["recovery_points"][0]["within_rpo"] is None and not content["breaches"]
        assert "not authorized" in content["unjudged"][0]["why"] and content["failures"]

    def test_such_a_copy_is_not_looked_at_if_it_failed_or_its_region_was_not_listed(self, listed):
        listing = {"region": "eu-west-1", "snapshots": listed, "failures": []}
        for other in ({"state": "pending"}, {"error": failure("snap-1", "eu-west-1", "gone")}, {"snapshot_id": None}):
            assert unseen_copies([{**self.call, "copies": [{**self.row, **other}]}], [listing]) == []
        refused = {**listing, "failures": [failure(None, "eu-west-1", "not authorized")]}
        assert unseen_copies([self.call], [refused]) == []
        assert unseen_copies([self.call], [{**listing, "snapshots": [copy(1, 1)]}]) == []

    def test_such_a_copy_justifies_no_deletion_until_it_is_shown(self, listed):
        given = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"], "keep": 1}
        values = replace(checked_variables(given).values, started_at=ago(0))
        snapshots, old = [snapshot(1, 1)], [copy(3, 60), copy(2, 30)]
        plan = copy_plan(snapshots, DISKS, old, ["eu-west-1"], now=ago(0))
        listing = {"disks": DISKS, "snapshots": snapshots, "failures": []}
        done = StepResults(source=listing, disks=DISKS, plan_rows=plan, copied=[self.call])
        done.before = [{"region": "eu-west-1", "snapshots": [*old, *listed], "failures": []}]
        assert prunable(done, values, False).to_delete == []
        look = {"target": {"region": "eu-west-1", "snapshot_ids": ["copy-1"]}, "snapshots": [], "failures": []}
        assert prunable(replace(done, seen=[look]), values, False).to_delete == []
        done.seen = [{**look, "snapshots": [copy(1, 1)]}]
        assert [c["snapshot_id"] for c in prunable(done, values, False).to_delete] == ["copy-3", "copy-2"]


def test_points_in_a_region_that_could_not_be_listed_are_unknown():
    down = {
        "region": "eu-west-1",
        "snapshots": [],
        "failures": [failure(None, "eu-west-1", "no route", kind="connection")],
    }
    content = report(snapshots=[snapshot(1, 1)], listed=[down])
    assert not content["breaches"] and content["within_rpo"] is None
    point = content["recovery_points"][0]
    assert (point["state"], point["within_rpo"]) == ("unknown", None) and "no route" in point["unknown"]
    assert "1 of 1 recovery points could not be judged" in failure_message(content)
    assert content["totals"]["absent"] == 0, "nobody knows whether there is a copy"
    gone = {"disks": [], "snapshots": [], "failures": [failure(None, "us-east-1", "no route", kind="connection")]}
    content = report(copies=[copy(1, 30)], source=gone)
    assert "source region could not be listed" in content["breaches"][0]["why"] and content["source_problem"]


@pytest.mark.parametrize("state", ["completed", "pending"])
def test_a_copy_that_was_taken_back_and_still_shows_is_no_recovery_point(state):
    kept, duplicate = copy(1, 1), {**copy(1, 1), "snapshot_id": "copy-9"}
    row = {"source_snapshot_id": "snap-1", "region": "eu-west-1", "snapshot_id": "copy-1", "state": "completed",
           "error": None, "action": "adopted", "tags": {}, "progress": 100}  # fmt: skip
    call = {"copies": [row], "failures": [], "counts": {"adopted": 1}, "deleted_ids": ["copy-9"]}
    shown = report(snapshots=[snapshot(1, 1)], copies=[{**kept, "state": state}, duplicate], copied=[call])
    (point,) = shown["recovery_points"]
    assert point["snapshot_id"] == ("copy-1" if state == "completed" else None)
