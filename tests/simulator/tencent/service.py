# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tencent Cloud's API 3.0: signatures, refusals and errors that its services share (api-facts: cbs-wire)."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any

from werkzeug.wrappers import Request, Response

from ..control import Control, ControlledApp
from ..state import AccountState

SECRET_ID, SECRET_KEY = "AKIDSimulatedKey0000000000000000001", "simulatedTencentSecretKey01234567"
KEYS = {"secret_id": SECRET_ID, "secret_key": SECRET_KEY}
ACCOUNT = "100000000001"
DEFAULTS: dict[str, Any] = {
    "quota": 1000,
    "tags_visible_after": 0.0,
    "deletes_after": 0.0,
    "disks_never_made_of": [],
    "disks_deleted_after": 1.0,
    "recycles": False,
    "refused_regions": {},
    "silent_regions": [],
    "untaggable": {},
    "deaf_tags": False,
    "ignores_tokens": False,
    "tag_values": None,
    "tag_keys": None,
    "tag_quota_in_answer": False,
    "deletes_tags_together": True,
    "groups_forget": False,
    "zone_hours": 8,
    "roles": {},
    "external_ids": {},
    "web_identities": {},
    "session_seconds": 7200,
    "keys": {SECRET_ID: {"secret": SECRET_KEY, "token": None}},
}
#: Errors have HTTP status 200. Only the gateway, which answers if no service does, uses another status.
CODES = {
    "unavailable": ("InternalError", "An internal error has occurred.", 500),
    "throttle": ("RequestLimitExceeded", "Your current request times equals to `21` in a second.", 200),
    "expire": ("AuthFailure.TokenFailure", "The token is invalid or has expired.", 200),
}
#: How long (seconds) Tencent accepts a request: five minutes.
VALID_SECONDS = 300
_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{4}-\d\d-\d\d)/(?P<service>[a-z]+)/tc3_request, "
    r"SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


#: The regions of CBS; calls to other regions are refused (api-facts: cbs-regions).
REGIONS = frozenset(
    [
        "ap-bangkok",
        "ap-beijing",
        "ap-beijing-fsi",
        "ap-chengdu",
        "ap-chongqing",
        "ap-guangzhou",
        "ap-hongkong",
        "ap-jakarta",
        "ap-mumbai",
        "ap-nanjing",
        "ap-seoul",
        "ap-shanghai",
        "ap-shanghai-fsi",
        "ap-shenzhen-fsi",
        "ap-singapore",
        "ap-tokyo",
        "eu-frankfurt",
        "na-ashburn",
        "na-siliconvalley",
        "na-toronto",
        "sa-saopaulo",
    ]
)


class ApiError(Exception):
    """An answer in Tencent's error form, with HTTP 200."""

    def __init__(self, code: str, message: str = "refused"):
        super().__init__(code)
        self.code, self.message = code, message


def signature(
    secret: str, service: str, timestamp: str, headers: Iterable[tuple[str, str]], body: bytes, method: str = "POST"
) -> str:
    """Sign (api-facts: cbs-wire). ``headers`` are the signed ones in their order, with names in lower case."""
    headers = list(headers)
    block = "".join(f"{name}:{value.strip().lower()}\n" for name, value in headers)
    names = ";".join(name for name, _value in headers)
    canonical = f"{method}\n/\n\n{block}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    date = _day_of(timestamp)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signed = f"TC3-HMAC-SHA256\n{timestamp}\n{date}/{service}/tc3_request\n{digest}"
    key = f"TC3{secret}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()


def _day_of(timestamp: str) -> str:
    return datetime.fromtimestamp(int(timestamp), timezone.utc).strftime("%Y-%m-%d")


