# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of a restore: waves of disks, and when each disk was available."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypedDict

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped_pairs
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.tag_matching import has_tags
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.times import iso_utc

from ...._role.answers import RestoreAnswer, RestoredDiskRow
from ...._role.rows import parse_time
from ...input.last_manifest import EarlierRow
from ...input.variables import Variables
from .disk_selection import tags_in_words, tags_of
from .points import Point

#: The states of disks that need no more waiting.
AVAILABLE = ("available", "in_use")


class Times(TypedDict):
    """When a disk's wave began, when the disk became available, and when all its data was loaded (ISO 8601).

    None if that has not happened yet or is unknown.
    """

    began_at: str | None
    available_at: str | None
    warm_at: str | None


@dataclass(frozen=True)
class Wave:
    """A finished wave: its number from 1, the result of making its disks, its beginning and end (ISO 8601)."""

    number: int
    made: RestoreAnswer
    began_at: str
    ended_at: str


def in_waves(points: Sequence[Point], values: Variables) -> list[Point]:
    """Return the points, each with the first wave whose tags it has; points that match no wave come last."""
    return [replace(point, wave=_wave_of(point, values.waves)) for point in points]


def _wave_of(point: Point, waves: Sequence[Mapping[str, str]]) -> int:
    tags = tags_of(point)
    return next((number for number, wanted in enumerate(waves, 1) if has_tags(tags, wanted)), len(waves) + 1)


def warnings_of_waves(points: Sequence[Point], values: Variables) -> list[str]:
    """Return a warning for each wave without a disk, which may have wrong tags; only if the run covers all disks."""
    if not points or values.disk_ids or values.disk_names or values.disk_tags:
        return []
    used_waves = {point.wave for point in points}
    hint = (
        ""
        if any(disk.tags for disk in values.expected)
        else (". Copies have the tags of snapshots; the plan's report in dr_restore_expected has the tags of disks")
    )
    return [
        f"wave {number} ({tags_in_words(wave)}) has no disk{hint}"
        for number, wave in enumerate(values.waves, 1)
        if number not in used_waves
    ]


def copies_by_wave(points: Sequence[Point]) -> dict[int, list[str]]:
    """Return the copies that each wave makes disks from, first wave first.

    Claims are omitted: their cluster makes the disk.
    """
    in_order = sorted(points, key=lambda point: point.wave)
    return grouped_pairs((point.wave, point.copy_id) for point in in_order if point.copy_id and not point.claim)


def times_of(disk: RestoredDiskRow, wave: Wave, last: Mapping[str, EarlierRow]) -> Times:
    """Return the times of a disk.

    ``last`` are the rows of this restore's earlier manifest by new disk: a disk that was available, or warm, before
    this run keeps its times. If the cloud does not report a time, it is the end of the wave, which has waited for it.
    """
    earlier: EarlierRow = last.get(str(disk["disk_id"])) or {}
    warm_at = earlier.get("warm_at") or disk.get("warm_at")
    if disk["state"] not in AVAILABLE:
        return {"began_at": wave.began_at, "available_at": None, "warm_at": None}
    if disk["action"] == "none" and disk["seconds"] is None:
        began_at, available_at = earlier.get("began_at") or wave.began_at, earlier.get("available_at")
        return {"began_at": began_at, "available_at": available_at, "warm_at": warm_at}
    created, ended = parse_time(disk["created_at"]), parse_time(wave.ended_at)
    moment = created + timedelta(seconds=disk["seconds"]) if created and disk["seconds"] is not None else ended
    available_at = iso_utc(min(moment, ended) if moment and ended else ended)
    return {"began_at": wave.began_at, "available_at": available_at, "warm_at": warm_at}


def minutes_until_available(began_at: str, times: Sequence[str | None]) -> float | None:
    """Return the minutes from the beginning of a run to its last disk; None if no disk became available during it."""
    began = parse_time(began_at)
    found = [moment for text in times if (moment := parse_time(text)) and began and moment >= began]
    return round((max(found) - began) / timedelta(minutes=1), 2) if found and began else None


def too_late(took: float | None, values: Variables) -> str:
    """Return a message if the disks took longer than ``dr_restore_rto_minutes``; else an empty string."""
    limit = values.rto_minutes
    if not limit or took is None or took <= limit:
        return ""
    return (
        f"The last disk became available after {took:g} minutes. That is later than dr_restore_rto_minutes ({limit:g}) "
        "allows."
    )


def made_of(waves: Sequence[Wave]) -> dict[str, RestoredDiskRow]:
    """Return the module's row for each disk by copy."""
    return {row["snapshot_id"]: row for wave in waves for row in wave.made.get("disks") or ()}
