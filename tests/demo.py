# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start the simulated clouds and run demo.yml, beside this file, against them; arguments go to ansible-playbook."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

PLAYBOOK = Path(__file__).with_suffix(".yml")


def main() -> int:
    with subprocess.Popen([sys.executable, "-m", "tests.simulator"], stdout=subprocess.PIPE, text=True) as clouds:
        try:
            line = clouds.stdout.readline()
            if not line:
                print("The simulated clouds did not start.", file=sys.stderr)
                return 1
            reports = tempfile.mkdtemp(prefix="dr-copy-demo-")  # kept: the end of the demo names the page
            given = json.dumps({"demo_clouds": json.loads(line), "demo_reports": reports})
            command = ["ansible-playbook", str(PLAYBOOK), "-e", given, *sys.argv[1:]]
            return subprocess.run(command, check=False).returncode
        finally:
            clouds.terminate()


if __name__ == "__main__":
    sys.exit(main())
