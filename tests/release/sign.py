# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signs a release as Galaxy requires: an armoured detached signature of MANIFEST.json, with the key in SIGNING_KEY.

The manifest has the hash of the list of files, which has the hash of each file. Without a key nothing is signed: then
this only says what a release still lacks. With a key it fails until the owner has confirmed the repository's address,
because users report vulnerabilities there, and has named the maintainers.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]


def site_of(repository: str) -> str:
    """Return the address at which .github/workflows/site.yml publishes the documentation."""
    account, name = repository.split("/")[-2:]
    return f"https://{account}.github.io/{name}/"


def address_problem(galaxy: dict[str, str], confirmed: str) -> str:
    """Return why the addresses in galaxy.yml cannot be released, or an empty string.

    ``confirmed`` is the address that the owner of the collection has confirmed.
    """
    repository = galaxy["repository"]
    elsewhere = [key for key in ("homepage", "issues") if not galaxy[key].startswith(repository)]
    if elsewhere:
        return f"galaxy.yml: {', '.join(elsewhere)} must begin with the repository's address, {repository}."
    if galaxy["documentation"] != site_of(repository):
        return f"galaxy.yml: documentation must be the site of that repository, {site_of(repository)}."
    if confirmed != repository:
        return (
            f"Not ready for release: nobody has confirmed that {repository} belongs to this collection. If it does, "
            f"set CONFIRMED_REPOSITORY={repository}; if not, change galaxy.yml."
        )
    return ""


def maintainers(text: str) -> list[str]:
    """Return the accounts in the file MAINTAINERS."""
    return re.findall(r"(?m)^\w.*\(@([\w-]+)\): \S", text)


def release_problems(galaxy: dict[str, str], confirmed: str, named: str) -> list[str]:
    """Return why this cannot be released. ``confirmed``: see address_problem(); ``named``: the text of MAINTAINERS."""
    problem = address_problem(galaxy, confirmed)
    problems = [problem] if problem else []
    if not maintainers(named):
        problems.append("Not ready for release: MAINTAINERS names nobody who answers for it.")
    return problems


def sign(folder: Path, key: str, home: str) -> str:
    """Write and verify the signature of the tarball's manifest; return its name. ``home`` has GnuPG's keys."""
    (tarball,) = folder.glob("*.tar.gz")
    manifest = folder / "MANIFEST.json"
    with tarfile.open(tarball) as archive:
        manifest.write_bytes(archive.extractfile("MANIFEST.json").read())
    signature = folder / tarball.name.replace(".tar.gz", ".asc")
    environment = {**os.environ, "HOME": home}
    detach = ["gpg", "--batch", "--yes", "--local-user", key, "--armor", "--output", str(signature), "--detach-sign"]
    subprocess.run([*detach, str(manifest)], check=True, env=environment)
    subprocess.run(["gpg", "--batch", "--verify", str(signature), str(manifest)], check=True, env=environment)
    return signature.name


def main() -> None:
    folder, key, home = sys.argv[1:]
    galaxy = yaml.safe_load((REPOSITORY / "galaxy.yml").read_text())
    confirmed = os.environ.get("CONFIRMED_REPOSITORY", "")
    problems = release_problems(galaxy, confirmed, (REPOSITORY / "MAINTAINERS").read_text())
    if problems and key:
        sys.exit("\n".join(problems))
    print(*problems or [f"The repository is {galaxy['repository']}."], sep="\n")
    print(f"{sign(Path(folder), key, home)}: signed and verified" if key else "Not signed: no SIGNING_KEY was given.")


if __name__ == "__main__":
    main()
