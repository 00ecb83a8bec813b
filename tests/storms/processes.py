# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Storms over real ansible-playbook processes that are killed with SIGKILL."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.playbooks.conftest import PLACES, Clouds, kill_all, served_clouds


@contextmanager
def simulated_clouds() -> Iterator[Clouds]:
    with served_clouds() as connections, tempfile.TemporaryDirectory() as directory:
        yield Clouds(connections, Path(directory))


def run_playbooks(clouds: Clouds, cloud: str, seed: int) -> list[str]:
    """Kill a playbook at a random time of a bad day, run it again without faults, and once more."""
    draw = random.Random(f"process {cloud} {seed}")
    source, destination = PLACES[cloud]
    clouds.control_of(cloud, "reset", {})
    count = draw.randint(3, 25)
    sources = [clouds.create_snapshot(cloud) for _n in range(count)]
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
    copies = [row["source_id"] for row in clouds.control_of(cloud, "truth") if row.get("phase") == "complete"]
    wrong = {s: copies.count(s) for s in sources if copies.count(s) != 1}
    if wrong:
        violations.append(f"missing or second copies: {wrong}")
    code, output = clouds.run("ansible-playbook", playbook)
    if code or "changed=0" not in output:
        violations.append(f"another run changes something: {output[-600:]}")
    return violations
