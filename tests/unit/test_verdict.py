# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a disk misses its RPO: the reason that an SRE is told at night must be the true one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.outcome import gathered
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.report import report_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.selection import there
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.variables import judged
from ansible_collections.multicloud.snapshots.plugins.plugin_utils.verdict import problems_of

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
    told = dict.fromkeys(
        ("source_snapshot_id", "region", "snapshot_id", "kind", "code", "message", "request_id", "hint")
    )
    return {**told, "source_snapshot_id": source, "region": region, "message": message, "kind": "refused", **facts}


def report(snapshots=(), copies=(), source=None, listed=None, copied=(), deleted=(), share=None, **variables):
    given = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"], "rpo_hours": 24}
    values = {**judged({**given, **variables})["values"], "now": ago(0), "reads_only": False}
    source = source or {"disks": DISKS, "snapshots": list(snapshots), "failures": []}
    listed = listed or [{"item": "eu-west-1", "snapshots": list(copies), "failures": []}]
    known = there(listed, snapshots, values)
    plan = copy_plan(snapshots, DISKS, known, ["eu-west-1"], select=values["select"], now=ago(0),
                     max_snapshot_age_hours=values["max_snapshot_age_hours"])  # fmt: skip
    done = {"source": source, "share": share or {}, "before": listed, "disks": DISKS, "snapshots": snapshots}
    done.update(plan=plan, copied=copied, listed=listed, listed_again=[], expired=[], deleted=deleted)
    run = {"host": "orders", "check_mode": False, "ansible": "2.21.0"}
    return report_of(gathered(done, values), done, values, run)


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
    assert why(**stale) == "its newest snapshot is older than max_snapshot_age_hours"
    everything = [snapshot(2, 30), snapshot(1, 50, "error")]
    assert (
        why(snapshots=everything, copies=[copy(2, 30)], select="all") == "no newer snapshot of the disk has been taken"
    )


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


def test_a_region_that_could_not_be_listed():
    down = {
        "item": "eu-west-1",
        "snapshots": [],
        "failures": [failure(None, "eu-west-1", "no route", kind="connection")],
    }
    told = report(snapshots=[snapshot(1, 1)], listed=[down])
    assert "no route" in told["breaches"][0]["why"] and told["recovery_points"][0]["state"] == "unknown"
    assert "no route" in problems_of(told)
    gone = {"disks": [], "snapshots": [], "failures": [failure(None, "us-east-1", "no route", kind="connection")]}
    told = report(copies=[copy(1, 30)], source=gone)
    assert "source region could not be listed" in told["breaches"][0]["why"] and told["source_problem"]


@pytest.mark.parametrize("value", [True, "true"])
def test_truth_in_yaml_is_the_word_that_people_tag_with(value):
    assert judged({"disk_tags": {"dr-copy": value}})["values"]["disk_tags"] == {"dr-copy": "true"}
