"""Start the simulated clouds and print where they are, as JSON on one line."""

from __future__ import annotations

import json
import signal
import threading
from typing import Any

from . import alibaba, ec2, tencent
from .cbs import Cbs
from .clock import RealClock
from .ec2 import Ec2
from .ecs import Ecs
from .ens import Ens
from .server import Server


def started() -> dict[str, dict[str, Any]]:
    """Start every cloud on a free port; returns the connection options of each."""
    clock = RealClock()
    aws = {"access_key": ec2.ACCESS_KEY, "secret_key": ec2.SECRET_KEY}
    aliyun = {"access_key": alibaba.ACCESS_KEY, "secret_key": alibaba.SECRET_KEY}
    return {
        "ebs": {"endpoint_url": Server(Ec2(clock).app).url, **aws},
        "ecs": {"endpoint_url": Server(Ecs(clock).app).url, **aliyun},
        "ens": {"endpoint_url": Server(Ens(clock).app).url, **aliyun},
        "cbs": {
            "endpoint_url": Server(Cbs(clock).app).url,
            "secret_id": tencent.SECRET_ID,
            "secret_key": tencent.SECRET_KEY,
        },
    }


def main() -> None:
    print(json.dumps(started()), flush=True)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    stop.wait()


if __name__ == "__main__":
    main()
