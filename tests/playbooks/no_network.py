# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The worst day from a kit: ``python -m tests.playbooks.no_network KIT DIRECTORY``, in a network namespace that has
nothing but loopback. Writes how it ended to ``result.json`` in that directory."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

from .conftest import HANGS, Clouds
from .test_restore import Site

#: In the words of the guide, from the archive to the restored disk.
DAY = """
set -e
tar -xf "$KIT" && cd dr-kit
bash install.sh
source dr/bin/activate
ansible-playbook multicloud.snapshots.dr_restore -i inventory/flood.yml
"""


def reachable() -> str:
    """Return how an attempt to reach another machine ends."""
    try:
        socket.create_connection(("192.0.2.1", 443), 5).close()
    except OSError as error:
        return error.strerror or str(error)
    return "reached"


def main(kit: str, directory: Path) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with subprocess.Popen([sys.executable, "-m", "tests.simulator"], stdout=subprocess.PIPE, text=True) as server:
        try:
            clouds = Clouds(json.loads(server.stdout.readline()), directory)
            site = Site(clouds)
            disks = site.copies("database", "mail")
            site.kill_source()
            bare = {
                "KIT": kit,
                "HOME": str(directory),
                "PATH": f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin",
                "LC_ALL": "C.UTF-8",
                **{name: value for name, value in clouds.environment().items() if name.startswith("AWS_")},
            }
            done = subprocess.run(
                ["bash", "-c", DAY], env=bare, cwd=directory, capture_output=True, text=True, timeout=HANGS, check=False
            )
            manifests = [json.loads(path.read_text()) for path in directory.rglob("*.restore.json")]
            result = {
                "network": reachable(),
                "code": done.returncode,
                "output": done.stdout + done.stderr,
                "disks": disks,
                "restored": clouds.restored_disks(),
                "manifests": manifests,
            }
        finally:
            server.terminate()
    (directory / "result.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
