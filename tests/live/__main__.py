# Copyright: (c) 2026, multicloud.snapshots contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands: ``run`` and ``clean``, and ``facts``, which needs no account and calls nothing."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .clean import clean, list_marked
from .clouds import CLOUDS, account_of
from .clouds.account import Account, code_of
from .costs import describe_costs
from .facts import observe_page_sizes, observe_plain_copy
from .journal import Journal, still_runs
from .mark import Mark, is_run
from .probes import answers_of_run, list_facts, probes_on
from .promises import check_colliding, check_copying, check_deleting, check_protecting, make_sources
from .restoring import check_restoring
from .results import Results
from .run import Run
from .sanitize import Sanitizer


def main() -> int:
    given = _parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    if given.command == "facts":
        print("\n".join(list_facts()))
        return 0
    return _run(given) if given.command == "run" else _clean(given)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.live", description=__doc__)
    parser.add_argument("command", choices=("run", "clean", "facts"))
    parser.add_argument("--cloud", choices=CLOUDS)
    parser.add_argument("--source", help="region (ENS: node) of the disk")
    parser.add_argument("--destination", help="region (ENS: node) of the copies")
    parser.add_argument("--profile", help="profile with which to log in; else the environment decides")
    parser.add_argument("--disk", help="take snapshots of this disk instead of making one; it is left as it is")
    parser.add_argument("--run", dest="only", help="with clean: this run's things alone; else every run's")
    parser.add_argument("--brief", action="store_true", help="leave out the second run of the role")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--directory", type=Path, default=Path("live"), help="where results go")
    parser.add_argument("--poll", type=float, default=5.0, help="seconds between two looks")
    parser.add_argument(
        "--settle", type=float, default=120.0, help="seconds without anything before it counts as clean"
    )
    parser.add_argument("--patience", type=float, default=3600.0, help="seconds for the longest wait")
    given = parser.parse_args()
    if given.command == "facts":
        return given
    if not (given.cloud and given.source and given.destination):
        parser.error("run and clean need --cloud, --source and --destination")
    if given.source == given.destination:
        parser.error("source and destination are the same")
    if given.only and not is_run(given.only):
        parser.error(f"{given.only} is no run's ID: ten digits and letters a to f")
    return given


def _ask_to_proceed(given: argparse.Namespace, lines: list[str]) -> bool:
    """Show what is about to happen, and ask. Without a terminal only YES=1 agrees."""
    print("\n".join(lines), flush=True)
    if given.yes:
        return True
    if not sys.stdin.isatty():
        print("There is no terminal to ask at: set YES=1 to agree. Nothing was called.", flush=True)
        return False
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def _open_account(given: argparse.Namespace, sanitizer: Sanitizer) -> tuple[Account, dict[str, Any]]:
    params = {"profile": given.profile} if given.profile else {}
    account = account_of(given.cloud, params, given.source)
    account.first_page(given.destination, account.page)  # a client has its keys only after a call
    sanitizer.hide(account.secrets())
    return account, params


def _run(given: argparse.Namespace) -> int:
    asks = [f"  - {fact}: {probe.question}" for fact, probe in probes_on(given.cloud).items()]
    costs = describe_costs(given.cloud, given.source, given.destination, given.disk)
    if not _ask_to_proceed(given, [*costs, "Unverified facts that it checks:", *asks]):
        return 2
    mark, sanitizer = Mark.new(), Sanitizer(os.environ)
    directory = given.directory / f"{given.cloud}-{mark.run}"
    journal = Journal(directory)
    journal.lock()
    results = Results(directory, sanitizer)
    results.say(
        f"run {mark.run}: {given.cloud} from {given.source} to {given.destination}; results in {directory.name}"
    )
    left = None
    try:
        account, params = _open_account(given, sanitizer)
        run = Run(account, given.source, given.destination, mark, journal, results, params)
        run.lent_disk, run.brief, run.poll, run.patience = given.disk, given.brief, given.poll, given.patience
        try:
            for step in (
                make_sources,
                check_copying,
                check_protecting,
                check_restoring,
                check_colliding,
                check_deleting,
            ):
                step(run)
            for look in (observe_page_sizes, observe_plain_copy):
                _observe(run, look)
        except BaseException as error:
            run.in_doubt = True
            results.record_promise("the run comes to its end", False, f"{type(error).__name__}: {error}")
        results.say("cleaning up")
        regions = (given.source, given.destination)
        settle = given.settle if run.in_doubt else 0
        left = clean(account, regions, mark.run, journal, results.say, settle, given.poll, given.patience)
        results.record_promise("nothing is left behind", not left, ", ".join(map(str, left)))
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        results.record_promise("the run comes to its end", False, f"{type(error).__name__}: {error}")
    results.write(f"{given.cloud}: {given.source} to {given.destination}", answers_of_run(given.cloud, results.facts))
    if left is None or left:
        again = f"make live-clean CLOUD={given.cloud} SOURCE={given.source} DESTINATION={given.destination}"
        results.say(f"something may be left: {again}")
    results.say(f"all promises kept: {'yes' if results.all_kept else 'no'}; see seen.md beside the transcript")
    return 0 if results.all_kept else 1


def _observe(run: Run, look: Callable[[Run], None]) -> None:
    """Observe what the service does. A refusal breaks no promise, and is a fact as well."""
    try:
        look(run)
    except Exception as error:
        run.in_doubt = True
        run.results.record_fact(f"{look.__name__} ended early", "", f"{code_of(error)}: {error}")


def _clean(given: argparse.Namespace) -> int:
    running = [path.name for path in given.directory.glob(f"{given.cloud}-*") if still_runs(path)]
    if running:
        print(f"A run is in progress, and cleans up at its end: {', '.join(running)}. End it first.")
        return 2
    what = f"of the run {given.only}" if given.only else "of every run"
    regions = (given.source, given.destination)
    question = (
        f"This deletes the disks and snapshots with the mark dr-copy-live {what} in {regions[0]} and {regions[1]}."
    )
    if not _ask_to_proceed(given, [question]):
        return 2
    sanitizer = Sanitizer(os.environ)
    account, _params = _open_account(given, sanitizer)

    def say(line: str) -> None:
        print(sanitizer.text(line), flush=True)

    for thing in list_marked(account, regions, given.only):
        say(f"found: {thing}, of the run {thing.run}")
    left = clean(account, regions, given.only, None, say, given.settle, given.poll, given.patience)
    say(f"left: {', '.join(map(str, left))}" if left else "Nothing with the mark is left.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
