# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An account of realistic size, created in seconds.

Snapshots are compact records, found by indexes and answered as text. moto's own objects and serializer would take
minutes for the reads of one night. Snapshots that moto made are not included.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from .ec2_rules import matches
from .ec2_shown import NO_VOLUME, passes, shown, time_text

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
#: Queries whose results are cached, so that the pages of a listing do not search again.
_KEPT = 8


@dataclass(slots=True)
class LargeVolume:
    id: str
    size: int = 8


@dataclass(slots=True, eq=False)
class LargeSnapshot:
    """A complete snapshot or copy, with those attributes of moto's objects that this simulator reads."""

    id: str
    owner_id: str
    volume: LargeVolume
    start_time: datetime
    description: str
    seen_tags: dict[str, str]
    status: str = "completed"
    storage_tier: str = "standard"
    encrypted: bool = False
    kms_key_id: str | None = None
    create_volume_permission_userids: tuple[str, ...] = ()
    create_volume_permission_groups: tuple[str, ...] = ()


@dataclass
class LargeRegion:
    """The snapshots of one region by ID, with indexes."""

    snapshots: dict[str, LargeSnapshot] = field(default_factory=dict)
    _by_volume: dict[str, list[LargeSnapshot]] = field(default_factory=dict)
    _by_tag: dict[str, dict[str, list[LargeSnapshot]]] = field(default_factory=dict)
    _found: dict[str, list[LargeSnapshot]] = field(default_factory=dict)

    def changed(self) -> None:
        """Drop the cached results that a change of tags or snapshots affects."""
        for index in (self._by_volume, self._by_tag, self._found):
            index.clear()

    def find(self, filters: Mapping[str, list[str]]) -> list[LargeSnapshot]:
        """Return the snapshots that pass these filters, in the order of their creation."""
        key = repr(sorted(filters.items()))
        if key not in self._found:
            if len(self._found) >= _KEPT:
                self._found.pop(next(iter(self._found)))
            self._found[key] = self._search(filters)
        return self._found[key]

    def _search(self, filters: Mapping[str, list[str]]) -> list[LargeSnapshot]:
        candidates: Iterable[LargeSnapshot] = self.snapshots.values()
        left = dict(filters)
        for name, values in filters.items():
            quick = self._quickly(name, values)
            if quick is not None:
                candidates = quick
                left.pop(name)
                break
        return [s for s in candidates if all(_passes(s, name, values) for name, values in left.items())]

    def _quickly(self, name: str, values: Sequence[str]) -> Iterable[LargeSnapshot] | None:
        if name == "snapshot-id" and not any(set(v) & set("*?\\") for v in values):
            return [self.snapshots[v] for v in dict.fromkeys(values) if v in self.snapshots]
        if name == "volume-id":
            if not self._by_volume:
                for snapshot in self.snapshots.values():
                    self._by_volume.setdefault(snapshot.volume.id, []).append(snapshot)
            return [s for v in _keys(self._by_volume, values) for s in self._by_volume[v]]
        if name.startswith("tag:"):
            key = name.removeprefix("tag:")
            if key not in self._by_tag:
                held = self._by_tag[key] = {}
                for snapshot in self.snapshots.values():
                    if key in snapshot.seen_tags:
                        held.setdefault(snapshot.seen_tags[key], []).append(snapshot)
            return [s for v in _keys(self._by_tag[key], values) for s in self._by_tag[key][v]]
        if name == "description":
            beginning = os.path.commonprefix([re.split(r"[*?\\]", v)[0] for v in values])
            return [
                s for s in self.snapshots.values() if s.description.startswith(beginning) and _passes(s, name, values)
            ]
        return None


def _keys(index: Mapping[str, Any], values: Sequence[str]) -> list[str]:
    """Return the index keys that match the values of a filter."""
    plain = [v for v in dict.fromkeys(values) if not set(v) & set("*?\\")]
    wild = [v for v in values if set(v) & set("*?\\")]
    found = [v for v in plain if v in index]
    return found + [k for k in index if wild and k not in found and any(matches(w, k) for w in wild)]


def _passes(snapshot: LargeSnapshot, name: str, values: list[str]) -> bool:
    if name == "status":
        return snapshot.status in values
    if name == "tag-key":
        return any(matches(value, key) for value in values for key in snapshot.seen_tags)
    return passes(shown(snapshot, snapshot.seen_tags), name, values)


def page_text(key: str, facts: Sequence[Mapping[str, Any]], token: str | None) -> str:
    """Write a page of DescribeSnapshots or DescribeVolumes as EC2 does."""
    items = _element(key, facts)
    more = f"<nextToken>{token}</nextToken>" if token else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Describe{key}Response xmlns="{NAMESPACE}">'
        f"<requestId>0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d</requestId>{items}{more}"
        f"</Describe{key}Response>"
    )


#: Members whose wire name is not their name with a lower-case first letter (botocore's service model).
_WIRE = {
    "State": "status",
    "StateMessage": "statusMessage",
    "Tags": "tagSet",
    "Snapshots": "snapshotSet",
    "Volumes": "volumeSet",
    "Attachments": "attachmentSet",
}


@cache
def _wire(name: str) -> str:
    return _WIRE.get(name) or name[0].lower() + name[1:]


def _element(name: str, value: Any) -> str:
    wire = _wire(name)
    if isinstance(value, Mapping):
        text = "".join(_element(k, v) for k, v in value.items())
    elif isinstance(value, (list, tuple)):
        text = "".join(f"<item>{''.join(_element(k, v) for k, v in one.items())}</item>" for one in value)
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, datetime):
        text = time_text(value)
    else:
        text = escape(str(value))
    return f"<{wire}>{text}</{wire}>"


def fill(
    account: str,
    now: datetime,
    volumes: Sequence[str],
    source_region: str,
    snapshots: int,
    copies: int,
    due: int = 0,
) -> tuple[LargeRegion, LargeRegion]:
    """Return source and destination region: ``snapshots`` in total, and ``copies`` of those of ``volumes``, night by
    night.

    Each volume has a snapshot without a copy from each of the last ``due`` nights. The rest of ``snapshots`` belongs to
    other volumes. ``now`` is UTC without a zone, as moto stores times.
    """
    source, destination = LargeRegion(), LargeRegion()
    nights = -(-copies // len(volumes))
    for night in range(nights + due):
        taken = now - timedelta(days=nights + due - 1 - night, hours=1)
        created_at = taken.strftime("%Y-%m-%dT%H:%M:%SZ")
        for number, volume in enumerate(volumes):
            made = LargeSnapshot(
                f"snap-0a{len(source.snapshots):015x}", account, LargeVolume(volume), taken, "nightly", {}
            )
            source.snapshots[made.id] = made
            if night < nights and night * len(volumes) + number < copies:
                tags = {
                    "dr-copy:source-snapshot-id": made.id,
                    "dr-copy:source-region": source_region,
                    "dr-copy:source-disk-id": volume,
                    "dr-copy:source-created-at": created_at,
                }
                text = f"Copied from {made.id} in {source_region}"
                copy_id = f"snap-0c{len(destination.snapshots):015x}"
                copy = LargeSnapshot(copy_id, account, LargeVolume(NO_VOLUME), taken + timedelta(hours=1), text, tags)
                destination.snapshots[copy_id] = copy
    for number in range(len(source.snapshots), snapshots):
        taken = now - timedelta(days=number % 30, hours=2)
        other = LargeSnapshot(
            f"snap-0b{number:015x}", account, LargeVolume(f"vol-0b{number // 30:015x}"), taken, "others", {}
        )
        source.snapshots[other.id] = other
    return source, destination
