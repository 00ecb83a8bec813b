# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error codes of AWS: their classes and hints."""

from __future__ import annotations

import re

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
    Throttled,
    Underway,
    Unreachable,
)

try:
    import botocore.exceptions as boto_errors
except ImportError:
    pass  # Clients reports the missing package by name

#: The classes of AWS's codes. The code is decisive, not the message (api-facts: ebs-error-codes).
ERRORS: dict[str, type[CopyError]] = {
    **dict.fromkeys(
        (
            "EC2ThrottledException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "Throttling",
            "ThrottlingException",
        ),
        Throttled,
    ),
    "ConcurrentTagAccess": Busy,
    **dict.fromkeys(
        ("ConcurrentSnapshotLimitExceeded", "PendingSnapshotLimitExceeded", "ResourceLimitExceeded"), QuotaFull
    ),
    **dict.fromkeys(
        (
            "AuthFailure",
            "Blocked",
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidClientTokenId",
            "OptInRequired",
            "PendingVerification",
            "RequestExpired",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
            "IncompleteSignature",
            "MissingAuthenticationToken",
        ),
        Credentials,
    ),
    **dict.fromkeys(("UnauthorizedOperation", "AccessDenied", "AccessDeniedException"), Forbidden),
    **dict.fromkeys(("InvalidSnapshot.NotFound", "InvalidVolume.NotFound"), NotFound),
    # The token belongs to another call: look for the disk of that call (api-facts: ebs-disk-token).
    "IdempotentParameterMismatch": Underway,
    "InsufficientVolumeCapacity": Refused,
    "IncorrectState": NotReady,
    **dict.fromkeys(
        ("InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "RequestTimeout"), Ambiguous
    ),
}
#: The permissions that the caller needs on the keys of encrypted copies (api-facts: ebs-key-permissions).
KMS_ACTIONS = "kms:DescribeKey, kms:CreateGrant, kms:GenerateDataKey*, kms:ReEncrypt*, kms:Decrypt"
HINTS = {
    "UnauthorizedOperation": "Grant the caller what the message names; see the guide on permissions.",
    "OptInRequired": "Enable this region for the account, or choose another one.",
    "ExpiredToken": "Log in again: the temporary credentials have expired. The next run continues where this one "
    "stopped.",
    "RequestExpired": "Log in again, and check this machine's clock: AWS accepts a request for five minutes.",
    "AuthFailure": "Check access_key, secret_key and session_token (or the profile), this machine's clock, and that "
    "the account has enabled this region.",
    "InvalidRegion": "Check source_region, and that the account has enabled it.",
    "SnapshotLimitExceeded": TOO_MANY_SNAPSHOTS,
    "InvalidSnapshot.InUse": "An AMI uses this copy, or fast snapshot restore is enabled for it. Deregister the "
    "AMI or disable fast snapshot restore first, or keep the copy.",
    "TagLimitExceeded": "Set fewer tags.",
    "InsufficientVolumeCapacity": "AWS has no capacity for such a disk in this zone now: choose another zone "
    "or disk_type, or run again later.",
    "VolumeTypeNotAvailableInZone": "Choose a disk_type that this zone has, or another zone.",
    "VolumeLimitExceeded": "The quota limits the TiB of a type in a region: request a higher quota, delete disks, "
    "or choose another disk_type.",
    "InvalidVolume.ZoneMismatch": "Set the zone of the instance and another restore_id, or choose another instance.",
    "InvalidInstanceID.NotFound": "Check attach_to, and that the instance is in this region.",
    "AttachmentLimitExceeded": "Detach unneeded disks from the instance, or choose another one.",
    "VolumeInUse": "Detach it first if it is no longer needed, then run again.",
}
#: The hints for codes that have no hint in HINTS.
KIND_HINTS: dict[type[CopyError], str] = {
    Refused: FIX_THE_CAUSE,
    Credentials: "Check the keys, the token or the profile of this task, and this machine's clock.",
    Forbidden: HINTS["UnauthorizedOperation"],
}


#: The only case that just the message shows: the caller may not use a key, but the login is valid
#: (api-facts: ebs-key-not-authorized).
KEY_NOT_AUTHORIZED = "Not authorized to use key"
KEY_HINT = f"Allow the caller to use the key, in its IAM policy and in the key policy: {KMS_ACTIONS}."
#: The code of the EBS direct APIs for anything missing. Only this reason says that it is the snapshot; for a key that
#: the caller may not see there is another reason (api-facts: ebs-blocks-key).
NOT_FOUND, SNAPSHOT_NOT_FOUND = "ResourceNotFoundException", "SNAPSHOT_NOT_FOUND"
#: The permissions that the caller needs on the key to read blocks of a snapshot, and the hints for reasons about the
#: key.
BLOCK_KEY_ACTIONS = "kms:DescribeKey and kms:Decrypt"
BLOCK_KEY_HINT = (
    "Check that the KMS key of this snapshot exists and is enabled, and grant the caller "
    f"{BLOCK_KEY_ACTIONS} on it, in its IAM policy and in the key policy; see the guide on permissions."
)
DECODE = "For AWS's detailed reason: aws sts decode-authorization-message --encoded-message"
#: AWS's detailed reason for a denial, which ``sts:DecodeAuthorizationMessage`` decodes. It differs in each answer, so
#: it is in the hint and not in the message.
_ENCODED = re.compile(r"\s*Encoded authorization failure message: (\S*).*", re.S)


def translated(error: Exception, activity: str) -> CopyError:
    """Convert a botocore error into ours; ``activity`` says what was tried, on which ID and in which region."""
    if isinstance(error, boto_errors.ClientError):
        return _returned_error(error, activity)
    return _sdk_error(error, activity)


def _returned_error(error: boto_errors.ClientError, activity: str) -> CopyError:
    """Convert an error that AWS returned."""
    answer = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code = answer.get("Code") or "?"
    given = answer.get("Message") or "AWS gives no message"
    message, encoded = _ENCODED.sub("", given).strip(), _ENCODED.search(given)
    fallback = Ambiguous if metadata.get("HTTPStatusCode", 0) >= 500 else Refused
    kind, hint = ERRORS.get(code, fallback), HINTS.get(code)
    if code == "AuthFailure" and message.startswith(KEY_NOT_AUTHORIZED):
        kind, hint = Forbidden, KEY_HINT
    reason = error.response.get("Reason") or ""
    if code == NOT_FOUND and reason == SNAPSHOT_NOT_FOUND:
        kind = NotFound
    elif code == NOT_FOUND or "DEPENDENCY" in reason:
        hint = BLOCK_KEY_HINT
    message = f"{message} ({reason})" if reason else message
    if encoded and encoded[1]:
        hint = f"{hint or ''} {DECODE} {encoded[1]}".strip()
    request_id = metadata.get("RequestId") or error.response.get("RequestId")
    return kind(f"{activity}: {message}", code=code, request_id=request_id, hint=hint or KIND_HINTS.get(kind))


def _sdk_error(error: Exception, activity: str) -> CopyError:
    """Convert an error of the SDK itself."""
    kinds: tuple[tuple[type[CopyError], tuple[type[Exception], ...], str | None], ...] = (
        (
            Credentials,
            (boto_errors.PartialCredentialsError,),
            "Set both parts of the access key or neither, in the options access_key and secret_key, in the variables "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or in the profile.",
        ),
        (
            Credentials,
            (
                boto_errors.NoCredentialsError,
                boto_errors.CredentialRetrievalError,
                boto_errors.TokenRetrievalError,
                boto_errors.SSOError,
                boto_errors.NoAuthTokenError,
            ),
            "Set keys or a profile in the options or the environment, or use an instance role.",
        ),
        (
            # Only these two prove that nothing was sent: TLS and proxy errors also occur while an answer is read.
            Unreachable,
            (boto_errors.EndpointConnectionError, boto_errors.ConnectTimeoutError),
            None,
        ),
        (Refused, (boto_errors.ParamValidationError, boto_errors.UnknownParameterError), FIX_THE_CAUSE),
    )
    for kind, classes, hint in kinds:
        if isinstance(error, classes):
            return kind(f"{activity}: {error}", code=type(error).__name__, hint=hint)
    # botocore quotes an answer that it cannot read, such as the page of a proxy.
    return Ambiguous(f"{activity}: {str(error)[:300]}", code=type(error).__name__)
