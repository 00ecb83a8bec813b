# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs Galaxy's importer on the tarball in a folder, as Galaxy does; any warning fails, and so does a missing page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

#: What has a page on Galaxy. The importer reads no documentation of playbooks, and of roles their README.
DOCUMENTED = ("module", "filter")
CONFIGURATION = (
    "[galaxy-importer]\nRUN_ANSIBLE_TEST = False\nREQUIRE_V1_OR_GREATER = True\nCHECK_REQUIRED_TAGS = True\n"
)


def complaints(log: str, result: dict[str, Any]) -> list[str]:
    """Return the importer's warnings, and what has no documentation."""
    found = [line for line in log.splitlines() if line.startswith(("WARNING", "ERROR"))]
    for content in result.get("docs_blob", {}).get("contents", ()):
        kind, name = content["content_type"], content["content_name"]
        if kind in DOCUMENTED and not (content.get("doc_strings") or {}).get("doc"):
            found.append(f"The {kind} {name} would have no page.")
        if kind == "role" and not content.get("readme_html"):
            found.append(f"The role {name} would have no README.")
    if not result:
        found.append("The importer returned nothing.")
    return found


def main() -> None:
    folder = Path(sys.argv[1])
    (tarball,) = folder.glob("*.tar.gz")
    work = folder / "importer"
    work.mkdir()
    (work / "importer.cfg").write_text(CONFIGURATION)
    command = [sys.executable, "-m", "galaxy_importer.main", str(tarball)]
    # Without PYTHONPATH and our root of collections, so that only the contents of the tarball are available, as on
    # Galaxy.
    hidden = ("PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment["GALAXY_IMPORTER_CONFIG"] = str(work / "importer.cfg")
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
    log = done.stdout + done.stderr
    (work / "importer.log").write_text(log)
    written = work / "importer_result.json"
    found = complaints(log, json.loads(written.read_text()) if written.exists() else {})
    if done.returncode or found:
        sys.exit("\n".join([*found, f"The importer ended with {done.returncode}; its log is {work / 'importer.log'}."]))
    print("galaxy-importer: no warning, every module and filter has its page")


if __name__ == "__main__":
    main()
