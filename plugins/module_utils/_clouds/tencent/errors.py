# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error codes of Tencent Cloud: their classes and hints."""

from __future__ import annotations

import json
import re
from typing import Any

from ..._core.errors import (
    FIX_THE_CAUSE,
    TOO_MANY_SNAPSHOTS,
    Ambiguous,
    Busy,
    CopyError,
    Credentials,
    Forbidden,
    NotFound,
    NotReady,
    QuotaFull,
    Refused,
    TagsFull,
    Throttled,
    Underway,
    Unreachable,
    kind_of,
)

try:
    import requests
    import urllib3.exceptions
except ImportError:
    pass  # part of the SDK; Service reports the missing package


class TagBound(Refused):
    """A tag cannot be deleted because a resource has it."""


#: The classes of codes. An unlisted code means the same as the part before its dot (api-facts: cbs-error-codes).
ERRORS: dict[str, type[CopyError]] = {
    **dict.fromkeys(("RequestLimitExceeded", "LimitExceeded.TagQuotaLimitExceeded"), Throttled),
    # Quotas of the account (api-facts: cbs-tag-quota).
    **dict.fromkeys(("LimitExceeded.TagValue", "LimitExceeded.TagKey", "LimitExceeded.Quota"), TagsFull),
    "ResourceUnavailable.TooManyCreatingSnapshot": QuotaFull,
    "ResourceInUse.CopySnapshotConflict": Underway,
    **dict.fromkeys(
        ("ResourceBusy", "ResourceInUse", "TradeDealConflict", "FailedOperation.ResourceTagProcessing"), Busy
    ),
    **dict.fromkeys(("FailedOperation.TagAttachedResource", "FailedOperation.TagAttachedQuota"), TagBound),
    # "Retry later", say the SDK's errorcodes.py.
    **dict.fromkeys(("InvalidDisk.Busy", "InvalidDisk.SnapshotCreating"), Busy),
    **dict.fromkeys(
        ("AuthFailure", "UnauthorizedOperation.InvalidToken", "UnauthorizedOperation.MFAExpired"), Credentials
    ),
    **dict.fromkeys(
        ("AuthFailure.UnauthorizedOperation", "UnauthorizedOperation", "IpInBlacklist", "IpNotInWhitelist"), Forbidden
    ),
    # These two do not depend on CAM policies (api-facts: cbs-payment-right).
    **dict.fromkeys(("UnauthorizedOperation.NotHavePaymentRight", "UnauthorizedOperation.NotCertification"), Refused),
    **dict.fromkeys(("InternalError", "ServiceUnavailable", "ServerNetworkError", "ClientNetworkError"), Ambiguous),
    **dict.fromkeys(("InvalidSnapshotId.NotFound", "InvalidSnapshot.NotFound", "ResourceNotFound"), NotFound),
    # Codes of disks; the second says that the disk is already being terminated.
    **dict.fromkeys(("InvalidDiskId.NotFound", "ResourceUnavailable.RepeatRefund"), NotFound),
    "InvalidParameter.InvalidClientToken": Underway,
    "ResourceUnavailable.SnapshotCreating": NotReady,
}
HINTS = {
    "InsufficientSnapshotQuota": TOO_MANY_SNAPSHOTS,
    "ResourceInsufficient.OverQuota": "Delete unneeded snapshots or disks in this region, or request a higher quota.",
    **dict.fromkeys(
        ("ResourceInsufficient", "InvalidParameter.DiskConfigNotSupported"),
        "Choose another zone or disk_type, or run again later.",
    ),
    "InvalidParameter.DiskSizeNotMatch": "Set size_gib to at least the size of the snapshot.",
    **dict.fromkeys(
        ("ResourceUnavailable.Attached", "InvalidDisk.Busy"),
        "Detach it first if it is no longer needed, then run again.",
    ),
    "InvalidInstanceId.NotFound": "Check attach_to, and that the instance is in this region.",
    "ResourceUnavailable.ZoneNotMatch": "Set the zone of the instance and another restore_id, or choose another "
    "instance.",
    "LimitExceeded.InstanceAttachedDisk": "Detach unneeded disks from the instance, or choose another one.",
    "UnsupportedRegion": "Check the name of the region, such as ap-guangzhou; finance regions end in -fsi.",
    "InvalidAccount.InsufficientBalance": "Settle the account's bill: copies to other regions are charged.",
    "UnsupportedOperation.SnapshotNotSupportCopy": "This snapshot cannot be copied to another region; take a new one "
    "of its disk.",
    "UnauthorizedOperation.NotHavePaymentRight": "Copies and disks are charged: grant the caller the "
    "right to pay, with the preset policy QcloudCVMFinanceAccess.",
    "UnauthorizedOperation.NotCertification": "Verify the account's identity in the console; until then it cannot "
    "buy anything.",
    "OperationDenied.AccountSecurityRisk": "Tencent Cloud has restricted the account: change its keys, and clear the "
    "warning in the console.",
    **dict.fromkeys(
        ("InvalidSnapshot.NotSupported", "ResourceUnavailable.NotSupported", "UnsupportedOperation"),
        "CBS does not support this operation for this snapshot. The snapshot may be shared by another account, "
        "instant, locked or in use. Check it in the console, or take an ordinary snapshot of the disk instead.",
    ),
    "UnsupportedOperation.DiskEncrypt": "The disk is encrypted; ask Tencent Cloud whether its snapshots can be "
    "copied to this region.",
    "UnsupportedOperation.SnapshotHasBindedImage": "A custom image uses this copy. Delete the image first, or "
    "keep the copy.",
    "UnsupportedOperation.SnapHasShared": "This copy is shared with another account. Stop sharing it first, or "
    "keep the copy.",
    "UnsupportedOperation.StateError": "Check the snapshot's state in the console. Run again when it is NORMAL.",
    "AuthFailure.TokenFailure": "The temporary keys have expired, or the token belongs to another key: "
    "use new ones. Keys of an instance role or an assumed role are renewed automatically.",
    "AuthFailure.SignatureExpire": "Set this machine's clock: the service accepts a request for five minutes.",
    "LimitExceeded.ResourceAttachedTags": "A snapshot can have at most 50 tags: set fewer, or delete some.",
    "FailedOperation.PolicyEnforcedInvalid": "A tag policy of the account or its organization forbids this tag: change "
    "it to allow the keys that begin with dr-copy: and those of your tags with any value, or exempt the caller.",
}
#: The hints for codes that have no hint in HINTS.
KIND_HINTS: dict[type[CopyError], str] = {
    Refused: FIX_THE_CAUSE,
    TagsFull: "Delete unused tags in the console of the tag service, or request a higher quota.",
    Credentials: "Check secret_id, secret_key and token (or the profile or role), and this machine's clock.",
    Forbidden: "Grant the caller this action in CAM; see the guide on permissions.",
}


