# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers of several disks, and the marks of their sets."""

from __future__ import annotations

from types import SimpleNamespace

from tests.simulator.aws.ec2 import ACCOUNT, ec2_backends


def attach(estate, disk, instance):
    if estate.cloud.name == "ebs":
        volume = ec2_backends[ACCOUNT][estate.source].volumes[disk]
        volume.attachment = SimpleNamespace(
            instance=SimpleNamespace(id=instance), device="/dev/sdf", volume=volume, status="attached"
        )
    else:
        estate.server.account.disks[estate.source][disk].attached_to = instance


def server(estate, number=2, instance="i-0a1"):
    """Create the disks of a server; return their IDs."""
    disks = [estate.disk(**{"dr-copy": "true", "Name": f"disk {n}"}) for n in range(number)]
    for disk in disks:
        attach(estate, disk, instance)
    return disks


def taken(estate, disks, hours):
    return [estate.snapshot(disk, hours) for disk in disks]


def marks_of(estate):
    """Return the marks of each copy, by its source."""
    keys = ("dr-copy:group", "dr-copy:set")
    found = {}
    for copy in estate.copies():
        tags = estate.tags_of(copy)
        found[tags.get("dr-copy:source-snapshot-id", copy.source_id)] = tuple(tags.get(key) for key in keys)
    return found


def silence_source(estate):
    """Let the source region answer no query about its disks."""
    action = "DescribeVolumes" if estate.cloud.name == "ebs" else "DescribeDisks"
    estate.refuse(action, "InternalError", region=estate.source)


def marks(set_id, size=2, group="i-1"):
    """Return the marks of a copy that is a member of a set."""
    return {"dr-copy:group": group, "dr-copy:set": f"{size} crash {set_id}"}


def two_disks(runs):
    """Create two disks of a server; return their IDs by name."""
    return {name: runs.estate.disk(Name=name) for name in ("database", "log")}


def rows_of(ended):
    """Return the rows of a restore by the names of their disks."""
    return {row["disk_name"]: row for row in ended.result["disks"]}


def row(number, **facts):
    """Return a disk of a server as a row of a manifest."""
    known = {"disk_id": f"vol-{number}", "disk_name": f"disk-{number}", "group": "i-1", "taken_at": f"of-{number}"}
    of_set = {"set": "n1", "consistency": "crash", "torn": False, "newer": None, "missing": None, "former_group": None}
    return {**known, **of_set, **facts}
