# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alibaba Cloud's RPC protocol: signatures, refusals and errors that ECS and ENS share (api-facts: alibaba-rpc)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Request, Response

from ..control import Control, ControlledApp
from ..state import AccountState, Disk, SimulatedSnapshot, SnapshotGroup, new_id
from . import acs3

ACCESS_KEY, SECRET_KEY = "LTAISimulatedKey00000001", "simulatedAlibabaSecretKey0123456789ab"
KEYS = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
DEFAULTS: dict[str, Any] = {
    "quota": 1000,
    # Whether ECS refuses to delete a snapshot while it is being copied (api-facts: ecs-delete).
    "copies_hold_sources": False,
    "disks_load_for": 0.0,
    "disks_deleted_after": 1.0,
    "system_disks": [],
    "refused_nodes": [],
    "all_refused_as": "error",
    "returned_ids": "snapshot",
    # Whether a copy shows its source (api-facts: ecs-source-fields, ens-source-fields).
    "shows_sources": True,
    # What ENS returns as TotalCount: items, pages, zero or nothing (api-facts: page-gaps).
    "counts": "items",
    # The largest page of ENS, even if more is requested (api-facts: ens-describe-limits).
    "page_cap": 50,
    "most_by_tag": 1000,
    "groups_forget": False,
    "keys": {ACCESS_KEY: {"secret": SECRET_KEY, "token": None}},
}
CODES = {
    "unavailable": ("ServiceUnavailable", "The request has failed due to a temporary failure of the server.", 503),
    "throttle": ("Throttling.User", "Request was denied due to user flow control.", 400),
    "expire": ("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.", 400),
}
SYSTEM = {
    "Action",
    "Version",
    "Format",
    "RegionId",
    "AccessKeyId",
    "SecurityToken",
    "Timestamp",
    "SignatureMethod",
    "SignatureType",
    "SignatureVersion",
    "SignatureNonce",
    "Signature",
}
#: How long (seconds) Alibaba accepts a request: fifteen minutes.
VALID_SECONDS = 900


class ApiError(Exception):
    """An answer in Alibaba's error form."""

    def __init__(self, code: str, message: str = "refused", status: int = 400):
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


def string_to_sign(method: str, parameters: dict[str, str]) -> str:
    canonical = "&".join(f"{_encoded(k)}={_encoded(v)}" for k, v in sorted(parameters.items()) if k != "Signature")
    return f"{method}&%2F&{_encoded(canonical)}"


