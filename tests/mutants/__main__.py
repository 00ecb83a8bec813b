# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Break the engine on purpose, one way after the other, and see whether the brief storms and the unit tests find it.

python -m tests.mutants [NAME ...] [--list] [--storms-only] [--jobs N] [--write]
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import itertools
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from tests.clouds import CLOUDS
from tests.storms.servers import StormServer
from tests.tables import DOCS, list_table, write_between
from tests.unit.test_storms import NUMBER, brief

from .broken_engines import BROKEN, Broken, broken
from .survivors import REASONS

#: The unit tests of which a broken engine must fail one, by cloud; the quickest clouds first.
UNIT = {
    cloud: [f"tests/unit/test_{cloud}{kind}.py" for kind in ("_contract", "")]
    for cloud in sorted(CLOUDS, key=lambda cloud: CLOUDS[cloud].is_slow)
}
#: Those of all clouds, which take minutes and come last.
BAD_DAYS = "tests/unit/test_bad_days.py"
#: A broken engine that is not done after so many seconds comes to no end.
LONGEST = 900.0
#: By whom one is found that lives, and one of which the place is not there any more.
NOBODY, NOT_THERE = "nobody", "not there"
HEAD = ("broken engine", "found by")
_forked = multiprocessing.get_context("fork")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--storms-only", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    chosen = [one for one in BROKEN if not given.names or one.name in given.names]
    if given.list:
        print("\n".join(f"{one.name}: {', '.join(one.clouds)}" for one in chosen))
        return
    for cloud in CLOUDS:
        importlib.import_module(f"ansible_collections.multicloud.snapshots.plugins.modules.{cloud}_snapshot_copy")
    # What is wrong without any mutant would find them all, so it is left out.
    healthy = {"storms": [_storms_of(cloud) for cloud in NUMBER]}
    if not given.storms_only:
        healthy["tests"] = [[cloud] for cloud in UNIT]
    ill = [
        label
        for answer in _in_children([_job(_ill, kind, part) for kind in healthy for part in healthy[kind]], given.jobs)
        for label in answer
    ]
    if ill:
        print(f"without any mutant these go wrong, and are left out: {ill}", flush=True)
    answers = _in_children([_job(_found, one, ill, given.storms_only) for one in chosen], given.jobs, LONGEST)
    _tell(list(zip(chosen, answers)), given.write)


def _tell(rows: list[tuple[Broken, str]], write: bool) -> None:
    survivors = [one.name for one, by in rows if by == NOBODY]
    gone = [one.name for one, by in rows if by == NOT_THERE]
    judged = len(rows) - len(gone)
    print(f"{judged - len(survivors)} of {judged} broken engines were found")
    print(f"survivors: {survivors}\nnot there any more, put their places right: {gone}")
    if write:
        table = [
            (one.what, f"{by}: {REASONS.get(one.name, 'no test yet')}" if by == NOBODY else by) for one, by in rows
        ]
        write_between(DOCS / "reliability.rst", "mutants", list_table(HEAD, table))
    sys.exit(judged - len(survivors) < 0.95 * judged or bool(gone))


# -- processes -------------------------------------------------------------------------------------------


def _job(work: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: work(*arguments)


def _in_children(jobs: Iterable[Callable[[], Any]], at_once: int, longest: float = 1e9) -> list[Any]:
    """Do each job in a process of its own, since what is broken in one must not reach the next; a late one is ended."""
    waiting, running = list(enumerate(jobs)), {}
    answers: dict[int, Any] = {}
    while waiting or running:
        while waiting and len(running) < at_once:
            number, job = waiting.pop(0)
            ours, theirs = _forked.Pipe()
            process = _forked.Process(target=_answer, args=(job, theirs))
            process.start()
            theirs.close()
            running[number] = process, ours, time.monotonic()
        time.sleep(0.05)
        for number, (process, ours, begun) in list(running.items()):
            if ours.poll() or not process.is_alive():
                answers[number] = _received(ours)
            elif time.monotonic() - begun > longest:
                process.kill()
                answers[number] = "it comes to no end"
            else:
                continue
            process.join()
            del running[number]
    return [answers[number] for number in sorted(answers)]


def _answer(job: Callable[[], Any], pipe: Any) -> None:
    pipe.send(job())


def _received(pipe: Any) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        return "it breaks down"


# -- what a child does -----------------------------------------------------------------------------------


def _storms_of(cloud: str) -> list[str]:
    """Name the brief storms and the collisions of a cloud that `make test` runs, in turns."""
    storms, collisions, _new = NUMBER[cloud]
    names = (
        [f"{cloud} storm {n}" for n in brief(cloud, 0, storms)],
        [f"{cloud} collision {n}" for n in range(collisions)],
    )
    return [name for pair in itertools.zip_longest(*names) for name in pair if name]


def _ill(kind: str, part: list[str]) -> list[str]:
    """Return what finds something in the engine as it is."""
    if kind == "tests":
        return _failed_tests(UNIT[part[0]])
    server = StormServer(part[0].split()[0])
    return [label for label in part if _goes_wrong(server, label)]


def _found(one: Broken, ill: list[str], storms_only: bool) -> str:
    """Return what finds a broken engine first."""
    begun, by = time.monotonic(), ""
    try:
        with broken(one.name):
            by = _first_storm(one, ill) or ("" if storms_only else _first_test(one, ill)) or NOBODY
    except LookupError as error:
        print(error, flush=True)
        by = NOT_THERE
    print(f"{time.monotonic() - begun:4.0f} s  {one.name}: {by}", flush=True)
    return by


def _first_storm(one: Broken, ill: list[str]) -> str:
    """Let storms pass, in turns over the clouds, until one goes wrong."""
    servers = {cloud: StormServer(cloud) for cloud in one.clouds}
    waiting = {cloud: [label for label in _storms_of(cloud) if label not in ill] for cloud in one.clouds}
    while any(waiting.values()):
        for cloud in sorted(waiting, key=lambda cloud: CLOUDS[cloud].is_slow):
            if waiting[cloud]:
                label = waiting[cloud].pop(0)
                if _goes_wrong(servers[cloud], label):
                    return label
    return ""


def _goes_wrong(server: StormServer, label: str) -> bool:
    _cloud, kind, seed = label.split()
    check = server.collided if kind == "collision" else server.passed
    try:
        return bool(check(int(seed)).faults)
    except Exception as error:
        print(f"{label}: {type(error).__name__}: {error}", flush=True)
        return True


def _first_test(one: Broken, ill: list[str]) -> str:
    for cloud in UNIT:
        if cloud in one.clouds and (failed := _failed_tests(UNIT[cloud], ill, first=True)):
            return failed[0]
    return next(iter(_failed_tests([BAD_DAYS], ill, first=True)), "")


class _Failed:
    """A plugin of pytest that notes which tests fail."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.names.append(report.nodeid)


def _failed_tests(paths: list[str], leave_out: Iterable[str] = (), first: bool = False) -> list[str]:
    failed = _Failed()
    options = ["-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", *(["-x"] if first else [])]
    options += [f"--deselect={name}" for name in leave_out if "::" in name]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*options, *paths], plugins=[failed])
    return failed.names


if __name__ == "__main__":
    main()
