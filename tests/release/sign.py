# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sign a release as Galaxy wants it: an armoured detached signature of MANIFEST.json, by the key that SIGNING_KEY
names.

The manifest holds the hash of the list of files, and that the hash of each file. Without a key nothing is signed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path


def sign(folder: Path, key: str, home: str) -> str:
    """Write and verify the signature of the tarball's manifest; returns its name.

    ``home`` is where GnuPG's keys are.
    """
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
    print(f"{sign(Path(folder), key, home)}: signed and verified" if key else "not signed: no SIGNING_KEY was given")


if __name__ == "__main__":
    main()
