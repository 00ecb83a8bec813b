# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a disk misses its RPO: the reason that an SRE reads at night must be the true one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.destinations import copies_there
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.outcome import outcome_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.pruning import prunable_after
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.report import report_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.screen import failure_message
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.variables import normalise

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
DISKS = [{"disk_id": "vol-1", "name": "database"}]


def ago(hours):
    return (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def snapshot(number, hours, state="completed"):
    return {
        "snapshot_id": f"snap-{number}",
        "disk_id": "vol-1",
        "region": "us-east-1",
        "state": state,
        "created_at": ago(hours),
        "source": None,
        "tags": {},
    }


def copy(number, hours):
    source = {"snapshot_id": f"snap-{number}", "region": "us-east-1", "disk_id": "vol-1", "created_at": ago(hours)}
    there = {"snapshot_id": f"copy-{number}", "region": "eu-west-1", "state": "completed", "tags": {}}
    return {**there, "place": None, "source": {**source, "managed": True}}


def failure(source, region, message, **facts):
    empty = dict.fromkeys(
        ("source_snapshot_id", "region", "snapshot_id", "kind", "code", "message", "request_id", "hint")
    )
    return {**empty, "source_snapshot_id": source, "region": region, "message": message, "kind": "refused", **facts}


def report(snapshots=(), copies=(), source=None, listed=None, copied=(), deleted=(), share=None, **variables):
    given = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"], "rpo_hours": 24}
    values = {**normalise({**given, **variables})["values"], "now": ago(0), "reads_only": False}
    source = source or {"disks": DISKS, "snapshots": list(snapshots), "failures": []}
    listed = listed or [{"item": "eu-west-1", "snapshots": list(copies), "failures": []}]
    known = copies_there(listed, snapshots, values)
    plan = copy_plan(snapshots, DISKS, known, ["eu-west-1"], select=values["select"], now=ago(0),
                     max_snapshot_age_hours=values["max_snapshot_age_hours"], snapshot_tags=values["snapshot_tags"],
                     exclude_snapshot_tags=values["exclude_snapshot_tags"])  # fmt: skip
    done = {"source": source, "share": share or {}, "before": listed, "disks": DISKS, "snapshots": snapshots}
    done.update(plan=plan, copied=copied, listed=listed, listed_again=[], expired=[], deleted=deleted)
    run = {"host": "orders", "check_mode": False, "ansible": "2.21.0"}
    return report_of(outcome_of(done, values), done, values, run)


def why(**given):
    breaches = report(**given)["breaches"]
    assert len(breaches) == 1
    return breaches[0]["why"]


def test_what_is_wrong_with_the_newest_snapshot():
    old = copy(1, 30)
    assert (
        why(snapshots=[snapshot(2, 1, "pending"), snapshot(1, 30)], copies=[old]) == "its newest snapshot is unfinished"
    )
    assert why(snapshots=[snapshot(2, 1, "error"), snapshot(1, 30)], copies=[old]) == "its newest snapshot has failed"
    assert why(snapshots=[snapshot(1, 30)], copies=[old]) == "no newer snapshot of the disk has been taken"
    assert why(snapshots=[], copies=[old]) == "the disk has no complete snapshot to copy"
    stale = {"snapshots": [snapshot(1, 30)], "max_snapshot_age_hours": 26}
    assert why(**stale) == "its newest snapshot is older than dr_copy_max_snapshot_age_hours"
    everything = [snapshot(2, 30), snapshot(1, 50, "error")]
    assert (
        why(snapshots=everything, copies=[copy(2, 30)], select="all") == "no newer snapshot of the disk has been taken"
    )


def test_snapshots_that_were_passed_over_are_the_reason_only_where_there_are_no_others():
    scan = {**snapshot(2, 1), "tags": {"wiz": "auto-gen-snapshot"}}
    assert (
        why(snapshots=[scan, snapshot(1, 30)], copies=[copy(1, 30)]) == "no newer snapshot of the disk has been taken"
    )
    assert why(snapshots=[scan]) == "its snapshots bear a tag of exclude_snapshot_tags"
    assert why(snapshots=[snapshot(1, 1)], snapshot_tags={"a": "b"}) == "its snapshots lack a tag of snapshot_tags"


def test_what_kept_the_copy_from_being_made():
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
def test_a_copy_that_the_run_has_told_as_complete_is_one_though_an_old_listing_shows_it_otherwise(listed):
    row = {"source_snapshot_id": "snap-1", "region": "eu-west-1", "snapshot_id": "copy-1", "state": "completed"}
    row.update(error=None, action="created", tags={}, progress=100)
    call = {"copies": [row], "failures": [], "counts": {}}
    content = report(snapshots=[snapshot(1, 1)], copies=listed, copied=[call])
    (point,) = content["recovery_points"]
    assert (point["snapshot_id"], point["state"], point["within_rpo"]) == ("copy-1", "completed", True)
    assert not content["breaches"] and not content["unfinished"]
    for other in ({**row, "state": "pending"}, {**row, "error": failure("snap-1", "eu-west-1", "gone")}):
        content = report(snapshots=[snapshot(1, 1)], copies=listed, copied=[{**call, "copies": [other]}])
        assert content["recovery_points"][0]["within_rpo"] is False
    failed = {**copy(1, 1), "state": "error"}
    content = report(snapshots=[snapshot(1, 1)], copies=[failed], copied=[call])
    assert content["recovery_points"][0]["within_rpo"] is False, "a later state is no old listing"


def test_retention_never_takes_a_copy_for_complete_that_is_only_told_so():
    given = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"], "keep": 1}
    values = {**normalise(given)["values"], "now": ago(0), "reads_only": False}
    row = {"source_snapshot_id": "snap-3", "region": "eu-west-1", "snapshot_id": "copy-3", "state": "completed",
           "error": None}  # fmt: skip
    snapshots, old = [snapshot(3, 1)], [copy(1, 60), copy(2, 30)]
    plan = copy_plan(snapshots, DISKS, old, ["eu-west-1"], now=ago(0))
    done = {"source": {"disks": DISKS, "snapshots": snapshots, "failures": []}, "share": {}, "disks": DISKS}
    done.update(snapshots=snapshots, plan=plan, copied=[{"copies": [row], "failures": []}], expired=[], deleted=[])
    done["listed"] = [{"item": "eu-west-1", "snapshots": old, "failures": []}]
    assert prunable_after(done, values) == []
    done["listed"] = [{"item": "eu-west-1", "snapshots": [*old, copy(3, 1)], "failures": []}]
    assert [c["snapshot_id"] for c in prunable_after(done, values)] == ["copy-1", "copy-2"]


def test_a_region_that_could_not_be_listed():
    down = {
        "item": "eu-west-1",
        "snapshots": [],
        "failures": [failure(None, "eu-west-1", "no route", kind="connection")],
    }
    content = report(snapshots=[snapshot(1, 1)], listed=[down])
    assert not content["breaches"] and content["within_rpo"] is None
    point = content["recovery_points"][0]
    assert (point["state"], point["within_rpo"]) == ("unknown", None) and "no route" in point["unknown"]
    assert "1 of 1 recovery points could not be judged" in failure_message(content)
    gone = {"disks": [], "snapshots": [], "failures": [failure(None, "us-east-1", "no route", kind="connection")]}
    content = report(copies=[copy(1, 30)], source=gone)
    assert "source region could not be listed" in content["breaches"][0]["why"] and content["source_problem"]
