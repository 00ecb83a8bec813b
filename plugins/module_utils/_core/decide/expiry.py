# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a copy expires, on clouds that set it after copying (promises: expiry). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..model import CopyRequest, Snapshot, State
from ..times import iso_utc

#: An expiry that is nearer than this is not set: the cloud would delete the copy at once.
NEAREST = timedelta(days=1)


def expiry_of(request: CopyRequest, copy: Snapshot, now: datetime) -> tuple[datetime | None, str | None]:
    """Return the expiry to set on a complete copy of ours that has none, and a warning if it cannot be set."""
    if request.retention_days is None or not copy.deletable or copy.expires_at or copy.state is not State.COMPLETED:
        return None, None
    untouched = f"retention_days is not set on {copy.snapshot_id} in {copy.region}, which stays until it is deleted"
    if copy.created_at is None:
        return None, f"{untouched}: the cloud does not show when it was made"
    moment = copy.created_at + timedelta(days=request.retention_days)
    if moment < now + NEAREST:
        return None, f"{untouched}: its last day would be {iso_utc(moment)}, which is past or less than a day ahead"
    return moment, None
