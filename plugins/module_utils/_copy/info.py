# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Disks and snapshots in one shape for all clouds: what the info modules return."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._clouds.base import Disk, SnapshotCloud
from .model import Provenance, Snapshot, State, iso_utc
from .options import id_problems, region_problems, tags_as_text


def info_problems(cloud: SnapshotCloud, params: Mapping[str, Any]) -> list[str]:
    """Find everything that is wrong with the options of an info module, without any call."""
    found = id_problems("disk_ids", params["disk_ids"] or [], cloud.disk_id_pattern, cloud.disk_id_example)
    found += id_problems(
        "snapshot_ids", params["snapshot_ids"] or [], cloud.snapshot_id_pattern, cloud.snapshot_id_example
    )
    if not params["region"]:
        return [*found, "region: name the region to look at"]
    return found + region_problems(cloud, "region", [params["region"]])


def info_result(cloud: SnapshotCloud, params: Mapping[str, Any]) -> dict[str, Any]:
    """Read disks and snapshots of a region; all filters must match. Raises a CopyError."""
    region = params["region"]
    tags = tags_as_text(params["disk_tags"] or {}, "disk_tags")
    disks = cloud.list_disks(region, tags, params["disk_ids"] or [])
    snapshots = [s for s in cloud.list_snapshots(region) if s.state is not State.ABSENT]
    if tags or params["disk_ids"]:
        found = {disk.disk_id for disk in disks} if tags else set(params["disk_ids"])
        snapshots = [s for s in snapshots if (s.disk_id or (s.source.disk_id if s.source else None)) in found]
    if params["snapshot_ids"]:
        snapshots = [s for s in snapshots if s.snapshot_id in params["snapshot_ids"]]
    if params["copies_from"]:
        snapshots = [s for s in snapshots if s.source and s.source.region in params["copies_from"]]
    if params["latest"]:
        snapshots = _latest(snapshots)
    return {
        "disks": [_disk(disk) for disk in sorted(disks, key=lambda d: d.disk_id)],
        "snapshots": [_snapshot(s, cloud) for s in sorted(snapshots, key=lambda s: (str(s.created_at), s.snapshot_id))],
        "api_calls": dict(sorted(cloud.calls.items())),
    }


def _latest(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    newest: dict[str, Snapshot] = {}
    for snapshot in sorted(snapshots, key=lambda s: (str(s.created_at), s.snapshot_id)):
        if snapshot.state is State.COMPLETED and snapshot.source is None and not snapshot.is_copy and snapshot.disk_id:
            newest[snapshot.disk_id] = snapshot
    return list(newest.values())


def _disk(disk: Disk) -> dict[str, Any]:
    return {
        "disk_id": disk.disk_id,
        "name": disk.name,
        "size_gib": disk.size_gib,
        "tags": dict(disk.tags),
        "attached_to": disk.attached_to,
        "region": disk.region,
        "encrypted": disk.encrypted,
    }


def _snapshot(snapshot: Snapshot, cloud: SnapshotCloud) -> dict[str, Any]:
    return {
        "snapshot_id": snapshot.snapshot_id,
        "disk_id": snapshot.disk_id,
        "region": snapshot.region,
        "state": snapshot.state.value,
        "provider_state": snapshot.provider_state,
        "progress": snapshot.progress,
        "size_gib": snapshot.size_gib,
        "encrypted": snapshot.encrypted,
        "created_at": iso_utc(snapshot.created_at),
        "name": snapshot.name,
        "description": snapshot.description,
        "tags": dict(snapshot.tags),
        "source": _source(snapshot.source, cloud),
        "place": snapshot.place,
        "obstacle": snapshot.obstacle,
    }


def _source(source: Provenance | None, cloud: SnapshotCloud) -> dict[str, Any] | None:
    """Tell the source of a copy. Tags that somebody has spoilt make it nobody's: nothing could be asked about that ID."""
    if source is None:
        return None
    is_whole = re.fullmatch(cloud.snapshot_id_pattern, source.snapshot_id) is not None
    return {
        "snapshot_id": source.snapshot_id,
        "region": source.region,
        "disk_id": source.disk_id,
        "created_at": iso_utc(source.created_at),
        "managed": source.managed and is_whole,
    }
