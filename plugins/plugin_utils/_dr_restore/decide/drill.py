# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The decisions of a drill: which copies it proves, and what was proven. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypedDict

from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.module.messages import quoted_failures
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from ..._role.answers import (
    CompareAnswer,
    ComparedCopy,
    CopyAnswer,
    CopyRow,
    InfoAnswer,
    RestoreAnswer,
    RestoredDisk,
    SnapshotRow,
)
from ..._role.proofs import newest_of, newest_that_proves, proofs_in, tags_of_proof
from ..._role.rows import disk_id_of, parse_time, time_or_now
from ..input.last_drill import LastDrill
from ..input.variables import Variables
from .outcomes import reason_of
from .points import NamedRow, Point, PointRow, RowOfServer

NOTHING: Mapping[str, str] = MappingProxyType({})


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


class Trial(NamedRow, RowOfServer):
    """A copy that was tried: whether it is ``proven`` at a ``level``, else ``why`` it is not.

    ``compared`` says whether its blocks were compared with the source's, and ``note`` why not; both are None if the
    level does not require it. ``seconds`` is how long its disk took, ``passed_over`` names a newer copy that cannot be
    tried. ``group``, ``set``, ``consistency`` and ``torn`` are those of its point.
    """

    copy_id: str | None
    source_snapshot_id: str | None
    source_region: str | None
    taken_at: str | None
    size_gib: int | None
    proven: bool
    level: str | None
    why: str | None
    new_disk_id: str | None
    seconds: float | None
    blocks: int | None
    compared: bool | None
    note: str | None
    passed_over: str | None


@dataclass(frozen=True)
class Mark:
    """A call that writes on proven copies what was proven. Like the copy modules, it names the sources."""

    source_region: str
    source_ids: tuple[str, ...]
    tags: Mapping[str, str]


class UntriedDisk(NamedRow, RowOfServer):
    """A disk whose copies no drill with these variables proves, and the reason."""

    size_gib: int | None
    proven_at: str | None
    why: str


class ComparisonTarget(TypedDict):
    """A copy whose blocks are to be compared, and its source."""

    snapshot_id: str | None
    source_snapshot_id: str | None
    source_region: str | None


def with_proofs(points: Sequence[Point], listed: InfoAnswer, last: LastDrill, values: Variables) -> list[Candidate]:
    """Add to each disk when one of its copies was last proven, and at which level.

    This comes from the copies, and from the last report, which also covers copies that retention has deleted since.
    """
    now = time_or_now(values.now)
    proofs: dict[str, list[tuple[str, str | None]]] = {}
    for copy in _copies(listed):
        own = [(level, iso_utc(time)) for level, time in proofs_in(copy["tags"], now).items()]
        proofs.setdefault(str(disk_id_of(copy)), []).extend(own)
    for row in last.get("disks") or ():
        times: Mapping[str, str | None] = row.get("proofs") or {str(row["proven_level"]): row["proven_at"]}
        proofs.setdefault(str(row["disk_id"]), []).extend(times.items())
    return [_candidate(point, newest_of(proofs.get(str(point.disk_id), ()), now), values) for point in points]


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
    key = (candidate.group, candidate.set)
    return [one for one in candidates if (one.group, one.set) == key] if candidate.set else [candidate]


def _gib(candidates: Sequence[Candidate]) -> int:
    return sum(candidate.size_gib or 0 for candidate in candidates)


def untried(candidates: Sequence[Candidate], values: Variables) -> list[UntriedDisk]:
    """Return the disks whose copies no drill with these variables proves."""
    return [
        UntriedDisk(
            disk_id=c.disk_id,
            disk_name=c.disk_name,
            group=c.group,
            set=c.set,
            consistency=c.consistency,
            torn=c.torn,
            size_gib=c.size_gib,
            proven_at=c.proven_at,
            why=why,
        )
        for c in candidates
        if (why := _why_untried(c, values))
    ]


