# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verifies AWS Signature Version 4 with botocore's own signer."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.wrappers import Request

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)
#: How long (seconds) AWS accepts a request: five minutes.
VALID_SECONDS = 300


def refusal(request: Request, keys: dict[str, dict[str, Any]], now: float) -> tuple[str, str, int] | None:
    """Return the code, message and HTTP status with which AWS refuses a request, or None; ``now`` is by the cloud's
    clock.
    """
    match = _HEADER.fullmatch(request.headers.get("Authorization", ""))
    if not match:
        return "MissingAuthenticationToken", "Request is missing Authentication Token", 403
    key = keys.get(match["key"])
    if key is None:
        return "AuthFailure", "AWS was not able to validate the provided access credentials", 401
    if key.get("expired") or key.get("ends", now) < now:
        return "RequestExpired", "Request has expired.", 400
    stamp = request.headers.get("X-Amz-Date", "")
    age = datetime.now(timezone.utc) - datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    if abs(age.total_seconds()) > VALID_SECONDS:
        return "RequestExpired", "Request has expired.", 400
    if (request.headers.get("X-Amz-Security-Token") or None) != key.get("token"):
        return "AuthFailure", "AWS was not able to validate the provided access credentials", 401
    if _signature(request, match, key["secret"], stamp) != match["signature"]:
        return "AuthFailure", "AWS was not able to validate the provided access credentials", 401
    return None


def key_of(authorization: str) -> str:
    """Return the access key that signed the request."""
    match = _HEADER.fullmatch(authorization)
    return match["key"] if match else ""


def service_of(authorization: str) -> str:
    """Return the service that the request was signed for."""
    match = _HEADER.fullmatch(authorization)
    return match["service"] if match else ""


def region_of(request: Request) -> str:
    """Return the region that the request was signed for."""
    match = _HEADER.fullmatch(request.headers.get("Authorization", ""))
    return match["region"] if match else ""


def _signature(request: Request, match: re.Match[str], secret: str, stamp: str) -> str:
    signer = SigV4Auth(Credentials(match["key"], secret), match["service"], match["region"])
    query = request.query_string.decode()  # as it was sent: request.url is partly decoded
    signed = AWSRequest(
        request.method,
        f"{request.base_url}?{query}" if query else request.base_url,
        headers={name: request.headers[name] for name in match["signed"].split(";")},
        data=request.get_data(),
    )
    signed.context["timestamp"] = stamp
    return str(signer.signature(signer.string_to_sign(signed, signer.canonical_request(signed)), signed))
