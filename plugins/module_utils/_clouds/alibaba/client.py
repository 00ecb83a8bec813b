# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ECS and ENS share: the client, a call, the mapping of errors (api-facts: alibaba-rpc)."""

from __future__ import annotations

import importlib
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.errors import (
    Ambiguous,
    CopyError,
    Credentials,
    Refused,
    Unreachable,
    kind_of,
)
from ..endpoint import checked_endpoint, checked_timeouts
from ..user_agent import NAME, VERSION
from .errors import ERRORS, HINTS, KIND_HINTS, silence, words_of
from .login import Keys, current_login

try:
    from aliyunsdkcore.acs_exception.exceptions import ClientException, ServerException
    from aliyunsdkcore.auth import credentials as sdk_credentials
    from aliyunsdkcore.client import AcsClient
    from aliyunsdkcore.http import protocol_type
except ImportError:
    pass  # Service reports the missing package by name

#: The SDK prefers these variables to the credentials that are passed to it (api-facts: alibaba-credentials-order).
_SDK_VARIABLES = ("ALIYUN_ACCESS_KEY_ID", "ALIYUN_ACCESS_KEY_SECRET")
CONNECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "access_key": {"type": "str", "no_log": False},
    "secret_key": {"type": "str", "no_log": True},
    "security_token": {"type": "str", "no_log": True},
    "profile": {"type": "str"},
    "assume_role_arn": {"type": "str"},
    "assume_role_session_name": {"type": "str"},
    "assume_role_external_id": {"type": "str"},
    "ecs_ram_role": {"type": "str"},
    "sts_endpoint": {"type": "str"},
    "endpoint_url": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "connect_timeout": {"type": "int", "default": 5},
    "read_timeout": {"type": "int", "default": 30},
}


@dataclass(frozen=True)
class Api:
    """One API of Alibaba Cloud."""

    package: str  #: The SDK's package of its requests.
    endpoint_variable: str  #: The environment variable that may hold its endpoint.
    errors: Mapping[str, type[CopyError]]  #: The classes of its error codes.
    hints: Mapping[str, str]  #: What to do about an error code.
    default_endpoint: str | None = None  #: None: the SDK knows the endpoint of each region.