def _why_untried(candidate: Candidate, values: Variables) -> str | None:
    most = values.max_gib
    if candidate.missing:
        return candidate.missing.text
    if most and (candidate.size_gib or 0) > most:
        return f"its {candidate.size_gib} GiB are more than dr_restore_max_gib ({most})"
    return None


def judge(
    chosen: Sequence[Point],
    made: RestoreAnswer,
    compared: CompareAnswer,
    values: Variables,
    checked: Mapping[str, str] = NOTHING,
) -> list[Trial]:
    """Return the outcome for each copy that was tried, from the results of making disks and of comparing blocks.

    ``checked`` says by copy why its disk is not usable.
    """
    found = {row["snapshot_id"]: row for row in made.get("disks") or ()}
    read = {row["snapshot_id"]: row for row in compared.get("comparisons") or ()}
    trials = []
    for point in chosen:
        disk, blocks = found.get(str(point.copy_id)), read.get(str(point.copy_id))
        why = doubt_of(point, disk, made) or checked.get(str(point.copy_id))
        if not why and values.level == "readable":
            why = _doubt_of_blocks(point, blocks, compared)
        trials.append(_trial(point, disk, blocks, why, values))
    return trials


def to_compare(chosen: Sequence[Point], made: RestoreAnswer) -> list[ComparisonTarget]:
    """Return the copies whose blocks are to be compared: those from which a disk was made as requested."""
    found = {row["snapshot_id"]: row for row in made.get("disks") or ()}
    return [
        {
            "snapshot_id": point.copy_id,
            "source_snapshot_id": point.source_snapshot_id,
            "source_region": point.source_region,
        }
        for point in chosen
        if not doubt_of(point, found.get(str(point.copy_id)), made)
    ]


def marks(trials: Sequence[Trial], listed: InfoAnswer, values: Variables) -> list[Mark]:
    """Return the calls that write on proven copies what was proven: one for each source region and each set of tags.

    They write only to our own copies. On a cloud whose snapshots have no tags, there are none.
    """
    rules = CLOUDS[values.cloud].tag_rules
    if rules is None:
        return []
    ours = {c["snapshot_id"]: c["tags"] for c in _copies(listed) if c["source"] and c["source"]["managed"]}
    together: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for trial in trials:
        region, source_id = trial["source_region"], trial["source_snapshot_id"]
        if trial["proven"] and str(trial["copy_id"]) in ours and region and source_id:
            tags = _tags_for(ours[str(trial["copy_id"])], values, rules.max_tags)
            together.setdefault((region, tuple(tags.items())), []).append(source_id)
    return [Mark(region, tuple(ids), dict(tags)) for (region, tags), ids in together.items()]


def _tags_for(current_tags: Mapping[str, str], values: Variables, most: int) -> dict[str, str]:
    """Return the tags for a copy that is proven now; without its earlier proofs if there is no room for them."""
    level, now = values.level, values.now
    tags = tags_of_proof(level, now, proofs_in(current_tags, time_or_now(now)))
    return tags if len({*current_tags, *tags}) <= most else tags_of_proof(level, now, {})


def with_written_marks(trials: Sequence[Trial], calls: Sequence[CopyAnswer]) -> list[Trial]:
    """Return the trials, updated with the results of the calls that wrote the marks.

    The copy that was tried may be gone by then. A mark on another copy of the same source proves nothing about that
    copy.
    """
    found = {row["source_snapshot_id"]: row for call in calls for row in call.get("copies") or ()}
    return [_as_marked(trial, found.get(str(trial["source_snapshot_id"]))) for trial in trials]


def _as_marked(trial: Trial, copy: CopyRow | None) -> Trial:
    if not trial["proven"] or copy is None or copy["snapshot_id"] == trial["copy_id"]:
        return trial
    if copy["snapshot_id"] is None and not (copy["error"] and copy["error"]["kind"] == "not_found"):
        return trial  # it could not be marked, which is a separate failure
    instead = f"; {copy['snapshot_id']}, which exists now, was not tried" if copy["snapshot_id"] else ""
    why = f"the copy {trial['copy_id']} disappeared while the drill was running{instead}"
    return {**trial, "proven": False, "level": None, "why": why}


