# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS and ENS share: the client, one call, the meaning of errors (contract, part A)."""

from __future__ import annotations

import importlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .._copy.errors import (
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
    kind_of,
)
from .alibaba_login import Login, current_login
from .endpoint import checked_endpoint, checked_timeouts

try:
    from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
    from aliyunsdkcore.auth import credentials as sdk_credentials
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkcore.http import protocol_type
except ImportError:
    pass  # Service says so by name

CONNECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "access_key": {"type": "str", "no_log": False},
    "secret_key": {"type": "str", "no_log": True},
    "security_token": {"type": "str", "no_log": True},
    "profile": {"type": "str"},
    "assume_role_arn": {"type": "str"},
    "assume_role_session_name": {"type": "str"},
    "ecs_ram_role": {"type": "str"},
    "endpoint_url": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "connect_timeout": {"type": "int", "default": 5},
    "read_timeout": {"type": "int", "default": 30},
}
#: What codes mean; one that is not listed means what its beginning up to a dot means (contract A.2, B.1, C.1).
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
            "SDK.GetSecurityToken",
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
HINTS: dict[type[CopyError], str] = {
    Credentials: "Check access_key, secret_key and security_token (or the profile), and this machine's clock.",
    Forbidden: "Grant the caller this action in RAM; the README lists the actions that are needed.",
}


class Service:
    """Calls of one service. Each goes out once: repeating is the caller's, who knows what is safe (contract A.3)."""

    def __init__(
        self,
        params: Mapping[str, Any],
        calls: Counter[str],
        package: str,
        endpoint_variable: str,
        default_endpoint: str | None,
        errors: Mapping[str, type[CopyError]],
        hints: Mapping[str, str],
    ):
        self._package = package
        try:
            importlib.import_module(package)
        except ImportError as error:
            library = f"aliyun-python-sdk-{package.split('.')[0].removeprefix('aliyunsdk')}"
            raise Refused(
                f"The Python library {library} is missing",
                hint=f"Install it for the Python that runs this module: pip install {library}",
            ) from error
        self._params = params
        self._calls = calls
        given = params.get("endpoint_url") or os.environ.get(endpoint_variable)
        self._endpoint = checked_endpoint(given) or default_endpoint
        self._timeouts = checked_timeouts(params)
        self._errors = {**ERRORS, **errors}
        self._hints = hints
        self._login = current_login(params)
        self._clients: dict[str, Any] = {}

    def read(self, action: str, region: str, tried: str, **given: Any) -> dict[str, Any]:
        """Make a call that changes nothing. Raises a CopyError, never Ambiguous."""
        try:
            return self.write(action, region, tried, **given)
        except Ambiguous as error:
            raise error.as_kind(Unreachable, hint=Unreachable.usual_hint) from error

    def write(self, action: str, region: str, tried: str, **given: Any) -> dict[str, Any]:
        """Make a call, with the parameters that are not None. Raises a CopyError; ``tried`` says what was tried."""
        request = getattr(importlib.import_module(f"{self._package}.{action}Request"), f"{action}Request")()
        for name, value in given.items():
            if value is not None:
                request.add_query_param(name, _as_text(value))
        self._address(request, region)
        self._calls[action] += 1
        try:
            answer = json.loads(self._client(region).do_action_with_exception(request))
        except (ClientException, ServerException) as error:
            raise self._translated(error, tried) from None
        except IndexError:
            # The SDK takes a refused signature apart by a colon that is not always there (contract A.2).
            raise Credentials(
                f"{tried}: the signature was refused", code="SignatureDoesNotMatch", hint=HINTS[Credentials]
            ) from None
        except ValueError:
            raise Ambiguous(f"{tried}: the answer was cut off or is none") from None
        if not isinstance(answer, dict):
            raise Ambiguous(f"{tried}: the answer is none")
        return answer

    def _address(self, request: Any, region: str) -> None:
        """Set protocol and endpoint. The protocol must be the SDK's own constant: a copy of the text would mean HTTP."""
        request.set_protocol_type(protocol_type.HTTPS)
        if self._endpoint:
            scheme, _sign, host = self._endpoint.replace("{region}", region).rpartition("://")
            request.set_endpoint(host.rstrip("/"))
            if scheme == "http":
                request.set_protocol_type(protocol_type.HTTP)

    def _client(self, region: str) -> Any:
        if region not in self._clients:
            hidden = {name: os.environ.pop(name) for name in _SDK_VARIABLES if name in os.environ}
            try:
                self._clients[region] = AcsClient(
                    region_id=region,
                    auto_retry=False,
                    credential=_credential(self._login),
                    connect_timeout=self._timeouts[0],
                    timeout=self._timeouts[1],
                    verify=None if self._params["validate_certs"] else False,
                )
            finally:
                os.environ.update(hidden)
        return self._clients[region]

    def _translated(self, error: Any, tried: str) -> CopyError:
        code = error.get_error_code() or "?"
        kind = kind_of(code, self._errors)
        request_id = error.get_request_id() if isinstance(error, ServerException) else None
        if kind is None:
            kind = Ambiguous if getattr(error, "http_status", 0) >= 500 else Refused
        words = error.get_error_msg() or "the cloud gives no message"
        if kind is Credentials and "string to sign" in words:
            words = "the signature was refused"  # the cloud repeats the signed text, keys and token in it
        return kind(
            f"{tried}: {words}", code=code, request_id=request_id, hint=self._hints.get(code) or HINTS.get(kind)
        )


#: The SDK prefers these to the credentials it is given (contract A.5).
_SDK_VARIABLES = ("ALIYUN_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_SECRET")


def _credential(login: Login) -> Any:
    if login.instance_role:
        return sdk_credentials.EcsRamRoleCredential(login.instance_role)
    if login.role_arn:
        return sdk_credentials.RamRoleArnCredential(login.key_id, login.secret, login.role_arn, login.session_name)
    if login.token:
        return sdk_credentials.StsTokenCredential(login.key_id, login.secret, login.token)
    return sdk_credentials.AccessKeyCredential(login.key_id, login.secret)


def _as_text(value: Any) -> str:
    """Write a parameter: booleans in small letters, lists as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (list, tuple)) else str(value)


def numbered(name: str, values: Sequence[Any]) -> dict[str, str]:
    """Write a list as the parameters ``Name.1``, ``Name.2`` ..., or of dicts ``Name.1.Key`` ..."""
    written = {}
    for number, value in enumerate(values, 1):
        if isinstance(value, Mapping):
            written.update({f"{name}.{number}.{key}": str(part) for key, part in value.items()})
        else:
            written[f"{name}.{number}"] = str(value)
    return written
