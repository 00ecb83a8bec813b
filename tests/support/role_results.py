# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results and reports of the role dr_copy, as its decisions and outputs take them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.copying.planning import copy_plan
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.destinations import (
    copies_with_known_sources,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.result import role_result
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.step_results import StepResults
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output.report import report_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.run_context import RunContext

from tests.support.rows import copy_row, snapshot_row

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
DISKS = [{"disk_id": "vol-1", "name": "database"}]


def ago(hours):
    """Return the time this many hours before NOW, as the modules write it."""
    return (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def snapshot(number, hours, state="completed"):
    """Return a snapshot of the disk vol-1."""
    return snapshot_row(f"snap-{number}", "vol-1", ago(hours), state=state)


def copy(number, hours):
    """Return a copy of the snapshot with the same number."""
    return copy_row(f"copy-{number}", f"snap-{number}", "vol-1", ago(hours))


def failure(source, region, message, **facts):
    """Return a failure of a module."""
    empty = dict.fromkeys(
        ("source_snapshot_id", "region", "snapshot_id", "kind", "code", "message", "request_id", "hint")
    )
    return {**empty, "source_snapshot_id": source, "region": region, "message": message, "kind": "refused", **facts}


def report(snapshots=(), copies=(), source=None, listed=None, copied=(), deleted=(), share=None, seen=(), **variables):
    """Return the report of a run that listed these snapshots and copies."""
    given = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"], "rpo_hours": 24}
    values = replace(checked_variables({**given, **variables}).values, started_at=ago(0))
    source = source or {"disks": DISKS, "snapshots": list(snapshots), "failures": []}
    listed = listed or [{"region": "eu-west-1", "snapshots": list(copies), "failures": []}]
    known = copies_with_known_sources(listed, snapshots, values)
    plan = copy_plan(snapshots, DISKS, known, ["eu-west-1"], select=values.select, now=ago(0),
                     max_snapshot_age_hours=values.max_snapshot_age_hours, snapshot_tags=values.snapshot_tags,
                     exclude_snapshot_tags=values.exclude_snapshot_tags)  # fmt: skip
    done = StepResults(source=source, share=share, before=listed, disks=DISKS, plan_rows=plan)
    done = replace(done, copied=copied, seen=seen, deleted=deleted)
    run = RunContext(host="orders", ansible="2.21.0")
    return report_of(role_result(done, values, False), done, values, run)


DOWN = {"failures": [failure(None, "us-east-1", "no route", kind="connection")]}


def values(**variables):
    """Return the variables of the plan orders."""
    given = {"cloud": "ebs", "source_region": "us-east-1", "destination_regions": ["eu-west-1"], "plan": "orders"}
    taken = checked_variables({**given, **variables})
    assert not taken.problems, taken
    return replace(taken.values, started_at=ago(0))


def of_plan(name, number=1, hours=1.0, disk="vol-1", **facts):
    """Return a copy with the mark of a plan."""
    made = copy(number, hours)
    return {**made, "tags": {"dr-copy:plan": name}, "source": {**made["source"], "disk_id": disk}, **facts}


def disk(number, **tags):
    """Return a disk of the source region."""
    tags = {key.replace("_", "-"): value for key, value in tags.items()}
    return {
        "disk_id": f"vol-{number}",
        "name": f"disk {number}",
        "region": "us-east-1",
        "tags": tags,
        "attached_to": None,
    }


def source(*disks, others=(), snapshots=()):
    """Return the listing of the source region."""
    return {"disks": list(disks), "other_disks": list(others), "snapshots": list(snapshots), "failures": []}
