# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The expiry of copies (promises: expiry) and of restored disks (promises: disk-expiry)."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..model import CopyRequest, Resource, State, TagChange
from ..tags import RESTORE_EXPIRES_AT
from ..times import iso_utc, parse_iso_utc

#: The earliest expiry that is set: with an earlier one the cloud would delete the copy immediately.
NEAREST = timedelta(days=1)
#: A disk's expiry is changed only if the new one is later by this much, so that an immediate second run changes
#: nothing.
LATER = timedelta(hours=1)


def expiry_of(request: CopyRequest, copy: Resource, now: datetime) -> tuple[datetime | None, str | None]:
    """Return the expiry to set on a complete copy of ours that has none, and a warning if it cannot be set.

    A held copy gets none, because the cloud would delete it then (promises: held).
    """
    if (
        request.retention_days is None
        or not copy.certainly_ours
        or copy.expires_at
        or copy.state is not State.COMPLETED
    ):
        return None, None
    if copy.held:
        return None, None
    if copy.created_at is None:
        return None, _not_set(copy, "the cloud does not show when the copy was made")
    moment = copy.created_at + timedelta(days=request.retention_days)
    if moment < now + NEAREST:
        why = f"{iso_utc(moment)} is past or less than a day ahead"
        return None, _not_set(
            copy, f"{why} (with retention_days: 1 it always is)" if request.retention_days == 1 else why
        )
    return moment, None


def _not_set(copy: Resource, why: str) -> str:
    return (
        f"retention_days set no expiry on {copy.id} in {copy.region}, because {why}. The copy remains until somebody "
        "deletes it"
    )


def expiry_change(request: CopyRequest, copy: Resource) -> TagChange:
    """Return the change of a disk's tags that updates its time of expiry.

    The time is removed if none is requested, or replaced by a later one. It is never moved to an earlier time, and a
    disk without one gets none.
    """
    current, asked = copy.tags.get(RESTORE_EXPIRES_AT), (request.tags or {}).get(RESTORE_EXPIRES_AT)
    if current is None:
        return TagChange()
    if asked is None:
        return TagChange(remove=(RESTORE_EXPIRES_AT,))
    old, new = parse_iso_utc(current), parse_iso_utc(asked)
    is_later = old is not None and new is not None and new >= old + LATER
    return TagChange({RESTORE_EXPIRES_AT: asked}) if is_later else TagChange()
