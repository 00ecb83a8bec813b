# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Alibaba Cloud's newer signature, ACS3-HMAC-SHA256, which its newer SDKs send (api-facts: alibaba-acs3)."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote

from werkzeug.wrappers import Request

_HEADER = re.compile(
    r"ACS3-HMAC-SHA256 Credential=(?P<key>[^,]+),SignedHeaders=(?P<signed>[^,]+),Signature=(?P<signature>[0-9a-f]{64})"
)
#: Maps each header of the newer protocol to the parameter that has the same value in the older one.
HEADERS = {
    "Action": "x-acs-action",
    "Version": "x-acs-version",
    "Timestamp": "x-acs-date",
    "SignatureNonce": "x-acs-signature-nonce",
    "SecurityToken": "x-acs-security-token",
}


def system_parameters(request: Request) -> dict[str, str]:
    """Return the headers of a request under the parameter names of the older protocol; empty for an older request."""
    match = _HEADER.fullmatch(request.headers.get("Authorization", ""))
    if not match:
        return {}
    said = {name: request.headers[header] for name, header in HEADERS.items() if header in request.headers}
    return {**said, "AccessKeyId": match["key"], "Signature": match["signature"]}


def signature(secret: str, request: Request) -> str:
    """Sign a request over the headers that it lists as signed."""
    match = _HEADER.fullmatch(request.headers["Authorization"])
    assert match
    names = match["signed"].split(";")
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(request.args.items()))
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    digest = hashlib.sha256(request.get_data()).hexdigest()
    canonical = "\n".join([request.method, request.path, query, headers, match["signed"], digest])
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="~")
