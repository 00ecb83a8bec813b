# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is copied if the newest snapshot of a disk was deleted meanwhile."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.batches import copy_batches
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.falling_back import (
    both_shares,
    disks_to_fall_back,
    fall_back,
    without_gone,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.run_decision import decide_run
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.step_results import StepResults
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables

from tests.support.rows import copy_row, snapshot_row

REGIONS = ["eu-west-1", "eu-central-1"]


def values(**changed):
    given = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": REGIONS, **changed}
    return replace(checked_variables(given).values, started_at="2026-11-21T12:00:00Z")


def snapshot(number, disk=1, **changed):
    return snapshot_row(f"snap-{number}", f"vol-{disk}", f"2026-11-21T{number:02d}:00:00Z", **changed)


def copy(number, region):
    taken = f"2026-11-21T{number:02d}:00:00Z"
    return copy_row(f"copy-{number}", f"snap-{number}", "vol-1", taken, region=region)


def listed(*snapshots, disks=(1,)):
    named = [{"disk_id": f"vol-{number}", "name": f"disk {number}", "tags": {}} for number in disks]
    return {"disks": named, "snapshots": list(snapshots)}


def failed(number, *regions, kind="not_found"):
    def failure(region):
        return {"source_snapshot_id": f"snap-{number}", "region": region, "snapshot_id": None, "kind": kind}

    rows = [{"source_snapshot_id": f"snap-{number}", "region": region, "error": failure(region)} for region in regions]
    return {"copies": rows, "failures": [failure(region) for region in regions], "counts": {"failed": len(rows)}}


def reasons_of(plan):
    return [(row["snapshot_id"], row["region"], row["chosen"], row["reason"]) for row in plan]


def run(source, again, *calls, before=(), **changed):
    given = values(**changed)
    decided = decide_run(source, before, given, {})
    steps = StepResults(source=source, before=list(before), disks=decided["disks"], plan_rows=decided["plan"])
    return fall_back(steps, calls, again, given)


def test_only_a_disk_whose_newest_snapshot_is_gone_falls_back():
    given = values()
    plan = decide_run(listed(snapshot(3), snapshot(5), snapshot(6, 2), disks=(1, 2)), [], given, {})["plan"]
    assert disks_to_fall_back(plan, [{}, failed(5, "eu-west-1")], given) == ["vol-1"]
    assert disks_to_fall_back(plan, [failed(5, "eu-west-1", kind="refused"), failed(3, "eu-west-1")], given) == []
    sharing = {"failures": failed(6, "us-east-1")["failures"], "shared": []}
    assert disks_to_fall_back(plan, [sharing], given) == ["vol-2"]


def test_the_next_newest_replaces_the_newest_only_where_that_is_gone():
    source = listed(snapshot(2), snapshot(3), snapshot(4, state="pending"), snapshot(5))
    plan = run(source, listed(snapshot(2), snapshot(3)), failed(5, "eu-west-1"))
    west, central = REGIONS
    assert reasons_of(plan) == [
        ("snap-5", west, False, "gone before it was copied"),
        ("snap-3", west, True, "next newest"),
        ("snap-5", central, True, "newest"),
    ]
    calls = copy_batches(plan, None, [{"copies": [{"source_snapshot_id": "snap-5", "region": central}]}])
    assert calls == [{"snapshot_ids": ["snap-3"], "destination_regions": [west]}]


def test_an_older_one_that_is_gone_is_no_failure_where_others_of_its_disk_are_copied():
    source, call = listed(snapshot(2), snapshot(3), snapshot(5)), failed(3, *REGIONS)
    plan = run(source, listed(snapshot(2), snapshot(5)), call, select="all")
    assert [row[:1] + row[2:] for row in reasons_of(plan) if row[1] == REGIONS[0]] == [
        ("snap-3", False, "gone before it was copied"),
        ("snap-5", True, "newest"),
        ("snap-2", True, "all are selected"),
    ]
    assert without_gone([call], plan)[0]["failures"] == []


def test_a_fallback_skips_a_missing_snapshot_unless_the_source_was_not_read():
    source, failure = listed(snapshot(2), snapshot(3), snapshot(5)), failed(5, *REGIONS)
    plan = run(source, listed(snapshot(2)), failure)
    assert [row["snapshot_id"] for row in plan if row["chosen"]] == ["snap-2", "snap-2"]
    unread = {"failures": [{"kind": "connection", "source_snapshot_id": None, "region": "us-east-1"}]}
    assert [row["snapshot_id"] for row in run(source, unread, failure) if row["chosen"]] == ["snap-3", "snap-3"]


def test_a_source_that_a_later_listing_shows_is_not_gone():
    """No disk is dropped, and no failure removed, because of a read that lagged (promises: unseen)."""
    source, failure = listed(snapshot(3), snapshot(5)), failed(5, *REGIONS)
    plan = run(source, listed(snapshot(3), snapshot(5)), failure)
    assert {row[:1] + row[2:] for row in reasons_of(plan)} == {("snap-5", True, "newest")}
    assert without_gone([failure], plan) == [failure]


def test_a_deleted_snapshot_is_a_failure_only_without_a_replacement():
    source, call = listed(snapshot(3), snapshot(5)), failed(5, *REGIONS)
    before = [{"snapshots": [copy(3, "eu-west-1")], "region": "eu-west-1"}]
    plan = run(source, listed(snapshot(3)), call, before=before)
    assert [row[3] for row in reasons_of(plan) if row[0] == "snap-3"] == ["already there", "next newest"]
    (result,) = without_gone([call], plan)
    assert not result["failures"] and not result["copies"] and result["counts"]["failed"] == 0
    refused = failed(4, *REGIONS, kind="refused")
    both = {key: [*call[key], *refused[key]] for key in ("copies", "failures")}
    (result,) = without_gone([{**both, "counts": {"failed": 4}}], plan)
    assert result == {**refused, "failed": True, "counts": {"failed": 2}}
    nothing = run(listed(snapshot(5)), listed(), call)
    assert [row[3] for row in reasons_of(nothing)] == ["gone before it was copied", "no snapshot"] * 2
    assert without_gone([call], nothing) == [call]
    other = failed(5, *REGIONS, kind="refused")
    assert without_gone([other], plan)[0]["failures"] == other["failures"]


def test_the_shares_before_and_after_a_fallback_are_one_result():
    first = {"shared": [{"snapshot_id": "snap-1"}], "failures": [], "api_calls": {"ModifySnapshotAttribute": 1}}
    second = {"shared": [{"snapshot_id": "snap-2"}], "failures": [], "api_calls": {"ModifySnapshotAttribute": 2}}
    both = both_shares(first, second)
    assert [share["snapshot_id"] for share in both["shared"]] == ["snap-1", "snap-2"]
    assert both["api_calls"] == {"ModifySnapshotAttribute": 3} and both_shares(None, first) == first
    assert both_shares(first, {"msg": "no account"})["failures"][0]["message"] == "no account"
