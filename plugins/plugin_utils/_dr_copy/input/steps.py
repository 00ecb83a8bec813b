# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a run that call modules, and the arguments that a run passes to them besides the user's variables."""

from __future__ import annotations

#: Each step, with the kind of module that it calls.
STEPS = {
    "find": "info",
    "list": "info",
    "look": "info",
    "keys": "info",
    "find again": "info",
    "share": "share",
    "copy": "copy",
    "delete": "copy",
}
#: Arguments that no variable sets: they follow from the results of earlier steps.
GIVEN_BY_RUN = (
    ("find", "other_disks"),
    ("find", "sets"),
    ("find", "also"),
    ("list", "region"),
    ("list", "source_disk_ids"),
    ("list", "also"),
    ("look", "region"),
    ("look", "snapshot_ids"),
    ("keys", "region"),
    ("keys", "snapshot_ids"),
    ("find again", "disk_ids"),
    ("share", "snapshot_ids"),
    ("share", "account_id"),
    ("share", "wait_timeout"),
    ("copy", "snapshot_ids"),
    ("copy", "destination_regions"),
    ("copy", "copy_tags"),
    ("copy", "source_tags"),
    ("copy", "description"),
    ("copy", "wait_timeout"),
    ("copy", "create"),
    ("delete", "state"),
    ("delete", "snapshot_ids"),
    ("delete", "copy_ids"),
    ("delete", "survivors"),
    ("delete", "destination_regions"),
    ("delete", "wait_timeout"),
)
