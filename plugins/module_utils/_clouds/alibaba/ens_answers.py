# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns ENS's answers into values of the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._core.model import CopyOrder, Disk, Evidence, Provenance, Snapshot, State
from ..._core.times import parse_iso_utc
from ..paging import identified

STATES = {"creating": State.PENDING, "available": State.COMPLETED, "error": State.ERROR, "deleting": State.ABSENT}
#: States of disks. In all other states the disk exists; in those of FREE no operation is in progress.
DISK_STATES = {"creating": State.PENDING, "deleting": State.ABSENT, "deleted": State.ABSENT}
FREE = ("available", "creating", "expiring")
#: ENS has no snapshot tags, so the descriptions of the role end with the source's disk and time. Before them stands the
#: source, if the name and the rest of the description are the user's own.
SUFFIX = re.compile(
    r"(?:(?:^| )(?P<id>sp-[0-9a-z]+)(?: \(plan [^()]+\))?)?"
    r" \[(?P<disk>d-[0-9a-z]+) (?P<time>\d{4}-\d\d-\d\dT[\d:]+Z)\]$"
)
#: Our default name and description, which name the source if the copy shows none (api-facts: ens-source-fields). The
#: role adds the plan to the description.
NAMED = re.compile(r"copy-of-(?P<id>sp-[0-9a-z]+)")
DESCRIBED = re.compile(r"Copied from (?P<id>sp-[0-9a-z]+) in (?P<node>[a-z0-9-]+)(?: \(plan [^()]+\))?(?: \[|$)")


def snapshot_of(item: Mapping[str, Any], node: str) -> Snapshot:
    """Convert a snapshot of DescribeSnapshots. ``node`` is the one that was asked, if any.

    Sizes are omitted because their unit is uncertain (api-facts: ens-sizes).
    """
    # The documents use both available and Available (api-facts: ens-states).
    state = STATES.get(str(item.get("Status") or "").lower(), State.PENDING)
    recorded, source = bool(item.get("SourceSnapshotId")), _source(item)
    return Snapshot(
        id=item["SnapshotId"],
        region=item.get("EnsRegionId") or node,
        state=state,
        provider_state=item.get("Status", ""),
        progress=100 if state is State.COMPLETED else 0,
        created_at=parse_iso_utc(str(item.get("CreationTime") or "").replace(" ", "T")),
        name=item.get("SnapshotName") or "",
        description=item.get("Description") or "",
        disk_id=item.get("SourceDiskId") or None,
        is_copy=source is not None,
        source=source,
        evidence=Evidence.RECORDED if recorded else Evidence.UNSURE,
        marked_ours=recorded,
    )


def _source(item: Mapping[str, Any]) -> Provenance | None:
    """Return the source from the cloud's own fields, or from name and description if it shows none."""
    description = item.get("Description") or ""
    suffix, described = SUFFIX.search(description), DESCRIBED.match(description)
    source_id = item.get("SourceSnapshotId")
    named = NAMED.fullmatch(item.get("SnapshotName") or "") or described or suffix
    if not source_id and named:
        source_id = named["id"]
    if not source_id:
        return None
    node = described["node"] if described and described["id"] == source_id else None
    return Provenance(
        snapshot_id=source_id,
        region=item.get("SourceEnsRegionId") or node,
        disk_id=item.get("SourceDiskId") or (suffix["disk"] if suffix else None),
        created_at=parse_iso_utc(suffix["time"]) if suffix else None,
        managed=suffix is not None,
    )


def source_of_order(order: CopyOrder) -> Provenance:
    """Return the source of a copy that was just started."""
    source = order.source
    managed = SUFFIX.search(order.description or "") is not None
    return Provenance(source.id, source.region, source.disk_id, source.created_at, managed)


def disk_of(item: Mapping[str, Any], region: str) -> Disk:
    """Convert a disk of DescribeDisks, which shows the size in MiB (api-facts: ens-sizes)."""
    tags = item.get("Tags") or {}
    pairs = tags.get("Tags") or () if isinstance(tags, Mapping) else tags
    size = str(item.get("Size") or "")
    status = str(item.get("Status") or "")
    return Disk(
        disk_id=item["DiskId"],
        region=region,
        name=item.get("DiskName") or "",
        size_gib=int(size) // 1024 if size.isdigit() else None,
        tags={str(pair["Key"]): str(pair.get("Value") or "") for pair in identified([*pairs], "Key", "Reading tags")},
        attached_to=item.get("InstanceId") or None,
        encrypted=item.get("Encrypted"),
        kms_key=item.get("EncryptedKeyId") or None,
        disk_type=item.get("Category") or None,
        state=DISK_STATES.get(status.lower(), State.COMPLETED),
        provider_state=status,
        in_use=bool(item.get("InstanceId")) or status.lower() not in FREE,
        snapshot_id=item.get("SnapshotId"),
        created_at=parse_iso_utc(str(item.get("CreationTime") or "").replace(" ", "T")),
    )
