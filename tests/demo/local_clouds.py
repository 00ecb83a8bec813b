# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Serves the simulated clouds until interrupted: python -m tests.demo.local_clouds FOLDER.

Each cloud has three tagged disks with a snapshot each. FOLDER gets ``environment``, which a shell sources to call these
clouds, and ``plans.yml``, an inventory with one plan for each cloud.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tests.clouds import CLOUDS
from tests.simulator.__main__ import started, wait_for_the_end

DISKS = ("database", "mail", "files")
TAGS = {"dr-copy": "true"}
#: Where the commands find this collection and amazon.aws.
KEPT = ("ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_HOME", "ANSIBLE_LOCALHOST_WARNING", "ANSIBLE_INVENTORY_UNPARSED_WARNING")


def environment(connections: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Return the variables with which the modules log in to these clouds."""
    return {
        variable: connections[name][option]
        for name, cloud in CLOUDS.items()
        for variable, option in cloud.environment.items()
    }


def make_disks(name: str, connection: dict[str, Any]) -> list[str]:
    """Create tagged disks in the first region of a cloud, with a snapshot each; return the IDs of the snapshots."""
    region = CLOUDS[name].regions[0]
    disks = _made(connection, [{"kind": "disk", "region": region, "name": disk, "tags": TAGS} for disk in DISKS])
    return _made(
        connection, [{"kind": "snapshot", "region": region, "disk_id": disk, "name": "nightly"} for disk in disks]
    )


def _made(connection: dict[str, Any], items: list[dict[str, Any]]) -> list[str]:
    data = json.dumps(items).encode()
    with urllib.request.urlopen(f"{connection['endpoint_url']}/_simulator/make", data, timeout=60) as answer:
        ids: list[str] = json.load(answer)
    return ids


def plans() -> dict[str, Any]:
    """Return an inventory with a plan for each cloud."""
    hosts = {
        name: {
            "dr_copy_cloud": name,
            "dr_copy_source_region": cloud.regions[0],
            "dr_copy_destination_regions": [cloud.regions[1]],
        }
        for name, cloud in CLOUDS.items()
    }
    return {"all": {"vars": {"dr_copy_rpo_hours": 26, "dr_copy_report_dir": "reports"}, "hosts": hosts}}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    connections = started()
    snapshots = {name: make_disks(name, connection) for name, connection in connections.items()}
    variables = {"AWS_EC2_METADATA_DISABLED": "true", **environment(connections)}
    variables |= {key: os.environ[key] for key in KEPT if key in os.environ}
    lines = [f"export {key}={shlex.quote(value)}" for key, value in variables.items()]
    lines.append(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH")
    (folder / "plans.yml").write_text(yaml.safe_dump(plans(), sort_keys=False))
    (folder / "environment").write_text("\n".join(lines) + "\n")
    for name, ids in snapshots.items():
        print(
            f"{name} at {connections[name]['endpoint_url']}, snapshots in {CLOUDS[name].regions[0]}: {', '.join(ids)}"
        )
    print(f"\nIn another terminal:\n  cd {folder} && source environment")
    print("  ansible-playbook multicloud.snapshots.dr_copy -i plans.yml\n\nStop with Ctrl-C.", flush=True)
    wait_for_the_end()


if __name__ == "__main__":
    main()
