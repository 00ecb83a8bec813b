# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of encrypted snapshots, and their states. A snapshot whose key is not enabled cannot be restored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from .model import Snapshot
from .times import iso_utc


@dataclass(frozen=True)
class Key:
    """A key as the key service shows it: ``state`` is the service's term, ``deletion_date`` is aware.

    ``enabled`` says whether it can be used; None if that is unknown. ``problem`` says why the state is unknown.
    """

    arn: str | None
    state: str | None = None
    enabled: bool | None = None
    deletion_date: datetime | None = None
    problem: str | None = None


def why_unusable(state: str | None, deletion_date: str | None) -> str:
    """Return why a key cannot be used, as the end of a sentence; ``deletion_date`` is ISO 8601."""
    deletion = f", and KMS will delete it on {deletion_date[:10]}" if deletion_date else ""
    return f"its state is {state or 'unknown'}{deletion}"


class KeyCloud(Protocol):
    """A cloud that can read the states of keys."""

    warnings: list[str]

    def read_keys(self, region: str, key_ids: Collection[str]) -> Mapping[str, Key]:
        """Read the states of keys, each once, by the given IDs.

        A key that cannot be read is unknown, which is no failure.
        """


def key_rows(cloud: KeyCloud, region: str, snapshots: Collection[Snapshot]) -> dict[str, dict[str, Any]]:
    """Return the key of each encrypted snapshot, by snapshot ID. All unknown states together cause one warning."""
    encrypted = [snapshot for snapshot in snapshots if snapshot.encrypted]
    keys = cloud.read_keys(region, dict.fromkeys(s.kms_key for s in encrypted if s.kms_key))
    of_snapshots = {s.id: keys[s.kms_key] if s.kms_key else NOT_SHOWN for s in encrypted}
    unknown = {key.arn: key for key in of_snapshots.values() if key.enabled is None}
    if unknown:
        first = next(iter(unknown.values()))
        number = sum(key.arn in unknown for key in of_snapshots.values())
        cloud.warnings.append(
            f"The key state of {number} {'snapshot' if number == 1 else 'snapshots'} in {region} is unknown, so it is "
            f"uncertain whether disks can be created from {'it' if number == 1 else 'them'}. "
            f"{first.arn or 'A key'}: {first.problem or f'its state is {first.state}'}"
        )
    return {snapshot_id: _row(key) for snapshot_id, key in of_snapshots.items()}


#: The key of an encrypted snapshot that shows no key.
NOT_SHOWN = Key(None, problem="the snapshot shows no key")


def _row(key: Key) -> dict[str, Any]:
    return {
        "arn": key.arn,
        "state": key.state,
        "enabled": key.enabled,
        "deletion_date": iso_utc(key.deletion_date),
    }
