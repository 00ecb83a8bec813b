# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks what nights do with sets of copies, and report about them, against the server's state (promises: sets)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.clouds import CLOUDS
from tests.simulator.history import Version

from ..truth import Copy
from .forms import TIME_FORMAT
from .nights import NightOutcome

if TYPE_CHECKING:
    from .checks import RoleTruth

GROUP, SET, PLAN = "dr-copy:group", "dr-copy:set", "dr-copy:plan"


@dataclass(frozen=True)
class MarkedSet:
    """The complete copies whose marks name one set of one plan at a time."""

    group: str
    plan: str
    set_id: str
    marks: frozenset[str]
    copies: tuple[Copy, ...]

    def disks(self, truth: RoleTruth) -> set[str]:
        return {truth.disk_of(copy) for copy in self.copies}

    def contradicts_itself(self, truth: RoleTruth) -> bool:
        """Whether its marks cannot all be true: they differ, or it has more disks, or two snapshots of one disk."""
        disks, sources = self.disks(truth), {copy.source_id for copy in self.copies}
        return len(self.marks) > 1 or len(sources) > len(disks) or len(disks) > self.size

    @property
    def size(self) -> int:
        return min(int(mark.split()[0]) for mark in self.marks)

    def is_whole(self, truth: RoleTruth) -> bool:
        return not self.contradicts_itself(truth) and len(self.disks(truth)) == self.size


def marked_sets(truth: RoleTruth, region: str, moment: float) -> list[MarkedSet]:
    """Return the sets in a region at a time by their marks, the newest first."""
    found: dict[tuple[str, str, str], list[tuple[str, Copy]]] = defaultdict(list)
    for copy in truth.copies:
        version = copy.version(moment) if copy.region == region and copy.phase(moment) == "complete" else None
        if version and copy.ours and version.tags.get(GROUP) and version.tags.get(SET):
            mark = version.tags[SET]
            found[version.tags[GROUP], version.tags.get(PLAN, ""), mark.split(" ", 2)[2]].append((mark, copy))
    sets = [
        MarkedSet(*key, frozenset(mark for mark, _copy in rows), tuple(copy for _mark, copy in rows))
        for key, rows in found.items()
    ]
    return sorted(sets, key=lambda one: (min(map(truth.taken, one.copies)), one.set_id), reverse=True)


def is_of_newest_set(truth: RoleTruth, copy: Copy, moment: float) -> bool:
    """Whether a copy is in its plan's newest complete set of its server at a time.

    It is not if a newer set is complete, or has copies of all disks of that set, from one plan or several.
    """
    newer = _newer_sets(truth, copy, moment)
    return newer is not None and not any(covers or is_whole for covers, is_whole in newer)


def _newer_sets(truth: RoleTruth, copy: Copy, moment: float) -> list[tuple[bool, bool]] | None:
    """Return for each newer set of its server whether it covers the disks of a copy's set, and whether it is complete.

    The copy's set is its plan's newest complete one. None if the copy is in no such set.
    """
    version = copy.version(moment)
    if version is None or not version.tags.get(GROUP):
        return None
    sets = [one for one in marked_sets(truth, copy.region, moment) if one.group == version.tags[GROUP]]
    own = next((one for one in sets if one.plan == version.tags.get(PLAN, "") and one.is_whole(truth)), None)
    if own is None or copy not in own.copies:
        return None
    disks: dict[str, set[str]] = defaultdict(set)
    sizes: dict[str, set[int]] = defaultdict(set)
    for one in sets[: sets.index(own)]:
        disks[one.set_id] |= one.disks(truth)
        sizes[one.set_id].add(one.size)
    return [(of_set >= own.disks(truth), sizes[set_id] == {len(of_set)}) for set_id, of_set in disks.items()]


def may_stay(truth: RoleTruth, copy: Copy, moment: float) -> bool:
    """Whether a copy may remain because it is in its server's newest complete set, or one that may become complete.

    A newer complete set without all disks of the copy's set need not replace that: nothing may show that a disk has
    left the server. If copies have no marks, the times of their sources define sets.
    """
    if not truth.storm.has_groups:
        return False
    if not CLOUDS[truth.storm.cloud].snapshots_have_tags:
        return bool(truth.nights.server_of(truth.disk_of(copy)))
    newer = _newer_sets(truth, copy, moment)
    if copy.source_id in truth.nights.alive or (newer is not None and (True, True) not in newer):
        return True
    # It may be in the newest set of another plan that has copied the other members.
    sets = marked_sets(truth, copy.region, moment)
    own = [(one.group, one.set_id) for one in sets if copy in one.copies]
    return any((one.group, one.set_id) in own and copy not in one.copies for one in sets)


