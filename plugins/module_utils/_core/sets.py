# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets: one snapshot of each disk of a server, taken together. What a cloud tells of them, and how copies are marked.

Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

#: Tags of copies: what their disks belong to (an instance, or a value of the group's tag), and the set itself.
GROUP, SET = "dr-copy:group", "dr-copy:set"
#: A tag of copies whose set has members that another plan copied: ``disks_mark`` of the set's disks.
SET_DISKS = "dr-copy:set-disks"


class Consistency(str, Enum):
    """How well the snapshots of a set fit together, the best first."""

    #: Of one moment, at which the applications had written everything.
    APPLICATION = "application"
    #: Of one moment.
    CRASH = "crash"
    #: Taken within a few minutes of each other.
    NEAR = "near"


def weakest(words: Iterable[Consistency]) -> Consistency:
    """Return the consistency of what is no better than any of these. Raises ValueError for none."""
    return max(words, key=list(Consistency).index)


@dataclass(frozen=True)
class SnapshotSet:
    """A set as one of its members shows it. ``size`` is how many members it had when it was taken."""

    set_id: str
    size: int
    consistency: Consistency

    @property
    def mark(self) -> str:
        """The value of the tag ``dr-copy:set``."""
        return f"{self.size} {self.consistency.value} {self.set_id}"

    @property
    def row(self) -> dict[str, Any]:
        """The set as users get it."""
        return {"id": self.set_id, "size": self.size, "consistency": self.consistency.value}


def disks_mark(disk_ids: Iterable[str]) -> str:
    """Return the value of the tag ``dr-copy:set-disks``: a hash by which the disks of a set are known again."""
    return hashlib.sha256(" ".join(sorted(disk_ids)).encode()).hexdigest()[:16]


_MARK = re.compile(r"([1-9][0-9]{0,3}) (application|crash|near) (\S(?:.*\S)?)")


def set_of_mark(mark: str | None) -> SnapshotSet | None:
    """Read what ``SnapshotSet.mark`` wrote; None for any other text."""
    match = _MARK.fullmatch(mark or "")
    return SnapshotSet(match[3], int(match[1]), Consistency(match[2])) if match else None


@dataclass(frozen=True)
class Member:
    """A snapshot of a set; ``disk_id`` is None where the cloud does not tell it.

    ``after_scripts``: scripts before and after it made the applications write everything.
    """

    snapshot_id: str
    disk_id: str | None = None
    after_scripts: bool = False


@dataclass(frozen=True)
class ListedSet:
    """Snapshots that the cloud calls consistent with each other, or that a user's tag does.

    ``of_one_instance``: it is known to be of the disks of one instance, whatever became of them since.
    """

    set_id: str
    members: tuple[Member, ...]
    of_one_instance: bool = False


@dataclass(frozen=True)
class Contradiction:
    """A set that is none, since it holds more than one snapshot of a disk."""

    set_id: str
    disk_id: str
    snapshot_ids: tuple[str, ...]


def sets_of_snapshots(
    listed: Iterable[ListedSet], groups: Mapping[str, str | None], by_instance: bool
) -> tuple[dict[str, SnapshotSet], list[Contradiction]]:
    """Return the set of each snapshot that is in one, by its ID, and the sets that contradict themselves.

    ``groups`` says of disks what they belong to now, None where that is unknown; ``by_instance``: that is an instance.
    A set of disks that belong to different things counts as one set for each of these. A snapshot that several sets
    claim is in none.
    """
    found: dict[str, list[SnapshotSet]] = {}
    contradictions = []
    for one in listed:
        is_whole = one.of_one_instance and by_instance
        for members in [one.members] if is_whole else _by_group(one, groups):
            if contradiction := _contradiction(one.set_id, members):
                contradictions.append(contradiction)
                continue
            is_best = all(member.after_scripts for member in members)
            consistency = Consistency.APPLICATION if is_best else Consistency.CRASH
            for member in members:
                found.setdefault(member.snapshot_id, []).append(SnapshotSet(one.set_id, len(members), consistency))
    return {snapshot_id: sets[0] for snapshot_id, sets in found.items() if len(sets) == 1}, contradictions


def _by_group(one: ListedSet, groups: Mapping[str, str | None]) -> list[Sequence[Member]]:
    """Divide the members by what their disks belong to. Those of which that is unknown count only if all others belong
    to one thing."""
    divided: dict[str, list[Member]] = {}
    for member in one.members:
        if group := groups.get(member.disk_id or ""):
            divided.setdefault(group, []).append(member)
    return [*divided.values()] if len(divided) > 1 else [one.members]


def _contradiction(set_id: str, members: Sequence[Member]) -> Contradiction | None:
    of_disks: dict[str, list[str]] = {}
    for member in members:
        if member.disk_id:
            of_disks.setdefault(member.disk_id, []).append(member.snapshot_id)
    for disk_id, snapshot_ids in of_disks.items():
        if len(snapshot_ids) > 1:
            return Contradiction(set_id, disk_id, tuple(sorted(snapshot_ids)))
    return None
