# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The toy's service: JSON over HTTP, signed with HMAC. It records the source of a copy."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Request, Response

from tests.simulator.control import Control, ControlledApp
from tests.simulator.state import AccountState, SimulatedSnapshot, course, new_id

KEYS = {"access_key": "toy-key", "secret_key": "simulatedToySecretKey0123456789abcdef"}
DEFAULTS: dict[str, Any] = {"quota": 1000}
CODES = {
    "unavailable": ("Unavailable", "Try again.", 503),
    "throttle": ("Throttled", "Too many requests.", 429),
    "expire": ("Expired", "The key has expired.", 403),
}


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Refusal(Exception):
    """An error in the service's form: code, message and status."""


class Toy:
    """One account of the service."""

    def __init__(self, clock: Any):
        self.clock, self.account = clock, AccountState(clock)
        forget, finish = self.account.forget, self.account.finish
        self.control = Control(DEFAULTS, self.account.clear, forget=forget, finish=finish)
        self.app = ControlledApp(self.control, self._serve, _action, _region, self._refusal, _error, CODES, clock)

    def reset(self) -> None:
        self.control.reset()
        self.account.clear()

    def _refusal(self, request: Request) -> Response | None:
        key, _colon, signed = request.headers.get("Authorization", "").partition(":")
        if key == KEYS["access_key"] and signed == signature(KEYS["secret_key"], request.get_data()):
            return None
        return _error("WrongSignature", "The signature does not match.", 403)

    def _serve(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        given = json.loads(Request(environ).get_data())
        try:
            if given["Action"] in self.control.settings["denied"]:
                raise Refusal("Denied", f"{given['Action']} is not allowed.", 403)
            answer = Response(json.dumps(getattr(self, given["Action"])(given, given["Region"])))
        except Refusal as refusal:
            answer = _error(*refusal.args)
        return answer(environ, start_response)

    def _kept(self, region: str, snapshot_id: str) -> SimulatedSnapshot:
        found = self.account.snapshots.get(region, {}).get(snapshot_id)
        if found is None:
            raise Refusal("NotFound", f"There is no snapshot {snapshot_id}.", 404)
        return found

    def CopySnapshot(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        """Start a copy in the region that is called."""
        source, settings = self._kept(given["From"], given["SnapshotId"]), self.control.settings
        if len(self.account.running_copies(region)) >= settings["quota"]:
            raise Refusal("TooManyCopies", "As many copies are in progress as may be.", 429)
        made = self.account.add(
            SimulatedSnapshot(
                new_id("t-"),
                region,
                self.clock.utc(),
                source.disk_id,
                given["Name"],
                given["Description"],
                given["Tags"],
                source_id=source.id,
                source_region=given["From"],
                **course(settings, source.id, self.clock.monotonic()),
            )
        )
        return {"SnapshotId": made.id}

    def DescribeSnapshots(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        """List snapshots, the oldest first."""
        ids, now, start = given.get("SnapshotIds"), self.clock.monotonic(), given.get("Offset", 0)
        found = [_shown(s, now) for s in self.account.shown(region) if ids is None or s.id in ids]
        found.sort(key=lambda s: (s["Created"], s["Id"]))
        return {"Snapshots": found[start : start + given.get("Limit", len(found))], "Total": len(found)}

    def DeleteSnapshot(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        snapshot = self._kept(region, given["SnapshotId"])
        if snapshot.id in self.control.settings["in_use"]:
            raise Refusal("InUse", f"{snapshot.id} is in use.", 409)
        del self.account.snapshots[region][snapshot.id]
        return {}

    def TagResources(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        for snapshot in [self._kept(region, i) for i in given["SnapshotIds"]]:
            snapshot.tags.update(given["Tags"])
        return {}

    def UntagResources(self, given: dict[str, Any], region: str) -> dict[str, Any]:
        for snapshot in [self._kept(region, i) for i in given["SnapshotIds"]]:
            snapshot.tags = {key: value for key, value in snapshot.tags.items() if key not in given["Keys"]}
        return {}

    def DescribeDisks(self, _given: dict[str, Any], region: str) -> dict[str, Any]:
        return {"Disks": [{"Id": d.id, "Name": d.name, "Tags": d.tags} for d in self.account.shown_disks(region)]}


def _shown(snapshot: SimulatedSnapshot, now: float) -> dict[str, Any]:
    phase = snapshot.phase(now)
    return {
        "Id": snapshot.id,
        "Disk": snapshot.disk_id,
        "State": phase,
        "Percent": snapshot.progress(now),
        "Gigabytes": snapshot.size,
        "Created": snapshot.created.isoformat(),
        "Name": snapshot.name,
        "Description": snapshot.description,
        "Tags": snapshot.tags,
        "CopiedFrom": [snapshot.source_id, snapshot.source_region] if snapshot.source_id else None,
        "Reason": snapshot.failure if phase == "failed" else None,
    }


def _error(code: str, message: str, status: int) -> Response:
    return Response(json.dumps({"Code": code, "Message": message, "RequestId": new_id("request-")}), status=status)


def _action(request: Request) -> str:
    return str(json.loads(request.get_data())["Action"])


def _region(request: Request) -> str:
    return str(json.loads(request.get_data())["Region"])
