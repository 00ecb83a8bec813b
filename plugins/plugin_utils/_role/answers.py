# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules return, as types: a row's keys are those that the modules document.

At run time the rows are the dicts that JSON makes. What ``total=False`` says may really be missing; mypy does not check
that it is there.
"""

from __future__ import annotations

from typing import Any, TypedDict


class Provenance(TypedDict):
    """The source of a copy; ``managed``: this collection made the copy."""

    snapshot_id: str
    region: str | None
    disk_id: str | None
    created_at: str | None
    managed: bool


class SetRow(TypedDict):
    """The set that a snapshot was taken in."""

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
    source: Provenance | None


class SnapshotRow(_Snapshot, total=False):
    """A snapshot or a copy, as the info modules return it, and what the role notes of it.

    ``doubt`` says why its source's time cannot be true (see doubts.with_doubts). ``planned``: a dry run would make it;
    it has no ID yet, and what is not known of it is missing.
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
    doubt: str
    planned: bool


class NamedDisk(TypedDict):
    """A disk of which only ID and name may be known."""

    disk_id: str
    name: str | None


class DiskRow(NamedDisk, total=False):
    """A disk, as the info modules return it. If the last report or a copy tells of it, the other keys are missing."""

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
    """What went wrong. The copy modules name the source, those that restore the disk."""

    source_snapshot_id: str | None
    disk_id: str | None


class CopyFacts(TypedDict):
    """What a report tells of a source and a destination, too."""

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
    """A source and a destination, as the copy modules return them."""

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
    """What every call of a module may return. One that failed as a whole has only ``msg``, one not made ``skipped``."""

    changed: bool
    failed: bool
    skipped: bool
    msg: str
    warnings: list[Any]
    failures: list[Failure]
    deleted_ids: list[str]
    api_calls: dict[str, int]


class Listing(Answer, total=False):
    """What an info module returns. ``other_disks`` and ``also`` are there if asked for."""

    disks: list[DiskRow]
    other_disks: list[DiskRow]
    snapshots: list[SnapshotRow]
    account: str | None
    also: list[Listing]
    packed: str


class CopyAnswer(Answer, total=False):
    """What a copy module returns."""

    copies: list[CopyRow]
    counts: dict[str, int]


class ShareAnswer(Answer, total=False):
    """What the module returns that shares snapshots."""

    shared: list[SharedRow]


class AccountAnswer(Answer, total=False):
    """What a module returns that names the caller's account."""

    account: str


class RestoredDisk(TypedDict):
    """A disk made of a copy, as the restore modules return it; ``snapshot_id`` is the copy's."""

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

    disks: list[RestoredDisk]
    counts: dict[str, int]


class ComparedCopy(TypedDict):
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
    """What the module returns that compares blocks."""

    comparisons: list[ComparedCopy]
