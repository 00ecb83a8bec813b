# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tour of the nightly guide: choose, keep, lock and report, as a new user would follow it."""

from __future__ import annotations

import json
import time
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.daily import daily_sample

from .conftest import PLACES
from .test_role import plan_over, role


def tag(clouds, snapshot, **tags):
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    clouds.client("us-east-1").create_tags(Resources=[snapshot], Tags=pairs)


def test_a_tour_of_choosing_keeping_locking_and_reporting(clouds):
    disk = clouds.create_ebs_disk("database", **{"dr-copy": "true", "owner": "finance"})
    wanted = clouds.create_ebs_snapshot(disk)
    time.sleep(1.1)  # the cloud shows whole seconds
    tag(clouds, clouds.create_ebs_snapshot(disk), wiz="auto-gen-snapshot")
    reports, metrics = clouds.directory / "reports", clouds.directory / "metrics"
    variables = {
        "dr_copy_copy_disk_tags": True,
        "dr_copy_keep_daily": "7",
        "dr_copy_keep_monthly": "12",
        "dr_copy_timezone": "Europe/Berlin",
        "dr_copy_lock_days": 5,
        "dr_copy_rpo_hours": 26,
        "dr_copy_report_dir": str(reports),
        "dr_copy_metrics_dir": str(metrics),
    }
    predicted, _output = role(clouds, "--check", **variables)
    assert predicted["counts"]["created"] == 1 and not clouds.copies() and not metrics.exists()
    result, _output = role(clouds, **variables)
    reasons = {row["snapshot_id"]: row["reason"] for row in result["plan"]}
    assert reasons.pop(wanted) == "newest" and set(reasons.values()) == {"has an excluded tag"}
    (point,) = result["recovery_points"]
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert point["source_snapshot_id"] == wanted and point["locked_until"] > now
    (copy,) = result["copies"]
    assert copy["tags"]["owner"] == "finance" and copy["locked_until"] == point["locked_until"]
    before = int(time.time())
    again, output = role(clouds, **variables)
    assert "changed=0" in output and again["counts"]["unchanged"] == 1
    (path,) = metrics.iterdir()
    families = text_string_to_metric_families(path.read_text())
    found = {sample.name: sample.value for family in families for sample in family.samples}
    assert path.name == "dr_copy_localhost.prom" and found["dr_copy_last_success_timestamp_seconds"] >= before
    (case, run) = ElementTree.parse(reports / "localhost.junit.xml").getroot()
    assert disk in case.get("name") and not len(case) and not len(run)
    page, report = (reports / "localhost.html").read_text(), json.loads((reports / "localhost.json").read_text())
    assert "locked until" in page and report["settings"]["keep_daily"] == 7


def test_all_problems_are_in_one_message(clouds):
    bad = {
        "dr_copy_timezone": "Mars/Olympus",
        "dr_copy_keep_weekly": "-1",
        "dr_copy_lock_days": 40000,
        "dr_copy_snapshot_tags": "nonsense",
    }
    _result, output = role(clouds, expect=2, **bad)
    assert all(name in output for name in bad) and not clouds.copies()


