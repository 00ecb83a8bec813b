# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frozen values that travel between a cloud's adapter, the engine and the runner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from typing import Any


class State(str, Enum):
    """State of a snapshot in words that hold for every cloud."""

    PENDING = "pending"
    COMPLETED = "completed"
    ERROR = "error"
    ABSENT = "absent"
    PLANNED = "planned"


class Action(str, Enum):
    """What a run did, or in check mode would do, for one requested copy."""

    NONE = "none"
    CREATED = "created"
    ADOPTED = "adopted"
    REPLACED = "replaced"
    UPDATED = "updated"
    DELETED = "deleted"


@dataclass(frozen=True)
class Provenance:
    """Which snapshot a copy was made of.

    ``managed`` is true for a copy made by this collection ("ours").
    ``disk_id`` and ``created_at`` describe the source; None where unknown.
    """

    snapshot_id: str
    region: str | None = None
    disk_id: str | None = None
    created_at: datetime | None = None
    managed: bool = False


@dataclass(frozen=True)
class Snapshot:
    """One snapshot as a cloud shows it: a source, a copy, or neither.

    ``size_gib`` is in GiB, ``progress`` in percent, ``created_at`` is aware (UTC).
    ``place`` is a site inside the region (an Outpost, a Local Zone), None for the region itself.
    ``is_copy`` says that the cloud itself shows it to be a copy; only such a snapshot is ever deleted.
    ``owned`` is false for a snapshot that another account shares with this one.
    ``reason`` says why it failed, ``obstacle`` why it cannot be a source though it is complete.
    ``recorded`` says that the cloud itself records the source, ``marked_ours`` that something other than tags tells that
    the copy is ours. ``expires_at`` is when the cloud deletes it by itself, where that is known.
    """

    snapshot_id: str
    region: str
    state: State
    provider_state: str
    progress: int = 0
    size_gib: int | None = None
    encrypted: bool | None = None
    kms_key: str | None = None
    created_at: datetime | None = None
    name: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    disk_id: str | None = None
    place: str | None = None
    owned: bool = True
    is_copy: bool = False
    source: Provenance | None = None
    reason: str | None = None
    obstacle: str | None = None
    recorded: bool = False
    marked_ours: bool = False
    expires_at: datetime | None = None

    @property
    def ours(self) -> bool:
        """Whether this collection made it, so that a run may write to it."""
        return self.source is not None and (self.source.managed or self.marked_ours)

    @property
    def deletable(self) -> bool:
        """Whether it is certain beyond doubt that this is a copy of ours."""
        return self.ours and self.is_copy and self.owned

    @property
    def deletable_on_request(self) -> bool:
        """Whether ``state: absent`` may delete it: a copy of ours, or one whose source the cloud itself records."""
        return self.deletable or (self.recorded and self.owned)


@dataclass(frozen=True)
class CopyRequest:
    """One copy that is asked for: a source snapshot and a destination region.

    ``source_region`` is None where it is to be looked up. ``name`` and ``description`` are templates (see texts.py).
    ``tags`` is None where the user named none, ``retention_days`` where copies stay. ``options`` holds the cloud's own options for the copy call.
    """

    snapshot_id: str
    source_region: str | None
    region: str
    place: str | None = None
    name: str | None = None
    description: str | None = None
    tags: Mapping[str, str] | None = None
    copy_tags: bool = False
    source_tags: Mapping[str, str] | None = None
    encrypted: bool = False
    kms_key_id: str | None = None
    retention_days: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def is_asked_of(self, snapshot: Snapshot) -> bool:
        """Whether ``snapshot`` is a copy of this source in this place, fitting or not."""
        source = snapshot.source
        return (
            source is not None
            and snapshot.owned
            and source.snapshot_id == self.snapshot_id
            and (self.source_region is None or source.region in (None, self.source_region))
            and snapshot.place == self.place
        )

    def misfit(self, snapshot: Snapshot) -> str | None:
        """Say why a copy does not fit what is asked, or None. Keys are compared only by ARN."""
        if self.encrypted and snapshot.encrypted is False:
            return "it is not encrypted"
        if self.kms_key_id and ":key/" in self.kms_key_id and snapshot.kms_key != self.kms_key_id:
            return f"it is encrypted with {snapshot.kms_key or 'another key'}, not with {self.kms_key_id}"
        return None


@dataclass(frozen=True)
class CopyOrder:
    """A request made ready for the copy call: texts rendered, tags complete, the source known."""

    request: CopyRequest
    source: Snapshot
    name: str | None
    description: str | None
    tags: Mapping[str, str]


@dataclass(frozen=True)
class TagChange:
    """Tags to set on and keys to take from an existing copy."""

    set: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.set or self.remove)

    def applied_to(self, tags: Mapping[str, str]) -> dict[str, str]:
        """Return ``tags`` as they are after this change."""
        kept = {key: value for key, value in tags.items() if key not in self.remove}
        return {**kept, **self.set}


def iso_utc(moment: datetime | None) -> str | None:
    """Write an aware datetime as ISO 8601 in UTC with whole seconds (``2026-11-21T02:06:37Z``)."""
    if moment is None:
        return None
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso_utc(text: str | None) -> datetime | None:
    """Read an ISO 8601 text as an aware datetime; a text without a zone is UTC, a bad one is None."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
