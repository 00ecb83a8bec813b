# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The expiry of copies (promises: expiry) and of restored disks (promises: disk-expiry)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from ..model import CopyRequest, Resource, State, TagChange
from ..tags import RESTORE_EXPIRES_AT
from ..times import iso_utc, parse_iso_utc
from .desired import DesiredState
from .memory import Memory
from .updates import SetExpiry
from .writes import WriteKind

#: The earliest expiry that is set: with an earlier one the cloud would delete the copy immediately.
NEAREST = timedelta(days=1)
#: A disk's expiry is changed only if the new one is later by this much, so that an immediate second run changes
#: nothing.
LEAST_EXTENSION = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ExpiryLater:
    """It is set once the copy is complete. ``warning``: for a run that ends before that."""

    warning: str


@dataclass(frozen=True, slots=True)
class ExpiryImpossible:
    """``warning``: why none can be set."""

    warning: str


ExpiryDrift: TypeAlias = "SetExpiry | ExpiryLater | ExpiryImpossible"


def expiry_drift(desired: DesiredState, memory: Memory, copy: Resource, now: datetime) -> ExpiryDrift | None:
    """Return what a copy of ours lacks of the expiry that ``retention_days`` requests; ``now`` is aware.

    A held copy gets none, because the cloud would delete it then (promises: held).
    """
    days = desired.request.retention_days
    if not desired.cloud.expires_after_copying or not days or copy.expires_at or copy.held:
        return None
    if memory.writes.is_over(copy.id, WriteKind.EXPIRY):
        return None
    if copy.state is not State.COMPLETED:
        return ExpiryLater(
            f"{copy.region}: copies are still in progress, and retention_days can only be set on complete ones; the "
            "next run sets it"
        )
    if not copy.certainly_ours:
        return None
    if copy.created_at is None:
        return _impossible(copy, "the cloud does not show when the copy was made")
    moment = copy.created_at + timedelta(days=days)
    if moment < now + NEAREST:
        why = f"{iso_utc(moment)} is past or less than a day ahead"
        return _impossible(copy, f"{why} (with retention_days: 1 it always is)" if days == 1 else why)
    return SetExpiry(moment)


def _impossible(copy: Resource, why: str) -> ExpiryImpossible:
    return ExpiryImpossible(
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
    is_later = old is not None and new is not None and new >= old + LEAST_EXTENSION
    return TagChange({RESTORE_EXPIRES_AT: asked}) if is_later else TagChange()
