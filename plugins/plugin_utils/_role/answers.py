# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return, as types. A row has the keys that the modules document.

At run time the rows are dicts from JSON. Keys of a class with ``total=False`` may be missing; mypy does not check that
they exist.
"""

from __future__ import annotations

from typing import Any, TypedDict


class SourceRow(TypedDict):
    """The source of a copy. ``managed``: this collection made the copy."""

    snapshot_id: str
    region: str | None
    disk_id: str | None
    created_at: str | None
    managed: bool


class SetRow(TypedDict):
    """The set to which a snapshot belongs."""

    id: str
    size: int
    consistency: str


class KeyRow(TypedDict):
    """The key of an encrypted snapshot."""

    arn: str | None
    state: str | None
    enabled: bool | None
    deletion_date: str | None


class _Snapshot(TypedDict):
    snapshot_id: str
    region: str
    state: str
    tags: dict[str, str]
    source: SourceRow | None


class SnapshotRow(_Snapshot, total=False):
    """A snapshot or a copy as the info modules return it, with what the role has added to it.

    ``provenance_problem`` says why its tags cannot be correct (see provenance.with_provenance_problems).
    ``planned``: a dry run would make it; it has no ID yet, and unknown keys are missing.
    """

    disk_id: str | None
    provider_state: str
    progress: int
    size_gib: int | None
    encrypted: bool | None
    kms_key_id: str | None
    expires_at: str | None
    created_at: str | None
    name: str
    description: str
    place: str | None
    obstacle: str | None
    locked_until: str | None
    full_size_bytes: int | None
    completed_at: str | None
    traits: list[str]
    set: SetRow | None
    locked: bool
    key: KeyRow | None
    provenance_problem: str
    planned: bool


class NamedDisk(TypedDict):
    """A disk; possibly only its ID and name are known."""

    disk_id: str
    name: str | None


class DiskRow(NamedDisk, total=False):
    """A disk as the info modules return it.

    If it is known only from the last report or a copy, other keys are missing.
    """

    region: str
    size_gib: int
    tags: dict[str, str]
    attached_to: str | None
    device: str | None
    encrypted: bool


class _Failure(TypedDict):
    snapshot_id: str | None
    region: str | None
    kind: str
    code: str | None
    message: str
    request_id: str | None
    hint: str | None


class Failure(_Failure, total=False):
    """A failure. The copy modules name the source, the restore modules the disk."""

    source_snapshot_id: str | None
    disk_id: str | None


class CopyFacts(TypedDict):
    """What reports also contain about a source and a destination."""

    source_snapshot_id: str
    region: str
    snapshot_id: str | None
    action: str
    state: str
    progress: int
    size_gib: int | None
    encrypted: bool | None
    created_at: str | None
    locked_until: str | None
    name: str | None


class CopyRow(CopyFacts):
    """A source with a destination as the copy modules return it."""

    source_region: str
    provider_state: str | None
    description: str | None
    tags: dict[str, str]
    error: Failure | None


class SharedRow(TypedDict):
    """A snapshot that another account may use."""

    snapshot_id: str
    region: str
    account: str
    changed: bool


class Answer(TypedDict, total=False):
    """What every module call may return. A failed call has only ``msg``; a call that was not made has ``skipped``."""

    changed: bool
    failed: bool
    skipped: bool
    msg: str
    warnings: list[Any]
    failures: list[Failure]
    deleted_ids: list[str]
    api_calls: dict[str, int]


class InfoAnswer(Answer, total=False):
    """What an info module returns; ``other_disks`` and ``also`` only on request.

    ``invalid_options`` says why a query was refused before any call.
    """

    disks: list[DiskRow]
    other_disks: list[DiskRow]
    snapshots: list[SnapshotRow]
    account: str | None
    also: list[InfoAnswer]
    packed: str
    invalid_options: list[str]


class CopyAnswer(Answer, total=False):
    """What a copy module returns."""

    copies: list[CopyRow]
    counts: dict[str, int]


class ShareAnswer(Answer, total=False):
    """What the module that shares snapshots returns."""

    shared: list[SharedRow]


class RestoredDiskRow(TypedDict):
    """A disk made from a copy as the restore modules return it; ``snapshot_id`` is the ID of the copy."""

    snapshot_id: str
    region: str
    zone: str | None
    disk_id: str | None
    action: str
    state: str
    provider_state: str | None
    size_gib: int | None
    encrypted: bool | None
    kms_key_id: str | None
    disk_type: str | None
    created_at: str | None
    seconds: float | None
    attached_to: str | None
    device: str | None
    guest_device: str | None
    warm_at: str | None
    tags: dict[str, str]
    error: Failure | None


class RestoreAnswer(Answer, total=False):
    """What a restore module returns."""

    disks: list[RestoredDiskRow]
    counts: dict[str, int]


class ComparedCopyRow(TypedDict):
    """A copy whose blocks were compared with those of its source."""

    snapshot_id: str
    region: str
    source_snapshot_id: str | None
    source_region: str | None
    blocks: int
    compared: bool | None
    note: str | None
    error: Failure | None


class CompareAnswer(Answer, total=False):
    """What the module that compares blocks returns."""

    comparisons: list[ComparedCopyRow]