class Service:
    """Makes calls of one API. Each is sent once; the caller decides whether to repeat it.

    By default the SDK would repeat some of them (api-facts: alibaba-sdk-retries).
    """

    def __init__(self, api: Api, params: Mapping[str, Any], calls: Counter[str], on_date: Callable[[str | None], None]):
        """``on_date`` receives the ``Date`` header of each answer."""
        self._package = api.package
        try:
            importlib.import_module(api.package)
        except ImportError as error:
            library = f"aliyun-python-sdk-{api.package.split('.')[0].removeprefix('aliyunsdk')}"
            raise Refused(
                f"The Python library {library} is missing",
                hint=f"Install it for the Python that runs this module: pip install {library}",
            ) from error
        silence("aliyunsdkcore")
        self._params = params
        self._calls, self._on_date = calls, on_date
        given = params.get("endpoint_url") or os.environ.get(api.endpoint_variable)
        self.endpoint = checked_endpoint(given) or api.default_endpoint
        self._timeouts = checked_timeouts(params)
        checked_endpoint(params.get("sts_endpoint"), "sts_endpoint")
        self._errors = {**ERRORS, **api.errors}
        self._hints = {**HINTS, **api.hints}
        self._login = current_login(params)
        self._clients: dict[str, tuple[Keys, Any]] = {}

    def read(self, action: str, region: str, activity: str, **given: Any) -> dict[str, Any]:
        """Make a call that changes nothing. Raises a CopyError, never Ambiguous."""
        try:
            return self.write(action, region, activity, **given)
        except Ambiguous as error:
            raise error.as_kind(Unreachable) from error

    def write(self, action: str, region: str, activity: str, **given: Any) -> dict[str, Any]:
        """Make a call with the parameters that are not None. Raises a CopyError; ``activity`` describes the attempt."""
        try:
            request = getattr(importlib.import_module(f"{self._package}.{action}Request"), f"{action}Request")()
        except ImportError as error:
            raise Refused(
                f"{activity}: the installed SDK is too old for {action}", hint="Install a newer one."
            ) from error
        for name, value in given.items():
            if value is not None:
                request.add_query_param(name, _as_text(value))
        self._address(request, region)
        client = self._client(region, activity)
        self._calls[action] += 1
        try:
            answer = json.loads(client.do_action_with_exception(request))
        except (ClientException, ServerException) as error:
            raise self._translated(error, activity) from None
        except IndexError:
            # The SDK splits the message of a refused signature at a colon, which may be missing
            # (api-facts: alibaba-signature-colon).
            raise Credentials(
                f"{activity}: the signature was refused", code="SignatureDoesNotMatch", hint=KIND_HINTS[Credentials]
            ) from None
        except ValueError:
            raise Ambiguous(f"{activity}: the response is incomplete or not valid") from None
        if not isinstance(answer, dict):
            raise Ambiguous(f"{activity}: the response is not valid")
        return answer

    def _address(self, request: Any, region: str) -> None:
        """Set protocol and endpoint.

        The protocol must be the SDK's own constant; an equal string would mean HTTP (api-facts: alibaba-https).
        """
        request.set_protocol_type(protocol_type.HTTPS)
        if self.endpoint:
            scheme, _sign, host = self.endpoint.replace("{region}", region).rpartition("://")
            request.set_endpoint(host.rstrip("/"))
            if scheme == "http":
                request.set_protocol_type(protocol_type.HTTP)
        elif region not in getattr(request, "endpoint_map", {}):
            # For regions that it does not know, the SDK would call another service; and it refuses na-south-1.
            request.set_endpoint(f"ecs.{region}.aliyuncs.com")

    def _client(self, region: str, activity: str) -> Any:
        """Return the client of a region; a new one if the credentials have been refreshed."""
        keys = self._login.keys(activity)
        known, client = self._clients.get(region, (None, None))
        if known != keys:
            hidden = {name: os.environ.pop(name) for name in _SDK_VARIABLES if name in os.environ}
            try:
                client = AcsClient(
                    region_id=region,
                    auto_retry=False,
                    credential=_credential(keys),
                    connect_timeout=self._timeouts[0],
                    timeout=self._timeouts[1],
                    verify=None if self._params["validate_certs"] else False,
                )
            finally:
                os.environ.update(hidden)
            client.append_user_agent(NAME, VERSION)
            client.session.hooks["response"] = [self._record_date]
            self._clients[region] = keys, client
        return client

    def _record_date(self, answer: Any, **_options: Any) -> None:
        self._on_date(answer.headers.get("Date"))

    def _translated(self, error: Any, activity: str) -> CopyError:
        code = error.get_error_code() or "?"
        kind = kind_of(code, self._errors)
        request_id = error.get_request_id() if isinstance(error, ServerException) else None
        if kind is None:
            kind = Ambiguous if getattr(error, "http_status", 0) >= 500 else Refused
        words = words_of(error.get_error_msg() or "") or "the cloud gives no message"
        if kind is Credentials and self._login.trouble:
            words += f" (refreshing the credentials had failed: {self._login.trouble})"
        return kind(
            f"{activity}: {words}", code=code, request_id=request_id, hint=self._hints.get(code) or KIND_HINTS.get(kind)
        )


def _credential(keys: Keys) -> Any:
    if keys.token:
        return sdk_credentials.StsTokenCredential(*keys)
    return sdk_credentials.AccessKeyCredential(keys.key_id, keys.secret)


def _as_text(value: Any) -> str:
    """Return a parameter as a string: booleans in lower case, lists as JSON."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (list, tuple)) else str(value)


def numbered(name: str, values: Sequence[Any]) -> dict[str, str]:
    """Return a list as the parameters ``Name.1``, ``Name.2`` ..., a list of dicts as ``Name.1.Key`` ..."""
    written = {}
    for number, value in enumerate(values, 1):
        if isinstance(value, Mapping):
            written.update({f"{name}.{number}.{key}": str(part) for key, part in value.items()})
        else:
            written[f"{name}.{number}"] = str(value)
    return written
