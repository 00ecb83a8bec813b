# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent Cloud's API 3.0: the clients, a call, the mapping of errors (api-facts: cbs-wire)."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Any

from ..._core.errors import Ambiguous, CopyError, Credentials, NotSent, Refused, Retry, Unreachable
from ..._core.waiting import Deadline
from ..endpoint import checked_endpoint, checked_timeouts
from ..user_agent import NAME, VERSION
from .credentials import POD_HINT, credential_of
from .errors import failure, translated
from .login import current_login

try:
    import requests
    from tencentcloud.cbs.v20170312.cbs_client import CbsClient
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
    "cvm_role": {"type": "str"},
    "assume_role_arn": {"type": "str"},
    "assume_role_session_name": {"type": "str"},
    "assume_role_external_id": {"type": "str"},
    "endpoint_url": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "connect_timeout": {"type": "int", "default": 5},
    "read_timeout": {"type": "int", "default": 30},
}
#: Versions of the services, by the first label of their host (api-facts: cbs-wire).
VERSIONS = {"cbs": "2017-03-12", "tag": "2018-08-13", "sts": "2018-08-13"}
ENDPOINT_VARIABLE = "TENCENTCLOUD_CBS_ENDPOINT"
DEFAULT_ENDPOINT, FINANCE_ENDPOINT = "https://cbs.tencentcloudapi.com", "https://cbs.{region}.tencentcloudapi.com"
#: Regions of the finance zones have their own hosts; ordinary hosts do not serve them (api-facts: cbs-finance-regions).
FINANCE = "-fsi"
STS_HINT = (
    "Check that the role trusts this caller, that its external ID is right, and that the caller may "
    "call name/sts:AssumeRole."
)
#: The region of STS for ordinary regions; its keys are valid in all of them.
STS_REGION = "ap-guangzhou"
#: The calls per second of one action that the service accepts (api-facts: cbs-call-rate), and a margin (seconds) for
#: the latency.
CALLS_PER_SECOND, MARGIN = 20, 0.05


class RateLimiter:
    """Limits the calls per second of each action. Times are seconds on the monotonic clock."""

    def __init__(self, deadline: Callable[[], Deadline]):
        self._deadline = deadline
        self._sent: dict[str, deque[float]] = {}

    def wait(self, action: str, activity: str, may_be_late: bool) -> None:
        """Wait until another call may be made. Raises NotSent if that is after the deadline."""
        sent = self._sent.setdefault(action, deque(maxlen=CALLS_PER_SECOND))
        deadline = self._deadline()
        if deadline.passed and not may_be_late:
            raise NotSent(f"{activity}: not tried, because wait_timeout had passed")
        if len(sent) == CALLS_PER_SECOND:
            pause = sent[0] + 1.0 + MARGIN - deadline.now()
            if pause > 0:
                if pause >= deadline.remaining and not may_be_late:
                    raise NotSent(
                        f"{activity}: not tried, because {CALLS_PER_SECOND} calls were made within the last second"
                    )
                deadline.sleep_past(pause)
        sent.append(deadline.now())


