# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests in the wire format of Tencent Cloud, which no SDK made."""

from __future__ import annotations

import json
import time
import urllib.request

from tests.simulator.tencent.service import SECRET_ID, SECRET_KEY, signature


def call(estate, action, region="ap-guangzhou", key=SECRET_ID, secret=SECRET_KEY, age=0, token=None, **given):
    """Send a request in the wire format; return the answer, or the error's code."""
    service, version = ("tag", "2018-08-13") if "TagRes" in action else ("cbs", "2017-03-12")
    body, stamp, host = json.dumps(given).encode(), str(int(time.time()) - age), estate.url.removeprefix("http://")
    signed = signature(secret, service, stamp, [("content-type", "application/json"), ("host", host)], body)
    date = time.strftime("%Y-%m-%d", time.gmtime(int(stamp)))
    headers = {
        "Content-Type": "application/json",
        "X-TC-Action": action,
        "X-TC-Version": version,
        "X-TC-Region": region,
        "X-TC-Timestamp": stamp,
        "Authorization": f"TC3-HMAC-SHA256 Credential={key}/{date}/{service}/tc3_request, "
        f"SignedHeaders=content-type;host, Signature={signed}",
        **({"X-TC-Token": token} if token else {}),
    }
    request = urllib.request.Request(estate.url, body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=900) as answer:
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
        answer = json.loads(answer.read())["Response"]
    assert answer["RequestId"]
    return answer["Error"]["Code"] if "Error" in answer else answer
