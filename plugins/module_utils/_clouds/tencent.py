# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent Cloud's API 3.0: the clients, one call, the meaning of errors (contract D.4, D.5)."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from .._copy.errors import Ambiguous, Credentials, Refused, Retry, Throttled, Unreachable
from .._copy.waiting import Deadline
from .endpoint import checked_endpoint, checked_timeouts
from .tencent_errors import HINTS, failure, translated
from .tencent_login import Login, current_login

try:
    import requests
    from tencentcloud.cbs.v20170312.cbs_client import CbsClient
    from tencentcloud.common import credential as sdk_credentials
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.exception import TencentCloudSDKException
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    HAS_SDK = True
except ImportError:
    HAS_SDK = False

CONNECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "secret_id": {"type": "str", "no_log": True},
    "secret_key": {"type": "str", "no_log": True},
    "token": {"type": "str", "no_log": True},
    "profile": {"type": "str"},
    "assume_role_arn": {"type": "str"},
    "assume_role_session_name": {"type": "str"},
    "endpoint_url": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "connect_timeout": {"type": "int", "default": 5},
    "read_timeout": {"type": "int", "default": 30},
}
#: Versions of the services, by the first label of their host (contract D.1, D.3).
VERSIONS = {"cbs": "2017-03-12", "tag": "2018-08-13", "sts": "2018-08-13"}
ENDPOINT_VARIABLE = "TENCENTCLOUD_CBS_ENDPOINT"
DEFAULT_ENDPOINT = "https://cbs.tencentcloudapi.com"
#: Calls of one action that the service takes in a second (contract D.6), and the margin (seconds) for the way there.
CALLS_PER_SECOND, MARGIN = 20, 0.05


class Pace:
    """Keeps to the service's calls a second, each action for itself. Times are seconds on the monotonic clock."""

    def __init__(self, deadline: Callable[[], Deadline]):
        self._deadline = deadline
        self._sent: dict[str, deque[float]] = {}

    def keep(self, action: str, tried: str, may_be_late: bool) -> None:
        """Wait until another call may be made. Raises Throttled where that is after the deadline."""
        sent = self._sent.setdefault(action, deque(maxlen=CALLS_PER_SECOND))
        deadline = self._deadline()
        if deadline.passed and not may_be_late:
            raise Throttled(f"{tried}: not tried, since wait_timeout was over")
        if len(sent) == CALLS_PER_SECOND:
            pause = sent[0] + 1.0 + MARGIN - deadline.now()
            if pause > 0:
                if pause >= deadline.remaining and not may_be_late:
                    raise Throttled(
                        f"{tried}: not tried, since {CALLS_PER_SECOND} calls were made within the last second"
                    )
                deadline.pause(pause)
        sent.append(deadline.now())


