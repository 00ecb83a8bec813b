# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storms over real ansible-playbook processes that are killed with SIGKILL."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.playbooks.conftest import PLACES, REPOSITORY, Clouds, kill_all


@contextmanager
def simulated_clouds() -> Iterator[Clouds]:
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.simulator"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        connections = json.loads(server.stdout.readline()) if server.stdout else {}
        with tempfile.TemporaryDirectory() as directory:
            yield Clouds(connections, Path(directory))
    finally:
        server.terminate()
        server.wait()


def run_playbooks(clouds: Clouds, cloud: str, seed: int) -> list[str]:
    """Kill a playbook at a random time of a bad day, run it again without faults, and once more."""
    draw = random.Random(f"process {cloud} {seed}")
    source, destination = PLACES[cloud]
    clouds.control_of(cloud, "reset", {})
    count = draw.randint(3, 25)
    sources = _sources(clouds, cloud, source, count)
    clouds.control_of(cloud, "settings", {"copy_seconds": draw.choice((0.2, 1.0, 3.0)), "latency": 0.02})
    kind = draw.choice(("lose_answer", "drop", "throttle", "unavailable", "broken_answer"))
    clouds.control_of(cloud, "faults", [{"fault": kind, "share": draw.choice((0.0, 0.2)), "seed": seed}])
    given = {
        "snapshot_ids": sources,
        "source_region": source,
        "destination_regions": [destination],
        "wait": draw.random() < 0.7,
        "max_in_flight": draw.choice((3, 20)),
        **({} if cloud == "ebs" else clouds.connections[cloud]),
    }
    playbook = clouds.write_playbook([{f"multicloud.snapshots.{cloud}_snapshot_copy": given, "no_log": cloud != "ebs"}])
    process = clouds.start("ansible-playbook", playbook)
    time.sleep(draw.uniform(0.8, 4.0))
    kill_all(process)
    clouds.control_of(cloud, "faults", [])
    violations = []
    if draw.random() < 0.5:
        time.sleep(1.0)
    given["wait"] = True
    playbook = clouds.write_playbook([{f"multicloud.snapshots.{cloud}_snapshot_copy": given}])
    code, output = clouds.run("ansible-playbook", playbook)
    if code:
        violations.append(f"the run after the kill failed: {output[-600:]}")
    copies = _copies(clouds, cloud, destination)
    wrong = {s: copies.count(s) for s in sources if copies.count(s) != 1}
    if wrong:
        violations.append(f"missing or second copies: {wrong}")
    code, output = clouds.run("ansible-playbook", playbook)
    if code or "changed=0" not in output:
        violations.append(f"another run changes something: {output[-600:]}")
    return violations


def _sources(clouds: Clouds, cloud: str, region: str, count: int) -> list[str]:
    if cloud == "ebs":
        return [clouds.create_ebs_snapshot() for _n in range(count)]
    disks = clouds.control_of(cloud, "make", [{"kind": "disk", "region": region} for _n in range(count)])
    return list(clouds.control_of(cloud, "make", [{"kind": "snapshot", "region": region, "disk_id": d} for d in disks]))


def _copies(clouds: Clouds, cloud: str, region: str) -> list[Any]:
    """Return the source of each complete copy, by the true state of the server."""
    if cloud == "ebs":
        tags = [{t["Key"]: t["Value"] for t in c["Tags"]} for c in clouds.copies(region) if c["State"] == "completed"]
        return [t["dr-copy:source-snapshot-id"] for t in tags]
    return [c["source_id"] for c in clouds.control_of(cloud, "truth") if c["source_id"] and c["phase"] == "complete"]
