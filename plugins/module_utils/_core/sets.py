# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets: one snapshot of each disk of a server, taken together. How clouds report them, and how copies are marked."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .grouping import grouped, grouped_pairs

_MARK = re.compile(r"([1-9][0-9]{0,3}) (application|crash|near) (\S(?:.*\S)?)")
#: Tags of copies: the group of their disks (an instance, or a value of the group tag), and the set.
GROUP, SET = "dr-copy:group", "dr-copy:set"
#: A tag of copies if another plan copies disks of the group too: ``disks_mark`` of the set's disks.
SET_DISKS = "dr-copy:set-disks"
#: The length of a disk's code in that tag, and the longest value: one cloud accepts only 128 characters.
CODE, MAX_MARK = 4, 128
#: The default of the most seconds between the snapshots of a set that the cloud does not report.
SET_SECONDS = 300


class Consistency(str, Enum):
    """The consistency of the snapshots of a set, the best first."""

    #: Taken at one point in time, when the applications had written everything.
    APPLICATION = "application"
    #: Taken at one point in time.
    CRASH = "crash"
    #: Taken within a few minutes of each other.
    NEAR = "near"

    @property
    def words(self) -> str:
        """What users read for it."""
        return "taken within minutes, not at one moment" if self is Consistency.NEAR else f"{self.value}-consistent"


def weakest(words: Iterable[Consistency]) -> Consistency:
    """Return the weakest of these consistencies. Raises ValueError if there is none."""
    return max(words, key=list(Consistency).index)


@dataclass(frozen=True)
class SnapshotSet:
    """A set as one of its members shows it. ``size`` is the number of members when it was taken."""

    set_id: str
    size: int
    consistency: Consistency

    @property
    def tag_value(self) -> str:
        """The value of the tag ``dr-copy:set``."""
        return f"{self.size} {self.consistency.value} {self.set_id}"

    @property
    def row(self) -> dict[str, Any]:
        """The set in the form of results."""
        return {"id": self.set_id, "size": self.size, "consistency": self.consistency.value}


def disks_mark(disk_ids: Iterable[str]) -> str:
    """Return the value of the tag ``dr-copy:set-disks``: a code of each disk. Empty if there are too many (over 32)."""
    mark = "".join(sorted(map(_code, disk_ids)))
    return mark if len(mark) <= MAX_MARK else ""


def is_in_mark(disk_id: str, mark: str) -> bool:
    """Whether a value of ``disks_mark`` names this disk."""
    return _code(disk_id) in {mark[start : start + CODE] for start in range(0, len(mark), CODE)}


def _code(disk_id: str) -> str:
    """Return a hash of a disk with 20 bits: another disk has the same one with a probability of one in a million."""
    return base64.b32encode(hashlib.sha256(disk_id.encode()).digest())[:CODE].decode().lower()


def set_of_mark(mark: str | None) -> SnapshotSet | None:
    """Parse a value of ``SnapshotSet.tag_value``; None for any other string."""
    match = _MARK.fullmatch(mark or "")
    return SnapshotSet(match[3], int(match[1]), Consistency(match[2])) if match else None


@dataclass(frozen=True)
class Member:
    """A snapshot of a set; ``disk_id`` is None if the cloud does not show it.

    ``after_scripts``: it was taken between scripts that made the applications write everything.
    """

    snapshot_id: str
    disk_id: str | None = None
    after_scripts: bool = False


@dataclass(frozen=True)
class ListedSet:
    """Snapshots that form a set according to the cloud or to a user's tag.

    ``of_one_instance``: its disks are known to be from one instance, whatever has happened to them since.
    """

    set_id: str
    members: tuple[Member, ...]
    of_one_instance: bool = False


@dataclass(frozen=True)
class RepeatedDisk:
    """Snapshots that form no set, because they include more than one snapshot of a disk."""

    set_id: str
    disk_id: str
    snapshot_ids: tuple[str, ...]


def sets_of_snapshots(
    listed: Iterable[ListedSet], groups: Mapping[str, str | None], by_instance: bool
) -> tuple[dict[str, SnapshotSet], list[RepeatedDisk]]:
    """Return by ID the set of each snapshot that is in one, and the disks that a set has more than once.

    ``groups`` has the current group of disks, None if unknown; ``by_instance``: groups are instances. A listed set
    whose disks belong to different groups counts as one set for each group. A snapshot that is in several listed sets
    belongs to none.
    """
    found: dict[str, list[SnapshotSet]] = {}
    repeated = []
    for listed_set in listed:
        is_whole = listed_set.of_one_instance and by_instance
        for members in [listed_set.members] if is_whole else _by_group(listed_set, groups):
            if repeated_disk := _repeated_disk(listed_set.set_id, members):
                repeated.append(repeated_disk)
                continue
            is_best = all(member.after_scripts for member in members)
            consistency = Consistency.APPLICATION if is_best else Consistency.CRASH
            for member in members:
                found.setdefault(member.snapshot_id, []).append(
                    SnapshotSet(listed_set.set_id, len(members), consistency)
                )
    return {snapshot_id: sets[0] for snapshot_id, sets in found.items() if len(sets) == 1}, repeated


def _by_group(listed_set: ListedSet, groups: Mapping[str, str | None]) -> list[Sequence[Member]]:
    """Divide the members by the groups of their disks.

    Members whose group is unknown count only if all others belong to one group.
    """
    known = (member for member in listed_set.members if groups.get(member.disk_id or ""))
    divided = grouped(known, lambda member: groups[str(member.disk_id)])
    return [*divided.values()] if len(divided) > 1 else [listed_set.members]


def _repeated_disk(set_id: str, members: Sequence[Member]) -> RepeatedDisk | None:
    of_disks = grouped_pairs((member.disk_id, member.snapshot_id) for member in members if member.disk_id)
    for disk_id, snapshot_ids in of_disks.items():
        if len(snapshot_ids) > 1:
            return RepeatedDisk(set_id, disk_id, tuple(sorted(snapshot_ids)))
    return None