def translated(error: Any, activity: str) -> CopyError:
    """Convert the SDK's error into ours. The exception that the SDK caught shows whether the call was sent."""
    caught = error.__context__
    reason = getattr(caught.args[0], "reason", None) if caught is not None and caught.args else None
    if isinstance(caught, requests.ConnectTimeout) or isinstance(reason, urllib3.exceptions.NewConnectionError):
        return Unreachable(f"{activity}: {caught}", code=error.code)
    if not isinstance(error.message, bytes):
        return failure(error.code, error.message, activity, error.requestId)
    words, code = _server_words(error.message)
    outer = failure(code, words, activity, error.requestId)
    return (
        outer if isinstance(outer, (Throttled, Credentials)) else failure(error.code, words, activity, error.requestId)
    )


def _server_words(body: bytes) -> tuple[str, str]:
    """Return message and code (if any) from the body of an answer whose status is not 200."""
    text = body.decode("utf-8", "replace")
    try:
        error = json.loads(text)["Response"]["Error"]
        return str(error["Message"]), str(error["Code"])
    except (ValueError, KeyError, TypeError):
        return text[:200] or "the server failed and gave no message", "?"


def failure(code: str | None, words: str | None, activity: str, request_id: str | None) -> CopyError:
    """Return the error for a code of the cloud; an unknown code is a refusal."""
    kind = kind_of(code or "?", ERRORS) or Refused
    # CBS begins its messages with the end of the request ID, so equal messages would differ (recorded).
    words = re.sub(r"^\([0-9a-f]{12}\)", "", words or "")
    hint = HINTS.get(code or "?") or KIND_HINTS.get(kind)
    return kind(
        f"{activity}: {words or 'the cloud gives no message'}", code=code or "?", request_id=request_id, hint=hint
    )