def with_new_proofs(candidates: Sequence[Candidate], trials: Sequence[Trial], values: Variables) -> list[Candidate]:
    """Return the disks with the proofs that this drill has added."""
    proven = {trial["disk_id"] for trial in trials if trial["proven"]}
    now, level = values.now, values.level
    return [
        replace(c, proven_at=now, proven_level=level, proofs={**c.proofs, level: now}) if c.disk_id in proven else c
        for c in candidates
    ]


def overdue(candidates: Sequence[Candidate], values: Variables) -> list[Candidate]:
    """Return the disks last proven more than ``max_age_days`` ago, or never; none without that limit."""
    if not values.max_age_days:
        return []
    now, days = time_or_now(values.now), values.max_age_days
    times = ((candidate, parse_time(candidate.proven_at)) for candidate in candidates)
    return [candidate for candidate, time in times if time is None or (now - time) / timedelta(days=1) > days]


def _copies(listed: InfoAnswer) -> list[SnapshotRow]:
    return [copy for copy in listed.get("snapshots") or () if copy.get("source")]


def _candidate(point: Point, proofs: Mapping[str, datetime], values: Variables) -> Candidate:
    known = {part.name: getattr(point, part.name) for part in fields(Point)}
    level, time = newest_that_proves(values.level, proofs) or (None, None)
    texts = {level: iso_utc(time) for level, time in proofs.items()}
    return Candidate(**known, proven_at=iso_utc(time) if time else None, proven_level=level, proofs=texts)


def _trial(
    point: Point, made: RestoredDisk | None, blocks: ComparedCopy | None, why: str | None, values: Variables
) -> Trial:
    return Trial(
        disk_id=point.disk_id,
        disk_name=point.disk_name,
        copy_id=point.copy_id,
        source_snapshot_id=point.source_snapshot_id,
        source_region=point.source_region,
        taken_at=point.taken_at,
        size_gib=point.size_gib,
        proven=not why,
        level=None if why else values.level,
        why=why,
        new_disk_id=made["disk_id"] if made else None,
        seconds=made["seconds"] if made else None,
        blocks=blocks["blocks"] if blocks else None,
        compared=blocks["compared"] if blocks else None,
        note=blocks["note"] if blocks else None,
        passed_over=point.passed_over,
        group=point.group,
        set=point.set,
        consistency=point.consistency,
        torn=point.torn,
    )


def doubt_of(point: Point, disk: RestoredDisk | None, made: RestoreAnswer) -> str | None:
    """Return why a disk proves nothing, from its row in the result of making disks, or None."""
    if point.key_problem:
        return f"the copy {point.key_problem}; no disk was made from it"
    if disk is None or disk["error"] or disk["disk_id"] is None:
        return reason_of(disk, made, point.copy_id) or "no disk was made from it"
    if disk["state"] != "available":
        return f"the disk is {disk['state']}, not available"
    if point.size_gib and disk["size_gib"] is not None and disk["size_gib"] < point.size_gib:
        return f"the disk has {disk['size_gib']} GiB, the copy {point.size_gib}"
    if point.copy_encrypted and disk["encrypted"] is not True:
        return "the copy is encrypted, but the cloud does not report that the disk is"
    if point.copy_key and not _same_key(point.copy_key, disk["kms_key_id"]):
        key = f"has the key {disk['kms_key_id']}" if disk["kms_key_id"] else "shows no key"
        return f"the copy has the key {point.copy_key}, the disk {key}"
    return None


def _same_key(one: str, other: str | None) -> bool:
    # Some services show the ARN of a key, others only its ID.
    return bool(other) and one.rpartition("/")[2] == str(other).rpartition("/")[2]


def _doubt_of_blocks(point: Point, blocks: ComparedCopy | None, compared: CompareAnswer) -> str | None:
    if blocks is None:
        return reason_of(None, compared, point.copy_id) or "its blocks were not read"
    return quoted_failures([blocks["error"]]) if blocks["error"] else None
