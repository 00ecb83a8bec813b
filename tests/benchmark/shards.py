# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One plan divided into shards, each in an ansible-playbook of its own, with the quota of one region."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from .figure import Figure, beside

#: How many copies AWS lets a region have in progress.
QUOTA = 20


def shards(estate: Any, directory: Path, disks: int, parts: int, seconds: float) -> Iterator[Figure]:
    """Copy the snapshots of this many disks in this many shards, timed twice.

    First from the start of the first copy to the end of the last one, as the server saw them; then from the start of
    the first process to the end of the last one. On a machine with two cores the latter includes starting all processes
    one after the other.
    """
    estate.settings(copy_seconds=seconds, quota=QUOTA)
    sources = [estate.snapshot(estate.disk(**{"dr-copy": "true"})) for _n in range(disks)]
    (directory / "shards.yml").write_text("- import_playbook: multicloud.snapshots.dr_copy\n")
    started = time.monotonic()
    running = [_start(estate, directory, number, parts) for number in range(1, parts + 1)]
    for process in running:
        output, _none = process.communicate()
        if process.returncode:
            sys.exit(output)
    whole = time.monotonic() - started
    complete = [copy for copy in estate.copies() if estate.is_complete(copy)]
    made = Counter(estate.tags_of(copy)["dr-copy:source-snapshot-id"] for copy in complete)
    least = disks / QUOTA * seconds
    what = f"{disks} disks in {parts} shard{'s' * (parts > 1)}"
    yield beside(
        f"{what}, copies of {seconds:g} s, compared with a minimum of {least:g} s",
        estate.copying_seconds(),
        least,
        1.15,
    )
    yield beside(f"{what}, including start and end of the processes", whole, least, None)
    yield Figure(f"{what}: snapshots without a copy", len(set(sources) - set(made)), 0, "")
    yield Figure(f"{what}: duplicate copies", sum(count - 1 for count in made.values()), 0, "")


def _start(estate: Any, directory: Path, number: int, parts: int) -> subprocess.Popen[str]:
    inventory = directory / f"shard{number}.yml"
    plan = {
        "dr_copy_cloud": "ebs",
        "dr_copy_source_region": estate.source,
        "dr_copy_destination_regions": [estate.destination],
        "dr_copy_connection": estate.connection(),
        "dr_copy_shard": f"{number}/{parts}",
    }
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {f"shard-{number}": plan}}}))
    command = ["ansible-playbook", str(directory / "shards.yml"), "-i", str(inventory)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
