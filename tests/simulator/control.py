# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controls a simulated cloud over HTTP: settings, faults and counts of calls.

Paths under ``/_simulator/``:

- POST ``settings``: merged into the current settings
- POST ``faults``: replaces the faults
- POST ``reset``
- POST ``finish``: copies in progress are complete after ``seconds`` more
- GET ``calls``: how often each action was called
- GET ``log``: all calls in order
- POST ``make`` (disks and snapshots) and GET ``truth`` (every snapshot), except on EC2
- POST ``fill``, on EC2: an account of realistic size (``disks``, ``snapshots``, ``copies``, ``due``, ``source_region``,
  ``destination_region``)

A fault is ``{"action": "CopySnapshot", "fault": KIND}``, optionally with a ``region``. One of these keys says when it
happens: ``every`` (each Nth call), ``nth`` (these calls, from 1), ``share`` (this share of the calls, drawn with a
fixed seed) or ``times`` (the first calls). Without any of them it always happens. ``KINDS`` lists the kinds.
``refuse`` needs the ``code`` of the error, and takes a ``message`` and an HTTP ``status``.
"""

from __future__ import annotations

import json
import math
import random
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.http import http_date
from werkzeug.wrappers import Request, Response

from .wire import PATIENCE

#: The kinds of faults. The first ones happen after the work was done, so its effect remains.
AFTER = {"lose_answer", "broken_answer", "error_after", "garbage"}
#: Faults of the answer that only some services have, after the work was done (api-facts: cbs-error-content-type,
#: optional-members).
SPOILED = {"charset", "no_result_set", "no_snapshot_id"}
KINDS = AFTER | SPOILED | {"drop", "unavailable", "empty_unavailable", "throttle", "refuse", "expire"}
#: After these a client cannot know whether the work was done.
UNSURE = AFTER | SPOILED | {"drop", "unavailable", "empty_unavailable"}
#: Settings of every cloud. ``latency``: the seconds of a call before its work is done. ``latencies``: the minimum and
#: maximum from which these seconds are drawn for each call; part of them passes before the work, part after it.
#: ``vanish``: snapshots, by ID, that somebody deletes when a region is called. ``copy_seconds_of``, ``fail_copies_of``,
#: ``disk_seconds_of``: by the ID of the source.
SETTINGS: dict[str, Any] = {
    "latency": 0.0,
    "latencies": [0.0, 0.0],
    "rate_limit": 0,
    "denied": [],
    "vanish": {},
    "visible_after": 0.0,
    "copy_seconds": 2.0,
    "copy_seconds_of": {},
    "fail_copies_of": {},
    "fails_after": 1.0,
    "in_use": [],
    "snapshot_limit": 100000,
    "disk_seconds": 2.0,
    "disk_seconds_of": {},
    "disk_quota": 1000,
    "instances": {},
    "attach_seconds": 2.0,
    "detach_seconds": 2.0,
}
_CODE = re.compile(rb'"Code": ?"([^"]+)"|<Code>([^<]+)</Code>')


@dataclass
class Call:
    """One call as the server saw it. Times are on its monotonic clock; NaN for none."""

    number: int
    action: str
    region: str
    given: dict[str, Any]
    started: float
    #: The caller, if a test distinguishes callers.
    by: str = ""
    fault: str | None = None
    applied_at: float = math.nan
    ended: float = math.nan
    status: int = 0
    #: The error code of the answer.
    code: str = ""
    #: Whether the client cannot know the result.
    lost: bool = False
    #: The snapshots that it changed, as recorded by the history: region and ID.
    changed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """Whether the client got a successful answer."""
        return self.status == 200 and not self.code and not self.lost


class Watch:
    """Observes each call, and decides which fault it gets."""

    def on_call(self, call: Call) -> str | None:
        """Return the fault for a call, or None."""
        return None

    def on_applied(self, call: Call) -> None:
        """Called when the work of a call is done, before its answer is sent."""


class Control:
    """Settings, faults and counts of one simulated cloud."""

    def __init__(
        self,
        defaults: dict[str, Any],
        reset_state: Callable[[], None],
        make: Callable[[list[dict[str, Any]]], list[str]] | None = None,
        truth: Callable[[], list[dict[str, Any]]] | None = None,
        fill: Callable[..., None] | None = None,
        forget: Callable[[str], None] | None = None,
        finish: Callable[[float], None] | None = None,
    ):
        self._defaults = {**SETTINGS, **defaults}
        self._reset_state = reset_state
        self._make = make
        self._truth = truth
        self._fill = fill
        self._forget = forget
        self._finish = finish
        self._lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self.settings: dict[str, Any] = json.loads(json.dumps(self._defaults))
            self.faults: list[dict[str, Any]] = []
            self.calls: Counter[str] = Counter()
            self.log: list[str] = []
            #: The user agents of the callers.
            self.agents: set[str] = set()
            #: When each call arrived, on the cloud's monotonic clock.
            self.times: list[tuple[str, float]] = []
            #: If set, it replaces the faults and observes each call; only then are calls recorded.
            self.watch: Watch | None = None
            self.recorded_calls: list[Call] = []
            self._latency = random.Random(0)
            #: If set, it replaces the faults: a function from action and region to a fault, or None.
            self.script: Callable[[str, str], dict[str, Any] | None] | None = None
            #: If set, it changes the body of an answer: a function from action, body and content type to a body.
            self.corrupt: Callable[[str, bytes, str], bytes] | None = None
            #: If set, it changes a successful answer in place, including its headers.
            self.trim: Callable[[str, Response], None] | None = None
            self._moments: dict[str, list[float]] = {}
            #: By action and region: the remaining budget, and when it was computed.
            self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def set_faults(self, faults: list[dict[str, Any]]) -> None:
        """Replace the faults. Raises ValueError for an unknown kind, and for a refusal without its code."""
        for fault in faults:
            if fault.get("fault") not in KINDS:
                raise ValueError(f"no such fault: {fault.get('fault')}; one of {', '.join(sorted(KINDS))}")
            if fault["fault"] == "refuse" and "code" not in fault:
                raise ValueError("a fault that refuses needs the code of the error")
        with self._lock:
            self.faults = [{**fault, "seen": 0, "random": random.Random(fault.get("seed", 7))} for fault in faults]

    def count(self, action: str, now: float) -> None:
        with self._lock:
            self.calls[action] += 1
            self.log.append(action)
            self.times.append((action, now))

    def vanish(self, region: str) -> None:
        """Delete the snapshots that the setting ``vanish`` names for a call to a region."""
        with self._lock:
            for snapshot_id, with_call_to in list(self.settings["vanish"].items()):
                if region == with_call_to and self._forget:
                    self._forget(snapshot_id)
                    del self.settings["vanish"][snapshot_id]

    def is_over_rate_limit(self, action: str, now: float) -> bool:
        """Whether an action is called more often a second than the setting ``rate_limit`` allows (0: no limit)."""
        limit = self.settings["rate_limit"]
        with self._lock:
            recent = [moment for moment in self._moments.get(action, ()) if now - moment < 1.0]
            allowed = not limit or len(recent) < limit
            self._moments[action] = [*recent, now] if allowed else recent
            return not allowed

    def is_budget_used_up(self, action: str, region: str, now: float) -> bool:
        """Whether the budget of an action in a region is used up; a refused call uses none of it.

        The setting ``budgets`` has, by action, the size of a bucket and how much of it is refilled each second.
        """
        size, refill = self.settings.get("budgets", {}).get(action, (0, 0))
        if not size:
            return False
        with self._lock:
            left, since = self._left.get((action, region), (size, now))
            left = min(size, left + (now - since) * refill)
            self._left[action, region] = (left - (left >= 1), now)
            return left < 1

    def latency(self) -> tuple[float, float]:
        """Return the seconds that a call takes before and after its work."""
        least, most = self.settings["latencies"]
        drawn = self._latency.uniform(least, most) if most else 0.0
        before = drawn * self._latency.random() if most else 0.0
        return self.settings["latency"] + before, drawn - before

    def fault_of(self, action: str, region: str) -> dict[str, Any] | None:
        """Return the fault of this call, or None."""
        if self.script:
            return self.script(action, region)
        with self._lock:
            for fault in self.faults:
                if fault.get("action", "*") in ("*", action) and fault.get("region", region) == region:
                    fault["seen"] += 1
                    if _hits(fault):
                        return fault
        return None

    def handle_test_request(self, request: Request) -> Response | None:
        """Handle a request from a test; return None for any other request."""
        if not request.path.startswith("/_simulator/"):
            return None
        what = request.path.rsplit("/", 1)[1]
        if request.method == "POST":
            body = json.loads(request.get_data() or b"null")
            if what == "settings":
                unknown = set(body) - set(self._defaults)
                if unknown:
                    return Response(f"no such settings: {sorted(unknown)}\n", status=400)
                self.settings.update(body)
            elif what == "faults":
                try:
                    self.set_faults(body)
                except ValueError as error:
                    return Response(f"{error}\n", status=400)
            elif what == "reset":
                self.reset()
                self._reset_state()
            elif what == "make" and self._make:
                return Response(json.dumps(self._make(body)), content_type="application/json")
            elif what == "fill" and self._fill:
                self._fill(**body)
            elif what == "finish" and self._finish:
                self._finish(**body)
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
    """Close the connection, so that the client gets no answer."""
    connection = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionResetError("cut by the simulator")


class ControlledApp:
    """A WSGI application around a cloud that checks the caller, injects faults, and counts calls."""

    def __init__(
        self,
        control: Control,
        cloud: Callable[..., Iterable[bytes]],
        action_of: Callable[[Request], str],
        region_of: Callable[[Request], str],
        failure_of: Callable[[Request], Response | None],
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
        self._refusal_of = failure_of
        self._error = error
        self._codes = codes
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.get_data(cache=True)
        answer = self._control.handle_test_request(request)
        if answer is None:
            action, control = self._action_of(request), self._control
            started = self._clock.monotonic()
            control.count(action, started)
            control.agents.add(request.headers.get("X-TC-RequestClient") or request.headers.get("User-Agent", ""))
            call = Call(len(control.recorded_calls), action, self._region_of(request), {}, started)
            control.vanish(call.region)
            kind = None
            if control.watch:
                call.given = _given(request)
                control.recorded_calls.append(call)
                kind = call.fault = control.watch.on_call(call)
            before, after = control.latency()
            patience = environ.get(PATIENCE, math.inf)
            call.lost = before + after > patience or kind in UNSURE
            try:
                self._sleep(min(before, patience))
                answer = self._refusal_of(request) or self._with_faults(request, environ, call, kind)
                self._sleep(min(after, patience - min(before, patience)))
                if before + after > patience:
                    raise TimeoutError("the simulator answers too late")
            finally:
                call.ended = self._clock.monotonic()
            call.status, call.code = answer.status_code, _code_of(answer) if control.watch else ""
        answer.headers["Date"] = http_date(self._clock.utc())
        return answer(environ, start_response)

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._clock.sleep(seconds)

    def _with_faults(self, request: Request, environ: dict[str, Any], call: Call, kind: str | None) -> Response:
        control, action, fault = self._control, call.action, {}
        if not control.watch:
            fault = control.fault_of(action, call.region) or {}
            kind = fault.get("fault")
        now = self._clock.monotonic()
        if control.is_over_rate_limit(action, now) or control.is_budget_used_up(action, call.region, now):
            kind = "throttle"
        if kind == "drop":
            drop_connection(environ)
        if kind == "empty_unavailable":
            return Response(b"", status=503)
        if kind is not None and kind in self._codes:
            return self._error(*self._codes[kind])
        if kind == "refuse":
            return self._error(fault["code"], fault.get("message", "refused"), fault.get("status", 400))
        with self._one_at_a_time:
            answer = Response.from_app(self._cloud, _fresh(request), buffered=True)
        call.applied_at = self._clock.monotonic()
        if control.watch:
            control.watch.on_applied(call)
        if control.trim and answer.status_code == 200:
            control.trim(action, answer)
        if control.corrupt:
            corrupted = control.corrupt(action, answer.get_data(), answer.content_type or "")
            return Response(corrupted, status=answer.status_code, content_type=answer.content_type)
        if kind == "lose_answer":
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


def _code_of(answer: Response) -> str:
    code = _CODE.search(answer.get_data())
    found = (code[1] or code[2]).decode() if code else ""
    return "" if found == "Success" else found


def _given(request: Request) -> dict[str, Any]:
    """Return the parameters of a call, in whichever format its protocol uses."""
    if request.is_json:
        return dict(request.get_json())
    return {**request.args.to_dict(), **request.form.to_dict()}


def _fresh(request: Request) -> dict[str, Any]:
    """Return the environment of the request with its body unread again."""
    from io import BytesIO

    return {**request.environ, "wsgi.input": BytesIO(request.get_data()), "werkzeug.request": None}
