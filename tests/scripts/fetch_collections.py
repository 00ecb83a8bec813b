# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes collections from PyPI's wheel of ansible: fetch_collections.py RELEASE ROOT amazon/aws ...

Users get them from Galaxy. A wheel is a fixed release, and the environments of the tests use PyPI anyway.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path


def main() -> None:
    release, root, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory(dir=root) as folder:
        command = "-m pip download -q --no-deps --ignore-requires-python --only-binary=:all: -d"
        subprocess.run([sys.executable, *command.split(), folder, f"ansible=={release}.*"], check=True)
        (wheel,) = Path(folder).glob("ansible-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            wanted = tuple(f"ansible_collections/{name}/" for name in names)
            archive.extractall(root, [name for name in archive.namelist() if name.startswith(wanted)])


if __name__ == "__main__":
    main()
