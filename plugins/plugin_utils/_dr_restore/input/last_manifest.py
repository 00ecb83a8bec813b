# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts from earlier runs of a restore, in its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict, cast

from ..._role.files import read_json
from ..._role.naming import file_name
from .variables import Variables


class EarlierRow(TypedDict, total=False):
    """A disk or claim in the manifest of earlier runs, with its ``region``.

    It is passed on unchanged. It names a new disk or a claim; only those of its other keys that are read are listed
    here.
    """

    region: str | None
    disk_id: str | None
    disk_name: str | None
    copy_id: str | None
    new_disk_id: str | None
    claim: str | None
    taken_at: str | None
    size_gib: int | None
    state: str
    began_at: str | None
    available_at: str | None
    warm_at: str | None
    instance: str | None
    device: str | None
    tags: dict[str, str]
    copy_encrypted: bool | None
    copy_key: str | None
    source_snapshot_id: str | None
    source_region: str | None
    passed_over: str | None
    group: str | None
    set: str | None
    consistency: str | None
    torn: bool
    former_group: str | None
    newer: dict[str, str] | None


_NEEDED = dict.fromkeys(("disk_id", "disk_name", "copy_id", "new_disk_id", "claim", "taken_at"))


def manifest_file(values: Variables) -> Path:
    """Return the path of a restore's manifest."""
    return _file_of_restore(values, "restore.json")


def kubernetes_file(values: Variables) -> Path:
    """Return the path of the manifests of a restore's claims."""
    return _file_of_restore(values, "kubernetes.yml")


def _file_of_restore(values: Variables, end: str) -> Path:
    return Path(values.manifest_dir) / f"{file_name(values.host)}.{values.id}.{end}"


def last_manifest(values: Variables) -> dict[str, EarlierRow]:
    """Return the rows of the manifest that earlier runs of this restore have written, by new disk or claim.

    People may have edited the file. A missing key becomes None, and a claim without a copy is ignored.
    """
    manifest = read_json(manifest_file(values))
    lists = [rows for key in ("earlier", "disks") if isinstance(rows := manifest.get(key), list)]
    rows = [row for rows in lists for row in rows if isinstance(row, Mapping)]
    found = cast(list[EarlierRow], [{**_NEEDED, "region": manifest.get("region"), **row} for row in rows])
    return {str(made): row for row in found if (made := row["new_disk_id"] or (row["copy_id"] and row["claim"]))}


def belongs_to_another(values: Variables) -> str | None:
    """Return why the manifest is another restore's, or None. Hosts and names may contain periods."""
    manifest = read_json(manifest_file(values))
    host, name = manifest.get("host", values.host), manifest.get("id", values.id)
    if (host, name) == (values.host, values.id):
        return None
    return (
        f"{manifest_file(values)} belongs to the restore {name} of the host {host}. Choose another dr_restore_id, or "
        "another dr_restore_manifest_dir"
    )


def claims_of(last: Mapping[str, EarlierRow]) -> list[EarlierRow]:
    """Return those rows of an earlier manifest that are claims."""
    return [row for row in last.values() if row.get("claim")]
