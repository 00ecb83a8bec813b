# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sends the SDKs' HTTP requests to a simulated cloud without a socket.

A call is served in the thread that makes it, so the caller determines the order of calls, and a test takes less time
than with sockets. The SDK's own read timeout runs on the cloud's clock: for a later answer the SDK gets a TimeoutError,
although the work was done.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest import mock
from urllib.parse import unquote, urlsplit

from werkzeug.test import run_wsgi_app

#: The key of the WSGI environment that says how many seconds the client waits.
PATIENCE = "simulator.patience"


class Line:
    """Stands in for a socket: takes one request, gives one answer."""

    def __init__(self, app: Callable[..., Any], origin: str, times_out: bool, is_cut: Callable[[], bool]):
        self._app = app
        self.is_cut = is_cut
        self._origin = urlsplit(origin)
        self._sent = bytearray()
        self._times_out = times_out
        self._patience = math.inf

    def sendall(self, data: bytes) -> None:
        self._sent += data

    def settimeout(self, seconds: float | None) -> None:
        if self._times_out and isinstance(seconds, (int, float)):
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
            PATIENCE: self._patience,
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


def _parse_headers(file: Any, *_arguments: Any, **_named: Any) -> http.client.HTTPMessage:
    return _headers(list(iter(lambda: file.readline().rstrip(b"\r\n"), b"")))


@contextlib.contextmanager
def wired(
    apps: Mapping[str, Callable[..., Any]], before_each: Callable[[], None] = lambda: None, times_out: bool = True
) -> Iterator[None]:
    """Let each application serve every request to its origin; others may be added meanwhile.

    ``before_each`` is called before the first byte would be sent. Without ``times_out`` the SDK waits for ever.
    """
    real, is_over = http.client.HTTPConnection.send, threading.Event()

    def send(connection: Any, data: Any) -> Any:
        origin = f"http://{connection.host}:{connection.port}"
        # A client may have kept a connection of an earlier context.
        is_new = connection.sock is None or (isinstance(connection.sock, Line) and connection.sock.is_cut())
        if is_new and origin in apps:
            before_each()
            connection.sock = Line(apps[origin], origin, times_out, is_over.is_set)
            connection.sock.settimeout(connection.timeout)
        return real(connection, data)

    with (
        mock.patch.object(http.client.HTTPConnection, "send", send),
        mock.patch.object(http.client, "parse_headers", _parse_headers),
    ):
        try:
            yield
        finally:
            is_over.set()
