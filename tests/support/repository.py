# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where this repository and its unit tests are."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def unit_tests(*names: str) -> list[str]:
    """Return the paths of files of unit tests by their names: ``decide`` is ``tests/unit/engine/test_decide.py``.

    Raises LookupError if there is none, or if there are several.
    """
    return [_path_of(name) for name in names]


def _path_of(name: str) -> str:
    found = [str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob(f"tests/unit/*/test_{name}.py")]
    if len(found) != 1:
        raise LookupError(f"there is not one file of unit tests named {name}: {found}")
    return found[0]


PLUGINS, TESTS = REPOSITORY / "plugins", REPOSITORY / "tests"


#: The modules of the clouds; the others only document the action plugins of the roles.
MODULES = sorted(p.stem for p in (PLUGINS / "modules").glob("*_snapshot_*.py"))
PROGRAMS = sorted(p.stem for p in (PLUGINS / "modules").glob("*_run.py"))
COLLECTION = "ansible_collections.multicloud.snapshots.plugins"
