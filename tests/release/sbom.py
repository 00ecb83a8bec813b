# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the bill of materials (SBOM, CycloneDX) beside the tarball: what requirements.txt installs today."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]


def described(bill: dict[str, Any], galaxy: dict[str, Any], digest: str, required: set[str]) -> dict[str, Any]:
    """Return the bill of an environment as that of the collection, whose tarball has this SHA-256.

    ``required`` are the names of the packages that the collection itself requires; the others are their dependencies.
    """
    name, version = f"{galaxy['namespace']}.{galaxy['name']}", galaxy["version"]
    reference = f"{name}=={version}"
    bill["metadata"]["component"] = {
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": version,
        "description": galaxy["description"],
        "licenses": [{"license": {"id": license_}} for license_ in galaxy["license"]],
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "externalReferences": [{"type": "vcs", "url": galaxy["repository"]}],
    }
    collections = [
        {
            "type": "library",
            "bom-ref": f"{dependency}{bounds}",
            "name": dependency,
            "version": bounds,
            "description": "A collection, from Galaxy",
        }
        for dependency, bounds in galaxy["dependencies"].items()
    ]
    bill["components"] = [part for part in bill["components"] if part["name"] != "pip"] + collections
    kept = {part["bom-ref"] for part in bill["components"]}
    edges = [edge for edge in bill.get("dependencies", ()) if edge["ref"] in kept]
    direct = [part["bom-ref"] for part in bill["components"] if canonicalize_name(part["name"]) in required]
    direct += [part["bom-ref"] for part in collections]
    bill["dependencies"] = [{"ref": reference, "dependsOn": sorted(direct)}, *edges]
    return bill


def main() -> None:
    folder = Path(sys.argv[1])
    (tarball,) = folder.glob("*.tar.gz")
    digest = (folder / f"{tarball.name}.sha256").read_text().split()[0]
    with tempfile.TemporaryDirectory() as place:
        venv.create(place, with_pip=True)
        python = str(Path(place) / "bin" / "python")
        requirements = str(REPOSITORY / "requirements.txt")
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", requirements], check=True)
        command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", python]
        bill = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    lines = [line for line in Path(requirements).read_text().splitlines() if line and not line.startswith("#")]
    required = {canonicalize_name(Requirement(line).name) for line in lines}
    bill = described(bill, yaml.safe_load((REPOSITORY / "galaxy.yml").read_text()), digest, required)
    written = folder / tarball.name.replace(".tar.gz", ".cdx.json")
    written.write_text(json.dumps(bill, indent=2) + "\n")
    print(f"{written.name}: {len(bill['components'])} components")


if __name__ == "__main__":
    main()
