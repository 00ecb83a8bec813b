# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""States of KMS keys (api-facts: kms-key-states)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from ..._core.errors import CopyError, Forbidden, Refused, Unreachable
from ..._core.keys import Key
from ..._core.pacing import retry_until_answered
from ..._core.waiting import Deadline
from .ec2_calls import Ec2Calls

#: States in which a key can neither encrypt nor decrypt.
NOT_ENABLED = ("Disabled", "PendingDeletion", "PendingImport", "PendingReplicaDeletion", "Unavailable")
#: How long (seconds) the read of a key is repeated while KMS is too busy.
KEY_READ_SECONDS = 30.0
KEY_HINT = (
    "To let the module read the state of this key, grant the caller kms:DescribeKey on it, in the IAM policy and in "
    "the key policy."
)


class KeyStates:
    """Reads each key from KMS once."""

    def __init__(self, ec2: Ec2Calls):
        self._ec2 = ec2
        self._known: dict[tuple[str, str], Key] = {}

    def read(self, region: str, key_ids: Collection[str], deadline: Deadline) -> dict[str, Key]:
        """Return the keys by the given IDs. A key that cannot be read has no state but a problem; no error is raised.

        If KMS cannot be reached, the other keys are not read, so that a private network costs only one timeout.
        """
        unreachable = None
        for key_id in key_ids:
            if (region, key_id) not in self._known:
                try:
                    key = Key(key_id, problem=unreachable) if unreachable else self._read(region, key_id, deadline)
                except Unreachable as error:
                    unreachable = str(error)
                    key = Key(key_id, problem=unreachable)
                except CopyError as error:
                    # A throttled call and expired credentials have hints of their own.
                    hint = KEY_HINT if isinstance(error, (Refused, Forbidden)) else error.hint or ""
                    key = Key(key_id, problem=f"{error}. {hint}".rstrip())
                self._known[region, key_id] = key
        return {key_id: self._known[region, key_id] for key_id in key_ids}

    def _read(self, region: str, key_id: str, deadline: Deadline) -> Key:
        activity = f"Reading the key {key_id} in {region}"
        ask = partial(self._ec2.key_reader(region).describe_key, KeyId=key_id)
        answer = retry_until_answered(partial(self._ec2.read, activity, ask), deadline.within(KEY_READ_SECONDS))
        return _key_of(answer.get("KeyMetadata") or {}, key_id)


def _key_of(item: Mapping[str, Any], key_id: str) -> Key:
    state = item.get("KeyState")
    enabled = True if state == "Enabled" else False if state in NOT_ENABLED else None
    problem = None if state else "KMS shows no state"
    return Key(item.get("Arn") or key_id, state, enabled, item.get("DeletionDate"), problem)
