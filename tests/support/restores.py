# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies, disks and proofs, as the decisions of the role dr_restore take them."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.choosing import choosing
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.decide.proving import candidates
from ansible_collections.multicloud.snapshots.plugins.plugin_utils._dr_restore.input import variables

from tests.support.rows import copy_row

NOW = "2026-11-21T12:00:00Z"
VALUES = variables.Variables(
    cloud="ebs", region="eu-west-1", zone="eu-west-1a", id="flood", started_at=NOW, host="orders", is_drill=False
)


def copy(number, disk="vol-1", day=20, name="database", **facts):
    """Return a copy of a disk's snapshot of a day."""
    tags = {"dr-copy:disk-name": name, "dr-copy:attached-to": "i-1 /dev/sdf", "env": "prod", **facts.pop("tags", {})}
    row = copy_row(f"snap-{number}", f"snap-s{number}", disk, f"2026-11-{day:02}T02:00:00Z", tags=tags)
    row.update(provider_state="completed", size_gib=8, encrypted=False, traits=[], description="")
    return {**row, **facts}


def chosen(copies, there=(), **values):
    """Return the points that a restore chooses among these copies."""
    return choosing.choose({"snapshots": copies}, {"disks": list(there)}, replace(VALUES, **values)).points


def disk(number, restore="drill-1", snapshot="snap-1", expires="2026-11-21T11:00:00Z", attached_to=None):
    """Return a disk that a drill has made."""
    tags = {"dr-restore:id": restore, "dr-restore:snapshot-id": snapshot, "dr-restore:expires-at": expires}
    return {"disk_id": f"vol-n{number}", "tags": {k: v for k, v in tags.items() if v}, "attached_to": attached_to}


def made(number, **facts):
    """Return a row of the restore module."""
    row = {"snapshot_id": f"snap-{number}", "disk_id": f"vol-n{number}", "zone": "eu-west-1a", "disk_type": "gp3"}
    row.update(
        state="available", action="created", encrypted=False, size_gib=8, seconds=2.5, error=None, kms_key_id=None
    )
    row["created_at"] = NOW
    return {**row, **facts}


def proofs(copies, last=None, **values):
    """Return what is known of earlier proofs of these copies."""
    values = replace(VALUES, **values)
    rows = choosing.choose({"snapshots": copies}, {}, values).points
    return candidates.with_proofs(rows, {"snapshots": copies}, last or {}, values)


def proven(day, level="creatable"):
    """Return the tags of a copy that was proven on a day."""
    return {"dr-copy:proven-at": f"2026-11-{day:02}T00:00:00Z", "dr-copy:proven-level": level}


def choose(*copies, **values):
    """Return what a restore chooses among these copies: points, warnings and a refusal."""
    return choosing.choose({"snapshots": list(copies)}, {"disks": []}, replace(VALUES, **values))


def points(copies, there=(), **values):
    """Return the chosen points as rows."""
    return [point.as_row() for point in chosen(copies, there, **values)]


def deletion(*numbers, failed=(), **facts):
    """Return the result of deleting the disks with these numbers; ``failed`` are reported as deleted, but not gone."""
    failures = [{"kind": "timeout", "message": "still shown", "disk_id": f"vol-n{n}"} for n in failed]
    return {"disks": [], "deleted_ids": [f"vol-n{n}" for n in numbers], "failures": failures, **facts}
