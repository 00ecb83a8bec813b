# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The worst day with a kit, in a network namespace that has only loopback.

``python -m tests.playbooks.no_network KIT DIRECTORY`` writes its result to ``result.json`` in that directory.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from tests.documentation.guides import blocks_of

from .conftest import HANGS, Clouds
from .test_restore import Site


def day() -> str:
    """Return the commands from the archive to the restored disk and a drill, as in the guides."""
    # The second block is for kits that contain the files of the restore; this one does not.
    use_it, _copy_files, drill = (block.text for block in blocks_of("kit") if block.section == "Use the kit")
    (flood,) = (block.text for block in blocks_of("worst_day") if block.caption == "flood.yml")
    (restore,) = (block.text for block in blocks_of("worst_day") if block.section == "Restore")
    newest = "cp ../newest/*.json reports/\n"  # the guide fetches them from a bucket
    return f"set -e\n{use_it}{newest}cat >flood.yml <<'END'\n{flood}END\n{restore}{drill}"


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
            shutil.copy(kit, directory)
            rows = [{"disk_id": disk, "disk_name": name, "tags": {"tier": name}} for name, disk in disks.items()]
            (directory / "newest").mkdir()
            (directory / "newest" / "orders.json").write_text(json.dumps({"disks": rows}))
            bare = {
                "HOME": str(directory),
                "PATH": f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin",
                "LC_ALL": "C.UTF-8",
                **{name: value for name, value in clouds.environment().items() if name.startswith("AWS_")},
            }
            command = ["bash", "-c", day()]
            done = subprocess.run(
                command, env=bare, cwd=directory, capture_output=True, text=True, timeout=HANGS, check=False
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
