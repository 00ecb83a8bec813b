# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts PyPI's pip where ansible-test looks for the bootstrap script, which it would fetch from a host of its own."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

SCRIPT = """\
import os, runpy, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, next(n for n in os.listdir(here) if n.startswith("pip-{version}-"))))
sys.argv[1:] = ["install"] + [a for a in sys.argv[1:] if a not in ("--no-setuptools", "--no-wheel")]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def main() -> None:
    cache = Path.home() / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    spec = importlib.util.find_spec("ansible_test")
    text = (Path(spec.submodule_search_locations[0]) / "_internal" / "python_requirements.py").read_text()
    for version in sorted(set(re.findall(r"pip='([0-9.]+)'", text))):
        script = cache / f"get_pip_{version.replace('.', '_')}.py"
        if not script.exists():
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache), f"pip=={version}"]
            subprocess.run(command, check=True)
            script.write_text(SCRIPT.format(version=version))


if __name__ == "__main__":
    main()
