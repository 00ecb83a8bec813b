# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of snapshots and copies that may be sets."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.copies import (
    copies_of,
)

from tests.support.rows import copy_row

MIDNIGHT = datetime(2026, 11, 20, tzinfo=timezone.utc)


def night(number, seconds=0):
    return MIDNIGHT + timedelta(days=number, seconds=seconds)


def text(moment):
    """Return the time of a night."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def row(disk, number, mark=None, group="i-1", seconds=0, region="there", copy_id=None, **facts):
    """Return a row of an info module: a copy of a disk's snapshot of a night, with these marks."""
    tags = {"dr-copy:group": group, "dr-copy:set": mark, "dr-copy:attached-to": facts.pop("attached_to", None)}
    name, taken = f"{disk}{number}", text(night(number, seconds))
    made = copy_row(copy_id or f"copy-{name}", name, disk, taken, source_region="here", region=region)
    return {**made, "tags": {key: value for key, value in tags.items() if value}, **facts}


def copies(*rows):
    """Return the copies that may be members of sets."""
    return copies_of(rows)
