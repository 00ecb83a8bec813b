# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts about a row: a snapshot, a copy or a disk as the info modules return it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple, TypeVar, cast

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.packing import unpacked
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import parse_iso_utc

from .answers import CopyRow, SnapshotRow

Rows = TypeVar("Rows")
Listing = TypeVar("Listing", bound=Mapping[str, object])
Part = TypeVar("Part")


def unwrapped(rows: Rows) -> Rows:
    """Return the rows of a module without the wrappers of ansible-core 2.19 and newer.

    The wrappers template each value whenever it is read, which takes minutes for the copies of a real account. Module
    results contain no templates.
    """
    unwrap = getattr(rows, "_non_lazy_copy", None)
    return rows if unwrap is None else cast(Rows, unwrap())


def read_listing(listing: Listing) -> Listing:
    """Return the answer of a listing with its lists as rows, even if they were packed into one string.

    Raises ValueError.
    """
    listing = unwrapped(listing)
    return cast(Listing, {**listing, **unpacked(str(listing["packed"]))}) if "packed" in listing else listing


def only(part: type[Part], row: Mapping[str, object]) -> Part:
    """Return the part of a row that a smaller TypedDict describes. Raises KeyError if one of its keys is missing."""
    form: Any = part
    return cast(Part, {key: row[key] for key in form.__annotations__ if key in row or key in form.__required_keys__})


class SnapshotTime(NamedTuple):
    """When a snapshot was taken; sorts the snapshots of a disk by time, then by ID."""

    time: datetime
    snapshot_id: str


def parse_time(text: str | None) -> datetime | None:
    """Parse an ISO 8601 string as an aware datetime in UTC, which is also the default zone; None if it is invalid."""
    return parse_iso_utc(str(text)) if text else None


def time_or_now(now: str | None) -> datetime:
    """Return the time from which ages are measured. Raises ValueError for a string that is not a time."""
    moment = parse_time(now) if now else datetime.now(timezone.utc)
    if moment is None:
        raise ValueError(f"now must be an ISO 8601 time, not {now!r}")
    return moment


def age_in_hours(created_at: str | None, now: datetime) -> float | None:
    """Return the age in hours, rounded to two decimals, or None if the time is unknown."""
    age = hours_since(created_at, now)
    return None if age is None else round(age, 2)


def hours_since(created_at: str | None, now: datetime) -> float | None:
    """Return the exact age in hours for comparison with limits, or None if the time is unknown."""
    created = parse_time(created_at)
    return None if created is None else (now - created) / timedelta(hours=1)


def is_complete(snapshot: SnapshotRow | CopyRow) -> bool:
    return snapshot["state"] == "completed"


def is_archived(snapshot: SnapshotRow) -> bool:
    """Whether a snapshot is archived and must be taken out of the archive before it can be restored."""
    return "archived" in (snapshot.get("traits") or ())


def is_restorable(copy: SnapshotRow) -> bool:
    """Whether a disk can be made from a complete copy now, as far as known: a key of unknown state counts as usable."""
    key = copy.get("key")
    return not is_archived(copy) and not (key and key["enabled"] is False)


def disk_id_of(snapshot: SnapshotRow) -> str:
    """Return the disk of a snapshot, or of a copy's source; empty if it is unknown."""
    source = snapshot.get("source")
    return str((source and source.get("disk_id")) or snapshot.get("disk_id") or "")


def counting_key(copy: SnapshotRow) -> tuple[bool, str, str]:
    """Sort key for copies of one source: the first counts (promises: counting-order).

    Where copies have no tags, the copy modules count one as ours even if it is not managed. A row does not show that.
    """
    source = copy.get("source")
    return (not (source and source.get("managed")), copy.get("created_at") or "unknown", str(copy["snapshot_id"]))


def taken_at(snapshot: SnapshotRow) -> SnapshotTime | None:
    """Return when a snapshot, or the source of a copy, was taken; None if the time is unknown."""
    source = snapshot.get("source")
    time = parse_time(source["created_at"] if source else snapshot.get("created_at"))
    return None if time is None else SnapshotTime(time, str((source or snapshot)["snapshot_id"]))
