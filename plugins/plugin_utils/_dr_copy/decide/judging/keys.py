# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of the newest copies. A lock protects a copy, but nothing protects its key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.multicloud.snapshots.plugins.module_utils._core.keys import why_unusable

from ...._role.answers import KeyRow, SnapshotRow
from ...._role.failures import failures_of
from ...._role.row_keys import CopyAt, copy_at
from ...._role.rows import is_complete
from ..result_type import RecoveryPoint
from ..step_results import LookAnswer
from .vanished import by_region


def copies_with_keys(points: Iterable[RecoveryPoint], copies: Iterable[SnapshotRow]) -> dict[str, list[str]]:
    """Return by region the IDs of recovery points' copies that are encrypted or may be encrypted."""
    unencrypted = {copy_at(copy) for copy in copies if copy.get("encrypted") is False}
    newest = [p for p in points if p["snapshot_id"] and CopyAt(str(p["snapshot_id"]), p["region"]) not in unencrypted]
    return by_region([point for point in newest if point["state"] in ("completed", "archived")])


def one_copy_for_each_other_key(asked: Mapping[str, Sequence[str]], copies: Iterable[SnapshotRow]) -> list[CopyAt]:
    """Return a complete copy for each key that none of the copies in ``asked`` (IDs by region) has."""
    complete = [copy for copy in copies if is_complete(copy) and copy.get("kms_key_id")]
    known = {_key_at(copy) for copy in complete if copy["snapshot_id"] in asked.get(copy["region"], ())}
    others = {_key_at(copy): copy_at(copy) for copy in complete if _key_at(copy) not in known}
    return list(others.values())


def with_known_keys(copies: Iterable[SnapshotRow], looks: Sequence[LookAnswer]) -> list[SnapshotRow]:
    """Return the copies, each with its key as the looks showed it on any copy of the region."""
    looked = [copy for look in looks if not failures_of(look) for copy in look.get("snapshots") or ()]
    found = {_key_at(copy): copy["key"] for copy in looked if copy.get("key") and copy.get("kms_key_id")}
    return [{**copy, "key": found[_key_at(copy)]} if _key_at(copy) in found else copy for copy in copies]


def _key_at(copy: SnapshotRow) -> tuple[str, str | None]:
    return copy["region"], copy.get("kms_key_id")


def keys_of(looks: Sequence[LookAnswer]) -> dict[CopyAt, KeyRow]:
    """Return the key of each copy that was looked at, if the cloud shows it."""
    return {
        copy_at(copy): key
        for look in looks
        if not failures_of(look)
        for copy in look.get("snapshots") or ()
        if (key := copy.get("key"))
    }


def unseen_by(looks: Sequence[LookAnswer]) -> list[str]:
    """Return the IDs of copies that a look at keys did not show: a new copy may show late."""
    asked = {i for look in looks if not failures_of(look) for i in look["target"]["snapshot_ids"]}
    return sorted(asked - {copy["snapshot_id"] for look in looks for copy in look.get("snapshots") or ()})


def with_key(point: RecoveryPoint, keys: Mapping[CopyAt, KeyRow]) -> RecoveryPoint:
    """Return a recovery point. If its key cannot be used, it does not count, and ``key_problem`` says so."""
    key = keys.get(CopyAt(str(point["snapshot_id"]), point["region"]))
    if not key or key.get("enabled") is not False:
        return point
    name = f"its key {key['arn']}" if key["arn"] else "its key"
    problem = f"{name} cannot be used: {why_unusable(key['state'], key['deletion_date'])}"
    return {**point, "within_rpo": False, "unknown": None, "key_problem": problem}
