# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of EC2 that share snapshots with another account. Permissions are only added."""

from __future__ import annotations

from functools import partial

from ..._core.errors import CopyError, Forbidden
from ..._core.model import State
from .ebs import EbsCloud

#: AWS's words if the key is its own, which no other account can use.
DEFAULT_KEY = "default key"
KEY_HINT = (
    "The snapshot is encrypted with the key that AWS manages for EBS, which no other account can use. Copy it within "
    "its own account with a key of yours (ebs_snapshot_copy with encrypted and kms_key_id), or encrypt the disk with "
    "such a key; then let the other account use that key."
)


class EbsSharing(EbsCloud):
    """The calls of EC2 that allow another account to use a snapshot."""

    def list_shared(self, region: str, account: str) -> set[str]:
        """Return the account's own snapshots that another account may use, in one listing. Raises a CopyError."""
        activity = f"Listing the snapshots in {region} that the account {account} may use"
        listed = self._ec2.snapshots(region, activity, OwnerIds=["self"], RestorableByUserIds=[account]).values()
        return {s.id for s in listed if s.owned and s.state is not State.ABSENT}

    def share(self, region: str, snapshot_id: str, account: str) -> None:
        """Allow another account to use a snapshot. Is safe to repeat. Raises a CopyError."""
        activity = f"Sharing {snapshot_id} in {region} with the account {account}"
        change = self._ec2.writer(region).modify_snapshot_attribute
        arguments = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": [account]}
        try:
            self._ec2.write(activity, partial(change, SnapshotId=snapshot_id, **arguments))
        except Forbidden as error:
            raise error.as_kind(
                Forbidden, hint=f"Grant ec2:ModifySnapshotAttribute in {region} to the caller."
            ) from error
        except CopyError as error:
            if DEFAULT_KEY in error.message:
                raise error.as_kind(type(error), hint=KEY_HINT) from error
            raise
