# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rows of the info modules, as plans and restores get them."""

from __future__ import annotations

from typing import Any


def snapshot_row(snapshot_id: str, disk_id: str | None, taken: str, **facts: Any) -> dict[str, Any]:
    """Return the row of a complete snapshot in the source region."""
    shown = {"snapshot_id": snapshot_id, "disk_id": disk_id, "created_at": taken, "region": "us-east-1"}
    return {**shown, "state": "completed", "tags": {}, "source": None, **facts}


def copy_row(
    copy_id: str, source_id: str, disk_id: str, taken: str, source_region: str = "us-east-1", **facts: Any
) -> dict[str, Any]:
    """Return the row of a complete copy of ours. ``taken``: when its source was created."""
    source = {"snapshot_id": source_id, "region": source_region, "disk_id": disk_id, "created_at": taken}
    shown = {"snapshot_id": copy_id, "region": "eu-west-1", "state": "completed", "tags": {}, "place": None}
    return {**shown, "source": {**source, "managed": True}, **facts}
