# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the SDKs' HTTP requests to a simulated cloud without a socket.

A call is served in the thread that makes it, so the caller determines the order of calls. The SDK's own read timeout
runs on the cloud's clock: for a later answer the SDK gets a TimeoutError, although the work was done.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import math
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

from werkzeug.test import run_wsgi_app

#: The key of the WSGI environment that says how many seconds the client waits.
PATIENCE = "simulator.patience"


class Line:
    """Stands in for a socket: takes one request, gives one answer."""

    def __init__(self, app: Callable[..., Any], origin: str):
        self._app = app
        self._origin = urlsplit(origin)
        self._sent = bytearray()
        self._patience: float | None = None

    def sendall(self, data: bytes) -> None:
        self._sent += data

    def settimeout(self, seconds: float | None) -> None:
        self._patience = seconds

    def setsockopt(self, *_options: Any) -> None:
        pass

    def shutdown(self, _how: int) -> None:
        pass

    def close(self) -> None:
        pass

    def makefile(self, _mode: str, *_arguments: Any) -> io.BytesIO:
        return _Answer(self.answer)

    def answer(self) -> bytes:
        """Let the cloud answer. Empty if the connection was closed."""
        try:
            body, status, headers = run_wsgi_app(self._app, self._environment(), buffered=True)
        except ConnectionError:
            return b""
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "Connection: close"]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + b"".join(body)

    def _environment(self) -> dict[str, Any]:
        head, _empty, body = bytes(self._sent).partition(b"\r\n\r\n")
        first, _end, rest = head.partition(b"\r\n")
        method, target, _version = first.decode("latin-1").split(" ", 2)
        headers = _headers(rest.split(b"\r\n"))
        path, _sign, query = target.partition("?")
        given = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        return {
            **given,
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "RAW_URI": target,
            "SERVER_NAME": self._origin.hostname,
            "SERVER_PORT": str(self._origin.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_TYPE": headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            PATIENCE: math.inf if self._patience is None else self._patience,
        }


class _Answer(io.BytesIO):
    """The answer, which the cloud serves when the client reads the first line."""

    def __init__(self, answer: Callable[[], bytes]):
        super().__init__()
        self._answer: Callable[[], bytes] | None = answer

    def readline(self, *size: Any) -> bytes:
        if self._answer:
            answer, self._answer = self._answer, None
            self.write(answer())
            self.seek(0)
        return super().readline(*size)


def _headers(lines: list[bytes]) -> http.client.HTTPMessage:
    """Parse headers as http.client does, but without the e-mail parser, which takes a tenth of a call's time."""
    message = http.client.HTTPMessage()
    for name, _colon, value in (line.decode("latin-1").partition(":") for line in lines):
        message[name] = value.strip()
    return message


def _parse_headers(file: Any, *_arguments: Any) -> http.client.HTTPMessage:
    return _headers(list(iter(lambda: file.readline().rstrip(b"\r\n"), b"")))


@contextlib.contextmanager
def wired(app: Callable[..., Any], origin: str, before_each: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let ``app`` serve every request to ``origin``. ``before_each`` is called before the first byte would be sent."""
    place = urlsplit(origin)
    real = http.client.HTTPConnection.send

    def send(connection: Any, data: Any) -> Any:
        if connection.sock is None and (connection.host, connection.port) == (place.hostname, place.port):
            before_each()
            connection.sock = Line(app, origin)
            connection.sock.settimeout(connection.timeout if isinstance(connection.timeout, (int, float)) else None)
        return real(connection, data)

    with (
        mock.patch.object(http.client.HTTPConnection, "send", send),
        mock.patch.object(http.client, "parse_headers", _parse_headers),
    ):
        yield
