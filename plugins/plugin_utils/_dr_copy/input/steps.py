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
#: Options of the copy module that no variable sets: they follow from the results of earlier steps.
GIVEN_BY_RUN = (
    "snapshot_ids",
    "destination_regions",
    "copy_tags",
    "source_tags",
    "description",
    "wait_timeout",
    "create",
    "state",
    "copy_ids",
    "survivors",
)
