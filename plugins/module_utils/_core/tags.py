# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags of copies: provenance, the user's tags, and those carried over from the source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .model import CopyRequest, Provenance, Resource, Snapshot, TagChange
from .tag_matching import HOLD, is_our_mark
from .times import iso_utc, parse_iso_utc

SOURCE_SNAPSHOT_ID = "dr-copy:source-snapshot-id"
SOURCE_REGION = "dr-copy:source-region"
SOURCE_DISK_ID = "dr-copy:source-disk-id"
SOURCE_CREATED_AT = "dr-copy:source-created-at"
PROVENANCE_KEYS = (SOURCE_SNAPSHOT_ID, SOURCE_REGION, SOURCE_DISK_ID, SOURCE_CREATED_AT)
#: If a copy of ours lacks one of these, the run that made it ended before it set the tags, or knew too little.
REQUIRED_PROVENANCE = frozenset((SOURCE_SNAPSHOT_ID, SOURCE_DISK_ID, SOURCE_CREATED_AT))
#: When a drill last made a disk from a copy, and the level that it proved.
PROVEN_AT, PROVEN_LEVEL = "dr-copy:proven-at", "dr-copy:proven-level"
#: What earlier drills proved beyond the last one: levels, each with its time.
PROVEN_BEFORE = "dr-copy:proven-before"
#: Tags of disks that a restore has made: its ID, the snapshot of the disk, and the time after which a drill may delete
#: it.
RESTORE_ID = "dr-restore:id"
RESTORE_SNAPSHOT_ID = "dr-restore:snapshot-id"
RESTORE_EXPIRES_AT = "dr-restore:expires-at"
#: The instance that a restore attaches a disk to.
RESTORE_ATTACHED_TO = "dr-restore:attached-to"
RESTORE_KEYS = (RESTORE_ID, RESTORE_SNAPSHOT_ID, RESTORE_EXPIRES_AT, RESTORE_ATTACHED_TO)
#: Tags about one copy only: they are not carried over to a copy of it, and no purge removes them.
OF_THE_COPY = (HOLD, PROVEN_AT, PROVEN_LEVEL, PROVEN_BEFORE)


@dataclass(frozen=True)
class TagRules:
    """What a cloud accepts as tags: counts per resource, lengths in characters.

    ``reserved`` are key prefixes that only the cloud may set, ``forbidden`` is a regular expression that neither key
    nor value may match, ``name_key`` is the tag in which a cloud stores the name. With ``case_insensitive_keys``, keys
    that differ only in case are the same. ``ours`` are the keys for which room is reserved.
    """

    max_tags: int
    max_key_length: int
    max_value_length: int
    min_value_length: int = 0
    reserved: tuple[str, ...] = ()
    forbidden: str | None = None
    name_key: str | None = None
    case_insensitive_keys: bool = False
    ours: tuple[str, ...] = PROVENANCE_KEYS

    def normalized_key(self, key: str) -> str:
        """Return a key in the form in which the cloud compares keys."""
        return key.lower() if self.case_insensitive_keys else key

    def problem(self, key: str, value: str) -> str | None:
        """Return why the cloud would refuse this tag, or None."""
        if not 1 <= len(key) <= self.max_key_length:
            return f"the key {key!r} has {len(key)} characters, but 1 to {self.max_key_length} are allowed"
        if not self.min_value_length <= len(value) <= self.max_value_length:
            return (
                f"the value of {key!r} has {len(value)} characters, "
                f"but {self.min_value_length} to {self.max_value_length} are allowed"
            )
        if self.is_reserved(key):
            return f"the key {key!r} starts with a prefix that the cloud reserves ({', '.join(self.reserved)})"
        if self.forbidden and (re.search(self.forbidden, key) or re.search(self.forbidden, value)):
            return f"the tag {key!r} contains characters that the cloud does not accept"
        return None

    def is_reserved(self, key: str) -> bool:
        return key.lower().startswith(self.reserved) if self.reserved else False

    def room(self, named: bool) -> int:
        """Return how many tags are left for the user besides provenance and, if ``named``, the name."""
        return self.max_tags - len(self.ours) - (1 if named and self.name_key else 0)

    def problems(self, tags: Mapping[str, str], named: bool) -> list[str]:
        """Return all problems of the user's tags."""
        found = [f"tags: {problem}" for key, value in tags.items() if (problem := self.problem(key, value))]
        same_keys = sorted(
            key for key in tags if sum(self.normalized_key(other) == self.normalized_key(key) for other in tags) > 1
        )
        if same_keys:
            found.append(f"tags: {', '.join(same_keys)} differ only in case, and the cloud treats them as one key")
        if len(tags) > self.room(named):
            found.append(
                f"tags has {len(tags)} entries, but at most {self.room(named)} are allowed. The other "
                f"{self.max_tags - self.room(named)} of {self.max_tags} are reserved for "
                f"{'the name and ' if named and self.name_key else ''}the tags of this collection"
            )
        if named and self.name_key in tags:
            found.append(f"name cannot be combined with the tag {self.name_key!r} in tags")
        return found


