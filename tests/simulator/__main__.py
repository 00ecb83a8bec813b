# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the simulated clouds and print where they are, as JSON on one line."""

from __future__ import annotations

import json
import signal
import threading

from .clock import RealClock
from .ec2 import ACCESS_KEY, SECRET_KEY, Ec2
from .server import Server


def main() -> None:
    server = Server(Ec2(RealClock()).app)
    told = {"ebs": {"endpoint_url": server.url, "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}}
    print(json.dumps(told), flush=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    main()
