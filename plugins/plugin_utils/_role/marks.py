# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tags that the roles write on copies besides the modules' provenance."""

from __future__ import annotations

import re
from collections.abc import Collection

from .answers import SnapshotRow

#: ATTACHED_TO holds the instance's ID and, if the cloud shows one, the device: ``i-0aa11bb22cc33dd44 /dev/sdf``.
PLAN, DISK_NAME, ATTACHED_TO = "dr-copy:plan", "dr-copy:disk-name", "dr-copy:attached-to"
#: The levels of a drill, from the weakest to the strongest.
LEVELS = ("creatable", "readable", "usable")
#: On a cloud without snapshot tags, descriptions contain the plan, before disk and time.
_IN_DESCRIPTION = re.compile(r" \(plan ([^()]+)\) \[[^\[\]]*\]$")


def plan_of(copy: SnapshotRow) -> str | None:
    """Return the plan that made a copy, None if the copy does not show it."""
    match = _IN_DESCRIPTION.search(str(copy.get("description") or ""))
    plan = (copy.get("tags") or {}).get(PLAN) or (match[1] if match else None)
    return str(plan) if plan else None


def is_of_plans(copy: SnapshotRow, plans: Collection[str]) -> bool:
    """Whether a copy has the mark of one of these plans, or no mark."""
    plan = plan_of(copy)
    return plan is None or plan in plans
