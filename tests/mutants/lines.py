# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change the pure code line by line with Cosmic Ray, and see whether its tests find each change.

python -m tests.mutants.lines [PATH ...] [--sample N] [--write]

Runs in the staged copy alone: a change is written into the file, and taken back after the tests.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.tables import DOCS, list_table, write_between

from .survivors import LINES

#: Each pure file, with the tests that are to find a change of it. A folder stands for the files in it.
PURE = {
    "plugins/plugin_utils/_dr_copy/retention.py": "tests/unit/test_retention.py",
    "plugins/plugin_utils/_dr_copy/rows.py": "tests/unit/test_retention.py tests/unit/test_recovery.py",
    "plugins/plugin_utils/_dr_copy/planning.py": "tests/unit/test_retention.py tests/unit/test_recovery.py",
    "plugins/module_utils/_core/decide": "tests/unit/test_decide.py tests/unit/test_ecs_contract.py "
    "tests/unit/test_cbs_contract.py tests/unit/test_ens_contract.py tests/unit/test_bad_days.py "
    "tests/unit/test_storms.py",
}
#: Changes of a file that are tried, drawn from all that there are; and the seconds that its tests may take.
SAMPLE, LONGEST = 20, 1200.0
#: Changes that tell nothing: of annotations, and of numbers and decorators of data classes.
LEFT_OUT = ("core/ReplaceBinaryOperator_BitOr_", "core/RemoveDecorator", "core/NumberReplacer")
HEAD = ("file", "changes tried", "found", "not found, in lines")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--sample", type=int, default=SAMPLE)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows, tried, found = [], 0, 0
    for path, tests in _files(given.paths):
        lived, number = _session(path, tests, given.sample)
        named = {line: LINES.get(f"{path}:{line}", "") for line in lived}
        listing = ", ".join(f"{line}{f' ({why})' if why else ''}" for line, why in sorted(named.items())) or "none"
        rows.append((f"``{Path(path).name}``", number, number - len(lived), listing))
        tried, found = tried + number, found + number - len(lived)
        print(rows[-1], flush=True)
    print(f"{found} of {tried} changes were found")
    if given.write:
        write_between(DOCS / "reliability.rst", "lines", list_table(HEAD, rows))
    sys.exit(found < 0.95 * tried)


def _files(wanted: list[str]) -> list[tuple[str, str]]:
    found = []
    for name, tests in PURE.items():
        paths = sorted(Path(name).glob("*.py")) if Path(name).is_dir() else [Path(name)]
        found += [(str(path), tests) for path in paths if path.stat().st_size]
    return [(path, tests) for path, tests in found if not wanted or any(path.startswith(one) for one in wanted)]


def _session(path: str, tests: str, sample: int) -> tuple[list[int], int]:
    """Try changes of one file; returns the lines of those that were not found, and how many were tried."""
    from cosmic_ray.work_db import WorkDB, use_db

    with tempfile.TemporaryDirectory() as directory:
        config, session = Path(directory, "config.toml"), Path(directory, "session.sqlite")
        command = f"{sys.executable} -W ignore -m pytest -x -q -n 0 -p no:cacheprovider {tests}"
        config.write_text(
            f'[cosmic-ray]\nmodule-path = "{path}"\ntimeout = {LONGEST}\nexcluded-modules = []\n'
            f'test-command = "{command}"\n[cosmic-ray.distributor]\nname = "local"\n'
        )
        _cosmic_ray("init", str(config), str(session))
        with use_db(str(session), WorkDB.Mode.open) as work:
            number = _drawn(work, path, sample)
        before = Path(path).read_text()
        try:
            _cosmic_ray("exec", str(config), str(session))
        finally:
            Path(path).write_text(before)
        with use_db(str(session), WorkDB.Mode.open) as work:
            places = {item.job_id: item.mutations[0].start_pos[0] for item in work.work_items}
            lived = [places[job] for job, outcome in work.results if outcome.test_outcome == "survived"]
    return lived, number


def _drawn(work: object, path: str, sample: int) -> int:
    """Leave a sample of the changes to be tried, the same each time; returns how many."""
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    items = list(work.work_items)  # type: ignore[attr-defined]
    worthy = [item for item in items if not item.mutations[0].operator_name.startswith(LEFT_OUT)]
    worthy.sort(
        key=lambda item: (item.mutations[0].start_pos, item.mutations[0].operator_name, item.mutations[0].occurrence)
    )
    chosen = {item.job_id for item in random.Random(path).sample(worthy, min(sample, len(worthy)))}
    for item in items:
        if item.job_id not in chosen:
            work.set_result(item.job_id, WorkResult(worker_outcome=WorkerOutcome.SKIPPED))  # type: ignore[attr-defined]
    return len(chosen)


def _cosmic_ray(*arguments: str) -> None:
    subprocess.run([str(Path(sys.executable).with_name("cosmic-ray")), *arguments], check=True)


if __name__ == "__main__":
    main()
