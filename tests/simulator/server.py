# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serve a simulated cloud on loopback."""

from __future__ import annotations

import threading
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open and logs nothing. The only ``Date`` is the application's, by the cloud's clock."""

    protocol_version = "HTTP/1.1"

    def send_header(self, keyword: str, value: str) -> None:
        if keyword == "Date" and not self._date_sent:
            self._date_sent = True
            return
        super().send_header(keyword, value)

    def send_response(self, code: int, message: str | None = None) -> None:
        self._date_sent = False
        super().send_response(code, message)

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class Server:
    """An application on a port of 127.0.0.1, served by threads of this process."""

    def __init__(self, app: Any, port: int = 0):
        self._server = make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
