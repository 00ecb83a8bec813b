# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the roles write on copies beside the modules' provenance."""

from __future__ import annotations

import re
from collections.abc import Collection

from .rows import Row

#: ATTACHED_TO holds the instance's ID and, if the cloud shows one, the device: ``i-0aa11bb22cc33dd44 /dev/sdf``.
PLAN, DISK_NAME, ATTACHED_TO = "dr-copy:plan", "dr-copy:disk-name", "dr-copy:attached-to"
#: What a level of a drill claims, from the weaker to the stronger.
LEVELS = ("creatable", "readable")
#: What belongs together, and the set of snapshots taken together: "<size> <consistency> <id>".
GROUP, SET = "dr-copy:group", "dr-copy:set"
#: Where a cloud has no snapshot tags, descriptions hold the plan, before disk and time.
_IN_DESCRIPTION = re.compile(r" \(plan ([^()]+)\) \[[^\[\]]*\]$")


def plan_of(copy: Row) -> str | None:
    """Return the plan that made a copy, None if the copy does not show it."""
    match = _IN_DESCRIPTION.search(str(copy.get("description") or ""))
    parts = (copy.get("tags") or {}).get(PLAN) or (match[1] if match else None)
    return str(parts) if parts else None


def set_of(copy: Row) -> tuple[str, str, int] | None:
    """Return group, ID and size of the set that a copy belongs to, None if the copy does not show one."""
    tags = copy.get("tags") or {}
    size, _space, rest = str(tags.get(SET) or "").partition(" ")
    if not tags.get(GROUP) or not size.isdigit() or not rest:
        return None
    return str(tags[GROUP]), rest.partition(" ")[2], int(size)


def is_of_plans(copy: Row, plans: Collection[str]) -> bool:
    """Whether a copy bears the mark of one of these plans, or none."""
    plan = plan_of(copy)
    return plan is None or plan in plans
