# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a test can tell a simulated cloud over HTTP, and what it counts.

Under ``/_simulator/``: POST ``settings`` (merged into those in force), POST ``faults`` (replaces them), POST ``reset``,
GET ``calls`` (how often each action was called), GET ``log`` (each call in order). Where the cloud is our own: POST
``make`` (disks and snapshots), GET ``truth`` (every snapshot).

A fault is ``{"action": "CopySnapshot", "fault": KIND}``, may name a ``region``, and says when by one of ``every`` (each Nth call), ``nth`` (these
calls, from 1), ``share`` (this share of the calls, drawn with a fixed seed) or ``times`` (the first calls); none means always.
"""

from __future__ import annotations

import json
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

#: What can happen to a call. The first three happen after the work was done, so that its effect stays.
AFTER = {"lose_answer", "broken_answer", "error_after", "garbage", "kill_after"}
#: What only Tencent's services do to an answer, after the work was done (contract D.4).
TENCENT = {"charset", "no_result_set", "no_snapshot_id"}
KINDS = AFTER | TENCENT | {"drop", "kill_before", "unavailable", "empty_unavailable", "throttle", "refuse", "expire"}


class Control:
    """Settings, faults and counts of one simulated cloud."""

    def __init__(
        self,
        defaults: dict[str, Any],
        reset_state: Callable[[], None],
        make: Callable[[list[dict[str, Any]]], list[str]] | None = None,
        truth: Callable[[], list[dict[str, Any]]] | None = None,
    ):
        self._defaults = defaults
        self._reset_state = reset_state
        self._make = make
        self._truth = truth
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self.settings: dict[str, Any] = json.loads(json.dumps(self._defaults))
            self.faults: list[dict[str, Any]] = []
            self.calls: Counter[str] = Counter()
            self.log: list[str] = []
            #: When each call came, on the cloud's monotonic clock.
            self.times: list[tuple[str, float]] = []
            #: Takes the place of the faults where it is set: from action and region to a fault, or None.
            self.weather: Callable[[str, str], dict[str, Any] | None] | None = None
            #: Changes the body of an answer, where it is set: from action, body and content type to a body.
            self.spoil: Callable[[str, bytes, str], bytes] | None = None
            #: Set where the client is to be dead from now on.
            self.killed = threading.Event()
            self._moments: dict[str, list[float]] = {}

    def set_faults(self, faults: list[dict[str, Any]]) -> None:
        """Replace the faults. Raises ValueError for a kind that is none."""
        for fault in faults:
            if fault["fault"] not in KINDS:
                raise ValueError(f"no such fault: {fault['fault']}")
        with self._lock:
            self.faults = [{**fault, "seen": 0, "random": random.Random(fault.get("seed", 7))} for fault in faults]

    def count(self, action: str, now: float) -> None:
        with self._lock:
            self.calls[action] += 1
            self.log.append(action)
            self.times.append((action, now))

    def too_fast(self, action: str, now: float) -> bool:
        """Whether an action was called more often within a second than the setting ``rate_limit`` allows (0: no limit)."""
        limit = self.settings["rate_limit"]
        with self._lock:
            recent = [moment for moment in self._moments.get(action, ()) if now - moment < 1.0]
            allowed = not limit or len(recent) < limit
            self._moments[action] = [*recent, now] if allowed else recent
            return not allowed

    def fault_of(self, action: str, region: str) -> dict[str, Any] | None:
        """Return what is to happen to this call, if anything."""
        if self.weather:
            return self.weather(action, region)
        with self._lock:
            for fault in self.faults:
                if fault.get("action", "*") in ("*", action) and fault.get("region", region) == region:
                    fault["seen"] += 1
                    if _hits(fault):
                        return fault
        return None

    def answer(self, request: Request) -> Response | None:
        """Serve a request of a test, or return None where it is not one."""
        if not request.path.startswith("/_simulator/"):
            return None
        what = request.path.rsplit("/", 1)[1]
        if request.method == "POST":
            body = json.loads(request.get_data() or b"null")
            if what == "settings":
                unknown = set(body) - set(self._defaults)
                if unknown:
                    return Response(f"no such settings: {sorted(unknown)}", status=400)
                self.settings.update(body)
            elif what == "faults":
                self.set_faults(body)
            elif what == "reset":
                self.reset()
                self._reset_state()
            elif what == "make" and self._make:
                return Response(json.dumps(self._make(body)), content_type="application/json")
        if what == "truth" and self._truth:
            return Response(json.dumps(self._truth()), content_type="application/json")
        shown = {"calls": dict(self.calls), "log": self.log, "settings": self.settings}.get(what, {})
        return Response(json.dumps(shown), content_type="application/json")


def _hits(fault: dict[str, Any]) -> bool:
    seen = fault["seen"]
    if "every" in fault:
        return bool(seen % fault["every"] == 0)
    if "nth" in fault:
        return seen in fault["nth"]
    if "share" in fault:
        return bool(fault["random"].random() < fault["share"])
    return bool(seen <= fault["times"]) if "times" in fault else True


def drop_connection(environ: dict[str, Any]) -> None:
    """Cut the connection, so that the client gets no answer."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("cut by the simulator")


