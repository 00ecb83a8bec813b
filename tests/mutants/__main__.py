# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Breaks the engine on purpose, one change at a time, and checks what finds it: storms alone, and unit tests.

python -m tests.mutants [NAME ...] [--list] [--storms-only] [--seeds N] [--jobs N] [--write]

The results are kept in a file, so that an interrupted run can continue; delete the file to start again. With --write
they go into found.json beside this file, the table of all broken engines. The next run first tries what found each
change before.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import itertools
import json
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clouds import CLOUDS
from tests.documentation.tables import keep_broken, list_table
from tests.storms.servers import StormServer
from tests.support.repository import unit_tests
from tests.unit.engine.test_storms import brief

from .broken_engines import BROKEN, BrokenEngine, broken
from .survivors import REASONS

#: The unit tests that must find a broken engine: those without a cloud, then by cloud, the fastest first.
PURE = unit_tests("decide", "memory", "waiting")
TOPICS = {"cbs": ("cbs_names", "cbs_tags"), "ebs": ("ebs_accounts", "login_aws")}
UNIT = {
    cloud: unit_tests(f"{cloud}_contract", cloud, *TOPICS.get(cloud, ()), f"{cloud}_restore")
    for cloud in sorted(CLOUDS, key=lambda cloud: CLOUDS[cloud].is_slow)
}
#: Those of all clouds; the last one takes minutes.
ALL_CLOUDS = unit_tests(
    *("survivors", "create_false", "deletions", "gaps_between_pages", "late_reads", "one_bad_source", "slow_regions"),
    *("stale_reads", "bad_days"),
)
#: It counts function calls, which a change may add: its failure proves nothing.
COUNTS_CALLS = "tests/unit/engine/test_decide.py::test_a_decision_costs_few_calls_of_functions"
#: A broken engine counts as endless after this many seconds of the processor for one storm, or for the unit tests; or
#: after this many seconds of the clock, however busy the machine is.
MAX_STORM_CPU_SECONDS, MAX_TESTS_CPU_SECONDS, MAX_SECONDS = 300, 600, 10800.0
#: The result of one that nothing finds, and of one whose place no longer exists.
FOUND_BY_NOBODY, NOT_THERE = "nobody", "not there"
#: The result of one that met no storms, or no tests.
NOT_TRIED = "not tried"
#: Other results, which count as found.
BREAKS_DOWN, ENDLESS = "it breaks down", "it comes to no end"
COUNT_HEADINGS = ("broken engines", "tried", "found by storms alone", "found by unit tests")
MISSED_HEADINGS = ("broken engine", "found by")
#: What found each one when it was last tried, by name.
TABLE = Path(__file__).with_name("found.json")
#: The results so far.
RESULTS_FILE = Path(os.environ.get("MUTANTS_FOUND") or Path(tempfile.gettempdir()) / "mutants-found.json")
#: The maximum number of storms and collisions for a broken engine, on all its clouds together.
MAX_STORMS = 300
_forked = multiprocessing.get_context("fork")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--storms-only", action="store_true")
    parser.add_argument("--kept-only", action="store_true", help="try nothing, and print the kept results")
    parser.add_argument("--seeds", type=int, default=MAX_STORMS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    chosen = [one for one in BROKEN if not given.names or one.name in given.names]
    if given.list:
        print("\n".join(f"{one.name}: {', '.join(one.clouds)}" for one in chosen))
        return
    for cloud in CLOUDS:
        importlib.import_module(f"ansible_collections.multicloud.snapshots.plugins.modules.{cloud}_snapshot_copy")
    for cloud in sorted({cloud for one in chosen for cloud in one.clouds}):
        StormServer(cloud).run_storm("storm", brief(cloud, 0, 1)[0])  # imported once, for all children
    _print_results(_try_engines(chosen, given), given.write)


def _try_engines(chosen: list[BrokenEngine], given: argparse.Namespace) -> list[tuple[BrokenEngine, dict[str, str]]]:
    """Return what finds each one: storms, and unit tests."""
    found: dict[str, dict[str, str]] = json.loads(RESULTS_FILE.read_text()) if RESULTS_FILE.exists() else {}
    kinds = [] if given.kept_only else ["storms"] if given.storms_only else ["storms", "tests"]
    for by in kinds:
        waiting = [one for one in chosen if by not in found.get(one.name, {})]
        jobs = [make_job(_try_engine, one, by, given.seeds) for one in waiting]
        for number, answer in run_in_children(jobs, given.jobs, MAX_SECONDS):
            found.setdefault(waiting[number].name, {})[by] = answer
            RESULTS_FILE.write_text(json.dumps(found, indent=1))
    return [(one, found.get(one.name, {})) for one in chosen]


def _print_results(rows: list[tuple[BrokenEngine, dict[str, str]]], write: bool) -> None:
    gone = [one.name for one, by in rows if NOT_THERE in by.values()]
    there = [(one, by) for one, by in rows if by and one.name not in gone]
    storms = [one.name for one, by in there if by.get("storms", FOUND_BY_NOBODY) != FOUND_BY_NOBODY]
    survivors = [one.name for one, by in there if {*by.values()} == {FOUND_BY_NOBODY}]
    print(f"tried {len(there)} of {len(rows)}; storms alone found {len(storms)}, either {len(there) - len(survivors)}")
    print(f"not found by storms: {[one.name for one, _by in there if one.name not in storms]}")
    print(f"survivors: {survivors}\nnot there any more, put their places right: {gone}")
    if write:
        before = json.loads(TABLE.read_text()) if TABLE.exists() else {}
        table = {one.name: {**before.get(one.name, {}), "what": one.what, **by} for one, by in rows}
        lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(found)}" for name, found in table.items())
        TABLE.write_text(f"{{\n{lines}\n}}\n")
        tests = [by["tests"] != FOUND_BY_NOBODY for _one, by in there if "tests" in by]
        counts = (len(rows), len(there), len(storms), f"{sum(tests)} of {len(tests)} that met them")
        missed = [(one.what, by.get("tests", NOT_TRIED)) for one, by in there if one.name not in storms]
        tables = list_table(COUNT_HEADINGS, [counts]), list_table(MISSED_HEADINGS, missed)
        keep_broken("mutants", "\n\nStorms alone did not find:\n\n".join(tables))
    few = len(storms) < 0.8 * len(rows) or len(there) - len(survivors) < 0.95 * len(rows)
    sys.exit(few or bool(gone) or any(name not in REASONS for name in survivors))


