# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered of the last drill, and of earlier runs of the same restore."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..._role.files import read_json
from .variables import Variables

#: The form of the roles' JSON; a key is never taken away or given another meaning without a new number.
SCHEMA = 1


def drill_file(values: Variables, end: str) -> Path:
    """Return the path of a drill's report."""
    return Path(values.report_dir) / f"{values.host.replace('/', '_')}.drill.{end}"


def last_drill(values: Variables) -> dict[str, Any]:
    """Return the last report of this drill; empty where there is none, or none that can be read."""
    if not values.report_dir:
        return {}
    report = read_json(drill_file(values, "json"))
    fits = (report.get("cloud"), report.get("region"), report.get("schema")) == (values.cloud, values.region, SCHEMA)
    disks = report.get("disks")
    keys = {"disk_id", "proven_at", "proven_level"}
    is_whole = isinstance(disks, list) and all(isinstance(row, Mapping) and keys <= row.keys() for row in disks)
    return report if fits and is_whole else {}


def manifest_file(values: Variables) -> Path:
    """Return the path of a restore's manifest."""
    return _file_of_restore(values, "restore.json")


def kubernetes_file(values: Variables) -> Path:
    """Return the path of the manifests of a restore's claims."""
    return _file_of_restore(values, "kubernetes.yml")


def _file_of_restore(values: Variables, end: str) -> Path:
    return Path(values.manifest_dir) / f"{values.host.replace('/', '_')}.{values.id}.{end}"


def last_manifest(values: Variables) -> dict[str, Mapping[str, Any]]:
    """Return the rows of the manifest that earlier runs of this restore have written, by their new disks or claims.

    Each has the ``region`` that it is of.
    """
    manifest = read_json(manifest_file(values))
    lists = [rows for key in ("earlier", "disks") if isinstance(rows := manifest.get(key), list)]
    rows = [row for rows in lists for row in rows if isinstance(row, Mapping)]
    return {key: {"region": manifest.get("region"), **row} for row in rows if (key := made_of_row(row))}


def made_of_row(row: Mapping[str, Any]) -> str | None:
    """Return what a restore has made of a disk: the ID of a new one, or the claim that a cluster is to make it for."""
    made = row.get("new_disk_id") or row.get("claim")
    return str(made) if made else None


def claims_of(last: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows of claims among those of an earlier manifest."""
    return [row for row in last.values() if row.get("claim")]
