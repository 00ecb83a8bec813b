# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies and snapshots of a plan, with their ages, for tests of retention."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.decide.keeping.pruning import (
    prunable,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.input.checked import checked_variables

from tests.support.reports import done_with
from tests.support.rows import copy_row, snapshot_row

NOW = "2026-11-21T12:00:00Z"
MOMENT = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def copy(number, disk=0, days=1.0, region="dr-1", source=None, **facts):
    """Return a complete copy of ours whose source was taken this many days ago."""
    taken = (MOMENT - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    source_id, provenance = f"snap-{number if source is None else source}", facts.pop("provenance", {})
    row = copy_row(f"copy-{number}", source_id, f"disk-{disk}", taken, source_region="source-1", region=region)
    return {**row, "tags": {"team": "finance"}, "source": {**row["source"], **provenance}, **facts}


def ids(copies):
    """Return the IDs of rows of copies."""
    return [row["snapshot_id"] for row in copies]


def source(number, disk=0, hours=1.0, state="completed"):
    """Return a snapshot of a disk that was taken this many hours ago."""
    taken = (MOMENT - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return snapshot_row(f"snap-{number}", f"disk-{disk}", taken, state=state)


DISK = [{"disk_id": "disk-0", "name": "database"}]


def expired(copies, plan, disks=tuple(DISK), failed=(), **variables):
    """Return the IDs of the copies that a night with ``keep: 1`` deletes."""
    basics = {"cloud": "ebs", "source_region": "source-1", "destination_regions": ["dr-1"], "keep": 1, "plan": "orders"}
    values = replace(checked_variables({**basics, **variables}).values, started_at=NOW)
    return ids(prunable(done_with(copies, plan, disks, failed), values, False).to_delete)