# -- processes -------------------------------------------------------------------------------------------


def make_job(work: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: work(*arguments)


def run_in_children(jobs: Iterable[Callable[[], Any]], at_once: int, longest: float = 1e9) -> Iterator[tuple[int, Any]]:
    """Do each job in a process of its own, because a broken engine must not affect the next; a late one is killed.

    Yields the number of each job and its answer when it ends.
    """
    waiting, running = list(enumerate(jobs)), {}
    while waiting or running:
        while waiting and len(running) < at_once:
            number, work = waiting.pop(0)
            ours, theirs = _forked.Pipe()
            process = _forked.Process(target=_send_answer, args=(work, theirs))
            process.start()
            theirs.close()
            running[number] = process, ours, time.monotonic()
        time.sleep(0.05)
        for number, (process, ours, started) in list(running.items()):
            if ours.poll() or not process.is_alive():
                answer = ENDLESS if process.exitcode == -signal.SIGXCPU else _receive_answer(ours)
            elif time.monotonic() - started > longest:
                process.kill()
                answer = ENDLESS
            else:
                continue
            process.join()
            del running[number]
            yield number, answer


def _send_answer(work: Callable[[], Any], pipe: Any) -> None:
    pipe.send(work())


def _limit_cpu(seconds: int) -> None:
    """Kill this process when it has used this many more seconds of the processor."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + seconds, hard))


def _receive_answer(pipe: Any) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        return BREAKS_DOWN


# -- what a child does -----------------------------------------------------------------------------------


def storm_labels(clouds: tuple[str, ...], number: int, over_disks: bool = False) -> list[str]:
    """Name short storms and collisions, in turns over the clouds, the fast ones first; or storms over drills."""
    each = -(-number // (2 * len(clouds)))
    quick = sorted(clouds, key=lambda cloud: CLOUDS[cloud].is_slow)
    if over_disks:
        return [f"{cloud} drill {n}" for n in range(2 * each) for cloud in quick][:number]
    names = [[f"{cloud} storm {n}" for n in brief(cloud, 0, each)] for cloud in quick]
    names += [[f"{cloud} collision {n}" for n in range(each)] for cloud in quick]
    return [name for turn in itertools.zip_longest(*names) for name in turn if name][:number]


def _try_engine(one: BrokenEngine, by: str, seeds: int) -> str:
    """Return what finds a broken engine first, of storms or of tests."""
    started, found = time.process_time(), ""
    try:
        with broken(one.name):
            before = json.loads(TABLE.read_text()).get(one.name, {}).get(by, "") if TABLE.exists() else ""
            found = (
                _first_storm(one, seeds, before) if by == "storms" else _first_test(one, before)
            ) or FOUND_BY_NOBODY
    except LookupError as error:
        print(error, flush=True)
        found = NOT_THERE
    print(f"{time.process_time() - started:4.0f} s  {one.name}: {found}", flush=True)
    return found


def _first_storm(one: BrokenEngine, seeds: int, before: str) -> str:
    """Run storms, first the one that found it before, then in turns over the clouds, until one fails."""
    servers = {cloud: StormServer(cloud, with_disks=one.over_disks) for cloud in one.clouds}
    names = storm_labels(one.clouds, seeds, one.over_disks)
    names.sort(key=lambda name: name != before)
    return next((name for name in names if finds_violation(servers[name.split()[0]], name)), "")


def finds_violation(server: StormServer, label: str) -> bool:
    _cloud, kind, seed = label.split()
    _limit_cpu(MAX_STORM_CPU_SECONDS)
    try:
        return bool(server.run_storm(kind, int(seed)).violations)
    except Exception as error:
        print(f"{label}: {type(error).__name__}: {error}", flush=True)
        return True


def _first_test(one: BrokenEngine, before: str) -> str:
    """Run the unit tests, first the one that found it before, until one fails."""
    _limit_cpu(MAX_TESTS_CPU_SECONDS)
    for paths in ([before] if before.startswith("tests/") and COUNTS_CALLS not in before else [], PURE):
        if paths and (failed := failed_tests(paths, [COUNTS_CALLS], first=True)):
            return failed[0]
    for cloud in UNIT:
        if cloud in one.clouds and (failed := failed_tests(UNIT[cloud], first=True)):
            return failed[0]
    return next(iter(failed_tests(ALL_CLOUDS, first=True)), "")


class _Failed:
    """A plugin of pytest that records which tests fail, and which files cannot be imported."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.names.append(report.nodeid)

    pytest_collectreport = pytest_runtest_logreport


def failed_tests(
    paths: list[str], leave_out: Iterable[str] = (), first: bool = False, quick: bool = False
) -> list[str]:
    """Return the tests that fail in this process; ``first``: only the first, ``quick``: of those that are not slow.

    Raises ValueError if pytest finds no test at these paths.
    """
    failed = _Failed()
    options = ["-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", *(["-x"] if first else [])]
    options += ["-m", "not slow"] if quick else []
    options += [f"--deselect={name}" for name in leave_out if "::" in name]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = pytest.main([*options, *paths], plugins=[failed])
    if code in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise ValueError(f"pytest finds no test in {paths}")
    return failed.names


if __name__ == "__main__":
    main()