class Service:
    """Calls of CBS and of the tag service. Each goes out once: repeating is the caller's, who knows what is safe.

    The SDK's own retryer is not used: it makes a call again that has succeeded (contract D.5).
    """

    def __init__(self, params: Mapping[str, Any], calls: Counter[str], deadline: Callable[[], Deadline]):
        if not HAS_SDK:
            raise Refused(
                "The Python library tencentcloud-sdk-python-cbs is missing",
                hint="Install it for the Python that runs this module: pip install tencentcloud-sdk-python-cbs "
                "(or the whole tencentcloud-sdk-python)",
            )
        self._params = params
        self._calls = calls
        self._pace = Pace(deadline)
        given = params.get("endpoint_url") or os.environ.get(ENDPOINT_VARIABLE)
        self._endpoint = checked_endpoint(given) or DEFAULT_ENDPOINT
        self._timeouts = checked_timeouts(params)
        self._credential = self._logged_in(current_login(params))
        self._clients: dict[tuple[str, str], Any] = {}

    def read(self, action: str, region: str, tried: str, **given: Any) -> dict[str, Any]:
        """Make a call that changes nothing. Raises a CopyError, never Ambiguous."""
        self._pace.keep(action, tried, may_be_late=True)
        try:
            return self._call("cbs", action, region, tried, given)
        except Ambiguous as error:
            raise error.as_kind(Unreachable, hint=Unreachable.usual_hint) from error

    def write(self, action: str, region: str, tried: str, service: str = "cbs", **given: Any) -> dict[str, Any]:
        """Make a call, with the parameters that are not None. Raises a CopyError; ``tried`` says what was tried."""
        self._pace.keep(action, tried, may_be_late=False)
        return self._call(service, action, region, tried, given)

    def _call(self, service: str, action: str, region: str, tried: str, given: Mapping[str, Any]) -> dict[str, Any]:
        body = {name: value for name, value in given.items() if value is not None}
        self._calls[action] += 1
        try:
            answer = self._client(service, region).call_json(action, body)["Response"]
            error = answer.get("Error")
        except TencentCloudSDKException as raised:
            raise translated(raised, tried) from None
        except requests.RequestException as raised:
            # The SDK reads the answer outside of its own error handling.
            raise Ambiguous(f"{tried}: {raised}", code=type(raised).__name__) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Ambiguous(f"{tried}: the answer was cut off or is none") from None
        if error:
            # The SDK does not see an error in an answer whose content type names a charset (contract D.4).
            raise failure(error.get("Code"), error.get("Message"), tried, answer.get("RequestId"))
        return dict(answer)

    def _client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            profile = self._profile(service, region)
            if service == "cbs":
                client = CbsClient(self._credential, region, profile)
            else:
                client = CommonClient(service, VERSIONS[service], self._credential, region, profile)
            self._clients[service, region] = client
        return self._clients[service, region]

    def _profile(self, service: str, region: str) -> Any:
        scheme, _sign, host = self._endpoint.replace("{region}", region).rstrip("/").rpartition("://")
        if service != "cbs" and host.startswith("cbs."):
            host = f"{service}.{host[4:]}"
        http = HttpProfile(
            protocol=scheme or "https",
            endpoint=host,
            reqTimeout=self._timeouts,
            certification=None if self._params["validate_certs"] else False,
        )
        return ClientProfile(httpProfile=http, language="en-US")

    def _logged_in(self, login: Login) -> Any:
        own = sdk_credentials.Credential(login.secret_id, login.secret_key, login.token or None)
        return _assumed_role(login, lambda: self._temporary_keys(login, own)) if login.role_arn else own

    def _temporary_keys(self, login: Login, own: Any) -> dict[str, Any]:
        region = "ap-guangzhou"
        tried = f"Assuming the role {login.role_arn}"
        client = CommonClient("sts", VERSIONS["sts"], own, region, self._profile("sts", region))
        self._calls["AssumeRole"] += 1
        given = {"RoleArn": login.role_arn, "RoleSessionName": login.session_name}
        try:
            answer = client.call_json("AssumeRole", given)["Response"]
            answer["Credentials"]["TmpSecretId"]
        except TencentCloudSDKException as raised:
            error = translated(raised, tried)
            kind = {Retry.NEVER: Credentials, Retry.LOOK_FIRST: Unreachable}.get(error.retry, type(error))
            raise error.as_kind(kind, hint=HINTS.get(kind) or kind.usual_hint) from None
        except (KeyError, TypeError, ValueError, requests.RequestException):
            raise Unreachable(f"{tried}: the answer holds no credentials") from None
        return dict(answer)


def _assumed_role(login: Login, ask: Callable[[], dict[str, Any]]) -> Any:
    """Return the SDK's credential of a role, which renews itself; asked for in our way.

    The SDK's own way of asking knows neither endpoint_url nor timeouts nor tokens.
    """

    class AssumedRole(sdk_credentials.STSAssumeRoleCredential):  # type: ignore[misc]
        def get_sts_tmp_role_arn(self) -> None:
            answer = ask()
            keys = answer["Credentials"]
            self._tmp_secret_id, self._tmp_secret_key = keys["TmpSecretId"], keys["TmpSecretKey"]
            self._token, self._expired_time = keys["Token"], answer["ExpiredTime"] - 300

    return AssumedRole(login.secret_id, login.secret_key, login.role_arn, login.session_name)