class ControlledApp:
    """A WSGI application around a cloud: checks who calls, applies faults, counts."""

    def __init__(
        self,
        control: Control,
        cloud: Callable[..., Iterable[bytes]],
        action_of: Callable[[Request], str],
        region_of: Callable[[Request], str],
        refusal_of: Callable[[Request], Response | None],
        error: Callable[[str, str, int], Response],
        codes: dict[str, tuple[str, str, int]],
        clock: Any,
        spoilers: dict[str, Callable[[Response], Response]] | None = None,
    ):
        self._control = control
        self._spoilers = spoilers or {}
        self._cloud = cloud
        self._action_of = action_of
        self._region_of = region_of
        self._refusal_of = refusal_of
        self._error = error
        self._codes = codes
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)
        answer = self._control.answer(request)
        if answer is None:
            action = self._action_of(request)
            self._control.count(action, self._clock.monotonic())
            if self._control.settings["latency"]:
                self._clock.sleep(self._control.settings["latency"])
            answer = self._refusal_of(request) or self._with_faults(request, environ, action)
        return answer(environ, start_response)

    def _with_faults(self, request: Request, environ: dict[str, Any], action: str) -> Response:
        fault = self._control.fault_of(action, self._region_of(request))
        kind = fault["fault"] if fault else None
        if self._control.too_fast(action, self._clock.monotonic()):
            kind = "throttle"
        if kind in ("kill_before", "kill_after"):
            self._control.killed.set()
        if kind in ("drop", "kill_before"):
            drop_connection(environ)
        if kind == "empty_unavailable":
            return Response(b"", status=503)
        if kind is not None and kind in self._codes:
            return self._error(*self._codes[kind])
        if kind == "refuse" and fault is not None:
            return self._error(fault["code"], fault.get("message", "refused"), fault.get("status", 400))
        with self._one_at_a_time:
            answer = Response.from_app(self._cloud, _fresh(request), buffered=True)
        if self._control.spoil:
            spoilt = self._control.spoil(action, answer.get_data(), answer.content_type or "")
            return Response(spoilt, status=answer.status_code, content_type=answer.content_type)
        if kind in ("lose_answer", "kill_after"):
            drop_connection(environ)
        if kind == "garbage":
            return Response("<html>It works!</html>", content_type="text/html")
        if kind == "broken_answer":
            return Response(answer.get_data()[: len(answer.get_data()) // 2], status=200, headers=answer.headers)
        if kind in self._spoilers:
            return self._spoilers[kind](answer)
        if kind == "error_after":
            return self._error(*self._codes["unavailable"])
        return answer


def _fresh(request: Request) -> dict[str, Any]:
    """Return the request's environment with its body to be read once more."""
    from io import BytesIO

    return {**request.environ, "wsgi.input": BytesIO(request.get_data()), "werkzeug.request": None}
