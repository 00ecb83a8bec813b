# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests by which a cluster restores claims from copies: no cluster is called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.multicloud.snapshots.plugins.module_utils._clouds.table import CLOUDS

from ..._role.rows import Row
from ..input.variables import Variables

GROUP = "snapshot.storage.k8s.io"
#: So many characters of a claim's name and of the restore's ID; the rest is a hash, by which the name is unique.
_READABLE = 40


def objects_of(disks: Sequence[Row], values: Variables) -> list[dict[str, Any]]:
    """Return for each claim a VolumeSnapshotContent of its copy, a VolumeSnapshot, and a PersistentVolumeClaim.

    ``disks`` are rows of a manifest.
    """
    return [part for disk in disks if disk.get("claim") for part in _parts(disk, values)]


def objects_of_earlier(disks: Sequence[Row], text: str, values: Variables) -> list[dict[str, Any]]:
    """Return the objects of claims of earlier runs as the ``text`` of these has them, where people may have edited
    them; those that it lacks, anew."""
    there: dict[str, list[dict[str, Any]]] = {}
    for one in _objects_in(text):
        there.setdefault(_name_in(one), []).append(one)
    found = []
    for disk in disks:
        anew = objects_of([disk], values)
        own = there.get(_name_in(anew[0]), []) if anew else []
        found += own if len(own) == len(anew) else anew
    return found


def _objects_in(text: str) -> list[dict[str, Any]]:
    try:
        return [one for one in yaml.safe_load_all(text) if isinstance(one, dict)]
    except yaml.YAMLError:
        return []


def _name_in(one: Mapping[str, Any]) -> str:
    """Return the name that the objects of one claim share."""
    of_claim = one.get("kind") == "PersistentVolumeClaim"
    holder = (one.get("spec") or {}).get("dataSource") if of_claim else one.get("metadata")
    return str((holder or {}).get("name"))


def text_of(objects: Sequence[Mapping[str, Any]]) -> str:
    """Write objects as one text, as ``kubectl apply`` takes it."""
    return str(yaml.safe_dump_all(objects, sort_keys=False, explicit_start=True))


def _parts(disk: Row, values: Variables) -> list[dict[str, Any]]:
    namespace, _slash, claim = str(disk["claim"]).partition("/")
    name = _name_of(claim, disk, values)
    notes = {
        "multicloud.snapshots/restore-id": str(values.id),
        "multicloud.snapshots/source-disk": str(disk["disk_id"]),
        "multicloud.snapshots/taken-at": str(disk["taken_at"]),
    }
    own = {"name": name, "annotations": notes}
    snapshot_class = {"volumeSnapshotClassName": values.kubernetes_class} if values.kubernetes_class else {}
    disk_class = {"storageClassName": values.kubernetes_storage_class} if values.kubernetes_storage_class else {}
    content = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "VolumeSnapshotContent",
        "metadata": own,
        "spec": {
            # Whoever deletes these objects must not delete the copy with them.
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
    snapshot = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "VolumeSnapshot",
        "metadata": {**own, "namespace": namespace, "annotations": dict(notes)},
        "spec": {"source": {"volumeSnapshotContentName": name}, **snapshot_class},
    }
    restored = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": claim, "namespace": namespace, "annotations": dict(notes)},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "dataSource": {"apiGroup": GROUP, "kind": "VolumeSnapshot", "name": name},
            "resources": {"requests": {"storage": f"{disk['size_gib'] or 1}Gi"}},
            **disk_class,
        },
    }
    return [content, snapshot, restored]


def _name_of(claim: str, disk: Row, values: Variables) -> str:
    """Return a name that is valid in a cluster and that no other copy, claim or restore has."""
    what = (values.cloud, disk.get("region") or values.region, values.id, disk["claim"], disk["copy_id"])
    digest = hashlib.sha256("\n".join(map(str, what)).encode()).hexdigest()[:10]
    readable = [re.sub(r"[^a-z0-9]+", "-", text.lower())[:_READABLE].strip("-") for text in (values.id, claim)]
    return "-".join([*filter(None, readable), digest])
