# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The error codes that ECS, ENS and their login share, and messages without secrets."""

from __future__ import annotations

import logging
import re

from ..._core.errors import (
    FIX_THE_CAUSE,
    Ambiguous,
    Busy,
    CopyError,
    Credentials,
    Forbidden,
    NotFound,
    NotReady,
    Refused,
    Throttled,
    Unreachable,
)

#: The classes of codes. An unlisted code means the same as the part before its dot (api-facts: alibaba-error-codes).
ERRORS: dict[str, type[CopyError]] = {
    **dict.fromkeys(("Throttling", "Rejected.Throttling"), Throttled),
    **dict.fromkeys(
        (
            "InvalidAccessKeyId",
            "InvalidAccessKeySecret",
            "SignatureDoesNotMatch",
            "IncompleteSignature",
            "InvalidSecurityToken",
            "InvalidTimeStamp",
            "IllegalTimestamp",
            "SDK.InvalidCredential",
        ),
        Credentials,
    ),
    **dict.fromkeys(("Forbidden", "NoPermission", "InvalidOperation.Unauthorized"), Forbidden),
    **dict.fromkeys(
        (
            "ServiceUnavailable",
            "InternalError",
            "UnknownError",
            "SDK.UnknownServerError",
            "SDK.HttpError",
            "SignatureNonceUsed",
        ),
        Ambiguous,
    ),
    "SDK.EndpointResolvingError": Unreachable,
    **dict.fromkeys(("OperationConflict", "LastTokenProcessing"), Busy),
    "InvalidSnapshotId.NotFound": NotFound,
    "InvalidSnapshotId.NotReady": NotReady,
}
#: The hints about codes that ECS and ENS share.
HINTS = {
    "InsufficientBalance": "Add funds to the account, then run again.",
    "InvalidAccountStatus.NotEnoughBalance": "Add funds to the account, then run again.",
}
KIND_HINTS: dict[type[CopyError], str] = {
    Refused: FIX_THE_CAUSE,
    Credentials: "Check access_key, secret_key and security_token (or the profile), and this machine's clock.",
    Forbidden: "Grant the caller this action in RAM; see the guide on permissions.",
}

#: What SDKs include in their errors: the signed URL, the signed string, keys in an answer, addresses of objects
#: (api-facts: alibaba-secrets-in-errors).
_LEFT_OUT = (
    (re.compile(r"(?i) with url: \S*"), ""),
    (re.compile(r"(?i)(https?://[^\s?]+)\?\S*"), r"\1"),
    (re.compile(r"(?is)(specified )?signature is not matched.*|\S*string to sign.*"), "the signature was refused"),
    (re.compile(r"<[\w.]+ object at 0x[0-9a-f]+>: "), ""),
    (
        re.compile(r"""(?i)(["'](?:access_?key_?(?:id|secret)|s(?:ecurity|ts)_?token)\\*["']\s*:\s*\\*["'])[^"'\\]*"""),
        r"\1***",
    ),
)


def words_of(text: str) -> str:
    """Return an SDK's message without the request's URL, the signed string, and keys."""
    for pattern, replacement in _LEFT_OUT:
        text = pattern.sub(replacement, text)
    return text.strip()


def silence(name: str) -> None:
    """Prevent a library from writing tracebacks and signed requests into the module's output."""
    logger = logging.getLogger(name)
    logger.handlers[:] = [logging.NullHandler()]
    logger.propagate = False