def signature(secret: str, method: str, parameters: dict[str, str]) -> str:
    """Sign as the RPC protocol requires (api-facts: alibaba-rpc)."""
    digest = hmac.new(f"{secret}&".encode(), string_to_sign(method, parameters).encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _encoded(text: str) -> str:
    return quote(text, safe="~")


class RpcCloud:
    """A simulated service. Subclasses define its ``version``, the parameters of each action, and the answers."""

    version: str
    host: str
    product: str
    snapshot_prefix: str
    parameters: dict[str, set[str]]
    #: JSON arrays that are accepted as numbered parameters too.
    also_numbered: set[str] = set()

    def __init__(self, clock: Any):
        self.clock = clock
        self.account = AccountState(clock)
        self.control = Control(
            DEFAULTS,
            self._reset_state,
            self._make,
            self._truth,
            forget=self.account.forget,
            finish=self.account.finish,
        )
        self._nonces: set[str] = set()
        self.tokens: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self.app = ControlledApp(self.control, self._serve, _action, _region, self._refusal, self._error, CODES, clock)

    def reset(self) -> None:
        self.control.reset()
        self._reset_state()

    def _reset_state(self) -> None:
        self.account.clear()
        self._nonces.clear()
        self.tokens.clear()

    def _make(self, things: list[dict[str, Any]]) -> list[str]:
        """Make disks and complete snapshots from dicts of their fields; ``kind`` says which of the two."""
        ids = []
        for thing in things:
            facts = {key: value for key, value in thing.items() if key != "kind"}
            if thing["kind"] == "disk":
                made = self.account.add(Disk(new_id("d-"), **facts))
            elif thing["kind"] == "group":
                made = self.account.add(SnapshotGroup(new_id("ssg-"), **facts))
            else:
                made = self.account.add(
                    SimulatedSnapshot(new_id(self.snapshot_prefix), created=self.clock.utc(), **facts)
                )
            ids.append(made.id)
        return ids

    def _truth(self) -> list[dict[str, Any]]:
        """Return the true state of every snapshot."""
        now = self.clock.monotonic()
        kept = (s for snapshots in self.account.snapshots.values() for s in snapshots.values())
        return [
            {"phase": s.phase(now), **{k: v for k, v in vars(s).items() if k not in ("created", "lock")}} for s in kept
        ]

    def _error(self, code: str, message: str, status: int) -> Response:
        help_page = f"https://next.api.aliyun.com/troubleshoot?q={code}&product={self.product}"
        body = {
            "RequestId": _request_id(),
            "HostId": self.host,
            "Code": code,
            "Message": message,
            "Recommend": help_page,
        }
        return Response(json.dumps(body), status=status, content_type="application/json;charset=utf-8")

    def _refusal(self, request: Request) -> Response | None:
        try:
            self._authenticate(request)
        except ApiError as error:
            return self._error(error.code, error.message, error.status)
        return None

    def _authenticate(self, request: Request) -> None:
        given = _given(request)
        key = self.control.settings["keys"].get(given.get("AccessKeyId", ""))
        if key is None:
            raise ApiError("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
        if (given.get("SecurityToken") or None) != key.get("token"):
            raise ApiError("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
        if given.get("Timestamp") is None:
            raise ApiError("IllegalTimestamp", "Timestamp missing")
        stamp = datetime.strptime(given["Timestamp"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        if abs((datetime.now(timezone.utc) - stamp).total_seconds()) > VALID_SECONDS:
            raise ApiError("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
        if given.get("SignatureNonce") in self._nonces:
            raise ApiError("SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces.add(given.get("SignatureNonce", ""))
        is_newer = "Authorization" in request.headers
        wanted = acs3.signature(key["secret"], request) if is_newer else signature(key["secret"], request.method, given)
        if wanted != given.get("Signature"):
            signed = string_to_sign(request.method, given)
            message = f"Specified signature is not matched with our calculation. server string to sign is:{signed}"
            raise ApiError("SignatureDoesNotMatch", message)
        if given.get("Action") in self.control.settings["denied"]:
            raise ApiError("Forbidden.RAM", "User not authorized to operate on the specified resource.", 403)

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        given = _given(request)
        try:
            body = {"RequestId": _request_id(), **self._answer(given)}
            answer = Response(json.dumps(body), content_type="application/json;charset=utf-8")
        except ApiError as error:
            answer = self._error(error.code, error.message, error.status)
        return answer(environ, start_response)

    def _answer(self, given: dict[str, str]) -> dict[str, Any]:
        action = given.get("Action", "")
        if given.get("Version") != self.version or action not in self.parameters:
            raise ApiError(
                "InvalidAction.NotFound", "Specified api is not found, please check your url and method.", 404
            )
        business = {key: value for key, value in given.items() if key not in SYSTEM}
        for key in business:
            known = key.split(".")[0] + (".N" if "." in key else "")
            if known not in self.parameters[action] and known.removesuffix(".N") not in self.also_numbered:
                raise ApiError("InvalidParameter", f"The parameter {key} does not exist for {action}.")
        answer: Callable[..., dict[str, Any]] = getattr(self, action)
        return answer(business, given.get("RegionId", ""))


def _given(request: Request) -> dict[str, str]:
    """Return the parameters of a call, read only once."""
    if "simulator.given" not in request.environ:
        given = {**request.args.to_dict(), **request.form.to_dict(), **acs3.system_parameters(request)}
        request.environ["simulator.given"] = given
    parameters: dict[str, str] = request.environ["simulator.given"]
    return parameters


def _action(request: Request) -> str:
    return _given(request).get("Action", request.path)


def _region(request: Request) -> str:
    given = _given(request)
    return given.get("EnsRegionId") or given.get("RegionId", "")


def _request_id() -> str:
    return str(uuid.uuid4()).upper()


def required(given: dict[str, str], name: str) -> str:
    if not given.get(name):
        raise ApiError(
            f"MissingParameter.{name}",
            f'The input parameter "{name}" that is mandatory for processing this request is not supplied.',
        )
    return given[name]


def json_list(given: dict[str, str], name: str, most: int, code: str) -> list[str] | None:
    """Parse a list that must be a JSON array in one string."""
    if name not in given:
        return None
    try:
        values = json.loads(given[name])
    except ValueError:
        raise ApiError(code, f"The specified parameter {name} is not valid.") from None
    if not isinstance(values, list) or len(values) > most:
        raise ApiError(code, f"The specified parameter {name} is not valid.")
    return [str(value) for value in values]


def one_of(given: dict[str, str], name: str, values: tuple[str, ...], code: str) -> str:
    """Parse a word that must be one of these, in any case; the default is the first one."""
    word = given.get(name, values[0])
    if word.lower() not in [value.lower() for value in values]:
        raise ApiError(code, f"The specified parameter {name} is not valid.", 404)
    return word


def parse_int(given: dict[str, str], name: str, default: int, least: int, most: int) -> int:
    text = given.get(name, str(default))
    if not text.isdigit() or not least <= int(text) <= most:
        raise ApiError(f"Invalid{name}", f"The specified parameter {name} is not valid.")
    return int(text)


def parse_bool(given: dict[str, str], name: str) -> bool:
    text = given.get(name, "false")
    if text.lower() not in ("true", "false"):
        raise ApiError(f"Invalid{name}", f"The specified parameter {name} is not valid.")
    return text.lower() == "true"
