# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The true history of a storm: each copy from its creation to its end, and who did what to it."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from datetime import datetime
from typing import Any

from tests.simulator.control import Call
from tests.simulator.history import Key, Version
from tests.simulator.locks import SimulatedLock, lock_of

from .faults import MAX_LOOK_AGE_SECONDS
from .simulation import FOREIGN, HOLD, RunOutcome, Simulation

#: A source and a region.
Place = tuple[str, str]
#: What each cloud's calls do: start a copy, delete one, write to one, read.
COPIES = {"CopySnapshot", "CopySnapshotCrossRegions"}
DELETES = {"DeleteSnapshot", "DeleteSnapshots"}
CHANGES = {
    "CreateTags", "DeleteTags", "TagResources", "UntagResources", "UnTagResources", "ModifySnapshotAttribute",
    "LockSnapshot", "ModifySnapshotCategory",
}  # fmt: skip
WRITES = COPIES | DELETES | CHANGES
ALIVE = ("running", "complete")
#: By how much (seconds) the clocks of a cloud and of a run may differ, plus the error of times in whole seconds.
SKEW = 6.0


class Copy:
    """One copy: its versions, and what follows from them."""

    def __init__(self, simulation: Simulation, key: Key, versions: list[Version]):
        self._phase_of = simulation.estate.phase_of
        self._unit_of_time = "milliseconds" if simulation.storm.cloud == "ebs" else "seconds"
        self._now = simulation.scheduler.monotonic
        self._utc_at = simulation.scheduler.utc_at
        self.region, self.id = key
        self.versions = versions
        self.born = versions[0]
        thing = self.born.thing
        self.source_id = str(thing.source_id)
        self.started = simulation.estate.started_at(thing)
        self.duration = float(thing.duration)
        #: The call that made it; None if it existed before.
        self.maker: Call | None = self.born.by if isinstance(self.born.by, Call) else None
        #: The run that made it, or its other owner.
        self.by = self.maker.by if self.maker else simulation.planted.get(self.id, FOREIGN)
        last = versions[-1]
        self.gone = last.moment if last.thing is None else math.inf
        #: Who deleted it: a call, or an event.
        self.remover = last.by if last.thing is None else None
        self.born_at: datetime = thing.created if hasattr(thing, "created") else thing.start_time

    @property
    def place(self) -> Place:
        return self.source_id, self.region

    @property
    def ours(self) -> bool:
        return self.by != FOREIGN

    @property
    def start_key(self) -> tuple[str, str]:
        """The key by which all runs sort copies: the time as the cloud shows it, then the ID."""
        return self.born_at.isoformat(timespec=self._unit_of_time), self.id

    def version(self, moment: float | None = None) -> Version | None:
        """Return its version at a time; None if it did not exist."""
        moment = self._now() if moment is None else moment
        found = None
        for version in self.versions:
            if version.moment <= moment:
                found = version
        return found if found and found.thing is not None else None

    def phase(self, moment: float | None = None) -> str:
        """Return "running", "complete", "failed", "deleting", or "gone" if it did not exist."""
        moment = self._now() if moment is None else moment
        version = self.version(moment)
        if version is None:
            return "gone"
        version.thing.seen_at = moment
        return str(self._phase_of(version.thing))

    def ends_at(self, moment: float) -> bool:
        """Whether its copying ends at exactly this time, up to the rounding error of floats."""
        return abs(self.started + self.duration - moment) < 1e-6

    def was(self, phases: tuple[str, ...], begin: float, end: float) -> bool:
        """Whether it was in one of these phases at some time between two times."""
        return any(self.phase(moment) in phases for moment in self._moments(begin, end))

    def stayed(self, phases: tuple[str, ...], begin: float, end: float) -> bool:
        """Whether it was in these phases all the time between two times."""
        return all(self.phase(moment) in phases for moment in self._moments(begin, end))

    def _moments(self, begin: float, end: float) -> list[float]:
        # Just after its end, because the sum of two floats may be before it.
        turns = [self.started + self.duration + 1e-6, *(v.moment for v in self.versions)]
        return [begin, end, *(moment for moment in turns if begin < moment < end)]

    @property
    def tags(self) -> dict[str, str]:
        return (self.version() or self.versions[-1]).tags

    @property
    def last(self) -> Any:
        """The server's object in its last state."""
        return next(v.thing for v in reversed(self.versions) if v.thing is not None)

    def held(self, moment: float | None = None) -> bool:
        version = self.version(moment)
        lock = self.lock(moment)
        ends = lock and lock.holds(self._utc_at(self._now() if moment is None else moment))
        return bool(ends or (version and HOLD in version.tags))

    def lock(self, moment: float | None = None) -> SimulatedLock | None:
        """Return its lock at a time, even if that has ended."""
        version = self.version(moment)
        return lock_of(version.thing) if version else None

    def locks(self, until: float = math.inf) -> list[tuple[Version, SimulatedLock]]:
        """Return every lock that it ever had up to a time, with the first version that had it."""
        found: list[tuple[Version, SimulatedLock]] = []
        for version in self.versions:
            lock = lock_of(version.thing)
            if lock and version.moment <= until and not (found and found[-1][1] == lock):
                found.append((version, lock))
        return found

    def encrypted(self) -> bool:
        return bool(self.last.encrypted)

    def key(self) -> str:
        return str(self.last.kms_key_id or "")


