# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks and snapshots in one form for all clouds: the results of the info modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from ..cloud import SnapshotCloud
from ..errors import CopyError
from ..keys import KeyCloud, key_rows
from ..model import Disk, Provenance, Snapshot, SnapshotFilter, State
from ..shards import disks_in_shard, parse_shard
from ..times import iso_utc
from .info_sets import groups_of, listed_sets, marked_set
from .options import id_problems, required_region_problems, tags_as_text
from .packing import packed


def info_problems(cloud: SnapshotCloud, params: Mapping[str, Any]) -> list[str]:
    """Return all problems of the options of an info module. Makes no call."""
    found = id_problems("disk_ids", params["disk_ids"] or [], cloud.disk_ids)
    found += id_problems("snapshot_ids", params["snapshot_ids"] or [], cloud.snapshot_ids)
    disk_ids = params["source_disk_ids"] or []
    found += id_problems("source_disk_ids", disk_ids, cloud.disk_ids)
    try:
        parse_shard(params["shard"] or "")
    except ValueError as error:
        found.append(f"shard {error}")
    if params["shard"] and not (params["disk_tags"] or params["disk_ids"]):
        found.append("shard needs disk_tags or disk_ids, whose snapshots it divides")
    return found + required_region_problems(cloud, "region", params["region"])


def info_result(cloud: SnapshotCloud, params: Mapping[str, Any]) -> dict[str, Any]:
    """Read disks and snapshots of a region; all filters must match. Raises a CopyError."""
    region = params["region"]
    tags = tags_as_text(params["disk_tags"] or {}, "disk_tags")
    names_disks = bool(tags or params["disk_ids"])
    # A query for copies does not request disks of their region.
    asks_for_copies = bool(params["copies_from"] or params["source_disk_ids"])
    disks, others = _disks(cloud, params, tags) if names_disks or not asks_for_copies else ([], None)
    wanted = _wanted(params, tags, disks, names_disks)
    listed = [] if wanted.disk_ids is not None and not wanted.disk_ids else cloud.list_snapshots(region, wanted)
    present = [s for s in listed if s.state is not State.ABSENT]
    known = [*disks, *(others or ())]
    sets = listed_sets(cloud, region, present, known, params["group_tag"] or "") if params["sets"] else {}
    snapshots = [s for s in present if wanted.passes(s)]
    if params["latest"]:
        snapshots = _latest(snapshots)
    snapshots = with_locks(cloud, region, snapshots)
    lists: dict[str, Iterable[dict[str, Any]]] = {"disks": _disk_rows(disks)}
    if others is not None:
        lists["other_disks"] = _disk_rows(others)
    snapshots.sort(key=lambda s: (str(s.created_at), s.id))
    keys = key_rows(cast(KeyCloud, cloud), region, snapshots) if params.get("check_keys") else {}
    lists["snapshots"] = ({**_snapshot_row(s, cloud, sets), "key": keys.get(s.id)} for s in snapshots)
    found = {"packed": packed(lists)} if params["packed"] else {name: list(rows) for name, rows in lists.items()}
    return {**found, "account": cloud.account}


def _disks(
    cloud: SnapshotCloud, params: Mapping[str, Any], tags: Mapping[str, str]
) -> tuple[list[Disk], list[Disk] | None]:
    """Return the disks that the options select and, on request, the others.

    The others are those of the region, or of ``disk_ids`` if they are given. Disks that are being deleted are omitted.
    One listing reads all of these disks, so the selected ones need no separate listing.
    """
    region, disk_ids = params["region"], list(dict.fromkeys(params["disk_ids"] or []))
    if not params["other_disks"]:
        return _existing(cloud.list_disks(region, tags, disk_ids)), None
    everything = _existing(cloud.list_disks(region, {}, disk_ids))
    named = [disk for disk in everything if disk.has_tags(tags)]
    found = {disk.disk_id for disk in named}
    return named, [disk for disk in everything if disk.disk_id not in found]


def _existing(disks: Iterable[Disk]) -> list[Disk]:
    return [disk for disk in disks if disk.state is not State.ABSENT]


