# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sorts the copies of one source in one place by their use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from ..capabilities import Capabilities
from ..model import CopyRequest, Resource, State

#: The time of a copy with an unknown start time, which comes after all others.
UNKNOWN_TIME = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class SortedCopies:
    """Copies by their use, each list in the order of ``counting_key``.

    ``duplicates`` are copies for which there is an earlier one with the same encryption and key.
    """

    fitting: tuple[Resource, ...]
    misfits: tuple[Resource, ...]
    failed: tuple[Resource, ...]
    duplicates: tuple[Resource, ...]


def counting_key(copy: Resource) -> tuple[bool, bool, datetime, str]:
    """Sort key: the copy with the lowest key counts (promises: counting-order)."""
    return (not copy.ours, copy.state is not State.COMPLETED, *start_key(copy))


def start_key(copy: Resource) -> tuple[datetime, str]:
    """Sort key by which all runs choose the same copy to stay. It ignores the state, which may change."""
    return (copy.created_at or UNKNOWN_TIME, copy.id)


def sort_copies(request: CopyRequest, shown: Sequence[Resource], cloud: Capabilities) -> SortedCopies:
    """Sort all copies of a source in one place; other snapshots are ignored."""
    copies = [c for c in shown if c.is_copy]
    live = sorted((c for c in copies if c.state in (State.PENDING, State.COMPLETED)), key=counting_key)
    if len(live) < 2 and len(live) == len(copies):  # the usual case
        fits = not live or misfit(request, live[0], cloud) is None
        return SortedCopies(tuple(live) if fits else (), () if fits else tuple(live), (), ())
    reasons = [misfit(request, c, cloud) for c in live]
    return SortedCopies(
        fitting=tuple(c for c, why in zip(live, reasons) if why is None),
        misfits=tuple(c for c, why in zip(live, reasons) if why is not None),
        failed=tuple(sorted((c for c in copies if c.state is State.ERROR), key=counting_key)),
        duplicates=tuple(
            c for n, c in enumerate(live) if any(same_encryption(c, earlier, cloud) for earlier in live[:n])
        ),
    )


def misfit(request: CopyRequest, copy: Resource, cloud: Capabilities) -> str | None:
    """Return why a copy does not fit, or None. Unknown values are no mismatch."""
    if request.encrypted and copy.encrypted is False:
        return "it is not encrypted"
    if request.kms_key_id and cloud.keys_differ(request.kms_key_id, copy.kms_key):
        return f"it is encrypted with {copy.kms_key}, not with {request.kms_key_id}"
    return cloud.other_misfit(request, copy)


def same_encryption(one: Resource, other: Resource, cloud: Capabilities) -> bool:
    """Whether two copies have equal encryption and key, as far as both show them."""
    if None not in (one.encrypted, other.encrypted) and one.encrypted != other.encrypted:
        return False
    return not (one.kms_key and other.kms_key and cloud.keys_differ(one.kms_key, other.kms_key))


def deletable_duplicates(copies: SortedCopies, cloud: Capabilities) -> list[tuple[Resource, Resource]]:
    """Return pairs of a duplicate that may be deleted and its survivor.

    Both are complete, the duplicate is ours, and the survivor is the first of its kind. An archived copy is no survivor
    of one that can be restored immediately (promises: keys).
    """
    live = sorted((*copies.fitting, *copies.misfits), key=counting_key)
    kept = [c for c in live if c not in copies.duplicates]
    pairs = [(c, next((s for s in kept if _same_shown_encryption(s, c, cloud)), None)) for c in copies.duplicates]
    return [
        (c, s) for c, s in pairs if s and c.deletable and c.state is s.state is State.COMPLETED and can_replace(s, c)
    ]


def can_replace(survivor: Resource, copy: Resource) -> bool:
    """Whether a survivor can be restored as soon as the copy that is deleted: an archived one takes hours."""
    return copy.is_archived or not survivor.is_archived


def other_copies(copies: SortedCopies, copy: Resource | None) -> tuple[Resource, ...]:
    """Return the duplicates besides the primary copy; if that is one itself, they include the first copy."""
    counts = copy.id if copy and copies.fitting else None
    is_duplicate = counts in {c.id for c in copies.duplicates}
    first = [c for c in copies.fitting[:1] if is_duplicate and c not in copies.duplicates]
    return tuple(c for c in (*first, *copies.duplicates) if c.id != counts)


def _same_shown_encryption(one: Resource, other: Resource, cloud: Capabilities) -> bool:
    """Whether both show the same encryption and key. An unknown value never justifies a deletion."""
    same = (one.encrypted, bool(one.kms_key)) == (other.encrypted, bool(other.kms_key))
    return same and same_encryption(one, other, cloud)