class Truth:
    """All copies and calls of a storm so far."""

    def __init__(self, simulation: Simulation):
        self.simulation = simulation
        self.storm = simulation.storm
        self.calls: list[Call] = simulation.control.recorded_calls
        versions = simulation.history.versions
        self.copies = {
            key: Copy(simulation, key, found)
            for key, found in versions.items()
            if getattr(found[0].thing, "source_id", "")
        }
        self.of_place: dict[Place, list[Copy]] = defaultdict(list)
        for copy in self.copies.values():
            self.of_place[copy.place].append(copy)
        #: Seconds after which every read of a run shows a change, plus the time to make such a read.
        self.seconds_until_seen = self.storm.lag + MAX_LOOK_AGE_SECONDS + 2 * self.storm.max_call_seconds + 0.1

    def calls_of(self, outcome: RunOutcome) -> list[Call]:
        return [call for call in self.calls if call.by == outcome.name]

    def places_of(self, outcome: RunOutcome) -> list[Place]:
        return [(source, region) for source in outcome.asked for region in outcome.options["destination_regions"]]

    def written_by(self, call: Call) -> list[str]:
        """Return the regions that a call writes to; ENS's deletions name none."""
        if self.storm.cloud == "ens" and call.action in DELETES:
            return [copy.region for copy in self.copies.values() if copy.id in ids_of(call)]
        return regions_of(call)

    def answered_at(self, call: Call) -> float:
        """Return when the answer to its copy call gave this run the IDs of the copies that a call writes to."""
        copies = [copy for copy in self.copies.values() if copy.id in ids_of(call)]
        own = [c.maker.ended for c in copies if c.maker and c.maker.by == call.by and not c.maker.lost]
        return min(own) if len(own) == len(copies) and own else -math.inf

    def deleted_by_others(self, copy: Copy, outcome: RunOutcome) -> bool:
        """Whether a person or another run deleted a copy; whether that run was allowed to is checked by its calls."""
        if not isinstance(copy.remover, Call):
            return copy.remover is not None
        return copy.remover.by != outcome.name

    def taken_for_own(self, copy: Copy, outcome: RunOutcome) -> bool:
        """Whether a run made a copy, or may have made it with a call whose answer was lost, as far as times show."""
        return copy.by == outcome.name or any(may_have_made(call, copy) for call in self.calls_of(outcome))

    def fits(self, copy: Copy, outcome: RunOutcome) -> bool:
        """Whether a copy is encrypted as a run requests, as far as known."""
        if not outcome.options.get("encrypted"):
            return True
        key = outcome.options.get("kms_key_id")
        return copy.encrypted() and not (key and copy.key() and copy.key() != key)


def may_have_made(call: Call, copy: Copy) -> bool:
    """Whether a copy call whose answer was lost may have made a copy, as far as times show."""
    return (
        call.lost
        and call.action in COPIES
        and copy.source_id == source_of(call)
        and copy.region in regions_of(call)
        and call.started - SKEW <= copy.started <= call.ended + SKEW
    )


def regions_of(call: Call) -> list[str]:
    """Return the regions that a call reads or writes; an empty list means all."""
    given = call.given
    many = given.get("DestinationRegions") or given.get("DestinationRegionIds") or given.get("EnsRegionIds")
    if many:
        return list(json.loads(many)) if isinstance(many, str) else list(many)
    if "ResourceList" in given:
        return list(dict.fromkeys(name.split(":")[3] for name in given["ResourceList"]))
    one = given.get("DestinationRegionId") or given.get("EnsRegionId")
    if one:
        return [one]
    if call.action == "DescribeSnapshots" and "Version" in given and given["Version"] == "2017-11-10":
        return []  # ENS: without a node it means every node
    return [call.region]


def is_dry(call: Call) -> bool:
    """Whether a call only checks if it would be allowed."""
    return str(call.given.get("DryRun", "")).lower() == "true"


def source_of(call: Call) -> str:
    """Return the source that a copy call names."""
    return str(call.given.get("SourceSnapshotId") or call.given.get("SnapshotId") or "")


def ids_of(call: Call) -> list[str]:
    """Return the snapshots that a call deletes or changes."""
    given, found = call.given, []
    for name, value in given.items():
        if name.split(".")[0] in ("SnapshotId", "SnapshotIds", "ResourceId"):
            found += value if isinstance(value, list) else [value]
        elif name == "ResourceList":
            found += [resource.rsplit("/", 1)[1] for resource in value]
    return found
