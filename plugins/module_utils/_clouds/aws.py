# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients for AWS, made by amazon.aws, so that every way to log in works as its users know it."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.amazon.aws.plugins.module_utils.botocore import check_sdk_version_supported
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleBotocoreError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from .._copy.errors import (
    TOO_MANY_SNAPSHOTS,
    Ambiguous,
    BadInput,
    CopyError,
    Credentials,
    Forbidden,
    NotFound,
    NotReady,
    QuotaFull,
    Refused,
    Throttled,
    Unreachable,
)

try:
    import botocore.config
    import botocore.exceptions as boto_errors
except ImportError:
    pass  # AwsModule.clients says so by name

#: What AWS's codes mean (EC2 API reference, "Error codes"; contract E.1). Codes decide, not messages.
ERRORS: dict[str, type[CopyError]] = {
    **dict.fromkeys(("RequestLimitExceeded", "Throttling", "ThrottlingException", "EC2ThrottledException"), Throttled),
    "ResourceLimitExceeded": QuotaFull,
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
    "InvalidSnapshot.NotFound": NotFound,
    "IncorrectState": NotReady,
    **dict.fromkeys(
        ("InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "RequestTimeout"), Ambiguous
    ),
}
HINTS = {
    "UnauthorizedOperation": "Grant the caller what the message names; the README lists the IAM actions that are needed.",
    "OptInRequired": "Enable this region for the account, or name another one.",
    "ExpiredToken": "Log in again: the temporary credentials have expired. The next run goes on where this one stopped.",
    "RequestExpired": "Log in again, and compare this machine's clock: AWS takes requests of the last five minutes.",
    "AuthFailure": "Check access_key, secret_key and session_token (or the profile), and this machine's clock.",
    "SnapshotLimitExceeded": TOO_MANY_SNAPSHOTS,
    "InvalidSnapshot.InUse": "An AMI or a volume being made uses it: deregister the AMI first, or keep the copy.",
    "InvalidSnapshot.NotFound": "Check the ID and the region.",
    "TagLimitExceeded": "Give fewer tags.",
}


class AwsModule(AnsibleAWSModule):
    """amazon.aws's module class. While clients are made its failures are raised, so that a runner can end the module."""

    def __init__(self, **kwargs: Any):
        self._making_clients = False
        super().__init__(check_boto3=False, **kwargs)  # type: ignore[no-untyped-call]

    def fail_json(self, *args: Any, **kwargs: Any) -> Any:
        if self._making_clients:
            raise Credentials(
                str(args[0] if args else kwargs.get("msg")),
                hint="Check the profile, the region and the keys of this task.",
            )
        super().fail_json(*args, **kwargs)

    def warn(self, *args: Any, **kwargs: Any) -> None:
        # amazon.aws 11 also passes its warnings to exit_json, which core 2.21 deprecates.
        self._module.warn(*args, **kwargs)

    def make_client(self, service: str, **options: Any) -> Any:
        """Make a boto3 client. Raises a CopyError where amazon.aws would end the module."""
        self._making_clients = True
        try:
            return self.client(service, **options)
        except TypeError as error:
            raise BadInput([f"aws_config: {error}"]) from error
        except boto_errors.BotoCoreError as error:
            raise Credentials(f"No client for {service} could be made: {error}") from error
        finally:
            self._making_clients = False


class Clients:
    """One client a region for reads, and one for writes that sends each request once."""

    def __init__(self, module: AwsModule, calls: Counter[str]):
        try:
            check_sdk_version_supported(warn=module.warn)
        except AnsibleBotocoreError as error:
            raise Refused(str(error.message), hint="Install boto3 for the Python that runs this module.") from error
        self._module = module
        self._calls = calls
        self._made: dict[tuple[str, str], Any] = {}
        #: boto3's clients may be used by several threads, but not be made so.
        self._lock = threading.Lock()

    def reader(self, region: str) -> Any:
        """Return the EC2 client for reads, with botocore's retries and the user's settings."""
        return self._client("ec2", region, "reads")

    def writer(self, region: str) -> Any:
        """Return the EC2 client for writes.

        botocore repeats a lost CopySnapshot by itself, which makes a second copy (contract E.4), so its
        retries are off here, whatever the user's O(aws_config) says.
        """
        settings = {k: v for k, v in (self._module.params.get("aws_config") or {}).items() if k != "retries"}
        once = botocore.config.Config(**settings, retries={"total_max_attempts": 1})
        return self._client("ec2", region, "writes", aws_config=once)

    def account_reader(self, region: str) -> Any:
        """Return the client that tells the account's ID.

        An endpoint that is EC2's alone does not serve it; then AWS's own address of the service is taken.
        """
        host = urlsplit(self._module.params.get("endpoint_url") or "").hostname or ""
        elsewhere = {"endpoint": None} if "ec2" in host.split(".") else {}
        return self._client("sts", region, "reads", **elsewhere)

    def _client(self, service: str, region: str, purpose: str, **options: Any) -> Any:
        with self._lock:
            return self._kept_client(service, region, purpose, options)

    def _kept_client(self, service: str, region: str, purpose: str, options: dict[str, Any]) -> Any:
        key = (f"{service} {purpose}", region)
        if key not in self._made:
            endpoint = self._module.params.get("endpoint_url")
            if endpoint:
                options.setdefault("endpoint", endpoint.replace("{region}", region))
            client = self._module.make_client(service, region=region, **options)
            client.meta.events.register("before-call", self._count)
            self._made[key] = client
        return self._made[key]

    def _count(self, model: Any, **_kwargs: Any) -> None:
        with self._lock:
            self._calls[model.name] += 1


def translated(error: Exception, tried: str) -> CopyError:
    """Turn a botocore error into ours; ``tried`` says what was tried, on which ID and region."""
    if isinstance(error, boto_errors.ClientError):
        answer = error.response.get("Error", {})
        metadata = error.response.get("ResponseMetadata", {})
        code = answer.get("Code") or "?"
        fallback = Ambiguous if metadata.get("HTTPStatusCode", 0) >= 500 else Refused
        return ERRORS.get(code, fallback)(
            f"{tried}: {answer.get('Message') or 'AWS gives no message'}",
            code=code,
            request_id=metadata.get("RequestId") or error.response.get("RequestId"),
            hint=HINTS.get(code),
        )
    kinds: tuple[tuple[type[CopyError], tuple[type[Exception], ...], str | None], ...] = (
        (
            Credentials,
            (
                boto_errors.NoCredentialsError,
                boto_errors.PartialCredentialsError,
                boto_errors.CredentialRetrievalError,
                boto_errors.TokenRetrievalError,
                boto_errors.SSOError,
                boto_errors.NoAuthTokenError,
            ),
            "Give keys or a profile, by options, environment or an instance role.",
        ),
        (
            # Only these two say that nothing was sent: TLS and proxy errors also come while an answer is read.
            Unreachable,
            (boto_errors.EndpointConnectionError, boto_errors.ConnectTimeoutError),
            None,
        ),
        (Refused, (boto_errors.ParamValidationError, boto_errors.UnknownParameterError), None),
    )
    for kind, classes, hint in kinds:
        if isinstance(error, classes):
            return kind(f"{tried}: {error}", code=type(error).__name__, hint=hint)
    return Ambiguous(f"{tried}: {error}", code=type(error).__name__)
