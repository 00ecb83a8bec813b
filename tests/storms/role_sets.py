# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold what nights do with sets of copies, and tell of them, against the server's truth (promises: sets)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.clouds import CLOUDS

from .role_nights import NightOutcome
from .truth import Copy

if TYPE_CHECKING:
    from .role_checks import RoleTruth

GROUP, SET = "dr-copy:group", "dr-copy:set"


@dataclass(frozen=True)
class MarkedSet:
    """The complete copies that bear one mark at a moment."""

    group: str
    mark: str
    copies: tuple[Copy, ...]

    def is_whole(self, truth: RoleTruth) -> bool:
        return len({truth.disk_of(copy) for copy in self.copies}) == int(self.mark.split()[0])


def marked_sets(truth: RoleTruth, region: str, moment: float) -> list[MarkedSet]:
    """Return the sets in a region at a moment by their marks, the newest first; none whose marks differ."""
    found: dict[tuple[str, str], dict[str, list[Copy]]] = defaultdict(lambda: defaultdict(list))
    for copy in truth.copies:
        version = copy.version(moment) if copy.region == region and copy.phase(moment) == "complete" else None
        if version and version.tags.get(GROUP) and version.tags.get(SET):
            mark = version.tags[SET]
            found[version.tags[GROUP], mark.split(" ", 2)[-1]][mark].append(copy)
    sets = [
        MarkedSet(group, mark, tuple(copies))
        for (group, _set_id), by_mark in found.items()
        for mark, copies in by_mark.items()
        if len(by_mark) == 1
    ]
    return sorted(sets, key=lambda one: min(truth.taken(copy) for copy in one.copies), reverse=True)


def is_of_newest_set(truth: RoleTruth, copy: Copy, moment: float) -> bool:
    """Whether a copy is a member of its server's newest whole set at a moment."""
    version = copy.version(moment)
    group = version.tags.get(GROUP) if version else None
    whole = [one for one in marked_sets(truth, copy.region, moment) if one.group == group and one.is_whole(truth)]
    return bool(group and whole and copy in whole[0].copies)


def may_stay(truth: RoleTruth, copy: Copy, moment: float) -> bool:
    """Whether a copy may stay for its server's sake: it is of the newest whole set, or of one that may become whole.

    Where copies bear no marks, the times of their sources make sets.
    """
    if not truth.storm.servers:
        return False
    if not CLOUDS[truth.storm.cloud].snapshots_have_tags:
        return bool(truth.nights.server_of(truth.disk_of(copy)))
    return is_of_newest_set(truth, copy, moment) or copy.source_id in truth.nights.alive


def wrong_sets(truth: RoleTruth, outcome: NightOutcome) -> Iterator[str]:
    """Name sets that a night tells as whole, and of which a copy was not complete then."""
    if outcome.finished is None or outcome.run.check:
        return
    if not CLOUDS[truth.storm.cloud].snapshots_have_tags:
        return
    for row in outcome.finished.result.get("sets", ()):
        if row["set"] is None:
            continue
        begin = outcome.started - truth.shown
        members = {
            truth.disk_of(copy)
            for copy in truth.copies
            if copy.region == row["region"] and _mark_of(copy, outcome.ended).endswith(f" {row['set']}")
            if copy.was(("complete",), begin, outcome.ended)
        }
        if len(members) < 2:
            yield f"tells the set {row['set']} of {row['group']} in {row['region']}, of which there are {members}"
        beside = {disk["disk_id"] for disk in row["torn"]}
        if missing := set(row["disks"]) - beside - members:
            yield f"tells {', '.join(sorted(missing))} as of the set {row['set']}, which has no such copy"


def _mark_of(copy: Copy, moment: float) -> str:
    tags = [version.tags for version in copy.versions if version.moment <= moment and version.tags.get(SET)]
    return tags[-1][SET] if tags else ""
