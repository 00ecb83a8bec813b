# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the packages of requirements.txt for known vulnerabilities, with pip-audit.

It says if the service has no data for any package. In CI, and for a signed release, that is a failure: silence is never
a success.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]


def sort_copies(audited: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Return the vulnerabilities found, and the packages about which nothing is known."""
    found = [
        f"{package['name']} {package['version']}: {fault['id']}, fixed in {', '.join(fault['fix_versions']) or 'none'}"
        for package in audited
        for fault in package.get("vulns", ())
    ]
    return found, [package["name"] for package in audited if "skip_reason" in package]


def main() -> None:
    requirements = str(REPOSITORY / "requirements.txt")
    command = [sys.executable, "-m", "pip_audit", "-r", requirements, "--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        audited = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        sys.exit(f"pip-audit could not run: {done.stderr[-1000:]}")
    found, unknown = sort_copies(audited)
    if found:
        sys.exit("\n".join(found))
    if unknown:
        message = (
            f"pip-audit: NOT CHECKED, its service knows nothing of {len(unknown)} of {len(audited)} packages here."
        )
        if os.environ.get("CI") == "true" or os.environ.get("SIGNING_KEY"):
            sys.exit(message)
        print(message)
        return
    print(f"pip-audit: no known vulnerability in {len(audited)} packages")


if __name__ == "__main__":
    main()
