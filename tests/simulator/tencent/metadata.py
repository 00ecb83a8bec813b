# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for Tencent Cloud's metadata service, metadata.tencentyun.com, as the SDK's CVMRoleCredential calls it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

PATH = "/latest/meta-data/cam/security-credentials/"


class Metadata:
    """Serves the keys of one role; ``issue`` makes them.

    ``mode``: "ok", "failed" (a code other than success), or "hang".
    """

    def __init__(self, role: str, issue: Callable[[], dict[str, str]], seconds: Callable[[], float]):
        self.role, self._issue, self._seconds = role, issue, seconds
        self.mode = "ok"
        self.asked: list[str] = []
        self.over = threading.Event()

    def app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        if self.mode == "hang":
            self.over.wait(60)
        if request.path == PATH:
            return Response(self.role)
        if request.path != PATH + self.role:
            return Response("", status=404)
        if self.mode == "failed":
            return Response(json.dumps({"Code": "InternalError"}))
        expires = int(time.time() + self._seconds())
        answer = {**self._issue(), "ExpiredTime": expires, "Expiration": "", "Code": "Success"}
        return Response(json.dumps(answer))
