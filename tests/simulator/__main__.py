"""Start the simulated clouds and print their addresses as one line of JSON."""

from __future__ import annotations

import json
import signal
import threading
from typing import Any

from tests.clouds import CLOUDS

from .clock import RealClock
from .server import Server


def started() -> dict[str, dict[str, Any]]:
    """Start every cloud on a free port; returns the connection options of each."""
    clock = RealClock()
    servers = {name: Server(cloud.load("server_with_disks")(clock).app) for name, cloud in CLOUDS.items()}
    return {name: {"endpoint_url": server.url, **CLOUDS[name].load("keys")} for name, server in servers.items()}


def wait_for_the_end() -> None:
    """Serve until this process is interrupted."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    stop.wait()


def main() -> None:
    print(json.dumps(started()), flush=True)
    wait_for_the_end()


if __name__ == "__main__":
    main()
