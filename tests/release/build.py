# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the collection's tarball so that the same commit gives the same bytes.

The tarball of ansible-galaxy depends on the time of the build and on the file system
(ansible/galaxy/collection/__init__.py). So it is packed again: sorted, with the time of the last commit, and with fixed
owners and modes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path


def packed_again(tarball: bytes, timestamp: int) -> bytes:
    """Return the tarball of a collection without anything that depends on when and where it was built."""
    with tarfile.open(fileobj=io.BytesIO(tarball)) as archive:
        members = archive.getmembers()
        contents = {m.name: archive.extractfile(m).read() for m in members if m.isfile()}
    files = json.loads(contents["FILES.json"])
    files["files"].sort(key=lambda entry: entry["name"])
    contents["FILES.json"] = _as_json(files)
    manifest = json.loads(contents["MANIFEST.json"])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(contents["FILES.json"]).hexdigest()
    contents["MANIFEST.json"] = _as_json(manifest)

    packed = io.BytesIO()
    with (
        gzip.GzipFile(filename="", fileobj=packed, mode="wb", mtime=timestamp) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for member in sorted(members, key=lambda m: m.name):
            plain = tarfile.TarInfo(member.name)
            plain.type, plain.mtime = member.type, timestamp
            plain.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            plain.size = len(contents.get(member.name, b""))
            archive.addfile(plain, io.BytesIO(contents[member.name]) if member.isfile() else None)
    return packed.getvalue()


def _as_json(value: object) -> bytes:
    return json.dumps(value, indent=True).encode()  # as ansible-galaxy writes it


def build(collection: Path, timestamp: int) -> tuple[str, bytes]:
    """Return the name and the bytes of the tarball of the collection in a folder."""
    with tempfile.TemporaryDirectory() as output:
        command = ["ansible-galaxy", "collection", "build", str(collection), "--output-path", output]
        subprocess.run(command, check=True, capture_output=True)
        (tarball,) = Path(output).glob("*.tar.gz")
        return tarball.name, packed_again(tarball.read_bytes(), timestamp)


def main() -> None:
    """Build twice, compare the two, and write the tarball and its hash: build.py COLLECTION TIMESTAMP FOLDER."""
    collection, timestamp, folder = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    name, tarball = build(collection, timestamp)
    for path in collection.rglob("*"):
        path.touch()  # another time
    if build(collection, timestamp)[1] != tarball:
        sys.exit("Two builds differ.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(tarball)
    digest = hashlib.sha256(tarball).hexdigest()
    (folder / f"{name}.sha256").write_text(f"{digest}  {name}\n")
    print(f"{name}: two builds, one hash, {digest}")


if __name__ == "__main__":
    main()
