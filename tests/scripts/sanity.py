# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-test sanity on the collection in this folder, with the given arguments.

A check that cannot run is a failure: for a missing tool, ansible-test only warns and skips the check. Only a Python
that is not installed may be missing.
"""

import os
import re
import subprocess
import sys

import seed_get_pip


def left_out(log: str) -> list[str]:
    """Return the lines of a log that name a check that did not run."""
    named = [line for line in log.splitlines() if re.search("Required program|Skipping sanity|targets skipped", line)]
    return [line for line in dict.fromkeys(named) if not re.search(" on Python 3|pwsh", line)]


def main() -> None:
    seed_get_pip.main()
    command = ["ansible-test", "sanity", "--color", "no", *sys.argv[1:]]
    # ansible-test imports the collection itself, and refuses any other way.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment
    )
    missing = left_out(done.stdout)
    if done.returncode or missing:
        sys.exit("\n".join([done.stdout, *(f"A sanity check could not run: {line}" for line in missing)]))
    print("".join(done.stdout.splitlines(keepends=True)[-3:]), end="")


if __name__ == "__main__":
    main()
