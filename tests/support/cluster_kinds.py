# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster accepts of the objects that a restore of claims writes, and which changes of them it refuses.

The schemas are our own, and cover only what users may write (no ``status``). Their sources are:

- VolumeSnapshotContent and VolumeSnapshot: kubernetes-csi/external-snapshotter, ``client/config/crd``,
  ``snapshot.storage.k8s.io_volumesnapshotcontents.yaml`` and ``…_volumesnapshots.yaml`` of v8.6.0 (the same since
  v8.2.1): the ``openAPIV3Schema`` of version v1. Its ``x-kubernetes-validations`` are expressed by ``oneOf``, as up to
  v7, by ``minLength``, and by ``IMMUTABLE``.
- PersistentVolumeClaim: kubernetes/kubernetes, ``PersistentVolumeClaimSpec`` of the API v1 and
  ``pkg/apis/core/validation/validation.go``.

A key that is in no schema is refused, as by ``kubectl apply --validate=strict``.
"""

from __future__ import annotations

from typing import Any

import jsonschema
import yaml

#: Names that a cluster accepts: an RFC 1123 subdomain and an RFC 1123 label.
SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
#: A quantity as Kubernetes writes it; that of a claim must be more than 0.
QUANTITY = r"^(?=.*[1-9])[0-9]+(\.[0-9]*)?([KMGTPE]i|[mkMGTPE])?$"
TEXT = {"type": "string"}


def closed(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False, **more}


def _one_of(*names: str) -> dict[str, Any]:
    """Return the schema of a source: exactly one of these strings is set."""
    return closed(dict.fromkeys(names, TEXT), oneOf=[{"required": [name]} for name in names])


def _kind(api: str, name: str, spec: dict[str, Any], is_namespaced: bool = True) -> dict[str, Any]:
    texts = {"type": "object", "additionalProperties": TEXT}
    metadata = {"name": {**TEXT, "pattern": SUBDOMAIN, "maxLength": 253}, "annotations": texts, "labels": texts}
    if is_namespaced:
        metadata["namespace"] = {**TEXT, "pattern": LABEL, "maxLength": 63}
    required = ["name", "namespace"] if is_namespaced else ["name"]
    parts = {"apiVersion": {"const": api}, "kind": {"const": name}, "metadata": closed(metadata, *required)}
    return closed({**parts, "spec": spec}, *parts, "spec")


_REFERENCE = dict.fromkeys(("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid"), TEXT)
_OBJECT_REFERENCE = closed(dict.fromkeys(("apiGroup", "kind", "name"), TEXT), "kind", "name")
_MODES = ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]

SCHEMAS = {
    "VolumeSnapshotContent": _kind(
        "snapshot.storage.k8s.io/v1",
        "VolumeSnapshotContent",
        closed(
            {
                "deletionPolicy": {"enum": ["Delete", "Retain"]},
                "driver": TEXT,
                "source": _one_of("snapshotHandle", "volumeHandle"),
                "sourceVolumeMode": TEXT,
                "volumeSnapshotClassName": TEXT,
                "volumeSnapshotRef": closed(_REFERENCE, "name", "namespace"),
            },
            "deletionPolicy",
            "driver",
            "source",
            "volumeSnapshotRef",
        ),
        is_namespaced=False,
    ),
    "VolumeSnapshot": _kind(
        "snapshot.storage.k8s.io/v1",
        "VolumeSnapshot",
        closed(
            {
                "source": _one_of("persistentVolumeClaimName", "volumeSnapshotContentName"),
                "volumeSnapshotClassName": {**TEXT, "minLength": 1},
            },
            "source",
        ),
    ),
    "PersistentVolumeClaim": _kind(
        "v1",
        "PersistentVolumeClaim",
        closed(
            {
                "accessModes": {"type": "array", "items": {"enum": _MODES}, "minItems": 1},
                "dataSource": _OBJECT_REFERENCE,
                "resources": closed({"requests": closed({"storage": {**TEXT, "pattern": QUANTITY}}, "storage")}),
                "storageClassName": TEXT,
                "volumeMode": {"enum": ["Block", "Filesystem"]},
                "volumeName": TEXT,
            },
            "accessModes",
            "resources",
        ),
    ),
}
#: Paths that must not change or be removed once an object exists.
IMMUTABLE = {
    "VolumeSnapshotContent": ["source.snapshotHandle", "source.volumeHandle", "sourceVolumeMode"],
    "VolumeSnapshot": ["source.persistentVolumeClaimName", "source.volumeSnapshotContentName"],
    # all except the size, which may grow
    "PersistentVolumeClaim": ["accessModes", "dataSource", "storageClassName", "volumeMode", "volumeName"],
}
#: Those that may be set later.
_MAY_BE_SET = {"sourceVolumeMode"}


class Cluster:
    """Accepts objects as a cluster's API does, and keeps them."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}

    def apply(self, text: str) -> dict[str, list[dict[str, Any]]]:
        """Apply the objects of a file; return them by kind.

        Raises jsonschema.ValidationError for an invalid object, and ValueError for a change that is refused.
        """
        objects = list(yaml.safe_load_all(text))
        for one in objects:
            jsonschema.validate(one, SCHEMAS[one["kind"]])
            key = (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])
            self._refuse_change(key, one)
            self.objects[key] = one
        return {kind: [one for one in objects if one["kind"] == kind] for kind in SCHEMAS}

    def _refuse_change(self, key: tuple[str, str, str], new: dict[str, Any]) -> None:
        old = self.objects.get(key)
        for path in IMMUTABLE[key[0]] if old else ():
            before, now = _at(old, path), _at(new, path)
            if before != now and not (before is None and path in _MAY_BE_SET):
                raise ValueError(f"{key}: spec.{path} is immutable, and cannot change from {before} to {now}")

    def unbound(self) -> list[str]:
        """Return the names of snapshots and claims that do not become bound.

        A snapshot and its content must name each other (the snapshot controller, ``checkandBindSnapshotContent``). A
        claim must name a snapshot in its own namespace.
        """
        found = []
        for (kind, namespace, name), one in self.objects.items():
            if kind == "VolumeSnapshot":
                content = self.objects.get(("VolumeSnapshotContent", "", _at(one, "source.volumeSnapshotContentName")))
                is_there = content and _reference(content) == (namespace, name)
            elif kind == "PersistentVolumeClaim":
                is_there = ("VolumeSnapshot", namespace, _at(one, "dataSource.name")) in self.objects
            else:
                is_there = ("VolumeSnapshot", *_reference(one)) in self.objects
            found += [] if is_there else [f"{kind} {name}"]
        return found


def _reference(content: dict[str, Any]) -> tuple[str, str]:
    reference = content["spec"]["volumeSnapshotRef"]
    return reference["namespace"], reference["name"]


def _at(one: Any, path: str) -> Any:
    found = one["spec"]
    for part in path.split("."):
        found = (found or {}).get(part)
    return found