def with_locks(cloud: SnapshotCloud, region: str, snapshots: list[Snapshot]) -> list[Snapshot]:
    """Fill in the locks of copies with one listing, only if there are copies of ours that may have one.

    If the locks cannot be read there is a warning; the cloud itself refuses to delete a locked copy.
    """
    if not cloud.lock_modes or not any(s.certainly_ours and s.state is State.COMPLETED for s in snapshots):
        return snapshots
    try:
        locks = cloud.list_locks(region)
    except CopyError as error:
        cloud.warnings.append(f"The locks on copies in {region} could not be read, so locked_until is null: {error}")
        return snapshots
    current = {snapshot_id: lock for snapshot_id, lock in locks.items() if not lock.is_over}
    return [current[s.id].on(s) if s.id in current else s for s in snapshots]


def _wanted(
    params: Mapping[str, Any], tags: Mapping[str, str], disks: Sequence[Disk], names_disks: bool
) -> SnapshotFilter:
    """Return the filter from the options, given the ``disks`` that they select."""
    found = {disk.disk_id for disk in disks}
    disk_ids = found if tags else set(params["disk_ids"] or ())
    groups = {**dict.fromkeys(disk_ids), **groups_of(disks, params["group_tag"] or "")}
    return SnapshotFilter(
        disk_ids=disks_in_shard(groups, params["shard"] or "") & disk_ids if names_disks else None,
        disks_are_here=disk_ids <= found,
        snapshot_ids=_set_or_none(params["snapshot_ids"]),
        copies_from=_set_or_none(params["copies_from"]),
        source_disk_ids=_set_or_none(params["source_disk_ids"]),
    )


def _set_or_none(given: Sequence[str] | None) -> frozenset[str] | None:
    return frozenset(given) if given else None


def _latest(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    newest: dict[str, Snapshot] = {}
    for snapshot in sorted(snapshots, key=lambda s: (s.created_at is not None, str(s.created_at), s.id)):
        if snapshot.state is State.COMPLETED and snapshot.source is None and not snapshot.is_copy and snapshot.disk_id:
            newest[snapshot.disk_id] = snapshot
    return list(newest.values())


def _disk_rows(disks: Sequence[Disk]) -> list[dict[str, Any]]:
    return [_disk_row(disk) for disk in sorted(disks, key=lambda d: d.disk_id)]


def _disk_row(disk: Disk) -> dict[str, Any]:
    return {
        "disk_id": disk.disk_id,
        "name": disk.name,
        "size_gib": disk.size_gib,
        "tags": dict(disk.tags),
        "attached_to": disk.attached_to,
        "device": disk.device,
        "region": disk.region,
        "encrypted": disk.encrypted,
    }


def _snapshot_row(snapshot: Snapshot, cloud: SnapshotCloud, sets: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    return {
        "snapshot_id": snapshot.id,
        "disk_id": snapshot.disk_id,
        "region": snapshot.region,
        "state": snapshot.state.value,
        "provider_state": snapshot.provider_state,
        "progress": snapshot.progress,
        "size_gib": snapshot.size_gib,
        "encrypted": snapshot.encrypted,
        "kms_key_id": snapshot.kms_key,
        "expires_at": iso_utc(snapshot.expires_at),
        "created_at": iso_utc(snapshot.created_at),
        "name": snapshot.name,
        "description": snapshot.description,
        "tags": dict(snapshot.tags),
        "source": _source_row(snapshot.source, cloud),
        "place": snapshot.place,
        "obstacle": snapshot.obstacle,
        "locked_until": iso_utc(snapshot.locked_until),
        "full_size_bytes": snapshot.full_size_bytes,
        "completed_at": iso_utc(snapshot.completed_at),
        "traits": [trait.value for trait in snapshot.traits],
        "set": marked_set(snapshot) or sets.get(snapshot.id),
        "locked": snapshot.is_locked,
    }


def _source_row(source: Provenance | None, cloud: SnapshotCloud) -> dict[str, Any] | None:
    """Return the source of a copy.

    If its tags contain an invalid ID, it does not count as managed, because such an ID cannot be looked up.
    """
    if source is None:
        return None
    is_whole = cloud.snapshot_ids.matches(source.snapshot_id)
    return {
        "snapshot_id": source.snapshot_id,
        "region": source.region,
        "disk_id": source.disk_id,
        "created_at": iso_utc(source.created_at),
        "managed": source.managed and is_whole,
    }