def missing_tags(tags: Mapping[str, str], wanted: Mapping[str, str], rules: TagRules | None) -> dict[str, str]:
    """Return the wanted tags that are missing or have another value; existing keys keep their spelling."""
    shown = {rules.normalized_key(key): key for key in tags} if rules else {}
    spelt = {
        shown.get(rules.normalized_key(key), key) if rules and key not in tags else key: value
        for key, value in wanted.items()
    }
    return {key: value for key, value in spelt.items() if tags.get(key) != value}


def unapplied_keys(tags: Mapping[str, str], change: TagChange, rules: TagRules | None) -> list[str]:
    """Return the keys of a change whose tags do not show it yet."""
    return [*missing_tags(tags, change.set, rules), *(key for key in change.remove if key in tags)]


def provenance_tags(source: Snapshot) -> dict[str, str]:
    """Return the tags that name the source of a copy; unknown values are omitted."""
    facts = {
        SOURCE_SNAPSHOT_ID: source.id,
        SOURCE_REGION: source.region,
        SOURCE_DISK_ID: source.disk_id or (source.source.disk_id if source.source else None),
        SOURCE_CREATED_AT: iso_utc(source.created_at),
    }
    return {key: value for key, value in facts.items() if value}


def provenance_of(tags: Mapping[str, str]) -> Provenance | None:
    """Return the provenance in tags (see provenance_tags), None if there is none."""
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
    """Combine the tags of a new copy: provenance takes precedence over the user's tags, and these over the source's.

    Returns the tags, and the source's keys that were left out because the cloud would refuse them or has no room for
    them. Reserved keys are left out but not returned.
    """
    provenance = {rules.normalized_key(key) for key in PROVENANCE_KEYS}
    wanted = {
        key: value
        for key, value in (request.tags or {}).items()
        if key in PROVENANCE_KEYS or rules.normalized_key(key) not in provenance
    }
    if name is not None and rules.name_key:
        wanted[rules.name_key] = name
    wanted.update(provenance_tags(source))
    taken = {*provenance, *map(rules.normalized_key, wanted)}
    left_out = []
    for key, value in request.carried_tags(source).items():
        if rules.normalized_key(key) in taken or key.lower() in OF_THE_COPY or rules.is_reserved(key):
            continue
        if rules.problem(key, value) or len(wanted) >= rules.max_tags:
            left_out.append(key)
        else:
            wanted[key] = value
            taken.add(rules.normalized_key(key))
    return wanted, left_out


def change_of_tags(
    request: CopyRequest, copy: Resource, rules: TagRules, purge: bool, kept: Mapping[str, str]
) -> TagChange:
    """Return the change that gives an existing copy the user's tags.

    With ``purge`` other keys are removed, except our marks, reserved keys, the name if one was given, and those in
    ``kept``.
    """
    if request.tags is None:
        return TagChange()
    provenance = {rules.normalized_key(key) for key in PROVENANCE_KEYS}
    wanted = {key: value for key, value in request.tags.items() if rules.normalized_key(key) not in provenance}
    spared = {*provenance, *map(rules.normalized_key, wanted), *map(rules.normalized_key, kept)}
    if request.name is not None and rules.name_key:
        spared.add(rules.normalized_key(rules.name_key))
    others = sorted(
        key
        for key in copy.tags
        if rules.normalized_key(key) not in spared and not is_our_mark(key) and not rules.is_reserved(key)
    )
    return TagChange(set=missing_tags(copy.tags, wanted, rules), remove=tuple(others if purge else ()))
