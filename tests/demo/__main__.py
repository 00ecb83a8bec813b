# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts the simulated clouds and runs demo.yml, beside this file, against them; arguments go to ansible-playbook.

Shows the steps of the playbook and its final text. Ansible's own output goes to a log beside the reports.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PLAYBOOK = Path(__file__).with_name("demo.yml")
#: The names of the tasks that the screen shows.
STEP = re.compile(r"TASK \[(On .+)\]")
#: How many lines of the log a failure shows.
LAST = 40


def main() -> int:
    with subprocess.Popen([sys.executable, "-m", "tests.simulator"], stdout=subprocess.PIPE, text=True) as clouds:
        try:
            line = clouds.stdout.readline()
            if not line:
                print("The simulated clouds did not start.", file=sys.stderr)
                return 1
            folder = Path(tempfile.mkdtemp(prefix="dr-copy-demo-"))  # kept, because the end of the demo names its files
            given = json.dumps({"demo_clouds": json.loads(line), "demo_folder": str(folder)})
            return play(["ansible-playbook", str(PLAYBOOK), "-e", given, *sys.argv[1:]], folder)
        finally:
            clouds.terminate()


def play(command: list[str], folder: Path) -> int:
    """Run the playbook; return its exit code."""
    log = folder / "ansible.log"
    with (
        log.open("w+") as whole,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run,
    ):
        for line in run.stdout:
            whole.write(line)
            if step := STEP.match(line):
                print(f"- {step[1]}", flush=True)
    if run.returncode:
        print(*log.read_text().splitlines()[-LAST:], sep="\n", file=sys.stderr)
    else:
        print((folder / "end.txt").read_text(), end="")
    print(f"What Ansible printed: {log}")
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
