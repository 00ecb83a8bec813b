# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error codes of ECS: their classes and hints."""

from __future__ import annotations

from ..._core.errors import TOO_MANY_SNAPSHOTS, Busy, CopyError, DiskBusy, NotFound

_UNFINISHED = "InvalidOperation.UnfinishedCrossRegionCopy", "InvalidOperation.UnfinishedEncryptedSnapshotCopy"
_RELATED = "InvalidOperation.RelatedSnapshotNotFinished"
ERRORS: dict[str, type[CopyError]] = {
    **dict.fromkeys((*_UNFINISHED, "InvalidOperation.DiskHasUnfinishedSnapshotCopy"), DiskBusy),
    "InvalidOperation.Conflict": Busy,
    # Codes of deletions; the page of each says to try again later (api-facts: ecs-delete).
    **dict.fromkeys(("IncorrectDiskStatus.CreatingSnapshot", "Operation.Conflict", _RELATED), Busy),
    "InvalidSnapshotLock.NotFound": NotFound,
}
_NO_ENCRYPTED_COPY = "The service does not copy encrypted snapshots there: choose another destination."
_NO_RIGHT_ON_KEY = (
    "Allow ECS to use KMS: grant the service the role AliyunECSDiskEncryptDefaultRole of this account, and add a key "
    "policy that allows it. Then run again."
)
HINTS = {
    "InvalidSnapshotId.EncryptedNotSupport": _NO_ENCRYPTED_COPY,
    "InvalidSnapshot.EncryptedNotSupported": _NO_ENCRYPTED_COPY,
    "InvalidRegionId.NotSupportedEncryptedSnapshotCopy": _NO_ENCRYPTED_COPY,
    "InvalidSnapshotCategory.NotSupportEncryptedCopy": "Snapshots of this category cannot be copied with encryption.",
    "InvalidRegion.NotSupport": "Customer managed keys do not exist there: leave out kms_key_id.",
    "InvalidParameter.KmsNotEnabled": "Activate KMS for this account in the destination region.",
    "InvalidParameter.KMSKeyId.NotFound": "Use a key of the destination region: keys are regional.",
    "InvalidParameter.KMSKeyId.KMSUnauthorized": _NO_RIGHT_ON_KEY,
    "InvalidParameter.KMSKeyId.CMKUnauthorized": _NO_RIGHT_ON_KEY,
    "InvalidParameter.KMSKeyId.CMKNotEnabled": "Enable the key in KMS, or use another one.",
    "InvalidKMSKeyId.NotSymmetric": "Use a symmetric key.",
    "OperationDenied.NonCompliantDestinationRegion": "Data regulations forbid copies between these regions, usually "
    "across the border of mainland China: choose a destination on the same side.",
    "QuotaExceed.SnapshotQuota": TOO_MANY_SNAPSHOTS,
    "InvalidUser.NotInWhiteList": "Ask Alibaba Cloud's support to allow this account to copy snapshots.",
    "InvalidAccountStatus.SnapshotServiceUnavailable": "Activate the snapshot service of this account.",
    "IncorrectDiskStatus.CreatingSnapshot": "A snapshot of the disk is in progress. Run again when it is complete.",
    "Operation.Conflict": "Another operation on this snapshot is in progress. Run again later.",
    _RELATED: "A copy of this snapshot, or another snapshot of its disk, is not complete yet. Run again later.",
    "SnapshotCreatedImage": "A custom image uses this copy. Delete the image first, or keep the copy.",
    "SnapshotCreatedDisk": "A disk was created from this copy. Delete the disk first, or keep the copy.",
}
