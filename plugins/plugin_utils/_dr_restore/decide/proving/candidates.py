# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The disks whose copies a drill may prove, and which of them it chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import TypedDict

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import pluralize

from ...._role.answers import InfoAnswer
from ...._role.enumerations import first_in_words
from ...._role.proofs import newest_of, newest_that_proves, proofs_in
from ...._role.rows import disk_id_of, parse_time, time_or_now
from ...input.last_drill import LastDrill, ProvenDisk, disks_of
from ...input.variables import Variables
from ..choosing.listed_copies import copies_of_listing
from ..choosing.points import NamedRow, Point, PointRow, RowOfServer
from .trials import Trial


class ProofRow(TypedDict):
    """The proofs in a row (see Candidate)."""

    proven_at: str | None
    proven_level: str | None
    proofs: dict[str, str]


class CandidateRow(PointRow, ProofRow):
    """A candidate in the form of the report."""


@dataclass(frozen=True)
class Candidate(Point):
    """A disk with the last proof of its copies that covers the level of the drill.

    The proof has a time (ISO 8601) and a level, None for never. ``proofs`` has the time of the last proof of each
    level.
    """

    proven_at: str | None = None
    proven_level: str | None = None
    proofs: Mapping[str, str] = field(default_factory=dict)

    def as_row(self) -> CandidateRow:
        proofs = dict(self.proofs)
        return {**super().as_row(), "proven_at": self.proven_at, "proven_level": self.proven_level, "proofs": proofs}


class UntriedDisk(NamedRow, RowOfServer):
    """A disk whose copies no drill with these variables proves, and the reason.

    ``named``: whether ``dr_restore_disk_ids`` or ``dr_restore_disk_names`` names it.
    """

    size_gib: int | None
    proven_at: str | None
    why: str
    named: bool


def with_proofs(points: Sequence[Point], listed: InfoAnswer, last: LastDrill, values: Variables) -> list[Candidate]:
    """Add to each disk when one of its copies was last proven, and at which level.

    This comes from the copies, and from the last report, which also covers copies that retention has deleted since.
    """
    now = time_or_now(values.started_at)
    proofs: dict[str, list[tuple[str, str | None]]] = {}
    for copy in copies_of_listing(listed):
        own = [(level, iso_utc(time)) for level, time in proofs_in(copy["tags"], now).items()]
        proofs.setdefault(str(disk_id_of(copy)), []).extend(own)
    for row in disks_of(last):
        times: Mapping[str, str | None] = row.get("proofs") or {str(row["proven_level"]): row["proven_at"]}
        proofs.setdefault(str(row["disk_id"]), []).extend(times.items())
    return [_candidate(point, newest_of(proofs.get(str(point.disk_id), ()), now), values) for point in points]


def of_earlier_drills(candidates: Sequence[Candidate], last: LastDrill) -> list[ProvenDisk]:
    """Return the disks that earlier drills looked at, and for which this one has found no candidate."""
    found = {candidate.disk_id for candidate in candidates}
    return [row for row in disks_of(last) if row["disk_id"] not in found]


def looks_at_all(values: Variables) -> bool:
    """Whether a drill looks at the copies of all disks, so that it finds each disk that has a copy."""
    return not (values.disk_ids or values.disk_names or values.disk_tags or values.source_region)


def lost_all_copies(rows: Sequence[ProvenDisk], values: Variables) -> list[str]:
    """Return a warning about disks that were proven and have no copy any more, or nothing.

    A drill forgets these disks. Without the warning, it would succeed although none of their copies is left.
    """
    proven = [f"{row.get('disk_name') or row['disk_id']} ({row['proven_at']})" for row in rows if row["proven_at"]]
    if not proven:
        return []
    disks = pluralize(len(proven), "proven disk no longer has", "proven disks no longer have")
    return [
        f"{disks} a copy in {values.region}: {first_in_words(proven)}. If you still need them, find out why "
        "their copies are gone. The next drill does not repeat this warning. A drill that names these disks in "
        "dr_restore_disk_ids fails as long as they have no copy"
    ]


def pick(candidates: Sequence[Candidate], values: Variables) -> list[Candidate]:
    """Return the disks whose copies a drill proves, those with the oldest proofs first.

    These are ``count`` disks with at most ``max_gib`` in total. A set that was started is finished even beyond
    ``count``; one for which there is no room waits for a later drill. Of a set that is larger than ``max_gib``, as
    many disks as fit are proven.
    """
    can = [candidate for candidate in candidates if candidate.copy_id]
    room, most = values.max_gib, values.max_gib
    chosen: list[Candidate] = []
    for candidate in sorted(can, key=lambda c: (c.proven_at or "", str(c.disk_id))):
        if len(chosen) >= values.count or candidate in chosen:
            continue
        together = _of_its_set(candidate, can)
        if most and _gib(together) > most:
            together = [candidate]
        if not most or _gib(together) <= room:
            chosen += together
            room -= _gib(together)
    return chosen


def _of_its_set(candidate: Candidate, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates of this one's set, including itself; only itself if it belongs to no set."""
    server = candidate.server
    if not server.set:
        return [candidate]
    key = (server.group, server.set)
    return [other for other in candidates if (other.server.group, other.server.set) == key]


def _gib(candidates: Sequence[Candidate]) -> int:
    return sum(candidate.size_gib or 0 for candidate in candidates)


def untried(candidates: Sequence[Candidate], values: Variables) -> list[UntriedDisk]:
    """Return the disks whose copies no drill with these variables proves."""
    return [
        UntriedDisk(
            disk_id=c.disk_id,
            disk_name=c.disk_name,
            group=c.server.group,
            set=c.server.set,
            consistency=c.server.consistency,
            torn=c.server.torn,
            size_gib=c.size_gib,
            proven_at=c.proven_at,
            why=why,
            named=c.disk_id in values.disk_ids or c.disk_name in values.disk_names,
        )
        for c in candidates
        if (why := _why_untried(c, values))
    ]


def _why_untried(candidate: Candidate, values: Variables) -> str | None:
    most = values.max_gib
    if candidate.missing:
        return candidate.missing.text
    if most and (candidate.size_gib or 0) > most:
        return f"its size, {candidate.size_gib} GiB, exceeds dr_restore_max_gib ({most})"
    return None


def with_new_proofs(candidates: Sequence[Candidate], trials: Sequence[Trial], values: Variables) -> list[Candidate]:
    """Return the disks with the proofs that this drill has added."""
    proven = {trial["disk_id"] for trial in trials if trial["proven"]}
    now, level = values.started_at, values.level
    return [
        replace(c, proven_at=now, proven_level=level, proofs={**c.proofs, level: now}) if c.disk_id in proven else c
        for c in candidates
    ]


def overdue(candidates: Sequence[Candidate], values: Variables) -> list[Candidate]:
    """Return the disks last proven more than ``max_age_days`` ago, or never; none without that limit."""
    if not values.max_age_days:
        return []
    now, days = time_or_now(values.started_at), values.max_age_days
    times = ((candidate, parse_time(candidate.proven_at)) for candidate in candidates)
    return [candidate for candidate, time in times if time is None or (now - time) / timedelta(days=1) > days]


def _candidate(point: Point, proofs: Mapping[str, datetime], values: Variables) -> Candidate:
    known = {part.name: getattr(point, part.name) for part in fields(Point)}
    level, time = newest_that_proves(values.level, proofs) or (None, None)
    texts = {level: iso_utc(time) for level, time in proofs.items()}
    return Candidate(**known, proven_at=iso_utc(time) if time else None, proven_level=level, proofs=texts)
