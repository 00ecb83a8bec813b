# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a copy expires, on clouds that set it after copying (promises: expiry), and when a restored disk may be reaped
(promises: disk-expiry). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..model import CopyRequest, Snapshot, State, TagChange
from ..tags import RESTORE_EXPIRES_AT
from ..times import iso_utc, parse_iso_utc

#: An expiry that is nearer than this is not set: the cloud would delete the copy at once.
NEAREST = timedelta(days=1)
#: A disk's time is moved on where the new one is later by as much: a run that is repeated at once changes nothing.
LATER = timedelta(hours=1)


def expiry_of(request: CopyRequest, copy: Snapshot, now: datetime) -> tuple[datetime | None, str | None]:
    """Return the expiry to set on a complete copy of ours that has none, and a warning if it cannot be set."""
    if request.retention_days is None or not copy.deletable or copy.expires_at or copy.state is not State.COMPLETED:
        return None, None
    untouched = (
        f"retention_days is not set on {copy.snapshot_id} in {copy.region}, which is kept until somebody deletes it"
    )
    if copy.created_at is None:
        return None, f"{untouched}: the cloud does not show when it was made"
    moment = copy.created_at + timedelta(days=request.retention_days)
    if moment < now + NEAREST:
        return None, f"{untouched}: its last day would be {iso_utc(moment)}, which is past or less than a day ahead"
    return moment, None


def expiry_change(request: CopyRequest, copy: Snapshot) -> TagChange:
    """Return the change of a disk's tags that brings its time of expiry into line: away where none is asked, or on to a
    later one. It is never moved nearer, and a disk without one gets none."""
    there, asked = copy.tags.get(RESTORE_EXPIRES_AT), (request.tags or {}).get(RESTORE_EXPIRES_AT)
    if there is None:
        return TagChange()
    if asked is None:
        return TagChange(remove=(RESTORE_EXPIRES_AT,))
    old, new = parse_iso_utc(there), parse_iso_utc(asked)
    is_later = old is not None and new is not None and new >= old + LATER
    return TagChange({RESTORE_EXPIRES_AT: asked}) if is_later else TagChange()
