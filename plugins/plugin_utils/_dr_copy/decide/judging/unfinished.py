# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copies that are in progress or have failed at the destinations."""

from __future__ import annotations

from typing import TypedDict

from ...._role.answers import SnapshotRow
from ...._role.rows import disk_id_of
from ...input.variables import Variables
from ..destinations import managed_copies
from ..run_state import RunState


class UnfinishedCopy(TypedDict):
    """A copy that is in progress or has failed."""

    snapshot_id: str
    region: str
    state: str
    progress: int | None
    disk_id: str
    source_snapshot_id: str | None


def unfinished_copies(state: RunState, values: Variables) -> list[UnfinishedCopy]:
    """Return the copies of the run's disks that are in progress or failed, according to the last listing and looks."""
    chosen = {disk["disk_id"] for disk in state.steps.disks}
    copies = managed_copies(state.copies, values)
    return [_unfinished(c) for c in copies if c["state"] in ("pending", "error") and disk_id_of(c) in chosen]


def _unfinished(copy: SnapshotRow) -> UnfinishedCopy:
    return {
        "snapshot_id": copy["snapshot_id"],
        "region": copy["region"],
        "state": copy["state"],
        "progress": copy.get("progress"),
        "disk_id": disk_id_of(copy),
        "source_snapshot_id": copy["source"]["snapshot_id"] if copy["source"] else None,
    }