def wrong_sets(truth: RoleTruth, outcome: NightOutcome) -> Iterator[str]:
    """Yield reported sets with a copy that was not complete then, and complete sets that are not reported."""
    if outcome.finished is None or outcome.run.check:
        return
    report = outcome.finished.report
    if report["source_listed"] and report["recovery_points"]:
        regions = [truth.nights.regions[n] for n in outcome.plan.destinations]
        groups = [(group, sorted(disks)) for group, disks in outcome.groups.items() if len(disks) > 1]
        wanted = {(group, region, *disks) for group, disks in groups for region in regions}
        shown = {(row["group"], row["region"], *row["disks"]) for row in report["sets"]}
        if wanted != shown:
            yield f"reports the groups {sorted(shown)}, but there are {sorted(wanted)}"
    if not CLOUDS[truth.storm.cloud].snapshots_have_tags:
        return  # copies have no marks
    for row in report["sets"]:
        yield from _unreported_sets(truth, outcome, row)
        if row["set"] is None:
            continue
        begin = outcome.started - truth.seconds_until_seen
        members = {
            truth.disk_of(copy)
            for copy in truth.copies
            if copy.region == row["region"] and _mark_of(copy, outcome.ended).endswith(f" {row['set']}")
            if copy.was(("complete",), begin, outcome.ended)
        }
        if len(members) < 2:
            yield f"reports the set {row['set']} of {row['group']} in {row['region']}, of which there are {members}"
        beside = {disk["disk_id"] for disk in row["torn"]}
        if missing := set(row["disks"]) - beside - members:
            yield f"reports {', '.join(sorted(missing))} as of the set {row['set']}, which has no such copy"


def _unreported_sets(truth: RoleTruth, outcome: NightOutcome, row: dict[str, Any]) -> Iterator[str]:
    """Yield complete sets that each read of a night showed, if the night reports none or an older one.

    Also yield reported sets whose marks contradict each other.
    """
    if row["unknown"]:
        return
    begin = outcome.started - truth.seconds_until_seen
    sets = marked_sets(truth, row["region"], begin)
    own = [one for one in sets if one.group == row["group"] and one.plan in outcome.plan.names]
    if any(one.disks(truth) - {*row["disks"]} for one in own):
        return  # disks have left the server
    for one in own:
        if one.set_id == row["set"] and one.contradicts_itself(truth) and _was_unchanged(one, outcome, begin):
            yield f"reports the set {row['set']} of {row['group']}, whose marks contradict each other"
    sure = [one for one in own if one.is_whole(truth) and _was_unchanged(one, outcome, begin)]
    newest = min(map(truth.taken, sure[0].copies)).strftime(TIME_FORMAT) if sure else ""
    if newest > (row["source_created_at"] or ""):
        yield f"reports the set {row['set']} of {row['group']}, and {sure[0].set_id} is complete in {row['region']}"


def _was_unchanged(one: MarkedSet, outcome: NightOutcome, begin: float) -> bool:
    """Whether a set's copies stayed complete and marked until the end of a night, and no other copy joined it."""
    marks = {(version.tags.get(GROUP), version.tags.get(SET)) for c in one.copies for version in _versions(c, begin)}
    same = marks == {(one.group, mark) for mark in one.marks}
    return same and all(copy.stayed(("complete",), begin, outcome.ended) for copy in one.copies)


def _versions(copy: Copy, begin: float) -> list[Version]:
    """Return the versions of a copy from a time on."""
    at_first = copy.version(begin)
    later = [version for version in copy.versions if version.moment > begin and version.thing is not None]
    return [*([at_first] if at_first else []), *later]


def _mark_of(copy: Copy, moment: float) -> str:
    tags = [version.tags for version in copy.versions if version.moment <= moment and version.tags.get(SET)]
    return tags[-1][SET] if tags else ""
