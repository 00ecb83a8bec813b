# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of copies: provenance, the user's, those carried over from the source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .model import CopyRequest, Provenance, Snapshot, TagChange, iso_utc, parse_iso_utc

SOURCE_SNAPSHOT_ID = "dr-copy:source-snapshot-id"
SOURCE_REGION = "dr-copy:source-region"
SOURCE_DISK_ID = "dr-copy:source-disk-id"
SOURCE_CREATED_AT = "dr-copy:source-created-at"
PROVENANCE_KEYS = (SOURCE_SNAPSHOT_ID, SOURCE_REGION, SOURCE_DISK_ID, SOURCE_CREATED_AT)


@dataclass(frozen=True)
class TagRules:
    """What a cloud takes as tags: counts a resource, lengths in characters.

    ``reserved`` are key prefixes that only the cloud may write, ``forbidden`` is a regular expression
    that neither key nor value may contain, ``name_key`` the tag in which a cloud keeps the name.
    """

    most: int
    longest_key: int
    longest_value: int
    shortest_value: int = 0
    reserved: tuple[str, ...] = ()
    forbidden: str | None = None
    name_key: str | None = None

    def problem(self, key: str, value: str) -> str | None:
        """Say why the cloud would not take this tag, or None."""
        if not 1 <= len(key) <= self.longest_key:
            return f"the key {key!r} has {len(key)} characters, 1 to {self.longest_key} are allowed"
        if not self.shortest_value <= len(value) <= self.longest_value:
            return (
                f"the value of {key!r} has {len(value)} characters, "
                f"{self.shortest_value} to {self.longest_value} are allowed"
            )
        if self.is_reserved(key):
            return f"the key {key!r} begins with a prefix that the cloud reserves ({', '.join(self.reserved)})"
        if self.forbidden and (re.search(self.forbidden, key) or re.search(self.forbidden, value)):
            return f"the tag {key!r} holds characters that the cloud does not take"
        return None

    def is_reserved(self, key: str) -> bool:
        return key.lower().startswith(self.reserved) if self.reserved else False

    def room(self, named: bool) -> int:
        """How many tags are left for the user beside provenance and, where ``named``, the name."""
        return self.most - len(PROVENANCE_KEYS) - (1 if named and self.name_key else 0)

    def problems(self, tags: Mapping[str, str], named: bool) -> list[str]:
        """Find everything that is wrong with the user's tags."""
        found = [f"tags: {problem}" for key, value in tags.items() if (problem := self.problem(key, value))]
        if len(tags) > self.room(named):
            found.append(
                f"tags: {len(tags)} are given, {self.room(named)} are allowed, since "
                f"{self.most - self.room(named)} of {self.most} are kept for provenance{' and name' if named else ''}"
            )
        if named and self.name_key in tags:
            found.append(f"name and the tag {self.name_key!r} in tags exclude each other")
        return found


def lacking(tags: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return those of the wanted tags that are not there, or have another value."""
    return {key: value for key, value in wanted.items() if tags.get(key) != value}


def undone(tags: Mapping[str, str], change: TagChange) -> list[str]:
    """Return the keys in which tags are not as they would be after a change."""
    return [*lacking(tags, change.set), *(key for key in change.remove if key in tags)]


def provenance_tags(source: Snapshot) -> dict[str, str]:
    """Return the tags that say of which snapshot a copy was made; what is unknown is left out."""
    facts = {
        SOURCE_SNAPSHOT_ID: source.snapshot_id,
        SOURCE_REGION: source.region,
        SOURCE_DISK_ID: source.disk_id or (source.source.disk_id if source.source else None),
        SOURCE_CREATED_AT: iso_utc(source.created_at),
    }
    return {key: value for key, value in facts.items() if value}


def provenance_of(tags: Mapping[str, str]) -> Provenance | None:
    """Read the provenance that provenance_tags wrote; None where the tags hold none."""
    if not tags.get(SOURCE_SNAPSHOT_ID):
        return None
    return Provenance(
        snapshot_id=tags[SOURCE_SNAPSHOT_ID],
        region=tags.get(SOURCE_REGION) or None,
        disk_id=tags.get(SOURCE_DISK_ID) or None,
        created_at=parse_iso_utc(tags.get(SOURCE_CREATED_AT)),
        managed=True,
    )


def tags_for_copy(
    request: CopyRequest, source: Snapshot, rules: TagRules, name: str | None
) -> tuple[dict[str, str], list[str]]:
    """Put together the tags of a new copy: provenance over the user's over the source's.

    Returns the tags and the source's keys that were left out: reserved ones are not mentioned,
    those that the cloud would not take or that find no room are.
    """
    wanted = dict(request.tags or {})
    if name is not None and rules.name_key:
        wanted[rules.name_key] = name
    wanted.update(provenance_tags(source))
    left_out = []
    carried = request.source_tags if request.source_tags is not None else source.tags
    for key, value in carried.items() if request.copy_tags else ():
        if key in wanted or key in PROVENANCE_KEYS or rules.is_reserved(key):
            continue
        if rules.problem(key, value) or len(wanted) >= rules.most:
            left_out.append(key)
        else:
            wanted[key] = value
    return wanted, left_out


def change_of_tags(
    request: CopyRequest, copy: Snapshot, rules: TagRules, purge: bool, kept: Mapping[str, str]
) -> TagChange:
    """Say what brings the tags of an existing copy into line with the user's.

    With ``purge`` other keys go, but for provenance, reserved ones, the name where one was asked
    for, and those in ``kept``.
    """
    if request.tags is None:
        return TagChange()
    wanted = {key: value for key, value in request.tags.items() if key not in PROVENANCE_KEYS}
    spared = {*wanted, *PROVENANCE_KEYS, *kept}
    if request.name is not None and rules.name_key:
        spared.add(rules.name_key)
    return TagChange(
        set=lacking(copy.tags, wanted),
        remove=tuple(sorted(key for key in copy.tags if purge and key not in spared and not rules.is_reserved(key))),
    )
