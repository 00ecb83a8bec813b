# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources of credentials for Alibaba Cloud: the metadata service of an instance, STS, a custom address.

One application serves all of them and the service itself, so that it can be the proxy of a process: it dispatches by
the requested host. The simulated service accepts the credentials that it issues, until they are revoked.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from werkzeug.wrappers import Request, Response

from .service import RpcCloud, signature

METADATA = "100.100.100.200"
#: Any name works, because the proxy dispatches.
URI_HOST, STS_HOST, SERVICE_HOST = "credentials.example.com", "sts.example.com", "service.example.com"
ROLE = "acs:ram::1234567890123456:role/dr"
OIDC_TOKEN = "aSimulatedOidcToken.0123456789"


class LoginStandIn:
    """Issues temporary credentials for a simulated service; ``seconds`` is how long they claim to be valid."""

    def __init__(self, cloud: RpcCloud):
        self._cloud = cloud
        self.calls: Counter[str] = Counter()
        self.seconds = 3600
        self.external_id = ""
        self.refuses: tuple[str, str] | None = None
        #: Whether the metadata service requires a token, and the token that it issued.
        self.demands_token = True
        self._metadata_token = uuid.uuid4().hex
        #: The valid credentials, by the source that issued them.
        self.valid: dict[str, tuple[str, dict[str, Any]]] = {}
        self.sessions: list[dict[str, str]] = []

    def keys(self, of: str) -> dict[str, str]:
        """Issue the credentials that are valid now."""
        if of not in self.valid:
            facts = {"secret": uuid.uuid4().hex, "token": f"token{uuid.uuid4().hex}"}
            self.valid[of] = f"STS.{of}{uuid.uuid4().hex[:12]}", facts
            self._cloud.control.settings["keys"][self.valid[of][0]] = facts
        key, facts = self.valid[of]
        end = datetime.now(timezone.utc) + timedelta(seconds=self.seconds)
        return {
            "AccessKeyId": key,
            "AccessKeySecret": facts["secret"],
            "SecurityToken": facts["token"],
            "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def expire(self) -> None:
        """Revoke all credentials that were issued so far."""
        for key, _facts in self.valid.values():
            del self._cloud.control.settings["keys"][key]
        self.valid.clear()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        host = request.host.removeprefix("http://")  # the library sends an address of STS in this header unchanged
        given = request.args.to_dict()
        if host == METADATA:
            answer = self._metadata(request)
        elif host == URI_HOST:
            self.calls["CredentialsURI"] += 1
            answer = _json({"Code": "Success", **self.keys("uri")})
        elif given.get("Action", "").startswith("AssumeRole"):
            answer = self._sts(request, given)
        else:
            return self._cloud.app(environ, start_response)
        return answer(environ, start_response)

    def _metadata(self, request: Request) -> Response:
        self.calls[f"{request.method} metadata"] += 1
        if request.method == "PUT" and request.path == "/latest/api/token":
            return Response(self._metadata_token if self.demands_token else "", 200 if self.demands_token else 404)
        if self.demands_token and request.headers.get("X-aliyun-ecs-metadata-token") != self._metadata_token:
            return Response("Forbidden", 403)
        role = request.path.removeprefix("/latest/meta-data/ram/security-credentials/")
        if not role:
            return Response("dr-instance")
        if role != "dr-instance":
            return Response("Not Found", 404)
        return _json({"Code": "Success", "LastUpdated": "2026-11-21T00:00:00Z", **self.keys("instance")})

    def _sts(self, request: Request, given: dict[str, str]) -> Response:
        self.calls[given["Action"]] += 1
        if self.refuses:
            return self._refusal(*self.refuses)
        if given["Action"] == "AssumeRole":
            pair = self._cloud.control.settings["keys"].get(given["AccessKeyId"])
            if pair is None or (pair["token"] or None) != given.get("SecurityToken"):
                return self._refusal("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
            if signature(pair["secret"], request.method, given) != given["Signature"]:
                message = "Specified signature is not matched with our calculation. server string to sign is:"
                return self._refusal("SignatureDoesNotMatch", f"{message}GET&%2F&AccessKeyId%3D{given['AccessKeyId']}")
            if given.get("ExternalId", "") != self.external_id:
                return self._refusal("NoPermission", "You are not authorized to do this action.", 403)
        else:
            body = request.form.to_dict() or given
            if body.get("OIDCToken") != OIDC_TOKEN:
                return self._refusal("AuthenticationFail.OIDCToken.Invalid", "The OIDC token is invalid.")
            given = {**given, **body}
        self.sessions.append(given)
        return _json({"RequestId": str(uuid.uuid4()).upper(), "Credentials": self.keys("role")})

    def _refusal(self, code: str, message: str, status: int = 400) -> Response:
        body = {"RequestId": "9736ED45-A72D-5D19-8029-7B954391A6E0", "HostId": STS_HOST, "Code": code}
        return _json({**body, "Message": message}, status)


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status=status, content_type="application/json")
