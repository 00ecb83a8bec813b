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

#: The unit tests of which a broken engine must fail one: those without a cloud, then by cloud; the quickest first.
PURE = [f"tests/unit/test_{name}.py" for name in ("decide", "memory", "waiting")]
UNIT = {
    cloud: [f"tests/unit/test_{cloud}{kind}.py" for kind in ("_contract", "")]
    for cloud in sorted(CLOUDS, key=lambda cloud: CLOUDS[cloud].is_slow)
}
#: Those of all clouds; the last takes minutes.
ALL_CLOUDS = [f"tests/unit/test_{name}.py" for name in ("keeps_no_other", "slow_regions", "old_looks", "bad_days")]
#: A broken engine that is not done after so many seconds comes to no end.
LONGEST = 900.0
#: By whom one is found that lives, and one of which the place is not there any more.
NOBODY, NOT_THERE = "nobody", "not there"
#: What else becomes of one, which finds it as well.
BREAKS_DOWN, ENDLESS = "it breaks down", "it comes to no end"
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
    for cloud in sorted({cloud for one in chosen for cloud in one.clouds}):
        StormServer(cloud).passed(brief(cloud, 0, 1)[0])  # children find imported and made what each would make anew
    _tell(_judged(chosen, given.jobs, given.storms_only), given.write)


def _judged(chosen: list[Broken], at_once: int, storms_only: bool) -> list[tuple[Broken, str]]:
    """Return what finds each; what goes wrong without any mutant as well finds none, and is left out."""
    found: dict[str, str] = {}
    well, ill = {NOBODY, NOT_THERE, BREAKS_DOWN, ENDLESS}, set[str]()
    while waiting := [one for one in chosen if one.name not in found]:
        jobs = [job(_found, one, sorted(ill), storms_only) for one in waiting]
        answers = in_children(jobs, at_once, LONGEST)
        new = sorted(set(answers) - well - ill)
        wrongs = in_children([job(_is_ill, label) for label in new], at_once)
        ill |= {label for label, wrong in zip(new, wrongs, strict=True) if wrong}
        well |= set(new) - ill
        known = {one.name: by for one, by in zip(waiting, answers, strict=True) if by in well}
        if not known and not new:
            raise RuntimeError(f"what goes wrong by itself cannot be left out: {answers}")
        found |= known
    if ill:
        print(f"without any mutant these go wrong, and are left out: {sorted(ill)}", flush=True)
    return [(one, found[one.name]) for one in chosen]


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


def job(work: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: work(*arguments)


def in_children(jobs: Iterable[Callable[[], Any]], at_once: int, longest: float = 1e9) -> list[Any]:
    """Do each job in a process of its own, since what is broken in one must not reach the next; a late one is ended."""
    waiting, running = list(enumerate(jobs)), {}
    answers: dict[int, Any] = {}
    while waiting or running:
        while waiting and len(running) < at_once:
            number, work = waiting.pop(0)
            ours, theirs = _forked.Pipe()
            process = _forked.Process(target=_answer, args=(work, theirs))
            process.start()
            theirs.close()
            running[number] = process, ours, time.monotonic()
        time.sleep(0.05)
        for number, (process, ours, started) in list(running.items()):
            if ours.poll() or not process.is_alive():
                answers[number] = _received(ours)
            elif time.monotonic() - started > longest:
                process.kill()
                answers[number] = ENDLESS
            else:
                continue
            process.join()
            del running[number]
    return [answers[number] for number in sorted(answers)]


def _answer(work: Callable[[], Any], pipe: Any) -> None:
    pipe.send(work())


def _received(pipe: Any) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        return BREAKS_DOWN


# -- what a child does -----------------------------------------------------------------------------------


def storms_of(cloud: str) -> list[str]:
    """Name the brief storms and the collisions of a cloud that `make test` runs, in turns."""
    storms, collisions, _new = NUMBER[cloud]
    names = (
        [f"{cloud} storm {n}" for n in brief(cloud, 0, storms)],
        [f"{cloud} collision {n}" for n in range(collisions)],
    )
    return [name for pair in itertools.zip_longest(*names) for name in pair if name]


def _is_ill(label: str) -> bool:
    """Whether a storm or a test goes wrong in the engine as it is."""
    return bool(failed_tests([label])) if "/" in label else goes_wrong(StormServer(label.split()[0]), label)


def _found(one: Broken, ill: list[str], storms_only: bool) -> str:
    """Return what finds a broken engine first."""
    started, by = time.process_time(), ""
    try:
        with broken(one.name):
            by = _first_storm(one, ill) or ("" if storms_only else _first_test(one, ill)) or NOBODY
    except LookupError as error:
        print(error, flush=True)
        by = NOT_THERE
    print(f"{time.process_time() - started:4.0f} s  {one.name}: {by}", flush=True)
    return by


def _first_storm(one: Broken, ill: list[str]) -> str:
    """Let storms pass, in turns over the clouds, until one goes wrong."""
    servers = {cloud: StormServer(cloud) for cloud in one.clouds}
    waiting = {cloud: [label for label in storms_of(cloud) if label not in ill] for cloud in one.clouds}
    while any(waiting.values()):
        for cloud in sorted(waiting, key=lambda cloud: CLOUDS[cloud].is_slow):
            if waiting[cloud]:
                label = waiting[cloud].pop(0)
                if goes_wrong(servers[cloud], label):
                    return label
    return ""


def goes_wrong(server: StormServer, label: str) -> bool:
    _cloud, kind, seed = label.split()
    check = server.collided if kind == "collision" else server.passed
    try:
        return bool(check(int(seed)).faults)
    except Exception as error:
        print(f"{label}: {type(error).__name__}: {error}", flush=True)
        return True


def _first_test(one: Broken, ill: list[str]) -> str:
    if failed := failed_tests(PURE, ill, first=True):
        return failed[0]
    for cloud in UNIT:
        if cloud in one.clouds and (failed := failed_tests(UNIT[cloud], ill, first=True)):
            return failed[0]
    return next(iter(failed_tests(ALL_CLOUDS, ill, first=True)), "")


class _Failed:
    """A plugin of pytest that notes which tests fail, and which files cannot be read."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.names.append(report.nodeid)

    pytest_collectreport = pytest_runtest_logreport


def failed_tests(paths: list[str], leave_out: Iterable[str] = (), first: bool = False) -> list[str]:
    failed = _Failed()
    options = ["-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", *(["-x"] if first else [])]
    options += [f"--deselect={name}" for name in leave_out if "::" in name]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        pytest.main([*options, *paths], plugins=[failed])
    return failed.names


if __name__ == "__main__":
    main()
