# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copies that a drill has tried, and what was proven of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypedDict

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.words import quoted_failures

from ...._role.answers import CompareAnswer, ComparedCopyRow, RestoreAnswer, RestoredDiskRow
from ...input.variables import Variables
from ..call_reasons import reason_of
from ..choosing.points import NamedRow, Point, RowOfServer

NOTHING_CHECKED: Mapping[str, str] = MappingProxyType({})


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


class ComparisonTarget(TypedDict):
    """A copy whose blocks are to be compared, and its source."""

    snapshot_id: str | None
    source_snapshot_id: str | None
    source_region: str | None


def judge(
    chosen: Sequence[Point],
    made: RestoreAnswer,
    compared: CompareAnswer,
    values: Variables,
    checked: Mapping[str, str] = NOTHING_CHECKED,
) -> list[Trial]:
    """Return the outcome for each copy that was tried, from the results of creating disks and of comparing blocks.

    ``checked`` says by copy why its disk is not usable.
    """
    found = {row["snapshot_id"]: row for row in made.get("disks") or ()}
    read = {row["snapshot_id"]: row for row in compared.get("comparisons") or ()}
    trials = []
    for point in chosen:
        disk, blocks = found.get(str(point.copy_id)), read.get(str(point.copy_id))
        why = why_unproven(point, disk, made) or checked.get(str(point.copy_id))
        if not why and values.level == "readable":
            why = _why_blocks_are_unproven(point, blocks, compared)
        trials.append(_trial(point, disk, blocks, why, values))
    return trials


def copies_to_compare(chosen: Sequence[Point], made: RestoreAnswer) -> list[ComparisonTarget]:
    """Return the copies whose blocks are to be compared: those from which a disk was made as requested."""
    found = {row["snapshot_id"]: row for row in made.get("disks") or ()}
    return [
        {
            "snapshot_id": copy.copy_id,
            "source_snapshot_id": copy.source_snapshot_id,
            "source_region": copy.source_region,
        }
        for point in chosen
        if (copy := point.copy) and not why_unproven(point, found.get(str(point.copy_id)), made)
    ]


def _trial(
    point: Point, made: RestoredDiskRow | None, blocks: ComparedCopyRow | None, why: str | None, values: Variables
) -> Trial:
    is_proven = not why and not (made and made["state"] == "planned")
    copy, server = point.copy, point.server
    return Trial(
        disk_id=point.disk_id,
        disk_name=point.disk_name,
        copy_id=point.copy_id,
        source_snapshot_id=copy.source_snapshot_id if copy else None,
        source_region=copy.source_region if copy else None,
        taken_at=copy.taken_at if copy else None,
        size_gib=point.size_gib,
        proven=is_proven,
        level=values.level if is_proven else None,
        why=why,
        new_disk_id=made["disk_id"] if made else None,
        seconds=made["seconds"] if made else None,
        blocks=blocks["blocks"] if blocks else None,
        compared=blocks["compared"] if blocks else None,
        note=blocks["note"] if blocks else None,
        passed_over=point.passed_over,
        group=server.group,
        set=server.set,
        consistency=server.consistency,
        torn=server.torn,
    )


def why_unproven(point: Point, disk: RestoredDiskRow | None, made: RestoreAnswer) -> str | None:
    """Return why a disk proves nothing, from its row in the result of creating disks, or None."""
    if point.key_problem:
        return f"the copy {point.key_problem}; no disk was created from it"
    if disk and disk["state"] == "planned" and not disk["error"]:  # check mode: nothing is known against it
        return None
    if disk is None or disk["error"] or disk["disk_id"] is None:
        return reason_of(disk, made, point.copy_id) or "no disk was created from it"
    if disk["state"] != "available":
        return f"the disk is {disk['state']}, not available"
    if point.size_gib and disk["size_gib"] is not None and disk["size_gib"] < point.size_gib:
        return f"the disk has {disk['size_gib']} GiB, the copy {point.size_gib}"
    copy = point.copy
    if copy and copy.encrypted and disk["encrypted"] is not True:
        return "the copy is encrypted, but the cloud does not report that the disk is"
    if copy and copy.key and not _same_key(copy.key, disk["kms_key_id"]):
        key = f"has the key {disk['kms_key_id']}" if disk["kms_key_id"] else "shows no key"
        return f"the copy has the key {copy.key}, the disk {key}"
    return None


def _same_key(one: str, other: str | None) -> bool:
    # Some services show the ARN of a key, others only its ID.
    return bool(other) and one.rpartition("/")[2] == str(other).rpartition("/")[2]


def _why_blocks_are_unproven(point: Point, blocks: ComparedCopyRow | None, compared: CompareAnswer) -> str | None:
    if blocks is None:
        return reason_of(None, compared, point.copy_id) or "its blocks were not read"
    return quoted_failures([blocks["error"]]) if blocks["error"] else None
