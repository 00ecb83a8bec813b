# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs random histories of the role's filters, and a year of nights on each cloud. Prints a table, fails on errors.

python -m tests.nights [--histories N] [--nights N] [--write]
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.clouds import CLOUDS
from tests.documentation.tables import keep
from tests.storms.servers import StormServer

from .history import NightHistory
from .year import Year

HISTORY_HEADINGS = ("cloud", "histories", "runs", "deletions", "wrong deletions")
YEAR_HEADINGS = (
    "cloud",
    "nights",
    "nights on which a copy failed",
    "copies pruned",
    "pages read",
    "recovery points left",
    "wrong",
)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--histories", type=int, default=10000)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    jobs: list[Any] = [(_run_year, cloud, given.nights) for cloud in CLOUDS]
    jobs += [(_run_histories, cloud, given.histories) for cloud in CLOUDS]
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(_run_job, jobs))
    years, histories = rows[: len(CLOUDS)], rows[len(CLOUDS) :]
    if given.write:
        keep("years", YEAR_HEADINGS, years)
        keep("histories", HISTORY_HEADINGS, histories)
    return int(any(row[-1] != "0" for row in rows))


def _run_job(job: Any) -> tuple[str, ...]:
    function, cloud, number = job
    row = tuple(str(cell) for cell in function(cloud, number))
    print(*row, flush=True)
    return row


def _run_histories(cloud: str, number: int) -> tuple[Any, ...]:
    runs = deletions = wrong = 0
    for seed in range(number):
        history = NightHistory(cloud, seed)
        for _run in range(12):
            history.pass_time(8)
            history.run()
            runs += 1
        deletions += history.deletions
        wrong += len(history.wrong)
        if history.wrong:
            print(f"{cloud}, history {seed}: {history.wrong}", flush=True)
    return cloud, number, runs, deletions, wrong


def _run_year(cloud: str, nights: int) -> tuple[Any, ...]:
    server = StormServer(cloud)
    with server.wire(), TemporaryDirectory() as reports:
        year = Year(cloud, server.estate(), Path(reports))
        for _night in range(nights - 1):
            year.night()
        year.night(fails=False)
    if year.points() != year.described():
        year.wrong.append(f"{year.points() ^ year.described()} differ from what the variables describe")
    for wrong in year.wrong:
        print(f"{cloud}: {wrong}", flush=True)
    return cloud, year.nights, year.failures, year.pruned, year.pages, len(year.points()), len(year.wrong)


if __name__ == "__main__":
    sys.exit(main())
