# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of snapshots and copies that may be sets."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.sets import (
    Consistency,
    SnapshotSet,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.row_keys import DiskAt, SourceAt
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._role.rows import SnapshotTime
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.copies import (
    copies_of,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.groups import (
    Group,
)
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.set_choice import choices_of
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.set_plan import wanted_sets
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.sources import Source
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._sets.status import status_of_groups

from tests.support.rows import copy_row

MIDNIGHT = datetime(2026, 11, 20, tzinfo=timezone.utc)


def night(number, seconds=0):
    """Return the time of a night."""
    return MIDNIGHT + timedelta(days=number, seconds=seconds)


def text(moment):
    """Return a time as the modules write it."""
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


SECONDS = 300
AB = Group("i-1", frozenset("ab"))
ABC = Group("i-1", frozenset("abc"))


def source(disk, number, seconds=0, listed=None, size=2, consistency="crash", **facts):
    """Return a snapshot of a disk, of a night, that may be listed as a member of a set."""
    listed_set = SnapshotSet(listed, size, Consistency(consistency)) if listed else None
    return Source(disk, f"{disk}{number}", night(number, seconds), listed_set, **facts)


def of_plan(plan, number, disks, mark, of_disks=""):
    marks = {"dr-copy:plan": plan, **({"dr-copy:set-disks": of_disks} if of_disks else {})}
    return [{**one, "tags": {**one["tags"], **marks}} for one in (row(d, number, mark) for d in disks)]


def wanted(sources, rows=(), complete=None, regions=("there",), groups=(AB,)):
    """Return the sets that are to be copied, given snapshots and copies."""
    found = copies(*rows)
    if complete is None:
        complete = {SourceAt(copy.source_id, copy.region) for copy in found}
    return wanted_sets(groups, sources, found, complete, regions, SECONDS)


MARK_1 = f"2 near {text(night(1))}"


def standing(rows, rpo=0.0, group=AB, unread=(), now=None, plans=()):
    """Return how the sets of a group stand."""
    newest = {}
    for one in copies(*rows):
        key = DiskAt(one.disk_id, one.region)
        newest[key] = max(newest.get(key, SnapshotTime(one.time, one.source_id)), SnapshotTime(one.time, one.source_id))
    (found,) = status_of_groups([group], copies(*rows), newest, ["there"], rpo, now or night(3), unread, plans)
    return found


def restored(rows, at=None, disks="ab", used=(), **facts):
    """Return the choice for each disk of a restore."""
    found = choices_of(copies(*rows), at or night(99), set(disks), used, **facts)
    return {
        disk: (c.source_id, c.mark.set_id if c.mark else None, c.is_torn) for disk, c in found.of_disks.items()
    }, found.contradictions
