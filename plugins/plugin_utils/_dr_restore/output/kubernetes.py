# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests with which a cluster restores claims from copies. No cluster is called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import yaml
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS
from ansible_collections.multicloud.snapshots.plugins.module_utils._core.grouping import grouped

from ..._role.files import Json
from ..decide.choosing.points import PointRow
from ..input.last_manifest import EarlierRow
from ..input.variables import Variables

GROUP = "snapshot.storage.k8s.io"
#: The most characters of a claim's name and of the restore's ID in a name; a hash makes the name unique.
_READABLE = 40


#: A Kubernetes object, with the keys that are written here.
ClusterObject = dict[str, Any]


def objects_of(disks: Sequence[PointRow | EarlierRow], values: Variables) -> list[ClusterObject]:
    """Return for each claim a VolumeSnapshotContent for its copy, a VolumeSnapshot, and a PersistentVolumeClaim.

    ``disks`` are rows of a manifest.
    """
    return [part for disk in disks if disk.get("claim") for part in _parts(disk, values)]


def objects_of_earlier(disks: Sequence[EarlierRow], text: str, values: Variables) -> list[Mapping[str, object]]:
    """Return the objects of claims of earlier runs as they are in the ``text`` of those runs.

    Users may have edited the text. Missing objects are created again.
    """
    by_name = grouped(_objects_in(text), _name_in)
    found: list[Mapping[str, object]] = []
    for disk in disks:
        made = objects_of([disk], replace(values, region=disk.get("region") or values.region))
        own = by_name.get(made[0]["metadata"]["name"], []) if made else []
        found += own if len(own) == len(made) else made
    return found


def _objects_in(text: str) -> list[Json]:
    """Return the objects in a text that users may have edited."""
    try:
        return [document for document in yaml.safe_load_all(text) if isinstance(document, dict)]
    except yaml.YAMLError:
        return []


def _name_in(resource: Json) -> str:
    """Return the name that the objects of one claim share."""
    is_claim = resource.get("kind") == "PersistentVolumeClaim"
    spec = resource.get("spec")
    source = spec.get("dataSource") if isinstance(spec, Mapping) else None
    holder = source if is_claim else resource.get("metadata")
    return str(holder.get("name")) if isinstance(holder, Mapping) else ""


def text_of(objects: Sequence[Mapping[str, object]]) -> str:
    """Return objects as one text for ``kubectl apply``."""
    return str(yaml.safe_dump_all(objects, sort_keys=False, explicit_start=True))


def _parts(disk: PointRow | EarlierRow, values: Variables) -> list[ClusterObject]:
    namespace, _slash, claim = str(disk["claim"]).partition("/")
    name = _name_of(claim, disk, values)
    notes = {
        "multicloud.snapshots/restore-id": str(values.id),
        "multicloud.snapshots/source-disk": str(disk["disk_id"]),
        "multicloud.snapshots/taken-at": str(disk["taken_at"]),
    }
    snapshot_class = {"volumeSnapshotClassName": values.kubernetes_class} if values.kubernetes_class else {}
    snapshot = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "VolumeSnapshot",
        "metadata": {"name": name, "annotations": dict(notes), "namespace": namespace},
        "spec": {"source": {"volumeSnapshotContentName": name}, **snapshot_class},
    }
    content = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "VolumeSnapshotContent",
        "metadata": {"name": name, "annotations": notes},
        "spec": {
            # Deleting these objects must not delete the copy.
            "deletionPolicy": "Retain",
            "driver": CLOUDS[values.cloud].csi_driver,
            "source": {"snapshotHandle": str(disk["copy_id"])},
            **snapshot_class,
            "volumeSnapshotRef": {
                "apiVersion": f"{GROUP}/v1",
                "kind": "VolumeSnapshot",
                "name": name,
                "namespace": namespace,
            },
        },
    }
    metadata = {"name": claim, "namespace": namespace, "annotations": dict(notes)}
    return [content, snapshot, _claim(disk, name, metadata, values.kubernetes_storage_class)]


def _claim(disk: PointRow | EarlierRow, snapshot: str, metadata: Json, storage_class: str) -> ClusterObject:
    """Return the claim that a cluster fills from a VolumeSnapshot of this name."""
    disk_class = {"storageClassName": storage_class} if storage_class else {}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata,
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "dataSource": {"apiGroup": GROUP, "kind": "VolumeSnapshot", "name": snapshot},
            "resources": {"requests": {"storage": f"{disk['size_gib'] or 1}Gi"}},
            **disk_class,
        },
    }


def _name_of(claim: str, disk: PointRow | EarlierRow, values: Variables) -> str:
    """Return a name that is valid in a cluster and unique for this copy, claim and restore."""
    what = (values.cloud, values.region, values.id, disk["claim"], disk["copy_id"])
    digest = hashlib.sha256("\n".join(map(str, what)).encode()).hexdigest()[:10]
    readable = [re.sub(r"[^a-z0-9]+", "-", text.lower())[:_READABLE].strip("-") for text in (values.id, claim)]
    return "-".join([*filter(None, readable), digest])
