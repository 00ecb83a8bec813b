# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of a report's page, and the page that they give."""

from __future__ import annotations

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_copy.output import pages

from tests.support.page_reader import Page
from tests.support.reports import REGION, SCHEMA, ago, sample

DISK = {"disk_id": "vol-1", "disk_name": "database"}
BARE = {"disk_id": "vol-2", "disk_name": None}
BARE_COPY = {"snapshot_id": "copy-1", "region": REGION, "source_snapshot_id": "snap-1"}
GOOD = {"disks": 4, "late": 0}


def drawn(changes=(), **night):
    """Return the page of a night whose report has these changes; a dict changes some of its keys."""
    report = sample(**night)
    for key, value in dict(changes).items():
        report[key] = {**report[key], **value} if isinstance(value, dict) else value
    SCHEMA.validate(report)
    page = Page(pages.report_page(report))
    assert not page.dead_links, page.dead_links
    return page


def unfinished(**facts):
    return {**BARE_COPY, "disk_id": "vol-1", "state": "pending", "progress": None, **facts}


def server(group, **facts):
    """Return the row of a server in a report."""
    whole = {"set": "ami-1", "consistency": "crash", "source_created_at": ago(2), "age_hours": 2.0, "within_rpo": True}
    return {"group": group, "region": REGION, "disks": [], **whole, "torn": [], "unknown": None, **facts}


NO_SET = {"set": None, "consistency": None, "source_created_at": None, "age_hours": None, "within_rpo": False}
