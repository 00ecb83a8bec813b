# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A simulated cloud, and the vendor's other client that calls it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.clouds import CLOUDS
from tests.simulator.clock import FakeClock
from tests.simulator.server import Server

from .operations import TENCENT

CLIENT_PROCESS = Path(__file__).with_name("client_process.py")
#: If recordings of the service and the client's model differ, the recording counts (tests/recorded: ebs/disk.json,
#: ecs/disk-unattached.json, cbs/disk_unattached.json). An empty list may be null (api-facts: null-listings).
RECORDED = re.compile(
    r".*\.((volumeArn|ownerId|DedicatedBlockStorageClusterId|LatestOperation\w*): unknown|"
    r"(BurstPerformance|AttachMode): missing|(DedicatedClusterId|SnapshotSet|DiskSet): may not be null)"
)


class Refused(Exception):
    """An error that the client reported."""

    def __init__(self, code: str, message: str):
        super().__init__(f"{code}: {message}")
        self.code = code


class Client:
    """The other client of one cloud, as a process of its own."""

    def __init__(self, name: str, home: Path):
        self.row = CLOUDS[name]
        self.clock = FakeClock()
        self.cloud = self.row.load("server_with_disks")(self.clock)
        self._server = Server(self.cloud.app)
        self.url = self._server.url
        self.keys = self.row.load("keys")
        #: Service and operation of each call that was answered.
        self.answered: set[tuple[str, str]] = set()
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": self.keys.get("access_key", ""),
            "AWS_SECRET_ACCESS_KEY": self.keys.get("secret_key", ""),
            "AWS_MAX_ATTEMPTS": "1",
        }
        command = [os.environ["CLIENTS_PYTHON"], "-I", "-W", "ignore", str(CLIENT_PROCESS), self.row.client]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def stop(self) -> None:
        self._process.communicate()
        self._server.stop()

    def call(
        self, operation: str, service: str = "", region: str = "", flags: tuple[str, ...] = (), **arguments: Any
    ) -> Any:
        """Send an operation.

        ``service`` defaults to the cloud's main one, ``region`` to its first. Raises Refused for an error, and
        AssertionError for an answer that the vendor's model does not describe.
        """
        service = service or {"ebs": "ec2"}.get(self.row.name, self.row.name)
        asked = {"region": region or self.row.regions[0], "flags": flags, "arguments": arguments}
        answer = self._ask(service, operation, only_parameters=False, **asked)
        self.answered.add((service, operation))
        return answer

    def parameters(self, operation: str, service: str) -> dict[str, str]:
        """Return the operation's parameters in the vendor's model, with their types if it has them."""
        return dict(self._ask(service, operation, only_parameters=True))

    def _ask(self, service: str, operation: str, **more: Any) -> Any:
        asked = {"service": service, "operation": operation, "version": TENCENT.get(service), **more}
        assert self._process.stdin and self._process.stdout
        print(
            json.dumps({**asked, "endpoint": self.url, "keys": self.keys}),
            file=self._process.stdin,
            flush=True,
        )
        outcome = json.loads(self._process.stdout.readline())
        if "error" in outcome:
            raise Refused(outcome["error"]["code"], outcome["error"]["message"])
        faults = {fault for fault in outcome["faults"] if not RECORDED.fullmatch(fault)}
        assert not faults, faults
        return outcome["answer"]

    def refusal(self, operation: str, **given: Any) -> str:
        """Return the code with which an operation is refused."""
        try:
            answer = self.call(operation, **given)
        except Refused as error:
            return error.code
        raise AssertionError(f"{operation} was answered: {answer}")