@pytest.mark.parametrize("cloud", daily_sample(["ebs", "ecs", "cbs"]))
def test_the_next_newest_is_copied_where_the_newest_is_gone_by_then(clouds, cloud):
    """Somebody deletes the two newest during the listing. On EBS a real run would retry for a minute."""
    disk, other = (clouds.create_disk(cloud, name, dr_copy="true") for name in ("database", "mail"))
    oldest, beside = clouds.create_snapshot(cloud, disk), clouds.create_snapshot(cloud, other)
    plan = {**plan_over(clouds, cloud), "dr_copy_rpo_hours": 24}
    for arguments in [["--check"]] if cloud == "ebs" else [["--check"], []]:
        gone = []
        for _n in range(2):
            time.sleep(1.1)  # the clouds show whole seconds
            gone.append(clouds.create_snapshot(cloud, disk))
        gone_then = dict.fromkeys(gone, PLACES[cloud][1])
        clouds.control_of(cloud, "settings", {"vanish": gone_then, "copy_seconds": 0.2})
        result, _output = role(clouds, *arguments, **plan)
        rows = {row["snapshot_id"]: (row["chosen"], row["reason"]) for row in result["plan"]}
        assert rows[gone[-1]] == (False, "gone before it was copied") and rows[oldest] == (True, "next newest")
        assert rows[beside] == (True, "newest") and not result["failures"]
        assert {row["source_snapshot_id"] for row in result["copies"]} == {oldest, beside}
        assert result["counts"]["created"] == 2 and result["counts"]["failed"] == 0
        assert all(point["within_rpo"] for point in result["recovery_points"])
    if cloud != "ebs":
        again, output = role(clouds, **plan)
        assert "changed=0" in output and again["counts"]["unchanged"] == 2


def test_a_disk_all_of_whose_snapshots_are_gone_has_failed(clouds):
    disk = clouds.create_disk("ecs", "database", dr_copy="true")
    gone = clouds.create_snapshot("ecs", disk)
    clouds.control_of("ecs", "settings", {"vanish": {gone: PLACES["ecs"][1]}})
    result, output = role(clouds, expect=2, **plan_over(clouds, "ecs"))
    (failure,) = result["failures"]
    assert (failure["kind"], failure["disk_id"]) == ("not_found", disk) and gone in output
    reasons = [(row["snapshot_id"], row["reason"]) for row in result["plan"]]
    assert reasons == [(gone, "gone before it was copied"), (None, "no snapshot")]


def test_a_copy_that_was_never_tagged_is_tagged_by_the_next_night(clouds):
    """On CBS tags follow the copy: a run that ends in between leaves a copy that retention does not recognize."""
    disk = clouds.create_disk("cbs", "database", dr_copy="true")
    first = clouds.create_snapshot("cbs", disk)
    clouds.control_of("cbs", "settings", {"copy_seconds": 0.2})
    fault = {"action": "TagResources", "fault": "refuse", "code": "UnauthorizedOperation", "status": 200}
    clouds.control_of("cbs", "faults", [fault])
    role(clouds, expect=2, **plan_over(clouds, "cbs"))
    clouds.control_of("cbs", "faults", [])
    time.sleep(1.1)  # the cloud shows whole seconds
    second = clouds.create_snapshot("cbs", disk)
    result, _output = role(clouds, **plan_over(clouds, "cbs"))
    actions = {row["source_snapshot_id"]: row["action"] for row in result["copies"]}
    assert actions == {first: "updated", second: "created"}
    again, output = role(clouds, **plan_over(clouds, "cbs"))
    assert "changed=0" in output and [row["source_snapshot_id"] for row in again["copies"]] == [second]


def test_retention_reads_names_of_copies_without_tags(clouds):
    disk = clouds.create_disk("cbs", "database", dr_copy="true")
    clouds.control_of("cbs", "settings", {"copy_seconds": 0.2, "tag_values": 0})
    night = {**plan_over(clouds, "cbs"), "dr_copy_keep": 1}
    first = clouds.create_snapshot("cbs", disk)
    result, output = role(clouds, **night)
    assert not result["failures"] and "LimitExceeded.TagValue" in output
    time.sleep(1.1)  # the cloud shows whole seconds
    second = clouds.create_snapshot("cbs", disk)
    result, output = role(clouds, **night)
    assert [row["source_snapshot_id"] for row in result["pruned"]] == [first]
    (point,) = result["recovery_points"]
    assert (point["source_snapshot_id"], point["disk_id"], point["state"]) == (second, disk, "completed")
    _again, output = role(clouds, **night)
    assert "changed=0" in output and "LimitExceeded.TagValue" in output