class Api3Cloud:
    """Simulated services. Subclasses define actions with their service, version and parameter types."""

    #: By action: service, version, and the type of each parameter.
    actions: dict[str, tuple[str, str, dict[str, type]]]

    def __init__(self, clock: Any):
        self.clock = clock
        self.account = AccountState(clock)
        forget, finish = self.account.forget, self.account.finish
        self.control = Control(DEFAULTS, self._reset_state, self._make, self._truth, forget=forget, finish=finish)
        self.app = ControlledApp(
            self.control,
            self._serve,
            lambda request: request.headers.get("X-TC-Action", request.path),
            lambda request: request.headers.get("X-TC-Region", ""),
            self._refusal,
            _error,
            CODES,
            clock,
            {"charset": _with_charset, "no_result_set": _without_result_set, "no_snapshot_id": _without_snapshot_id},
        )

    def reset(self) -> None:
        self.control.reset()
        self._reset_state()

    def _reset_state(self) -> None:
        raise NotImplementedError

    def _make(self, things: list[dict[str, Any]]) -> list[str]:
        raise NotImplementedError

    def _truth(self) -> list[dict[str, Any]]:
        raise NotImplementedError

    def _refusal(self, request: Request) -> Response | None:
        try:
            self._authenticate(request)
        except ApiError as error:
            return _error(error.code, error.message)
        return None

    def _authenticate(self, request: Request) -> None:
        authorization = request.headers.get("Authorization", "")
        if authorization == "SKIP" and request.headers.get("X-TC-Action") == "AssumeRoleWithWebIdentity":
            return  # its token identifies the caller
        match = _AUTHORIZATION.fullmatch(authorization)
        if not match:
            raise ApiError("AuthFailure.InvalidAuthorization", "Authorization is not in the form that TC3 wants.")
        key = self.control.settings["keys"].get(match["key"])
        if key is None:
            raise ApiError("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
        timestamp = request.headers.get("X-TC-Timestamp", "")
        if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > VALID_SECONDS:
            raise ApiError("AuthFailure.SignatureExpire", "The signature has expired: the clock differs by 5 minutes.")
        has_expired = self.clock.monotonic() >= key.get("until", math.inf)
        if has_expired or (request.headers.get("X-TC-Token") or None) != key.get("token"):
            raise ApiError("AuthFailure.TokenFailure", "The token is invalid.")
        if not {"content-type", "host"} <= set(match["signed"].split(";")) or match["date"] != _day_of(timestamp):
            raise ApiError(
                "AuthFailure.SignatureFailure", "The signed headers or the date of Credential are not valid."
            )
        headers = [(name, request.headers.get(name, "")) for name in match["signed"].split(";")]
        wanted = signature(key["secret"], match["service"], timestamp, headers, request.get_data(), request.method)
        if wanted != match["signature"]:
            raise ApiError(
                "AuthFailure.SignatureFailure",
                "The provided credentials could not be validated. Please check your signature is correct.",
            )
        action = request.headers.get("X-TC-Action", "")
        if action in self.control.settings["denied"]:
            raise ApiError("AuthFailure.UnauthorizedOperation", f"You are not authorized to perform {action}.")
        service, version, _parameters = self.actions.get(action, ("", "", {}))
        if service != match["service"]:
            raise ApiError("InvalidAction", f"The action {action} does not exist.")
        if version != request.headers.get("X-TC-Version"):
            raise ApiError("NoSuchVersion", "The version does not exist.")
        region = request.headers.get("X-TC-Region")
        if not region:
            raise ApiError("MissingParameter", "The request is missing a required parameter `Region`.")
        if region not in REGIONS:
            raise ApiError("UnsupportedRegion", f"The region `{region}` is not supported.")

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        try:
            action = request.headers["X-TC-Action"]
            given = self._parameters(action, request)
        except ApiError as error:
            return _error(error.code, error.message)(environ, start_response)
        call: Callable[..., dict[str, Any]] = getattr(self, action)
        try:
            answer = _response(call(given, request.headers.get("X-TC-Region", "")))
        except ApiError as error:
            # Behind the gateway, CBS's messages begin with the end of the request ID (recorded: error_busy.json).
            prefixed = self.actions[action][0] == "cbs"
            answer = _error(error.code, error.message, prefixed=prefixed)
        return answer(environ, start_response)

    def _parameters(self, action: str, request: Request) -> dict[str, Any]:
        if request.headers.get("Content-Type") != "application/json":
            raise ApiError("InvalidRequest", "Content-Type must be application/json.")
        given = json.loads(request.get_data())
        known = self.actions[action][2]
        for name, value in given.items():
            if name not in known:
                raise ApiError("UnknownParameter", f"The parameter `{name}` is not recognized.")
            if not isinstance(value, known[name]) or (isinstance(value, bool) and known[name] is int):
                raise ApiError("InvalidParameter", f"The value type of parameter `{name}` is not valid.")
        return dict(given)


def required(given: dict[str, Any], name: str) -> Any:
    if given.get(name) in (None, "", []):
        raise ApiError("MissingParameter", f"The request is missing a required parameter `{name}`.")
    return given[name]


def page(given: dict[str, Any], found: list[Any]) -> list[Any]:
    """Return the part of a listing that Limit and Offset request."""
    limit, offset = given.get("Limit", 20), given.get("Offset", 0)
    if not 1 <= limit <= 100 or offset < 0:
        raise ApiError("InvalidParameterValue", "Limit must be 1 to 100, Offset at least 0.")
    return found[offset : offset + limit]


def _response(answer: dict[str, Any], status: int = 200, request_id: str | None = None) -> Response:
    body = json.dumps({"Response": {**answer, "RequestId": request_id or str(uuid.uuid4())}})
    return Response(body, status=status, content_type="application/json")


def _error(code: str, message: str, status: int = 200, prefixed: bool = False) -> Response:
    request_id = str(uuid.uuid4())
    message = f"({request_id.rpartition('-')[2]}){message}" if prefixed else message
    return _response({"Error": {"Code": code, "Message": message}}, status, request_id)


def _with_charset(answer: Response) -> Response:
    """Turn the answer into an error whose content type has a charset; SDKs treat it as a success."""
    failed = _error("InternalError", "An internal error has occurred.")
    return Response(failed.get_data(), content_type="application/json; charset=utf-8")


def _without_result_set(answer: Response) -> Response:
    body = json.loads(answer.get_data())["Response"]
    if "TotalCount" in body:  # with a count of 0, a listing without its list is valid (api-facts: null-listings)
        body["TotalCount"] = max(1, body["TotalCount"])
    return _response({key: value for key, value in body.items() if not key.endswith("Set")})


def _without_snapshot_id(answer: Response) -> Response:
    body = json.loads(answer.get_data())["Response"]
    items = [{k: v for k, v in item.items() if k != "SnapshotId"} for item in body.get("SnapshotCopyResultSet", ())]
    return _response({**body, "SnapshotCopyResultSet": items})