class Service:
    """Makes calls of CBS and of the tag service. Each is sent once; the caller decides whether to repeat it.

    The SDK's own retryer is not used, because it repeats even a call that has succeeded (api-facts: cbs-sdk-retries).
    """

    def __init__(
        self,
        params: Mapping[str, Any],
        calls: Counter[str],
        deadline: Callable[[], Deadline],
        on_date: Callable[[str | None], None],
    ):
        """``on_date`` receives the ``Date`` header of each answer."""
        if not HAS_SDK:
            raise Refused(
                "The Python library tencentcloud-sdk-python-cbs is missing",
                hint="Install it for the Python that runs this module: pip install tencentcloud-sdk-python-cbs "
                "(or the full tencentcloud-sdk-python)",
            )
        self._params = params
        self._calls = calls
        self._rate_limiter, self._on_date = RateLimiter(deadline), on_date
        given = params.get("endpoint_url") or os.environ.get(ENDPOINT_VARIABLE)
        self._endpoint = checked_endpoint(given)
        self._timeouts = checked_timeouts(params)
        self._login = current_login(params)
        #: The credentials, by the region of STS.
        self._credentials: dict[str, Any] = {}
        self._clients: dict[tuple[str, str], Any] = {}

    def read(self, action: str, region: str, activity: str, **given: Any) -> dict[str, Any]:
        """Make a call that changes nothing. Raises a CopyError, never Ambiguous."""
        self._rate_limiter.wait(action, activity, may_be_late=True)
        try:
            return self._call("cbs", action, region, activity, given)
        except Ambiguous as error:
            raise error.as_kind(Unreachable) from error

    def write(self, action: str, region: str, activity: str, service: str = "cbs", **given: Any) -> dict[str, Any]:
        """Make a call with the parameters that are not None. Raises a CopyError; ``activity`` describes the attempt."""
        self._rate_limiter.wait(action, activity, may_be_late=False)
        return self._call(service, action, region, activity, given)

    def _call(self, service: str, action: str, region: str, activity: str, given: Mapping[str, Any]) -> dict[str, Any]:
        body = {name: value for name, value in given.items() if value is not None}
        return self._send(self._client(service, region), action, activity, body)

    def _send(
        self, client: Any, action: str, activity: str, body: Mapping[str, Any], signed: bool = True
    ) -> dict[str, Any]:
        """Send a call once.

        Raises a CopyError, also if the answer is an error or missing, or if the login fails.
        """
        self._calls[action] += 1
        options = None if signed else {"SkipSign": True}
        try:
            answer = client.call_json(action, body, options=options)["Response"]
            error = answer.get("Error")
        except TencentCloudSDKException as raised:
            raise translated(raised, activity) from None
        except requests.RequestException as raised:
            # The SDK parses the answer outside its own error handling.
            raise Ambiguous(f"{activity}: {raised}", code=type(raised).__name__) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Ambiguous(f"{activity}: the response is incomplete or not valid") from None
        if error:
            # The SDK does not detect an error if the content type names a charset (api-facts: cbs-error-content-type).
            raise failure(error.get("Code"), error.get("Message"), activity, answer.get("RequestId"))
        return dict(answer)

    def _client(self, service: str, region: str) -> Any:
        if (service, region) not in self._clients:
            profile, credential = self._profile(service, region), self._credential(region)
            if service == "cbs":
                client = CbsClient(credential, region, profile)
            else:
                client = CommonClient(service, VERSIONS[service], credential, region, profile)
            client.request.send_request = self._with_dates(client.request.send_request)
            self._clients[service, region] = client
        return self._clients[service, region]

    def _with_dates(self, send: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def send_request(request: Any) -> Any:
            answer = send(request)
            self._on_date(answer.headers.get("Date"))
            return answer

        return send_request

    def _credential(self, region: str) -> Any:
        asked = region if region.endswith(FINANCE) else STS_REGION
        if asked not in self._credentials:
            self._credentials[asked] = credential_of(self._login, self._ask_sts, asked, self._timeouts[0])
        return self._credentials[asked]

    def _profile(self, service: str, region: str) -> Any:
        endpoint = self._endpoint or (FINANCE_ENDPOINT if region.endswith(FINANCE) else DEFAULT_ENDPOINT)
        scheme, _sign, host = endpoint.replace("{region}", region).rstrip("/").rpartition("://")
        if service != "cbs" and host.startswith("cbs."):
            host = f"{service}.{host[4:]}"
        http = HttpProfile(
            protocol=scheme or "https",
            endpoint=host,
            reqTimeout=self._timeouts,
            certification=None if self._params["validate_certs"] else False,
        )
        # The SDK does not accept a slash in this name (tencentcloud/common/profile/client_profile.py).
        return ClientProfile(httpProfile=http, language="en-US", request_client=f"{NAME}-{VERSION}")

    def _ask_sts(self, action: str, region: str, given: dict[str, Any], credential: Any) -> dict[str, Any]:
        """Request temporary keys. This changes nothing, so it is repeated after a lost answer."""
        activity = f"Assuming the role {given['RoleArn']}"
        client = CommonClient("sts", VERSIONS["sts"], credential, region, self._profile("sts", region))
        try:
            answer = self._send(client, action, activity, given, signed=credential is not None)
        except CopyError as error:
            kind = {Retry.NEVER: Credentials, Retry.LOOK_FIRST: Unreachable}.get(error.retry, type(error))
            refused = STS_HINT if credential else POD_HINT
            raise error.as_kind(kind, hint=refused if kind is Credentials else kind.usual_hint) from None
        if not isinstance(answer.get("Credentials"), dict) or not isinstance(answer.get("ExpiredTime"), int):
            raise Unreachable(f"{activity}: the response contains no credentials")
        return answer
